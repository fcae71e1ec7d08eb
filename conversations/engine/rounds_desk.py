"""Rounds at the desk: answers what an officer says in words, and carries out what is confirmed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from conversations import lexicon
from conversations.effects import Concern
from conversations.engine import confirming, drafts, questions
from conversations.engine import rounds_moves as moves
from conversations.engine import rounds_reports as reports
from conversations.engine import rounds_visits as visits
from conversations.engine.builder import TurnBuilder
from conversations.engine.meanings import AtDesk
from conversations.facts import VisitFact
from conversations.messages import Json, Say
from conversations.parsers import dates, duration

#: Matters by which an officer comes later, if a length of time is named.
_HINDRANCES = frozenset({"breakdown", "weather", "late"})
_BUTTONS = 9  # visits among which an officer is asked to choose

#: Matters that an option of the visit's questions says as well.
OPTIONS = {
    "accept": frozenset({"accept"}),
    "arrive": frozenset({"here"}),
    "breakdown": frozenset({"vehicle"}),
    "depart": frozenset({"accept", "go", "yes"}),
    "nobody": frozenset({"nobody"}),
    "not_found": frozenset({"wrong_place"}),
    "refused": frozenset({"refused"}),
    "weather": frozenset({"weather"}),
}

Plain: TypeAlias = Callable[[TurnBuilder, str], None]
OfVisit: TypeAlias = Callable[[TurnBuilder, VisitFact, str], None]


def hears(turn: TurnBuilder, text: str, matter: str | None) -> str | None:
    """Return the matter that the words raise at the open question, if it is another one.

    A length of time where it is asked how late, days where it is asked which, and the reason of
    somebody who declines.
    """
    asked = turn.session.asked
    if confirming.is_open(turn):
        about = turn.session.shown[0].answer[0]
        if about == "late" and duration.minutes(text, bare=True) is not None:
            return "late" if str(text).strip() not in _numbers(turn) else None
        named = dates.read(text, turn.facts.today) if about == "absence" else None
        return "absence" if named is not None and named.days else None
    if matter in _OF_VISIT and visits.names_another(turn, text):
        return matter
    if asked is None or asked.flow != moves.FLOW or asked.step not in ("offer", "depart"):
        return None
    if matter in _HINDRANCES and duration.minutes(text) is not None:
        return "late"
    if asked.step == "offer" and matter == "late" and not visits.is_under_way(turn):
        return "other_time"  # "bisa, tapi agak telat"
    if asked.step == "depart" and matter not in (None, "decline"):
        return None
    listed = lexicon.options(asked.flow, asked.step)
    ranked = listed.rank(text) if listed is not None else []
    declines = bool(ranked) and ranked[0].name in ("decline", "cannot")
    return "decline" if declines and moves.reason_in(text) is not None else None


def _numbers(turn: TurnBuilder) -> set[str]:
    """Return the numbers that pick one of the choices shown."""
    return {str(number) for number in range(1, len(turn.session.shown) + 1)}


def answer(turn: TurnBuilder, meant: AtDesk) -> None:
    """Answer a matter of an officer, or ask which visit it is about."""
    matter, text = meant.matter, meant.text
    if matter in _PLAIN:
        _PLAIN[matter](turn, text)
    elif matter in _HINDERED and duration.minutes(text) is not None:
        answer(turn, AtDesk("late", text))
    else:
        states, act_on = _OF_VISIT[matter]
        if matter in _OF_OFFERS and not visits.subject(turn) and visits.has_offers(turn):
            states = visits.OFFERED
        all_of_today = matter in _HINDERED
        among = visits.meant(turn, text, states, all_of_today=all_of_today)
        if not among and matter in reports.CONCERNS:
            reports.ask(turn, reports.CONCERNS[matter], None, text)
        elif not among:
            drafts.digress(turn, Say(f"rounds_desk.none.{_none(turn)}"))
        elif len(among) == 1 or matter in _FIRST:
            act_on(turn, among[0], text)
        else:
            _ask_which(turn, among, matter, text)


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


def _none(turn: TurnBuilder) -> str:
    return "some" if turn.facts.rounds.visits else "any"


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


_OF_OFFERS = frozenset({"decline", "not_my_area", "other_time"})  # an offer is meant first
_HINDERED = frozenset({"breakdown", "weather"})
_FIRST = frozenset({"depart", "place", "lost"})  # the soonest is meant, if none is named

_PLAIN: Mapping[str, Plain] = {
    "absence": reports.absence,
    "battery": reports.battery,
    "danger": reports.danger,
    "gift": reports.gift,
    "ktp_differs": reports.ktp_differs,
    "left": reports.left,
    "next": reports.next_stop,
    "no_photo": _no_photo,
    "not_failed": reports.failed_by_mistake,
    "today": reports.today,
    "whose_code": reports.whose_code,
}
#: Matters of one visit: the states in which they can be meant, and the answer.
_OF_VISIT: Mapping[str, tuple[visits.States, OfVisit]] = {
    "accept": (visits.OFFERED, moves.accept),
    "arrive": (visits.AGREED, moves.arrive),
    "breakdown": (visits.AGREED, _hindered("breakdown")),
    "decline": (visits.GIVEN_BACK | visits.UNDER_WAY, _declined),
    "depart": (visits.ACCEPTED, moves.depart),
    "give_away": (visits.GIVEN_BACK | visits.UNDER_WAY, reports.give_away),
    "late": (visits.COMING, moves.late),
    "lost": (visits.AGREED, reports.lost),
    "nobody": (visits.AGREED, _failed("nobody")),
    "not_found": (visits.AGREED, _failed("not_found")),
    "not_my_area": (visits.GIVEN_BACK | visits.UNDER_WAY, _not_my_area),
    "other_time": (visits.GIVEN_BACK, reports.other_time),
    "place": (visits.OFFERED | visits.AGREED, reports.place),
    "refused": (visits.AGREED, _failed("refused")),
    "weather": (visits.AGREED, _hindered("weather")),
    "wrong_code": (visits.AGREED, reports.wrong_code),
    **{matter: (visits.AGREED, _concern(matter)) for matter in reports.CONCERNS},
}
_CONFIRMED: Mapping[str, Callable[[TurnBuilder, str, Json], None]] = {
    "absence": lambda turn, _, words: reports.absence(turn, str(words)),
    "absent": lambda turn, _, told: reports.tell_absence(turn, told),
    "concern": reports.tell,
}
_CONFIRMED_OF_VISIT: Mapping[
    str, tuple[visits.States, Callable[[TurnBuilder, VisitFact, Json], None]]
] = {
    "decline": (visits.GIVEN_BACK, moves.give_back),
    "fail": (visits.UNDER_WAY, moves.fail),
    "how_late": (visits.COMING, lambda turn, visit, _: moves.late(turn, visit, "")),
    "keep": (visits.GIVEN_BACK | visits.AGREED, lambda turn, visit, _: moves.keep(turn, visit)),
    "late": (visits.COMING, moves.tell_late),
}
