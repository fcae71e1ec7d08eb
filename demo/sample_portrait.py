"""Draws the demo officer's portrait: a figure with a label, which nobody takes for a person."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFont

SIDE = 800  # pixels


def draw(name: str, badge: str) -> bytes:
    """Return a JPEG of SIDE x SIDE pixels: an outline, the word CONTOH, the name and the badge."""
    image = Image.new("RGB", (SIDE, SIDE), "#dfe9e6")
    pen = ImageDraw.Draw(image)
    pen.ellipse((160, 470, 640, 1100), fill="#0d4f48")
    pen.ellipse((285, 180, 515, 440), fill="#9db8b2")
    pen.rounded_rectangle((290, 520, 510, 600), 10, fill="#f6f1e6")
    pen.rectangle((0, 0, SIDE, 110), fill="#b3261e")
    pen.rectangle((0, 660, SIDE, SIDE), fill="#ffffff")
    middle = SIDE // 2
    for y, words, size, colour in (
        (55, "CONTOH - BUKAN FOTO ORANG", 44, "white"),
        (560, badge, 56, "#0d4f48"),
        (705, name, 48, "#1d2a28"),
        (765, f"Petugas {badge} (demo)", 34, "#1d2a28"),
    ):
        font = ImageFont.load_default(size=size)
        pen.text((middle, y), words, font=font, fill=colour, anchor="mm")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88)
    return out.getvalue()
