"""The flows: one file a service or a desk. A new file is found; nothing else knows its name."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from conversations import catalogue
from conversations.engine import Flows


@cache
def load() -> Flows:
    """All flows of this package with the catalogues that word them."""
    found = [import_module(f"{__name__}.{m.name}").FLOW for m in iter_modules(__path__)]
    return Flows({flow.id: flow for flow in found}, catalogue.load())
