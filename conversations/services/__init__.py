"""The services: one file each. A new file is loaded without registration."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from conversations.service import Services


@cache
def load() -> Services:
    """Return all services of this package, in the order of the menu."""
    found = [import_module(f"{__name__}.{one.name}").SERVICE for one in iter_modules(__path__)]
    return Services({one.id: one for one in sorted(found, key=lambda service: service.menu)})
