"""Link: a code from another chat is typed here, and both chats become one person's."""

from __future__ import annotations

from conversations.effects import Link
from conversations.flow import Ending, Flow
from conversations.step import Context
from conversations.steps import Choose


def _finish(context: Context) -> Ending:
    return Ending((Link(context.subject),))  # the act checks the code


FLOW = Flow(
    id="link",
    only="owner",
    form=False,
    steps=(Choose("sure", options=("yes", "no"), counted=False, ends=("no",)),),
    finish=_finish,
)
