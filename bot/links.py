"""Expiring links to files, for a provider that fetches what we send, or for the recipient.

A link is a signed token of the file's path and the expiry time: it gives access to nothing else,
and nothing is stored. A link to a document leads to documents that we issue, and to recordings that
people sent. A link to a picture is of another kind, and gives a smaller copy without metadata.
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import quote

from conversations import services
from models.infrastructure import signing
from models.infrastructure.encryption import key_for
from models.infrastructure.sounds import CONTENT_TYPES

PATH = "/berkas"

_PURPOSE, _OF_PICTURES = "links", "pictures"
_PICTURES = re.compile(
    r"portraits/[\w-]+\.jpg|attachments/[0-9a-f]{2}/[0-9a-f]{64}\.(?:jpg|png|webp)", re.ASCII
)
_SOUNDS = re.compile(
    rf"attachments/[0-9a-f]{{2}}/[0-9a-f]{{64}}\.(?:{'|'.join(CONTENT_TYPES)})", re.ASCII
)
_EARLIER_MAC = 16  # bytes kept of HMAC-SHA256


@dataclass(frozen=True, slots=True)
class Links:
    """Makes links under our own public URL."""

    public_url: str

    def to(self, path: str, name: str, *, life: timedelta) -> str:
        """Return a link to a stored file, downloaded as `name`, valid for `life`.

        Raises:
            ValueError: the file is neither an issued document nor a recording.
        """
        if not _handed_out(path):
            raise ValueError(f"{path!r} is not handed out: only documents are")
        return self._signed(path, name, life, _PURPOSE)

    def to_picture(self, path: str, *, life: timedelta) -> str:
        """Return a link to a stored picture, valid for `life`.

        Raises:
            ValueError: the file is no portrait and no photo that somebody sent.
        """
        if not _PICTURES.fullmatch(path):
            raise ValueError(f"{path!r} is no picture that is shown")
        return self._signed(path, "foto.jpg", life, _OF_PICTURES)

    def _signed(self, path: str, name: str, life: timedelta, purpose: str) -> str:
        ends = int((datetime.now(UTC) + life).timestamp())
        token = signing.sign([path, ends], purpose)
        return f"{self.public_url}{PATH}/{token}/{quote(name, safe='')}"


def file_behind(token: str) -> str | None:
    """Return the path of the file behind a token; None if it has expired or is not ours."""
    found = signing.signed(token, _PURPOSE) or _of_earlier_version(token)
    if found is None:
        return None
    path, ends = found
    return None if _over(ends) or not _handed_out(path) else path


def picture_behind(token: str) -> str | None:
    """Return the path of the picture behind a token; None if it has expired or is not ours."""
    found = signing.signed(token, _OF_PICTURES)
    return None if found is None or _over(found[1]) else str(found[0])


def _over(ends: int) -> bool:
    return datetime.fromtimestamp(ends, UTC) <= datetime.now(UTC)


def _of_earlier_version(token: str) -> tuple[str, int] | None:
    """Return path and expiry of a link from a version before 26 November 2026; it lives for a day.

    Delete this with the first version whose upgrades start at a later one.
    """
    try:
        signed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    mac, text = signed[:_EARLIER_MAC], signed[_EARLIER_MAC:]
    if not hmac.compare_digest(mac, hmac.digest(key_for(_PURPOSE), text, "sha256")[:_EARLIER_MAC]):
        return None
    ends, _, path = text.decode().partition(" ")
    return path, int(ends)


def _handed_out(path: str) -> bool:
    """Whether a file is in a folder of issued documents, or a recording that somebody sent."""
    return _forms().fullmatch(path) is not None or _SOUNDS.fullmatch(path) is not None


@cache
def _forms() -> re.Pattern[str]:
    folders = "|".join(sorted({kind.folder for kind in services.load().kinds()}))
    return re.compile(rf"(?:{folders})/[\w-]+(/[\w-]+)*\.pdf", re.ASCII)
