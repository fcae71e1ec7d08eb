"""Recruiting: a supervisor's words about heads of RT/RW and kader, who tell of places.

They are invited with a link that is forwarded, listed, and ended by their number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from conversations.engine import drafts
from conversations.engine.builder import TurnBuilder
from conversations.engine.confirming import ask, asks, choice, no
from conversations.engine.reading import bare_number
from conversations.engine.staffing import MAX_LABEL, preview
from conversations.facts import Place
from conversations.lexicon import lists
from conversations.messages import Json, Say
from conversations.parsers.choice import exact
from conversations.supervision import EndHelper, InviteHelper, ShowHelpers
from conversations.wording import area_words
from conversations.words import standardised, tidy

WHERE = "recruit_where"  # what was told last: it was asked for which area somebody is invited
INVITES, INSTEAD, LISTS, ENDS = "recruit", "recruit_instead", "helpers", "end_helper"
SHOWN = 9  # areas to choose from; with "no", as many as a list holds
MOST_WORDS = 8  # of a message that only names another area or person
LONGEST = 60  # characters of the words for whom somebody invites
LONGEST_NAME = 4  # words of an area's name
MOST_READ = 24  # words of a message in which an area is looked for

_WHO = lists.any_of("recruiting", "who")
_HEADS = lists.any_of("recruiting", "heads")
_INVITATION = lists.any_of("recruiting", "invitation")
_INVITES = lists.any_of("recruiting", "invites")
_CALLS = lists.any_of("recruiting", "calls")
_ENDS = lists.any_of("recruiting", "ends")
_LISTS = lists.any_of("recruiting", "lists")
_OF_OTHERS = lists.any_of("recruiting", "unless")
_OF_STAFF = lists.any_of("recruiting", "staff")
_NUMBER = re.compile(rf"\b(?:{lists.one_of('recruiting', 'numbered')})\W*(\d{{1,9}})\b")
#: "Bukan kader, ketua RT": what is not meant stands before the comma.
_NOT_THIS = re.compile(r"^\s*(?:bukan|jangan|salah|not)\b[^,]*,\s*", re.I)
_BESIDE = lists.words("recruiting", "beside")
_TO_AREA = lists.words("recruiting", "to_area")
_ROLES = frozenset(
    word.strip("*") for one in lists.words("recruiting", "who") for word in one.split()
)


def hears(turn: TurnBuilder, text: str) -> str | None:
    """Return the matter of words about helpers, or None."""
    said = standardised(text)
    if bare_number(text) or exact(text, turn.labels()) is not None or _OF_OTHERS.search(said):
        return None
    who, invitation = _WHO.search(said), _INVITATION.search(said)
    if not who and (_OF_STAFF.search(said) or not (invitation or _HEADS.search(said))):
        return INSTEAD if _goes_on(turn, text) else None
    if not who and not invitation:
        return INVITES if _CALLS.search(said) else INSTEAD if _goes_on(turn, text) else None
    if _ENDS.search(said):
        return ENDS
    if _INVITES.search(said):
        return INVITES
    if _LISTS.search(said):
        return LISTS
    return INSTEAD if _goes_on(turn, text) else None


def _goes_on(turn: TurnBuilder, text: str) -> bool:
    """Whether a few words name another area or person for the invitation that is asked about."""
    if not (asks(turn, INVITES) or _asked_where(turn)) or len(text.split()) > MOST_WORDS:
        return False
    _, areas = _read(turn, text)
    return bool(areas) or _WHO.search(standardised(text)) is not None


def _asked_where(turn: TurnBuilder) -> bool:
    return asks(turn, WHERE) or bool(turn.told(WHERE))


def invite(turn: TurnBuilder, text: str) -> None:
    """Ask whether an invitation is to be made, or first for which area."""
    who, areas = _read(turn, text)
    _go_on(turn, who, areas)


def instead(turn: TurnBuilder, text: str) -> None:
    """Take the area or the person that is named for the invitation that is asked about."""
    who, areas = _read(turn, _NOT_THIS.sub("", text))
    said = turn.told(WHERE).removeprefix(_SOMEBODY)
    code = ""
    if asks(turn, INVITES):
        _, code, said = turn.session.shown[0].answer[:3]
    drafts.go_on(turn)
    turn.prompt = None
    known = turn.facts.places.get(str(code)) if code and not areas else None
    named = who if _WHO.search(standardised(text)) else str(said or "")
    _go_on(turn, named, (known,) if known is not None else areas)


def _go_on(turn: TurnBuilder, who: str, named: Sequence[Place]) -> None:
    own = [one for one in named if _is_own(turn, one.code)]
    if named and not own:
        place = area_words(named[0].code, turn.facts.places)
        turn.says.append(Say("supervising.recruit_elsewhere", {"place": place}))
        return
    areas = own or _small(turn)
    if len(areas) == 1:
        confirm(turn, areas[0].code, who)
        return
    turn.tell(WHERE, _SOMEBODY + who)
    if 1 < len(areas) <= SHOWN:
        choices = (choice(f"area-{a.code}", _label(turn, a), WHERE, a.code, who) for a in areas)
        ask(turn, Say("supervising.recruit_where"), *choices, no())
    else:
        turn.says.append(Say("supervising.recruit_which_area"))


_SOMEBODY = "who:"  # before the words for a person, which may be none


def _is_own(turn: TurnBuilder, code: str) -> bool:
    return any(f"{code}.".startswith(f"{own}.") for own in turn.facts.desk.areas)


def _small(turn: TurnBuilder) -> list[Place]:
    """Return the supervisor's areas, if each is so small that somebody is invited for it."""
    found = [turn.facts.places.get(code) for code in turn.facts.desk.areas]
    small = [one for one in found if one is not None and one.level in ("kelurahan", "kecamatan")]
    return small if len(small) == len(found) else []


def _label(turn: TurnBuilder, area: Place) -> str:
    return area.name if len(area.name) <= MAX_LABEL else area.name[: MAX_LABEL - 1].rstrip() + "…"


def confirm(turn: TurnBuilder, subject: str, argument: Json) -> None:
    """Ask whether an invitation is to be made for this area."""
    who = str(argument or "")
    yes = choice("yes", Say("supervising.recruit.yes"), INVITES, subject, who, means="yes")
    place = area_words(subject, turn.facts.places)
    named = who or Say("supervising.helper_anybody")
    ask(turn, Say("supervising.recruit", {"who": named, "place": place}), yes, no())


def show(turn: TurnBuilder, text: str) -> None:
    """List the helpers, and the open invitations."""
    turn.effects.append(ShowHelpers())


def end(turn: TurnBuilder, text: str) -> None:
    """Ask whether a helper's rights or an invitation is to end; list them if none is named."""
    found = _NUMBER.search(standardised(text))
    if found is None:
        turn.says.append(Say("supervising.end_which_helper"))
        turn.effects.append(ShowHelpers())
        return
    number = str(int(found[1]))
    yes = choice("yes", Say("supervising.end_helper.yes"), ENDS, number, means="yes")
    ask(turn, Say("supervising.end_helper", {"number": number}), yes, no())
    preview(turn, "end_helper", number)


def invite_now(turn: TurnBuilder, subject: str, argument: Json) -> None:
    """Make the invitation that was confirmed."""
    turn.lasting = True
    turn.effects.append(InviteHelper(subject, str(argument or "")))


def end_now(turn: TurnBuilder, subject: str, argument: Json) -> None:
    """End what was confirmed."""
    turn.lasting = True
    turn.effects.append(EndHelper(int(subject)))


# -- read ------------------------------------------------------------------------------------------


def _read(turn: TurnBuilder, text: str) -> tuple[str, tuple[Place, ...]]:
    """Return the words for whoever is invited, and the areas that the other words may name."""
    words = tidy(text).strip(" .!?").split()[:MOST_READ]
    bare = [standardised(word).strip(".,:;!?") for word in words]
    spans = [
        (start, start + length)
        for length in range(LONGEST_NAME, 0, -1)
        for start in range(len(words) - length, -1, -1)
        if not _is_person(bare, start)
    ]
    named = [s for s in spans if _is_name(turn, bare[slice(*s)])]
    unknown = [s for s in reversed(spans) if not {*bare[slice(*s)]} & (_BESIDE | _TO_AREA | _ROLES)]
    for start, end in (*named, *unknown):
        found = _found(turn, words, bare, start, end)
        if found:
            return _without(words, bare, start, end), found
    return _without(words, bare, 0, 0), ()


def _is_name(turn: TurnBuilder, words: Sequence[str]) -> bool:
    """Whether words are an area's name; "baru" alone is a common word as well."""
    return turn.facts.places.has_name(" ".join(words)) and not {*words} <= _BESIDE


def _is_person(bare: Sequence[str], start: int) -> bool:
    """Whether the word before says that a name is somebody's: "pak Pulo"."""
    return start > 0 and bare[start - 1] in lists.words("recruiting", "persons")


def _found(
    turn: TurnBuilder, words: Sequence[str], bare: Sequence[str], start: int, end: int
) -> tuple[Place, ...]:
    level = bare[start - 1] if start else ""
    hint = f"{level} " if level in _LEVELS else ""
    return turn.facts.places.find(hint + " ".join(words[start:end]))


_LEVELS = frozenset({"kel", "kelurahan", "kec", "kecamatan"})


def _without(words: Sequence[str], bare: Sequence[str], start: int, end: int) -> str:
    """Return the words without the area, and without those that only ask for an invitation."""
    while end and start and bare[start - 1] in _TO_AREA:
        start -= 1
    left = [(w, b) for at, (w, b) in enumerate(zip(words, bare, strict=True))
            if not start <= at < end]  # fmt: skip
    while left and left[0][1] in _BESIDE:
        left.pop(0)
    while left and left[-1][1] in _BESIDE | _TO_AREA:
        left.pop()
    return " ".join(word for word, _ in left).strip(" ,.:;")[:LONGEST]


ANSWERS: Mapping[str, Callable[[TurnBuilder, str], None]] = {
    INVITES: invite,
    INSTEAD: instead,
    LISTS: show,
    ENDS: end,
}
CHOSEN: Mapping[str, Callable[[TurnBuilder, str, Json], None]] = {
    INVITES: invite_now,
    WHERE: confirm,
    ENDS: end_now,
}
