"""Plans: runs EXPLAIN for every statement of the product, and checks the plans.

While a `Watch` is on, each statement is explained right before it runs, on the same connection and
in the same transaction, in a savepoint that is rolled back. So the plan has the connection's
settings and sees the same rows as the statement.

A statement must not read a whole growing table: by a sequential scan, by an index without an index
condition, or by filtering out most of the rows that it reads.
"""

from __future__ import annotations

import itertools
import re
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from types import FrameType, TracebackType
from typing import Any
from unittest.mock import patch

import psycopg
from sqlalchemy import Engine, event, text

from models.base import Base

#: Tables that stay small at any age and for any number of people: the city's staff, its counters,
#: keys, closed days, lenders, chores and processes, links and codes that are deleted within days,
#: sessions that could not be read, templates, and the demo's bubbles.
BOUNDED = frozenset(
    {"browser_messages", "heartbeats", "identity_links", "link_codes", "officer_areas", "officers"}
    | {"chores", "keys", "special_days", "document_counters", "portraits", "sessions_aside"}
    | {"lenders", "templates"}
)
EXPLAINED = 3  # times, for the same statement in the same place
WASTED = 10_000  # rows that a statement may filter out; more of open rows, if nobody waits for it
ROOMS = ("bot", "casework", "cli", "conversations", "demo", "models", "web", "workers")

_NAME = re.compile(r"%\((\w+)\)s")
_LISTED = re.compile(r"IN \((?:%\(\w+\)s(?:::\w+)?(?:, )?)+\)")  # of any length
_INDEX_SCANS = {"Index Scan", "Index Only Scan", "Bitmap Index Scan"}
_SCANS = {"Seq Scan", "Bitmap Heap Scan", *_INDEX_SCANS}
_GATHERING = {"Sort", "Aggregate", "Hash", "Materialize"}  # read all input before any output


@dataclass(frozen=True, slots=True)
class Scan:
    """How a plan reads one table or index."""

    kind: str  # PostgreSQL's node type: Seq Scan, Index Scan, ...
    table: str
    index: str
    narrowed: bool  # it has an index condition
    filtered: bool  # it filters rows after reading them
    cut: bool  # a LIMIT above it stops the scan early
    read: float  # rows, over all its loops
    wasted: float  # rows of these that were filtered out


@dataclass(slots=True)
class Seen:
    """A statement at one place in the code, with the worst of its plans."""

    place: str  # module.function
    sql: str
    when: str  # the `during` block in which it was first seen
    times: int = 0
    milliseconds: float = 0.0
    rows: float = 0.0
    scans: Sequence[Scan] = ()
    faults: Sequence[str] = ()

    @property
    def read(self) -> float:
        """The number of rows read."""
        return sum(scan.read for scan in self.scans)


@dataclass(slots=True)
class Watch:
    """Explains all statements of this process while it is entered; `during` names the activity."""

    partial: frozenset[str]  # indexes over some rows only
    growing: frozenset[str]
    seen: dict[tuple[str, str], Seen] = field(default_factory=dict)
    _during: str = ""
    _somebody_waits: bool = True
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _explained: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _pipelines: Any = None

    def __post_init__(self) -> None:
        self._pipelines = patch(
            "models.infrastructure.database.Pipeline", partial(_StepByStep, self)
        )

    @classmethod
    def over(cls, engine: Engine) -> Watch:
        """Return a watch over a database; it queries the partial indexes once."""
        with engine.connect() as connection:
            found = connection.scalars(
                text(
                    "SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
                    " WHERE indpred IS NOT NULL"
                )
            )
            return cls(frozenset(found), frozenset(Base.metadata.tables) - BOUNDED)

    def __enter__(self) -> Watch:
        event.listen(Engine, "before_cursor_execute", self._before)
        self._pipelines.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        event.remove(Engine, "before_cursor_execute", self._before)
        self._pipelines.stop()

    @contextmanager
    def during(self, what: str, *, somebody_waits: bool = True) -> Iterator[None]:
        """Watch during the block, under the name `what`."""
        self._during, self._somebody_waits = what, somebody_waits
        try:
            yield
        finally:
            self._during = ""

    def faults(self) -> list[tuple[Seen, str]]:
        """Return all faults, each with its statement."""
        return [(one, fault) for one in self.seen.values() for fault in one.faults]

    def unused(self) -> set[str]:
        """Return non-unique indexes of growing tables that no statement used."""
        used = {
            index for one in self.seen.values() for s in one.scans for index in s.index.split("+")
        }
        return {
            index.name
            for table in Base.metadata.tables.values()
            if table.name in self.growing
            for index in table.indexes
            if index.name not in used and not index.unique and index.name is not None
        }

    def _before(self, connection: Any, _: Any, sql: str, given: Any, *__: Any) -> None:
        self.explain(connection.connection.driver_connection, sql, given)

    def explain(self, wire: psycopg.Connection[Any], sql: str, given: Any) -> None:
        """Explain a statement that is about to run on this connection."""
        during, place = self._during, _place()
        known = _LISTED.sub("IN (...)", " ".join(sql.split()))
        if not (during and place) or not known.startswith(
            ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
        ):
            return
        with self._lock:
            one = self.seen.setdefault((place, known), Seen(place, known, during))
            one.times += 1
            count = self._explained[during, place, known] = (
                self._explained.get((during, place, known), 0) + 1
            )
        if count > EXPLAINED:
            return
        params = given[0] if isinstance(given, list) else given
        _explained(wire, sql, params)  # warms the cache
        if (plan := _explained(wire, sql, params)) is not None:
            self._note(one, plan)

    def _note(self, one: Seen, plan: Mapping[str, Any]) -> None:
        scans = list(_scans(plan["Plan"]))
        took = plan["Planning Time"] + plan["Execution Time"]
        with self._lock:
            one.milliseconds = max(one.milliseconds, took)
            one.rows = max(one.rows, plan["Plan"]["Actual Rows"])
            if sum(scan.read for scan in scans) >= one.read:
                one.scans = scans
            one.faults = one.faults or [
                fault for scan in scans if (fault := self._fault(scan)) is not None
            ]

    def _fault(self, scan: Scan) -> str | None:
        if scan.table not in self.growing:
            return None
        if scan.kind == "Seq Scan" and (scan.filtered or not scan.cut):
            return f"sequential scan of {scan.table}"
        of_open_rows = self.partial.issuperset(scan.index.split("+"))
        whole = scan.kind in _INDEX_SCANS and not scan.narrowed and not of_open_rows
        if whole and (scan.filtered or not scan.cut):
            return f"all of {scan.index} is read"
        if scan.wasted > WASTED and (self._somebody_waits or not of_open_rows):
            return f"{scan.wasted:,.0f} rows of {scan.table} are read in vain, by {scan.index}"
        return None


class _StepByStep:
    """Sends statements one at a time, to explain each; otherwise like `wire.Pipeline`."""

    def __init__(self, watch: Watch, wire: psycopg.Connection[Any], _: object) -> None:
        self._watch, self._wire = watch, wire

    def __call__(self, sql: str, given: Mapping[str, Any]) -> _Answer:
        self._watch.explain(self._wire, sql, given)
        found = self._wire.cursor(binary=True).execute(sql, given)
        return _Answer(found.fetchall() if found.description else [])

    def commit(self) -> None:
        self._wire.execute("COMMIT")

    def end(self) -> None:
        """Do nothing: every statement has run already."""


@dataclass(frozen=True, slots=True)
class _Answer:
    rows: list[tuple[Any, ...]]


def _explained(wire: psycopg.Connection[Any], sql: str, given: Any) -> Mapping[str, Any] | None:
    """Return the plan of an execution here; None if EXPLAIN fails, as the statement will too."""
    begin, undo = "SAVEPOINT explained", "ROLLBACK TO SAVEPOINT explained"
    if wire.autocommit:
        begin, undo = "BEGIN", "ROLLBACK"
    wire.execute(begin)
    try:
        planned_once = wire.execute("SHOW plan_cache_mode").fetchone() == ("force_generic_plan",)
        if planned_once and given:
            found = _generic(wire, sql, given)
        else:
            found = wire.execute(_EXPLAIN + sql, given or None).fetchone()
    except psycopg.Error as error:
        print(f"not explained: {error}\n{sql}", file=sys.stderr)
        found = None
    wire.execute(undo)
    return found[0][0] if found else None


_EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "


def _generic(
    wire: psycopg.Connection[Any], sql: str, given: Mapping[str, Any]
) -> tuple[Any, ...] | None:
    """Return the generic plan, which does not depend on the parameters."""
    names = list(dict.fromkeys(_NAME.findall(sql)))
    query = _NAME.sub(lambda found: f"${names.index(found[1]) + 1}", sql).replace("%%", "%")
    prepared = f"explained_{next(_NUMBERS)}"  # survives a failure below, so names are not reused
    with psycopg.ClientCursor(wire) as cursor:
        cursor.execute(f"PREPARE {prepared} AS {query}".encode())
        places = ", ".join(["%s"] * len(names))
        values = [given[name] for name in names]
        cursor.execute(f"{_EXPLAIN} EXECUTE {prepared} ({places})".encode(), values)
        found = cursor.fetchone()
        cursor.execute(f"DEALLOCATE {prepared}".encode())
        return found


_NUMBERS = itertools.count(1)


def _scans(node: Mapping[str, Any], *, cut: bool = False, table: str = "") -> Iterator[Scan]:
    """Yield all scans of a plan, top down; a bitmap's rows are counted at its heap scan."""
    kind, loops = node["Node Type"], node["Actual Loops"]
    if node.get("Parent Relationship") in {"InitPlan", "SubPlan"}:
        cut = False
    table = node.get("Relation Name", table)
    if kind in _SCANS:
        removed = node.get("Rows Removed by Filter", 0)
        removed += node.get("Rows Removed by Index Recheck", 0)
        rows = 0 if kind == "Bitmap Index Scan" else node["Actual Rows"] + removed
        index = node.get("Index Name") or _below(node)
        narrowed, filtered = "Index Cond" in node, "Filter" in node
        yield Scan(kind, table, index, narrowed, filtered, cut, rows * loops, removed * loops)
    cut = kind == "Limit" or (cut and kind not in _GATHERING)
    for child in node.get("Plans", ()):
        yield from _scans(child, cut=cut, table=table)


def _below(node: Mapping[str, Any]) -> str:
    """Return the names of a bitmap's indexes, joined by "+"."""
    names = [child.get("Index Name") or _below(child) for child in node.get("Plans", ())]
    return "+".join(dict.fromkeys(filter(None, names)))


def _place() -> str:
    """Return the innermost running function of the product, as module.function; "" if none."""
    frame: FrameType | None = sys._getframe()
    place = ""
    while frame is not None:
        module, function = frame.f_globals.get("__name__", ""), frame.f_code.co_name
        if module.partition(".")[0] in ROOMS and module not in _WAY:
            if not function.startswith("<"):
                return f"{module}.{function}"
            place = place or module  # of a lambda, which may have no other caller
        frame = frame.f_back
    return place


#: Modules of the database layer: their callers are reported instead.
_WAY = {"models.infrastructure.database", "models.infrastructure.wire"}
