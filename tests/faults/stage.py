"""The product on a stage where anything can fail, and the books that must balance afterwards."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import make_url

from tests.faults.owners import BEFORE_PHOTO, PATIENCE, SCRIPT, Golden, Owner, heard, plain
from tests.faults.servers import HERE, Postgres, Valkey
from tests.processes import Product, address
from tests.providers.bot_api import FakeBotApi
from tests.wire import Hold, Passage, Wire

CHECKED = "Permohonan NUMBER sudah kami periksa dan semuanya baik."
LEASES = 100  # seconds: longer than any lease

#: What must not be left when all is done.
OPEN_ROWS = {
    "messages not taken": "SELECT count(*) FROM inbox WHERE taken_at IS NULL",
    "messages not sent": "SELECT count(*) FROM outbox WHERE sent_at IS NULL"
    " AND outcome IS DISTINCT FROM 'no_address'",  # nobody without a chat is owed anything
    "files not fetched": "SELECT count(*) FROM attachments WHERE state = 'pending'",
    "transactions not ended": "SELECT count(*) FROM pg_stat_activity"
    " WHERE state LIKE 'idle in transaction%%'"
    " AND xact_start < clock_timestamp() - interval '5 seconds'",
}
TASKS = {
    "tasks not done": "SELECT count(*) FROM tasks WHERE done_at IS NULL AND due_at <= now()",
}
#: What must never have happened.
FAILURES = {
    "messages set aside": "SELECT count(*) FROM inbox WHERE set_aside_at IS NOT NULL",
    "turns that failed": "SELECT count(*) FROM inbox WHERE failures > 0",
    "messages given up": "SELECT count(*) FROM outbox WHERE failed_at IS NOT NULL"
    " AND outcome IS DISTINCT FROM 'no_address'",
    "tasks given up": "SELECT count(*) FROM tasks WHERE failed_at IS NOT NULL",
    "files given up": "SELECT count(*) FROM attachments WHERE state = 'refused'",
}


class Stage:
    """PostgreSQL, Valkey, a Bot API and the product, with a wire to each that can be held."""

    def __init__(self, folder: Path) -> None:
        self.telegram = FakeBotApi()
        self.postgres = Postgres(folder / "database")
        self.valkey = Valkey(folder / "redis")
        self.golden = Golden()
        self.balanced = True
        self.product: Product
        self._odd: set[str] = set()  # processes that run under a clock of their own
        self._folder = folder
        self._numbers = itertools.count(1001)
        self._stack = ExitStack()

    def __enter__(self) -> Stage:
        with ExitStack() as stack:
            stack.enter_context(self.telegram)
            stack.enter_context(self.postgres)
            stack.enter_context(self.valkey)
            there = make_url(self.telegram.url)
            self.to_telegram = stack.enter_context(Wire(HERE, there.port or 0))
            self.product = stack.enter_context(
                Product(self.postgres.url, self.valkey.url, self._folder, self.telegram)
            )
            self.product.environment |= {
                "TELEGRAM_API_URL": f"http://{HERE}:{self.to_telegram.port}",
                "LOG_LEVEL": "WARNING",
            }
            self.product.start("serve")
            until(lambda: self.telegram.called("setWebhook"), "the webhook to be set")
            self._go_first()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def _go_first(self) -> None:
        """Let one owner go all the way, and note what they hear."""
        owner = self.newcomer()
        for _ in SCRIPT:
            before = len(owner.said)
            owner.act().result()
            until(
                lambda: len(owner.said) > before and not self.left(),  # noqa: B023
                "the reply",
            )
            self.golden.heard.append([plain(one.text) for one in owner.said[before:]])
        assert not owner.doubled
        self._check_order(owner)

    # Acts.

    def calm(self, *others: str) -> None:
        """Begin anew: one process that serves, perhaps others, and nothing wrong."""
        self.balanced = False
        self.telegram.doors.clear()
        self.telegram.copies = lambda: 1
        self.telegram.disorder = None
        self.telegram.weather = lambda method: None
        self.telegram.forgive()
        for name in self.product.running():
            if name not in ("serve", *others) or name in self._odd:
                self.product.stop(name, kill=True)
        self._odd.clear()
        self.product.start(*(one for one in ("serve", *others) if not self.product.runs(one)))

    def newcomer(self) -> Owner:
        """Somebody who has not written yet."""
        return Owner(self.telegram, next(self._numbers), self.golden)

    def owners(self, count: int, *, step: int | None = None) -> list[Owner]:
        """People in the middle of their case: each elsewhere, or all after this step."""
        owners = [self.newcomer() for _ in range(count)]
        walks = [
            owner.walk(step if step is not None else 1 + place % (BEFORE_PHOTO - 2))
            for place, owner in enumerate(owners)
        ]
        for walk in walks:
            walk.result()
        until(lambda: not self.left(), "all to be settled", self.left)
        return owners

    def kill(self, name: str, *holds: Hold) -> None:
        """End a process at once; what of it is held never arrives."""
        self.product.stop(name, kill=True)
        for hold in holds:
            hold.drop()

    def start_with_clock(self, name: str, ahead: int) -> None:
        """Start a process whose clock is so many seconds ahead; signals make it jump."""
        self._odd.add(name)
        self.product.environment["CLOCK"] = str(ahead)
        self.product.start(name, run=("-m", "tests.faults.clock"))

    def pass_time(self) -> None:
        """Let all leases run out, as if their time had gone by."""
        self.shift_clock(LEASES)

    def shift_clock(self, seconds: float) -> None:
        """Put the database's clock forward, or back: all that waits is moved the other way."""
        for table, open_rows in (
            ("outbox", "sent_at IS NULL AND failed_at IS NULL"),
            ("tasks", "done_at IS NULL AND failed_at IS NULL"),
            ("attachments", "state = 'pending'"),
        ):
            made = "received_at" if table == "attachments" else "created_at"
            moved = ", ".join(f"{at} = {at} - step.long" for at in (made, "due_at", "leased_until"))
            self.postgres.rows(
                f"UPDATE {table} SET {moved} FROM make_interval(secs => %s) AS step (long)"  # noqa: S608
                f" WHERE {open_rows}",
                seconds,
            )

    def finish(self, owners: Sequence[Owner], to: int = BEFORE_PHOTO) -> None:
        """Let them go on, all at once."""
        for walk in [owner.walk(to) for owner in owners]:
            walk.result()

    def await_idle(self) -> None:
        """Wait until the city's own tasks are done."""
        until(lambda: self.postgres.rows("SELECT 1 FROM tasks WHERE kind = 'sweep'"), "a sweep")
        until(lambda: not self.left(), "the first tasks to be done", self.left)

    def await_verdicts(self, owners: Sequence[Owner]) -> None:
        """Wait until all have heard what became of their cases, which is the same."""
        for owner in owners:
            owner.asides[len(SCRIPT)] = ["one more message"]
        self.finish(owners, len(SCRIPT))
        (verdict,) = {plain(owner.said[-1].text) for owner in owners}
        assert verdict.startswith(CHECKED), verdict
        for owner in owners:
            owner.asides[len(SCRIPT)] = [verdict]

    # The books.

    def left(self) -> dict[str, int]:
        """What is still to be done."""
        with_tasks = self.product.runs("worker") and self.product.runs("dispatch")
        return self._count(OPEN_ROWS | (TASKS if with_tasks else {}))

    def unsettled(self, owners: Sequence[Owner]) -> int:
        """How many messages arrived of which the database does not know."""
        return heard(owners) - len(self._owed(owners, "AND sent_at IS NOT NULL"))

    def balance(self, owners: Sequence[Owner], *, doubled: int = 0) -> None:
        """See that everything heard was taken once, and everything owed was sent, in order.

        At most `doubled` messages may have come twice: those whose outcome nobody could know.
        """
        until(lambda: len(self.telegram.accepted) == len(self.telegram.pushed), "all to be heard")
        until(lambda: not self.left(), "all to be done", self.left)
        accepted, pushed = self.telegram.accepted, self.telegram.pushed
        rows = self.postgres.rows("SELECT provider_id FROM inbox WHERE channel = 'telegram'")
        recorded = {int(number) for (number,) in rows}
        assert recorded == set(pushed) == accepted, (
            f"delivered but not recorded: {sorted(accepted - recorded)};"
            f" recorded but not delivered: {sorted(recorded - set(pushed))}"
        )
        failures = self._count(FAILURES)
        assert not failures, f"{failures}\n{self.product.logs()[-3000:]}"
        for owner in owners:
            owner.check()
            self._check_order(owner)
        twice = [(o.person.name, one.text[:60]) for o in owners for one, _ in o.doubled]
        assert len(twice) <= doubled, f"{doubled} might have come twice, but these did: {twice}"
        self.balanced = True

    def _check_order(self, owner: Owner) -> None:
        """What was owed first came first, and nothing came that was not owed.

        Only the count of photos may have been taken back after it was sent, if nobody knew that.
        """
        queued = [int(number) for _, number in self._owed([owner])]
        arrived = {one.id: plain(one.text) for one in owner.told if one.whole}
        assert queued == sorted(queued), (
            f"{owner.person.name} was answered in another order: {queued}"
        )
        assert set(queued) <= set(arrived), f"never arrived: {set(queued) - set(arrived)}"
        known = {arrived[number] for number in queued} | set(self.golden.heard[BEFORE_PHOTO])
        strange = set(arrived.values()) - known
        assert not strange, f"{owner.person.name} was sent what nobody owed: {strange}"

    def _owed(self, owners: Sequence[Owner], and_where: str = "") -> list[tuple[Any, ...]]:
        return self.postgres.rows(
            "SELECT outbox.id, outbox.provider_id FROM outbox JOIN addresses USING (person_id)"  # noqa: S608
            f" WHERE addresses.address = ANY(%s) {and_where} ORDER BY outbox.id",
            [address(owner.person.id) for owner in owners],
        )

    def _count(self, queries: dict[str, str]) -> dict[str, int]:
        counts = {name: int(self.postgres.rows(query)[0][0]) for name, query in queries.items()}
        return {name: count for name, count in counts.items() if count}


def sends(passage: Passage) -> bool:
    """Whether it is a message on its way to the Bot API."""
    return "/sendMessage HTTP" in passage.words


def until(
    true: Callable[[], object], what: str, instead: Callable[[], object] = lambda: ""
) -> None:
    """Wait for it; an AssertionError tells what is there `instead`."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"waited {PATIENCE:.0f} s for {what}: {instead()}"
        time.sleep(0.02)
