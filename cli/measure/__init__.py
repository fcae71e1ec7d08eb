"""`izin measure`: plays labelled lines on the real engine and prints the share understood."""

from __future__ import annotations

import csv
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from cli.measure import situations, trades, utterances
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
    """The file is missing, or has other columns."""


def add(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("kind", choices=sorted(KINDS), help="what the file's lines are")
    parser.add_argument("file", type=Path, help="a CSV file of labelled lines")
    parser.set_defaults(act=_measure)


def _measure(given: Namespace) -> int:
    columns, play = KINDS[given.kind]
    scored = list(play(_rows(given.file, columns)))
    for kind in dict.fromkeys(one.kind for one in scored):
        some = [one for one in scored if one.kind == kind]
        print(f"{kind}: {share(some)}")
    for one in scored:
        if not one.right:
            print(f"missed {one.kind}: {one.said!r}: expected {one.expected}, got {one.got}")
    print(f"{given.kind}: {share(scored)}")
    return 0


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
