"""Links to files for a while: for a provider that fetches what we send, or its reader.

A link is a signed token of the file and the time it ends: nothing else can be asked for, and
nothing is stored. Only papers that we hand out can be reached so, never what people sent us.
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

PATH = "/berkas"

_PURPOSE = "links"
_EARLIER_MAC = 16  # bytes kept of HMAC-SHA256


@dataclass(frozen=True, slots=True)
class Links:
    """Makes links that lead to our own pages."""

    public_url: str

    def to(self, path: str, name: str, *, life: timedelta) -> str:
        """A link to a stored file, called `name` when it arrives, good for that long.

        Raises:
            ValueError: it is no file that is handed out.
        """
        if not _handed_out(path):
            raise ValueError(f"{path!r} is not handed out: only documents are")
        ends = int((datetime.now(UTC) + life).timestamp())
        token = signing.sign([path, ends], _PURPOSE)
        return f"{self.public_url}{PATH}/{token}/{quote(name, safe='')}"


def file_behind(token: str) -> str | None:
    """The path of the file that a link's token leads to; None if it ended or is none of ours."""
    found = signing.signed(token, _PURPOSE) or _of_earlier_version(token)
    if found is None:
        return None
    path, ends = found
    over = datetime.fromtimestamp(ends, UTC) <= datetime.now(UTC)
    return None if over or not _handed_out(path) else path


def _of_earlier_version(token: str) -> tuple[str, int] | None:
    """Path and end of a link as versions before 26 November 2026 made it; it lives for a day.

    To be deleted with the first version whose upgrades start at a later one.
    """
    try:
        signed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    mac, told = signed[:_EARLIER_MAC], signed[_EARLIER_MAC:]
    if not hmac.compare_digest(mac, hmac.digest(key_for(_PURPOSE), told, "sha256")[:_EARLIER_MAC]):
        return None
    ends, _, path = told.decode().partition(" ")
    return path, int(ends)


def _handed_out(path: str) -> bool:
    """Whether a file lies where documents of some kind are kept."""
    return _forms().fullmatch(path) is not None


@cache
def _forms() -> re.Pattern[str]:
    folders = "|".join(sorted({kind.folder for kind in services.load().kinds()}))
    return re.compile(rf"(?:{folders})/[\w-]+(/[\w-]+)*\.pdf", re.ASCII)
