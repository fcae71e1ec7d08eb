"""`/metrics` for Prometheus: counters of this process, and figures of the database and Redis.

The database is queried at most once in a few seconds, however often the page is requested, on a
connection of its own, so that turns do not wait. While a server is down the page still answers:
`izin_up` is 0 for it, and its figures are left out.
"""

from __future__ import annotations

import asyncio
import hmac
import math
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot import metrics
from bot.service import LOOPS
from models import heartbeat, task, template, watch
from models.base import Base
from models.infrastructure import database, encryption, loops
from models.infrastructure.loops import Pauses
from models.outbox import RANKS
from workers import watch as queue

KEPT = 5.0  # seconds: how long figures are cached
PATIENCE = 4.0  # seconds for both servers; Prometheus waits 10 for the page
CONNECT = 2  # seconds to connect to a server
STATEMENT = 1_000  # milliseconds for one statement
BEATING = ("worker", "dispatcher")  # kinds of processes without a metrics page

_LINE = {  # detects a broken connection, so that no thread waits forever
    "connect_timeout": CONNECT,
    "application_name": "izin-watch",
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 3_000,
}


def routes(*, token: str | None, database_url: str, redis_url: str) -> list[BaseRoute]:
    """Return the page's route, which requires the token; no route when no token is set.

    Loopback requests need the token too: a proxy's requests come from this machine as well.
    """
    if token is None:
        return []
    watcher = Watcher(database_url, redis_url)
    process = ProcessCollector(registry=None)
    disable_created_metrics()  # type: ignore[no-untyped-call]  # they would double the page

    async def show(request: Request) -> Response:
        if not _shown(request.headers.get("Authorization", ""), token):
            return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
        found = [*_own(), *await watcher.look()]
        page = b"".join(map(generate_latest, (metrics.REGISTRY, process, _Families(found))))
        return Response(page, headers={"Cache-Control": "no-store"}, media_type=CONTENT_TYPE_LATEST)

    return [Route("/metrics", show)]


def _shown(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


@dataclass(frozen=True, slots=True)
class _Families:
    """A collector of fixed metrics for prometheus-client."""

    families: Sequence[Metric]

    def collect(self) -> Iterable[Metric]:
        return self.families


@dataclass(slots=True)
class Watcher:
    """Collects figures of the database and Redis in its own thread, one collection at a time."""

    database_url: str
    redis_url: str
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "watch"))
    _collecting: asyncio.Future[list[Metric]] | None = None
    _cached: list[Metric] = field(default_factory=list)
    _cached_at: float = -KEPT  # monotonic
    _pauses: Pauses = field(default_factory=lambda: Pauses("metrics"))

    async def look(self) -> list[Metric]:
        """Return cached or new figures; after PATIENCE, both servers are reported as down."""
        if time.monotonic() - self._cached_at < KEPT:
            return self._cached
        if self._collecting is None:
            loop = asyncio.get_running_loop()
            self._collecting = loop.run_in_executor(self._thread, self._collect)
            self._collecting.add_done_callback(self._keep)
        try:
            async with asyncio.timeout(PATIENCE):
                return await asyncio.shield(self._collecting)
        except TimeoutError:
            return [_build(), _up(database=False, redis=False)]
        except Exception as error:  # our own bug: the page still shows the other figures
            self._pauses.after(error)
            return [_build(), _up(database=False, redis=False)]

    def _keep(self, looked: asyncio.Future[list[Metric]]) -> None:
        self._collecting = None
        if not looked.cancelled() and looked.exception() is None:
            self._cached, self._cached_at = looked.result(), time.monotonic()

    def _collect(self) -> list[Metric]:
        seen: list[Metric] = [_build()]
        db = self._collect_database(seen)
        redis = self._collect_redis(seen)
        return [*seen, _up(database=db, redis=redis)]

    def _collect_database(self, seen: list[Metric]) -> bool:
        engine = create_engine(
            database.driver_url(self.database_url),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            connect_args=_LINE,
        )
        try:
            with engine.connect() as connection, Session(connection) as tx:
                connection.execute(text(f"SET statement_timeout = {STATEMENT}"))
                for family in RECORD:
                    seen += family(tx)
        except SQLAlchemyError:
            return False
        return True

    def _collect_redis(self, seen: list[Metric]) -> bool:
        try:
            with Redis.from_url(
                self.redis_url,
                retry=Retry(NoBackoff(), 0),
                socket_connect_timeout=CONNECT,
                socket_timeout=CONNECT,
            ) as redis:
                found = queue.look(redis)
        except (RedisError, OSError):
            return False
        states = {"waiting": found.waiting, "started": found.started, "failed": found.failed}
        seen += [
            _parted("izin_queue_jobs", "Wake-ups in RQ's queue.", "state", states),
            _gauge("izin_queue_workers", "Worker processes seen lately.", found.workers),
        ]
        return True


# Metric families, in the order of the page


def _own() -> list[Metric]:
    """Return this process's counters that the packages below `bot` keep."""
    columns = dict.fromkeys(encryption.columns(Base.metadata), 0) | encryption.unread()
    summary = "Values that this process could not read."
    family = _counted("izin_unreadable_values", summary, "column", columns)
    restarted = dict.fromkeys((*LOOPS, "metrics"), 0) | loops.restarts()
    summary = "Loops of this process that failed and were started again."
    return [family, _counted("izin_loop_restarts", summary, "loop", restarted)]


def _inbox(tx: Session) -> list[Metric]:
    found = watch.inbox(tx)
    return [
        _gauge("izin_inbox_waiting", "Messages and news that were not processed yet.", found.rows),
        _gauge("izin_inbox_lag_seconds", "Age of the oldest of them.", found.seconds),
    ]


def _outbox(tx: Session) -> list[Metric]:
    found = {queue.lane: queue for queue in watch.outbox(tx)}
    lanes = [found.get(lane, watch.OutboxQueue(lane, 0, 0, 0.0, 0.0)) for lane in RANKS]

    def family(name: str, summary: str, value: Callable[[watch.OutboxQueue], float]) -> Metric:
        return _parted(name, summary, "lane", {one.lane: value(one) for one in lanes})

    return [
        family("izin_outbox_open", "Pending messages, including scheduled ones.", lambda q: q.open),
        family("izin_outbox_due", "People whose next message could go out now.", lambda q: q.due),
        family(
            "izin_outbox_lag_seconds",
            "For how long the first of them could have gone out.",
            lambda q: q.lag,
        ),
        family(
            "izin_outbox_oldest_seconds",
            "Age of the oldest message that was due, also while its provider is paused.",
            lambda q: q.oldest,
        ),
    ]


def _files(tx: Session) -> list[Metric]:
    found = watch.files(tx)
    return [
        _gauge("izin_files_waiting", "Files that could be fetched now.", found.rows),
        _gauge("izin_files_lag_seconds", "How long the oldest of them has waited.", found.seconds),
    ]


def _tasks(tx: Session) -> list[Metric]:
    idle = dict.fromkeys(task.KINDS, 0.0)
    due, failed = watch.tasks(tx), watch.tasks_failed(tx)

    def family(name: str, summary: str, values: dict[str, float]) -> Metric:
        return _parted(name, summary, "kind", idle | values)

    return [
        family("izin_tasks_due", "Tasks to be done now.", {q.part: q.rows for q in due}),
        family(
            "izin_tasks_lag_seconds",
            "For how long the oldest of them has been due.",
            {q.part: q.seconds for q in due},
        ),
        family("izin_tasks_failed", "Tasks given up.", {q.part: q.rows for q in failed}),
    ]


def _aside(tx: Session) -> list[Metric]:
    aside = watch.turns_set_aside(tx).rows
    return [_gauge("izin_turns_set_aside", "Turns that failed three times.", aside)]


def _templates(tx: Session) -> list[Metric]:
    standings = dict.fromkeys((template.APPROVED, *sorted(template.REFUSED)), 0)
    summary = "Message templates, by status at the provider."
    return [_parted("izin_templates", summary, "status", standings | template.standings(tx))]


def _offers(tx: Session) -> list[Metric]:
    found = watch.offers(tx)
    return [
        _gauge("izin_offers_open", "Offers that no officer has answered yet.", found.rows),
        _gauge("izin_offers_oldest_seconds", "Age of the oldest of them.", found.seconds),
    ]


def _untold(tx: Session) -> list[Metric]:
    summary = "News of the last day that reached no supervisor."
    return [_gauge("izin_news_untold", summary, watch.untold(tx))]


def _overdue(tx: Session) -> list[Metric]:
    summary = "Cases that have been in their state for too long, by who must act next."
    return [_parted("izin_cases_overdue", summary, "turn", watch.overdue(tx))]


def _erasures(tx: Session) -> list[Metric]:
    summary = "People whose data should be erased by now."
    return [_gauge("izin_erasures_overdue", summary, watch.erasures_overdue(tx))]


def _tickets(tx: Session) -> list[Metric]:
    found = watch.tickets(tx)
    late = {"answer": found.unanswered, "close": found.unclosed}
    return [
        _gauge("izin_tickets_open", "Tickets that wait for a supervisor.", found.rows),
        _gauge("izin_tickets_oldest_seconds", "Age of the oldest open ticket.", found.seconds),
        _parted(
            "izin_tickets_overdue", "Open tickets past a deadline, by deadline.", "deadline", late
        ),
    ]


def _drafts(tx: Session) -> list[Metric]:
    return [_gauge("izin_drafts_open", "Forms being filled in.", watch.drafts(tx))]


def _processes(tx: Session) -> list[Metric]:
    return [
        _parted(
            "izin_heartbeat_age_seconds",
            "Seconds since the last heartbeat of this kind of process; +Inf if never.",
            "process",
            dict.fromkeys(BEATING, math.inf) | watch.heartbeats(tx),
        ),
        _counted(
            "izin_process_loop_restarts",
            "How often the loops of all processes of this kind failed and were started again.",
            "process",
            dict.fromkeys(BEATING, 0) | heartbeat.restarts(tx),
        ),
    ]


def _server(tx: Session) -> list[Metric]:
    began = time.perf_counter()
    found = watch.server(tx)
    took = time.perf_counter() - began
    return [
        _gauge("izin_database_answer_seconds", "PostgreSQL's time for a small query.", took),
        _gauge("izin_database_connections", "Connections to PostgreSQL.", found.connections),
        _gauge("izin_database_connections_limit", "max_connections.", found.most_connections),
        _gauge(
            "izin_database_oldest_transaction_seconds",
            "Age of the oldest open transaction: VACUUM can't remove rows that it may still see.",
            found.transaction,
        ),
    ]


RECORD: tuple[Callable[[Session], list[Metric]], ...] = (
    _server,
    _inbox,
    _outbox,
    _files,
    _tasks,
    _aside,
    _templates,
    _offers,
    _untold,
    _overdue,
    _erasures,
    _tickets,
    _drafts,
    _processes,
)


def _up(*, database: bool, redis: bool) -> Metric:
    parts = {"database": float(database), "redis": float(redis)}
    return _parted("izin_up", "Whether this process reached its servers.", "part", parts)


def _build() -> Metric:
    try:
        ours = version("izin-datang")
    except PackageNotFoundError:  # run from its folder, as in the image
        ours = "unknown"
    family = GaugeMetricFamily(
        "izin_build_info",
        "Versions of the product and of Python.",
        labels=["version", "python"],
    )
    family.add_metric([ours, platform.python_version()], 1)
    return family


def _gauge(name: str, summary: str, value: float) -> Metric:
    return GaugeMetricFamily(name, summary, value=value)


def _counted(name: str, summary: str, label: str, values: Mapping[str, float]) -> Metric:
    family = CounterMetricFamily(name, summary, labels=[label])
    for part, value in values.items():
        family.add_metric([part], value)
    return family


def _parted(name: str, summary: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, summary, labels=[label])
    for part, value in values.items():
        family.add_metric([part], value)
    return family
