"""A city in which everything fails at random, while people write; and the balance afterwards.

    python -m tests.faults.chaos --seconds 60 --seed 7

Two processes that serve, a worker, a dispatcher, PostgreSQL and Valkey are killed and started
again, wires are cut, and the provider says 429 or 500, hangs, hangs up, and delivers twice and out
of order. The seed decides what is done and when. The balance holds when everything heard was taken
once, everything owed was sent in order, nothing is left over, and what came twice are messages
whose outcome nobody could know.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.owners import BEFORE_PHOTO, SCRIPT, Owner, Told, heard
from tests.faults.stage import Stage
from tests.providers.bot_api import CLOSE, HANG, Fault, broken, too_many

CROWD = 40  # owners who write at the same time
THINKING = (0.1, 0.9)  # seconds before each answer
PATIENCE = 150.0  # seconds an owner waits, through outages, hanging sends and leases
PAUSE = (0.5, 2.5)  # seconds between two faults
AWAY = (0.0, 2.0)  # seconds that something stays away
WEATHER = (1.0, 4.0)  # seconds that the provider is in a mood
QUIET = 4.0  # seconds without a word: whoever waits now waits for a lease of a dead process
#: What fails, drawn with equal chances.
FAULTS = (
    *(("kill", name) for name in ("serve", "serve", "serve:2", "serve:2", "worker", "dispatch")),
    *(("stop", name) for name in ("serve", "serve:2", "postgresql", "postgresql")),
    *(("kill", "valkey"), ("cut", "valkey"), ("cut", "postgresql")),
    *(("weather", "provider"), ("weather", "provider")),
)
PROCESSES = ("serve", "serve:2", "worker", "dispatch")
SETTLING = 3.0  # seconds within which a living process has written down what it sent
CONSENTED = 3  # steps: before its first answer a form is not come back to after "status"
TWICE, ASIDES = 0.15, 0.05  # how often an update comes twice or more, and words come out of order
HANGS = 30.0  # seconds that a run must have left for a send that hangs


@dataclass(slots=True)
class Chaos:
    """One run."""

    stage: Stage
    seed: int
    seconds: float
    owners: list[Owner] = field(default_factory=list)
    kills: list[float] = field(default_factory=list)  # when a process that serves was killed
    outages: list[tuple[float, float]] = field(default_factory=list)  # of PostgreSQL
    _fate: random.Random = field(init=False)  # of the faults: what is done, and when
    _crowd: random.Random = field(init=False)  # of the people and of what they send
    _began: float = field(default_factory=time.monotonic)
    _over: bool = False
    _back: list[tuple[float, str, Callable[[], None]]] = field(default_factory=list)
    _away: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._fate, self._crowd = random.Random(self.seed), random.Random(self.seed + 1)

    def run(self) -> None:
        """Do it, and see whether the balance holds.

        Raises:
            AssertionError: it does not.
        """
        stage = self.stage
        stage.product.start("serve:2", "worker", "dispatch")
        stage.telegram.doors += [stage.product.url_of(name) for name in ("serve", "serve:2")]
        stage.telegram.copies = self._copies
        stage.telegram.disorder = self._crowd
        self._began = time.monotonic()
        crowd = [stage.telegram.spawn(self._live()) for _ in range(CROWD)]
        while self._now() < self.seconds:
            time.sleep(self._fate.uniform(*PAUSE))
            self._bring_back()
            self._strike()
        self._tell("no more faults")
        self._bring_back(everything=True)
        stage.telegram.weather = lambda method: None
        self._over = True
        self._wait(crowd)
        self._tell(f"{len(stage.telegram.pushed)} updates, {len(self.owners)} owners")
        self._balance()

    # The people.

    async def _live(self) -> None:
        """Apply again and again, each time as somebody else."""
        while not self._over:
            owner = self.stage.newcomer()
            self.owners.append(owner)
            while owner.step < len(SCRIPT) and not self._over:
                await asyncio.sleep(self._crowd.uniform(*THINKING))
                if CONSENTED <= owner.step < BEFORE_PHOTO and self._crowd.random() < ASIDES:
                    owner.ask_aside()
                owner.act()
                await owner.hear(PATIENCE)

    def _wait(self, crowd: Sequence[Future[None]]) -> None:
        """Let everybody hear what they are owed; what dead processes had taken is given free."""
        until = time.monotonic() + PATIENCE
        before, since = -1, time.monotonic()
        while wait(crowd, 0.2).not_done or self.stage.left():
            assert time.monotonic() < until, f"never done: {self.stage.left()}"
            now = heard(self.owners)
            if now != before:
                before, since = now, time.monotonic()
            elif time.monotonic() > since + QUIET:
                self._let_leases_run_out()
                since = time.monotonic()
        for one in crowd:
            one.result()

    def _let_leases_run_out(self) -> None:
        """While nothing runs: a living process's leases are not to be touched."""
        self._tell(f"all is stopped in order, and a while passes: {self.stage.left()}")
        for name in PROCESSES:
            self.stage.product.stop(name)
        self.stage.pass_time()
        self.stage.product.start(*PROCESSES)

    # The faults.

    def _strike(self) -> None:
        """Let something fail; all is drawn before it is known whether it can."""
        what, name = self._fate.choice(FAULTS)
        away, luck = self._fate.uniform(*AWAY), self._fate.random()
        if what == "weather":
            self._weather(luck, self._fate.uniform(*WEATHER))
        elif name not in self._away:
            back = self._take_away(what, name, luck)
            self._away.add(name)
            self._back.append((self._now() + away, name, back))

    def _take_away(self, what: str, name: str, luck: float) -> Callable[[], None]:
        """Let it fail; gives what brings it back."""
        stage = self.stage
        match what, name:
            case "stop", "postgresql":
                at_once = luck < 0.5
                self._tell(f"postgresql is stopped, {'immediate' if at_once else 'fast'}")
                began = time.monotonic()
                stage.postgres.stop(at_once=at_once)
                return lambda: self._bring_postgresql(began, stage.postgres.start)
            case "cut", "postgresql":
                self._tell("the wire to postgresql is cut")
                began = time.monotonic()
                stage.postgres.wire.cut()
                return lambda: self._bring_postgresql(began, stage.postgres.wire.mend)
            case "kill", "valkey":
                self._tell("valkey is killed, and its data deleted")
                stage.valkey.kill()
                return stage.valkey.start
            case "cut", "valkey":
                self._tell("the wire to valkey is cut")
                stage.valkey.wire.cut()
                return stage.valkey.wire.mend
            case "stop", _ if "postgresql" not in self._away:  # it would wait for its database
                self._tell(f"{name} is stopped in order")
                stage.product.stop(name)
            case _:
                self._tell(f"{name} is killed")
                stage.kill(name)
                self.kills.append(time.monotonic())
        return lambda: stage.product.start(name, wait=False)

    def _bring_postgresql(self, began: float, start: Callable[[], None]) -> None:
        start()
        self.outages.append((began, time.monotonic()))

    def _weather(self, luck: float, seconds: float) -> None:
        moods = {"429": too_many(1), "500": broken(), "502": broken(502), "hang-ups": CLOSE}
        if self.seconds - self._now() > HANGS:
            moods["silence"] = HANG
        mood = list(moods)[int(luck * len(moods))]
        often = 0.02 if mood == "silence" else 0.1
        self._tell(f"the provider answers {often:.0%} of all calls with {mood}")
        fault = moods[mood]

        def weather(method: str) -> Fault | None:
            return fault if self._crowd.random() < often else None

        def clear() -> None:
            if self.stage.telegram.weather is weather:
                self.stage.telegram.weather = lambda method: None

        self.stage.telegram.weather = weather
        self._back.append((self._now() + seconds, "the provider", clear))

    def _copies(self) -> int:
        return self._crowd.randint(2, 5) if self._crowd.random() < TWICE else 1

    def _bring_back(self, *, everything: bool = False) -> None:
        """Start again what was away for long enough."""
        for one in sorted(self._back, key=lambda one: one[0]):
            due, name, back = one
            if everything or due <= self._now():
                self._back.remove(one)
                self._away.discard(name)
                back()
                self._tell(f"{name} is back")

    # The balance.

    def _balance(self) -> None:
        twice = [(owner, *pair) for owner in self.owners for pair in owner.doubled]
        reasons = Counter(self._reason(*one) for one in twice)
        self.stage.balance(self.owners, doubled=len(twice))
        self._tell(
            f"{len(twice)} messages came twice:"
            + ",".join(f" {count} after {reason}" for reason, count in reasons.items() if reason)
        )
        needless = [first for owner, first, again in twice if not self._reason(owner, first, again)]
        if needless:
            self.stage.balanced = False
            when = ", ".join(f"{one.at - self._began:.1f} s" for one in needless)
            raise AssertionError(f"came twice for no reason, the first time after {when}")

    def _reason(self, owner: Owner, first: Told, again: Told) -> str:
        """After what a message came again; "" when nothing explains it."""
        refused = self.stage.telegram.refused.get(owner.person.id, ())
        if first.id in self.stage.telegram.unsure:
            return "an answer that was not given"
        if not first.whole and any(first.at <= at <= again.at for at in refused):
            return "a second part that was refused"
        return "a kill" if self._unsettled(first) else ""

    def _unsettled(self, one: Told) -> bool:
        """Whether its sender may have been killed before it wrote down that it was sent."""
        known = one.at + SETTLING
        for began, ended in sorted(self.outages):
            if began - SETTLING <= one.at <= ended or began <= known <= ended:
                known = max(known, ended + SETTLING)
        return any(one.at <= kill <= known for kill in self.kills)

    def _now(self) -> float:
        return time.monotonic() - self._began

    def _tell(self, what: str) -> None:
        print(f"{self._now():6.1f} s  {what}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments, run, and say whether the balance held: 0 or 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None)
    given = parser.parse_args(arguments)
    seed = random.SystemRandom().randrange(10**6) if given.seed is None else given.seed
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder, Stage(Path(folder)) as stage:
        try:
            Chaos(stage, seed, given.seconds).run()
        except AssertionError as error:
            print(stage.product.logs()[-5000:])
            print(f"The balance does not hold (seed {seed}): {error}")
            return 1
    print("The balance holds.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
