"""Draws a random street stall: the demo's replacement for a photo."""

from __future__ import annotations

import io
from random import Random

from PIL import Image, ImageDraw, ImageFilter, ImageFont

WIDTH, HEIGHT = 1280, 960  # pixels
_SKIES = ("#a9cfe8", "#c9dfea", "#d8e3e2", "#b7d7f0")
_WALLS = ("#d9c7a3", "#c8d3b0", "#e3d2c6", "#bfcad4", "#e6dcb4")
_STRIPES = ("#c62f2f", "#1d6fa8", "#2c8a4b", "#d97b17", "#7a3fa0")
_GOODS = ("#c0392b", "#e0a12b", "#2f7d3b", "#8a5a2b", "#efe3c0", "#3b5f8a", "#d9d9d9")


def draw(sign: str, seed: int) -> bytes:
    """Return a sharp, bright JPEG of WIDTH x HEIGHT pixels with `sign` on the stall's board."""
    chance = Random(seed)  # noqa: S311
    image = Image.new("RGB", (WIDTH, HEIGHT), chance.choice(_SKIES))
    pen = ImageDraw.Draw(image)
    ground = 700 + chance.randrange(-30, 30)
    _street(pen, chance, ground)
    left = 220 + chance.randrange(-90, 90)
    _stall(pen, chance, (left, ground), sign)
    grain = Image.effect_noise((WIDTH, HEIGHT), 26).convert("RGB")
    picture = Image.blend(image, grain, 0.07).filter(ImageFilter.SHARPEN)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=86)
    return out.getvalue()


def _street(pen: ImageDraw.ImageDraw, chance: Random, ground: int) -> None:
    x = -chance.randrange(120)
    while x < WIDTH:
        width = chance.randrange(220, 380)
        top = ground - chance.randrange(330, 560)
        pen.rectangle((x, top, x + width, ground), fill=chance.choice(_WALLS), outline="#5c5348")
        pen.polygon(
            [(x - 20, top), (x + width // 2, top - 80), (x + width + 20, top)], fill="#9a4a33"
        )
        for window in range(x + 40, x + width - 70, 110):
            pen.rectangle((window, top + 60, window + 56, top + 140), fill="#41535f")
            pen.line((window + 28, top + 60, window + 28, top + 140), fill="#e9e4d8", width=4)
        x += width + chance.randrange(6, 40)
    pen.rectangle((0, ground, WIDTH, HEIGHT), fill="#8d8a83")
    for _ in range(260):
        x, y = chance.randrange(WIDTH), chance.randrange(ground, HEIGHT)
        shade = chance.randrange(95, 165)
        pen.line((x, y, x + chance.randrange(4, 40), y), fill=(shade, shade, shade - 6), width=2)


def _stall(pen: ImageDraw.ImageDraw, chance: Random, corner: tuple[int, int], sign: str) -> None:
    left, ground = corner
    right, counter, awning = left + 720, ground - 40, ground - 380
    pen.ellipse((left - 30, ground + 150, right + 40, ground + 230), fill="#6f6c66")
    for post in (left + 16, right - 28):
        pen.rectangle((post, awning, post + 14, ground + 190), fill="#5a3d22")
    colour = chance.choice(_STRIPES)
    for number, x in enumerate(range(left - 20, right + 20, 40)):
        fill = colour if number % 2 else "#f6f1e6"
        pen.polygon(
            [(x + 24, awning - 90), (x + 64, awning - 90), (x + 40, awning), (x, awning)], fill
        )
        pen.pieslice((x, awning - 20, x + 40, awning + 20), 0, 180, fill)
    pen.rectangle((left + 90, awning + 30, right - 90, awning + 118), "#fffbe8", "#3a2b18", 5)
    pen.text(
        ((left + right) // 2, awning + 74),
        sign,
        font=ImageFont.load_default(size=58),
        fill="#7a1f12",
        anchor="mm",
    )
    pen.rectangle((left, counter, right, ground + 190), fill="#a97c4a", outline="#4b3218", width=5)
    for plank in range(counter + 40, ground + 190, 46):
        pen.line((left, plank, right, plank), fill="#7d5a31", width=3)
    for x in range(left + 24, right - 60, 62):
        height = chance.randrange(44, 120)
        box = (x, counter - height, x + 46, counter)
        pen.rounded_rectangle(box, 9, fill=chance.choice(_GOODS), outline="#33302b", width=3)
        pen.rectangle((x + 6, counter - height // 2, x + 40, counter - height // 2 + 14), "#fdf8e8")
