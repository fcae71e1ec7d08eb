"""Declarations of personal data: the kind in each column, and the effects of linking and erasing.

Every column of text, bytes or JSON in a table of people declares its kind, `personal(kind, keep)`,
or that it holds nothing personal: by the types `Code` and `Details` of `models.base`, or by
`NOT_PERSONAL`. A personal column also declares what erasing a person (`models.erasure`) does to it.
Every foreign key to `people` declares what linking two chats of one person (`models.link`) does to
its rows. A test walks the metadata and fails if a declaration is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from sqlalchemy import Column, ForeignKey, LargeBinary, MetaData, String
from sqlalchemy.dialects.postgresql import JSONB

import models
from models.base import Base


class Personal(StrEnum):
    """The kinds of personal data in a column."""

    NAME = "name"
    REACH = "reach"  # a phone number, an address of a channel
    IDENTITY = "identity"  # data of the identity card
    WORDS = "words"  # messages, answers and notices
    PLACE = "place"  # where they are visited
    FILE = "file"  # a photo, or its path
    PROOF = "proof"  # a code or link that proves a person's identity, or a hash of one


class Keep(StrEnum):
    """Retention periods; `workers.housekeeping` and `workers.drafts` delete expired data."""

    MESSAGES = "messages"  # 90 days after the message was processed or sent
    DRAFTS = "drafts"  # 30 days after the person last wrote
    LINKS = "links"  # a day after a link or code expired
    VISIT = "visit"  # 30 days after the visit was over
    ALIASES = "aliases"  # two years after the person last wrote under it
    #: As long as the law requires for the case, or until erased on request; files of a complaint
    #: for 30 days after it is closed.
    CASE = "case"
    LETTER = "letter"  # a year after the case of a letter to a lender is over
    PERSON = "person"  # until erased on request
    PORTRAIT = "portrait"  # until it is refused or replaced, or the officer's work ends
    FLAG = "flag"  # a year after the cause
    DUTY = "duty"  # as long as the audit must identify officers


class Erasing(StrEnum):
    """Effects of erasing a person on a column of their rows."""

    ROW = "row"  # the row is deleted
    EMPTIED = "emptied"  # the column is emptied, and the row names nobody any more
    REDUCED = "reduced"  # only what an issued document prints is kept
    LAST = "last"  # the row is deleted once the person was told that all is erased


@dataclass(frozen=True, slots=True)
class Kept:
    """The column is kept when a person is erased, because of this."""

    because: str


class Linking(StrEnum):
    """Effects of linking on rows of the person who is merged into another."""

    MOVES = "moves"  # they become the other person's
    WAITING = "waiting"  # pending rows move, the others stay
    MERGED = "merged"  # both may have one: `models.link` merges them
    STAYS = "stays"


def personal(kind: Personal, keep: Keep, erasing: Erasing | Kept | None = None) -> dict[str, Any]:
    """Return the `info` of a column that holds personal data."""
    return {"personal": kind, "keep": keep, "erasing": erasing}


def on_linking(linking: Linking) -> dict[str, Any]:
    """Return the `info` of a foreign key to `people`."""
    return {"linking": linking}


@cache
def every_table() -> MetaData:
    """Import all modules of tables, and return their metadata."""
    for module in iter_modules(models.__path__, "models."):
        if not module.ispkg:
            import_module(module.name)
    return Base.metadata


def of_people(tables: MetaData) -> set[str]:
    """Return the names of tables that refer to people, over any number of foreign keys."""
    reached, before = {"people", "aliases", "browser_messages", "audit"}, 0
    while before != len(reached):
        before = len(reached)
        reached |= {
            table.name
            for table in tables.sorted_tables
            if any(key.column.table.name in reached for key in table.foreign_keys)
        }
    return reached


def may_tell(column: Column[Any]) -> bool:
    """Whether a column's type can hold personal data: text, bytes or JSON."""
    kind = getattr(column.type, "impl", column.type)
    return isinstance(kind, String | LargeBinary | JSONB) and not column.foreign_keys


def columns(tables: MetaData) -> dict[str, Column[Any]]:
    """Return the columns that hold personal data, by `table.column`."""
    return {
        f"{table.name}.{column.name}": column
        for table in tables.sorted_tables
        for column in table.columns
        if column.info.get("personal") is not None
    }


def keys_to_people(tables: MetaData) -> dict[str, ForeignKey]:
    """Return the foreign keys to `people`, by `table.column`."""
    return {
        f"{table.name}.{key.parent.name}": key
        for table in tables.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "people"
    }
