"""The flows: one file for each desk or page. A new file is loaded without registration."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from conversations import catalogue, services
from conversations.engine.builder import Flows


@cache
def load() -> Flows:
    """Return the flows of this package, the services with their forms, and the catalogue."""
    found = [import_module(f"{__name__}.{m.name}").FLOW for m in iter_modules(__path__)]
    declared = services.load()
    forms = [service.form for service in declared.values()]
    return Flows({flow.id: flow for flow in (*found, *forms)}, catalogue.load(), declared)
