"""The only decision: what follows from a session, an event and the facts.

`advance` is pure. It reads what was heard against what was *shown*, so that a late tap or a "2"
never answers another question, and it always ends with the one open question in sight.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from msgspec import structs

from conversations.catalogue import Catalogue
from conversations.commands import Typed
from conversations.commands import read as read_command
from conversations.effects import (
    CallPerson,
    Effect,
    Join,
    OfferLink,
    OptIn,
    OptOut,
    RememberPhone,
    Reply,
    SendDocument,
    ShowDocument,
    ShowOfficer,
    UseLanguage,
)
from conversations.events import (
    Event,
    Happened,
    Located,
    Said,
    SharedContact,
    Started,
    Tapped,
    Unreadable,
    Uploaded,
    Withheld,
)
from conversations.facts import Facts, Locale, Role
from conversations.flow import (
    LEFT,
    Ask,
    Choose,
    Context,
    Flow,
    Prompt,
    Review,
    Stay,
    Step,
    Upload,
    Wrong,
    summary,
)
from conversations.messages import (
    Choice,
    Json,
    Message,
    Question,
    Say,
    Value,
    say_from_json,
)
from conversations.parsers import Refused, phone
from conversations.parsers.choice import pick
from conversations.phrases import Command, Intent, intent
from conversations.service import Services
from conversations.session import Draft, Interrupted, Offer, Session
from conversations.tongue import tongue
from conversations.words import standardised, tidy

REFUSALS_BEFORE_HELP = 3  # then leaving it to the officer, or a person, is offered
MAX_SAID = 1500  # characters; no question asks for a letter
MAX_PARKED = 4  # drafts put aside at once; the oldest gives way
DOUBT = timedelta(minutes=10)  # within which words may have been written before news arrived

#: Questions of the engine itself: they stand in `common` and belong to no flow.
RESUME, CANCEL = "resume", "cancel"
JOIN_PAYLOAD = "join-"


@dataclass(frozen=True, slots=True)
class Flows:
    """All flows, by id, the words they are told in, and the services that some are forms of."""

    by_id: Mapping[str, Flow]
    catalogue: Catalogue
    services: Services = field(default_factory=Services)

    def home(self, role: Role) -> Flow:
        """The first page of people with this role."""
        return next(flow for flow in self.by_id.values() if flow.home == role)


@dataclass(frozen=True, slots=True)
class Turn:
    """What follows: the session to keep, and the effects in their order."""

    session: Session
    effects: tuple[Effect, ...]


def advance(flows: Flows, session: Session | None, event: Event, facts: Facts) -> Turn:
    """Take one event into account.

    Pure: the same arguments give the same turn. Every turn has at least one reply, but for news
    that nobody needs to hear.
    """
    teller = _Teller(flows, session or Session(), facts)
    teller.take(event)
    teller.flush()
    return Turn(teller.session, tuple(teller.effects))


@dataclass(slots=True)
class _Teller:
    """One turn while it is being worked out."""

    flows: Flows
    session: Session
    facts: Facts
    effects: list[Effect] = field(default_factory=list)
    says: list[Say] = field(default_factory=list)
    prompt: Prompt | None = None  # goes out with the reply
    message: str = ""  # what names the words that are being read
    after: timedelta = timedelta(0)
    lasting: bool = False  # the reply tells of something that was changed or noted, or is the first

    # -- what was heard ------------------------------------------------------------------------

    def take(self, event: Event) -> None:
        settled = self._catch_up()
        if isinstance(event, Happened):
            self.lasting = True
            self._news(event)
            return
        if settled and not isinstance(event, Started | Tapped):
            self.says.append(Say("common.gone"))
        if isinstance(event, Said):
            self._hear_tongue(event.text)
        if not self.session.greeted:
            self._first_contact(event)
            return
        match event:
            case Started(payload):
                self._started(payload)
            case Withheld():
                self._digress(Say("common.withheld"))
            case Unreadable(kind):
                if kind == "contact":
                    self.session = structs.replace(self.session, calling=True)
                key = f"common.unreadable.{kind}"
                known = self.flows.catalogue.has(key)
                self._digress(Say(key if known else "common.unreadable"))
            case Tapped():
                self._tapped(event)
            case Said():
                self._said(event)
            case SharedContact():
                self._contact(event)
            case Located() | Uploaded() if self._belongs_before_news(event):
                pass
            case _:
                self._sent(event)

    def _catch_up(self) -> bool:
        """Bring drafts into line with the record; True if the open one is settled, and dropped.

        A visit may be called off while its officer is asked about it, and the day it was agreed
        for may have come since.
        """
        draft = self.session.draft
        flow = self._flow(draft)
        settled = draft is not None and not self._alive(draft)
        if settled:
            self.session = structs.replace(
                self.session, draft=None, asked=None, shown=(), clarifying=False, refusals=0
            )
        elif draft is not None and flow is not None:
            known = {**flow.prefill(draft.subject, self.facts), **draft.answers}
            if known != draft.answers:
                self.session = structs.replace(
                    self.session, draft=structs.replace(draft, answers=known)
                )
        alive = tuple(parked for parked in self.session.parked if self._alive(parked))
        if alive != self.session.parked:
            self.session = structs.replace(self.session, parked=alive)
        return settled

    def _hear_tongue(self, text: str) -> None:
        """Answer in the language of the first words that tell one, whatever the device says.

        Names and places tell nothing: they are not asked.
        """
        step = self._asked_step()
        free = step is None or isinstance(step, Choose)
        heard = tongue(text) if free and not self.session.tongue_known else None
        if heard is None:
            return
        command = read_command(text)
        if command is not None and command.command in _OF_NO_LANGUAGE:
            return
        self.session = structs.replace(self.session, tongue_known=True)
        if heard != self.facts.me.locale:
            self.effects.append(UseLanguage(heard))
            self._speak(heard)

    def _speak(self, locale: Locale) -> None:
        """Go on in this language."""
        self.facts = replace(self.facts, me=replace(self.facts.me, locale=locale))

    def _first_contact(self, event: Event) -> None:
        """Greet an owner; whatever is asked first, the other language is offered as well."""
        self._greet(event)
        offer = Offer("language", Say("common.language_button"), "language", "command")
        if self.prompt is None or self.facts.me.desk != "owner":
            return
        if not any(
            shown.act == "command" and shown.answer == "language" for shown in self.session.shown
        ):
            self.prompt = replace(self.prompt, offers=(*self.prompt.offers, offer))
            self.session = structs.replace(self.session, shown=(*self.session.shown, offer))

    def _greet(self, event: Event) -> None:
        self.session = structs.replace(self.session, greeted=True)
        self.lasting = True
        if isinstance(event, Started) and event.payload.startswith(JOIN_PAYLOAD):
            self._join(event.payload)
            return
        typed = read_command(event.text) if isinstance(event, Said) else None
        if typed is not None and typed.command in _ANSWERED_BEFORE_GREETING:
            self._command(typed)
            return
        if self.facts.me.desk == "owner":
            self.says.append(Say("welcome.hello"))
        if isinstance(event, Withheld | SharedContact) or (
            isinstance(event, Said) and _means(event.text)
        ):
            self.take(event)
        elif not (isinstance(event, Said) and self._open_named(event.text)):
            self._home()

    def _started(self, payload: str) -> None:
        if payload.startswith(JOIN_PAYLOAD):
            self._join(payload)
        elif self._worth_resuming(self.session.draft):
            self._ask_to_resume()
        else:
            self._home()

    def _join(self, payload: str) -> None:
        self.effects.append(Join(payload.removeprefix(JOIN_PAYLOAD)))
        self._park()

    def _said(self, event: Said) -> None:
        if event.edited and (not event.message or event.message != self.session.refused):
            self._digress(Say("common.edited"))
            return
        self.message = event.message
        if len(event.text) > MAX_SAID:
            self._not_understood()
            self._digress(Say("common.too_long"))
            return
        if self._tells_number(event.text):
            return
        if self._belongs_before_news(event):
            return
        typed = read_command(event.text)
        if typed is not None and not self._is_answer(typed, event.text):
            self._command(typed)
            return
        if self._pick_from_shown(event.text):
            return
        meant = intent(event.text)
        if meant is not None and not self._answers(event) and self._aside(meant):
            return
        asked = self.session.asked
        if asked is None:
            self._idle(meant, event.text)
        elif asked.flow == "common":
            self._not_understood()
            self._digress(Say("refusals.pick_one"))
        elif meant in _COURTEOUS and self._may_be_a_name(event):
            self._sent(event)
        elif meant is Intent.GREETING and self._worth_resuming(self.session.draft):
            self._ask_to_resume()
        elif meant is Intent.THANKS:
            self._digress(Say("common.intent.thanks"))
        elif self._at_home():
            self._idle(meant, event.text)
        else:
            self._sent(event)

    def _not_understood(self) -> None:
        """Remember the words that are being read as no answer: they may still be corrected."""
        self.session = structs.replace(self.session, refused=self.message)

    def _at_home(self) -> bool:
        flow = self._flow(self.session.draft)
        return flow is not None and flow.home is not None

    def _is_answer(self, typed: Typed, text: str) -> bool:
        """Whether a command's word is, here, an answer: "0" for a sum, a label that was shown."""
        step = self._asked_step()
        if typed.command is Command.BACK and tidy(text) == "0" and step is not None:
            return step.numeric
        return pick(text, self._labels()) is not None

    def _may_be_a_name(self, said: Said) -> bool:
        """Whether a name is asked for, and the words may be one: "Terima Kasih Zega"."""
        step, draft = self._asked_step(), self.session.draft
        if not isinstance(step, Ask) or draft is None:
            return False
        try:
            step.read(said, self._context(draft))
        except Refused as refusal:
            return refusal.reason in _DOUBTED_NAMES
        return False

    def _answers(self, said: Said, *, outright: bool = False) -> bool:
        """Whether words that touch on something else are an answer all the same: "jual sembako".

        Not if they ask or accuse; `outright` if the answer must not need to be asked back.
        """
        step, draft = self._asked_step(), self.session.draft
        if step is None or draft is None or _NO_ANSWER.search(standardised(said.text)):
            return False
        try:
            step.read(said, self._context(draft))
        except Stay:
            return True
        except Refused as refusal:
            return bool(refusal.readings) and not outright
        return True

    def _aside(self, meant: Intent) -> bool:
        """Take words that are no answer for what they mean otherwise; False if that is nothing."""
        if meant is Intent.COMPLAINT:
            self._call("complaint", Say("common.intent.complaint", self._how_to_call()))
            return True
        if meant is Intent.RESCHEDULE and self.facts.mine.visits:
            self._command(Typed(Command.STATUS))
        elif meant in _DIGRESSIONS:
            self._digress(Say(f"common.intent.{meant.lower()}"))
        elif meant in _ORDERS:
            self._command(Typed(_ORDERS[meant]))
        else:
            return False
        return True

    def _labels(self) -> list[str]:
        return [self.flows.catalogue.say(o.label, self.facts.me.locale) for o in self.session.shown]

    def _pick_from_shown(self, text: str) -> bool:
        """Read words against what was shown; True when they picked something."""
        offer = self._offer_named(text)
        if offer is not None:
            self._picked(offer)
        return offer is not None

    def _offer_named(self, text: str) -> Offer | None:
        """What the words pick of what was shown."""
        shown = self.session.shown
        step = self._asked_step()
        if not shown:
            return None
        numeric = _bare_number(text) and step is not None and step.numeric
        if numeric and not self.session.clarifying and self._answers(Said(text), outright=True):
            return None
        index = pick(text, self._labels())
        if index is not None:
            return shown[index]
        meant = {Intent.YES: "yes", Intent.NO: "no"}.get(intent(text) or Intent.THANKS)
        return next((o for o in shown if meant and o.means == meant), None)

    # -- what news came before -----------------------------------------------------------------

    def _belongs_before_news(self, event: Said | Located | Uploaded) -> bool:
        """Take what answers the question that news interrupted, if it fits that one better.

        They may not have seen the news when they wrote. What fits both is asked back.
        """
        held = self.session.interrupted
        if held is None:
            return False
        if any(offer.act == "before" for offer in self.session.shown):
            return self._says_which(held, event)
        self.session = structs.replace(self.session, interrupted=None)
        if isinstance(event, Said) and not self._may_answer(event.text):
            return False
        before = self._before(held)
        if before is None:
            return self._comes_late(held, event)
        then, now = _Teller(self.flows, before, self.facts).fit(event), self.fit(event)
        if then > now:
            self._go_back(before, event)
            return True
        if then == now > 0 and isinstance(event, Said) and self._in_doubt(held):
            self._ask_whose(held, before, event.text)
            return True
        return False

    def _says_which(self, held: Interrupted, event: Said | Located | Uploaded) -> bool:
        """Take words that settle by themselves which question they are for."""
        before = self._before(held)
        if before is None or self.fit(event):
            return False
        if isinstance(event, Said) and not self._may_answer(event.text):
            return False
        if not _Teller(self.flows, before, self.facts).fit(event):
            return False
        self._go_back(before, event)
        return True

    def _may_answer(self, text: str) -> bool:
        """Whether words are no command; "0" may be a sum."""
        return read_command(text) is None or _bare_number(text)

    def fit(self, event: Said | Located | Uploaded) -> int:
        """How well an event fits the question in sight: 0 not at all, 2 without a doubt."""
        if isinstance(event, Said):
            if self._offer_named(event.text) is not None:
                return 2
            return (2 if _bare_number(event.text) else 1) if self._answers(event) else 0
        step, draft = self._asked_step(), self.session.draft
        if step is None or draft is None:
            return 0
        try:
            step.read(event, self._context(draft))
        except Stay:
            return 1
        except Refused as refusal:
            return int(bool(refusal.readings))
        return 1

    def _before(self, held: Interrupted) -> Session | None:
        """The session as if the news had not come; None if that question is settled by now."""
        flow = self.flows.by_id.get(held.flow)
        if flow is None or not flow.open_to(held.subject, self.facts):
            return None
        draft = self._draft_of(flow, held.subject)
        step_id = held.asked.step
        if held.asked.flow != "common":
            applying = [step.id for step in flow.applying(self._context(draft))]
            if step_id not in applying or step_id in flow.prefill(held.subject, self.facts):
                return None
            step = flow.step(step_id)
            if step is not None and step_id in draft.answers:
                changed = step.complete(draft.answers[step_id])
                draft = structs.replace(draft, editing=step_id if changed else draft.editing)
        return structs.replace(
            self.session,
            draft=draft,
            parked=tuple(d for d in self.session.parked if not _same(d, draft)),
            asked=held.asked,
            shown=held.shown,
            clarifying=held.clarifying,
            since=held.since,
            refusals=0,
        )

    def _go_back(self, before: Session, event: Event) -> None:
        """Take an event for an answer to the question before the news; the news can wait."""
        news = self.session.draft
        self.session = structs.replace(before, interrupted=None)
        match event:
            case Said():
                self._said(event)
            case Tapped():
                self._tapped(event)
            case _:
                self._sent(event)
        if news is not None and (before.draft is None or not _same(news, before.draft)):
            self.says.append(Say("common.news_waits"))

    def _comes_late(self, held: Interrupted, event: Event) -> bool:
        """Do not take for an answer what picks from a list that the news has settled."""
        if not isinstance(event, Said) or self.facts.now - held.at > DOUBT:
            return False
        labels = [self.flows.catalogue.say(o.label, self.facts.me.locale) for o in held.shown]
        if pick(event.text, labels) is None or self.fit(event) == 0:
            return False
        self._digress(Say("common.moved_on"))
        return True

    def _in_doubt(self, held: Interrupted) -> bool:
        """Whether words may still be for the question before: in a form always, else for a while.

        A menu or a page of one's own may have stood there for days.
        """
        flow = self.flows.by_id.get(held.flow)
        step = flow.step(held.asked.step) if flow is not None else None
        resting = (flow is not None and flow.home is not None) or (step is not None and step.rests)
        return not resting or self.facts.now - held.at <= DOUBT

    def _ask_whose(self, held: Interrupted, before: Session, text: str) -> None:
        """Ask which of the two questions words are for."""
        asked = self.session.asked
        if asked is None:
            return
        here = self._offer_named(text) or Offer("now", Say("common.whose.now"), text, "now")
        then = _Teller(self.flows, before, self.facts)._offer_named(text)
        label = Say("common.whose.before") if then is None else then.label
        if label == here.label:
            here, label = replace(here, label=Say("common.whose.now")), Say("common.whose.before")
        offers = (Offer("before", label, text, "before"), here)
        self._show(asked.step, Prompt(Say("common.whose"), offers), clarifying=True)
        self.session = structs.replace(self.session, interrupted=held)

    def _tapped_before_news(self, tap: Tapped) -> bool:
        """Take a tap on the question that news interrupted: a button names its question."""
        held = self.session.interrupted
        before = self._before(held) if held is not None else None
        if held is None or before is None or not _is_on(tap, held.asked, held.since):
            return False
        if not any(offer.value == tap.value for offer in held.shown):
            return False
        self._go_back(before, tap)
        return True

    # -- taps ----------------------------------------------------------------------------------

    def _tapped(self, tap: Tapped) -> None:
        asked = self.session.asked
        if asked is not None and _is_on(tap, asked, self.session.since):
            offer = next((o for o in self.session.shown if o.value == tap.value), None)
            if offer is not None:
                self._picked(offer)
                return
        if self._tapped_before_news(tap):
            return
        flow = self.flows.by_id.get(tap.flow)
        offered = tap.flow in self.facts.mine.services
        begins = flow is not None and offered and not self._draft_of(flow, tap.subject).answers
        if flow is not None and (flow.home in self.facts.me.roles or tap.subject or begins):
            self._tapped_elsewhere(flow, tap)
        else:
            self._stale()

    def _tapped_elsewhere(self, flow: Flow, tap: Tapped) -> None:
        """Take a tap on a menu, on a form's first question before it has an answer, or on another
        matter's open question; anything else is stale.
        """
        if not flow.open_to(tap.subject, self.facts):
            self._stale()
            return
        draft = self._draft_of(flow, tap.subject)
        context = self._context(draft)
        step = flow.open_step(context)
        if step is None or step.id != tap.step:
            self._stale()
            return
        offers = step.prompt(context).offers
        offer = next((o for o in offers if o.value == tap.value), None)
        current = self.session.draft
        if offer is None or (current is not None and _same(current, draft) and flow.form):
            self._stale()
            return
        self._switch_to(draft)
        self._put(self._question(draft, step.id), offers)
        self._picked(offer)

    def _stale(self) -> None:
        self._digress(Say("common.stale"))

    def _sent(self, event: Event) -> None:
        """Give an event to the open step."""
        step = self._asked_step()
        draft = self.session.draft
        if step is None or draft is None:
            if self.session.asked is None or self.session.asked.flow != "common":
                self._idle(None, "")
            else:
                self._digress(Say("refusals.pick_one"))
            return
        if isinstance(event, Uploaded) and not isinstance(step, Upload):
            self._late_photo(event)
            return
        try:
            answer = step.read(event, self._context(draft))
        except Stay as stay:
            self._stay(step, stay)
        except Refused as refusal:
            named = isinstance(event, Said) and self._at_a_page() and self._open_named(event.text)
            if not named:
                self._refuse(step, refusal)
        else:
            self._answer(step, answer)

    def _at_a_page(self) -> bool:
        """Whether the open step shows something about everything, and waits for no answer."""
        step, draft = self._asked_step(), self.session.draft
        return step is not None and draft is not None and step.rests and not draft.subject

    def _contact(self, event: SharedContact) -> None:
        """Keep the person's own number; somebody else's is not ours to keep."""
        if event.own:
            self._keep_number(event.phone)
        else:
            self._digress(Say("common.contact_of_another"))

    def _keep_number(self, number: str) -> None:
        self.effects += (RememberPhone(number), CallPerson("phone"))
        self.session = structs.replace(self.session, calling=False)
        self._digress(Say("common.contact_received", {"phone": number}))

    def _tells_number(self, text: str) -> bool:
        """Keep the number that they are to be called on, if the message is one."""
        listens = self.session.calling or self.session.asked is None or self._at_home()
        step = self._asked_step()
        if self.facts.me.desk != "owner" or not listens or not phone.is_one(text):
            return False
        if step is not None and step.numeric and not re.search(r"\+|\b0", text):
            return False  # a sum of nine digits
        number = phone.read(text)
        if number:
            self._keep_number(number)
        elif self.session.calling and (step is None or not step.numeric):
            self._digress(Say("refusals.not_a_phone"))
        else:
            return False
        return True

    def _call(self, about: str, say: Say) -> None:
        """Have somebody call this person, and say so."""
        self.effects.append(CallPerson(about))
        self.session = structs.replace(self.session, calling=True)
        self._digress(say)

    def _how_to_call(self) -> dict[str, Value]:
        """Where they will be called, or how they can tell: nothing that this chat can't do."""
        known = self.facts.me.phone
        if known is None:
            return {
                "call": Say(
                    "common.call.contact" if self.facts.me.shares_contact else "common.call.type"
                )
            }
        given = "common.call.chat" if self.facts.me.phone_of_chat else "common.call.given"
        return {"call": Say(given, {"phone": known})}

    def _late_photo(self, event: Uploaded) -> None:
        """A photo of an album that comes after its question was left joins the others."""
        draft = self.session.draft
        flow = self._flow(draft)
        if draft is not None and flow is not None:
            for step in flow.steps:
                if isinstance(step, Upload) and step.id in draft.answers:
                    answer = step.add(draft.answers[step.id], event.attachment_id)
                    if answer is not None:
                        kept = {**draft.answers, step.id: answer}
                        self.session = structs.replace(
                            self.session, draft=structs.replace(draft, answers=kept)
                        )
                        self.lasting = True
                        self._digress(Say("common.photo_added", {"n": len(answer["ids"])}))
                        return
        self._digress(Say("common.photo_not_now"))

    # -- what is picked and answered -----------------------------------------------------------

    def _picked(self, offer: Offer) -> None:
        draft, step = self.session.draft, self._asked_step()
        held = self.session.interrupted
        if held is not None:
            self.session = structs.replace(self.session, interrupted=None)
        match offer.act:
            case "before":
                before = self._before(held) if held is not None else None
                if before is None:
                    self._stale()
                else:
                    self._go_back(before, Said(str(offer.answer)))
            case "now":
                self._sent(Said(str(offer.answer)))
            case "open":
                flow_id, subject = offer.answer
                self._open(flow_id, subject)
            case "command":
                self._command(Typed(Command(offer.answer), ""))
            case "edit":
                self._edit(offer.answer)
            case "which":
                self._ask_which()
            case "again":
                self._ask_again()
            case "answer":
                if self.session.asked and self.session.asked.flow == "common":
                    self._settle_own_question(str(offer.answer))
                elif step is not None and draft is not None:
                    try:
                        if isinstance(step, Choose):
                            step.picked(offer.answer, self._context(draft))
                    except Stay as stay:
                        self._stay(step, stay)
                    else:
                        self._answer(step, offer.answer)
                else:
                    self._stale()

    def _answer(self, step: Step, answer: Json) -> None:
        draft = self._open_draft()
        draft = draft.answered(step.id, answer)
        self.session = structs.replace(
            self.session, draft=draft, refusals=0, clarifying=False, refused=""
        )
        context = self._context(draft)
        self.effects += step.then(context, answer)
        echo = context.key(step.id, "said")
        if self.flows.catalogue.has(echo) and step.complete(answer):
            self.lasting = True
            self.says.append(Say(echo, {"answer": step.show(answer, context)}))
        if answer in step.ends:
            self.lasting = True
            self.says.append(Say(context.key(step.id, str(answer), "end")))
            self._close()
        else:
            self._next()

    def _next(self) -> None:
        """Ask the next open question, or finish the flow."""
        draft = self.session.draft
        flow = self._flow(draft)
        if draft is None or flow is None:
            self._home()
            return
        context = self._context(draft)
        step = flow.step(draft.editing) if draft.editing else None
        step = step or flow.open_step(context)
        if step is not None:
            self._ask(flow, draft, step)
            return
        ending = flow.finish(context)
        self.lasting = True
        self.effects += ending.effects
        self.says += ending.says
        self._close()

    def _close(self) -> None:
        """Leave the open draft; take up what it interrupted."""
        self._forget_settled()
        self.session = structs.replace(
            self.session,
            draft=None,
            asked=None,
            shown=(),
            clarifying=False,
            refusals=0,
            refused="",
            interrupted=None,
        )
        alive = tuple(d for d in self.session.parked if self._alive(d))
        forms = (d for d in reversed(alive) if self.flows.by_id[d.flow].form)
        form = next(forms, None) if self.facts.me.desk == "owner" else None
        parked = tuple(d for d in alive if d is not form)
        self.session = structs.replace(self.session, parked=parked, draft=form)
        if form is not None:
            self.says.append(Say("common.back_to_it"))
            self._next()
        elif self.facts.me.desk != "owner":
            self._home()

    def _forget_settled(self) -> None:
        """Leave out of the page that follows what this turn's effects are about to change."""
        visits = {getattr(effect, "visit_id", None) for effect in self.effects}
        cases = {getattr(effect, "case_id", None) for effect in self.effects}
        called = {getattr(effect, "called_id", None) for effect in self.effects}
        mine, rounds, desk = self.facts.mine, self.facts.rounds, self.facts.desk
        self.facts = replace(
            self.facts,
            mine=replace(mine, visits=tuple(v for v in mine.visits if v.id not in visits)),
            rounds=replace(rounds, visits=tuple(v for v in rounds.visits if v.id not in visits)),
            desk=replace(
                desk,
                cases=tuple(c for c in desk.cases if c.id not in cases),
                visits=tuple(v for v in desk.visits if v.id not in visits),
                calls=tuple(c for c in desk.calls if c.id not in called),
            ),
        )

    def _stay(self, step: Step, stay: Stay) -> None:
        draft = self._open_draft()
        self.effects += stay.effects
        if stay.answer is None:
            if stay.say is not None:
                self.says.append(stay.say)
            return  # what the effects say stands under the open question
        self.lasting = True
        kept = {**draft.answers, step.id: stay.answer}
        self.session = structs.replace(
            self.session, draft=structs.replace(draft, answers=kept), refusals=0
        )
        offers = step.done(stay.answer) if isinstance(step, Upload) else ()
        self._show(step.id, Prompt(stay.say or step.prompt(self._context(draft)).say, offers))
        self.after = stay.after

    def _refuse(self, step: Step, refusal: Refused) -> None:
        draft = self._open_draft()
        say = Say(f"refusals.{refusal.reason}", refusal.params)
        if isinstance(refusal, Wrong):
            self.effects += refusal.effects
            if refusal.last:
                self.says.append(say)
                self._close()
                return
        self._not_understood()
        if refusal.readings:
            first, *others = refusal.readings
            sure = refusal.reason in _CONFIRMED
            offers = [
                Offer(first.value, first.label, first.answer, means="yes" if sure else ""),
                *(
                    Offer(r.value, r.label, r.answer, means="no" if r.value == "other" else "")
                    for r in others
                ),
            ]
            if refusal.reason in _DENIED or (not sure and others):
                no = Say("common.not_this") if sure else Say("common.none_of_these")
                offers.append(Offer("none", no, None, "again", means="no"))
            self._show(step.id, Prompt(say, tuple(offers)), clarifying=True)
            return
        refusals = self.session.refusals + 1
        self.session = structs.replace(self.session, refusals=refusals)
        self.says.append(say)
        self._ask(self.flows.by_id[draft.flow], draft, step, refusals=refusals)

    # -- questions -----------------------------------------------------------------------------

    def _ask(self, flow: Flow, draft: Draft, step: Step, *, refusals: int = 0) -> None:
        context = self._context(draft)
        prompt = step.prompt(context)
        offers = list(prompt.offers)
        if refusals >= REFUSALS_BEFORE_HELP:
            if isinstance(step, Ask) and step.can_leave:
                offers.append(Offer("leave", Say("common.leave_it"), LEFT))
            offers.append(Offer("human", Say("common.talk_to_us"), Command.HUMAN, "command"))
        say = prompt.say
        if isinstance(step, Review):
            say = Say(say.key, {**say.params, "summary": summary(flow, context)})
        counted = [s.id for s in flow.applying(context) if s.counted]
        if flow.numbered and not draft.subject and step.id in counted:
            number = counted.index(step.id) + 1
            say = Say("common.numbered", {"n": number, "total": len(counted), "question": say})
        self._show(step.id, Prompt(say, tuple(offers), prompt.wish), refusals=refusals)

    def _show(
        self,
        step_id: str,
        prompt: Prompt,
        *,
        clarifying: bool = False,
        refusals: int | None = None,
    ) -> None:
        question = self._question(self._open_draft(), step_id)
        self._put(question, prompt.offers, clarifying=clarifying, refusals=refusals)
        self.prompt = prompt

    def _question(self, draft: Draft, step_id: str) -> Question:
        return Question(draft.flow, draft.subject, step_id, self.session.version + 1)

    def _put(
        self,
        question: Question,
        offers: Iterable[Offer],
        *,
        clarifying: bool | None = None,
        refusals: int | None = None,
    ) -> None:
        """Put a question; what is None stays as it is."""
        old, again = self.session, self._asks_again(question)
        self.session = structs.replace(
            old,
            asked=question,
            shown=tuple(offers),
            version=question.version,
            since=old.since if again else question.version,
            refused=old.refused if again else "",
            interrupted=old.interrupted if again else None,
            clarifying=old.clarifying if clarifying is None else clarifying,
            refusals=old.refusals if refusals is None else refusals,
        )

    def _asks_again(self, question: Question) -> bool:
        """Whether it is the open question, put once more."""
        asked = self.session.asked
        return asked is not None and (asked.flow, asked.subject, asked.step) == (
            question.flow,
            question.subject,
            question.step,
        )

    def _ask_own(self, question: str, offers: tuple[Offer, ...], **params: Say) -> None:
        """Ask a question of the engine's own."""
        self._put(Question("common", "", question, self.session.version + 1), offers)
        self.prompt = Prompt(Say(f"common.{question}", params), offers)

    def _ask_to_resume(self) -> None:
        self._ask_own(
            RESUME,
            (
                Offer("continue", Say("common.resume.continue"), "continue", means="yes"),
                Offer("restart", Say("common.resume.restart"), "restart", means="no"),
            ),
        )

    def _settle_own_question(self, answer: str) -> None:
        draft = self.session.draft
        if answer in {"restart", "drop"} and draft is not None:
            self.session = structs.replace(self.session, draft=Draft(draft.flow, draft.subject))
        if answer == "drop":
            self.lasting = True
            self.says.append(Say("common.cancelled"))
            self._close()
            if self.session.asked is None:
                self._home()
        else:
            self._next()

    def _ask_which(self) -> None:
        draft = self.session.draft
        flow = self._flow(draft)
        if draft is None or flow is None:
            self._stale()
            return
        context = self._context(draft)
        offers = tuple(
            Offer(step.id, Say(context.key(step.id, "label")), step.id, "edit")
            for step in flow.applying(context)
            if step.counted and step.id in draft.answers
        )
        step_id = self.session.asked.step if self.session.asked else flow.steps[-1].id
        self._show(step_id, Prompt(Say("common.which"), offers), clarifying=True)

    def _edit(self, step_id: str) -> None:
        draft = self.session.draft
        if draft is None:
            self._stale()
            return
        self.session = structs.replace(self.session, draft=structs.replace(draft, editing=step_id))
        self._next()

    def _ask_again(self) -> None:
        draft, step = self.session.draft, self._asked_step()
        if draft is None or step is None:
            self._stale()
            return
        self.says.append(Say("common.again"))
        refusals = self.session.refusals + 1
        self._ask(self.flows.by_id[draft.flow], draft, step, refusals=refusals)

    def _digress(self, *says: Say) -> None:
        """Say something, and show the open question again as it was."""
        self.says += says
        asked, draft = self.session.asked, self.session.draft
        if asked is None:
            self._home()
        elif asked.flow == "common":
            self.prompt = Prompt(Say(f"common.{asked.step}"), self.session.shown)
        elif draft is not None and not self.session.clarifying:
            step = self._asked_step()
            flow = self.flows.by_id[draft.flow]
            if step is None:
                self._next()
            elif not (isinstance(step, Upload) and step.id in draft.answers):
                self._ask(flow, draft, step, refusals=self.session.refusals)
            else:
                offers = step.done(draft.answers[step.id])
                self._show(step.id, Prompt(Say("common.more_photos"), offers))
        else:
            self.prompt = Prompt(Say("common.pick_shown"), self.session.shown)

    # -- commands ------------------------------------------------------------------------------

    def _command(self, typed: Typed) -> None:
        match typed.command:
            case Command.MENU:
                self._leave(to_menu=True)
            case Command.BACK:
                self._back()
            case Command.RESTART if self._worth_resuming(self.session.draft):
                self._ask_to_resume()
            case Command.CANCEL | Command.RESTART:
                self._cancel()
            case Command.HELP:
                self._digress(Say(f"common.help.{self.facts.me.desk}"))
            case Command.STATUS:
                self._status()
            case Command.HUMAN:
                about = self.session.asked.flow if self.session.asked else ""
                self._call(about, Say("common.person_called", self._how_to_call()))
            case Command.STOP:
                self.effects.append(OptOut())
                self.says.append(Say("common.opted_out"))
            case Command.START:
                if self.facts.me.opted_out:
                    self.effects.append(OptIn())
                    self.says.append(Say("common.opted_in"))
                self._started("")
            case Command.LANGUAGE:
                self._language(typed.argument)
            case Command.MY_DATA | Command.ERASE_DATA:
                self._call(typed.command, Say(f"common.{typed.command}", self._how_to_call()))
            case Command.SEND_DOCUMENT:
                self._send_document()
            case Command.CHECK_OFFICER:
                self._look_up(typed, ShowOfficer, "common.badge_please", "common.badge_unread")
            case Command.LINK:
                self._link(typed.argument)
            case Command.CHECK_DOCUMENT:
                self._look_up(typed, ShowDocument, "common.number_please", "common.number_unread")

    def _link(self, code: str) -> None:
        if self.facts.me.desk != "owner":
            self._digress(Say("common.link_not_staff"))
        elif code:
            self._open("link", code)
        else:
            self.effects.append(OfferLink())
            self._digress()

    def _look_up(
        self, typed: Typed, effect: Callable[[str], Effect], please: str, unread: str
    ) -> None:
        if typed.argument:
            self.effects.append(effect(typed.argument))
        elif typed.unread:
            self._digress(Say(unread, {"typed": typed.unread}))
        else:
            self._digress(Say(please))

    def _send_document(self) -> None:
        having_one = next((case for case in self.facts.mine.cases if case.documents), None)
        if having_one is None:
            self._digress(Say("common.no_permit"))
        else:
            self.effects.append(SendDocument(having_one.id))

    def _language(self, wanted: str) -> None:
        locale = wanted or ("en" if self.facts.me.locale == "id" else "id")
        self.effects.append(UseLanguage(locale))
        self._speak("en" if locale == "en" else "id")
        self.session = structs.replace(self.session, tongue_known=True)
        self._digress(Say("common.language_set"))

    def _back(self) -> None:
        draft, asked = self.session.draft, self.session.asked
        flow = self._flow(draft)
        if draft is None or flow is None or asked is None:
            self._home()
            return
        if asked.flow == "common":  # "cancel?", "continue?": back to the question before
            self._next()
            return
        fixed = flow.prefill(draft.subject, self.facts)
        steps = [s.id for s in flow.applying(self._context(draft))]
        before = steps[: steps.index(asked.step)] if asked.step in steps else []
        if self.session.clarifying:
            before.append(asked.step)
        earlier = next((s for s in reversed(before) if s in draft.answers and s not in fixed), None)
        if earlier is None and not self.session.clarifying:
            self._leave()
            return
        self.session = structs.replace(
            self.session, draft=structs.replace(draft, editing=earlier), refusals=0
        )
        self._next()

    def _leave(self, *, to_menu: bool = False) -> None:
        """Go to the first page, or back to the form that was interrupted; a draft is kept."""
        draft, flow = self.session.draft, self._flow(self.session.draft)
        interrupting = flow is not None and not flow.form and not flow.home
        if interrupting and not to_menu and any(self._alive(d) for d in self.session.parked):
            self._close()
            return
        if self._worth_resuming(draft):
            self.lasting = True
            self.says.append(Say("common.kept"))
        self._park()
        self._home()

    def _cancel(self) -> None:
        draft = self.session.draft
        flow = self._flow(draft)
        if draft is None or flow is None or flow.home:
            self.says.append(Say("common.nothing_to_cancel"))
            self._home()
        elif flow.form and draft.answers:
            self._ask_own(
                CANCEL,
                (
                    Offer("drop", Say("common.cancel.drop"), "drop", means="yes"),
                    Offer("keep", Say("common.cancel.keep"), "keep", means="no"),
                ),
            )
        else:
            self._leave()

    # -- flows ---------------------------------------------------------------------------------

    def _home(self) -> None:
        """Show the first page of this person's role; forms without an answer are let go."""
        self.session = structs.replace(
            self.session, parked=tuple(d for d in self.session.parked if d.answers)
        )
        if self.session.draft is not None and not self.session.draft.answers:
            self.session = structs.replace(self.session, draft=None, asked=None, shown=())
        flow = self.flows.home(self.facts.me.desk)
        self._switch_to(Draft(flow.id))
        self._next()

    def _status(self) -> None:
        flow = next((f for f in self.flows.by_id.values() if f.status == "owner"), None)
        theirs = self.facts.me.desk == "owner" or bool(self.facts.mine.cases)
        if flow is None or not theirs:
            self._leave(to_menu=True)
            return
        context = Context(flow.id, "", {}, self.facts)
        page = flow.steps[0].prompt(context)
        nothing_to_do = all(offer.act == "command" for offer in page.offers)
        current = self._flow(self.session.draft)
        if nothing_to_do and current is not None and current.form:
            self._digress(page.say)
            return
        self._park()
        self._open(flow.id, "")

    def _open(self, flow_id: str, subject: str) -> None:
        """Begin a flow, or take up its draft."""
        flow = self.flows.by_id.get(flow_id)
        if flow is None or not flow.open_to(subject, self.facts):
            self.says.append(Say("common.gone"))
            self._home()
            return
        draft = self._draft_of(flow, subject)
        self._switch_to(draft)
        if self._worth_resuming(draft) and not flow.prefill(subject, self.facts):
            self._ask_to_resume()
        else:
            self._next()

    def _draft_of(self, flow: Flow, subject: str) -> Draft:
        held = [d for d in (self.session.draft, *self.session.parked) if d is not None]
        draft = next((d for d in held if (d.flow, d.subject) == (flow.id, subject)), None)
        draft = draft or Draft(flow.id, subject)
        recorded = flow.prefill(subject, self.facts)
        return structs.replace(draft, answers={**draft.answers, **recorded}) if recorded else draft

    def _switch_to(self, draft: Draft) -> None:
        """Make a draft the open one; another form that was open is put aside."""
        current = self.session.draft
        if current is not None and not _same(current, draft):
            self._park()
        self.session = structs.replace(
            self.session,
            draft=draft,
            parked=tuple(d for d in self.session.parked if not _same(d, draft)),
            clarifying=False,
            refusals=0,
        )

    def _park(self) -> None:
        draft = self.session.draft
        flow = self._flow(draft)
        others = tuple(d for d in self.session.parked if draft is None or not _same(d, draft))
        if draft is None or flow is None or not _worth_keeping(flow, draft, len(others)):
            self.session = structs.replace(self.session, draft=None, asked=None, shown=())
            return
        self.session = structs.replace(
            self.session,
            draft=None,
            asked=None,
            shown=(),
            parked=(*others, structs.replace(draft, editing=None))[-MAX_PARKED:],
        )

    def _worth_resuming(self, draft: Draft | None) -> bool:
        flow = self._flow(draft)
        return bool(draft and flow and flow.form and not flow.home and draft.answers)

    def _idle(self, meant: Intent | None, text: str) -> None:
        if meant is Intent.THANKS:
            self.says.append(Say("common.intent.thanks"))
        elif self._open_named(text):
            return
        elif meant is not Intent.GREETING:
            self.says.append(Say("common.choose_from_menu"))
            self._home()
            self._not_understood()
            return
        self._home()

    def _open_named(self, text: str) -> bool:
        """Open the one service that the words name: "mau bikin ijin usaha"."""
        words = set(standardised(text).split())
        offered = [self.flows.services[service] for service in self.facts.mine.services]
        named = [service for service in offered if words & set(service.called)]
        if self.facts.me.desk != "owner" or len(named) != 1:
            return False
        self._open(named[0].id, "")
        return True

    # -- news ----------------------------------------------------------------------------------

    def _news(self, news: Happened) -> None:
        before = self.session
        self._hear_news(news)
        self._remember_interrupted(before)

    def _remember_interrupted(self, before: Session) -> None:
        """Keep the question that news put another one in the place of, unless one is kept."""
        asked, draft = before.asked, before.draft
        if before.interrupted is not None or asked is None or draft is None:
            if self.session.asked is not None:
                self.session = structs.replace(self.session, interrupted=before.interrupted)
            return
        if self.session.asked is None or self._asks_again(asked):
            return
        held = Interrupted(
            draft.flow,
            draft.subject,
            asked,
            before.shown,
            before.clarifying,
            before.since,
            self.facts.now,
        )
        self.session = structs.replace(self.session, interrupted=held)

    def _hear_news(self, news: Happened) -> None:
        self.says += [
            part
            for part in map(say_from_json, news.params.get("parts", ()))
            if isinstance(part, Say)
        ]
        if news.what == "attachment_refused":
            self._drop_photo(int(news.subject))
            return
        flow = self.flows.by_id.get(str(news.params.get("opens", "")))
        if flow is None:
            self._after_news(refresh=news.what == "identity_given")
        elif not flow.open_to(news.subject, self.facts):
            self.says.clear()  # it is settled already: nobody needs to hear of it
        elif self._may_interrupt(flow):
            self._open_news(flow, news.subject)
        else:
            self._mention(flow, news.subject)

    def _open_news(self, flow: Flow, subject: str) -> None:
        self.session = structs.replace(self.session, greeted=True)
        draft = self._draft_of(flow, subject)
        self._switch_to(draft)
        self._next()

    def _after_news(self, *, refresh: bool) -> None:
        asked, draft = self.session.asked, self.session.draft
        flow = self._flow(draft)
        if draft is None or flow is None or asked is None or asked.flow == "common":
            return
        if refresh and draft.subject:
            self.session = structs.replace(self.session, draft=self._draft_of(flow, draft.subject))
            self._next()
        elif not flow.home and not self._at_a_page():
            self._digress()

    def _may_interrupt(self, flow: Flow) -> bool:
        draft, step = self.session.draft, self._asked_step()
        current = self._flow(draft)
        idle = draft is None or current is None or current.home is not None
        return idle or flow.interrupts or (step is not None and step.rests)

    def _mention(self, flow: Flow, subject: str) -> None:
        """Tell of a matter without leaving the open question: its buttons work, words do not."""
        draft = self._draft_of(flow, subject)
        context = self._context(draft)
        step = flow.open_step(context)
        if step is None:
            return
        prompt = step.prompt(context)
        self.effects.append(
            Reply(
                Message(
                    parts=(*self.says, prompt.say),
                    choices=_choices(prompt.offers),
                    question=Question(flow.id, subject, step.id, 0),
                )
            )
        )
        self.says.clear()

    def _drop_photo(self, attachment_id: int) -> None:
        """A photo turned out to be unusable: forget it, and ask for another one.

        When it came nobody may have wanted it, and they were told so: that is said once.
        """
        if not self._holds_photo(attachment_id):
            self.says.clear()
            return
        draft = self.session.draft
        flow = self._flow(draft)
        if draft is None or flow is None:
            return
        for step in flow.steps:
            answer = draft.answers.get(step.id)
            if isinstance(step, Upload) and answer and attachment_id in answer.get("ids", ()):
                ids = [i for i in answer["ids"] if i != attachment_id]
                answers = {k: v for k, v in draft.answers.items() if k != step.id}
                if ids:
                    answers[step.id] = {"ids": ids, "done": False}
                self.session = structs.replace(
                    self.session, draft=structs.replace(draft, answers=answers)
                )
                self._next()
                return
        self._after_news(refresh=False)

    def _holds_photo(self, attachment_id: int) -> bool:
        """Whether a photo is part of a form, open, put aside or sent."""
        drafts = (self.session.draft, *self.session.parked)
        answers = [draft.answers for draft in drafts if draft is not None]
        answers += [case.answers for case in self.facts.mine.cases]
        return any(
            isinstance(answer, dict) and attachment_id in answer.get("ids", ())
            for given in answers
            for answer in given.values()
        )

    # -- small things --------------------------------------------------------------------------

    def _open_draft(self) -> Draft:
        if self.session.draft is None:
            raise LookupError("no draft is open")  # callers have seen its question
        return self.session.draft

    def _alive(self, draft: Draft) -> bool:
        flow = self._flow(draft)
        return flow is not None and flow.open_to(draft.subject, self.facts)

    def _flow(self, draft: Draft | None) -> Flow | None:
        return self.flows.by_id.get(draft.flow) if draft is not None else None

    def _asked_step(self) -> Step | None:
        asked = self.session.asked
        flow = self.flows.by_id.get(asked.flow) if asked is not None else None
        draft = self.session.draft
        if asked is None or flow is None or draft is None or draft.flow != asked.flow:
            return None
        return flow.step(asked.step)

    def _context(self, draft: Draft) -> Context:
        flow = self.flows.by_id.get(draft.flow)
        worded = flow.worded if flow is not None else {}
        return Context(
            draft.flow, draft.subject, draft.answers, self.facts, draft.on_behalf, worded
        )

    def flush(self) -> None:
        """Make one message of all that is to be said, with the open question at its end."""
        parts = list(self.says)
        offers: tuple[Offer, ...] = ()
        wish = None
        if self.prompt is not None:
            parts.append(self.prompt.say)
            offers, wish = self.prompt.offers, self.prompt.wish
        if not parts:
            return
        wishes = wish in _KEYS
        message = Message(
            parts=tuple(parts),
            choices=_choices(offers),
            question=self.session.asked if offers else None,
            wish=wish,
            clears=self.session.wished and not wishes,
        )
        fleeting = not self.lasting and not self.effects
        may_be_dropped = bool(self.after) or fleeting  # then the next one clears as well
        wished = wishes or (self.session.wished and may_be_dropped)
        if wished != self.session.wished:
            self.session = structs.replace(self.session, wished=wished)
        self.effects.append(Reply(message, self.after, fleeting))


def _choices(offers: Iterable[Offer]) -> tuple[Choice, ...]:
    return tuple(Choice(offer.value, offer.label) for offer in offers)


def _bare_number(text: str) -> bool:
    return text.strip().rstrip(".").isdecimal()


def _is_on(tap: Tapped, asked: Question, since: int) -> bool:
    """Whether a tap is on a message that put this question."""
    same = (asked.flow, asked.subject, asked.step) == (tap.flow, tap.subject, tap.step)
    return same and tap.version >= since


def _same(one: Draft, other: Draft) -> bool:
    return (one.flow, one.subject) == (other.flow, other.subject)


def _worth_keeping(flow: Flow, draft: Draft, others: int) -> bool:
    """Whether a draft is put aside, and not forgotten: it has answers, or is a form just begun.

    A form without an answer pushes out no draft that has some.
    """
    if not draft.answers:
        return flow.form and not draft.subject and others < MAX_PARKED
    return flow.form or bool(draft.subject)


def _means(text: str) -> bool:
    """Whether words that somebody begins with ask for something that can be answered at once."""
    typed, meant = read_command(text), intent(text)
    return typed is not None or meant in _DIGRESSIONS or meant in _ORDERS


#: Orders that people of any language type as they were told to.
_OF_NO_LANGUAGE = frozenset({Command.LANGUAGE, Command.START, Command.STOP})

_ANSWERED_BEFORE_GREETING = frozenset(
    {Command.CHECK_OFFICER, Command.CHECK_DOCUMENT, Command.STOP, Command.START, Command.LINK}
)

#: What people are given a key for, where the channel has such keys.
_KEYS = frozenset({"location", "contact"})

#: Refusals that ask "is it this?": a plain "ya" takes the first reading.
_CONFIRMED = frozenset(
    {"confirm_place", "photo_or_done", "confirm_name", "name_too_short", "confirm_sum"}
)

#: Meant by words that want no more than a kind word back.
_COURTEOUS = frozenset({Intent.GREETING, Intent.THANKS})

#: Refusals that ask whether the words are a name, though they may mean something else.
_DOUBTED_NAMES = frozenset({"confirm_name", "which_name"})

#: Refusals with a single reading that may be wrong: "no" is offered beside it.
_DENIED = frozenset({"which_trade", "confirm_name", "name_too_short", "confirm_sum"})

#: Words that ask or accuse rather than answer, in their usual spelling.
_NO_ANSWER = re.compile(r"\?|\b(?:berapa|apakah|apa|kapan|gimana|tidak|petugas|pungli)\b")

#: What is meant by words that are no answer, as a command.
_ORDERS = {
    Intent.STATUS: Command.STATUS,
    Intent.HUMAN: Command.HUMAN,
    Intent.HELP: Command.HELP,
    Intent.STOP: Command.STOP,
    Intent.CANCEL: Command.CANCEL,
    Intent.BACK: Command.BACK,
    Intent.RESTART: Command.RESTART,
}

#: Asked in the middle of anything: answered, and the open question follows.
_DIGRESSIONS = frozenset(
    {
        Intent.COST,
        Intent.FEAR,
        Intent.DOUBT,
        Intent.COMPLAINT,
        Intent.BANTUAN_MONEY,
        Intent.RESCHEDULE,
    }
)
