"""Signatures as a page posts them: a drawing, or a typed name with a tick."""

from __future__ import annotations

import binascii
import io
import re
from base64 import b64decode
from dataclasses import dataclass, field

from PIL import Image
from starlette.datastructures import FormData

from conversations.words import is_latin, tidy
from models.infrastructure import pictures

MAX_NAME = 100  # characters
KEPT_WITHIN = (1200, 800)  # pixels
PNG = "data:image/png;base64,"
INK = 128  # a shade below it is ink
LEAST_INK = 0.0005  # of all pixels; a dot has less
LEAST_STROKE = 0.06  # of the picture's width: the least extent of what was drawn


@dataclass(frozen=True, slots=True)
class Signature:
    """The file of a signature: a drawing, or a typed name."""

    content: bytes = field(repr=False)
    content_type: str
    ending: str


def read(form: FormData, *, typed: bool) -> Signature | str:
    """Return the signature, or a key of `pages.signature.problem`; `typed`: a name will do."""
    drawing, name = text(form, "drawing"), tidy(text(form, "name"))
    if drawing:
        try:
            content = _drawn(drawing)
        except (pictures.TooLarge, pictures.Unreadable, binascii.Error, ValueError):
            return "unreadable"
        if content is not None:
            return Signature(content, "image/png", "png")
    if not typed:
        return "empty"
    agrees = form.get("agree") == "yes"
    if not name:
        return "name" if agrees else "empty"
    if len(name) > MAX_NAME or not re.search(r"[^\W\d_]", name) or not is_latin(name):
        return "name"
    if not agrees:
        return "agree"
    return Signature(f"{name}\n[x] Saya setuju\n".encode(), "text/plain", "txt")


def text(form: FormData, name: str) -> str:
    """Return a field's text; "" if there is none."""
    value = form.get(name, "")
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


def _drawn(data: str) -> bytes | None:
    """Return a drawing as a grey PNG without metadata; None if nothing is drawn.

    Raises:
        pictures.TooLarge, pictures.Unreadable, binascii.Error, ValueError: it is no such drawing.
    """
    if not data.startswith(PNG):
        raise ValueError("no PNG")
    content = b64decode(data.removeprefix(PNG), validate=True)
    if pictures.kind(content) != "PNG":
        raise ValueError("another kind of picture")
    image = pictures.read(content, "L", KEPT_WITHIN).image
    if not _has_ink(image):
        return None
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _has_ink(image: Image.Image) -> bool:
    """Whether more than a dot was drawn."""
    ink = image.point(lambda shade: 255 if shade < INK else 0)
    box = ink.getbbox()
    if box is None:
        return False
    left, top, right, bottom = box
    much = ink.histogram()[255] >= LEAST_INK * image.width * image.height
    return much and max(right - left, bottom - top) >= LEAST_STROKE * image.width
