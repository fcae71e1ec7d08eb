"""News: opens a flow about an event elsewhere, or mentions it and keeps the open question."""

from __future__ import annotations

from msgspec import structs

from conversations.effects import (
    Reply,
)
from conversations.engine import confirming, differences, drafts, lettering
from conversations.engine.builder import TurnBuilder, choices_of
from conversations.events import (
    Happened,
    News,
)
from conversations.flow import Flow
from conversations.messages import (
    Json,
    Message,
    Question,
    Say,
    say_from_json,
)
from conversations.session import Answers, ChatSession, Interrupted
from conversations.steps import Ask


def take(turn: TurnBuilder, news: Happened) -> None:
    before = turn.session
    _handle(turn, news)
    form = news.params.get("form") or {}
    if news.what == News.FORM_OPENED and form.get("whom") is not None:  # the officer asked for it
        turn.session = structs.replace(turn.session, interrupted=None)
    else:
        _remember_interrupted(turn, before)


def _remember_interrupted(turn: TurnBuilder, before: ChatSession) -> None:
    """Store the question that news replaced, unless one is already stored."""
    asked, draft = before.asked, before.draft
    if before.interrupted is not None or asked is None or draft is None:
        if turn.session.asked is not None:
            turn.session = structs.replace(turn.session, interrupted=before.interrupted)
        return
    if turn.session.asked is None or turn.asks_again(asked):
        return
    held = Interrupted(
        draft.flow,
        draft.subject,
        asked,
        before.shown,
        before.clarifying,
        before.since,
        turn.facts.now,
    )
    turn.session = structs.replace(turn.session, interrupted=held)


def _handle(turn: TurnBuilder, news: Happened) -> None:
    turn.says += [
        part for part in map(say_from_json, news.params.get("parts", ())) if isinstance(part, Say)
    ]
    if news.what == News.ATTACHMENT_REFUSED:
        _drop_photo(turn, int(news.subject))
        return
    flow = turn.flows.by_id.get(str(news.params.get("opens", "")))
    if flow is None:
        _show_open_question(turn, refresh=news.what == News.IDENTITY_GIVEN)
    elif not flow.open_to(news.subject, turn.facts):
        turn.says.clear()  # settled already: no message is needed
    elif lettering.at_letter(turn):
        _tell_apart(turn)
    elif _may_interrupt(turn, flow):
        _open(turn, flow, news.subject, news.params.get("form"))
    else:
        _mention(turn, flow, news.subject)


def _open(turn: TurnBuilder, flow: Flow, subject: str, form: Json) -> None:
    """Open a flow; `form` is a draft that was begun elsewhere, perhaps with a step to `edit`.

    Answers that were given here since are kept. `said` in the draft are words about what differs.
    """
    turn.session = structs.replace(turn.session, greeted=True)
    draft = turn.draft_of(flow, subject)
    if isinstance(form, dict):
        answers = {**form["answers"], **draft.answers}
        edit = form.get("edit") or draft.editing
        draft = structs.replace(draft, answers=answers, on_behalf=form["whom"], editing=edit)
    drafts.switch_to(turn, draft)
    drafts.go_on(turn)
    said = str(form.get("said", "")) if isinstance(form, dict) else ""
    if said and differences.told(turn, said):
        differences.take(turn, said)


def _show_open_question(turn: TurnBuilder, *, refresh: bool) -> None:
    asked, draft = turn.session.asked, turn.session.draft
    flow = turn.flow(draft)
    if draft is None or flow is None or asked is None or asked.flow == "common":
        return
    if lettering.at_letter(turn):
        _tell_apart(turn)
    elif refresh and draft.subject:
        turn.session = structs.replace(turn.session, draft=turn.draft_of(flow, draft.subject))
        drafts.go_on(turn)
    elif not flow.home and not turn.at_a_page():
        drafts.digress(turn)


def _tell_apart(turn: TurnBuilder) -> None:
    """Tell news that comes at a letter in a message of its own; the letter is not repeated below.

    The matter of the news waits on the supervisor's list.
    """
    if not turn.says:
        return
    turn.effects.append(Reply(Message(parts=tuple(turn.says))))
    turn.says.clear()
    lettering.leave_letter(turn)


def _may_interrupt(turn: TurnBuilder, flow: Flow) -> bool:
    draft, step = turn.session.draft, turn.asked_step()
    current = turn.flow(draft)
    idle = draft is None or current is None or current.home is not None
    rests = confirming.is_open(turn) or (step is not None and step.rests)
    return idle or flow.interrupts or rests


def _mention(turn: TurnBuilder, flow: Flow, subject: str) -> None:
    """Mention a matter and ask the open question once more: words are for that one.

    The matter's buttons work.
    """
    draft = turn.draft_of(flow, subject)
    context = turn.context(draft)
    step = flow.open_step(context)
    if step is None:
        return
    prompt = step.prompt(context)
    turn.effects.append(
        Reply(
            Message(
                parts=(*turn.says, prompt.say),
                choices=choices_of(prompt.choices),
                question=Question(flow.id, subject, step.id, 0),
                picture=prompt.picture,
            )
        )
    )
    turn.says.clear()
    drafts.digress(turn)


def _drop_photo(turn: TurnBuilder, attachment_id: int) -> None:
    """Remove an unusable photo from its answer, and ask for another one.

    A photo that no form holds was refused when it came, so the person is not told again.
    """
    if not _holds_photo(turn, attachment_id):
        turn.says.clear()
        return
    draft = turn.session.draft
    flow = turn.flow(draft)
    if draft is None or flow is None:
        return
    for step in flow.steps:
        answer = draft.answers.get(step.id)
        if step.holds_photo(answer, attachment_id):
            answers = {k: v for k, v in draft.answers.items() if k != step.id}
            left = step.without_photo(answer, attachment_id)
            if left is not None:
                answers[step.id] = left
            else:
                answers = _untold(flow, answers)
            turn.session = structs.replace(
                turn.session, draft=structs.replace(draft, answers=answers)
            )
            drafts.go_on(turn)
            return
    _show_open_question(turn, refresh=False)


def _untold(flow: Flow, answers: Answers) -> dict[str, Json]:
    """Return the answers without a story that was told aloud: its recording can't be used."""
    aloud = {one.id for one in flow.steps if isinstance(one, Ask) and one.spoken is not None}
    return {key: value for key, value in answers.items() if value != "" or key not in aloud}


def _holds_photo(turn: TurnBuilder, attachment_id: int) -> bool:
    """Whether a photo is part of a form: open, parked or submitted."""
    drafts = (turn.session.draft, *turn.session.parked)
    answers = [draft.answers for draft in drafts if draft is not None]
    answers += [case.answers for case in turn.facts.mine.cases]
    if any(attachment_id in one.files for one in turn.facts.mine.tickets):
        return True
    return any(
        isinstance(answer, dict) and attachment_id in answer.get("ids", ())
        for given in answers
        for answer in given.values()
    )
