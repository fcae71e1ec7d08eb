"""Several statements in one round trip: sent with one write, answered with one read.

psycopg's own pipeline mode writes to the socket once per statement, and a turn waits for each. This
module sends libpq's buffer once, when the block ends, through `psycopg.pq`, psycopg's interface to
libpq. Source: https://www.postgresql.org/docs/current/libpq-pipeline-mode.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, MutableSet
from dataclasses import dataclass, field
from functools import cache, partial
from hashlib import sha256
from typing import Any, Protocol, cast

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Wait

_NAME = re.compile(r"%\((\w+)\)s")
_FAILED = {ExecStatus.FATAL_ERROR, ExecStatus.PIPELINE_ABORTED, ExecStatus.BAD_RESPONSE}


class Results(Protocol):
    """The rows of a statement; available after the pipeline has ended."""

    @property
    def rows(self) -> list[tuple[Any, ...]]: ...


class Execute(Protocol):
    """Adds a statement to a pipeline; its placeholders are `%(name)s`."""

    def __call__(self, sql: str, given: Mapping[str, Any], /) -> Results: ...


@dataclass(slots=True)
class _Command:
    """One command of a pipeline, and its result."""

    send: Callable[[], None]
    prepares: bytes | None = None  # the name of the statement that it prepares
    rows: list[tuple[Any, ...]] = field(default_factory=list)


class Pipeline:
    """Statements for one round trip; nothing is sent before `end`."""

    def __init__(self, wire: psycopg.Connection[Any], known: MutableSet[bytes]) -> None:
        self._wire, self._known = wire, known  # known: names of its prepared statements
        self._pg: PGconn = wire.pgconn
        self._commands: list[_Command] = []
        if not wire.autocommit and self._pg.transaction_status == TransactionStatus.IDLE:
            self._put(self._pg.send_query_params, b"BEGIN", None)

    def __call__(self, sql: str, given: Mapping[str, Any]) -> Results:
        """Add a statement to the pipeline; it is prepared once per connection.

        Its parameters keep the types of the first call.
        """
        name, query, names = _prepared(sql)
        values = Transformer(self._wire)
        params = values.dump_sequence([given[name] for name in names], [PyFormat.TEXT] * len(names))
        if name not in self._known:
            self._put(self._pg.send_prepare, name, query, values.types).prepares = name
            self._known.add(name)
        send = self._pg.send_query_prepared
        return self._put(send, name, params, values.formats, Format.BINARY)

    def commit(self) -> None:
        """Add a COMMIT to the pipeline."""
        self._put(self._pg.send_query_params, b"COMMIT", None)

    def end(self) -> None:
        """Send all commands, and wait for the results.

        Raises:
            psycopg.Error: the first failure; later commands were not run.
        """
        if not self._commands:
            return
        try:
            self._pg.enter_pipeline_mode()
            for command in self._commands:
                command.send()
            self._pg.pipeline_sync()
            error = self._wire.wait(self._exchange())
            self._pg.exit_pipeline_mode()
        except BaseException:
            self._wire.close()  # unread results are on the socket
            raise
        if error is not None:
            raise error

    def drop(self) -> None:
        """Discard the pipeline before anything was sent."""
        for command in self._commands:
            if command.prepares is not None:
                self._known.discard(command.prepares)

    def _put(self, send: Callable[..., None], /, *arguments: Any) -> _Command:
        command = _Command(partial(send, *arguments))
        self._commands.append(command)
        return command

    def _exchange(self) -> Generator[Wait, Any, psycopg.Error | None]:
        error: psycopg.Error | None = None
        while self._pg.flush():
            yield Wait.RW
            self._pg.consume_input()
        for command in self._commands:
            while (result := (yield from self._result())) is not None:
                if result.status not in _FAILED:
                    command.rows += self._loaded(result)
                    continue
                if command.prepares is not None:
                    self._known.discard(command.prepares)
                if error is None:
                    error = psycopg.errors.error_from_result(result)
        yield from self._result()  # the end of the pipeline
        return error

    def _result(self) -> Generator[Wait, Any, PGresult | None]:
        while self._pg.is_busy():
            yield Wait.R
            self._pg.consume_input()
        return self._pg.get_result()

    def _loaded(self, result: PGresult) -> list[tuple[Any, ...]]:
        if not result.ntuples:
            return []
        values = Transformer(self._wire)
        values.set_pgresult(result)
        return cast("list[tuple[Any, ...]]", values.load_rows(0, result.ntuples, tuple))


@cache
def _prepared(sql: str) -> tuple[bytes, bytes, tuple[str, ...]]:
    """Return a name for the statement, its SQL with $1, $2, ..., and the parameters' names."""
    names = tuple(dict.fromkeys(_NAME.findall(sql)))
    query = _NAME.sub(lambda found: f"${names.index(found[1]) + 1}", sql).encode()
    return b"trip_" + sha256(query).hexdigest()[:16].encode(), query, names
