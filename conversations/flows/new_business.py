"""New business: an officer on the road begins a form with somebody; first, where they are."""

from __future__ import annotations

from conversations.assisting import BeginForm
from conversations.flow import Ending, Flow
from conversations.step import Context
from conversations.steps import Locate


def _finish(context: Context) -> Ending:
    return Ending((BeginForm(known={"place": context.answers["place"]}),))


FLOW = Flow(
    id="new_business",
    only="officer",
    form=False,
    steps=(Locate("place", counted=False),),
    finish=_finish,
)
