"""Flagging: a supervisor asks what is to be looked at of officers' forms."""

from __future__ import annotations

from conversations.engine import drafts
from conversations.engine.builder import TurnBuilder
from conversations.engine.confirming import ask, choice, no
from conversations.engine.naming import mentions
from conversations.messages import Say

SHOWN = 9  # flags to choose from


def flags(turn: TurnBuilder, text: str) -> None:
    """Open what is to be looked at, or list it: all, or that of the officer who is named."""
    waiting = turn.facts.desk.flags
    named = {one.badge for mention in mentions(turn, text) for one in mention.officers}
    among = [flag for flag in waiting if not named or flag.badge in named]
    draft = turn.session.draft
    if not among:
        turn.says.append(Say("supervising.no_flags"))
    elif len(among) > 1:
        choices = (
            choice(
                f"flag-{one.id}",
                Say(f"flag.label.{one.kind}", {"badge": one.badge}),
                "open",
                "flag",
                str(one.id),
            )
            for one in among[:SHOWN]
        )
        ask(turn, Say("supervising.flag_whom"), *choices, no())
    elif draft is not None and (draft.flow, draft.subject) == ("flag", str(among[0].id)):
        drafts.digress(turn)
    else:
        drafts.open_flow(turn, "flag", str(among[0].id))
