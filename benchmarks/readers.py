"""Finds every reader of people's words by walking the package, and measures its slowest text."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias

from casework.lenders import shipped_register
from conversations import commands, parsers, phrases
from conversations.events import Said
from conversations.facts import Facts
from conversations.parsers import Parser, Refused
from conversations.parsers.choice import pick
from conversations.withholding import withheld
from models.reference import area, business_type

Reader: TypeAlias = Callable[[str], object]

SHORT, LONG = 512, 4_096  # characters; the longer is the Bot API's limit for a message
TRIES: Final = 3
LABELS: Final = ("Warung Bu Siti", "Rp500.000", "Kamis, 26 November 2026", "Tidak ada yang cocok")

#: Pieces that are repeated to make long texts.
PIECES: Final = (
    "1", "1 ", "1-", "1.", "1,", "1 - ", "12.345 ", "2 juta ", "1/2 ", "2½ ", "½", "⑩", "5️⃣", "٣",
    "O1", "o8 ", "satu ", "dua puluh ", "puluh ", "juta ", "setengah ", "koma ", "kali ", "x ",
    "rp ", "- ", "-", "(", "+", "$", ".", ",", "'", "?", "/", " ", "\n", "\x00", "\u2068", "\u200b",
    "\u3164", "a", "a ", "A. ", "a\u0301", "\u0301", "e\u0301\u0302",
    "\u0651\u0645", "م ", "ใจ", "陈", "👍🏽",
    "🇮🇩",
    "\U000e0041", "ﷺ", "eh ", "salah ", "bukan 1 ", "nama saya ", "saya ", "halo ", "pak ", "ya, ",
    "senin ", "senin sampai ", "minggu depan ", "hari ", "tanggal 5 , ", "tanggal 5", "5 desember ",
    "desember ", "jangan senin ", "jangan ", "besok ", "2 hari lagi ", "1/1 ", "1 1 ",
    "awal bulan ",
    "jam 5 ", "jam 5-", "jam ", "kurang ", "lebih ", "tidak ", "tidak ada ", "rt ", "rt 1 ", "rw5",
    "saya dan 2 anak ", "istri ", "anak 2 ", "0812 ", "+62 (0)", "62", "cek petugas ", "iumk-1",
    "cek izin a", "terima kasih ", "jual ", "nasi goreng ", "cipete ", "jalan ", "_", "~", "12:30 ",
    "mandri ", "bank ", "bri ", "koperasi ", "saya pinjam di ",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Slowness:
    """The cost of a reader's slowest text, in milliseconds."""

    reader: str
    piece: str  # the text repeats this piece
    short: float
    long: float

    @property
    def ratio(self) -> float:
        """How many times longer the long text takes; 8 is proportional."""
        return self.long / self.short


def every() -> dict[str, Reader]:
    """Return all readers by name, including each parser of the package."""
    at = datetime(2026, 11, 23, 2, tzinfo=UTC)
    facts = Facts(at, area.load(), business_type.load(), shipped_register(at.date()))
    found = pkgutil.iter_modules(parsers.__path__, f"{parsers.__name__}.")
    made = {name: _reader(parser, facts) for one in found for name, parser in _made(one.name)}
    return made | {
        "choice.pick": lambda text: pick(text, LABELS),
        "commands.read": commands.read,
        "phrases.intent": phrases.intent,
        "withholding.withheld": lambda text: withheld(Said(text)),
    }


def hostile(piece: str, length: int) -> str:
    """Return a text of a length that repeats one piece."""
    return (piece * (length // len(piece) + 1))[:length]


def slowest(name: str, reader: Reader) -> Slowness:
    """Find the slowest text of a reader."""
    measured = {piece: _spent(reader, piece, LONG, 1) for piece in PIECES}
    worst = max(measured, key=measured.__getitem__)
    return Slowness(name, worst, *(_spent(reader, worst, n, TRIES) for n in (SHORT, LONG)))


def _made(module: str) -> Iterator[tuple[str, Parser]]:
    """Yield the parsers made by a module's functions whose return annotation is `Parser`."""
    for name, make in inspect.getmembers(importlib.import_module(module), inspect.isfunction):
        if make.__module__ == module and inspect.signature(make).return_annotation == "Parser":
            yield f"{module.rpartition('.')[2]}.{name}", make()


def _reader(parser: Parser, facts: Facts) -> Reader:
    return lambda text: parser(text, facts)


def _spent(reader: Reader, piece: str, length: int, tries: int) -> float:
    """Return the least CPU milliseconds of some tries; the texts differ, to defeat caches."""
    spent = []
    for at in range(tries):
        text = hostile(piece, length - 1) + chr(ord("a") + at)
        began = time.thread_time()
        with suppress(Refused):
            reader(text)
        spent.append(1000 * (time.thread_time() - began))
    return min(spent)


def measured(readers: Mapping[str, Reader]) -> Iterator[Slowness]:
    """Measure each reader with its slowest text."""
    for name, reader in readers.items():
        yield slowest(name, reader)
