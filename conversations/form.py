"""A service's form: consent, the service's questions, and the review; submitted as a case.

The same form asks for corrections; its subject is then the case that needs a fix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from conversations import directory
from conversations.effects import Correct, Effect, GiveConsent, Submit
from conversations.facts import CaseFact, Facts
from conversations.flow import Ending, Flow, Joined
from conversations.lifecycle import CaseState
from conversations.messages import Json, Say, Value
from conversations.session import Answers
from conversations.step import Context, Step, Then, When
from conversations.steps import Choose, Review

CONSENT, CONFIRM, IDENTITY = "consent", "confirm", "identity"


def form(
    id: str,
    steps: Iterable[Step],
    *,
    consents: Iterable[str] = ("applying",),
    together: Iterable[Joined] = (),
    reviewed: bool = True,
    once: bool = False,
) -> Flow:
    """Return the flow of a service: consent if it is missing, the questions, and the review.

    An answer that was noted before the consent has its effects with it. A form that is not
    `reviewed` is sent with its last answer, and its few questions have no numbers; one that is
    asked for `once` is closed to a person whose case is open.
    """
    purposes, asked = frozenset(consents), tuple(steps)
    forks = frozenset(step.id for step in asked if step.forks)
    consent = Choose(
        CONSENT,
        options=("yes", "no"),
        when=_missing(purposes),
        then=_giving(purposes, asked),
        counted=False,
        ends=("no",),
        params=_privacy,
    )
    return Flow(
        id=id,
        steps=(
            *([consent] if purposes else ()),
            *(replace(step, then=_with_consent(purposes, step.then)) for step in asked),
            *([Review(CONFIRM)] if reviewed else ()),
        ),
        finish=_finish(forks),
        prefill=_prefill(id),
        alive=_alive(id, once=once),
        mends=_mends(id),
        together=tuple(together),
        numbered=reviewed,
    )


def _privacy(context: Context) -> Mapping[str, Value]:
    """Return the privacy page; without an address of our pages, the words that ask for erasure."""
    pages = context.facts.pages
    return {"privacy": f"{pages}/privasi" if pages else Say("common.type_erase")}


def _missing(purposes: frozenset[str]) -> When:
    def consent_needed(answers: Answers, facts: Facts) -> bool:
        """The applicant has not agreed yet."""
        return not purposes <= facts.me.consents

    return consent_needed


def _giving(purposes: frozenset[str], asked: Iterable[Step]) -> Then:
    def give(context: Context, answer: Json) -> tuple[Effect, ...]:
        if answer != "yes":
            return ()
        missing = sorted(purposes - context.facts.me.consents)
        noted = (step for step in asked if step.id in context.answers)
        return (
            *(GiveConsent(purpose, context.whom) for purpose in missing),
            *(effect for s in noted for effect in s.then(context, context.answers[s.id])),
        )

    return give


def _with_consent(purposes: frozenset[str], then: Then) -> Then:
    """Return the effects of an answer, none of them before the consent."""

    def take(context: Context, answer: Json) -> tuple[Effect, ...]:
        return then(context, answer) if purposes <= context.facts.me.consents else ()

    return take


def _finish(forks: frozenset[str]) -> Callable[[Context], Ending]:
    def finish(context: Context) -> Ending:
        if not context.subject:
            kept = {s: a for s, a in context.answers.items() if s not in {CONSENT, CONFIRM, *forks}}
            submit = Submit(context.flow, kept, context.whom)
            return Ending((submit,), directory.lines(context.facts.directory, context.flow))
        case = context.facts.the_case(context.subject)
        fixed = {step: context.answers[step] for step in case.open_fixes}
        ending = "waiting_for_page" if fixed.get(IDENTITY) == "page" else "corrected"
        return Ending((Correct(case.id, fixed),), (Say(context.key(ending)),))

    return finish


def _prefill(service: str) -> Callable[[str, Facts], Answers]:
    def prefill(subject: str, facts: Facts) -> Answers:
        """Return the answers of a submitted case, except those of steps that need a fix."""
        case = _case(service, subject, facts)
        if case is None:
            return {}
        held = {CONSENT: "yes", CONFIRM: "send", **case.answers}
        return {step: answer for step, answer in held.items() if step not in case.open_fixes}

    return prefill


def _mends(service: str) -> Callable[[str, Facts], frozenset[str]]:
    def mends(subject: str, facts: Facts) -> frozenset[str]:
        case = _case(service, subject, facts)
        return frozenset(case.open_fixes) if case is not None else frozenset()

    return mends


def _alive(service: str, *, once: bool) -> Callable[[str, Facts], bool]:
    def alive(subject: str, facts: Facts) -> bool:
        if not subject:
            return not once or facts.mine.open_case(service) is None
        case = _case(service, subject, facts)
        return case is not None and case.state == CaseState.NEEDS_FIX

    return alive


def _case(service: str, subject: str, facts: Facts) -> CaseFact | None:
    """Return the person's own case that a form mends, if it is one of its service."""
    case = facts.case(subject) if subject else None
    return case if case is not None and case.service == service else None
