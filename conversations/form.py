"""A service's form: consent, the service's questions, and the review; submitted as a case.

The same form asks for corrections; its subject is then the case that needs a fix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from conversations import assisting, directory
from conversations.assisting import (
    BY,
    OFFICER,
    PERSON,
    READ_OUT,
    DropForm,
    ProposeForm,
    corrects,
)
from conversations.differing import Differs
from conversations.effects import Correct, Effect, GiveConsent, Submit
from conversations.facts import CaseFact, Facts
from conversations.flow import Ending, Flow, Joined
from conversations.lifecycle import CaseState
from conversations.mending import DIFFERS, MENDING
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

    An answer that was noted before the consent has its effects with it. An officer who fills it in
    with somebody reads the consent out to them. A form that is not `reviewed` is sent with its last
    answer, and its few questions have no numbers; one that is asked for `once` is closed to a
    person whose case is open. An officer who mends a case at the door is asked what differs instead
    of the review.
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
    read_out = Choose(
        READ_OUT,
        options=("yes", "no"),
        when=_by_an_officer,
        then=_read_out(purposes),
        counted=False,
        ends=("no",),
        params=_reader,
    )
    return Flow(
        id=id,
        steps=(
            *([consent, read_out] if purposes else ()),
            *(replace(step, then=_with_consent(purposes, step.then)) for step in asked),
            *([_differs(asked), Review(CONFIRM, when=_written)] if reviewed else ()),
        ),
        finish=_finish(forks),
        prefill=_prefill(id),
        alive=_alive(id, once=once),
        mends=_mends(id),
        together=tuple(together),
        numbered=reviewed,
        given=frozenset({BY}),
        worded={READ_OUT: "assisted", DIFFERS: "mending"},
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


def _by_an_officer(answers: Answers, facts: Facts) -> bool:
    """An officer fills in the form with somebody."""
    return answers.get(BY) == OFFICER


def _differs(asked: tuple[Step, ...]) -> Step:
    return Differs(DIFFERS, steps=asked, when=_mending, then=_drop, ends=("drop",))


def _mending(answers: Answers, facts: Facts) -> bool:
    """An officer corrects a case at the door."""
    return answers.get(BY) == MENDING


def _written(answers: Answers, facts: Facts) -> bool:
    """The whole form is filled in."""
    return answers.get(BY) != MENDING


def _drop(context: Context, answer: Json) -> tuple[Effect, ...]:
    form_id = assisting.form_of(context.subject)
    return (DropForm(form_id),) if answer == "drop" and form_id is not None else ()


def _read_out(purposes: frozenset[str]) -> Then:
    def take(context: Context, answer: Json) -> tuple[Effect, ...]:
        form_id = assisting.form_of(context.subject)
        if answer != "yes":
            return (DropForm(form_id),) if form_id is not None else ()
        agreed = sorted({*purposes, assisting.PURPOSE})
        return tuple(GiveConsent(purpose, context.whom) for purpose in agreed)

    return take


def _reader(context: Context) -> Mapping[str, Value]:
    me = context.facts.me
    return {"name": me.name or "", "badge": me.badge or ""}


def _with_consent(purposes: frozenset[str], then: Then) -> Then:
    """Return the effects of an answer, none of them before the consent."""

    def take(context: Context, answer: Json) -> tuple[Effect, ...]:
        agreed = purposes <= context.facts.me.consents
        if context.whom is not None:
            agreed = context.answers.get(READ_OUT) == "yes"
        return then(context, answer) if agreed else ()

    return take


def _finish(forks: frozenset[str]) -> Callable[[Context], Ending]:
    def finish(context: Context) -> Ending:
        form_id = assisting.form_of(context.subject)
        if form_id is not None and context.whom is not None:
            return Ending((ProposeForm(form_id, written(context.answers)),))
        if not corrects(context.subject):
            given = {s: a for s, a in kept(context.answers).items() if s not in forks}
            submit = Submit(context.flow, given, context.whom, form_id)
            return Ending((submit,), directory.lines(context.facts.directory, context.flow))
        case = context.facts.the_case(context.subject)
        fixed = {step: context.answers[step] for step in case.open_fixes}
        ending = "waiting_for_page" if fixed.get(IDENTITY) == "page" else "corrected"
        return Ending((Correct(case.id, fixed),), (Say(context.key(ending)),))

    return finish


def kept(answers: Answers) -> Answers:
    """Return the answers that a case holds."""
    return {step: answer for step, answer in answers.items() if step not in _OF_THE_FORM}


def written(answers: Answers) -> Answers:
    """Return the answers of a form that an officer fills in, with the consent that was read out."""
    read_out = {READ_OUT: answers[READ_OUT]} if READ_OUT in answers else {}
    return {**kept(answers), **read_out}


_OF_THE_FORM = frozenset({CONSENT, CONFIRM, BY, READ_OUT, DIFFERS})


def _prefill(service: str) -> Callable[[str, Facts], Answers]:
    def prefill(subject: str, facts: Facts) -> Answers:
        """Return the answers of a submitted case, except those of steps that need a fix.

        Of an assisted form: who writes it down. Its officer gives no consent for the other person.
        """
        form_id = assisting.form_of(subject)
        if form_id is not None:
            mine = facts.rounds.form(form_id)
            if mine is None:
                return {BY: PERSON}
            return {BY: MENDING if mine.mends else OFFICER, CONSENT: "yes"}
        case = _case(service, subject, facts)
        if case is None:
            return {}
        held = {CONSENT: "yes", CONFIRM: "send", **case.answers}
        return {step: answer for step, answer in held.items() if step not in case.open_fixes}

    return prefill


def _mends(service: str) -> Callable[[str, Facts], frozenset[str]]:
    def mends(subject: str, facts: Facts) -> frozenset[str]:
        form = facts.rounds.form(assisting.form_of(subject))
        if form is not None:
            return frozenset(form.mendable)
        case = _case(service, subject, facts)
        return frozenset(case.open_fixes) if case is not None else frozenset()

    return mends


def _alive(service: str, *, once: bool) -> Callable[[str, Facts], bool]:
    def alive(subject: str, facts: Facts) -> bool:
        form_id = assisting.form_of(subject)
        if form_id is not None:
            mine = facts.rounds.form(form_id)
            return facts.me.desk != "officer" or (mine is not None and not mine.handed)
        if not subject:
            return not once or facts.mine.open_case(service) is None
        case = _case(service, subject, facts)
        return case is not None and case.state == CaseState.NEEDS_FIX

    return alive


def _case(service: str, subject: str, facts: Facts) -> CaseFact | None:
    """Return the person's own case that a form mends, if it is one of its service."""
    case = facts.case(subject) if subject else None
    return case if case is not None and case.service == service else None
