"""`/metrics` for Prometheus: counts of this process, and what waits in the database and Redis.

The database is asked at most once in a few seconds, however often the page is, on a connection
of its own, so that turns do not wait for it. While a server is away the page still answers:
`izin_up` says so, and the figures of that server are left out.
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

KEPT = 5.0  # seconds for which what was seen counts as fresh
PATIENCE = 4.0  # seconds for both servers; Prometheus waits 10 for the page
CONNECT = 2  # seconds to reach a server
STATEMENT = 1_000  # milliseconds for one statement
BEATING = ("worker", "dispatcher")  # kinds of processes that have no page to ask

_LINE = {  # a wire that was cut is noticed, so that no thread waits for ever
    "connect_timeout": CONNECT,
    "application_name": "izin-watch",
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 3_000,
}


def routes(*, token: str | None, database_url: str, redis_url: str) -> list[BaseRoute]:
    """The page, for those who show the token; without a token there is no page.

    That a request comes from this machine proves nothing: a proxy's requests do as well.
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
    """The figures, as prometheus-client wants them."""

    families: Sequence[Metric]

    def collect(self) -> Iterable[Metric]:
        return self.families


@dataclass(slots=True)
class Watcher:
    """Looks at the database and at Redis, one look at a time, in a thread of its own."""

    database_url: str
    redis_url: str
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "watch"))
    _looking: asyncio.Future[list[Metric]] | None = None
    _seen: list[Metric] = field(default_factory=list)
    _seen_at: float = -KEPT  # monotonic
    _pauses: Pauses = field(default_factory=lambda: Pauses("metrics"))

    async def look(self) -> list[Metric]:
        """The figures of the last seconds, or of now; both servers count as away if patience
        ends."""
        if time.monotonic() - self._seen_at < KEPT:
            return self._seen
        if self._looking is None:
            loop = asyncio.get_running_loop()
            self._looking = loop.run_in_executor(self._thread, self._see)
            self._looking.add_done_callback(self._keep)
        try:
            async with asyncio.timeout(PATIENCE):
                return await asyncio.shield(self._looking)
        except TimeoutError:
            return [_build(), _up(database=False, redis=False)]
        except Exception as error:  # a fault of ours: the rest is shown all the same
            self._pauses.after(error)
            return [_build(), _up(database=False, redis=False)]

    def _keep(self, looked: asyncio.Future[list[Metric]]) -> None:
        self._looking = None
        if not looked.cancelled() and looked.exception() is None:
            self._seen, self._seen_at = looked.result(), time.monotonic()

    def _see(self) -> list[Metric]:
        seen: list[Metric] = [_build()]
        db = self._see_record(seen)
        redis = self._see_redis(seen)
        return [*seen, _up(database=db, redis=redis)]

    def _see_record(self, seen: list[Metric]) -> bool:
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

    def _see_redis(self, seen: list[Metric]) -> bool:
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


# One family after the other, in the order of the page


def _own() -> list[Metric]:
    """The counters of this process in rooms below `bot`."""
    columns = dict.fromkeys(encryption.columns(Base.metadata), 0) | encryption.unread()
    told = "Values that this process could not read."
    family = _counted("izin_unreadable_values", told, "column", columns)
    restarted = dict.fromkeys((*LOOPS, "metrics"), 0) | loops.restarts()
    told = "Loops of this process that failed and were started again."
    return [family, _counted("izin_loop_restarts", told, "loop", restarted)]


def _inbox(tx: Session) -> list[Metric]:
    found = watch.inbox(tx)
    return [
        _gauge("izin_inbox_waiting", "Messages and news that were not taken yet.", found.rows),
        _gauge("izin_inbox_lag_seconds", "Age of the oldest of them.", found.seconds),
    ]


def _outbox(tx: Session) -> list[Metric]:
    found = {queue.lane: queue for queue in watch.outbox(tx)}
    lanes = [found.get(lane, watch.OutboxQueue(lane, 0, 0, 0.0, 0.0)) for lane in RANKS]

    def family(name: str, told: str, value: Callable[[watch.OutboxQueue], float]) -> Metric:
        return _parted(name, told, "lane", {one.lane: value(one) for one in lanes})

    return [
        family("izin_outbox_open", "Messages owed, those of later among them.", lambda q: q.open),
        family("izin_outbox_due", "People whose next message could go out now.", lambda q: q.due),
        family(
            "izin_outbox_lag_seconds",
            "For how long the first of them could have gone out.",
            lambda q: q.lag,
        ),
        family(
            "izin_outbox_oldest_seconds",
            "Age of the oldest message that was due, also while its provider is left alone.",
            lambda q: q.oldest,
        ),
    ]


def _files(tx: Session) -> list[Metric]:
    found = watch.files(tx)
    return [
        _gauge("izin_files_waiting", "Files that could be fetched now.", found.rows),
        _gauge("izin_files_lag_seconds", "How long the oldest of them could be.", found.seconds),
    ]


def _tasks(tx: Session) -> list[Metric]:
    idle = dict.fromkeys(task.KINDS, 0.0)
    due, failed = watch.tasks(tx), watch.tasks_failed(tx)

    def family(name: str, told: str, values: dict[str, float]) -> Metric:
        return _parted(name, told, "kind", idle | values)

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
    told = "Templates of messages, by how they stand at the provider."
    return [_parted("izin_templates", told, "status", standings | template.standings(tx))]


def _offers(tx: Session) -> list[Metric]:
    found = watch.offers(tx)
    return [
        _gauge("izin_offers_open", "Offers that no officer has answered yet.", found.rows),
        _gauge("izin_offers_oldest_seconds", "Age of the oldest of them.", found.seconds),
    ]


def _untold(tx: Session) -> list[Metric]:
    told = "News of the last day of which no supervisor could be told."
    return [_gauge("izin_news_untold", told, watch.untold(tx))]


def _overdue(tx: Session) -> list[Metric]:
    told = "Cases that have waited in their state for longer than they should, by whose turn it is."
    return [_parted("izin_cases_overdue", told, "turn", watch.overdue(tx))]


def _drafts(tx: Session) -> list[Metric]:
    return [_gauge("izin_drafts_open", "Forms being filled in.", watch.drafts(tx))]


def _processes(tx: Session) -> list[Metric]:
    return [
        _parted(
            "izin_heartbeat_age_seconds",
            "Since a process of this kind was last seen at work; +Inf if never.",
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
        _gauge("izin_database_answer_seconds", "PostgreSQL's time for a small question.", took),
        _gauge("izin_database_connections", "Connections to PostgreSQL.", found.connections),
        _gauge("izin_database_connections_limit", "max_connections.", found.most_connections),
        _gauge(
            "izin_database_oldest_transaction_seconds",
            "Age of the oldest open transaction: VACUUM can't clear away what it may still see.",
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
    _drafts,
    _processes,
)


def _up(*, database: bool, redis: bool) -> Metric:
    parts = {"database": float(database), "redis": float(redis)}
    return _parted("izin_up", "Whether this process reached what it needs.", "part", parts)


def _build() -> Metric:
    try:
        ours = version("izin-datang")
    except PackageNotFoundError:  # run from its folder, as in the image
        ours = "unknown"
    family = GaugeMetricFamily(
        "izin_build_info",
        "What runs here.",
        labels=["version", "python"],
    )
    family.add_metric([ours, platform.python_version()], 1)
    return family


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(name, told, value=value)


def _counted(name: str, told: str, label: str, values: Mapping[str, float]) -> Metric:
    family = CounterMetricFamily(name, told, labels=[label])
    for part, value in values.items():
        family.add_metric([part], value)
    return family


def _parted(name: str, told: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, told, labels=[label])
    for part, value in values.items():
        family.add_metric([part], value)
    return family
