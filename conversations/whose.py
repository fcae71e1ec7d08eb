"""Shared phones: a second form on a phone asks whose it is, and its case may be somebody else's."""

from __future__ import annotations

from conversations.assisting import BY
from conversations.facts import Facts
from conversations.lifecycle import CaseState
from conversations.session import Answers

WHOSE = "whose"  # the step, and the answer of a case
OWN, ANOTHER, SOMEBODY = "own", "another", "somebody"
MUCH = 3  # answers after which a form goes on as it was begun
_OVER = frozenset({CaseState.CANCELLED, CaseState.REJECTED})


def of_somebody(answers: Answers) -> bool:
    """Whether a case is somebody else's than that of the phone which it was sent from."""
    return answers.get(WHOSE) == SOMEBODY


def is_second(answers: Answers, facts: Facts) -> bool:
    """Whether a form is just begun where the phone has a request already, without an officer.

    It is as well if its first words told that it is for somebody else.
    """
    if BY in answers or WHOSE in answers:
        return WHOSE in answers
    begun = answers.keys() - {"consent", "way"}
    has_one = any(case.state not in _OVER for case in facts.mine.cases)
    return len(begun) < MUCH and has_one


def may_be_returned(steps: tuple[str, ...], answers: Answers) -> tuple[str, ...]:
    """Return the steps that may be sent back: the identity page is for the phone's own person."""
    return tuple(step for step in steps if step != "identity" or not of_somebody(answers))
