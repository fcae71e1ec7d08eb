"""The directory: facts about offices that belong to an answer, a line each.

A fact that is not filled in is not said. A line names a fact of our own office, or another
authority with its telephone number, page and address.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

from conversations.facts import Directory
from conversations.messages import Lines, Say

#: Facts of our own office, by the matter that they answer.
OF_OURS = {
    "doubt": ("page", "landline", "address"),
    "office": ("address", "hours", "landline", "page"),
}
#: Authorities, by the matter, or the service, that they handle.
AUTHORITIES = {
    "complaint": ("ombudsman",),  # where one may complain besides
    "elsewhere": ("ombudsman", "police"),
    "other_authority.dukcapil": ("dukcapil",),
    "other_authority.ktp": ("dukcapil",),
    "other_authority.city": ("jaki",),
    "other_authority.police": ("police", "samsat", "immigration"),
    "other_authority.food": ("bpjph", "bpom", "health"),
    "other_authority.social": ("bpjs", "education"),
}
CONTACT = ("phone", "url", "address")  # of an authority, in the order of its line


def lines(directory: Directory, matter: str) -> tuple[Say, ...]:
    """Return what follows the answer to a matter: one paragraph, or nothing."""
    found = (*_of_ours(directory, matter), *_of_authorities(directory, matter))
    return (Say("common.facts", {"lines": Lines(found)}),) if found else ()


def _of_ours(directory: Directory, matter: str) -> Iterator[Say]:
    for name in OF_OURS.get(matter, ()):
        if (said := directory.get(f"office.{name}")) is not None:
            label = Say(f"common.office.{name}")
            yield Say("common.line", {"label": label, "answer": Say("common.named", said)})


def _of_authorities(directory: Directory, matter: str) -> Iterator[Say]:
    for authority in AUTHORITIES.get(matter, ()):
        known = [directory.get(f"{authority}.{name}") for name in CONTACT]
        if said := [Say("common.named", one) for one in known if one is not None]:
            label = Say(f"common.authority.{authority}")
            yield Say("common.line", {"label": label, "answer": reduce(_listed, said)})


def _listed(said: Say, following: Say) -> Say:
    return Say("common.list", {"said": said, "next": following})
