"""Every column and foreign key of people declares what it is; what reads that follows it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, ForeignKey, MetaData, String, Table

from models import erasure, link, personal
from models.infrastructure.encryption import Encrypted, EncryptedJson
from models.personal import Erasing, Keep, Kept, Linking, Personal

TABLES = personal.every_table()
#: Personal, and not encrypted: what must be compared or shown by staff, and hashes.
PLAIN = {
    "addresses.address",  # encrypted before it is written, so that equal ones stay equal
    "aliases.address",
    "aliases.name",
    "assisted_forms.code_hash",
    "attachments.path",
    "attachments.sha256",
    "browser_messages.address",  # of the demo's phones
    "documents.revoked_because",
    "helpers.token_hash",
    "identities.nik_index",
    "identity_links.token_hash",
    "dossiers.desk_hash",
    "invitations.code_hash",
    "link_codes.code_hash",
    "officers.badge",
    "officers.badge_key",
    "officers.invitation_hash",
    "officers.name",
    "portraits.path",
    "sessions_aside.session",  # as it was, encrypted
}


def silent(tables: MetaData) -> set[str]:
    """Columns and foreign keys that say nothing."""
    of_people = personal.of_people(tables)
    columns = {
        f"{table.name}.{column.name}"
        for table in tables.sorted_tables
        if table.name in of_people
        for column in table.columns
        if personal.may_tell(column) and "personal" not in column.info
    }
    keys = personal.keys_to_people(tables)
    return columns | {name for name, key in keys.items() if "linking" not in key.parent.info}


def test_every_column_and_key_of_people_says_what_it_is() -> None:
    assert silent(TABLES) == set()


def test_one_that_says_nothing_is_found() -> None:
    tables = MetaData()
    Table("people", tables, Column("id", primary_key=True))
    Table("notes", tables, Column("words", String), Column("whose", ForeignKey("people.id")))
    assert silent(tables) == {"notes.words", "notes.whose"}


def test_what_is_personal_is_encrypted_and_kept_for_a_time_that_is_named() -> None:
    found = personal.columns(TABLES)
    sealed = {n for n, c in found.items() if isinstance(c.type, Encrypted | EncryptedJson)}
    assert set(found) - sealed == PLAIN
    for name, column in found.items():
        assert isinstance(column.info["personal"], Personal), name
        assert isinstance(column.info["keep"], Keep), name
    every = {
        f"{table.name}.{column.name}"
        for table in TABLES.sorted_tables
        for column in table.columns
        if isinstance(column.type, Encrypted | EncryptedJson)
    }
    assert every == sealed, "what is encrypted is personal"


def unsaid(tables: MetaData) -> set[str]:
    """Personal columns that do not say what erasing a person does to them."""
    found = personal.columns(tables)
    return {n for n, c in found.items() if not isinstance(c.info.get("erasing"), Erasing | Kept)}


def test_every_personal_column_says_what_erasing_does_to_it() -> None:
    assert unsaid(TABLES) == set()
    kept = {n: c.info["erasing"] for n, c in personal.columns(TABLES).items()}
    assert all(way.because for way in kept.values() if isinstance(way, Kept))
    assert {n for n, way in kept.items() if isinstance(way, Kept)} == {
        "documents.revoked_because",
        "officer_flags.remark",
        "officers.badge",
        "officers.badge_key",
        "officers.invitation_hash",
        "officers.name",
        "portraits.path",
    }


def test_a_new_personal_column_that_does_not_say_it_is_found() -> None:
    tables = MetaData()
    info = personal.personal(Personal.WORDS, Keep.CASE)
    Table("notes", tables, Column("words", String, info=info))
    assert unsaid(tables) == {"notes.words"}


def test_each_table_with_personal_columns_says_whose_its_rows_are() -> None:
    """And either whole rows of it go, or some of its columns are emptied, but not both."""
    ways: dict[str, set[Any]] = {}
    for name, column in personal.columns(TABLES).items():
        ways.setdefault(name.partition(".")[0], set()).add(column.info["erasing"])
    assert set(ways) <= set(erasure.WHOSE) == set(ways) | {"unreached"}
    assert all(len(some) == 1 for some in ways.values()), ways
    emptied = {n for n, c in personal.columns(TABLES).items() if c.info["erasing"] == "emptied"}
    for name in emptied:
        assert personal.columns(TABLES)[name].nullable, name


@pytest.mark.parametrize(
    ("linking", "told"), [(Linking.MERGED, set(link.MERGES)), (Linking.WAITING, set(link.WAITS))]
)
def test_linking_knows_how_the_rows_of_two_become_those_of_one(
    linking: Linking, told: set[Any]
) -> None:
    keys = personal.keys_to_people(TABLES)
    declared = {name for name, key in keys.items() if key.parent.info["linking"] == linking}
    tables = {name.partition(".")[0] for name in declared}
    assert told == (declared if linking is Linking.MERGED else tables)
