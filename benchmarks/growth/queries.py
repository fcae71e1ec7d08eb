"""Queries: makes the product run every query once, while a watch explains them.

The bot and the pages run in this process and get messages and visits; the dispatcher runs for a
moment; one task of every kind is done. A kind of task that is unknown here is an error, so that new
kinds are not forgotten.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from benchmarks.bot_api import BotApi
from benchmarks.growth.fill import address, lines_said
from benchmarks.growth.plans import Watch
from benchmarks.growth.product import METRICS_TOKEN, Place, served
from benchmarks.growth.samples import Learned
from benchmarks.load import Chat, Load
from benchmarks.processes import free_port
from benchmarks.script import Author
from benchmarks.webhook import SECRET, Webhook
from cli import doctor
from conversations import events
from conversations.events import News
from conversations.messages import Say
from models import aside, identity, inbox, task
from models.infrastructure.storage import Storage
from models.task import Task
from workers import dispatcher, jobs, schedule
from workers.context import Context
from workers.settings import Settings as WorkerSettings

REST = 2.5  # seconds of an idle bot or dispatcher, for its periodic work
QUIET = 0.2  # seconds between polls
MANY = 200  # people with pending news at once
PERMIT = "permits/sample.pdf"  # the document of all permits of a filled database
OWNERS = 6  # who continue a form at once
PATIENCE = 60.0  # seconds


class NotDone(Exception):
    """A step failed, so its queries did not run; the message names the step."""


@dataclass(frozen=True, slots=True)
class Grown:
    """A filled database, its location and engine, and the product's known answers."""

    place: Place
    engine: Engine
    learned: Learned


async def ask_everything(grown: Grown, api: BotApi, watch: Watch) -> None:
    """Run every part of the product, with `watch` on."""
    api_url = f"http://127.0.0.1:{api.port}"
    Storage(f"file://{grown.place.folder / 'files'}").write(PERMIT, b"%PDF-1.7")
    environment = grown.place.environment(api_url, free_port())
    updates = itertools.count(time.time_ns() // 1_000_000)  # unlike the ids of earlier runs
    with watch:
        async with (
            served(grown.place, api_url) as port,
            aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http,
        ):
            visitor = _Visitor(http, updates)
            await _bot(grown, api, port, visitor, watch)
            await _pages(grown, visitor, watch)
        await asyncio.to_thread(_workers, grown, environment, watch)
        with watch.during("izin doctor", somebody_waits=False):
            await asyncio.to_thread(lambda: list(doctor.examine(environment)))
        with watch.during("izin aside list", somebody_waits=False), Session(grown.engine) as tx:
            aside.waiting(tx, limit=100)


# The bot


async def _bot(grown: Grown, api: BotApi, port: int, visitor: _Visitor, watch: Watch) -> None:
    engine = grown.engine
    with watch.during("the bot at rest"):
        await asyncio.sleep(REST)
    with watch.during("news for many"):
        with Session(engine) as tx, tx.begin():
            for person_id in _some(engine, "SELECT person_id FROM consents", MANY):
                inbox.tell(tx, person_id, f"growth:{time.time_ns()}", _news("in_review", 1))
        await at_rest(engine)
    await _forms(grown, api, port, visitor, watch)
    for case in _CASES:
        with watch.during(case.name):
            ((person_id, subject, words),) = _some(engine, case.who, 1, every=True)
            if case.news:
                news = _news(case.news, subject, opens=case.opens)
                with Session(engine) as tx, tx.begin():
                    inbox.tell(tx, person_id, f"growth:{subject}:{time.time_ns()}", news)
                await at_rest(engine)
            for said in filter(None, (words, *case.says)):
                await visitor.say(address(person_id), said)


async def _forms(grown: Grown, api: BotApi, port: int, visitor: _Visitor, watch: Watch) -> None:
    """Let newcomers apply, and owners of open drafts continue; all to the end."""
    webhook = Webhook(port, "/webhooks/telegram")
    load = Load(api, [webhook], Author(len(api.photo), visitor.updates))
    load.answers = grown.learned.answers
    try:
        load.ready = lambda chat: None if chat.finished else load.say(chat)
        rested = _some(grown.engine, RESTED, OWNERS)
        known = [(int(address(i)), lines_said(i)) for i in rested]
        keyboards = grown.learned.keyboards
        for name, chats in (
            ("newcomers apply", [Chat(next(visitor.updates)) for _ in range(OWNERS)]),
            ("owners go on", [Chat(i, step, keyboard=keyboards[step]) for i, step in known]),
        ):
            with watch.during(name), load.watched():
                for chat in chats:
                    load.say(load.meet(chat))
                async with asyncio.timeout(PATIENCE):
                    while not all(chat.finished for chat in chats):
                        await asyncio.sleep(QUIET)
    finally:
        api.listener = None
        webhook.close()


@dataclass(frozen=True, slots=True)
class _Case:
    """Messages of a person, after optional news that opens a flow.

    `who` is a query for the person's id, the news's subject, and the first message or NULL.
    """

    name: str
    who: str
    says: Sequence[str] = ()
    news: str = ""
    opens: str = ""


#: Owners without recent messages from us: the last keyboard they saw is still valid.
RESTED = """
    SELECT person_id FROM conversations JOIN people ON people.id = person_id
     WHERE has_draft AND person_id % 10 = 0 AND spoke_at < now() - interval '10 days'
       AND locale = 'id' AND opted_out_at IS NULL
       AND EXISTS (SELECT FROM addresses
                    WHERE addresses.person_id = people.id AND unreachable_at IS NULL)
"""
_OWNERS = """
    SELECT person_id, cases.id, NULL FROM cases JOIN people ON people.id = person_id
     WHERE opted_out_at IS NULL
       AND EXISTS (SELECT FROM addresses
                    WHERE addresses.person_id = people.id AND unreachable_at IS NULL)
"""
_COMING = """
    SELECT host_id, visits.id, NULL FROM visits JOIN people ON people.id = host_id
     WHERE state = 'accepted' AND "on" > now() AND opted_out_at IS NULL
       AND EXISTS (SELECT FROM addresses
                    WHERE addresses.person_id = people.id AND unreachable_at IS NULL)
"""
_OFFICERS = """
    SELECT officers.person_id, visits.id, NULL FROM visits
      JOIN officers ON officers.id = officer_id
"""
_SUPERVISORS = "SELECT person_id, id, NULL FROM officers WHERE role = 'supervisor'"

_CASES = (
    _Case("an owner asks how it stands", f"{_OWNERS} AND state = 'in_review'", ("status",)),
    _Case("an owner mends", f"{_OWNERS} AND state = 'needs_fix'", ("status", "1")),
    _Case("an owner with a visit asks", _COMING, ("status", "1")),
    _Case(
        "an owner chooses a window",
        f"{_OWNERS} AND state = 'accepted' ORDER BY cases.id DESC",
        ("1",),
        news="verified",
        opens="visit_window",
    ),
    _Case("an owner wants a person", _OWNERS, ("saya mau ngomong sama orang aja",)),
    _Case("an owner wants the permit again", f"{_OWNERS} AND state = 'done'", ("kirim izin",)),
    _Case(
        "an owner rates",
        f"{_OWNERS} AND state = 'done' ORDER BY cases.id DESC",
        ("5",),
        news="document_sent",
        opens="rating",
    ),
    _Case(
        "somebody checks an officer",
        "SELECT host_id, 0, 'cek petugas ' || badge FROM visits"
        " JOIN officers ON officers.id = officer_id WHERE state = 'accepted'",
    ),
    _Case("somebody checks a permit", "SELECT person_id, 0, 'cek izin ' || number FROM documents"),
    _Case("an officer looks", f"{_OFFICERS} WHERE state = 'accepted'", ("menu", "1")),
    _Case(
        "an officer accepts",
        f"{_OFFICERS} WHERE state = 'offered'",
        ("1",),
        news="visit_offered",
        opens="visit",
    ),
    _Case(
        "an officer declines",
        f"{_OFFICERS} WHERE state = 'offered' ORDER BY visits.id DESC",
        ("2", "1"),
        news="visit_offered",
        opens="visit",
    ),
    _Case("an officer sets off", f"{_OFFICERS} WHERE state = 'accepted'", ("menu", "1", "1", "ya")),
    _Case("a supervisor decides", _SUPERVISORS, ("menu", "1", "1", "ya")),
    _Case(
        "a supervisor assigns",
        "SELECT officers.person_id, visits.id, NULL FROM visits"
        " JOIN officer_areas ON visits.area_code LIKE officer_areas.area_code || '%'"
        " JOIN officers ON officers.id = officer_areas.officer_id"
        " WHERE state = 'unassigned' AND role = 'supervisor'",
        ("1", "ya"),
        news="visit_unassigned",
        opens="assignment",
    ),
)


def _news(what: str, subject: int, opens: str = "") -> Any:
    say = Say("notices.in_review", {"number": "26-000001"})
    return events.news(News(what), subject, say, opens=opens)


async def at_rest(engine: Engine) -> None:
    """Wait until the bot has processed the inbox, and tried to send each due message once.

    Raises:
        TimeoutError: it has not, within PATIENCE.
    """
    async with asyncio.timeout(PATIENCE):
        while True:
            await asyncio.sleep(QUIET)
            with engine.connect() as connection:
                if connection.execute(_WAITING).first() is None:
                    return


_WAITING = text(
    """
    SELECT 1 FROM inbox WHERE taken_at IS NULL AND set_aside_at IS NULL
     UNION ALL
    SELECT 1 FROM outbox WHERE sent_at IS NULL AND failed_at IS NULL
     GROUP BY person_id HAVING max(attempts) = 0 AND min(due_at) <= now()
     LIMIT 1
    """
)


def _some(engine: Engine, statement: str, limit: int, *, every: bool = False) -> list[Any]:
    """Return the first rows of a query (`every`), or only their first column.

    Raises:
        NotDone: there are no rows.
    """
    with engine.connect() as connection:
        found = connection.execute(text(f"{statement} LIMIT :limit"), {"limit": limit})
        rows = list(found.all() if every else found.scalars())
    if not rows:
        raise NotDone(f"the database has nothing to do this with: {statement}")
    return rows


# The pages and the webhook


@dataclass(slots=True)
class _Visitor:
    """A client of the web server: Telegram's webhook deliveries, or a browser."""

    http: aiohttp.ClientSession
    updates: itertools.count[int]

    async def say(self, chat: str, words: str) -> None:
        """Deliver a text message from a chat."""
        number = next(self.updates)
        who = {"id": int(chat), "is_bot": False, "first_name": "Siti", "language_code": "id"}
        home = {"id": int(chat), "type": "private", "first_name": "Siti"}
        message = {"message_id": number, "date": number // 1000, "chat": home, "from": who}
        update = {"update_id": number, "message": message | {"text": words}}
        secret = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        async with self.http.post("/webhooks/telegram", json=update, headers=secret) as answer:
            answer.raise_for_status()

    async def see(self, path: str, **headers: str) -> str:
        """Get a page."""
        async with self.http.get(path, headers=headers) as answer:
            answer.raise_for_status()
            return await answer.text()

    async def give(self, path: str, fields: Mapping[str, str]) -> None:
        """Post a form."""
        form = aiohttp.FormData()
        for name, value in fields.items():
            form.add_field(name, value)
        async with self.http.post(path, data=form, allow_redirects=False) as answer:
            if answer.status != 303:
                raise NotDone(f"POST {path}: {answer.status}")


async def _pages(grown: Grown, visitor: _Visitor, watch: Watch) -> None:
    (number,) = _some(grown.engine, "SELECT number FROM documents ORDER BY id DESC", 1)
    newest = "SELECT person_id FROM cases WHERE state = 'submitted' ORDER BY id DESC"
    (owner,) = _some(grown.engine, newest, 1)
    with Session(grown.engine) as tx, tx.begin():
        token = identity.link(tx, person_id=owner, holder_id=owner)
    with watch.during("a permit is checked on its page"):
        await visitor.see(f"/dokumen/{number}")
    with watch.during("an identity is given on its page"):
        page = await visitor.see(f"/identitas/{token}")
        csrf = re.search(r'name="csrf" value="([\w-]+)"', page)
        fields = {"name": "Siti Aminah", "nik": "3174075705900012", "address": "Jalan Damai 3"}
        born = {"day": "17", "month": "5", "year": "1990"}
        await visitor.give(f"/identitas/{token}", {"csrf": csrf[1] if csrf else ""} | fields | born)
        await at_rest(grown.engine)
    with watch.during("the record is watched", somebody_waits=False):
        await visitor.see("/readyz")
        await visitor.see("/metrics", Authorization=f"Bearer {METRICS_TOKEN}")


# The workers

#: By kind of task, a query for the newest row that it can process.
_SUBJECTS: Mapping[str, str] = {
    "verify": "SELECT id FROM cases WHERE state = 'submitted' ORDER BY id DESC",
    "open_windows": "SELECT id FROM cases WHERE state = 'accepted' ORDER BY id DESC",
    "offer": "SELECT id FROM visits WHERE state = 'wanted' ORDER BY id DESC",
    "expire_offer": "SELECT id FROM offers WHERE answer IS NULL ORDER BY expires_at",
    "document": "SELECT id FROM documents ORDER BY id DESC",
    "link": "SELECT id FROM link_codes ORDER BY id",
    "portrait": "SELECT id FROM portraits ORDER BY id",
    "alarm": "SELECT case_id FROM tickets WHERE closed_at IS NULL ORDER BY case_id",
    "check_form": "SELECT id FROM assisted_forms WHERE state = 'sent' ORDER BY id DESC",
    "forget_confided": "SELECT id FROM visits ORDER BY id DESC",
    "follow_up": "SELECT id FROM cases ORDER BY id DESC",
    "letter_to_desk": "SELECT id FROM cases ORDER BY id DESC",
    "remind_instalment": "SELECT id FROM cases ORDER BY id DESC",
    "second_letter": "SELECT id FROM cases ORDER BY id DESC",
    "erase_letter": "SELECT id FROM documents ORDER BY id DESC",
    "erase": "SELECT id FROM people WHERE phone IS NULL ORDER BY id DESC",
}


def _workers(grown: Grown, environment: Mapping[str, str], watch: Watch) -> None:
    settings = use_jobs(grown, environment)
    stop = threading.Event()
    with watch.during("the dispatcher", somebody_waits=False):
        threading.Timer(REST, stop.set).start()
        dispatcher.dispatch(settings, stop)
    for kind in (*jobs.LONG, *jobs.SHORT):
        subject = 0
        if kind not in {one.kind for one in schedule.PERIODIC}:
            if kind not in _SUBJECTS:
                raise NotDone(f"a task of kind {kind!r}: say in _SUBJECTS what it is about")
            (subject,) = _some(grown.engine, _SUBJECTS[kind], 1)
        with watch.during(f"the task {kind}", somebody_waits=False):
            do(grown.engine, kind, subject)


def use_jobs(grown: Grown, environment: Mapping[str, str]) -> WorkerSettings:
    """Let this process do tasks as a worker does; return the worker's settings."""
    settings = WorkerSettings.from_environment(environment)
    storage = Storage(settings.storage_url)
    jobs.use(Context(grown.engine, storage, settings.public_url, kept=settings.kept))
    return settings


def do(engine: Engine, kind: str, subject: int) -> None:
    """Do one task as a worker does.

    Raises:
        NotDone: the task failed.
    """
    run_key = f"growth:{kind}:{time.time_ns()}"
    with Session(engine) as tx, tx.begin():
        task.plan(tx, kind, subject, run_key)
    with Session(engine) as tx:
        planned = tx.scalars(select(Task).filter_by(run_key=run_key)).one()
        jobs.run(planned.id)
        tx.refresh(planned)
        if planned.failures:
            raise NotDone(f"{kind} about {subject}: {planned.last_error}")
