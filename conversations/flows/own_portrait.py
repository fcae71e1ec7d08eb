"""Own portrait: an officer sends a photo of themselves, for owners to see who comes."""

from __future__ import annotations

from conversations.effects import OfferPortrait
from conversations.flow import Ending, Flow
from conversations.messages import Say
from conversations.step import Context
from conversations.steps import Upload


def _finish(context: Context) -> Ending:
    (sent, *_) = context.answers["photo"]["ids"]
    return Ending((OfferPortrait(int(sent)),), (Say("own_portrait.done"),))


FLOW = Flow(
    id="own_portrait",
    only="officer",
    form=False,
    steps=(Upload("photo", at_most=1, also=("later",), ends=("later",), counted=False),),
    finish=_finish,
)
