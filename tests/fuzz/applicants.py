"""Owners who go on applying while the fuzz runs: they must hear every answer, as on a quiet day.

What they leave behind (applications, offers, visits) is what forged ids and acts then hit.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from tests.faults.owners import SCRIPT, Golden, Owner, plain
from tests.providers.bot_api import FakeBotApi

FIRST: Final = 5001  # the first one's chat
AT_ONCE: Final = 2
PATIENCE: Final = 60.0  # seconds for one answer; the machine is shared
THINKING: Final = 0.3  # seconds before each step


@dataclass(slots=True)
class Applicants:
    """A few people at a time, one application each; `done` is told each chat that is through."""

    telegram: FakeBotApi
    done: Callable[[int], None]
    golden: Golden = field(default_factory=Golden)
    over: bool = False
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(FIRST))
    _lives: list[Future[None]] = field(default_factory=list)

    def go_first(self, settled: Callable[[], bool]) -> None:
        """Let one of them go all the way while nothing is wrong, and note what they hear."""
        owner = Owner(self.telegram, next(self._numbers), self.golden)
        bubbles = owner.person.bubbles
        for _ in SCRIPT:
            before, until = len(bubbles), time.monotonic() + PATIENCE
            owner.act().result()
            while len(bubbles) == before or not settled():
                assert time.monotonic() < until, owner.person.chat
                time.sleep(0.05)
            self.golden.heard.append([plain(bubble.text) for bubble in bubbles[before:]])
        del self.golden.heard[-1][1:]  # what the checks found comes at its own time
        self.done(owner.person.id)

    def start(self) -> None:
        """Let a few of them apply, again and again, until it is over."""
        self._lives = [self.telegram.spawn(self._live()) for _ in range(AT_ONCE)]

    def finish(self) -> list[str]:
        """Let those on their way take their last step; gives who waited in vain."""
        self.over = True
        failed = [life.exception(2 * PATIENCE) for life in self._lives]
        return [str(error).splitlines()[0] for error in failed if error is not None]

    async def _live(self) -> None:
        while not self.over:
            owner = Owner(self.telegram, next(self._numbers), self.golden)
            while owner.step < len(SCRIPT) and not self.over:
                await asyncio.sleep(THINKING)
                owner.act()
                await owner.hear(PATIENCE)
            self.done(owner.person.id)
