"""Rounds at the desk: answers what an officer says in words, and carries out what is confirmed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from conversations import lexicon
from conversations.effects import Concern
from conversations.engine import (
    confirming,
    drafts,
    matters,
    questions,
    rounds_absence,
    rounds_hearing,
    rounds_list,
    rounds_offers,
    rounds_questions,
    rounds_words,
)
from conversations.engine import rounds_mending as mending
from conversations.engine import rounds_moves as moves
from conversations.engine import rounds_reports as reports
from conversations.engine import rounds_visits as visits
from conversations.engine.builder import TurnBuilder
from conversations.engine.meanings import AtDesk
from conversations.engine.reading import bare_number, choices_named
from conversations.events import Located
from conversations.facts import VisitFact
from conversations.lifecycle import VisitState
from conversations.messages import Json, Say
from conversations.parsers import duration
from conversations.parsers.choice import exact
from conversations.phrases import Intent
from conversations.words import standardised

#: Matters by which an officer comes later, if a length of time is named.
_HINDRANCES = frozenset({"breakdown", "weather", "late"})
_BUTTONS = 9  # visits among which an officer is asked to choose

Plain: TypeAlias = Callable[[TurnBuilder, str], None]
Hears: TypeAlias = Callable[[TurnBuilder, str, str | None], str | None]
OfVisit: TypeAlias = Callable[[TurnBuilder, VisitFact, str], None]


def hears(turn: TurnBuilder, text: str, matter: str | None) -> str | None:
    """Return the matter that the words raise at the open question, if it is another one.

    A length of time where it is asked how late, days where it is asked which, and the reason of
    somebody who declines.
    """
    asked = turn.session.asked
    if confirming.is_open(turn):
        return _at_own_question(turn, text, matter)
    if matter == "next" and visits.by_name(turn, text) is not None:
        return "place"  # "siapa nih Budi?"
    if _refuses_a_gift(turn, text, matter):
        return "gift_refused"
    if matter in _OF_VISIT and visits.names_another(turn, text):
        return matter
    named = visits.by_name(turn, text) if matter is None else None
    if named is not None and _CANCELS.search(standardised(text)):
        return "decline"
    if named is not None and str(named.id) != visits.subject(turn):
        return "open"
    if asked is None or asked.flow != moves.FLOW:
        return None
    return _AT_STEP.get(asked.step, _at_the_visit)(turn, text, matter)


def _at_own_question(turn: TurnBuilder, text: str, matter: str | None) -> str | None:
    """Return the matter that words raise at a question of the desk, if it is another one."""
    about, said = turn.session.shown[0].answer[0], standardised(text)
    if about in _LATE and duration.minutes(text, bare=True) is not None:
        return "late" if text.strip() not in _numbers(turn) else None
    of_absence = (rounds_absence.WHICH, rounds_absence.DAYS, rounds_absence.WHOLE)
    if about in of_absence and not _ASKS.search(said):
        return rounds_absence.hears(turn, text)
    if not reports.in_danger(turn) or matter in _MEANWHILE or bare_number(text):
        return None
    raised = matters.raised_in(turn, text)
    known = raised is not None and raised.intent in _ANSWERED
    return None if known or choices_named(turn, text) else "danger"


def _at_offer(turn: TurnBuilder, text: str, matter: str | None) -> str | None:
    if matter in ("distance", "waiting"):
        return matter
    taken = _options(turn, text, "accept") - lexicon.desk("officer").words_of("depart")
    if matter == "depart" and not taken and _leaves_today(turn):
        return "depart"  # "otw" to the visit that was accepted before
    later = matter == "late" and not visits.is_under_way(turn)
    if later and _options(turn, text, "accept") and duration.minutes(text) is not None:
        return "accept_late"
    if matter in _HINDRANCES and duration.minutes(text) is not None:
        return "late"
    if later:
        return "other_time"  # "bisa, tapi agak telat"
    return _declines(turn, text)


def _at_departure(turn: TurnBuilder, text: str, matter: str | None) -> str | None:
    if matter in _HINDRANCES and duration.minutes(text) is not None:
        return "late"
    if (
        matter == "refused"
        and _options(turn, text, "cannot")
        and not _OWNER.search(standardised(text))
    ):
        return "decline"  # "tidak jadi deh, tidak bisa"
    return _declines(turn, text) if matter in (None, "decline") else None


def _at_the_visit(turn: TurnBuilder, text: str, matter: str | None) -> str | None:
    waits = matter in (None, "late", "waiting") and duration.minutes(text) is None
    return "waiting" if waits and _WAITS.search(standardised(text)) else None


def _declines(turn: TurnBuilder, text: str) -> str | None:
    """Return that the words turn the visit down and tell why."""
    asked = turn.session.asked
    listed = lexicon.options(asked.flow, asked.step) if asked is not None else None
    ranked = listed.rank(text) if listed is not None else []
    declines = bool(ranked) and ranked[0].name in ("decline", "cannot")
    return "decline" if declines and moves.reason_in(text) is not None else None


def _reason(turn: TurnBuilder, text: str, matter: str | None) -> str | None:
    """Return that words tell why a visit is given back, which is confirmed first."""
    outright = bare_number(text) or exact(text, turn.labels()) is not None
    if outright or turn.session.clarifying or moves.reason_in(text) is None:
        return None
    return "decline"


_AT_STEP: Mapping[str, Hears] = {
    "offer": _at_offer,
    "depart": _at_departure,
    moves.DECLINED: _reason,
    moves.FAILURE: lambda turn, text, matter: None,
}


def _options(turn: TurnBuilder, text: str, option: str) -> frozenset[str]:
    """Return the words that name an option of the open question."""
    asked = turn.session.asked
    listed = lexicon.options(asked.flow, asked.step) if asked is not None else None
    ranked = listed.rank(text) if listed is not None else []
    return next((one.evidence for one in ranked if one.name == option), frozenset())


def _leaves_today(turn: TurnBuilder) -> bool:
    visit = visits.following(turn)
    return visit is not None and visit.on == turn.facts.today


def _refuses_a_gift(turn: TurnBuilder, text: str, matter: str | None) -> bool:
    """Whether an officer at a visit turns something down, and does not name the visit."""
    said = standardised(text)
    refuses = matter == "decline" and _TURNS_DOWN.search(said) is not None
    return refuses and visits.is_under_way(turn) and visits.by_name(turn, text) is None


def _numbers(turn: TurnBuilder) -> set[str]:
    """Return the numbers that pick one of the choices shown."""
    return {str(number) for number in range(1, len(turn.session.shown) + 1)}


def answer(turn: TurnBuilder, meant: AtDesk) -> None:
    """Answer a matter of an officer, or ask which visit it is about."""
    matter, text = meant.matter, meant.text
    about = turn.session.shown[0].answer[0] if confirming.is_open(turn) else ""
    some = _several(turn, text, about) if matter == "late" else ()
    if some:
        moves.late_to_each(turn, some, text)
    elif matter == "not_late" and about in _LATE:
        turn.says.append(Say("common.desk.dropped"))
        drafts.go_on(turn)
    elif matter in _DETAINED and visits.is_under_way(turn) and duration.minutes(text) is not None:
        answer(turn, AtDesk("late", text))
    elif matter in _PLAIN:
        _PLAIN[matter](turn, text)
    elif matter in _HINDERED and duration.minutes(text) is not None:
        answer(turn, AtDesk("late", text))
    else:
        act_on = _OF_VISIT[matter][1]
        among = _among(turn, matter, text, open_first=about in _LATE)
        if not among and matter in _TO_ONE and (named := visits.by_name(turn, text)) is not None:
            moves.open_visit(turn, named)
        elif not among and matter == "late" and visits.is_under_way(turn):
            reports.waiting(turn, text)  # the officer is there: somebody lets them wait
        elif not among and matter in reports.CONCERNS:
            reports.ask(turn, reports.CONCERNS[matter], None, text)
        elif not among:
            drafts.digress(turn, _none(turn))
        elif len(among) == 1 or matter in _FIRST:
            act_on(turn, among[0], text)
        else:
            _ask_which(turn, among, matter, text)


def _among(turn: TurnBuilder, matter: str, text: str, *, open_first: bool) -> tuple[VisitFact, ...]:
    """Return the visits that a matter may be about."""
    states, hindered = _OF_VISIT[matter][0], matter in _HINDERED
    named = visits.by_name(turn, text)
    of_offers = named is None or named.state in visits.OFFERED
    if matter in _OF_OFFERS and of_offers and not visits.subject(turn) and visits.has_offers(turn):
        states = visits.OFFERED
    wanted = {"all_of_today": hindered, "by_words": matter in _LOOKED_UP}
    among = visits.meant(turn, text, states, open_first=open_first, **wanted)
    return visits.still_coming(turn, text, among) if hindered or matter == "arrive" else among


def _several(turn: TurnBuilder, text: str, about: str) -> tuple[VisitFact, ...]:
    """Return the visits to which an officer is late, if the words or the question name several."""
    if about == "late_each":
        ids = turn.session.shown[0].answer[2][1]
        return tuple(visit for visit in turn.facts.rounds.visits if visit.id in ids)
    return visits.several(turn, text, visits.COMING)


def located(turn: TurnBuilder, here: Located) -> bool:
    """Ask whether the officer is there, if exactly one visit is on the way; False if not."""
    some = [v for v in turn.facts.rounds.visits if v.state == VisitState.ON_THE_WAY]
    if len(some) != 1:
        return False
    moves.located(turn, some[0], here)
    return True


def act(turn: TurnBuilder, matter: str, subject: str, argument: Json) -> None:
    """Carry out a matter that the officer confirmed, if the visit still allows it."""
    if matter in _CONFIRMED:
        _CONFIRMED[matter](turn, subject, argument)
        return
    visit = turn.facts.rounds.visit(subject)
    states, act_on = _CONFIRMED_OF_VISIT.get(matter, (visits.AGREED, None))
    if matter == "which":
        states, act_on = _chosen(argument)
    if visit is None or visit.state not in states or act_on is None:
        turn.says.append(Say("common.gone"))
        drafts.go_on(turn)
        return
    act_on(turn, visit, argument)


def _none(turn: TurnBuilder) -> Say:
    """Say that no visit is in a state in which the words can be about it, and what is known."""
    rounds = turn.facts.rounds.visits
    if not rounds:
        return Say("rounds_desk.none.any")
    if all(visit.state in visits.OFFERED for visit in rounds):
        return reports.no_next(turn)
    return Say("rounds_desk.none.some", {"lines": visits.lines(turn, rounds)})


def _ask_which(turn: TurnBuilder, among: tuple[VisitFact, ...], matter: str, text: str) -> None:
    """Ask which visit a matter is about."""
    some = among[:_BUTTONS]
    choices = (
        confirming.choice(
            f"visit-{visit.id}",
            visits.label(turn, visit),
            "which",
            str(visit.id),
            [matter, reports.quoted(text)],
        )
        for visit in some
    )
    say = Say("rounds_desk.which", {"lines": visits.lines(turn, some)})
    confirming.ask(turn, say, *choices, confirming.no())


def _chosen(argument: Json) -> tuple[visits.States, Callable[[TurnBuilder, VisitFact, Json], None]]:
    """Return the states and the answer of the matter for which a visit was chosen."""
    matter, text = argument
    states, act_on = _OF_VISIT[matter]
    return states, lambda turn, visit, _: act_on(turn, visit, text)


def _hindered(matter: str) -> OfVisit:
    return lambda turn, visit, text: moves.hindered(turn, visit, matter)


def _failed(matter: str) -> OfVisit:
    return lambda turn, visit, text: moves.fail(turn, visit, matter)


def _concern(matter: str) -> OfVisit:
    return lambda turn, visit, text: reports.ask(turn, reports.CONCERNS[matter], visit, text)


def _ktp_differs(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Tell that an address may differ; a name or a face may not."""
    if rounds_words.names_address(text):
        drafts.digress(turn, Say("rounds_desk.ktp_differs"))
    else:
        moves.fail(turn, visit, "data_wrong")


def _not_found(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Offer that the owner is called, if the address was not found before either."""
    if any(choice.value == "call" for choice in turn.session.shown):
        reports.call_owner(turn, visit, None)
    else:
        moves.fail(turn, visit, "not_found")


def _take_anyway(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Ask for the acceptance of a visit that was about to be declined."""
    moves.keep(turn, visit)
    if visit.state in visits.OFFERED:
        moves.take_up(turn, visit, "accept")


def _meanwhile(turn: TurnBuilder, text: str) -> None:
    """Answer a matter beside the question whether the officer is safe, which stays open."""
    matter, visit = rounds_hearing.best(text), visits.current(turn)
    if matter == "gift":
        reports.gift(turn, text)
    elif matter in ("whose_code", "wrong_code"):
        reports.whose_code(turn, text)
    elif matter in ("lost", "not_found", "place") and visit is not None:
        reports.place(turn, visit, text)
    else:
        drafts.digress(turn, Say("rounds_desk.danger.later"))


def _tame(turn: TurnBuilder, text: str) -> None:
    """Go on where a dog does no harm."""
    turn.says.append(Say("common.desk.fine"))
    drafts.go_on(turn)


def _says(key: str) -> Plain:
    return lambda turn, text: drafts.digress(turn, Say(key))


def _declined(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    _leave(turn, visit, moves.reason_in(text), text)


def _not_my_area(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    _leave(turn, visit, "area", text)


def _leave(turn: TurnBuilder, visit: VisitFact, reason: str | None, text: str) -> None:
    """Give a visit back; once it is under way, supervisors must help."""
    if visit.state in visits.UNDER_WAY:
        reports.ask(turn, Concern.GIVE_AWAY, visit, text)
    else:
        moves.give_back(turn, visit, reason)


def _no_photo(turn: TurnBuilder, text: str) -> None:
    """Offer to go on without a photo, where one is asked for."""
    without = tuple(choice for choice in turn.session.shown if choice.value == "none")
    asked = turn.session.asked
    if without and asked is not None and asked.step == "photo":
        questions.ask_between(turn, without)
    else:
        drafts.digress(turn, Say("rounds_desk.no_photo"))


_OWNER = re.compile(r"\b(?:dia|ibu|bapak|orang\w*|pemilik\w*|yang punya|nolak|tolak|owner)\b")
_LATE = frozenset({"late", "late_each", "how_late"})
_TO_ONE = frozenset({"accept", "depart"})  # "gas ke bu Siti" opens her visit
#: Matters that end or interrupt the passing on of words in danger.
_MEANWHILE = frozenset({
    "late", "not_late", "arrive", "depart", "next", "left", "today", "place", "phone", "talk",
    "accept", "wrong_code", "whose_code", "other_time",
})  # fmt: skip
_LOOKED_UP = frozenset({"place", "distance", "when"})  # nothing is done
_ANSWERED = frozenset({Intent.HUMAN, Intent.OFFICE})  # in danger as well
_CANCELS = re.compile(r"\b(?:batal|batalin|batalkan|cancel)\b")
_TURNS_DOWN = re.compile(r"^(?!.*\b(?:kunjungan|visit|tidak bisa)\b).*\b(?:tolak|declined?)\b")
_ASKS = re.compile(r"\?|\b(?:berapa|apa|siapa|kapan|how many|what|who|when)\b")
_WAITS = re.compile(
    r"\b(?:tunggu|bentar|sebentar|cek dulu|mandi|belum sampai|hold on|one moment|let me check)\b"
)
_OF_OFFERS = frozenset({"decline", "not_my_area", "other_time"})  # an offer is meant first
_HINDERED = frozenset({"breakdown", "weather"})
_DETAINED = _HINDERED | {"pause"}
_FIRST = frozenset({"depart", "place", "lost"})  # the soonest is meant, if none is named

_PLAIN: Mapping[str, Plain] = {
    **rounds_questions.ANSWERS,
    rounds_absence.WHICH: rounds_absence.absence,
    rounds_absence.WHOLE: rounds_absence.whole_day,
    "battery": reports.battery,
    "complain": reports.complain,
    "danger": reports.danger,
    "gift": reports.gift,
    "gift_refused": reports.gift_refused,
    "hurt": reports.danger,
    "call_me": reports.call_me,
    "code_done": reports.code_done,
    "complain_again": rounds_list.complain_again,
    "complain_more": reports.complain_more,
    "dog": reports.ask_dog,
    "each": lambda turn, text: rounds_offers.ask_each(turn, rounds_offers.planned(turn, text)),
    "each_reason": rounds_offers.give_reason,
    "held": _says("common.desk.held"),
    "helper": _says("rounds_desk.helper"),
    "how_many": reports.how_many,
    "meanwhile": _meanwhile,
    "nearly": _says("rounds_desk.nearly"),
    reports.SAFE: lambda turn, text: reports.safe(turn, visits.subject(turn), None),
    "safe_perhaps": reports.perhaps_safe,
    "portrait": lambda turn, text: drafts.open_flow(turn, "own_portrait", ""),
    "portrait_off": reports.withdraw_portrait,
    "staff_matter": _says("rounds_desk.staff_matter"),
    "tame": _tame,
    "waits": _says("rounds_desk.waits"),
    "works": reports.works,
    "left": reports.left,
    "next": reports.next_stop,
    "no_photo": _no_photo,
    "not_left": rounds_list.not_left,
    "not_failed": reports.failed_by_mistake,
    "stolen": reports.stolen,
    "talk": reports.talk,
    "today": reports.today,
    "waiting": reports.waiting,
    "who_reads": rounds_list.who_reads,
    "whose_code": reports.whose_code,
}
#: Matters of one visit: the states in which they can be meant, and the answer.
_OF_VISIT: Mapping[str, tuple[visits.States, OfVisit]] = {
    "accept": (visits.OFFERED, moves.accept),
    "broken": (visits.AGREED, _failed("breakdown")),
    "flooded": (visits.AGREED, _failed("weather")),
    "ktp_differs": (visits.AGREED, _ktp_differs),
    "ktp_name": (visits.AGREED, mending.of_name),
    "somebody": (visits.AGREED, reports.somebody),
    "take_anyway": (visits.GIVEN_BACK, _take_anyway),
    "when": (visits.OFFERED | visits.AGREED, reports.when),
    "accept_late": (visits.OFFERED, moves.accept_late),
    "code_early": (visits.UNDER_WAY, rounds_list.code_early),
    "arrive": (visits.AGREED, moves.arrive),
    "breakdown": (visits.AGREED, _hindered("breakdown")),
    "decline": (visits.GIVEN_BACK | visits.UNDER_WAY, _declined),
    "depart": (visits.ACCEPTED, moves.depart),
    "give_up": (visits.UNDER_WAY, moves.fail_why),
    "keep_waiting": (visits.UNDER_WAY, moves.keep_waiting),
    "kept": (visits.GIVEN_BACK | visits.AGREED, lambda turn, visit, _: moves.keep(turn, visit)),
    "place_differs": (visits.AGREED, mending.or_else("address", _failed("place_differs"))),
    "distance": (visits.OFFERED | visits.AGREED, reports.distance),
    "give_away": (visits.GIVEN_BACK | visits.UNDER_WAY, reports.give_away),
    "late": (visits.COMING, moves.late),
    "lost": (visits.AGREED, reports.lost),
    "nobody": (visits.AGREED, _failed("nobody")),
    "not_found": (visits.AGREED, _not_found),
    "not_late": (visits.COMING, moves.in_time),
    "not_my_area": (visits.GIVEN_BACK | visits.UNDER_WAY, _not_my_area),
    "open": (
        visits.OFFERED | visits.AGREED,
        lambda turn, visit, text: moves.open_visit(turn, visit),
    ),
    "other_time": (visits.GIVEN_BACK, reports.other_time),
    "place": (visits.OFFERED | visits.AGREED, reports.place),
    "refused": (visits.AGREED, _failed("refused")),
    "trade_wrong": (visits.AGREED, mending.or_else("trade", _failed("trade_wrong"))),
    "unlike": (visits.AGREED, moves.unlike),
    "weather": (visits.AGREED, _hindered("weather")),
    "wrong_code": (visits.AGREED, reports.wrong_code),
    **{matter: (visits.AGREED, _concern(matter)) for matter in reports.CONCERNS},
    **{matter: (visits.AGREED, mending.of_kind(matter)) for matter in mending.MATTERS},
    "trade_changed": (visits.AGREED, mending.or_else("trade", _concern("trade_changed"))),
    "differs": (visits.AGREED, mending.or_else("", _concern("trade_changed"))),
}
_CONFIRMED: Mapping[str, Callable[[TurnBuilder, str, Json], None]] = {
    rounds_absence.WHICH: lambda turn, _, words: rounds_absence.absence(turn, str(words)),
    rounds_absence.DAYS: lambda turn, _, told: rounds_absence.tell_absence(turn, told),
    rounds_absence.WHOLE: lambda turn, _, told: rounds_absence.confirm(turn, told),
    "call_me": lambda turn, _, __: reports.call(turn),
    "concern": reports.tell,
    "dog": lambda turn, _, words: reports.danger(turn, str(words)),
    "late_each": moves.tell_each,
    "portrait_off": reports.portrait_withdrawn,
    reports.SAFE: reports.safe,
    "unsafe": reports.unsafe,
}
_CONFIRMED_OF_VISIT: Mapping[
    str, tuple[visits.States, Callable[[TurnBuilder, VisitFact, Json], None]]
] = {
    "decline": (visits.GIVEN_BACK, moves.give_back),
    "each": (visits.OFFERED, rounds_offers.carry_out),
    "fail": (visits.UNDER_WAY, moves.fail),
    "how_late": (visits.COMING, lambda turn, visit, _: moves.late(turn, visit, "")),
    "keep": (visits.GIVEN_BACK | visits.AGREED, lambda turn, visit, _: moves.keep(turn, visit)),
    "late": (visits.COMING, moves.tell_late),
    "mend": (visits.AGREED, mending.mend),
    "mistake": (visits.AGREED, reports.chosen_mistake),
    "phone": (visits.AGREED, reports.call_owner),
    "unlike": (visits.AGREED, moves.chosen_unlike),
    "there": (visits.ACCEPTED, moves.record_there),
}
