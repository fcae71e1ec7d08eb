"""The flows: one file a desk or a page. A new file is found; nothing else knows its name."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from conversations import catalogue, services
from conversations.engine.builder import Flows


@cache
def load() -> Flows:
    """All flows of this package, the services and their forms, and what words them."""
    found = [import_module(f"{__name__}.{m.name}").FLOW for m in iter_modules(__path__)]
    declared = services.load()
    forms = [service.form for service in declared.values()]
    return Flows({flow.id: flow for flow in (*found, *forms)}, catalogue.load(), declared)
