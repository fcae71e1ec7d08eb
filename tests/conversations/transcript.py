"""Transcripts: conversations as text that anybody can read, and that the bot must live up to.

    # a remark
    ~ what is so, or happens: see `_HAPPENS` and `_IS`
    > what the person writes
    < what the bot says, a paragraph each
      [1] what may be picked
    ! another effect

Lines of the bot are compared as they stand; the others are played. Between any two turns the
session, the event and the messages go through JSON, as they do in the database.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta

from conversations import events, messages
from conversations.desk_facts import AsideFact, FlagFact, PortraitFact
from conversations.effects import AskForMyData, Effect, Reply
from conversations.engine.builder import Flows
from conversations.engine.turn import advance
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
)
from conversations.facts import WIB, CaseFact, Facts, RemarkFact, TicketFact
from conversations.mending import BeginMend
from conversations.messages import Json, Message, Say
from conversations.session import ChatSession, Draft
from conversations.supervision import Preview
from conversations.withholding import withheld
from tests.conversations import city

PLAYED = ("#", ">", "~")
PIN = (-6.2706, 106.8023)
PHOTO = "attachments/place.jpg"  # of the owner's place
WISHES = {"location": "(a button sends the location)", "contact": "(a button sends the number)"}


def play(text: str, flows: Flows) -> str:
    """Play a transcript: give the same text with the bot's lines as they really are."""
    chat = Chat(flows)
    lines: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            lines += [""] if lines and lines[-1] else []
        elif line.startswith(PLAYED):
            lines.append(line.rstrip())
            try:
                lines += chat.heard(line)
            except Exception as error:
                error.add_note(f"line {number}: {line}")
                raise
    return "\n".join(lines).strip() + "\n"


def differences(written: str, played: str) -> str:
    """What a transcript says otherwise than it was played, as a diff; empty if nothing."""
    lines = difflib.unified_diff(
        written.splitlines(), played.splitlines(), "written", "played", lineterm="", n=4
    )
    return "\n".join(lines)


@dataclass(slots=True)
class Chat:
    """One person's conversation while it is played."""

    flows: Flows
    session: ChatSession | None = None
    facts: Facts = field(default_factory=city.facts)
    last: Event | None = None
    sent: list[Message] = field(default_factory=list)
    photos: int = 100
    written: int = 0  # messages with words
    differs: str = ""  # what the officer said, who then mends a case

    def __post_init__(self) -> None:
        declared = self.flows.services
        services, posters = (one({"owner"}) for one in (declared.offered, declared.at_posters))
        self.facts = city.changed(self.facts, services=services, posters=posters)

    def heard(self, line: str) -> list[str]:
        """Play one line; give what it brings about."""
        sign, _, rest = line.partition(" ")
        if sign == "#":
            return []
        if sign == ">":
            return self._turn(self.said(rest))
        word, _, rest = rest.partition(" ")
        if word in _IS:
            self.facts = _IS[word](self.facts, rest.strip())
            return []
        if word == "asked":
            return self._asked(*rest.split())
        return self._turn(_HAPPENS[word](self, rest.strip()))

    def _asked(self, flow_id: str, step_id: str) -> list[str]:
        """Begin in the middle: all that comes before a step has been answered.

        An optional step is asked as one that is to be changed.
        """
        flow = self.flows.by_id[flow_id]
        before = [step.id for step in flow.steps]
        before = before[: before.index(step_id)]
        known = {**city.ANSWERS, **city.LOAN}
        given = {step: known[step] for step in before if step in known}
        asked = flow.step(step_id)
        draft = Draft(flow_id, "", given, step_id if asked and asked.optional else None)
        self.session = ChatSession(parked=(draft,), greeted=True, version=10)
        self.facts = city.changed(self.facts, consents=frozenset({"applying"}))
        self._turn(Tapped("welcome", "", "menu", 0, flow_id))
        return self._turn(Said("lanjutkan")) if before else []

    def _turn(self, event: Event) -> list[str]:
        kept = events.to_json(withheld(event))
        self.last = event = events.from_json(json.loads(json.dumps(kept)))
        turn = advance(self.flows, self.session, event, self.facts)
        assert turn == advance(self.flows, self.session, event, self.facts), "a turn is pure"
        self.session = ChatSession.from_json(json.loads(json.dumps(turn.session.to_json())))
        assert self.session == turn.session, "a session survives JSON"
        lines: list[str] = []
        for effect in turn.effects:
            self.facts = city.after(self.facts, effect)
            self.differs = effect.words if isinstance(effect, BeginMend) else self.differs
            lines += self._shown(effect)
        return lines or ["! nothing"]

    def _shown(self, effect: Effect) -> Iterator[str]:
        if isinstance(effect, Preview):
            yield f"! Preview {effect.act}, of {' '.join(effect.subject)}; then:"
            yield from self._sent(effect.question)
        elif isinstance(effect, AskForMyData):
            yield f"! AskForMyData within {effect.within} days; then:"
            yield from self._sent(effect.question)
        elif isinstance(effect, Reply):
            yield from self._reply(effect)
        else:
            yield from _effect(effect)

    def _reply(self, effect: Reply) -> Iterator[str]:
        if effect.after:
            yield f"! after {effect.after.total_seconds():.0f} s of silence"
        yield from self._sent(effect.message)

    def _sent(self, sent: Message) -> Iterator[str]:
        message = messages.from_json(json.loads(json.dumps(messages.to_json(sent))))
        assert message == sent, "a message survives JSON"
        self.sent.append(message)
        catalogue, locale = self.flows.catalogue, self.facts.me.locale
        for paragraph in catalogue.text(message, locale).split("\n\n"):
            first, *more = paragraph.strip().split("\n")
            yield f"< {first}"
            yield from (f"  {line}" for line in more)
        if message.picture is not None:
            yield f"  (picture {message.picture})"
        for number, choice in enumerate(message.choices, 1):
            yield f"  [{number}] {catalogue.say(choice.label, locale)}"
        if message.wish in WISHES:
            yield f"  {WISHES[message.wish]}"

    def tap(self, label: str, *, old: bool = False) -> Event:
        """A tap on a button of the last message; with `old`, of the latest one before it."""
        catalogue, locale = self.flows.catalogue, self.facts.me.locale
        for message in reversed(self.sent[:-1] if old else self.sent[-1:]):
            for choice in message.choices:
                if catalogue.say(choice.label, locale) == label:
                    question = message.question
                    assert question is not None, "buttons belong to a question"
                    return Tapped(
                        question.flow,
                        question.subject,
                        question.step,
                        question.version,
                        choice.value,
                    )
        raise LookupError(f"no button {label!r} in sight")

    def said(self, words: str) -> Event:
        """A new message."""
        self.written += 1
        return Said(words, message=str(self.written))

    def photo(self) -> Uploaded:
        """The next photo."""
        self.photos += 1
        return Uploaded(self.photos, "photo")


def _effect(effect: Effect) -> Iterator[str]:
    """An effect by its name and values; answers a line each."""
    values = {f.name: getattr(effect, f.name) for f in fields(effect)}
    answers = values.pop("answers", {})
    plain = [f"{name} {value}" for name, value in values.items() if value not in (None, "")]
    yield " ".join(["!", type(effect).__name__, ", ".join(plain)]).rstrip()
    for step, answer in answers.items():
        yield f"    {step}: {json.dumps(answer, ensure_ascii=False)}"


# What happens: `~ word rest` is an event.


def _news(chat: Chat, rest: str) -> Event:
    """`~ news visit_window 81: notices.verified number=26-004512`: flow, subject, sentences."""
    about, _, said = rest.partition(":")
    flow, subject = about.split()
    says: list[tuple[str, dict[str, str]]] = []
    for word in said.split():
        name, is_value, value = word.partition("=")
        if is_value:
            says[-1][1][name] = value.replace("_", " ")
        else:
            says.append((word, {}))
    parts = [messages.say_to_json(Say(key, params)) for key, params in says]
    return Happened("news", subject, {"opens": "" if flow == "-" else flow, "parts": parts})


def _tapped(chat: Chat, rest: str) -> Event:
    old = rest.startswith("old ")
    return chat.tap(rest.removeprefix("old "), old=old)


def _again(chat: Chat, rest: str) -> Event:
    """The same thing once more: a double tap, or a message sent twice."""
    assert chat.last is not None
    return chat.last


def _located(chat: Chat, rest: str) -> Event:
    lat, lon = rest.split(",")
    return Located(float(lat), float(lon))


def _live(chat: Chat, rest: str) -> Event:
    lat, lon = rest.split(",")
    return Located(float(lat), float(lon), live=True)


def _edited(chat: Chat, rest: str) -> Event:
    """The last message with words is corrected; with `old`, the one before it."""
    old = rest.startswith("old ")
    return Said(rest.removeprefix("old "), edited=True, message=str(chat.written - old))


def _opened(chat: Chat, rest: str) -> Event:
    """`~ opened 9 street: KEY name=value`: the form that mends is opened."""
    about, _, said = rest.partition(":")
    number, *edit = about.split()
    says = [messages.say_to_json(Say(said.split()[0], _params(said)))] if said.strip() else []
    form = {"answers": city.HELD, "whom": city.OWNER_ID, **({"edit": edit[0]} if edit else {})}
    form |= {"said": chat.differs} if chat.differs else {}
    chat.differs = ""
    params = {"opens": "business_permit", "parts": says, "form": form}
    return Happened("form_opened", f"assisted:{number}", params)


def _begun(chat: Chat, rest: str) -> Event:
    """`~ begun 9`: the form that the officer fills in with somebody is opened."""
    form = {"answers": {}, "whom": city.OWNER_ID}
    params = {"opens": "business_permit", "parts": [], "form": form}
    return Happened("form_opened", f"assisted:{rest.strip()}", params)


def _handed(chat: Chat, rest: str) -> Event:
    """`~ handed 9`: a form that an officer has filled in comes into the person's hands."""
    officer = {"name": "Rahmat Hidayat", "badge": "0417"}
    says = [messages.say_to_json(Say("notices.form_yours", officer))]
    left = {"preferred_days", "preferred_part", "way"}
    answers = {step: answer for step, answer in city.HELD.items() if step not in left}
    form = {"answers": answers, "whom": None}
    params = {"opens": "business_permit", "parts": says, "form": form}
    return Happened("form_opened", f"assisted:{rest.strip()}", params)


def _params(said: str) -> dict[str, str]:
    """The params of a sentence: `name=Siti_Aminah`."""
    pairs = (word.partition("=") for word in said.split() if "=" in word)
    return {name: value.replace("_", " ") for name, _, value in pairs}


_HAPPENS: dict[str, Callable[[Chat, str], Event]] = {
    "tap": _tapped,
    "again": _again,
    "photo": lambda chat, rest: replace(chat.photo(), caption=rest),
    "voice": lambda chat, rest: replace(chat.photo(), kind="voice", caption=rest),
    "refused": lambda chat, rest: Happened(
        "attachment_refused", str(chat.photos), {"parts": [messages.say_to_json(Say(rest))]}
    ),
    "location": _located,
    "live": _live,
    "edited": _edited,
    "sent": lambda chat, rest: Unreadable(rest),
    "contact": lambda chat, rest: SharedContact(rest, own=True),
    "identity": lambda chat, rest: Happened("identity_given", rest),
    "start": lambda chat, rest: Started(rest),
    "news": _news,
    "opened": _opened,
    "begun": _begun,
    "handed": _handed,
}


# What is so: `~ word rest` changes the facts.


def _case(known: Facts, rest: str) -> Facts:
    """`~ case 81 needs_fix place_photo`, `81 in_review pictured because above_micro`,
    `81 rejected until 2026-12-28`, `81 accepted as assistance`, `81 in_review told`, or
    `81 in_review told late` (its deadline is over).
    """
    about, _, service = rest.partition(" as ")
    number, state, *more = about.split()
    photo, told = PHOTO if "pictured" in more else None, "told" in more
    until = date.fromisoformat(more.pop()) if "until" in more else None
    late = "late" in more
    more = [word for word in more if word not in ("pictured", "until", "told", "late")]
    because = more.index("because") if "because" in more else len(more)
    row = city.case(
        int(number),
        state,
        open_fixes=tuple(more[:because]),
        reasons=tuple(more[because + 1 :]),
        photo=photo,
        object_until=until,
        **({"service": service} if service else {}),
    )
    row = replace(city.told(row), overdue=late) if told else row
    if known.me.desk == "owner":
        return city.changed(known, cases=_put(known.mine.cases, row))
    return city.changed(known, attention=_put(known.desk.cases, row))


def _put(rows: tuple[CaseFact, ...], row: CaseFact) -> tuple[CaseFact, ...]:
    return (row, *(r for r in rows if r.id != row.id))


def _permit(known: Facts, rest: str) -> Facts:
    row = city.case(state="done", document=rest)
    return city.changed(known, cases=_put(known.mine.cases, row))


_NAMED = (("to", "host_name"), ("in", "place"))


def _visit(known: Facts, rest: str) -> Facts:
    """`~ visit 7 accepted 2026-11-25 morning`, then any of: identity, to Budi_Santoso in Pulo,
    of 82 (its case), help (an officer helps with a form), told (somebody told of the place, which
    may be told of twice, with two free windows), hostless, pictured, spent (its code),
    renewed, refused-by 0418 full.
    """
    number, state, on, part, *more = rest.split()
    refused = [more[i + 1 : i + 3] for i, word in enumerate(more) if word == "refused-by"]
    row = city.visit(
        int(number),
        state,
        on=date.fromisoformat(on),
        part=part,
        identity_given="identity" in more,
        refusals=tuple((badge, reason) for badge, reason in refused),
        hosted="hostless" not in more,
        photo=PHOTO if "pictured" in more else None,
        pin=None if "pinless" in more else PIN,
        code_tries_left=0 if "spent" in more else 5,
        code_renewed="renewed" in more,
        code=city.NEW_CODE if "renewed" in more else city.CODE,
        **{
            field: more[more.index(word) + 1].replace("_", " ")
            for word, field in _NAMED
            if word in more
        },
    )
    if "help" in more:
        row = replace(row, purpose="help", service="assistance", mendable=False, printed=())
    if "told" in more:
        row = city.told_of(row)
    if "of" in more:
        case = city.case(int(more[more.index("of") + 1]))
        row = replace(row, case_id=case.id, case_number=case.number)
    visits = city.visits_of(known)
    return city.changed(known, visits=(*(v for v in visits if v.id != row.id), row))


def _mend(known: Facts, rest: str) -> Facts:
    """`~ mend checking`: how the corrections at visit 7 stand; `none` ends them.

    `~ mend 9 street=Jalan_Melati_5`: what the officer noted, of which the owner is asked.
    """
    first = rest.split()[0]
    if first.isdecimal():
        return city.changed(known, mends=(city.mended(int(first), **_params(rest)),))
    state = "" if first == "none" else first
    forms = () if state in ("", "sent", "checking") else known.rounds.assisted
    visits = tuple(replace(one, mend=state) for one in known.rounds.visits)
    return replace(known, rounds=replace(known.rounds, visits=visits, assisted=forms))


def _touched(known: Facts, rest: str) -> Facts:
    """`~ touched 9`: the person has written since the form was handed over to them."""
    return city.handed(known, int(rest), taken=True, untouched=False)


def _windows(known: Facts, rest: str) -> Facts:
    """`~ windows 2026-11-25 morning, 2026-11-25 afternoon`."""
    pairs = [window.split() for window in rest.split(",") if window.strip()]
    return city.changed(
        known, windows=tuple(city.Hours(date.fromisoformat(on), part) for on, part in pairs)
    )


def _officers(known: Facts, rest: str) -> Facts:
    """`~ officers Rahmat Hidayat 0417 3 away 2026-11-25, Dewi Lestari 0418 0 hours sat evening`."""
    rows = []
    for number, words in enumerate(rest.split(","), 1):
        said, _, days = words.partition(" away ")
        who, _, hours = said.partition(" hours ")
        *name, badge, load = who.split()
        there = load != "unreachable"
        row = city.officer(
            number, " ".join(name), badge, int(load) if there else 0, reachable=there
        )
        row = replace(row, duty=city.duty(hours)) if hours else row
        rows.append(replace(row, away=tuple(map(date.fromisoformat, days.split()))))
    return city.changed(known, officers=tuple(rows))


def _call(known: Facts, rest: str) -> Facts:
    """`~ call 3 unreachable window_closed +6281234567890`: reasons, and the phone if known."""
    number, *said = rest.split()
    phone = next((word for word in said if word.startswith("+")), None)
    row = city.call(int(number), *(word for word in said if word != phone), phone=phone)
    return city.changed(known, calls=(*known.desk.calls, row))


_TOLD = {
    "complaint": "petugasnya minta 50 ribu",
    "objection": "kios saya di tanah sendiri, bukan di trotoar",
}


def _ticket(known: Facts, rest: str) -> Facts:
    """`~ ticket 91 complaint answered: words`: at a supervisor's desk, or else the person's own."""
    about, _, words = rest.partition(":")
    number, kind, *how = about.split()
    row = TicketFact(
        id=int(number),
        number=f"26-{int(number):06d}",
        about=kind,
        since=known.now,
        answer_by=known.today,
        close_by=known.today + timedelta(days=4),
        words=_TOLD.get(kind, ""),
        name="Siti Aminah",
        phone="+6281200000051",
        officer="Rahmat Hidayat (0417)" if kind == "complaint" else None,
        visit_of="26-004512" if kind == "objection" else "",
        newer="26-004600" if "renewed" in how else "",
        accuses=kind == "complaint",
        takes_files=kind == "complaint",
        files=(11, 12) if "filed" in how else (),
        mine="mine" in how,
        answered="answered" in how,
        closed="closed" in how,
        overdue="overdue" in how,
        remarks=(RemarkFact(words.strip(), known.now, "Ratna Dewi"),) if words.strip() else (),
    )
    if known.me.desk == "supervisor":
        return replace(known, desk=replace(known.desk, tickets=(*known.desk.tickets, row)))
    return replace(known, mine=replace(known.mine, tickets=(*known.mine.tickets, row)))


def _aside(known: Facts, rest: str) -> Facts:
    """`~ aside 5 Siti Aminah`: a message of hers failed, and waits for a supervisor."""
    number, _, name = rest.partition(" ")
    row = AsideFact(int(number), name, known.now - timedelta(hours=1))
    return replace(known, desk=replace(known.desk, asides=(*known.desk.asides, row)))


def _lost(known: Facts, rest: str) -> Facts:
    """`~ lost 7 on_the_way 2026-11-20 morning`: the visit is over, and nobody reported it."""
    number, state, on, part = rest.split()
    row = city.visit(int(number), state, on=date.fromisoformat(on), part=part)
    return replace(known, desk=replace(known.desk, lost=(*known.desk.lost, row)))


def _portrait(known: Facts, rest: str) -> Facts:
    """`~ portrait 5 Rahmat Hidayat 0417`: it waits for a supervisor."""
    number, *name, badge = rest.split()
    row = PortraitFact(int(number), " ".join(name), badge, f"portraits/{number}.jpg")
    return city.changed(known, portraits=(*known.desk.portraits, row))


def _unusual(known: Facts, rest: str) -> Facts:
    """`~ flag 5 place 3 3 Rahmat Hidayat 0417`: the kind, how many forms, and the measure."""
    number, kind, count, measure, *name, badge = rest.split()
    row = FlagFact(
        int(number),
        kind,
        " ".join(name),
        badge,
        int(count),
        int(measure),
        known.now,
        tuple(f"26-{4600 + one:06d}" for one in range(int(count))),
    )
    return city.changed(known, flags=(*known.desk.flags, row))


def _head(known: Facts, rest: str) -> Facts:
    """`~ head Sri Wahyuni`: a head of all supervisors."""
    known = _staff("supervisor")(known, rest)
    return replace(known, me=replace(known.me, roles=known.me.roles | {"head"}))


def _staff(role: str) -> Callable[[Facts, str], Facts]:
    def become(known: Facts, rest: str) -> Facts:
        return city.changed(known, role=role, name=rest or None, badge="0417")

    return become


def _now(known: Facts, rest: str) -> Facts:
    return replace(known, now=datetime.strptime(rest, "%Y-%m-%d %H.%M").replace(tzinfo=WIB))


def _phone(known: Facts, rest: str) -> Facts:
    """`~ phone +62…` is known; with `of-chat`, it is the one they write from."""
    number, *how = rest.split()
    return city.changed(known, phone=number, phone_of_chat="of-chat" in how)


def _card(known: Facts, rest: str) -> Facts:
    """`~ card SITI AMINAH`: the name on their KTP, which was given on the secure page."""
    return city.changed(known, on_card=rest)


def _flag(**changed: Json) -> Callable[[Facts, str], Facts]:
    def change(known: Facts, rest: str) -> Facts:
        return city.changed(known, **changed)

    return change


_IS: dict[str, Callable[[Facts, str], Facts]] = {
    "owner": _staff("owner"),
    "officer": _staff("officer"),
    "supervisor": _staff("supervisor"),
    "head": _head,
    "now": _now,
    "areas": lambda known, rest: city.changed(known, areas=tuple(rest.split())),
    "case": _case,
    "permit": _permit,
    "visit": _visit,
    "windows": _windows,
    "mend": _mend,
    "touched": _touched,
    "officers": _officers,
    "hours": lambda known, rest: city.changed(known, duty=city.duty(rest)),
    "call": _call,
    "portrait": _portrait,
    "flag": _unusual,
    "aside": _aside,
    "lost": _lost,
    "ticket": _ticket,
    "city": _flag(directory=city.DIRECTORY),
    "phone": _phone,
    "card": _card,
    "whatsapp": _flag(shares_contact=False, numbered=True),
    "consented": _flag(consents=frozenset({"applying"})),
    "english": _flag(locale="en"),
}
