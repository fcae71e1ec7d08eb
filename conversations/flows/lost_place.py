"""Lost place: the person who told of a place that was not found tells more of where it is.

Their words and a location are gathered until they say that they are right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from datetime import date, timedelta

from conversations import lexicon
from conversations.arrival import meeting_at
from conversations.events import Event, Located, Said
from conversations.facts import Facts
from conversations.flow import Ending, Flow
from conversations.heeding import heed
from conversations.messages import Json, Lines, Say
from conversations.parsers import Refused
from conversations.parsers.evasions import evasion
from conversations.parsers.referred import landmark, tells_hours
from conversations.phrases import Intent, intent
from conversations.referrals import TellMore
from conversations.session import Choice
from conversations.step import Context, Heed, Prompt, Stay, Step, words_of

ID, MORE, UNKNOWN = "lost_place", "more", "unknown"
OPEN_FOR = timedelta(days=14)  # in which words are an answer; later they are told as of any place
LONGEST, MOST = 200, 3  # characters of a message, and messages that are kept


def subject_of(case_id: int, today: date) -> str:
    """Return the subject of a case's question, which holds the last day for an answer."""
    return f"{case_id}-{(today + OPEN_FOR):%Y%m%d}"


@dataclass(frozen=True, slots=True)
class Clue(Step):
    """The step that asks for more by which a place is found.

    The answer is {"words": [str], "pin": [lat, lon] or None, "open": part or None}. Each message
    adds to it. It is complete once the person has said that it is right ("sure").
    """

    _: KW_ONLY
    counted: bool = False
    rests: bool = True
    heeds: Heed | None = heed

    def prompt(self, context: Context) -> Prompt:
        held = context.answers.get(self.id)
        if isinstance(held, dict) and held:
            return Prompt(_understood(held, context), self.while_open(held))
        said = Say("lost_place.more" if held is None else "lost_place.more.again")
        unknown = Choice(UNKNOWN, Say("lost_place.more.unknown"), UNKNOWN)
        return Prompt(said, (unknown,), wish="location")

    def read(self, event: Event, context: Context) -> Json:
        held = context.answers.get(self.id)
        told = {**_NOTHING, **(held if isinstance(held, dict) else {})}
        if isinstance(event, Located):
            if meeting_at(context.facts.places, event.lat, event.lon, "") is None:
                raise Refused("outside_jakarta")
            told["pin"] = [round(event.lat, 6), round(event.lon, 6)]
        elif not isinstance(event, Said) or _is_none(event.text):
            raise Refused("landmark_please")
        elif evasion(event.text) in ("unknown", "none"):
            return UNKNOWN
        else:
            told |= _in_words(event.text, list(told["words"]), context.facts)
        raise Stay(answer=told, say=_understood(told, context))

    def complete(self, answer: Json) -> bool:
        return answer == UNKNOWN or (isinstance(answer, dict) and bool(answer.get("sure")))

    def while_open(self, answer: Json) -> tuple[Choice, ...]:
        yes = Choice("yes", Say("lost_place.more.yes"), {**answer, "sure": True}, means="yes")
        return (yes, Choice("no", Say("lost_place.more.no"), {}, means="no"))

    def words(self, flow: str) -> tuple[str, ...]:
        options = (UNKNOWN, "yes", "no", "again")
        return words_of(flow, self.id, options, self.counted, self.ends)

    @property
    def takes_place(self) -> bool:
        return True


def _is_none(text: str) -> bool:
    """Whether words greet, or ask for something of one's own, and tell no place."""
    applies = any(one.name == APPLY for one in lexicon.matters().rank(text))
    return applies or intent(text) is Intent.GREETING


APPLY = "apply"  # the matter of somebody who wants a permit

_NOTHING: Mapping[str, Json] = {"words": [], "pin": None, "open": None}


def _in_words(text: str, before: list[str], facts: Facts) -> dict[str, Json]:
    """Return the landmarks and the hours in words; a landmark is added to those told before."""
    listed = lexicon.options("referral", "open")
    ranked = listed.rank(text) if listed is not None else []
    part = ranked[0].name if ranked and ranked[0].name != UNKNOWN else None
    only_hours = part is not None and tells_hours(text)
    near = None if only_hours else landmark(at_most=LONGEST)(text, facts)
    words = [*before, *([str(near)] if near else [])][-MOST:]
    return {"words": words} | ({"open": part} if part else {})


def _understood(told: Mapping[str, Json], context: Context) -> Say:
    lines: list[Say] = []
    pin = told.get("pin")
    if pin:
        near = meeting_at(context.facts.places, pin[0], pin[1], "")
        place = Say("common.this_location", {"place": near.name if near is not None else "-"})
        lines.append(Say("lost_place.line", {"told": place}))
    lines += [Say("lost_place.line", {"told": str(one)}) for one in told["words"]]
    if told.get("open"):
        lines.append(Say("lost_place.open", {"part": Say(f"referral.open.{told['open']}")}))
    return Say("lost_place.understood", {"lines": Lines(tuple(lines))})


def _finish(context: Context) -> Ending:
    answer = context.answers[MORE]
    case_id = int(context.subject.partition("-")[0])
    pin = answer["pin"]
    near = meeting_at(context.facts.places, pin[0], pin[1], "") if pin else None
    place = {"kelurahan": near.code, "pin": pin} if near is not None else None
    return Ending((TellMore(case_id, tuple(answer["words"]), place, answer["open"]),))


def _alive(subject: str, facts: Facts) -> bool:
    return f"{facts.today:%Y%m%d}" <= subject.partition("-")[2]


FLOW = Flow(
    ID,
    (Clue(MORE, ends=(UNKNOWN,)),),
    form=False,
    interrupts=False,
    finish=_finish,
    alive=_alive,
)
