"""Reports of an officer to supervisors, and answers to what officers ask at the door."""

from __future__ import annotations

import re
from datetime import timedelta

from conversations import lexicon
from conversations.commands import Typed
from conversations.effects import Concern, TellConcern, WithdrawPortrait
from conversations.engine import confirming, drafts, orders, rounds_moves, rounds_words
from conversations.engine import rounds_visits as visits
from conversations.engine.builder import TurnBuilder
from conversations.facts import VisitFact
from conversations.lifecycle import VisitState
from conversations.messages import Json, Say, Value
from conversations.phrases import Command
from conversations.script import FAILED
from conversations.wording import days_words, window_words
from conversations.words import standardised

MOST_VISITS = 8  # to choose from, with "it was recorded as failed" and "no"
MAX_WORDS = 300  # characters of an officer's words that are passed on
SAFE = "safe"  # the matter of the question whether danger is over
_COMPLAINTS = frozenset({Concern.COMPLAINT, Concern.COMPLAINT_ABOVE})
#: Matters of words that go on with a complaint.
COMPLAINT_GOES_ON = frozenset({"complain", "decline", "give_away", "gift", "refused", "phone"})
_ABOVE = re.compile(r"\b(?:pengawas|atasan|bos|boss|supervisor)")
_FAILED = re.compile(r"gagal|fail|berhasil|sukses|work")
_ACCIDENT = re.compile(r"kecelakaan|accident|ambulan")
_NO_PHONE = re.compile(
    r"\b(?:hp|hape|handphone|telepon|phone)\w*(?: \w+)? (?:mati|rusak|hilang|ilang|off|dead)\b"
    r"|\btidak (?:\w+ )?(?:punya|ada|bawa|pegang|paham|ngerti|mengerti|pakai) (?:\w+ )?"
    r"(?:hp|hape|handphone|wa|whatsapp|telegram)\b"
    r"|\b(?:lupa|ketinggalan|kehilangan)(?: \w+)? (?:hp|hape|handphone)\b"
    r"|\b(?:hp|hape|handphone)(?: ?nya)?(?: \w+)? (?:ketinggalan|tertinggal|tidak ada|dibawa)\b"
)

#: Matters of a visit that a supervisor must settle.
CONCERNS = {
    "closed": Concern.CLOSED,
    "denies": Concern.DENIES,
    "has_nib": Concern.LICENSED,
    "ktp_missing": Concern.KTP,
    "owner_died": Concern.OWNER_DIED,
    "phone": Concern.CALL_OWNER,
    "trade_changed": Concern.TRADE,
}


def quoted(text: str) -> str:
    """Return an officer's words as one short line."""
    return " ".join(text.split())[:MAX_WORDS]


# -- to supervisors --------------------------------------------------------------------------------


def danger(turn: TurnBuilder, text: str) -> None:
    """Tell supervisors at once, and the officer what to do; then ask whether it is over.

    Words written meanwhile are passed on too, without the same advice once more.
    """
    visit, again = visits.current(turn), in_danger(turn)
    _pass_on(turn, visit, text)
    if not again:
        turn.says.append(Say("rounds_desk.danger.hurt" if _hurt(text) else "rounds_desk.danger"))
    subject = str(visit.id) if visit is not None else ""
    confirming.ask(
        turn,
        Say("rounds_desk.danger.more" if again else "rounds_desk.danger.safe"),
        confirming.choice("safe", Say("rounds_desk.danger.yes"), SAFE, subject, means="yes"),
        confirming.choice("help", Say("rounds_desk.danger.no"), "unsafe", subject, means="no"),
    )


def in_danger(turn: TurnBuilder) -> bool:
    """Whether it is asked if the officer is safe."""
    return confirming.asks(turn, SAFE)


def _hurt(text: str) -> bool:
    """Whether the words tell of an accident or an illness, and of no threat."""
    named = {one.name for one in lexicon.desk("officer").rank(text) if one.weight >= 1}
    hurt = "hurt" in named or _ACCIDENT.search(text.lower()) is not None
    return hurt and "danger" not in named


def _pass_on(
    turn: TurnBuilder, visit: VisitFact | None, words: str, about: Concern = Concern.DANGER
) -> None:
    turn.lasting = True
    turn.effects.append(TellConcern(about, visit.id if visit is not None else None, quoted(words)))


def safe(turn: TurnBuilder, subject: str, _: Json) -> None:
    """Tell supervisors that the danger is over."""
    visit = turn.facts.rounds.visit(subject)
    _pass_on(turn, visit, _label(turn, "yes"), Concern.SAFE)
    turn.says.append(Say("rounds_desk.danger.over"))
    drafts.go_on(turn)


def perhaps_safe(turn: TurnBuilder, text: str) -> None:
    """Ask once more whether the danger is over, of which the words tell something good."""
    drafts.digress(turn, Say("rounds_desk.danger.perhaps"))


def ask_dog(turn: TurnBuilder, text: str) -> None:
    """Ask whether a dog that was named is dangerous."""
    confirming.ask(
        turn,
        Say("rounds_desk.dog"),
        confirming.choice("yes", Say("rounds_desk.dog.yes"), "dog", "", quoted(text), means="yes"),
        confirming.no(),
    )


def unsafe(turn: TurnBuilder, subject: str, _: Json) -> None:
    """Tell supervisors that the officer still needs help."""
    danger(turn, _label(turn, "no"))


def _label(turn: TurnBuilder, choice: str) -> str:
    said = Say(f"rounds_desk.danger.{choice}")
    return turn.flows.catalogue.say(said, turn.facts.me.locale)


def ask(turn: TurnBuilder, about: Concern, visit: VisitFact | None, text: str) -> None:
    """Say what can be done now, and ask whether supervisors are to be told."""
    params: dict[str, Value] = {
        "visit": visits.line(turn, visit) if visit is not None else Say("rounds_desk.no_visit"),
        "words": quoted(text),
    }
    subject = str(visit.id) if visit is not None else ""
    told: Json = [about.value, quoted(text)]
    yes = "rounds_desk.complaint.yes" if about in _COMPLAINTS else "rounds_desk.concern.yes"
    confirming.ask(
        turn,
        Say(f"rounds_desk.concern.{about}", params),
        confirming.choice("yes", Say(yes), "concern", subject, told, means="yes"),
        confirming.no(),
    )


def complain(turn: TurnBuilder, text: str) -> None:
    """Ask whether a complaint is to be noted; one about a supervisor goes to the head."""
    above = _ABOVE.search(standardised(text)) or rounds_words.complains_above(turn, text)
    ask(turn, Concern.COMPLAINT_ABOVE if above else Concern.COMPLAINT, None, text)


def asks_complaint(turn: TurnBuilder) -> bool:
    """Whether it is asked if a complaint is to be noted."""
    return confirming.asks(turn, "concern") and turn.session.shown[0].answer[2][0] in _COMPLAINTS


def complain_more(turn: TurnBuilder, text: str) -> None:
    """Add words to the complaint that is about to be noted."""
    about, words = turn.session.shown[0].answer[2]
    above = rounds_words.complains_above(turn, text)
    now = Concern.COMPLAINT_ABOVE if above else Concern(about)
    ask(turn, now, None, f"{words}. {text}")


def call_me(turn: TurnBuilder, text: str) -> None:
    """Offer that a supervisor calls the officer."""
    confirming.ask(
        turn,
        Say("rounds_desk.call_me"),
        confirming.choice("yes", Say("rounds_desk.call_me.yes"), "call_me", means="yes"),
        confirming.no(),
    )


def call(turn: TurnBuilder) -> None:
    """Ask supervisors for a call, and go back to the question before."""
    drafts.go_on(turn)
    turn.prompt = None
    talk(turn, "")


def works(turn: TurnBuilder, text: str) -> None:
    """Ask whether supervisors are to be told that the officer does work; drop an open absence."""
    if confirming.asks(turn, "absent") or confirming.asks(turn, "absence"):
        turn.says.append(Say("rounds_desk.works.dropped"))
        drafts.go_on(turn)
    elif rounds_words.still_works(text):
        drafts.digress(turn, Say("rounds_desk.works.still"))
    else:
        ask(turn, Concern.WORKS, None, text)


def stolen(turn: TurnBuilder, text: str) -> None:
    """Say whom to report a theft to, and ask whether supervisors are to be told."""
    ask(turn, Concern.STOLEN, visits.current(turn), text)


def battery(turn: TurnBuilder, text: str) -> None:
    """Say what can be done without a telephone, and ask whether supervisors are to be told."""
    ask(turn, Concern.BATTERY, visits.current(turn), text)


def call_owner(turn: TurnBuilder, visit: VisitFact, _: Json) -> None:
    """Ask whether supervisors are to call the owner; a failure that was pending is taken back."""
    rounds_moves.restore(turn, visit)
    label = turn.flows.catalogue.say(Say("rounds_desk.call_owner"), turn.facts.me.locale)
    ask(turn, Concern.CALL_OWNER, visit, label)


def tell(turn: TurnBuilder, subject: str, argument: Json) -> None:
    """Tell supervisors what was confirmed."""
    about, words = argument
    visit = turn.facts.rounds.visit(subject)
    turn.lasting = True
    turn.effects.append(
        TellConcern(Concern(about), visit.id if visit is not None else None, str(words))
    )
    if about in _COMPLAINTS:
        turn.tell("complaint", str(about))
        turn.says.append(Say("rounds_desk.complaint.done"))
    else:
        turn.says.append(Say("rounds_desk.concern.done"))
    if about == Concern.STOLEN and _is_any_agreed(turn):
        turn.says.append(Say("rounds_desk.stolen.visits"))
    drafts.go_on(turn)


def withdraw_portrait(turn: TurnBuilder, text: str) -> None:
    """Ask whether the officer's photo is to be shown no more."""
    yes = confirming.choice("yes", Say("rounds_desk.portrait_off.yes"), "portrait_off", means="yes")
    confirming.ask(turn, Say("rounds_desk.portrait_off"), yes, confirming.no())


def portrait_withdrawn(turn: TurnBuilder, subject: str, argument: Json) -> None:
    """Withdraw the officer's photo, as they confirmed; the act says what became of it."""
    turn.lasting = True
    turn.effects.append(WithdrawPortrait())
    drafts.go_on(turn)
    turn.prompt = None


# -- answers ---------------------------------------------------------------------------------------


def failed_by_mistake(turn: TurnBuilder, text: str) -> None:
    """Take a failure back while it is not recorded; else supervisors may be told."""
    visit = turn.facts.rounds.visit(visits.subject(turn))
    agreed = [one for one in turn.facts.rounds.visits if one.state in visits.AGREED]
    failed = _FAILED.search(text.lower())
    if confirming.is_open(turn):
        turn.says.append(Say("common.desk.dropped"))
        drafts.go_on(turn)
    elif visit is not None and rounds_moves.is_pending(turn):
        rounds_moves.keep(turn, visit)
    elif failed or turn.told(FAILED) or not turn.facts.rounds.visits:
        ask(turn, Concern.NOT_FAILED, None, text)
    elif visit is not None and visit in agreed:
        say_mistake(turn, visit)
    elif len(agreed) == 1:
        say_mistake(turn, agreed[0])
    elif agreed:
        _ask_which_mistake(turn, agreed, text)
    else:
        drafts.digress(turn, Say("rounds_desk.mistake.none"))


def say_mistake(turn: TurnBuilder, visit: VisitFact) -> None:
    """Say what was recorded last of a visit, and what can still be done."""
    drafts.digress(turn, _mistake(turn, visit))


def chosen_mistake(turn: TurnBuilder, visit: VisitFact, _: Json) -> None:
    """Say so of the visit that was chosen."""
    turn.says.append(_mistake(turn, visit))
    drafts.go_on(turn)


def _mistake(turn: TurnBuilder, visit: VisitFact) -> Say:
    act = "proved" if visit.code_proved and visit.state == VisitState.ARRIVED else visit.state
    return Say(f"rounds_desk.mistake.{act}", {"visit": visits.line(turn, visit)})


def _ask_which_mistake(turn: TurnBuilder, agreed: list[VisitFact], text: str) -> None:
    """Ask at which of several visits something was recorded by mistake; one may have failed."""
    some = agreed[:MOST_VISITS]
    choices = [
        confirming.choice(f"visit-{one.id}", visits.label(turn, one), "mistake", str(one.id))
        for one in some
    ]
    failed: Json = [Concern.NOT_FAILED.value, quoted(text)]
    choices.append(
        confirming.choice("failed", Say("rounds_desk.mistake.failed"), "concern", "", failed)
    )
    say = Say("rounds_desk.mistake.which", {"lines": visits.lines(turn, some)})
    confirming.ask(turn, say, *choices, confirming.no())


def _is_any_agreed(turn: TurnBuilder) -> bool:
    return any(visit.state in visits.AGREED for visit in turn.facts.rounds.visits)


def give_away(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Give a visit back for another officer; once it is under way, supervisors must help."""
    if visit.state in visits.UNDER_WAY:
        ask(turn, Concern.GIVE_AWAY, visit, text)
        return
    say = Say("rounds_desk.give_away", {"visit": visits.line(turn, visit)})
    rounds_moves.give_back(turn, visit, None, say)


def next_stop(turn: TurnBuilder, text: str) -> None:
    """Show the next visit: beside the one under way, or with its question."""
    visit, now = visits.following(turn), visits.current(turn)
    if visit is None:
        drafts.digress(turn, no_next(turn))
    elif now is not None and now.id != visit.id and not turn.at_home():
        window = window_words(visit.on, visit.starts, visit.ends)
        drafts.digress(turn, Say("rounds_desk.next", {**visits.way(turn, visit), "window": window}))
    else:
        rounds_moves.open_visit(turn, visit)


def no_next(turn: TurnBuilder) -> Say:
    """Say that no further visit is agreed on; an offer waits for its answer."""
    offers = [visit for visit in turn.facts.rounds.visits if visit.state in visits.OFFERED]
    if not offers:
        return Say("rounds_desk.no_next")
    return Say("rounds_desk.none.offers", {"lines": visits.lines(turn, offers)})


def how_many(turn: TurnBuilder, text: str) -> None:
    """Tell which visits are on a day or in a part of it: "besok ada berapa"."""
    said = rounds_words.usual(text)
    later = 2 if "lusa" in said else 1 if re.search(r"besok|tomorrow", said) else 0
    day = turn.facts.today + timedelta(days=later)
    part = "morning" if re.search(r"\b(?:pagi|morning)", said) else ""
    part = "afternoon" if re.search(r"\b(?:siang|sore|afternoon)", said) else part
    some = [
        visit
        for visit in turn.facts.rounds.visits
        if visit.on == day and visit.state in visits.AGREED and part in ("", visit.part)
    ]
    params: dict[str, Value] = {
        "day": days_words((day,)),
        "n": len(some),
        "lines": visits.lines(turn, some),
    }
    drafts.digress(turn, Say("rounds_desk.how_many", params))


def left(turn: TurnBuilder, text: str) -> None:
    """Tell which visits are left today."""
    some = [
        visit
        for visit in turn.facts.rounds.visits
        if visit.on == turn.facts.today and visit.state in visits.AGREED
    ]
    drafts.digress(
        turn, Say("rounds_desk.left", {"n": len(some), "lines": visits.lines(turn, some)})
    )


def today(turn: TurnBuilder, text: str) -> None:
    """Show the list of visits."""
    drafts.leave(turn, to_menu=True)


def place(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Show where a visit is."""
    drafts.digress(turn, Say("rounds_desk.place", visits.way(turn, visit)))


def lost(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Show where a visit is to an officer who has lost the way."""
    drafts.digress(turn, Say("rounds_desk.lost", visits.way(turn, visit)))


def when(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Tell when a visit is."""
    window = window_words(visit.on, visit.starts, visit.ends)
    drafts.digress(turn, Say("rounds_desk.when", {"owner": visit.host_name, "window": window}))


def somebody(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Keep a visit at which somebody is there after all."""
    if rounds_moves.is_pending(turn) and str(visit.id) == visits.subject(turn):
        rounds_moves.keep(turn, visit)
    elif visit.state == VisitState.ARRIVED:
        drafts.digress(turn, Say("rounds_desk.somebody"))
    else:
        rounds_moves.arrive(turn, visit, text)


def wrong_code(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Tell how many tries are left, and where the owner finds the code; or how without a phone."""
    if visits.has_no_code(visit):
        whose_code(turn, text)
        return
    if has_no_phone(standardised(text)):
        ask(turn, Concern.CODE, visit, text)
        return
    said: dict[str, Value] = {"owner": visit.host_name, "left": visit.code_tries_left}
    drafts.digress(turn, Say("rounds_desk.wrong_code", said))


def has_no_phone(said: str) -> bool:
    """Whether words in standard spelling say that the owner has no telephone at hand."""
    return _NO_PHONE.search(said) is not None


def distance(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Show on the map how far a visit is."""
    drafts.digress(turn, Say("rounds_desk.distance", visits.way(turn, visit)))


def waiting(turn: TurnBuilder, text: str) -> None:
    """Tell that the open question waits."""
    drafts.digress(turn, Say("rounds_desk.waiting"))


def talk(turn: TurnBuilder, text: str) -> None:
    """Ask for a call, as anybody can."""
    orders.obey(turn, Typed(Command.HUMAN, ""))


def gift_refused(turn: TurnBuilder, text: str) -> None:
    """Tell that it was right to take nothing."""
    drafts.digress(turn, Say("rounds_desk.gift_refused"))


def whose_code(turn: TurnBuilder, text: str) -> None:
    """Tell that only the owner has the code, or that there is none."""
    none = visits.has_no_code(visits.current(turn))
    drafts.digress(turn, Say("rounds_desk.no_code" if none else "rounds_desk.whose_code"))


def code_done(turn: TurnBuilder, text: str) -> None:
    """Tell that the code has matched already, or that there is none."""
    none = visits.has_no_code(visits.current(turn))
    drafts.digress(turn, Say("rounds_desk.no_code" if none else "rounds_desk.code_done"))


def other_time(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Tell that the owner has chosen the time, and show the visit's question."""
    window = window_words(visit.on, visit.starts, visit.ends)
    offered = visit.state in visits.OFFERED
    key = "rounds_desk.other_time" if offered else "rounds_desk.other_time.agreed"
    turn.says.append(Say(key, {"window": window}))
    rounds_moves.open_visit(turn, visit)


def gift(turn: TurnBuilder, text: str) -> None:
    """Tell that officers take nothing."""
    drafts.digress(turn, Say("rounds_desk.gift"))
