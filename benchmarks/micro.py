"""Costs of small operations: reading words, a turn, a search, a PDF, a task, a health check.

python -m benchmarks --micro
"""

from __future__ import annotations

import csv
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final, TypeVar

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from benchmarks import readers
from benchmarks.owner import Owner
from benchmarks.results import ALONE, Results
from benchmarks.script import SCRIPT
from benchmarks.systems import record_environment
from demo import embedded
from demo.sample_photo import draw
from models import heartbeat, migrations, task
from models.attachment import Attachment, AttachmentState
from models.case import Case
from models.finding import FindingRow
from models.infrastructure import database, encryption
from models.infrastructure.storage import Storage
from models.person import Person
from models.reference import business_type
from models.task import Task
from workers.documents.iumk import PermitSheet, render
from workers.settings import Settings

T = TypeVar("T")

ROUNDS: Final = 5
PHRASES: Final = Path(__file__).parents[1] / "tests" / "models" / "business_phrases.csv"
AT_REST, BURST, CASES = 100, 500, 50  # tasks
POLL: Final = 0.01  # seconds between two polls for a finished task
PATIENCE: Final = 60.0  # seconds
NOBODY: Final = 0  # an id of no case: its verification ends at once

SHEET: Final = PermitSheet(
    number="IUMK-2026-3174-000123",
    holder="Siti Aminah",
    lines=(
        ("Jenis usaha", "Makanan gerobak, keliling, atau lapak kaki lima"),
        ("Tempat usaha", "Keliling"),
        ("Alamat", "Jalan Damai 12, RT 005/RW 003"),
        ("Kelurahan", "Cipete Utara, Kebayoran Baru, Jakarta Selatan"),
        ("Skala", "Usaha mikro"),
    ),
    kbli="56102, Aktivitas Penyediaan Makanan Keliling/Tempat Tidak Tetap",
    applied_on=date(2026, 11, 23),
    issued_on=date(2026, 11, 25),
    valid_until=date(2031, 11, 24),
    check_url="https://izin.example/periksa/7K3M9QXD22FA",
    business_name="Warung Bu Siti",
    coordinates=(-6.2612, 106.8023),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one operation."""

    name: str
    value: float
    unit: str


def measure(tell: Callable[[str], None]) -> Results:
    """Measure all small operations, one after another."""
    results = Results()
    for part in (_readers, _turns, _searches, _permits, _tasks):
        for cost in part():
            tell(f"{cost.name}: {cost.value:.3g} {cost.unit}")
            results.add(ALONE, cost.name, {cost.unit: cost.value})
    return results


def _readers() -> Iterator[Cost]:
    """Each reader of people's words, on its slowest text."""
    for found in readers.measured(readers.every()):
        name = f"{found.reader} over {found.piece!r} again and again"
        yield Cost(f"{name}, {readers.SHORT} characters", found.short, "ms")
        yield Cost(f"{name}, {readers.LONG:,} characters", found.long, "ms")
        yield Cost(
            f"{found.reader}, {readers.LONG:,} characters by {readers.SHORT}", found.ratio, "times"
        )


def _turns() -> Iterator[Cost]:
    """The engine alone, over whole conversations: no database, encryption or channel."""
    spent = []
    for _ in range(ROUNDS * 10):
        owner = Owner.new()
        began = time.perf_counter()
        owner.play()
        spent.append((time.perf_counter() - began) / len(SCRIPT))
    yield Cost("a turn's thinking", 1000 * median(spent), "ms")


def _searches() -> Iterator[Cost]:
    """Searches for kinds of business by owners' own words."""
    with PHRASES.open(newline="", encoding="utf-8") as file:
        phrases = [row["phrase"] for row in csv.DictReader(file)]
    types = business_type.load()
    spent = []
    for phrase in phrases * ROUNDS:
        began = time.perf_counter()
        types.search_anew(phrase)
        spent.append(1000 * (time.perf_counter() - began))
    yield Cost("a search for a kind of business, p50", median(spent), "ms")
    yield Cost("a search for a kind of business, p99", quantiles(spent, n=100)[98], "ms")


def _permits() -> Iterator[Cost]:
    """The PDF of a permit; the first one loads fonts and template."""
    spent = []
    for _ in range(ROUNDS * 4):
        began = time.perf_counter()
        render(SHEET)
        spent.append(1000 * (time.perf_counter() - began))
    yield Cost("the first permit's PDF", spent[0], "ms")
    yield Cost("a permit's PDF", median(spent[1:]), "ms")


def _tasks() -> Iterator[Cost]:
    """From a planned row to a finished job, with a real dispatcher and a real worker."""
    with _workers() as (engine, storage, environment):
        yield Cost("izin health worker, from its start to its answer", _health(environment), "ms")
        waits = _at_rest(engine)
        yield Cost("a task at rest, planned to done, p50", 1000 * median(waits), "ms")
        yield Cost("a task at rest, planned to done, p95", 1000 * _p95(waits), "ms")
        yield Cost("empty tasks", _burst(engine), "jobs/s")
        rate, waits = _verified(engine, storage)
        yield Cost("verifications", rate, "jobs/s")
        yield Cost("submitted to first finding, p95, one by one", 1000 * _p95(waits), "ms")


def _health(environment: dict[str, str]) -> float:
    """Return the milliseconds of a container's health check, which starts a process each time."""
    spent = []
    for _ in range(ROUNDS * 4):
        began = time.perf_counter()
        command = [sys.executable, "-m", "cli.main", "health", "worker"]
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
        spent.append(1000 * (time.perf_counter() - began))
    return median(spent)


def _p95(values: Sequence[float]) -> float:
    return quantiles(values, n=100)[94]


@contextmanager
def _workers() -> Iterator[tuple[Engine, Storage, dict[str, str]]]:
    """Run a dispatcher and a worker on an empty database."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.callback(embedded.discard, folder)
        servers = stack.enter_context(embedded.servers(folder))
        migrations.upgrade(servers.database_url)
        given = record_environment(folder, servers)
        settings = Settings.from_environment(given)
        encryption.use(settings.key_ring)
        engine = database.connect(servers.database_url)
        stack.callback(engine.dispose)
        for name in ("worker", "dispatch"):
            command = [sys.executable, "-m", "cli.main", name]
            log = stack.enter_context((folder / f"{name}.log").open("wb"))
            process = stack.enter_context(
                subprocess.Popen(command, env=os.environ | given, stdout=log, stderr=log)
            )
            stack.callback(process.terminate)
        _until(lambda: _ask(engine, _both_alive))
        _until(lambda: not _open(engine))
        yield engine, Storage(settings.storage_url), os.environ | given


def _both_alive(tx: Session) -> bool:
    return heartbeat.alive(tx, "worker") and heartbeat.alive(tx, "dispatcher")


def _at_rest(engine: Engine) -> list[float]:
    """Return the seconds from planned to done, one task at a time."""
    for number in range(AT_REST):
        with Session(engine) as tx, tx.begin():
            task.plan(tx, "verify", NOBODY, f"rest:{number}")
        _until(lambda: not _open(engine))
    return _waits(engine, "rest:%")


def _burst(engine: Engine) -> float:
    """Return the rate of empty jobs, in jobs a second."""
    with Session(engine) as tx, tx.begin():
        for number in range(BURST):
            task.plan(tx, "verify", NOBODY, f"burst:{number}")
    _until(lambda: not _open(engine))
    return BURST / max(_waits(engine, "burst:%"))


def _verified(engine: Engine, storage: Storage) -> tuple[float, list[float]]:
    """Return verifications a second, and seconds from a single submission to its first finding."""
    photo = draw("Warung", 1)
    with Session(engine) as tx, tx.begin():
        ids = [_apply(tx, storage, number, photo) for number in range(2 * CASES)]
    for one in ids[:CASES]:
        with Session(engine) as tx, tx.begin():
            task.plan(tx, "verify", one, f"apart:{one}")
        _until(lambda: not _open(engine))
    with Session(engine) as tx, tx.begin():
        for one in ids[CASES:]:
            task.plan(tx, "verify", one, f"together:{one}")
    _until(lambda: not _open(engine, "verify"))
    found = _ask(engine, lambda tx: tx.scalar(select(func.count(FindingRow.case_id.distinct()))))
    assert found == len(ids), f"{found} of {len(ids)} cases were verified"
    waits = _ask(engine, _to_first_finding)
    return CASES / max(_waits(engine, "together:%")), waits


def _apply(tx: Session, storage: Storage, number: int, photo: bytes) -> int:
    """Insert a valid case with its own photo; return its id."""
    owner = Person(name="Siti Aminah")
    tx.add(owner)
    tx.flush()
    content = photo + number.to_bytes(
        4
    )  # after the image's end: a different file, the same picture
    digest = hashlib.sha256(content).hexdigest()
    path = f"attachments/{digest[:2]}/{digest}.jpg"
    storage.write(path, content)
    held = Attachment(
        person_id=owner.id,
        channel="telegram",
        kind="photo",
        state=AttachmentState.STORED,
        sha256=digest,
        path=path,
    )
    tx.add(held)
    tx.flush()
    given = _answers(held.id)
    row = Case(
        number=f"26-{number + 1:06d}",
        person_id=owner.id,
        service="business_permit",
        answers=given,
        area_code=given["place"]["kelurahan"],
    )
    tx.add(row)
    tx.flush()
    return row.id


def _answers(photo: int) -> dict[str, Any]:
    """Return the answers of the script's owner."""
    draft = Owner.new().play(len(SCRIPT) - 1).draft
    assert draft is not None
    given = {k: v for k, v in draft.answers.items() if k not in {"consent", "way", "confirm"}}
    return {**given, "place_photo": {"ids": [photo], "done": True}}


def _open(engine: Engine, kind: str = "%") -> int:
    """Return the number of due tasks that are not done."""
    due = select(func.count(Task.id)).where(
        Task.done_at.is_(None), Task.kind.like(kind), Task.due_at <= func.now()
    )
    return _ask(engine, lambda tx: tx.scalar(due) or 0)


def _waits(engine: Engine, run_keys: str) -> list[float]:
    """Return the seconds from planned to done of each finished task."""
    rows = select(Task.created_at, Task.done_at).where(Task.run_key.like(run_keys))
    found = _ask(engine, lambda tx: tx.execute(rows).all())
    return [(done - planned).total_seconds() for planned, done in found if done is not None]


def _to_first_finding(tx: Session) -> list[float]:
    rows = tx.execute(
        select(Task.created_at, func.min(FindingRow.found_at))
        .join(FindingRow, FindingRow.case_id == Task.subject_id)
        .where(Task.run_key.like("apart:%"))
        .group_by(Task.id)
    )
    return [(found - planned).total_seconds() for planned, found in rows]


def _ask(engine: Engine, question: Callable[[Session], T]) -> T:
    with Session(engine) as tx:
        return question(tx)


def _until(so: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not so():
        if time.monotonic() > end:
            raise TimeoutError("the workers did not finish in time")
        time.sleep(POLL)
