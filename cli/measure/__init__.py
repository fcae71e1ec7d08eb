"""`izin measure`: plays labelled lines on the real engine and prints the share understood."""

from __future__ import annotations

import csv
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from cli.measure import situations, trades, utterances
from cli.measure.halved import halved
from cli.measure.scored import Scored
from models.infrastructure.errors import OperatorError

#: The columns of each kind of file, and the function that plays its rows.
KINDS: Mapping[
    str, tuple[tuple[str, ...], Callable[[Iterable[Mapping[str, str]]], Iterator[Scored]]]
] = {
    "situations": (("situation", "input", "expected"), situations.play),
    "utterances": (("type", "input", "expected", "reference_date"), utterances.play),
    "trades": (("phrase", "kbli_code"), trades.play),
}


class NotMeasurable(OperatorError):
    """The file is missing, has other columns, or can't be measured this way."""


def add(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("kind", choices=sorted(KINDS), help="what the file's lines are")
    parser.add_argument("file", type=Path, help="a CSV file of labelled lines")
    parser.add_argument(
        "--without-half",
        type=int,
        nargs="?",
        const=0,
        metavar="SEED",
        help="situations: again with a random half of their words taken out of the lexicon",
    )
    parser.set_defaults(act=_measure)


def _measure(given: Namespace) -> int:
    columns, play = KINDS[given.kind]
    rows = _rows(given.file, columns)
    if given.without_half is not None:
        return _measure_halved(given.kind, rows, given.without_half)
    scored = list(play(rows))
    for kind in dict.fromkeys(one.kind for one in scored):
        some = [one for one in scored if one.kind == kind]
        print(f"{kind}: {share(some)}")
    for one in scored:
        if not one.right:
            print(f"missed {one.kind}: {one.said!r}: expected {one.expected}, got {one.got}")
    print(f"{given.kind}: {share(scored)}")
    return 0


def _measure_halved(kind: str, rows: list[dict[str, str]], seed: int) -> int:
    if kind != "situations":
        raise NotMeasurable("--without-half measures situations only")
    whole: list[Scored] | None = None
    for name, scored in halved(situations.play, rows, seed):
        whole = scored if whole is None else whole
        print(f"{name}: {share(scored)}{_fall(whole, scored)}")
    return 0


def _fall(whole: list[Scored], scored: list[Scored]) -> str:
    """Return by how many points the share of right lines is smaller: ", 6.5 points less"."""
    if scored is whole or not whole:
        return ""
    lost = sum(one.right for one in whole) - sum(one.right for one in scored)
    return f", {100 * lost / len(whole):.1f} points less"


def share(scored: Iterable[Scored]) -> str:
    """Return the share of right lines: "94% (142 of 151)"."""
    results = [one.right for one in scored]
    percent = 100 * sum(results) // len(results) if results else 0
    return f"{percent}% ({sum(results)} of {len(results)})"


def _rows(file: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            rows = list(reader)
    except OSError as error:
        raise NotMeasurable(f"{file} can't be read: {error.strerror}") from error
    missing = set(columns) - set(reader.fieldnames or ())
    if missing:
        raise NotMeasurable(f"{file} has no column {', '.join(sorted(missing))}")
    return rows
