"""From a poster: what somebody wants whose chat began at a poster, of the services it leads to."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.flow import Flow
from conversations.messages import Lines, Say, Value
from conversations.session import Choice
from conversations.step import Context
from conversations.steps import Choose


def _choices(context: Context) -> tuple[Choice, ...]:
    return (
        *(
            Choice(one, Say(f"{one}.title"), [one, ""], "open")
            for one in context.facts.mine.posters
        ),
        Choice("menu", Say(context.key("which", "menu")), "menu", "command"),
    )


def _lines(context: Context) -> Mapping[str, Value]:
    """Say of each service for whom it is."""
    said = (
        Say("common.line", {"label": Say(f"{one}.title"), "answer": Say(f"{one}.poster")})
        for one in context.facts.mine.posters
    )
    return {"lines": Lines(tuple(said))}


FLOW = Flow(
    id="from_poster",
    form=False,
    steps=(Choose("which", options=_choices, params=_lines, counted=False, rests=True),),
)
