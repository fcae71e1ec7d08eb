"""Posters: the codes by which a chat knows at which area's poster it began.

A poster's QR code and its links hold the area's code without dots: "317405" for 31.74.05. In a deep
link it stands behind `PAYLOAD`, in words behind "poster".
"""

from __future__ import annotations

import re

PAYLOAD = "p-"
PATH = "/p"  # of the page to which a poster's QR code leads
_AREA = re.compile(r"(\d\d)(\d\d)(?:(\d\d)(\d{4})?)?")  # a kota, a kecamatan, a kelurahan


def short(area_code: str) -> str:
    """Return an area's code as posters and links hold it: "317405" for "31.74.05"."""
    return area_code.replace(".", "")


def area_code(written: str) -> str | None:
    """Return the code of an area from `short`; None if it has not the form of one."""
    found = _AREA.fullmatch(written) if written.isascii() else None
    return ".".join(part for part in found.groups() if part) if found else None
