"""Plain lists of words and phrases, as `lists.toml` holds them by module and name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from conversations.lexicon import toml


@cache
def words(module: str, name: str) -> frozenset[str]:
    """Return the words of a list."""
    listed: list[str] = toml("lists")[module][name]
    return frozenset(listed)


@cache
def one_of(module: str, name: str) -> str:
    """Return the words or phrases of a list as alternatives of a pattern; "blur*": any ending."""
    phrases: list[str] = toml("lists")[module][name]
    return "|".join(re.escape(one).replace(r"\*", r"\w*") for one in phrases)


@cache
def any_of(module: str, name: str) -> re.Pattern[str]:
    """Return a pattern for one of the words or phrases of a list, wherever it stands."""
    return re.compile(rf"\b(?:{one_of(module, name)})\b")


@cache
def short() -> Mapping[str, str]:
    """Return each short spelling of officers with the usual word."""
    return {one: word for word, shorts in toml("short").items() for one in shorts.split()}


@cache
def also_names() -> frozenset[str]:
    """Return words with another meaning that are names too, such as "uda"."""
    listed: str = toml("names")["also_name"]
    return frozenset(listed.split())


@cache
def goods() -> tuple[str, ...]:
    """Return goods whose name holds a word of an emergency, such as "kembang api"."""
    return tuple(toml("goods")["goods"])


def read_all() -> None:
    """Read every file of this directory, so that no message waits for one."""
    for file in files(__package__).iterdir():
        if file.name.endswith(".toml"):
            toml(file.name.removesuffix(".toml"))
