"""The owners' first page: the services, and commands."""

from __future__ import annotations

from conversations.flow import Flow
from conversations.messages import Say
from conversations.session import Choice
from conversations.step import Context
from conversations.steps import Choose


def _menu(context: Context) -> tuple[Choice, ...]:
    """Return the menu; a service's label comes from its own catalogue (`<service>.title`)."""
    services = tuple(
        Choice(service, Say(f"{service}.title"), [service, ""], "open")
        for service in context.facts.mine.services
    )
    desk = (Choice("desk", Say(context.key("menu", "desk")), "menu", "command"),)
    return (
        *(desk if context.facts.me.desk != "owner" else ()),
        *services,
        Choice("status", Say(context.key("menu", "status")), "status", "command"),
        Choice("help", Say(context.key("menu", "help")), "help", "command"),
        Choice("language", Say(context.key("menu", "language")), "language", "command"),
    )


FLOW = Flow(
    id="welcome",
    home="owner",
    form=False,
    steps=(Choose("menu", options=_menu, counted=False),),
)
