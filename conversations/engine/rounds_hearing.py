"""Hears the matter of an officer's words by their form, the open question and the visits. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from conversations import lexicon
from conversations.engine import (
    confirming,
    rounds_forms,
    rounds_list,
    rounds_mending,
    rounds_offers,
    rounds_words,
)
from conversations.engine import rounds_reports as reports
from conversations.engine import rounds_visits as visits
from conversations.engine.builder import TurnBuilder
from conversations.engine.reading import bare_number, choices_named
from conversations.lifecycle import VisitState
from conversations.parsers import duration
from conversations.parsers.choice import exact
from conversations.phrases import whole_intent

LEAST = 1.0  # weight below which words only hint at a matter
_ALARMS = frozenset({"danger", "hurt"})
#: Matters that an officer in danger is answered, while it stays open whether they are safe.
MEANWHILE = frozenset({
    "arrive", "depart", "gift", "late", "lost", "not_found", "place", "whose_code", "wrong_code",
})  # fmt: skip
_DECLINING = "declined"
#: Reasons for which a visit fails -> the matters by which they are confirmed.
_FAILURES = {
    "data_wrong": "ktp_name",
    "nobody": "nobody",
    "refused": "refused",
    "vehicle": "broken",
    "weather": "flooded",
    "wrong_place": "not_found",
}
_TAKES_ANYWAY = re.compile(
    r"^(?:ya|iya|ok|oke|okay|eh|yaudah|yasudah|baik)?[, ]*(?:di |jadi |saya |tetap |aku )*"
    r"(?:boleh|ambil|terima|bisa|sanggup|accept|take it|i.?ll take it)(?: (?:deh|aja|saja|kok"
    r"|ya))*$"
)
_TAKES = re.compile(r"\b(?:ambil|terima|accept|take)\b")
_QUESTION = re.compile(
    r"\?|\b(?:jadwal (?:hari ini|besok)|dimana|mana|berapa|kapan|siapa|where|when)\b"
)
_SCHEDULE = re.compile(r"\b(?:jadwal|kunjungan|schedule|visits)\b")
_FAR = re.compile(r"\b(?:jauh|dekat|far|km|jarak)\b")


#: Matters that an option of the visit's questions says as well.
OPTIONS = {
    "accept": frozenset({"accept"}),
    "arrive": frozenset({"here", "no_pin"}),
    "battery": frozenset({"signal"}),
    "breakdown": frozenset({"vehicle"}),
    "depart": frozenset({"accept", "go", "yes"}),
    "ktp_differs": frozenset({"address"}),
    "no_signal": frozenset({"signal"}),
    "give_away": frozenset({"moved"}),
    "has_nib": frozenset({"has_permit"}),
    "nobody": frozenset({"nobody"}),
    "not_found": frozenset({"wrong_place", "address", "not_found", "moved"}),
    "other_time": frozenset({"later"}),
    "phone": frozenset({"self"}),
    "refused": frozenset({"refused", "not_wanted"}),
    "somebody": frozenset({"nobody"}),
    "weather": frozenset({"weather"}),
}
#: Why no location shows an arrival is told in such words: "lokasi di hp ini dikunci". So is where
#: a place has moved ("pindah ke Pasar Minggu"), and when its owner is there.
AT_STEP = {
    "there": frozenset({"ktp", "ktp_missing"}),
    "later": frozenset({"ktp", "ktp_missing"}),
    "again": frozenset({"absence", "next", "other_time", "own_hours", "today"}),
    "far": frozenset({"arrive", "no_signal", "place"}),
    "new_place": frozenset({"arrive", "give_away", "lost", "nobody", "not_found", "place"}),
}


def first(turn: TurnBuilder, text: str) -> str | None:
    """Return the matter that the form of the words tells, or None."""
    digits = _of_digits(turn, text)
    if digits is not None or bare_number(text):
        return digits
    if exact(text, turn.labels()) is not None:
        return _at_failure(turn, text)
    if reports.in_danger(turn):
        return rounds_words.safe(text) or _meanwhile(turn, text)
    alarmed = alarming(text)
    for hears in _HEARD:
        told = hears(turn, text) if not alarmed or hears not in _CALM else None
        if told is not None:
            return told
    return None


def _of_digits(turn: TurnBuilder, text: str) -> str | None:
    """Return what a number says that picks nothing: a code that has matched, or comes too early."""
    if _is_proved_code(turn, text):
        return "code_done"
    return "code_early" if rounds_list.code_too_early(turn, text) else None


def _is_proved_code(turn: TurnBuilder, text: str) -> bool:
    """Whether a number is the code that has matched already, or no code is asked for here."""
    step = turn.asked_step()
    code = rounds_list.code_in(text)
    if code is None or (step is not None and step.numeric):
        return False
    at = [visit for visit in turn.facts.rounds.visits if visit.state == VisitState.ARRIVED]
    return any(
        visits.has_no_code(visit) or (visit.code_proved and visit.code == code) for visit in at
    )


def best(text: str) -> str | None:
    """Return the matter that the most words name, if they are enough."""
    ranked = lexicon.desk("officer").rank(text)
    return ranked[0].name if ranked and ranked[0].weight >= LEAST else None


def alarming(text: str) -> bool:
    """Whether words tell of danger or of somebody hurt."""
    ranked = lexicon.desk("officer").rank(text)
    return any(one.name in _ALARMS and one.weight >= LEAST for one in ranked)


def _meanwhile(turn: TurnBuilder, text: str) -> str | None:
    """Return that words in danger raise a matter that is answered beside it."""
    if alarming(text) or choices_named(turn, text):
        return None
    return "meanwhile" if best(text) in MEANWHILE else None


def _dog(turn: TurnBuilder, text: str) -> str | None:
    """Return what words tell that name a dog without a threat, or curse by it."""
    rest = rounds_words.without_dog(text)
    if confirming.asks(turn, "dog"):
        if rounds_words.is_tame(text):
            return "tame"
        return "danger" if rounds_words.is_fierce(text) else None
    if rest is None:
        return None
    if rest and alarming(rest):
        return None
    meant = best(rest) if rest else None
    if meant is not None:
        return meant
    return "tame" if rounds_words.is_tame(text) else "dog"


def _at_complaint(turn: TurnBuilder, text: str) -> str | None:
    """Return that words at "note it as a complaint?" go on with it."""
    if not reports.asks_complaint(turn) or choices_named(turn, text) or alarming(text):
        return None
    if len(text.split()) < 2 or whole_intent(text) is not None:
        return None
    meant = best(text)
    return "complain_more" if meant is None or meant in reports.COMPLAINT_GOES_ON else None


def _at_confirmation(turn: TurnBuilder, text: str) -> str | None:
    """Return what words at a question of the desk say that are no clear yes."""
    if rounds_offers.reason_of(turn, text):
        return "each_reason"
    if not confirming.is_pending(turn):
        return None
    asked = turn.session.shown[0].answer
    told = asked[0] in ("concern", "absent")
    return "held" if told and rounds_words.only_goes_on(text) else None


def _at_reasons(turn: TurnBuilder, text: str) -> str | None:
    """Return what words say at the list of reasons that give none."""
    asked = turn.session.asked
    if asked is None or asked.flow != "visit":
        return None
    if asked.step == "offer" and visits.has_offers(turn):
        return "waiting" if rounds_words.only_soon(text) else None
    if asked.step != _DECLINING:
        return None
    said = rounds_words.usual(text)
    asked_back = turn.session.clarifying and not _TAKES.search(said)
    if _TAKES_ANYWAY.search(said) and not asked_back:
        return "take_anyway"
    if not _QUESTION.search(said) and not re.search(r"\b(?:tidak|nggak|ga)$", said):
        return None
    if _SCHEDULE.search(said):
        return "left"
    if _FAR.search(said):
        return "distance"
    return "when" if re.search(r"\b(?:jam|kapan|when)\b", said) else "place"


def _at_failure(turn: TurnBuilder, text: str) -> str | None:
    """Return the reason typed at the list of what went wrong, which is confirmed first.

    Or that nothing has gone wrong after all.
    """
    asked = turn.session.asked
    if asked is None or (asked.flow, asked.step) != ("visit", "failure"):
        return None
    named = choices_named(turn, text)
    if named and named[0].value == "keep":
        return "kept"
    beside = best(text) == "not_failed" or _staff(turn, text) == "staff_matter"
    if turn.session.clarifying or len(named) != 1 or beside:
        return None
    return _FAILURES.get(named[0].value)


def _each(turn: TurnBuilder, text: str) -> str | None:
    return "each" if rounds_offers.planned(turn, text) else None


def _staff(turn: TurnBuilder, text: str) -> str | None:
    if alarming(text) and not rounds_words.complains_above(turn, text):
        return None
    return rounds_words.of_staff(turn, text)


def _door(turn: TurnBuilder, text: str) -> str | None:
    return None if duration_asked(turn, text) else rounds_words.at_the_door(turn, text)


def duration_asked(turn: TurnBuilder, text: str) -> bool:
    """Whether it is asked how late somebody is, and the words tell it."""
    late = confirming.asks(turn, "late") or confirming.asks(turn, "late_each")
    return late and duration.minutes(text, bare=True) is not None


_HEARD: tuple[Callable[[TurnBuilder, str], str | None], ...] = (
    _dog,
    _at_confirmation,
    _at_complaint,
    rounds_mending.hears,
    rounds_forms.hears,
    _door,
    _at_failure,
    _at_reasons,
    _each,
    _staff,
    rounds_words.asks_about_day,
    rounds_list.hears,
)
#: Those that hear nothing in words of danger.
_CALM = frozenset({rounds_mending.hears, rounds_forms.hears, _door, rounds_words.asks_about_day})
