"""Personal data, declared at the column: what it holds about people, and what linking does to it.

Every column of text, bytes or JSON in a table of people says what it holds, `personal(kind, keep)`,
or that it holds nothing personal: by the types `Code` and `Details` of `models.base`, or by
`NOT_PERSONAL`. Every foreign key to `people` says what becomes of its rows when two chats turn out
to be one person's (`models.link`). A test walks the metadata and fails for one that says nothing.
"""

from __future__ import annotations

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
    IDENTITY = "identity"  # of the identity card
    WORDS = "words"  # what they said, answered or were told
    PLACE = "place"  # where they are visited
    FILE = "file"  # a photo, or where it lies
    PROOF = "proof"  # a code or link that proves who somebody is; a hash of one


class Keep(StrEnum):
    """How long it is kept; `workers.housekeeping` and `workers.drafts` delete what is over."""

    MESSAGES = "messages"  # 90 days after the message was taken or sent
    DRAFTS = "drafts"  # 30 days after the person was last heard
    LINKS = "links"  # a day after a link or code ended
    VISIT = "visit"  # 30 days after the visit was over
    ALIASES = "aliases"  # two years after they were last heard under it
    CASE = "case"  # as long as the law asks for the case, or until erased on request
    PERSON = "person"  # until erased on request
    DUTY = "duty"  # as long as officers' acts must be told apart


class Linking(StrEnum):
    """Kinds of what linking does to rows of the person who is gone."""

    MOVES = "moves"  # they become the kept person's
    WAITING = "waiting"  # those that still wait do; what was said stays where it was said
    MERGED = "merged"  # both may have one: `models.link` says how one is made
    STAYS = "stays"


def personal(kind: Personal, keep: Keep) -> dict[str, Any]:
    """The `info` of a column that holds personal data."""
    return {"personal": kind, "keep": keep}


def on_linking(linking: Linking) -> dict[str, Any]:
    """The `info` of a foreign key to `people`."""
    return {"linking": linking}


@cache
def every_table() -> MetaData:
    """All tables, whichever modules were imported before."""
    for module in iter_modules(models.__path__, "models."):
        if not module.ispkg:
            import_module(module.name)
    return Base.metadata


def of_people(tables: MetaData) -> set[str]:
    """Names of the tables whose rows belong to somebody, by however many foreign keys."""
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
    """Whether a column could hold personal data at all: text, bytes or JSON."""
    kind = getattr(column.type, "impl", column.type)
    return isinstance(kind, String | LargeBinary | JSONB) and not column.foreign_keys


def columns(tables: MetaData) -> dict[str, Column[Any]]:
    """The columns that hold personal data, by `table.column`."""
    return {
        f"{table.name}.{column.name}": column
        for table in tables.sorted_tables
        for column in table.columns
        if column.info.get("personal") is not None
    }


def keys_to_people(tables: MetaData) -> dict[str, ForeignKey]:
    """The foreign keys to `people`, by `table.column`."""
    return {
        f"{table.name}.{key.parent.name}": key
        for table in tables.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "people"
    }
