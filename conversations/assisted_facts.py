"""Facts on the forms that officers fill in with people, and on corrections at the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from conversations.messages import Json, Say


@dataclass(frozen=True, slots=True)
class AssistedFact:
    """A form that an officer fills in with somebody, as the officer may see it."""

    id: int
    service: str
    person_id: int
    visit_id: int | None
    name: str  # of the person, as far as it is known
    waits: bool  # filled in: the person is to confirm it
    hosted: bool  # the person has a chat in which they can confirm it
    complete: bool = True  # no question is left to ask
    brief: tuple[Say, ...] = ()  # what will be printed, while it waits
    changes: tuple[Say, ...] = ()  # what is to be mended, while it waits
    mendable: tuple[str, ...] = ()  # steps to correct, if it mends a case
    held: Mapping[str, Json] = field(default_factory=dict)  # the answers of that case
    on_card: str | None = None  # the name on the person's KTP, if it was given
    taken: bool = False  # the person goes on with it in their own chat
    untouched: bool = False  # taken, but the person has not written since it was handed over

    @property
    def handed(self) -> bool:
        """Whether the officer does not write it any more: the person is to confirm it."""
        return self.waits or self.taken

    @property
    def mends(self) -> bool:
        """Whether it corrects a case."""
        return bool(self.mendable)


@dataclass(frozen=True, slots=True)
class MendFact:
    """An officer's corrections of a case at the door, as its owner may see them."""

    id: int
    number: str
    officer: str
    badge: str
    changes: tuple[Say, ...]
    printed: tuple[Say, ...] = ()  # a heading, and a line each
