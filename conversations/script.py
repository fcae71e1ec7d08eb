"""The script of a visit: the questions at the door, which depend on the visit's purpose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from conversations.facts import VisitFact
from conversations.flow import Ending
from conversations.messages import Say
from conversations.session import Answers
from conversations.step import Context, Step
from conversations.steps import Choose

FINISH = "finish"  # the step of purposes without a script of their own
FAILED = "failed"  # an answer to any step: the visit fails


def always(outcome: str) -> Callable[[Answers], str]:
    """Return that visits with this script end in one way."""
    return lambda answers: outcome


def _nothing(visit: VisitFact) -> Answers:
    return {}


def _finished(context: Context) -> Ending | None:
    return None


def _purpose(visit: VisitFact) -> Say:
    return Say(f"{visit.service}.{visit.purpose}")


@dataclass(frozen=True, slots=True)
class Script:
    """The officer's questions at the door, in order; their words are in the purpose's catalogue.

    The last one confirms that everything is done, and `outcome` tells how the visit ended. `note`
    tells the officer beforehand what they must know, by default the purpose; `known` returns
    answers that the database already holds. `ending` returns how a visit ends that is made again;
    None if it is done. A visit that `compares` may fail because the data of an application don't
    fit what the officer sees.
    """

    purpose: str
    steps: tuple[Step, ...]
    outcome: Callable[[Answers], str]
    note: Callable[[VisitFact], Say] = _purpose
    known: Callable[[VisitFact], Answers] = _nothing
    ending: Callable[[Context], Ending | None] = _finished
    given: frozenset[str] = frozenset()  # answers of `known` that no step asks for
    compares: bool = True


def plain(purpose: str) -> Script:
    """Return a script for a purpose without its own: it asks only whether the visit is done."""
    done = Choose(FINISH, options=("yes", FAILED), counted=False)
    return Script(purpose, (done,), outcome=always("done"))


Scripts = Mapping[str, Script]
