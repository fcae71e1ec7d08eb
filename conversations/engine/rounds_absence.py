"""Absences of officers: days that are noted, and parts of a day, for which visits are given back.

Whole days alone can be noted. Words that name a part of a day never note the day silently.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from conversations.effects import TellAbsence
from conversations.engine import confirming, drafts, rounds_words
from conversations.engine import rounds_visits as visits
from conversations.engine.builder import TurnBuilder
from conversations.engine.rounds_reports import quoted
from conversations.facts import VisitFact
from conversations.messages import Json, Lines, Say, Value
from conversations.parsers import absences, dates, day_arithmetic, halves
from conversations.wording import days_words

MOST_DAYS = 31  # of one absence that an officer notes; longer leave is a supervisor's matter
_WEEK = 7  # days that "mulai rabu" names without an end
MOST_VISITS = 7  # to choose from, with the whole day and "no"
_AWAY = ("days", "not")  # "besok cuti", and "besok libur", on which nobody comes
_TODAY, _TOMORROW = "hari ini", "besok"
WHICH, DAYS, WHOLE = "absence", "absent", "absent_whole"  # the matters of the three questions


def hears(turn: TurnBuilder, text: str) -> str | None:
    """Return the matter of words at one of the three questions, if they go on with it."""
    whole, days = halves.names_whole(text), _days(turn, text)
    if confirming.asks(turn, WHOLE):
        return WHOLE if whole else WHICH if days else None
    return WHICH if days or whole or halves.names_part(text) else None


def absence(turn: TurnBuilder, text: str) -> None:
    """Ask whether the days that were named are right, or which days are meant."""
    days, said, part = _days(turn, text), quoted(text), halves.names_part(text)
    if confirming.asks(turn, WHICH) and not (part or halves.names_whole(text)):
        part = halves.names_part(str(turn.session.shown[0].answer[2]))  # "setengah hari", "besok"
    if not days and (confirming.asks(turn, DAYS) or confirming.asks(turn, WHOLE)):
        listed, before = turn.session.shown[0].answer[2]  # "cuti besok", then: "anak sakit"
        days, said = tuple(map(date.fromisoformat, listed)), quoted(f"{before}, {text}")
    if not days:
        some = (
            confirming.choice("today", Say("rounds_desk.today"), WHICH, "", f"{said}, {_TODAY}"),
            confirming.choice(
                "tomorrow", Say("rounds_desk.tomorrow"), WHICH, "", f"{said}, {_TOMORROW}"
            ),
            confirming.no(),
        )
        confirming.ask(turn, Say("rounds_desk.which_days"), *some)
        return
    if max(days) < turn.facts.today or len(days) > MOST_DAYS:
        past = max(days) < turn.facts.today
        key = "rounds_desk.absence.past" if past else "rounds_desk.absence.long"
        drafts.digress(turn, Say(key, {"days": days_words(days)}))
        return
    days = tuple(day for day in days if day >= turn.facts.today)
    (_ask_for_part if part else _ask)(turn, days, said)


def _days(turn: TurnBuilder, text: str) -> tuple[date, ...]:
    """Return the days that the words name."""
    said = rounds_words.corrected(turn, halves.spelled(text))
    named = dates.read(said, turn.facts.today)
    if named is not None and named.kind in _AWAY and named.days:
        return _as_long(said, named.days)
    return (turn.facts.today,) if halves.is_today(text) else ()


def _as_long(said: str, days: tuple[date, ...]) -> tuple[date, ...]:
    """Return as many days as the words tell from their first one: "libur 2 hari mulai rabu"."""
    length = absences.length(said)
    open_ended = len(days) == _WEEK and absences.begins(said)
    if length is None or not (len(days) == 1 or open_ended):
        return days
    return tuple(day_arithmetic.following(days[0] - timedelta(days=1), length))


def whole_day(turn: TurnBuilder, text: str) -> None:
    """Ask about the whole days where it was asked what is to be done about a part of them."""
    confirm(turn, turn.session.shown[0].answer[2])


def confirm(turn: TurnBuilder, argument: Json) -> None:
    """Ask whether these whole days are right; supervisors read that the whole day is meant."""
    listed, said = argument
    whole = turn.flows.catalogue.say(Say("rounds_desk.part_of_day.whole"), turn.facts.me.locale)
    _ask(turn, tuple(map(date.fromisoformat, listed)), quoted(f"{said}. {whole}"))


def _ask(turn: TurnBuilder, days: tuple[date, ...], said: str) -> None:
    told: Json = [[day.isoformat() for day in days], said]
    offers = sum(one.on in days and one.offered_to_me for one in turn.facts.rounds.visits)
    touched: dict[str, Value] = {
        "days": days_words(days),
        "n": _agreed_on(turn, days),
        "offers": offers,
    }
    confirming.ask(
        turn,
        Say("rounds_desk.absence", touched),
        confirming.choice("yes", Say("rounds_desk.absence.yes"), DAYS, "", told, means="yes"),
        confirming.no(),
    )


def _ask_for_part(turn: TurnBuilder, days: tuple[date, ...], said: str) -> None:
    """Say that whole days alone are noted, and offer that, or to give single visits back."""
    some = _given_back(turn, days)
    told: Json = [[day.isoformat() for day in days], said]
    about: dict[str, Value] = {"days": days_words(days)}
    say = Say("rounds_desk.part_of_day.free", about)
    if some:
        lines = Lines(tuple(Say("rounds_desk.line", {"visit": visits.line(turn, v)}) for v in some))
        say = Say("rounds_desk.part_of_day", {**about, "lines": lines})
    given = (
        confirming.choice(
            f"visit-{one.id}", visits.label(turn, one), "which", str(one.id), ["decline", ""]
        )
        for one in some[:MOST_VISITS]
    )
    whole = confirming.choice("whole", Say("rounds_desk.part_of_day.whole"), WHOLE, "", told)
    confirming.ask(turn, say, whole, *given, confirming.no())


def _given_back(turn: TurnBuilder, days: tuple[date, ...]) -> tuple[VisitFact, ...]:
    """Return the visits of these days that the officer can still leave to others."""
    return tuple(
        one for one in turn.facts.rounds.visits if one.on in days and one.state in visits.GIVEN_BACK
    )


def tell_absence(turn: TurnBuilder, argument: Json) -> None:
    """Note on which days the officer is absent; the visits of those days go to others."""
    listed, words = argument
    days = tuple(date.fromisoformat(day) for day in listed)
    turn.lasting = True
    turn.effects.append(TellAbsence(days, str(words)))
    turn.says.append(Say("rounds_desk.absence.done"))
    if _agreed_on(turn, days):
        turn.says.append(Say("rounds_desk.absence.visits"))
    rounds = turn.facts.rounds
    left = (v for v in rounds.visits if v.on not in days or v.state in visits.UNDER_WAY)
    turn.facts = replace(turn.facts, rounds=replace(rounds, visits=tuple(left)))
    drafts.go_on(turn)


def _agreed_on(turn: TurnBuilder, days: tuple[date, ...]) -> int:
    return sum(
        visit.on in days and visit.state in visits.AGREED for visit in turn.facts.rounds.visits
    )
