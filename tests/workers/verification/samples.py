"""A sound case's parts: a kind of business, a place, and photos drawn to order."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from models.reference.business_type import BusinessType
from workers.verification.evidence import Evidence, PhotoEvidence

Changed = Callable[..., Evidence]

CIPETE_UTARA = "31.74.07.1010"
KIND = BusinessType(
    code="56101",
    version="2025",
    title="Aktivitas Penyediaan Makanan di Bangunan Tetap",
    label="Warung makan",
    short_label="Warung makan",
    label_en="Food stall",
    short_label_en="Food stall",
    risk="MR",
    needs_verification=False,
    open_to_micro=True,
)


def scene(
    width: int = 800, height: int = 600, *, light: float = 1.0, haze: int = 0, blur: float = 0.0
) -> Image.Image:
    """A drawn street: boxes and a sign, with the grain of a sensor; `blur` in pixels."""
    chance = np.random.default_rng(width * height)
    image = Image.new("RGB", (width, height), (120, 130, 140))
    draw = ImageDraw.Draw(image)
    for _ in range(60):
        x, y = int(chance.integers(width)), int(chance.integers(height))
        shape = chance.integers(width // 40, width // 5, 2)
        colour = tuple(int(v) for v in chance.integers(20, 235, 3))
        draw.rectangle((x, y, x + int(shape[0]), y + int(shape[1])), fill=colour)
    draw.text((width // 8, height // 3), "WARUNG NASI UDUK", fill="white", font_size=width // 20)
    image = image.filter(ImageFilter.GaussianBlur(blur))
    grain = chance.normal(0, 4, (height, width, 3))
    pixels = (np.asarray(image, dtype=np.float32) + grain) * light + haze
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def encoded(image: Image.Image, kind: str = "JPEG", **how: Any) -> bytes:
    """The bytes of an image file."""
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def photo(content: bytes, *, seen_in: int = 0) -> PhotoEvidence:
    """A photo as the job loads it."""
    return PhotoEvidence(content, hashlib.sha256(content).hexdigest(), seen_in)
