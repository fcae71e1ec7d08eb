"""What is held anywhere: every column of every table decrypted, files, Redis' keys, logs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
from redis import Redis
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from models import person
from models.base import Base
from models.conversation import SESSION
from models.infrastructure import encryption
from models.infrastructure.encryption import Unreadable
from models.person import ENCRYPTED


def in_tables(engine: Engine) -> Iterator[tuple[str, str]]:
    """Each value of each column as text, by `table.column`; encrypted ones are decrypted."""
    with Session(engine) as tx:
        for table in Base.metadata.sorted_tables:
            for row in tx.execute(select(table)).mappings():
                for column in table.columns:
                    for text in _texts(row[column.key]):
                        yield f"{table.name}.{column.name}", text
                yield from _unveiled(table.name, dict(row))


def _texts(value: Any) -> Iterator[str]:
    """A value as it is, and bytes as hexadecimal digits as well."""
    assert not isinstance(value, Unreadable), value
    if isinstance(value, bytes):
        yield value.hex()
        yield value.decode(errors="replace")
    elif isinstance(value, dict | list):
        yield json.dumps(value, ensure_ascii=False)
    elif value is not None:
        yield str(value)


def _unveiled(table: str, row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What is encrypted in a plain column."""
    if table in ("addresses", "aliases") and row["channel"] in ENCRYPTED:
        for column in ("address", "name"):
            if row.get(column):
                try:
                    yield f"{table}.{column}", person.decrypted(row["channel"], row[column])
                except ValueError:
                    yield f"{table}.{column}", row[column]
    if table == "sessions_aside":
        yield f"{table}.session", json.dumps(encryption.open_json(row["session"], SESSION))


def in_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Each file of the store by its path, and the words of a PDF."""
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            content = file.read_bytes()
            yield file.relative_to(folder).as_posix(), content
            if file.suffix == ".pdf":
                words = "\n".join(page.extract_text() for page in pypdf.PdfReader(file).pages)
                yield file.relative_to(folder).as_posix(), words.encode()


def in_redis(url: str) -> Iterator[tuple[str, str]]:
    """Each key of Redis, with its value."""
    with Redis.from_url(url) as redis:
        for key in redis.scan_iter("*"):
            name = key.decode(errors="replace")
            yield name, name
            held = redis.dump(key)
            yield name, "" if held is None else held.decode(errors="replace")
