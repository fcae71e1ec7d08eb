"""A batch of turns: facts read, conversations advanced, effects written, in one transaction."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog
from sqlalchemy.orm import Session

from bot import facts, metrics, senders
from bot.channels.base import InboundMessage
from bot.city import City
from bot.deliveries import Entry
from bot.metrics import Stopwatch
from bot.writer import Writer
from casework.news import tell_supervisors
from casework.tickets import area_of
from conversations import events, messages
from conversations.effects import Effect
from conversations.engine import turn as engine
from conversations.engine.turn import Turn
from conversations.events import Event, Happened, News, Uploaded
from conversations.facts import Facts
from conversations.messages import Message, Say
from conversations.session import ChatSession
from conversations.ticketing import AddFile, KeepFile
from conversations.withholding import withheld
from models import attachment, consent, officer, turn
from models.inbox import Delivery, SentFile
from models.infrastructure.database import pipeline
from models.infrastructure.encryption import Unreadable
from models.outbox import NewMessage, enqueue
from models.sending import Claimed, Reach
from models.turn import Begun, Opening, Untaken

log = structlog.get_logger(__name__)

MAX_EVENTS = 20  # of one person in one transaction; the next transaction takes the rest
KEY_PATIENCE = 15.0  # seconds in which a process that has the missing key may take the turn


@dataclass(frozen=True, slots=True)
class Taken:
    """The result of a batch."""

    leased: list[Claimed]  # messages to send at once
    more: bool  # the outbox holds more for the sender
    left: Collection[int] = ()  # ids of people left to a process that has the key


@dataclass(slots=True)
class Batch:
    """The turns of one transaction; a person's events are taken in order."""

    tx: Session
    city: City
    public_url: str
    begun: Begun
    watch: Stopwatch
    most_waiting: int  # the limit of pending fleeting replies to one person

    def run(self, *, can_send: bool, can_greet: bool) -> Taken:
        people, openings, at = self.begun.people, self.begun.openings, self.begun.at
        found = {i: Readable.of(o) for i, o in openings.items()}
        left = [i for i, one in found.items() if one.left]
        aside = [row_id for one in found.values() for row_id in one.aside]
        if aside:
            self._set_aside(found)
        waiting = {i: deque(one.rows) for i, one in found.items() if one.rows}
        chats = {i: chat_of(openings[i].session) for i in waiting}
        replaced = [i for i in waiting if chats[i] is None and openings[i].session is not None]
        heard: dict[int, Reach] = {}  # the addresses of these events, by address id
        last: dict[int, Reach] = {}  # the address of each person's last event, by person id
        writer = Writer(self.tx, self.public_url, at)
        writer.newcomers = {i for i, o in openings.items() if o.session is None}
        writer.waiting = {i: o.waiting for i, o in openings.items()}
        writer.most_waiting = self.most_waiting
        taken: list[int] = []
        while waiting:
            known = facts.load(self.tx, [people[i] for i in waiting], openings, self.city, at)
            self.watch.lap("facts")
            turns = self._decide(waiting, chats, known)
            writer.submit_together((who, row.id, done.effects) for who, row, _, done in turns)
            for person_id, row, event, done in turns:
                unasked = isinstance(event, Happened) and bool(event.params.get("unasked"))
                writer.write(
                    people[person_id],
                    row.id,
                    done.effects,
                    address_id=row.address_id,
                    unasked=unasked,
                )
                taken.append(row.id)
                if row.address_id is not None and row.address is not None:
                    reach = Reach(row.address_id, row.channel, row.address, at)
                    heard[reach.id] = last[person_id] = reach
            self.watch.lap("effects")
            if waiting:
                openings = self._reopen(writer, waiting)
        if not taken:
            return Taken([], bool(aside), left)
        if replaced:
            self._replace_sessions(replaced)
        leasing = (last if can_greet else last.keys() - writer.newcomers) if can_send else ()
        leased = self._keep(writer, chats, taken, heard, last, leasing=leasing)
        more = bool(aside or replaced) or len(writer.queued) > len(leased)
        return Taken(leased, more, left)

    def _decide(
        self,
        waiting: dict[int, deque[Untaken]],
        chats: dict[int, ChatSession | None],
        known: Mapping[int, Facts],
    ) -> list[tuple[int, Untaken, Event, Turn]]:
        """Decide the next turn of each person who waits: (person id, row, event, turn)."""
        turns: list[tuple[int, Untaken, Event, Turn]] = []
        for person_id in list(waiting):
            row = waiting[person_id].popleft()
            if not waiting[person_id]:
                del waiting[person_id]
            event = event_of(row)
            here = senders.heard_from(known[person_id], row)
            done = self._advance(chats[person_id], event, here)
            asked = done.session.asked
            self.watch.turn(asked.flow if asked else None, asked.step if asked else None)
            chats[person_id] = done.session
            turns.append((person_id, row, event, done))
        return turns

    def _advance(self, chat: ChatSession | None, event: Event, here: Facts) -> Turn:
        """Decide a turn; a recording that it does not keep is deleted before it is fetched."""
        done = engine.advance(self.city.flows, chat, event, here)
        if isinstance(event, Uploaded) and event.kind == "voice" and not _keeps(done.effects):
            attachment.drop(self.tx, event.attachment_id)
        return done

    def _set_aside(self, found: Mapping[int, Readable]) -> None:
        """Set aside unreadable inbox rows; notify their persons and the supervisors."""
        for person_id, one in found.items():
            for row_id in one.aside:
                metrics.turn_failed()
                log.error("turns.unreadable", person=person_id, row=row_id)
                tell_set_aside(self.tx, person_id, row_id)
        with pipeline(self.tx) as execute:
            turn.set_aside(execute, [row_id for one in found.values() for row_id in one.aside])

    def _replace_sessions(self, people: Sequence[int]) -> None:
        """Set aside unreadable sessions; notify the supervisors, and people who had a draft."""
        with pipeline(self.tx) as execute:
            put_away = turn.set_session_aside(execute, people)
        for aside_id, person_id, had_draft in put_away.rows:
            metrics.turn_failed()
            log.error("turns.session_unreadable", person=person_id, session=aside_id)
            notice = Say("notices.session_set_aside", {"number": aside_id})
            _tell_supervisors(self.tx, person_id, News.SESSION_SET_ASIDE, aside_id, notice)
            if had_draft:
                anew = messages.to_json(Message((Say("common.begun_anew"),)))
                enqueue(self.tx, [NewMessage(person_id, f"session_set_aside:{aside_id}", anew)])

    def _reopen(self, writer: Writer, waiting: Iterable[int]) -> dict[int, Opening]:
        """Read the openings again, since the first events may have changed them."""
        with pipeline(self.tx) as execute:
            consent.give(execute, writer.consents)
        return turn.reopen(self.tx, waiting)

    def _keep(
        self,
        writer: Writer,
        chats: dict[int, ChatSession | None],
        taken: Sequence[int],
        heard: dict[int, Reach],
        last: dict[int, Reach],
        *,
        leasing: Container[int],
    ) -> list[Claimed]:
        """Write sessions, inbox rows and messages, and commit; return the leased messages."""
        saved = [
            turn.Saved(i, chat.to_json(), has_draft(chat, self.city), i in last)
            for i, chat in chats.items()
            if chat is not None
        ]
        with pipeline(self.tx, commit=True) as execute:
            leased = writer.close(execute, leasing=leasing)
            turn.keep(execute, saved, taken, heard)
        self.watch.lap("keep")
        queued = {one.dedupe_key: one for one in writer.queued}
        return [
            self._claimed(
                row_id,
                queued[key],
                writer.messages[key],
                heard[queued[key].address_id or last[queued[key].person_id].id],
            )
            for row_id, key in (leased.rows if leased is not None else ())
        ]

    def _claimed(
        self, row_id: int, queued: NewMessage, message: Message, to_where: Reach
    ) -> Claimed:
        """Build the claim of a leased message; `reach` has only the address of its turn."""
        to = self.begun.people[queued.person_id]
        return Claimed(
            row_id,
            to.id,
            message,
            queued.lane,
            1,
            to.locale,
            to.opted_out_at is not None,
            self.begun.at,
            False,
            (to_where,),
            all_known=False,
            greeting=queued.greeting,
        )


def begin(tx: Session, batch: Sequence[Entry]) -> Begun:
    """Store the deliveries of a batch and lock its people."""
    deliveries = [delivery(entry.heard) for entry in batch if entry.heard is not None]
    ids = [entry.person_id for entry in batch if entry.person_id is not None]
    return turn.begin(tx, deliveries, ids)


@dataclass(frozen=True, slots=True)
class Readable:
    """A person's open inbox rows: those to take now, in order, and those that can't be read."""

    rows: Sequence[Untaken]
    aside: Sequence[int] = ()  # ids of rows to set aside
    left: bool = False  # later rows wait for a process that has the key

    @classmethod
    def of(cls, opening: Opening) -> Readable:
        """Classify a person's open rows.

        A recent row whose key is missing waits, and so do all rows after it.
        """
        due = tellable(opening.untaken)[:MAX_EVENTS]
        if due and waits_for_key(opening.session, due[0]):
            return cls((), left=True)
        rows: list[Untaken] = []
        aside: list[int] = []
        for row in due:
            if not isinstance(row.event, Unreadable):
                rows.append(row)
            elif waits_for_key(row.event, row):
                return cls(rows, aside, left=True)
            else:
                aside.append(row.id)
        return cls(rows, aside)


def waits_for_key(value: object, row: Untaken) -> bool:
    """Whether the row still waits for a process that has the value's key."""
    return isinstance(value, Unreadable) and value.key_missing and row.age < KEY_PATIENCE


def tellable(untaken: Sequence[Untaken]) -> Sequence[Untaken]:
    """Return the rows to take now: all if the person has written, else those due before morning.

    So a person who writes at night gets the waiting news first, and then the answer.
    """
    if any(row.address_id is not None for row in untaken):
        return untaken
    return [row for row in untaken if not row.sleeps]


def delivery(heard: InboundMessage) -> Delivery:
    media = heard.media
    return Delivery(
        heard.channel,
        heard.address,
        heard.provider_id,
        events.to_json(heard.event),
        heard.locale,
        SentFile(media.reference, media.kind, media.size) if media else None,
    )


def event_of(row: Untaken) -> Event:
    event = events.from_json(row.event)
    if isinstance(event, Uploaded) and row.attachment_id is not None:
        return replace(event, attachment_id=row.attachment_id)
    return event


def _keeps(effects: Iterable[Effect]) -> bool:
    """Whether a turn keeps the file that came with its event."""
    return any(isinstance(effect, AddFile | KeepFile) for effect in effects)


def withhold(heard: InboundMessage) -> InboundMessage:
    """Remove an identity number's digits from an event, before it is stored."""
    kept = withheld(heard.event)
    return heard if kept is heard.event else replace(heard, event=kept)


def chat_of(data: object) -> ChatSession | None:
    """Parse the stored session; None if it can't be read: the conversation then begins anew."""
    if data is None or isinstance(data, Unreadable):
        return None
    try:
        return ChatSession.from_json(data)
    except ValueError:
        return None


def has_draft(chat: ChatSession, city: City) -> bool:
    """Whether the session holds a draft with answers, of a form without a subject."""
    drafts = [d for d in (chat.draft, *chat.parked) if d is not None and d.answers]
    flows = city.flows.by_id
    return any(d.flow in flows and flows[d.flow].form and not d.subject for d in drafts)


def tell_set_aside(tx: Session, person_id: int, row_id: int) -> None:
    """Notify the person and the supervisors that an inbox row was set aside."""
    sorry = messages.to_json(Message((Say("common.trouble"),)))
    enqueue(tx, [NewMessage(person_id, f"trouble:{row_id}", sorry)])
    notice = Say("notices.turn_set_aside", {"number": row_id})
    _tell_supervisors(tx, person_id, News.TURN_SET_ASIDE, row_id, notice, opens="set_aside")


def _tell_supervisors(
    tx: Session, person_id: int, what: News, number: int, say: Say, *, opens: str = ""
) -> None:
    """Notify supervisors of a row set aside; not of a supervisor's own, which could loop."""
    if person_id not in officer.supervisors_of(tx, None):
        area = area_of(tx, person_id) if opens else None
        tell_supervisors(tx, area, what, number, say, fact=f"{what}:{number}", opens=opens)
