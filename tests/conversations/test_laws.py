"""The laws of the engine: what holds in any conversation, whoever says what in any order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import structs

from bot.channels.base import token
from conversations import events, flows, messages
from conversations.effects import AskForMyData, Effect, Reply, Submit
from conversations.engine.turn import Turn, advance
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
from conversations.facts import Facts, Me, Mine
from conversations.messages import Message, Question
from conversations.session import Answers, ChatSession, Draft
from conversations.supervision import Preview
from conversations.words import MARK
from tests.conversations import city

FLOWS = flows.load()
MAX_TOKEN = 64  # bytes; Telegram's callback_data
MAX_BODY = 1600  # characters; Twilio's WhatsApp messages, choices numbered below the text

_SAID = (
    "halo|1|2|3|5|0|ya|tidak|menu|kembali|batal|status|bantuan|bahasa|english|stop|mulai|"
    "ulang|siti aminah|nasi uduk|jual sembako|belum ada|cipete utara|cipete|kebayoran baru|"
    "bekasi|rt 5 rw 3|gang mawar no 7|di rumah|keliling|5jt|500|2,5 juta|200rb sehari|"
    "sendiri|besok|senin|pagi|benar|modal|kirim|ganti waktu|berapa biayanya?|takut digusur|"
    "petugas minta uang|terima kasih|482915|123456|sesuai|nobody|tidak ada orang|terima|"
    "tidak bisa|berangkat|setujui|tolak|minta perbaikan|foto|data saya|hapus data|"
    "cek petugas 0417|cek izin IUMK-2026-3174-000123|kirim ulang izin|?|👍|"
    "siapa yang telat|joko di mana|kunjungan rahmat kasih ke joko|rahmat keluar|cari 26-004512|"
    "kenapa diperiksa|kembalikan fotonya buram|tolak karena modal besar|selanjutnya|"
    "batalkan izin IUMK-2026-3174-000001|usahanya sudah tutup lama|minggu depan saya libur"
)
SAID = _SAID.split("|")


@dataclass(frozen=True, slots=True)
class Tap:
    """A tap on some button of some message that was sent: chosen when the conversation is there."""

    message: int
    choice: int


def heard() -> st.SearchStrategy[Event | Tap]:
    """Anything that can reach a conversation."""
    subjects = st.sampled_from(["", "7", "8", "81", "82", "999"])
    opened = st.sampled_from(["", *FLOWS.by_id])
    return st.one_of(
        st.builds(Said, st.sampled_from(SAID), st.booleans()),
        st.builds(Said, st.text(max_size=40)),
        st.just(Said(f"nik saya {MARK}, petugas minta uang, saya takut", withheld=True)),
        st.builds(Uploaded, st.integers(1, 9), st.just("photo"), st.just(""), st.just(True)),
        st.builds(Tap, st.integers(0, 5), st.integers(0, 9)),
        st.builds(Tap, st.just(0), st.integers(0, 9)),
        st.builds(
            Tapped,
            st.sampled_from(["", *FLOWS.by_id]),
            subjects,
            st.sampled_from(["", "menu", "premises", "offer", "window", "confirm"]),
            st.integers(0, 30),
            st.text(max_size=10),
        ),
        st.builds(Located, st.floats(-6.4, -6.0), st.floats(106.6, 107.0)),
        st.builds(Uploaded, st.integers(1, 9), st.sampled_from(["photo", "document"])),
        st.builds(SharedContact, st.just("+6281234567890"), st.booleans()),
        st.builds(Started, st.sampled_from(["", "join-abc", "x"])),
        st.builds(Unreadable, st.sampled_from(["voice", "sticker", "poll"])),
        st.builds(Withheld),
        st.builds(
            Happened,
            st.sampled_from(["news", "identity_given", "joined"]),
            subjects,
            st.builds(lambda flow: {"opens": flow, "parts": []}, opened),
        ),
        st.builds(Happened, st.just("attachment_refused"), st.sampled_from(["1", "5", "9"])),
    )


def people() -> st.SearchStrategy[Facts]:
    """Owners, officers and supervisors, with little and with much going on."""
    states = ("needs_fix", "accepted", "done", "submitted", "under_way")
    owners = [
        city.facts(),
        city.facts(locale="en", consents=frozenset({"applying"}), opted_out=True, name="Siti"),
        *(
            city.facts(
                consents=frozenset({"applying"}),
                cases=(
                    city.case(
                        81,
                        state,
                        open_fixes=("place_photo", "capital") if state == "needs_fix" else (),
                        document="IUMK-2026-3174-000123" if state == "done" else None,
                    ),
                ),
                visits=(city.visit(),) if state == "under_way" else (),
                windows=(
                    city.Hours(city.WEDNESDAY, "morning"),
                    city.Hours(city.WEDNESDAY, "afternoon"),
                ),
            )
            for state in states
        ),
    ]
    officers = [
        city.facts(
            role="officer",
            name="Rahmat",
            now=city.MONDAY.replace(day=day),
            visits=(city.visit(7, state, identity_given=given), city.visit(8, "offered")),
        )
        for state in ("offered", "accepted", "on_the_way", "arrived")
        for day, given in ((23, False), (25, True))
    ]
    supervisor = city.facts(
        role="supervisor",
        name="Ratna",
        attention=(
            city.case(81, "in_review", reasons=("above_micro",)),
            city.case(82, "in_review"),
        ),
        visits=(city.visit(7, "unassigned", refusals=(("0418", "full"),)),),
        officers=(city.officer(1, "Rahmat", "0417", 2), city.officer(2, "Joko", "0419", 0, False)),
    )
    return st.sampled_from([*owners, *owners, *officers, supervisor])


@dataclass(frozen=True, slots=True)
class Moment:
    """One turn of a conversation: before, what happened, and what followed."""

    before: ChatSession
    event: Event
    facts: Facts
    turn: Turn
    sent: tuple[Message, ...]  # until then, this turn's included


def conversation(facts: Facts, begun: int, said: list[Event | Tap]) -> Iterator[Moment]:
    """Have a conversation; the facts follow its effects.

    `begun` answers of a form were given before: most of what people say needs some.
    """
    answers = dict(list(city.ANSWERS.items())[:begun]) if facts.me.desk == "owner" else {}
    parked = (Draft("business_permit", "", answers),) if answers else ()
    session, sent = ChatSession(parked=parked, greeted=bool(answers)), list[Message]()
    into_it: list[Event | Tap] = [Said("menu"), Tap(0, 0), Said("lanjutkan")] if answers else []
    for item in [*into_it, *said]:
        event = _tapped(item, sent) if isinstance(item, Tap) else item
        turn = advance(FLOWS, session, event, facts)
        sent += _messages(turn.effects)
        yield Moment(session, event, facts, turn, tuple(sent))
        session = turn.session
        for effect in turn.effects:
            facts = city.after(facts, effect)


def _tapped(tap: Tap, sent: list[Message]) -> Event:
    asked = [message for message in reversed(sent) if message.choices]
    if not asked:
        return Said("halo")
    message = asked[tap.message % len(asked)]
    return _tap(message, tap.choice)


def _tap(message: Message, choice: int) -> Tapped:
    question = message.question
    assert question is not None, "buttons belong to a question"
    value = message.choices[choice % len(message.choices)].value
    return Tapped(question.flow, question.subject, question.step, question.version, value)


chats = given(people(), st.integers(0, len(city.ANSWERS) - 1), st.lists(heard(), max_size=14))


@chats
def test_a_turn_is_pure_and_any_conversation_can_be_put_down_and_taken_up_again(
    facts: Facts, begun: int, said: list[Event | Tap]
) -> None:
    for moment in conversation(facts, begun, said):
        taken_up = ChatSession.from_json(json.loads(json.dumps(moment.before.to_json())))
        assert taken_up == moment.before
        event = events.from_json(json.loads(json.dumps(events.to_json(moment.event))))
        assert event == moment.event
        assert advance(FLOWS, taken_up, event, moment.facts) == moment.turn


@chats
def test_everybody_is_answered_in_words_of_both_languages(
    facts: Facts, begun: int, said: list[Event | Tap]
) -> None:
    for moment in conversation(facts, begun, said):
        if not isinstance(moment.event, Happened):
            assert moment.turn.effects, f"silence after {moment.event}"
        for message in _messages(moment.turn.effects):
            assert messages.from_json(json.loads(json.dumps(messages.to_json(message)))) == message
            for locale in ("id", "en"):
                labels = [FLOWS.catalogue.say(choice.label, locale) for choice in message.choices]
                assert all(label.strip() for label in labels)
                text = "\n".join([FLOWS.catalogue.text(message, locale), *labels])
                assert text.strip() and len(text) <= MAX_BODY - 4 * len(labels)


@chats
def test_the_menu_is_always_a_way_out(facts: Facts, begun: int, said: list[Event | Tap]) -> None:
    session = ChatSession()
    for moment in conversation(facts, begun, said):
        session, facts = moment.turn.session, moment.facts
        for effect in moment.turn.effects:
            facts = city.after(facts, effect)
    if not session.greeted:
        session = structs.replace(session, greeted=True)
    turn = advance(FLOWS, session, Said("menu"), facts)
    home = FLOWS.home(facts.me.desk)
    assert [m.question.flow for m in _messages(turn.effects) if m.question] == [home.id]
    assert turn.session.asked is not None and turn.session.asked.flow == home.id


@chats
def test_what_is_in_sight_is_what_was_shown_last(
    facts: Facts, begun: int, said: list[Event | Tap]
) -> None:
    for moment in conversation(facts, begun, said):
        asked = moment.turn.session.asked
        last = _messages(moment.turn.effects)[-1:]
        if last and last[0].question and last[0].question.version:
            assert last[0].question == asked
            shown = [choice.value for choice in moment.turn.session.shown]
            assert [choice.value for choice in last[0].choices] == shown
            assert len(set(shown)) == len(shown), "two buttons mean the same"


@chats
def test_a_tap_on_an_older_question_never_changes_an_answer(
    facts: Facts, begun: int, said: list[Event | Tap]
) -> None:
    *_, last = [None, *conversation(facts, begun, said)]
    if last is None:
        return
    session, known = last.turn.session, last.facts
    for effect in last.turn.effects:
        known = city.after(known, effect)
    for message in last.sent:
        question = message.question
        if not message.choices or question is None or _in_sight(question, session):
            continue
        for choice in range(len(message.choices)):
            turn = advance(FLOWS, session, _tap(message, choice), known)
            if not _of_another_matter(question, session) and not _begins(question, session):
                assert _answers(turn.session) == _answers(session)
                assert not any(isinstance(effect, Submit) for effect in turn.effects)


@chats
@example(  # a form that news took up again, while a question from before it is answered
    facts=replace(city.facts(), me=Me(), mine=Mine(services=("business_permit",))),
    begun=1,
    said=[
        Happened("news", "", {"opens": "link", "parts": []}),
        Said(""),
        Happened("news", "", {"opens": "business_permit", "parts": []}),
        Tap(0, 0),
    ],
)
def test_answers_are_lost_only_where_somebody_said_so(
    facts: Facts, begun: int, said: list[Event | Tap]
) -> None:
    for moment in conversation(facts, begun, said):
        asked, held = moment.before.asked, moment.before.interrupted
        questions = (asked, held.asked if held is not None else None)
        owned_up = any(q is not None and q.flow == "common" for q in questions)  # "cancel?"
        sent_off = any(isinstance(effect, Submit) for effect in moment.turn.effects)
        refused = isinstance(moment.event, Happened)  # a photo that can't be opened
        led = any(one.act == "lead" for one in moment.before.shown)  # to another form instead
        if owned_up or sent_off or refused or led:
            continue
        if asked is not None and asked.step == "consent":
            continue
        before, now = _answers(moment.before), _answers(moment.turn.session)
        for draft, answers in before.items():
            if draft != ("business_permit", ""):
                continue
            short = now.get(("assistance", ""))
            if draft not in now and short is not None:  # a choice led there
                common = {step.id for step in FLOWS.by_id["assistance"].steps}
                assert answers.keys() & common <= short.keys()
            else:
                assert answers.keys() <= now.get(draft, {}).keys()


@chats
def test_drafts_never_mix(facts: Facts, begun: int, said: list[Event | Tap]) -> None:
    for moment in conversation(facts, begun, said):
        drafts = _drafts(moment.turn.session)
        held = [(draft.flow, draft.subject) for draft in drafts]
        assert len(set(held)) == len(held)
        for draft in drafts:
            flow = FLOWS.by_id[draft.flow]
            assert draft.answers.keys() <= {step.id for step in flow.steps} | flow.given


@chats
def test_every_button_fits_what_telegram_carries(
    facts: Facts, begun: int, said: list[Event | Tap]
) -> None:
    for moment in conversation(facts, begun, said):
        for message in _messages(moment.turn.effects):
            if message.question is None:
                assert not message.choices
                continue
            later = replace(
                message.question,
                subject=message.question.subject and "1234567890",
                version=99_999,
            )
            for choice in message.choices:
                assert len(token(later, choice.value).encode()) <= MAX_TOKEN


def test_no_flow_is_declared_wrongly() -> None:
    assert [problem for flow in FLOWS.by_id.values() for problem in flow.problems()] == []


def test_every_role_has_one_first_page() -> None:
    homes = sorted(str(flow.home) for flow in FLOWS.by_id.values() if flow.home)
    assert homes == ["officer", "owner", "supervisor"]


def _messages(effects: tuple[Effect, ...]) -> list[Message]:
    replies = [effect.message for effect in effects if isinstance(effect, Reply)]
    return replies + [
        effect.question for effect in effects if isinstance(effect, Preview | AskForMyData)
    ]


def _drafts(session: ChatSession) -> list[Draft]:
    return [draft for draft in (session.draft, *session.parked) if draft is not None]


def _answers(session: ChatSession) -> dict[tuple[str, str], Answers]:
    return {
        (draft.flow, draft.subject): draft.answers
        for draft in _drafts(session)
        if FLOWS.by_id[draft.flow].form
    }


def _in_sight(question: Question, session: ChatSession) -> bool:
    """Whether it is the open question, or the one that news has just put it in the place of."""
    held = session.interrupted
    open_ones = [(session.asked, session.since)]
    if held is not None:
        open_ones.append((held.asked, held.since))
    return any(
        asked is not None
        and replace(asked, version=question.version) == question
        and question.version >= since
        for asked, since in open_ones
    )


def _begins(question: Question, session: ChatSession) -> bool:
    """Whether it is a form that has no answer yet: its first button begins it at any time."""
    return not _answers(session).get((question.flow, question.subject))


def _of_another_matter(question: Question, session: ChatSession) -> bool:
    """A menu, or a matter of its own: its buttons stay good for as long as it is open."""
    flow = FLOWS.by_id.get(question.flow)
    return flow is not None and (flow.home is not None or bool(question.subject))
