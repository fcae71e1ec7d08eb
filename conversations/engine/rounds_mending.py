"""Rounds, mending: an officer says that something differs from the application.

It is mended at the door; before, such as on the way, nothing can be mended yet.
"""

from __future__ import annotations

from collections.abc import Callable

from conversations import lexicon
from conversations.effects import SendIdentityLink
from conversations.engine import confirming, drafts, rounds_words
from conversations.engine import rounds_moves as moves
from conversations.engine import rounds_visits as visits
from conversations.engine.builder import TurnBuilder
from conversations.facts import VisitFact
from conversations.lifecycle import VisitState
from conversations.mending import BeginMend
from conversations.messages import Json, Say
from conversations.parsers import asking

PERSON = "person"  # the kind of what differs that needs the same person: the name
NIK = "nik"  # the number of the KTP, which is typed again on the secure page alone
_KINDS = ("trade", "address", "business", "size", PERSON, NIK)
MATTERS = {f"mend_{kind}": kind for kind in _KINDS} | {"mend_any": ""}  # matter -> what differs
LEAST = 2.0  # weight of words that name something and that it differs


def may_mend(visit: VisitFact) -> bool:
    """Whether what differs at a visit can be mended now: its officer has met the owner."""
    met = visit.code_proved or not visit.hosted
    return visit.mendable and visit.state == VisitState.ARRIVED and met


def _asks(text: str) -> bool:
    """Whether the words ask what to do if something differs."""
    return "?" in text or asking.asks_whether(text)


def hears(turn: TurnBuilder, text: str) -> str | None:
    """Return the matter of words at the door that something differs from the application.

    A KTP may have another address; and at the question about it, another name is asked about first.
    """
    asked = turn.session.asked
    visit = turn.facts.rounds.visit(visits.subject(turn))
    if visit is None or not may_mend(visit) or asked is None or _asks(text):
        return None
    ranked = lexicon.desk("at_door").rank(text)
    if not ranked or ranked[0].weight < LEAST:
        return None
    kind = ranked[0].name
    if "ktp" in lexicon.words(text) and kind != NIK:
        return None
    return "ktp_name" if kind == PERSON and asked.step == "ktp" else f"mend_{kind}"


def mend(turn: TurnBuilder, visit: VisitFact, kind: Json, said: str = "") -> None:
    """Open what differs, perhaps at the very question; a failure that is pending is taken back.

    The words that were `said` may hold what is right.
    """
    if not may_mend(visit):
        turn.says.append(Say("common.gone"))
        drafts.go_on(turn)
        return
    if moves.is_pending(turn):
        moves.restore(turn, visit)
    turn.lasting = True
    if kind == NIK:
        turn.effects.append(SendIdentityLink(visit_id=visit.id))
        drafts.go_on(turn)
        return
    turn.effects.append(BeginMend(visit.id, str(kind), said))


def of_kind(matter: str) -> Callable[[TurnBuilder, VisitFact, str], None]:
    """Return the answer to words that a kind of answers differs."""
    if MATTERS[matter] == NIK:
        return of_nik
    return lambda turn, visit, text: mend(turn, visit, MATTERS[matter], text)


def or_else(
    kind: str, otherwise: Callable[[TurnBuilder, VisitFact, str], None]
) -> Callable[[TurnBuilder, VisitFact, str], None]:
    """Return the answer to words about what differs: it is mended where that is possible."""

    def answer(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
        if may_mend(visit):
            mend(turn, visit, kind, text)
        else:
            otherwise(turn, visit, text)

    return answer


def of_nik(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Ask whether only the number was typed wrong: it is typed again, with the name."""
    if not may_mend(visit):
        moves.fail(turn, visit, "data_wrong")
        return
    _ask_whether_same(turn, visit, Say("rounds_desk.nik_differs"), NIK)


def of_name(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Ask whether only the name is written otherwise, which is mended, or it is somebody else."""
    if not may_mend(visit) or not rounds_words.names_name(text):
        moves.fail(turn, visit, "data_wrong")
        return
    say = Say("rounds_desk.name_differs", {"visit": visits.line(turn, visit)})
    _ask_whether_same(turn, visit, say, PERSON)


def _ask_whether_same(turn: TurnBuilder, visit: VisitFact, say: Say, kind: str) -> None:
    """Ask whether the person is the same, so that what differs is mended, or somebody else."""
    subject = str(visit.id)
    key = "rounds_desk.nik_differs.mend" if kind == NIK else "rounds_desk.name_differs.mend"
    confirming.ask(
        turn,
        say,
        confirming.choice("mend", Say(key), "mend", subject, kind, means="yes"),
        confirming.choice("else", Say("rounds_desk.name_differs.else"), "unlike", subject, "face"),
        confirming.choice("keep", Say("rounds_desk.keep"), "keep", subject, means="no"),
    )
