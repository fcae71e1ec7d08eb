"""Text for chats: length in UTF-16 units, splitting at pauses, numbered choices."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_BORDERS = tuple(
    map(re.compile, (r"\n\n+", r"\n", r"(?<=[.!?…])\s+", r"\s+"))
)  # in order of preference


def split(text: str, most: int) -> list[str]:
    """Split a text into parts of at most `most` UTF-16 units, where a reader would pause.

    Strips whitespace around each part, as chats do anyway.
    """
    return list(_parts(text.strip(), most))


def units(text: str) -> int:
    """Return the length in UTF-16 units, as Telegram counts it: an emoji is two."""
    return len(text.encode("utf-16-le")) // 2


def numbered(text: str, labels: Sequence[str]) -> str:
    """Append numbered choices to a text, for chats without buttons: "2" answers the second."""
    if not labels:
        return text
    lines = [f"{number}. {label}" for number, label in enumerate(labels, 1)]
    return "\n\n".join(filter(None, (text, "\n".join(lines))))


def _parts(text: str, most: int) -> Iterator[str]:
    while units(text) > most:
        fits = _fitting(text, most)
        cut = _border(text[: fits + 1]) or fits
        yield text[:cut].rstrip()
        text = text[cut:].lstrip()
    yield text


def _border(text: str) -> int | None:
    """Return the last pause in the second half; an earlier one would make the part too short."""
    for border in _BORDERS:
        places = [found.start() for found in border.finditer(text, len(text) // 2)]
        if places:
            return places[-1]
    return None


def _fitting(text: str, most: int) -> int:
    """Return how many whole characters fit into `most` UTF-16 units."""
    counted = 0
    for index, character in enumerate(text):
        counted += 2 if character > "\uffff" else 1
        if counted > most:
            return index
    return len(text)
