"""Understanding: finds the meaning of an event for a session and facts. Pure: changes no turn.

Words are read against what was *shown*, so that a late tap or a "2" never answers another question.
"""

from __future__ import annotations

import re

from conversations import lexicon
from conversations.assisting import corrects
from conversations.commands import Typed
from conversations.commands import read as read_command
from conversations.engine import confirming, desk, leading, moving, told_of, whereabouts
from conversations.engine.asides import (
    CALL,
    COMPLAINT,
    CREDIT,
    ORDERS,
    REFERRAL,
    belongs_to_form,
)
from conversations.engine.builder import TurnBuilder
from conversations.engine.corrections import correction
from conversations.engine.gathering import LEAST as LEAST_FACTS
from conversations.engine.gathering import gather, may_hold_several
from conversations.engine.intents import (
    ABOUT_US,
    COURTEOUS,
    DIGRESSIONS,
    FIRST_PARTS,
    OF_OTHERS,
    UPSET,
    URGENT,
)
from conversations.engine.interruption import meant_before
from conversations.engine.joining import parts
from conversations.engine.matters import APPLY, Matter, matter, raised_in
from conversations.engine.meanings import (
    Answer,
    AnswerElsewhere,
    Aside,
    Between,
    Explain,
    FoundAt,
    Heard,
    Meaning,
    Order,
    OwnNumber,
    Parts,
    PassedBy,
    Pick,
    Remark,
    Resume,
    Several,
    Story,
    Unclear,
    Unread,
)
from conversations.engine.precedence import (
    AFRAID,
    DROPS,
    FEW_ASKED,
    HEAVY,
    aside,
    barred,
    beside_story,
    cancels,
    comes_first,
    fills_in,
    goes_on,
    is_afraid,
    of_another,
    takes_correction_back,
    tells_story,
    tells_what_happened,
    waits,
)
from conversations.engine.questions import why_key
from conversations.engine.reading import (
    answers,
    asks_of_choices,
    choices_named,
    command_is_answer,
    doubts,
    half_consents,
    left_to_officer,
    may_be_a_name,
    nods_beside,
    only_asks,
    only_wants,
    option_weight,
    other_option,
    reads,
    service_named,
)
from conversations.engine.tapping import tapped
from conversations.events import Said, Tapped
from conversations.lexicon import whole
from conversations.messages import Say
from conversations.parsers import phone
from conversations.parsers.asking import asks_whether, supposes
from conversations.parsers.hesitation import agrees, hesitates
from conversations.phrases import Command, Intent
from conversations.session import Choice
from conversations.steps import Review
from conversations.words import standardised

#: Facts that one phrase names: "gorengan depan rumah", "izin untuk warung".
_TOGETHER = frozenset({"trade", "premises"})
_SEPARATORS = re.compile(r"[,;\n]|\.\s")
#: Words of somebody who tells what they sell, which asks for the permit: "saya jualan bakso".
_SELLS = re.compile(
    r"^\W*(?:(?:saya|sy|aku|gue|gua|kami|ibu|mau|halo|pak|bu|i|we)\b\W*){0,3}"
    r"(?:jual|jualan|berjualan|dagang|berdagang|buka (?:warung|toko|kios|lapak|usaha)|sell)\b"
    r"(?!.*\b(?:sepi|laku|lancar|rugi|bangkrut|mati|tutup|berhenti|habis)\b)"
)
SURELY_ASKS = 2  # weight of words that ask why, even if a place or a name is read in them
LEAST_WORDS = 3  # of a message that may hold several facts
MAX_SAID, MAX_STORY = 1500, 4000  # characters of an answer, and of a story


def understand(turn: TurnBuilder, event: Heard) -> Meaning:
    """Return the meaning of an event for the session of this turn."""
    match event:
        case Said():
            return (
                _unread(turn, event)
                or _held_back(turn, event)
                or _retold(turn, event)
                or _passed_by(turn, event)
                or (not desk.answers_several(turn, event.text) and meant_before(turn, event))
                or read(turn, event)
            )
        case Tapped():
            return tapped(turn, event)
        case _ if confirming.is_open(turn):
            return PassedBy()  # a location at "shall we tell the owner?" is for the visit
        case _:
            return meant_before(turn, event) or Answer()


def _held_back(turn: TurnBuilder, said: Said) -> Unread | None:
    """Return that nothing is done yet, if words at a question of the desk put its act off."""
    if read_command(said.text) is not None or not desk.holds_back(turn, said.text):
        return None
    return Unread(Say("common.desk.held"))


def _retold(turn: TurnBuilder, said: Said) -> Unread | Story | Pick | None:
    """Return that words at "do you want to complain?" go on with the story: nothing is lost.

    "iya, mau lapor dia" is a yes, and "ga jadi lapor" a no.
    """
    asked = turn.session.asked
    if asked is None or (asked.flow, asked.step) != ("common", COMPLAINT):
        return None
    asks = "?" in said.text or (len(said.text.split()) <= FEW_ASKED and asks_whether(said.text))
    if read_command(said.text) is not None or asks:
        return None
    raised = raised_in(turn, said.text)
    of_it = raised is not None and raised.intent in (Intent.COMPLAINT, Intent.FEAR, Intent.DOUBT)
    of_it = of_it or (raised is not None and raised.intent in _OF_COMPLAINTS)
    if whole.said("emergency", said.text) == "over":
        return Unread(Say("common.glad"))
    other = raised is not None and raised.intent is not Intent.YES
    if not of_it and (other or _may_answer_form(turn, said.text)):
        return None
    yes, no = turn.session.shown[0], turn.session.shown[-1]
    if DROPS.search(standardised(said.text)):
        return Pick(no)
    if agrees(said.text) and not hesitates(said.text):
        return Pick(yes)
    if choices_named(turn, said.text) or service_named(turn, said.text) is not None:
        return None
    return Story(said.text)


_OF_COMPLAINTS = frozenset({Intent.CANCEL, Intent.GO_ON, Intent.WITHDRAWS})


def _may_answer_form(turn: TurnBuilder, text: str) -> bool:
    """Whether words may answer the form's question that a question of the engine's interrupted."""
    draft, flow = turn.session.draft, turn.flow(turn.session.draft)
    step = flow.open_step(turn.context(draft)) if flow is not None and draft is not None else None
    if flow is None or not flow.form or step is None:
        return False
    listed = lexicon.options(flow.id, step.id)
    return step.takes_words or (listed is not None and bool(listed.rank(text)))


def _passed_by(turn: TurnBuilder, said: Said) -> PassedBy | None:
    """Return that words pass by a question that is only asked to be sure: is it a complaint?"""
    asked = turn.session.asked
    if asked is None or asked.flow != "common":
        return None
    if asked.step not in (COMPLAINT, CALL, REFERRAL, CREDIT) and not desk.passes_by(
        turn, said.text
    ):
        return None
    if read_command(said.text) is not None or desk.names_choice(turn, said.text):
        return None
    raised = raised_in(turn, said.text) if asked.step == COMPLAINT else None
    if raised is not None and raised.intent in URGENT | {Intent.RETALIATION, Intent.CODE_GIVEN}:
        return None  # the complaint is asked about again after the advice
    return PassedBy()


def read(turn: TurnBuilder, said: Said) -> Meaning:
    """Return the meaning of words for the open question."""
    typed = read_command(said.text) or leading.hands_over(turn, said.text)
    raised = desk.common(turn, raised_in(turn, said.text), said.text)
    raised = leading.heard(turn, raised, said.text)
    raised = moving.heard(turn, raised, said.text)
    if raised is not None and belongs_to_form(turn, raised.intent):
        raised = None  # "cicilan nunggak" in the form about it
    refused = _stopped(turn, typed, raised)
    if refused is not None:
        return Pick(refused)
    if typed is not None and not command_is_answer(turn, typed, said.text):
        return desk.alarm(turn, typed.command, said.text) or Order(typed)
    if barred(turn, said.text, raised):
        return Answer()
    about_others = told_of.heard(turn, raised, said.text)
    if about_others is not None:
        return about_others
    if takes_correction_back(turn, said.text):
        return Pick(Choice("change", Say("common.which"), None, "which"))
    if cancels(turn, said.text, raised):
        if is_afraid(raised, said.text):
            return Aside(Intent.CANCEL, AFRAID)
        return Order(Typed(Command.CANCEL))
    if tells_story(turn):
        return beside_story(turn, said, raised) or Answer()
    return _read_otherwise(turn, said, raised)


def _read_otherwise(turn: TurnBuilder, said: Said, raised: Matter | None) -> Meaning:
    """Return the meaning of words that are neither an order nor a story."""
    place = whereabouts.told(turn, raised, said.text)
    if place is not None:
        return FoundAt(place)
    elsewhere = desk.answers_elsewhere(turn, said.text)
    if elsewhere is not None:
        return AnswerElsewhere(elsewhere)
    at_desk = desk.read(turn, said.text)
    if at_desk is not None:
        return at_desk
    asked = isinstance(turn.asked_step(), Review) and raised is not None
    asked = asked and raised is not None and comes_first(turn, raised, said.text)
    if raised is not None and tells_what_happened(turn, said.text, raised):
        raised = None  # "kebakaran" as the reason is over
    if raised is not None and not asked and option_weight(turn, said.text) > raised.weight:
        named = choices_named(turn, said.text)
        if not named or not nods_beside(turn, said.text, named[0]):
            raised = None  # "kebakar" of lost papers is no fire
    if raised is not None and raised.intent is Intent.CHANGE_AFTER_PERMIT and fills_in(turn):
        raised = None  # "eh salah, pindah ke Manggarai" corrects the form
    if raised is not None and (raised.intent in URGENT or comes_first(turn, raised, said.text)):
        return aside(raised)
    if goes_on(turn, said.text):
        return Aside(Intent.GO_ON)
    return (
        waits(turn, said.text)
        or (moving.time_named(turn, said.text) if raised is None else None)
        or leading.told_ahead(turn, said.text, raised)
        or _parts(turn, said, raised)
        or _several_facts(turn, said, raised)
        or correction(turn, said.text)
        or _explanation(turn, said, raised)
        or _picked(turn, said, raised)
        or _beside(turn, said, raised)
        or _otherwise(turn, said, raised.intent if raised is not None else None)
    )


def _stopped(turn: TurnBuilder, typed: Typed | None, raised: Matter | None) -> Choice | None:
    """Return the choice of staff who say "jangan kirim" or "stop" to an open question: no.

    Whoever is asked "no more messages?" and says it again means yes. An owner stops the reminders
    that the open question is about, and no other messages.
    """
    stops = typed is not None and typed.command is Command.STOP
    stops = stops or (raised is not None and raised.intent is Intent.STOP)
    if not stops:
        return None
    if turn.facts.me.desk == "owner":
        return next((one for one in turn.session.shown if one.value == "stop"), None)
    if confirming.asks(turn, confirming.STOP):
        return turn.session.shown[0]
    return confirming.refusing(turn)


def _parts(turn: TurnBuilder, said: Said, raised: Matter | None) -> Parts | None:
    """Return the answers to steps that are asked together, unless the message holds other facts.

    A message that raises another matter, or corrects an earlier answer, does not answer.
    """
    found = parts(turn, said.text)
    if found is None or correction(turn, said.text) is not None:
        return None
    beside = raised is not None and raised.intent in DIGRESSIONS | ORDERS.keys()
    if beside and not answers(turn, said):
        return None
    known = {*found.answers, *_TOGETHER} | ({found.refused[0]} if found.refused else set())
    if not may_hold_several(said.text, found.answers):
        return found
    more = several(turn, said.text)
    return found if more is None or more.answers.keys() <= known else None


def _several_facts(turn: TurnBuilder, said: Said, raised: Matter | None) -> Several | None:
    """Return several facts, unless the message rather raises another matter."""
    found = several(turn, said.text)
    upset = raised is not None and (raised.intent in UPSET or raised.part in FIRST_PARTS)
    if found is None or raised is None or not (upset or raised.intent in DIGRESSIONS):
        return found
    if raised.intent is Intent.REFERRAL and not fills_in(turn) and of_another(said.text):
        return None  # the facts are about somebody else
    if raised.intent is Intent.CREDIT and not fills_in(turn):
        return None  # and here about a loan
    if raised.weight >= HEAVY and not fills_in(turn) and not _applies(said.text):
        return None  # "ngomong aja saya dengerin, ga bisa baca" names nobody
    least = LEAST_FACTS + upset
    return found if len(found.answers) > least else None


def several(turn: TurnBuilder, text: str) -> Several | None:
    """Return the facts of a message that holds more than the open question asks; None else.

    They are looked for before a form is begun, and at the form's own questions.
    """
    open_form = turn.flow(turn.session.draft)
    begun = open_form is not None and open_form.id in turn.facts.mine.services
    idle = turn.session.asked is None or turn.at_home()
    helps = turn.session.draft is not None and turn.session.draft.on_behalf is not None
    if (turn.facts.me.desk != "owner" and not helps) or not (begun or idle):
        return None
    if leading.wishes(turn, text):
        return None
    clauses = map(standardised, _SEPARATORS.split(text))
    sold = not begun and any(_SELLS.match(clause) for clause in clauses)
    if not (begun or sold) and _has_asked(turn) and not _applies(text):
        return None  # "udah tutup warung nungguin" is about the visit, and no second request
    if not sold and (len(text.split()) < LEAST_WORDS or not may_hold_several(text)):
        return None
    if begun and (turn.session.draft is None or corrects(turn.session.draft.subject)):
        return None  # a correction asks for certain answers
    alone = begun and not _SEPARATORS.search(text) and reads(turn, text)
    ours = turn.flows.services.by_themselves(turn.facts.mine.services)
    for flow in (open_form,) if begun else tuple(service.form for service in ours):
        if flow is None:
            continue
        found = gather(flow, text, turn.facts, at_least=1 if sold else LEAST_FACTS)
        new = {step: answer for step, answer in found.items() if not _is_answered(turn, step)}
        others = new.keys() - {*_TOGETHER, _asked_id(turn)}
        if alone and len(others) < LEAST_FACTS:
            return None
        if begun and not others and reads(turn, text):
            return None  # an address that also names a kind of place
        if (sold and "trade" in new) or (len(new) >= LEAST_FACTS and not new.keys() <= _TOGETHER):
            return Several(flow.id, new)
    return None


def _asked_id(turn: TurnBuilder) -> str:
    step = turn.asked_step()
    return step.id if step is not None else ""


def _has_asked(turn: TurnBuilder) -> bool:
    """Whether the person has something that words on the first page may be about."""
    mine = turn.facts.mine
    return bool(mine.cases or mine.visits or mine.tickets)


def _applies(text: str) -> bool:
    return any(one.name == APPLY for one in lexicon.matters().rank(text))


def _is_answered(turn: TurnBuilder, step: str) -> bool:
    draft, flow = turn.session.draft, turn.flow(turn.session.draft)
    return draft is not None and flow is not None and flow.form and step in draft.answers


def _picked(turn: TurnBuilder, said: Said, raised: Matter | None) -> Pick | Between | None:
    """Return the choice that the words pick, or those between which they stand.

    "Mau komplain" agrees to nothing else, and "mau lihat privasinya" to no consent.
    """
    complains = raised is not None and raised.intent is Intent.COMPLAINT
    beside = raised is not None and raised.intent in DIGRESSIONS | ORDERS.keys()
    if (complains and only_wants(turn, said.text)) or (beside and half_consents(turn, said.text)):
        return None
    named = choices_named(turn, said.text)
    if (beside and asks_of_choices(turn, said.text)) or only_asks(turn, said.text):
        return None
    if named and nods_beside(turn, said.text, named[0]):
        return None
    if len(named) > 1 or (named and doubts(turn, said.text, named[0])):
        return Between(named)
    chosen = (
        named[0] if named else other_option(turn, said.text) or left_to_officer(turn, said.text)
    )
    return Pick(chosen) if chosen is not None else None


_AGREES = re.compile(r"setuju|\bagree|\bconsent")


def _explanation(turn: TurnBuilder, said: Said, raised: Matter | None) -> Explain | None:
    """Return that the words ask about the open question, if it has an explanation."""
    beside = raised is not None and raised.intent in DIGRESSIONS | ORDERS.keys()
    unclear = raised is not None and raised.intent in ABOUT_US
    unclear = unclear and (supposes(said.text) or bool(_AGREES.search(said.text.lower())))
    if (not beside or unclear) and asks_of_choices(turn, said.text) and why_key(turn):
        return Explain()
    if raised is None:
        return None
    names_choice = any(choice.value == raised.part for choice in turn.session.shown)
    asks = raised.intent is Intent.TERM and names_choice  # "nib itu apa?" picks no "Sudah ada NIB"
    why = raised.intent in (Intent.WHY, Intent.HELP)
    sure = raised.intent is Intent.WHY and raised.weight >= SURELY_ASKS
    if not asks and (not why or (answers(turn, said) and not sure)):
        return None
    return Explain() if why_key(turn) else None


def _beside(turn: TurnBuilder, said: Said, raised: Matter | None) -> Aside | None:
    """Return the matter that the words raise beside the open question."""
    if raised is None or answers(turn, said, outright=raised.weight >= HEAVY):
        return None
    if raised.intent in OF_OTHERS and _is_of_ours(turn, said.text, raised.intent):
        return None
    if raised.intent in DIGRESSIONS or raised.intent in ORDERS:
        return aside(raised)
    return None


def _is_of_ours(turn: TurnBuilder, text: str, raised: Intent) -> bool:
    """Whether a matter of others is named by a service's name: "lampu" is, "izin PIRT" is not."""
    service = service_named(turn, text)
    if service is None:
        return False
    others = matter(" ".join(w for w in standardised(text).split() if w not in service.called))
    return others is None or others.intent is not raised


def _otherwise(
    turn: TurnBuilder, said: Said, meant: Intent | None
) -> Remark | Unclear | Resume | Answer | Aside:
    """Return the meaning of words that are no order, no pick and about no other matter."""
    asked = turn.session.asked
    if asked is None:
        return Remark(meant)
    if asked.flow == "common":
        return Unclear()
    if meant in COURTEOUS and may_be_a_name(turn, said):
        return Answer()
    if meant is Intent.GREETING and turn.worth_resuming(turn.session.draft):
        return Resume()
    staff = turn.facts.me.desk != "owner" and not turn.at_home()
    if meant is Intent.THANKS or (meant is Intent.GREETING and staff):
        return Aside(meant)
    return Remark(meant) if turn.at_home() else Answer()


def _unread(turn: TurnBuilder, said: Said) -> Unread | OwnNumber | None:
    """Return the meaning of words that answer no question; None for all others."""
    if said.edited and (not said.message or said.message != turn.session.refused):
        return Unread(Say("common.edited"))
    if len(said.text) > (MAX_STORY if tells_story(turn) else MAX_SAID):
        return Unread(Say("common.too_long"), correctable=True)
    return _number(turn, said.text)


def _number(turn: TurnBuilder, text: str) -> Unread | OwnNumber | None:
    """Return the number to call the person at, if the message is one."""
    listens = turn.session.calling or turn.session.asked is None or turn.at_home()
    step = turn.asked_step()
    listens = listens or (step is not None and not (step.takes_words or step.numeric))
    listens = listens or tells_story(turn)
    if turn.facts.me.desk != "owner" or not listens or not phone.is_one(text):
        return None
    if step is not None and step.numeric and not re.search(r"\+|\b0", text):
        return None  # a sum of nine digits
    number = phone.read(text)
    if number:
        return OwnNumber(number)
    mistyped = turn.session.calling and (step is None or not step.numeric)
    return Unread(Say("refusals.not_a_phone")) if mistyped else None


def asks_something(text: str) -> bool:
    """Whether the first words of a person ask for something that can be answered at once."""
    typed, raised = read_command(text), matter(text)
    meant = raised.intent if raised is not None else None
    return typed is not None or meant in DIGRESSIONS or meant in ORDERS
