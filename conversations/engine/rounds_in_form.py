"""Rounds, in a form: what an officer says around a form that they fill in with somebody.

"Bentar", "stop dulu" or "pakai kode aja" answer no question of the form, whatever it asks. Words
are heard so only if they say nothing else: "nasi uduk dulu" are goods.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from conversations import lexicon
from conversations.assisted_facts import AssistedFact
from conversations.assisting import BY, OFFICER, DropForm, form_of
from conversations.commands import Typed
from conversations.engine import answers, confirming, differences, drafts, orders, questions
from conversations.engine.builder import TurnBuilder
from conversations.engine.meanings import AtDesk
from conversations.engine.reading import bare_number, choices_named
from conversations.events import Event, Said
from conversations.form import IDENTITY
from conversations.lexicon import lists, whole
from conversations.mending import MENDING
from conversations.messages import Json, Say
from conversations.parsers.choice import exact
from conversations.phrases import Command
from conversations.session import Choice
from conversations.step import Prompt
from conversations.wording import form_choice
from conversations.words import standardised

MOST_WORDS = 7  # of a message that puts off an answer
LEAST = 1.0  # weight of words that name a matter
SURE = 2.0  # weight at which a question with choices may hear another word beside it
_WAYS = {"by_chat": "chat", "by_code": "code", "by_signature": "signature", "by_paper": "paper"}
#: The pages on which a form that is not open may be meant.
_PAGES = frozenset({"officer_desk", "assisted", "mending"})
_AT_VISIT = frozenset({"filling", "mending"})  # steps of a visit beside which a form is open
HANDED = "handed"  # the step of a form that is on the person's phone
WISH, OTHER_DAY = "wish", "other_day"  # the question at a help visit; a reason to fail
_ANOTHER_TIME = lists.any_of("officers", "another_time")
PAUSE, DROP, GO_ON = "form_pause", "form_drop", "form_go_on"  # what may become of a form


def heard(turn: TurnBuilder, event: Event) -> AtDesk | None:
    """Return the matter of words around a form; None for all others."""
    if turn.facts.me.desk != "officer" or not isinstance(event, Said) or not _listens(turn):
        return None
    text = event.text
    if bare_number(text) or exact(text, turn.labels()) is not None:
        return None
    if writes(turn) and differences.at_list(turn, text):
        return AtDesk("form_differs", text)
    found = whole.said(_step(turn), text) or _named(turn, text)
    if found == "form_later" and writes(turn) and choices_named(turn, text):
        return None  # "nanti" may be an answer
    if found == "form_not_now" and _step(turn) == WISH and not _ANOTHER_TIME.search(text.lower()):
        return None  # "dia tidak mau" is an answer
    return AtDesk(found, text) if found in _fitting(turn) else None


def _listens(turn: TurnBuilder) -> bool:
    """Whether a form is open, or one that is not may be meant."""
    asked = turn.session.asked
    if asked is None or confirming.is_open(turn):
        return False
    wish = asked.flow == "visit" and asked.step == WISH
    return writes(turn) or wish or (_at_page(turn) and bool(turn.facts.rounds.assisted))


def _step(turn: TurnBuilder) -> str:
    asked = turn.session.asked
    return asked.step if asked is not None else ""


def writes(turn: TurnBuilder) -> bool:
    """Whether a question of a form is open that the officer fills in or corrects."""
    draft, asked = turn.session.draft, turn.session.asked
    if draft is None or draft.on_behalf is None or asked is None or asked.flow != draft.flow:
        return False
    return draft.answers.get(BY) in (OFFICER, MENDING)


def _at_page(turn: TurnBuilder) -> bool:
    asked = turn.session.asked
    if asked is None:
        return False
    return asked.flow in _PAGES or (asked.flow == "visit" and asked.step in _AT_VISIT)


def _named(turn: TurnBuilder, text: str) -> str:
    """Return the matter that the words name and nothing beside it; "" if there is none."""
    if _puts_off(text):
        return "form_wait"
    ranked = lexicon.desk("in_form").rank(text)
    if not ranked or ranked[0].weight < LEAST:
        return "form_wait" if _is_busy(text) else ""
    best, step = ranked[0], turn.asked_step()
    said = {word for word in lexicon.words(text) if word not in _beside(turn)}
    known = frozenset[str]().union(*(one.evidence for one in ranked))  # "scan qr, lebih cepat"
    rest = said - known
    misspelt = len(known - said - _beside(turn))
    choices = step is None or not (step.takes_words or step.numeric)
    left = len(rest) - misspelt - (1 if choices and best.weight >= SURE else 0)
    if left <= 0:
        return best.name
    return "form_wait" if _is_busy(text) else ""


def _is_busy(text: str) -> bool:
    """Whether words tell that somebody does something else now: "orangnya lagi ngobrol"."""
    return _BUSY.search(text.lower()) is not None and _SELLS.search(text.lower()) is None


_BUSY = re.compile(
    rf"^(?:{lists.one_of('officers', 'people')})(?:nya)? (?:lagi|lg|masih|msh|sedang|is|are|ke) "
)
_SELLS = re.compile(r"\b(?:jual|jualan|dagang|usaha|sell)\w*")
_MORE = re.compile(rf"[,;.]\s*(?!(?:{lists.one_of('officers', 'people')})(?:nya)?\b|lagi\b|ada\b)")


def _puts_off(text: str) -> bool:
    """Whether a short message begins with a word that puts off the answer, and adds none."""
    first = text.split()[0].lower() if text.split() else ""
    begins = standardised(first) in lists.words("officers", "puts_off")
    few = len(text.split()) <= MOST_WORDS and "\n" not in text and not re.search(r"\d", text)
    return begins and few and not _MORE.search(text)


def _beside(turn: TurnBuilder) -> frozenset[str]:
    """Return the words that say nothing more: those of courtesy, and the names of the forms."""
    names = (word for form in turn.facts.rounds.assisted for word in lexicon.words(form.name))
    return frozenset(names) | _FILLERS


_FILLERS = frozenset(
    root for word in lists.words("officers", "beside_form") for root in lexicon.words(word)
)


def _fitting(turn: TurnBuilder) -> frozenset[str]:
    """Return the matters that can be meant at the open question."""
    if writes(turn):
        mends = turn.open_draft().answers.get(BY) == MENDING
        return frozenset(_IN_FORM.keys() - (_NOT_MENDING if mends else frozenset()))
    return frozenset(_known(turn))


def answer(turn: TurnBuilder, meant: AtDesk) -> bool:
    """Answer a matter of a form; False if it is none."""
    if not meant.matter.startswith("form_"):
        return False
    _known(turn)[meant.matter](turn, meant.text)
    return True


def _known(turn: TurnBuilder) -> Mapping[str, Callable[[TurnBuilder, str], None]]:
    """Return the answers to the matters that may be meant where the officer is."""
    asked = turn.session.asked
    if writes(turn):
        return _IN_FORM
    if asked is not None and asked.flow in ("assisted", "mending"):
        return _AT_WAY
    return _AT_WISH if _step(turn) == WISH else _ELSEWHERE


def act(turn: TurnBuilder, matter: str, subject: str, argument: Json) -> bool:
    """Carry out what the officer chose for a form; False if the choice is about another matter."""
    if matter not in (PAUSE, DROP, GO_ON):
        return False
    form = turn.facts.rounds.form(int(subject))
    if form is None:
        drafts.stale(turn)
    elif matter == PAUSE:
        _pause(turn, "")
    elif matter == DROP:
        turn.lasting = True
        turn.effects.append(DropForm(form.id))
        drafts.close(turn)
    else:
        drafts.go_on(turn)
    return True


# -- at a question of the form -------------------------------------------------------------------


def _says(key: str) -> Callable[[TurnBuilder, str], None]:
    return lambda turn, text: drafts.digress(turn, Say(key))


def _pause(turn: TurnBuilder, text: str) -> None:
    """Leave the form for now; it stays on the list."""
    turn.lasting = True
    turn.says.append(Say("assisted.paused"))
    drafts.park(turn)
    drafts.go_home(turn)


def _not_now(turn: TurnBuilder, text: str) -> None:
    """Ask what becomes of a form with which the person does not want to go on."""
    subject = str(form_of(turn.open_draft().subject))
    confirming.ask(
        turn,
        Say("assisted.not_now"),
        confirming.choice("pause", Say("assisted.not_now.pause"), PAUSE, subject),
        confirming.choice("drop", Say("assisted.not_now.drop"), DROP, subject),
        confirming.choice("go_on", Say("assisted.not_now.go_on"), GO_ON, subject, means="no"),
    )


def _card_later(turn: TurnBuilder, text: str) -> None:
    """Note that the KTP is shown later, at whatever question that is said."""
    draft = turn.open_draft()
    listed = lexicon.options(draft.flow, IDENTITY)
    if listed is not None and listed.rank(text):
        answers.correct(turn, IDENTITY, text)
    else:
        drafts.digress(turn, Say("assisted.card_later"))


def _hand_over(turn: TurnBuilder, text: str) -> None:
    orders.obey(turn, Typed(Command.HAND_OVER))


# -- where the person confirms it ----------------------------------------------------------------


def _without_phone(turn: TurnBuilder, text: str) -> None:
    """Ask which of the ways without a telephone is meant, if the form is complete."""
    step = turn.asked_step()
    if step is not None and step.id == HANDED:
        _take_back(turn)
        return
    ways = tuple(c for c in turn.session.shown if c.value in ("signature", "paper"))
    if ways:
        questions.ask_between(turn, ways)
    else:
        drafts.digress(turn, Say("assisted.no_phone"))


def _way(value: str) -> Callable[[TurnBuilder, str], None]:
    """Return the pick of a way; one that is not offered yet is explained."""

    def take(turn: TurnBuilder, text: str) -> None:
        chosen = next((one for one in turn.session.shown if one.value == value), None)
        step = turn.asked_step()
        if chosen is not None:
            answers.pick(turn, chosen)
        elif step is not None and step.id == HANDED:
            _take_back(turn)
        else:
            drafts.digress(turn, Say("assisted.way_not_yet"))

    return take


def _take_back(turn: TurnBuilder) -> None:
    """Take a form back from the person's phone; the other way is chosen then."""
    back = next((one for one in turn.session.shown if one.value == "other_way"), None)
    if back is None:
        drafts.digress(turn)
    else:
        answers.pick(turn, back)


def _resume_here(turn: TurnBuilder, text: str) -> None:
    """Open the form again from the page on which its way is chosen."""
    edit = next((one for one in turn.session.shown if one.value == "edit"), None)
    if edit is None:
        drafts.digress(turn)
    else:
        questions.ask_between(turn, (edit,))


def _leave_page(turn: TurnBuilder, text: str) -> None:
    drafts.leave(turn, to_menu=True)


# -- at a help visit, before a form is begun ------------------------------------------------------


def _another_day(turn: TurnBuilder, text: str) -> None:
    """Ask whether an owner who does not want the form now wants it on another day."""
    subject = turn.open_draft().subject
    choices = (
        *(one for one in turn.session.shown if one.value == "not_wanted"),
        confirming.choice(OTHER_DAY, Say("visit.failure.other_day"), "fail", subject, OTHER_DAY),
        Choice("none", Say("common.not_this"), None, "again", means="no"),
    )
    turn.show(WISH, Prompt(Say("rounds_desk.wish_not_now"), choices), clarifying=True)


# -- elsewhere -----------------------------------------------------------------------------------


def _open(turn: TurnBuilder, text: str) -> AssistedFact | None:
    """Open the form that is meant, or ask which one it is; return it once it is open."""
    forms = turn.facts.rounds.assisted
    said = {*lexicon.words(text)}
    named = [one for one in forms if said & {*lexicon.words(one.name)}]
    some = named or list(forms)
    if len(some) > 1:
        questions.ask_between(turn, tuple(map(form_choice, some)))
        return None
    opens = form_choice(some[0]).answer
    drafts.open_flow(turn, *opens)
    return some[0]


def _status(turn: TurnBuilder, text: str) -> None:
    """Show the form, or how it stands."""
    _open(turn, text)


def _then(
    acts: Callable[[TurnBuilder, str], None],
) -> Callable[[TurnBuilder, str], None]:
    """Return that a form is opened, and something done where its person is to confirm it."""

    def take(turn: TurnBuilder, text: str) -> None:
        form = _open(turn, text)
        if form is not None and form.handed and not form.mends:
            acts(turn, text)

    return take


_IN_FORM: Mapping[str, Callable[[TurnBuilder, str], None]] = {
    "form_wait": _says("rounds_desk.waiting"),
    "form_differs": differences.take,
    "form_hurry": _says("assisted.hurry"),
    PAUSE: _pause,
    "form_resume": _says("assisted.here"),
    "form_status": _says("assisted.here"),
    "form_keep": _says("assisted.here"),
    "form_not_now": _not_now,
    "form_later": _not_now,
    "form_card_later": _card_later,
    "form_signed": _says("assisted.signed_early"),
    "form_no_phone": _says("assisted.no_phone_yet"),
    "form_hand_over": _hand_over,
    **dict.fromkeys((f"form_{way}" for way in _WAYS), _hand_over),
}
#: Matters that mean nothing where a case is corrected: it is not handed over.
_NOT_MENDING = frozenset({
    "form_card_later", "form_later", "form_hand_over", "form_hurry", "form_no_phone",
    "form_not_now",
    *(f"form_{way}" for way in _WAYS),
})  # fmt: skip
_AT_WAY: Mapping[str, Callable[[TurnBuilder, str], None]] = {
    "form_wait": _says("rounds_desk.waiting"),
    "form_hurry": _says("rounds_desk.waiting"),
    PAUSE: _leave_page,
    "form_later": _leave_page,
    "form_keep": lambda turn, text: drafts.digress(turn),
    "form_edit": _resume_here,
    "form_resume": _resume_here,
    "form_status": lambda turn, text: drafts.digress(turn),
    "form_signed": _says("assisted.signed"),
    "form_no_phone": _without_phone,
    **{f"form_{way}": _way(value) for way, value in _WAYS.items()},
}
#: Answers to words at the question about the wish of the owner that name another time.
_AT_WISH: Mapping[str, Callable[[TurnBuilder, str], None]] = dict.fromkeys(
    ("form_not_now", "form_later"), _another_day
)
_ELSEWHERE: Mapping[str, Callable[[TurnBuilder, str], None]] = {
    "form_resume": _status,
    "form_status": _status,
    "form_no_phone": _then(_without_phone),
    **{f"form_{way}": _then(_way(value)) for way, value in _WAYS.items()},
}
