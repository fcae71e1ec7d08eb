"""Desk: hears what staff say in their own words, and carries out what they confirm.

An owner's matter is not heard from staff: "telat" of an officer asks nobody where the officer is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from conversations import lexicon
from conversations.effects import OptOut
from conversations.engine import (
    confirming,
    discerning,
    drafts,
    matters,
    recalling,
    rounds_desk,
    rounds_hearing,
    rounds_list,
    rounds_moves,
    rounds_offers,
    rounds_reports,
    rounds_visits,
    rounds_words,
    supervising,
    supervising_forms,
)
from conversations.engine.builder import TurnBuilder
from conversations.engine.matters import Matter
from conversations.engine.meanings import AtDesk
from conversations.engine.naming import nameless
from conversations.engine.reading import bare_number, choices_named, option_weight, reads
from conversations.engine.torn import fears_and_wants
from conversations.events import Located
from conversations.facts import Role
from conversations.lexicon import lists
from conversations.messages import Json, Say
from conversations.parsers.choice import exact
from conversations.parsers.hesitation import agrees, hesitates
from conversations.phrases import Command, Intent, intent
from conversations.session import Draft
from conversations.words import standardised

DANGER = "danger"
ALARMS = frozenset({DANGER, "hurt"})  # heard in the middle of anything
UNSAFE = "unsafe"  # the answer of somebody who leaves since it is not safe
COMPLAIN = "complain"  # about somebody who threatens others
FEW_WORDS = 3  # of a question who is writing
LEAST = 1.0  # weight below which words only hint at a matter
#: Matters that are answered alike to everybody.
COMMON = frozenset(
    {
        Intent.ABUSE,
        Intent.BACK,
        Intent.CANCEL,
        Intent.COST,
        Intent.DISTRESS,
        Intent.EMERGENCY,
        Intent.GREETING,
        Intent.HELP,
        Intent.HUMAN,
        Intent.OFFICE,
        Intent.RESTART,
        Intent.ROBOT,
        Intent.STATUS,
        Intent.STOP,
        Intent.THANKS,
        Intent.WHO_ARE_YOU,
        Intent.WHY,
    }
)
#: Words with "nya", apart from which they have their usual spelling: "ibunya", "sampenya".
_ITS = re.compile(r"\b(?!bertanya)(hp|wa|[a-z]{3,})nya\b", re.IGNORECASE)
#: Options that only say that it does not work: a matter says why.
_VAGUE = frozenset({"cannot", "decline", "failed", "different"})
#: Questions at a place that somebody told of: what is said there is no matter of a visit.
AT_PLACE = frozenset({
    "met", "same", "may_tell", "again", "why_not", "moved_to", "why_impossible",
})  # fmt: skip
#: Questions at which an officer looks for papers, and has a letter signed.
SIGNING = frozenset({"there", "later", "sign", "signed_page", "signed"})
_NO_ALARM = frozenset({"absence", "stolen", COMPLAIN})  # at home, or over
_FILLERS = frozenset({"ya", "iya", "oke", "ok", "okay", "sip", "yes"})


@dataclass(frozen=True, slots=True)
class Ears:
    """How a desk answers a matter in words, and carries out a confirmed choice.

    `act` gets the choice's matter, its subject and its argument. `hears` gets the matter that the
    words name, and returns another one if the open question tells it: "20 menit" is a delay where
    that is asked. `options` are the options that say the same as a matter, where they are open.
    At the steps `firm`, an option outweighs a matter that as many words name; so it does at those
    of `ours`, and no context changes the matter there. `first` returns the matter that the form of
    the words tells, before single words are weighed. `at_step` are matters that words at a step
    raise only as a part of their answer.
    """

    answer: Callable[[TurnBuilder, AtDesk], None]
    act: Callable[[TurnBuilder, str, str, Json], None]
    hears: Callable[[TurnBuilder, str, str | None], str | None]
    options: Mapping[str, frozenset[str]]
    firm: frozenset[str] = frozenset()
    ours: Mapping[str, frozenset[str]] = field(default_factory=dict)  # by flow
    first: Callable[[TurnBuilder, str], str | None] = lambda turn, text: None
    at_step: Mapping[str, frozenset[str]] = field(default_factory=dict)


_EARS: Mapping[Role, Ears] = {
    "officer": Ears(
        rounds_desk.answer,
        rounds_desk.act,
        rounds_desk.hears,
        rounds_hearing.OPTIONS,
        firm=frozenset({"offer"}),
        ours={"visit": AT_PLACE | SIGNING},
        first=rounds_hearing.first,
        at_step=rounds_hearing.AT_STEP,
    ),
    "supervisor": Ears(
        supervising.answer,
        supervising.act,
        discerning.hears,
        {"end": frozenset({"end"})},  # a visit that is over, not an officer's duty
        ours={
            "held": frozenset({"decision", "why"}),
            "flag": frozenset({"look"}),
            "lender_told": frozenset({"outcome", "reason"}),
        },
        at_step={"held.decision": frozenset({"complaints", "figures", "find"})},
        first=supervising_forms.first,
    ),
}


def at_own_desk(turn: TurnBuilder) -> bool:
    """Whether staff speak as staff; else owners' matters are heard as well."""
    if turn.facts.me.desk == "owner":
        return False
    flow = turn.flow(turn.session.draft)
    return flow is None or flow.only is not None or flow.home not in (None, "owner")


def common(turn: TurnBuilder, raised: Matter | None, text: str) -> Matter | None:
    """Return a matter that was raised, unless only an owner can mean it and staff speak."""
    if raised is None or not at_own_desk(turn):
        return raised
    if raised.intent is Intent.WHO_ARE_YOU and len(text.split()) > FEW_WORDS:
        return None  # "siapa yang paling rajin bulan ini" asks nobody's name
    return raised if raised.intent in COMMON else None


def read(turn: TurnBuilder, text: str) -> AtDesk | None:
    """Return the matter that the words of staff raise, or None.

    The open question comes first, unless fewer of the words name its option. Danger comes before
    everything.
    """
    ears = _EARS.get(turn.facts.me.desk)
    if ears is None or _chooses_way(turn, text) or _answers_alarm(turn, text):
        return None
    formed = ears.first(turn, text) if _listens(turn, text) else None
    if formed is not None and not (_in_answer(turn, formed) or _at_place(turn, text, formed)):
        return AtDesk(formed, text)
    said = _ITS.sub(r"\1 nya", text) if "nya" in text.lower() else text
    said = nameless(turn, said)
    ranked = lexicon.desk(turn.facts.me.desk).rank(said)
    best = next((one for one in ranked if one.weight >= LEAST), None)
    alarm = next((one for one in ranked if one.name in ALARMS and one.weight >= LEAST), None)
    if alarm is not None and _is_of_host(turn, text):
        ranked = [one for one in ranked if one.name not in ALARMS]
        best = next((one for one in ranked if one.weight >= LEAST), None)
        alarm = None
    if alarm is not None and not (best is not None and _outdoes(best, alarm)):
        return AtDesk(DANGER, text)
    if _in_danger(turn, text, best):
        return AtDesk(DANGER, text)
    if not _listens(turn, text):
        return None
    if _outweighs(turn, text, best):
        return None
    told = ears.hears(turn, text, best.name if best is not None else None)
    if told is not None:
        return AtDesk(told, text)
    if best is None or _answers_outright(turn, text, best):
        return None
    return AtDesk(best.name, text)


def _chooses_way(turn: TurnBuilder, text: str) -> bool:
    """Whether a few words say how the owner confirms a form: "di hp dia" asks for no number."""
    asked = turn.session.asked
    if asked is None or asked.flow != "assisted" or len(text.split()) > FEW_WORDS:
        return False
    return bool(choices_named(turn, text))


def _answers_alarm(turn: TurnBuilder, text: str) -> bool:
    """Whether words of danger are the answer: an officer leaves, or a supervisor says why."""
    if not any(choice.value in (UNSAFE, DANGER) for choice in turn.session.shown):
        return False
    named = choices_named(turn, text)
    return len(named) == 1 and named[0].value in (UNSAFE, DANGER)


def _outdoes(best: lexicon.Ranked, alarm: lexicon.Ranked) -> bool:
    """Whether the words tell of something that is no danger now: a theft, a complaint."""
    return best.name == COMPLAIN or (best.name in _NO_ALARM and best.weight > alarm.weight)


def answer(turn: TurnBuilder, meant: AtDesk) -> None:
    """Answer a matter, or ask whether it is to be carried out."""
    _EARS[turn.facts.me.desk].answer(turn, meant)


def act(turn: TurnBuilder, chosen: Json) -> None:
    """Carry out a confirmed choice: its matter, its subject and its argument; "" does nothing."""
    matter, subject, argument = chosen[:3]
    ears = _EARS.get(turn.facts.me.desk)
    if not matter:
        turn.says.append(Say("common.desk.dropped"))
        drafts.go_on(turn)
    elif matter == confirming.STOP:
        turn.lasting = True
        turn.effects.append(OptOut())
        turn.says.append(Say("common.opted_out"))
        drafts.go_on(turn)
        turn.prompt = None
    elif ears is None:
        drafts.stale(turn)
    else:
        ears.act(turn, matter, subject, argument)


def alarm(turn: TurnBuilder, command: Command, text: str) -> AtDesk | None:
    """Return the matter of staff that a command's word raises: "tolong" of somebody in danger.

    "Batal" just after a decision takes it back, and a visit that is about to fail does not.
    """
    if turn.facts.me.desk == "supervisor" and recalling.regrets(turn, text):
        return AtDesk("regret", text)
    if takes_back(turn, command):
        return AtDesk("kept", text)
    slips = command is Command.BACK and turn.facts.me.desk == "officer" and turn.at_home()
    if slips and rounds_words.is_wrong_tap(text):
        return AtDesk("not_failed", text)
    if command is Command.STOP and turn.facts.me.desk == "officer" and _for_now(text):
        return AtDesk("waiting", text)
    calls = command is Command.HELP and turn.facts.me.desk == "officer"
    return AtDesk(DANGER, text) if calls and rounds_reports.in_danger(turn) else None


def _for_now(text: str) -> bool:
    """Whether "stop dulu" puts the work off, and does not end all messages."""
    return lists.any_of("officers", "for_now").search(standardised(text)) is not None


def takes_back(turn: TurnBuilder, command: Command) -> bool:
    """Whether "kembali" or "batal" of an officer is about a visit that is about to fail."""
    returns = command in (Command.BACK, Command.CANCEL)
    return returns and turn.facts.me.desk == "officer" and rounds_moves.is_pending(turn)


def located(turn: TurnBuilder, here: Located) -> bool:
    """Ask an officer on the way whether a location sent at the list tells the arrival."""
    return turn.facts.me.desk == "officer" and turn.at_home() and rounds_desk.located(turn, here)


def passes_by(turn: TurnBuilder, text: str) -> bool:
    """Whether words at a question of the desk are for the question before it.

    A number of one or two digits picks a choice, shown or not; a longer one is an owner's code.
    "Ya" where one of several is to be chosen answers nothing, and least the question before.
    """
    if answers_beneath(turn, text):
        return True
    picks = bare_number(text) and len(text.strip()) <= 2
    agreed = not confirming.is_pending(turn) and intent(text) is Intent.YES
    return confirming.is_open(turn) and not (picks or agreed) and read(turn, text) is None


def names_choice(turn: TurnBuilder, text: str) -> bool:
    """Whether words name a choice of the open question, and do not answer the one before it."""
    return bool(choices_named(turn, text)) and not answers_beneath(turn, text)


def answers_beneath(turn: TurnBuilder, text: str) -> bool:
    """Whether words at "tell supervisors?" answer the question before it: "ya sesuai".

    More than a nod must name one of its options, so that nothing is told that was not meant.
    """
    draft, flow = turn.session.draft, turn.flow(turn.session.draft)
    asks = confirming.asks(turn, "concern") or confirming.asks(turn, "unlike")
    if not asks or draft is None or flow is None:
        return False
    step = flow.open_step(turn.context(draft))
    listed = lexicon.options(flow.id, step.id) if step is not None else None
    if step is None or listed is None or exact(text, turn.labels()) is not None:
        return False
    options = {choice.value for choice in step.prompt(turn.context(draft)).choices}
    ranked = [one for one in listed.rank(text) if one.name in options - _VAGUE]
    return any(one.weight - len(one.evidence & _FILLERS) >= LEAST for one in ranked)


def words_of_whose(turn: TurnBuilder, before: str) -> tuple[Say, Say, Say]:
    """Return the question which of two matters is meant: the one before, the one now, the sentence.

    Staff are asked about two visits by their owners.
    """
    if turn.facts.me.desk == "owner":
        return Say("common.whose.before"), Say("common.whose.now"), Say("common.whose")
    then, now = rounds_visits.named(turn, before), rounds_visits.named(turn, _subject(turn))
    if then is None or now is None or then == now:
        then, now = Say("common.whose.staff_before"), Say("common.whose.staff_now")
    return then, now, Say("common.whose.staff")


def _subject(turn: TurnBuilder) -> str:
    return turn.session.draft.subject if turn.session.draft is not None else ""


def answers_several(turn: TurnBuilder, text: str) -> bool:
    """Whether words of an officer answer several offers, whichever question is open."""
    officer = turn.facts.me.desk == "officer" and at_own_desk(turn)
    return officer and bool(rounds_offers.planned(turn, text))


def answers_elsewhere(turn: TurnBuilder, text: str) -> Draft | None:
    """Return the visit whose question words of an officer answer, if it is not the open one."""
    officer = turn.facts.me.desk == "officer" and at_own_desk(turn)
    return rounds_list.code_elsewhere(turn, text) if officer else None


def let_pass(turn: TurnBuilder) -> None:
    """Go back to the question before, and say that nothing was done, if the desk asked."""
    if confirming.is_open(turn):
        turn.says.append(Say("common.desk.not_done"))
    drafts.go_on(turn)


def holds_back(turn: TurnBuilder, text: str) -> bool:
    """Whether words at a question of the desk put its act off, or ask: "ya tapi besok aja"."""
    if not confirming.is_pending(turn) or not hesitates(text) or read(turn, text) is not None:
        return False
    if confirming.asks(turn, "letter"):
        return False  # its yes shows a letter, and sends nothing
    if bare_number(text) or exact(text, turn.labels()) is not None:
        return False
    if agrees(text):
        return True
    named = choices_named(turn, text)
    if named:
        return named[0].means != "no"
    raised = common(turn, matters.raised_in(turn, text), text)
    return raised is None or raised.intent in (Intent.WHY, Intent.HELP, Intent.STOP)


def _is_of_host(turn: TurnBuilder, text: str) -> bool:
    """Whether fear is the host's, who wants no help: "dia takut dikira satpol", and no danger."""
    asked = turn.session.asked
    if asked is None or asked.flow != "visit" or asked.step not in _OF_HOST:
        return False
    said = standardised(text)
    of_host = lists.any_of("officers", "host_fears").search(said) is not None
    reason = asked.step == "why_not" and lists.any_of("officers", "fears").search(said) is not None
    mine = lists.any_of("officers", "myself").search(said) is not None
    return of_host or ((reason or fears_and_wants(text)) and not mine)


_OF_HOST = frozenset({"wish", "met", "why_not"})  # questions about what the host wants


def _in_danger(turn: TurnBuilder, text: str, best: lexicon.Ranked | None) -> bool:
    """Whether staff tell of an emergency, and of nothing that more words name."""
    ranked = lexicon.matters().rank(text)
    weight = max((one.weight for one in ranked if one.name == "emergency"), default=0.0)
    if best is not None and (best.weight > weight or best.name in _NO_ALARM):
        return False
    return weight >= max(LEAST, option_weight(turn, text))  # "istri lahiran" declines an offer


def _listens(turn: TurnBuilder, text: str) -> bool:
    """Whether more than danger is heard: not in an owner's form, and not in free words.

    Words about an officer's photo are about no case: "fotonya buram". Those at the outcome of a
    complaint accuse no colleague: "bener dia minta uang".
    """
    step, flow = turn.asked_step(), turn.flow(turn.session.draft)
    asked = turn.session.asked
    ours = asked is not None and (asked.flow == "portrait" or asked.step == "outcome")
    if ours and choices_named(turn, text):
        return False
    if step is not None and step.takes_words and reads(turn, text):
        return False
    return flow is None or not flow.form or at_own_desk(turn)


def _in_answer(turn: TurnBuilder, matter: str) -> bool:
    """Whether words of this matter are a part of the answer to the open question."""
    asked = turn.session.asked
    at_step = _EARS[turn.facts.me.desk].at_step
    if asked is None:
        return False
    steps = (asked.step, f"{asked.flow}.{asked.step}")
    return any(matter in at_step.get(step, ()) for step in steps)


def _outweighs(turn: TurnBuilder, text: str, best: lexicon.Ranked | None) -> bool:
    """Whether an option of a question of `ours` is named in as many words as any matter."""
    asked = turn.session.asked
    ours = _EARS[turn.facts.me.desk].ours
    if asked is None or asked.step not in ours.get(asked.flow, ()):
        return False
    weight = best.weight if best is not None else 0.0
    return 0 < option_weight(turn, text) >= weight


def _at_place(turn: TurnBuilder, text: str, matter: str) -> bool:
    """Whether words answer a question at a place that somebody told of, and alarm nobody.

    The same holds where papers are looked for, and a letter is signed.
    """
    asked = turn.session.asked
    if asked is not None and asked.step in SIGNING and matter not in ALARMS:
        return option_weight(turn, text) > 0
    if asked is None or asked.step not in AT_PLACE or matter in ALARMS:
        return False
    named = choices_named(turn, text)
    same = _EARS[turn.facts.me.desk].options.get(matter, ())
    return bool(named) and (asked.step != "met" or named[0].value in same)


def _answers_outright(turn: TurnBuilder, text: str, best: lexicon.Ranked) -> bool:
    """Whether the words rather pick an option of the open question."""
    if bare_number(text) or exact(text, turn.labels()) is not None:
        return True
    if confirming.is_open(turn) and choices_named(turn, text):
        return True
    if _in_answer(turn, best.name):
        return True
    asked = turn.session.asked
    listed = lexicon.options(asked.flow, asked.step) if asked is not None else None
    shown = {choice.value for choice in turn.session.shown}
    ranked = [one for one in listed.rank(text) if one.name in shown] if listed else []
    if not ranked:
        return False
    option = ranked[0]
    if option.name in _EARS[turn.facts.me.desk].options.get(best.name, ()):
        return True
    said = option.weight - len(option.evidence & _FILLERS)  # "telat ya" is no yes
    if asked is not None and asked.step in _EARS[turn.facts.me.desk].firm:
        return said >= best.weight
    return option.name not in _VAGUE and said > best.weight
