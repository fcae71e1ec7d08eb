"""The mutable state of a turn in progress, shared by the modules of this package."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from msgspec import structs

from conversations.assisting import BY, corrects
from conversations.catalogue import Catalogue
from conversations.effects import (
    Effect,
    Reply,
)
from conversations.events import Said
from conversations.facts import Facts, Locale, Role
from conversations.flow import Flow
from conversations.mending import MENDING
from conversations.messages import (
    Button,
    Json,
    Message,
    Question,
    Say,
    Value,
)
from conversations.parsers import Refused
from conversations.service import Services
from conversations.session import ChatSession, Choice, Draft, Told
from conversations.step import Context, Prompt, Stay, Step

RECENT = timedelta(minutes=10)  # within which words may be about what was told last


@dataclass(frozen=True, slots=True)
class Flows:
    """All flows by id, the catalogue of their words, and the services whose forms they are."""

    by_id: Mapping[str, Flow]
    catalogue: Catalogue
    services: Services = field(default_factory=Services)

    def home(self, role: Role) -> Flow:
        """Return the first page of people with this role."""
        return next(flow for flow in self.by_id.values() if flow.home == role)


@dataclass(slots=True)
class TurnBuilder:
    """A turn in progress: the session so far, and the sentences and effects collected."""

    flows: Flows
    session: ChatSession
    facts: Facts
    effects: list[Effect] = field(default_factory=list)
    says: list[Say] = field(default_factory=list)
    prompt: Prompt | None = None  # sent with the reply
    said: str = ""  # the words that are being read
    message: str = ""  # the id of the message that is being read
    used_key: bool = False  # the event came by the keyboard button, which is hidden then
    said_nothing: bool = False  # the words were no answer, and name nothing to choose from
    after: timedelta = timedelta(0)
    _computed_of: ChatSession | None = None
    _computed: dict[tuple[str, str], Any] = field(default_factory=dict)
    _outcomes_of: Draft | None = None
    _outcomes: dict[tuple[str, str], Json | Refused | Stay] = field(default_factory=dict)
    lasting: bool = False  # the reply reports a change, or is the first: it must not be dropped

    def read(self, step: Step, said: Said) -> Json:
        """Return what a step of the open draft reads in the words; each is read once a turn.

        Raises:
            Refused, Stay: as `Step.read`.
        """
        draft = self.open_draft()
        if self._outcomes_of is not draft:
            self._outcomes_of, self._outcomes = draft, {}
        key = (step.id, said.text)
        if key not in self._outcomes:
            try:
                self._outcomes[key] = step.hear(said, self.context(draft))
            except (Refused, Stay) as outcome:
                self._outcomes[key] = outcome
        found = self._outcomes[key]
        if isinstance(found, Refused | Stay):
            raise found
        return found

    def once(self, key: tuple[str, str], compute: Callable[[], Any]) -> Any:
        """Return what was computed for this key and the session, computed once a turn."""
        if self._computed_of is not self.session:
            self._computed_of, self._computed = self.session, {}
        if key not in self._computed:
            self._computed[key] = compute()
        return self._computed[key]

    def at(self, session: ChatSession) -> TurnBuilder:
        """Return a new turn with the same facts on another session."""
        return TurnBuilder(self.flows, session, self.facts)

    def speak(self, locale: Locale) -> None:
        """Use this language from now on."""
        self.facts = replace(self.facts, me=replace(self.facts.me, locale=locale))

    def not_understood(self) -> None:
        """Remember that the current message was no answer: an edit may still correct it."""
        self.session = structs.replace(self.session, refused=self.message)

    def tell(self, matter: str, about: str) -> None:
        """Remember what is told or shown now: the next words may be about it."""
        self.session = structs.replace(self.session, told=Told(matter, about, self.facts.now))

    def told(self, matter: str) -> str:
        """Return what was told of this matter last, a short time ago; or ""."""
        told = self.session.told
        fresh = told is not None and self.facts.now - told.at <= RECENT
        return told.about if told is not None and fresh and told.matter == matter else ""

    def varied(self, say: Say) -> Say:
        """Return a sentence, or its other wording (".again") if it was said last."""
        again = f"{say.key}.again"
        if not self.flows.catalogue.has(again):
            return say
        said = Say(again, say.params) if self.session.refused_for == say.key else say
        self.session = structs.replace(self.session, refused_for=said.key)
        return said

    def at_home(self) -> bool:
        flow = self.flow(self.session.draft)
        return flow is not None and flow.home is not None

    def labels(self) -> list[str]:
        """Return the labels of the shown choices."""
        locale, say = self.facts.me.locale, self.flows.catalogue.say
        shown = self.session.shown
        labels: list[str] = self.once(
            ("labels", locale), lambda: [say(choice.label, locale) for choice in shown]
        )
        return labels

    def at_a_page(self) -> bool:
        """Whether the open step is a page about no single subject, which waits for no answer."""
        step, draft = self.asked_step(), self.session.draft
        return step is not None and draft is not None and step.rests and not draft.subject

    def show(
        self,
        step_id: str,
        prompt: Prompt,
        *,
        clarifying: bool = False,
        refusals: int | None = None,
    ) -> None:
        question = self.question(self.open_draft(), step_id)
        self.put(question, prompt.choices, clarifying=clarifying, refusals=refusals)
        self.prompt = prompt

    def question(self, draft: Draft, step_id: str) -> Question:
        return Question(draft.flow, draft.subject, step_id, self.session.version + 1)

    def put(
        self,
        question: Question,
        choices: Iterable[Choice],
        *,
        clarifying: bool | None = None,
        refusals: int | None = None,
    ) -> None:
        """Make a question the open one; an argument that is None keeps the session's value."""
        old, again = self.session, self.asks_again(question)
        self.session = structs.replace(
            old,
            asked=question,
            shown=tuple(choices),
            version=question.version,
            since=old.since if again else question.version,
            refused=old.refused if again else "",
            interrupted=old.interrupted if again else None,
            clarifying=old.clarifying if clarifying is None else clarifying,
            refusals=old.refusals if refusals is None else refusals,
        )

    def asks_again(self, question: Question) -> bool:
        """Whether this is the open question, asked once more."""
        asked = self.session.asked
        return asked is not None and (asked.flow, asked.subject, asked.step) == (
            question.flow,
            question.subject,
            question.step,
        )

    def ask_own(self, question: str, choices: tuple[Choice, ...], **params: Value) -> None:
        """Ask a question of the engine itself, of the flow "common"."""
        self.put(Question("common", "", question, self.session.version + 1), choices)
        self.prompt = Prompt(Say(worded(self, f"common.{question}"), params), choices)

    def draft_of(self, flow: Flow, subject: str) -> Draft:
        held = [d for d in (self.session.draft, *self.session.parked) if d is not None]
        draft = next((d for d in held if (d.flow, d.subject) == (flow.id, subject)), None)
        draft = draft or Draft(flow.id, subject)
        recorded = flow.prefill(subject, self.facts)
        return structs.replace(draft, answers={**draft.answers, **recorded}) if recorded else draft

    def worth_resuming(self, draft: Draft | None) -> bool:
        flow = self.flow(draft)
        return bool(draft and flow and flow.form and not flow.home and draft.answers)

    def open_draft(self) -> Draft:
        if self.session.draft is None:
            raise LookupError("no draft is open")  # callers checked that its question is open
        return self.session.draft

    def alive(self, draft: Draft) -> bool:
        flow = self.flow(draft)
        return flow is not None and flow.open_to(draft.subject, self.facts)

    def flow(self, draft: Draft | None) -> Flow | None:
        return self.flows.by_id.get(draft.flow) if draft is not None else None

    def asked_step(self) -> Step | None:
        asked = self.session.asked
        flow = self.flows.by_id.get(asked.flow) if asked is not None else None
        draft = self.session.draft
        if asked is None or flow is None or draft is None or draft.flow != asked.flow:
            return None
        return flow.step(asked.step)

    def photo_step(self, attachment_id: int) -> tuple[Step, Json] | None:
        """Return the step of the open form that takes a photo it did not ask for, and its answer.

        A case that was sent takes photos only for what it has to mend; a form, once its first
        question can no longer end it.
        """
        draft, flow, asked = self.session.draft, self.flow(self.session.draft), self.asked_step()
        if asked is not None and asked.ends:
            return None
        for step in flow.steps if flow is not None and draft is not None else ():
            given = draft.answers.get(step.id) if draft is not None else None
            kept = step.with_photo(given, attachment_id)
            missing = given is None and draft is not None and corrects(draft.subject)
            if kept is not None and draft is not None and not missing:
                return step, kept
        return None

    def context(self, draft: Draft) -> Context:
        flow = self.flows.by_id.get(draft.flow)
        worded = flow.worded if flow is not None else {}
        return Context(
            draft.flow, draft.subject, draft.answers, self.facts, draft.on_behalf, worded
        )

    def flush(self) -> None:
        """Add one reply of all collected sentences, with the open question at its end."""
        parts = list(self.says)
        choices: tuple[Choice, ...] = ()
        wish = None
        if self.prompt is not None:
            parts.append(self.prompt.say)
            choices, wish = self.prompt.choices, self.prompt.wish
        if not parts:
            return
        wishes = wish in _KEYS
        hidden = self.used_key and bool(choices)  # to clear it takes a message of its own
        message = Message(
            parts=tuple(parts),
            choices=choices_of(choices),
            question=self.session.asked if choices else None,
            wish=wish,
            clears=self.session.wished and not (wishes or hidden),
            picture=_picture(self),
        )
        fleeting = not self.lasting and not self.effects
        may_be_dropped = bool(self.after) or fleeting  # then the next message clears as well
        wished = wishes or (self.session.wished and (may_be_dropped or hidden))
        if wished != self.session.wished:
            self.session = structs.replace(self.session, wished=wished)
        self.effects.append(Reply(message, self.after, fleeting))


def _picture(turn: TurnBuilder) -> str | None:
    """Return the picture of the question, unless it was shown since the first page."""
    picture = turn.prompt.picture if turn.prompt is not None else None
    if turn.at_home():
        turn.session = structs.replace(turn.session, pictured="")
    if picture is None or picture == turn.session.pictured:
        return None
    turn.session = structs.replace(turn.session, pictured=picture)
    turn.lasting = True  # a reply that is dropped would take the picture with it
    return picture


def choices_of(choices: Iterable[Choice]) -> tuple[Button, ...]:
    return tuple(Button(choice.value, choice.label) for choice in choices)


def same(one: Draft, other: Draft) -> bool:
    """Whether two drafts are of one flow about one subject."""
    return (one.flow, one.subject) == (other.flow, other.subject)


#: The kinds of input for which channels have a keyboard button.
_KEYS = frozenset({"location", "contact"})


def worded(turn: TurnBuilder, key: str) -> str:
    """Return the key of a sentence in the open form's own wording, if it has one."""
    draft = turn.session.draft
    if draft is None:
        return key
    mends = [MENDING] if draft.answers.get(BY) == MENDING else []
    return turn.flows.catalogue.overridden(key, *mends, draft.flow)
