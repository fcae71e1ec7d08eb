"""Whole messages: those of a situation (`whole.toml`), and those that answer nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from conversations.lexicon import toml, words


def said(situation: str, text: str) -> str | None:
    """Return what a whole message means in a situation; None if it is not listed."""
    return _listed().get(situation, {}).get(words(text))


@cache
def _listed() -> Mapping[str, Mapping[tuple[str, ...], str]]:
    return {
        situation: {words(one): name for name, listed in named.items() for one in listed}
        for situation, named in toml("whole").items()
    }


@cache
def phrases() -> Mapping[str, Mapping[str, Sequence[str]]]:
    """Return whole messages: under "commands" and "intents", by the name of each."""
    listed: dict[str, dict[str, list[str]]] = toml("phrases")
    return listed


@cache
def evasions() -> Mapping[str, Sequence[str]]:
    """Return whole messages that answer nothing, by how they evade an answer."""
    listed: dict[str, list[str]] = toml("evasions")
    return listed
