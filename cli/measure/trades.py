"""Plays owners' words on the search for kinds of business."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cli.measure.scored import Scored
from models.reference import business_type

_SHOWN = 3  # kinds that an owner chooses from


def play(rows: Iterable[Mapping[str, str]]) -> Iterator[Scored]:
    """Search each phrase; `kbli_code` has the acceptable codes, separated by "|".

    Each row is scored twice: "first" if the first kind found is acceptable, "in three" if any of
    the three shown is.
    """
    trades = business_type.load()
    for row in rows:
        phrase, expected = row["phrase"], row["kbli_code"]
        codes = {code.strip() for code in expected.split("|")}
        found = [trade.code for trade in trades.search(phrase, limit=_SHOWN)]
        for kind, offered in (("first", found[:1]), ("in three", found)):
            got = "|".join(offered) or "nothing"
            yield Scored(kind, phrase, expected, got, not codes.isdisjoint(offered))
