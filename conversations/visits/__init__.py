"""The scripts of visits: one file for each purpose. A new file is loaded without registration."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from conversations import services
from conversations.script import Scripts, plain
from conversations.service import Visit


@cache
def load() -> Scripts:
    """Return the script of each purpose for which a service's course has a visit."""
    modules = (import_module(f"{__name__}.{one.name}") for one in iter_modules(__path__))
    own = {module.SCRIPT.purpose: module.SCRIPT for module in modules}
    stages = (stage for service in services.load().values() for stage in service.course)
    purposes = {stage.purpose for stage in stages if isinstance(stage, Visit)}
    return {purpose: own.get(purpose) or plain(purpose) for purpose in sorted(purposes)}
