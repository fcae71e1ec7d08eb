"""Voice messages and other recordings: kept for a complaint; elsewhere words are asked for.

A turn that keeps none has no `KeepFile` or `AddFile`; the recording is then deleted unheard.
"""

from __future__ import annotations

from msgspec import structs

from conversations.engine import answers, asides, drafts, uploads
from conversations.engine.builder import TurnBuilder
from conversations.events import Uploaded
from conversations.messages import Json, Say
from conversations.step import Step
from conversations.steps import Ask
from conversations.ticketing import KeepFile


def take(turn: TurnBuilder, event: Uploaded) -> None:
    """Keep a recording for the open complaint, told or being told; or ask for words instead."""
    asked = turn.session.asked
    if asked is not None and (asked.flow, asked.step) == ("common", asides.COMPLAINT):
        asides.settle(turn, "complain")  # whoever tells it aloud wants to complain
        turn.prompt = None
    found = turn.photo_step(event.attachment_id)
    if found is not None and found[0].takes_sound:
        _keep(turn, event, *found)
        return
    waits = uploads.ticket(turn)
    if waits is None:
        drafts.digress(turn, Say("common.unreadable.voice"))
    else:
        uploads.add(turn, waits, event)


def _keep(turn: TurnBuilder, event: Uploaded, keeper: Step, kept: Json) -> None:
    """Keep a recording with the form's files; at a question that may be answered so, it answers."""
    draft, step = turn.open_draft(), turn.asked_step()
    if draft.answers.get(keeper.id) == kept:
        drafts.digress(turn, Say("common.files_enough", {"n": len(kept["ids"])}))
        return
    given = {**draft.answers, keeper.id: kept}
    turn.session = structs.replace(turn.session, draft=structs.replace(draft, answers=given))
    turn.effects.append(KeepFile(event.attachment_id))
    turn.lasting = True
    if isinstance(step, Ask) and step.spoken is not None:
        turn.says.append(Say("common.told_aloud"))
        told = event.caption or draft.answers.get(step.id, step.spoken)
        answers.answer_step(turn, step, told)
    else:
        drafts.digress(turn, Say("common.recording_added"))
