"""One line that was played on the engine, as the situations of each part see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from conversations.messages import Json
from conversations.session import ChatSession


class Played(Protocol):
    """One line on the engine; `situations` has the class itself."""

    @property
    def keys(self) -> tuple[str, ...]: ...
    @property
    def answers(self) -> Mapping[str, Json]: ...
    @property
    def asks_back(self) -> bool: ...
    @property
    def before(self) -> ChatSession: ...
    @property
    def turn(self) -> Any: ...
    def effects(self, kind: type[Any]) -> list[Any]: ...
