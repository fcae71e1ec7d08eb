"""The owners: each says the next line of the script when the last was answered; checks answers.

A system's answer at each step is learned from one owner without other load. After that, a
conversation counts as wrong when a message is neither the answer to the current line nor a copy of
an earlier answer.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from functools import partial
from itertools import count
from time import monotonic
from typing import Any, Final, TypeAlias

from benchmarks.bot_api import BotApi, buttons
from benchmarks.script import SCRIPT, Author, NoSuchButton
from benchmarks.webhook import Webhook

PATIENCE: Final = 30.0  # seconds until an answer counts as lost
AGAIN: Final = 0.2  # seconds until an unacknowledged update is delivered again
FIRST_CHAT: Final = 1_000_000
_QUIET: Final = 0.05  # seconds to wait for a second message, while learning
_PHOTO_COUNTED: Final = 4.0  # seconds to wait for the answer to a photo
_NUMBER = re.compile(r"\d\d-\d{6}")  # of a case: differs for each owner
_PAGES: Final = re.compile(r"https?://[^/\s]+")
_PHOTOS: Final = re.compile(r"(?<=^Foto: )\d+", re.MULTILINE)  # in the list of answers

#: A system's answers: text -> the step of the script that it answers; or `BEFORE`, if another
#: message follows at once, for which the owner waits.
Answers: TypeAlias = dict[str, int]
BEFORE: Final = -1


class Odd(Exception):
    """The learning owner did not get a distinct answer at each step."""


@dataclass(slots=True)
class Chat:
    """One owner: the current step, and the last message seen."""

    id: int
    step: int = 0
    until: int = len(SCRIPT)  # the step before which they stop
    keyboard: Any = None
    seen: int = 0  # a bit for each step whose answer arrived
    began: float = 0.0  # start of the current delivery; monotonic
    replied: float = 0.0  # arrival of its answer; 0.0: not yet
    acknowledged: bool = False
    busy: bool = False

    @property
    def finished(self) -> bool:
        """Whether the owner has said all lines."""
        return self.step == self.until


@dataclass(slots=True)
class Tally:
    """Counters of one period."""

    messages: int = 0  # acknowledged and answered
    waits: list[float] = field(default_factory=list)  # seconds from delivery to answer
    lost: int = 0  # no answer within patience
    wrong: int = 0  # not the step's answer
    doubled: int = 0  # an answer that arrived before
    out_of_order: int = 0  # an answer to an earlier step than one that arrived before
    refused: int = 0  # deliveries that were not accepted, and repeated

    def add_faults(self, other: Tally) -> None:
        """Add the faults of another period."""
        for one in fields(self)[2:]:
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


class Load:
    """All owners of one system."""

    def __init__(
        self, api: BotApi, webhooks: Sequence[Webhook], author: Author, patience: float = PATIENCE
    ) -> None:
        """Each owner uses one of the webhooks; `patience` is in seconds."""
        self.answers: Answers = {}
        self.tally = Tally()
        self.chats: dict[int, Chat] = {}
        self.harmed = 0  # owners whose conversation went wrong, so far
        self.patience = patience
        #: Called when an owner's line is finished, and when an owner is given up.
        self.ready: Callable[[Chat], None] = nothing
        self.failed: Callable[[Chat], None] = nothing
        #: Returns the seconds after which an update is repeated; None: not repeated.
        self.copy: Callable[[], float | None] = lambda: None
        self._api = api
        self._webhooks = webhooks
        self._author = author
        self._script = author.script
        self._loop = asyncio.get_running_loop()
        self._ids = count(FIRST_CHAT)
        api.listener = self._hear

    def stranger(self) -> Chat:
        """Add an owner who has said nothing yet."""
        return self.meet(Chat(next(self._ids), until=len(self._script.steps)))

    def meet(self, chat: Chat) -> Chat:
        """Add an owner whom the system may know already."""
        self.chats[chat.id] = chat
        return chat

    def waiting(self) -> int:
        """Return the number of owners who wait for an answer."""
        return sum(chat.busy for chat in self.chats.values())

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Give up owners who wait too long, during the block."""
        task = self._loop.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(0.1)
            late = monotonic() - self.patience
            for chat in [c for c in self.chats.values() if c.busy and c.began < late]:
                self.tally.lost += 1
                self._give_up(chat)

    # Messages of owners

    def say(self, chat: Chat) -> None:
        """Deliver an owner's next line, unless the owner was given up while thinking."""
        if chat.id not in self.chats:
            return
        chat.busy, chat.acknowledged, chat.replied = True, False, 0.0
        chat.began = monotonic()
        try:
            update = self._update(chat)
        except NoSuchButton:
            self.tally.wrong += 1
            self._give_up(chat)
            return
        self._deliver(chat, chat.step, update)
        pause = self.copy()
        if pause is not None:
            self._loop.call_later(pause, self._webhook(chat).post, update, _unread)

    def _update(self, chat: Chat) -> bytes:
        tapping = self._script.steps[chat.step].kind == "tap"
        seen = buttons(chat.keyboard) if tapping else ()
        return self._author.update(chat.id, chat.step, seen)

    def _webhook(self, chat: Chat) -> Webhook:
        return self._webhooks[chat.id % len(self._webhooks)]

    def _deliver(self, chat: Chat, step: int, update: bytes) -> None:
        self._webhook(chat).post(update, partial(self._delivered, chat, step, update))

    def _delivered(
        self, chat: Chat, step: int, update: bytes, status: int, retry_after: float
    ) -> None:
        if not chat.busy or chat.step != step:  # given up
            return
        if status == 200:
            chat.acknowledged = True
            self._check(chat)
        else:
            self.tally.refused += 1
            self._loop.call_later(retry_after or AGAIN, self._deliver, chat, step, update)

    # Messages to owners

    def _hear(self, chat_id: int, text: str, keyboard: Any, at: float) -> None:
        chat = self.chats.get(chat_id)
        if chat is None:  # given up
            return
        step = self.answers.get(_shape(text))
        if step is None:
            self.tally.wrong += 1
            self._give_up(chat)
        elif step == BEFORE:
            return
        elif chat.seen >> step & 1:
            self.tally.doubled += 1
        elif step == chat.step and chat.busy:
            chat.seen |= 1 << step
            chat.keyboard, chat.replied = keyboard, at
            self._check(chat)
        elif step < chat.step and self._script.photo(step):
            self.tally.out_of_order += chat.seen >> step > 0
            chat.seen |= 1 << step
        else:
            self.tally.wrong += 1
            self._give_up(chat)

    def _check(self, chat: Chat) -> None:
        """Finish a line if it is acknowledged and, unless it is a photo, answered."""
        photo = self._script.photo(chat.step)
        if not chat.acknowledged or not (chat.replied or photo):
            return
        self.tally.messages += 1
        if not photo:
            self.tally.waits.append(chat.replied - chat.began)
        chat.step = self._script.after(chat.step, chat.id)
        chat.busy = False
        self.ready(chat)

    def _give_up(self, chat: Chat) -> None:
        chat.busy = False
        self.harmed += 1
        self.chats.pop(chat.id, None)
        self.failed(chat)

    # A system's answers

    async def learn(self) -> None:
        """Let one owner play the script, and record the answer at each step.

        Raises:
            Odd: a step was not answered, or two steps had the same answer.
        """
        said: list[tuple[str, Any]] = []
        self._api.listener = lambda _, text, keyboard, at: said.append((text, keyboard))
        chat = Chat(next(self._ids))
        for chat.step, line in enumerate(self._script.steps):
            photo = line.kind == "photo"
            await self._deliver_until_accepted(chat)
            await _until(lambda: bool(said), _PHOTO_COUNTED if photo else PATIENCE)
            await asyncio.sleep(_QUIET)
            if not said and not photo:
                raise Odd(f"{line} was not answered")
            for number, (text, chat.keyboard) in enumerate(said, 1):
                step = chat.step if number == len(said) else BEFORE
                if self.answers.setdefault(_shape(text), step) != step:
                    raise Odd(f"{line} was answered by {text!r}, as one before")
            said.clear()
        self._api.listener = self._hear

    async def _deliver_until_accepted(self, chat: Chat) -> None:
        """Deliver a line until it is acknowledged."""
        update, status = self._update(chat), 0
        while status != 200:
            response: asyncio.Future[int] = self._loop.create_future()
            self._webhook(chat).post(update, partial(_set_status, response))
            status = await response
            if status != 200:
                await asyncio.sleep(AGAIN)


def _shape(text: str) -> str:
    """Return a message's text, with the case's number, our pages and the count of photos replaced.

    Owners do not wait for the answer to a photo, so the list of answers may count one less.
    """
    return _PHOTOS.sub("#", _PAGES.sub("#", _NUMBER.sub("#", text)))


def nothing(chat: Chat) -> None:
    """Do nothing: the default callback."""


def _unread(status: int, retry_after: float) -> None:
    pass


def _set_status(response: asyncio.Future[int], status: int, retry_after: float) -> None:
    response.set_result(status)


async def _until(so: Callable[[], bool], patience: float) -> None:
    end = monotonic() + patience
    while not so() and monotonic() < end:
        await asyncio.sleep(0.005)
