"""Precedence: which comes first of a matter that words raise, the open question, and an order."""

from __future__ import annotations

import re

from conversations.engine.asides import ORDERS
from conversations.engine.builder import TurnBuilder
from conversations.engine.intents import (
    BESIDE_STORY,
    DIGRESSIONS,
    FIRST,
    FIRST_PARTS,
    URGENT,
)
from conversations.engine.matters import Matter
from conversations.engine.meanings import Aside, Explain, Unread
from conversations.engine.questions import beneath, why_key
from conversations.engine.reading import choices_named, option_weight, reads
from conversations.events import Said
from conversations.lexicon import lists
from conversations.messages import Say
from conversations.parsers.evasions import evasion
from conversations.parsers.referred import accuses
from conversations.phrases import Intent
from conversations.step import Step
from conversations.steps import Review
from conversations.words import standardised

ACCUSES = "accuses"  # the part of `Intent.REFERRAL` that asks to clear a business away
AFRAID = "afraid"  # the part of `Intent.CANCEL` that also tells of fear
HEAVY = 2.5  # weight of a matter that yields only to an answer that is certain
FEW_WORDS = 4  # of a message that lets a story be; longer ones go on with it
FEW_ASKED = 6  # words of a question that has no mark; longer ones tell a story
FEW_TOLD = 7  # words beside a story; longer ones tell it
_CANCELS = re.compile(r"^(?:\w+ ){0,2}(?:batal|batalin|batalkan|cancel it)\b")
_CANCELS_NOT = re.compile(r"\b(?:tidak|jangan|belum|bukan|kalau|cara|bisa|not|don.?t)\b|\?")
_STAYS_AWAY = lists.any_of("visiting", "stays_away")
#: Words that drop a complaint, and do not say that something did not happen.
DROPS = re.compile(r"\b(?:(?:tidak|nggak) (?:jadi|usah)|batal\w*|jangan dilapor\w*|never ?mind)\b")


#: Words that begin so drop it however long they are: "ga jadi deh, kasian dia".
_DROPS_FIRST = re.compile(r"^\W*(?:\w+ )?(?:tidak|nggak) jadi\b")


def beside_story(turn: TurnBuilder, said: Said, raised: Matter | None) -> Aside | Explain | None:
    """Return what is meant by words that tell nothing of what happened; None if they tell it."""
    if raised is None:
        return None
    few = len(said.text.split())
    if raised.intent in URGENT | {Intent.CODE_GIVEN} or (
        raised.intent in BESIDE_STORY and few <= FEW_TOLD
    ):
        return aside(raised)
    asks = raised.intent in (Intent.WHY, Intent.WHAT_FOR) and few <= FEW_ASKED
    return Explain() if asks and why_key(turn) else None


def cancels(turn: TurnBuilder, text: str, raised: Matter | None) -> bool:
    """Whether an owner wants a form cancelled, whatever else the words say: "batalin, takut".

    Without a form, somebody afraid who cancels means the request that was sent.
    """
    flow = turn.flow(turn.session.draft)
    asked = turn.session.asked
    if raised is not None and raised.intent in FIRST and raised.intent is not Intent.RETALIATION:
        return False  # "ga usah nelpon" drops nothing
    if turn.facts.me.desk == "owner" and (flow is None or not flow.form):
        return is_afraid(raised, text) and _gives_up(text)
    if flow is None or not flow.form or asked is None or asked.flow == "common":
        return False
    few, said = len(text.split()) <= FEW_WORDS, standardised(text)
    if not few and tells_story(turn):
        return False
    service = turn.flows.services.get(flow.id)
    few = few or _DROPS_FIRST.search(said) is not None
    drops = few and service is not None and bool(service.opened_by and DROPS.search(said))
    drops = drops and not _skips(turn, text)
    if is_afraid(raised, text) and _gives_up(text):
        return True
    return drops or (_CANCELS.search(said) is not None and _CANCELS_NOT.search(said) is None)


def _skips(turn: TurnBuilder, text: str) -> bool:
    """Whether words leave out a question that may be left out: "ga usah"."""
    may_skip = any(one.answer is None and one.act == "answer" for one in turn.session.shown)
    return may_skip and evasion(text) == "none"


def takes_correction_back(turn: TurnBuilder, text: str) -> bool:
    """Whether words in a form take an answer back, and not the form: "ga jadi, yang tadi aja"."""
    draft, said = turn.session.draft, standardised(text)
    if not fills_in(turn) or draft is None or not draft.answers or tells_story(turn):
        return False
    returns = lists.any_of("reading", "returns").search(said) is not None
    return returns and re.search(r"\b(?:tidak jadi|batal|balik|kembali)\b", said) is not None


def is_afraid(raised: Matter | None, text: str) -> bool:
    """Whether words tell of fear, whatever else they raise."""
    if raised is not None and raised.intent in (Intent.FEAR, Intent.RETALIATION):
        return True
    return lists.any_of("cancelling", "afraid").search(standardised(text)) is not None


def keeps_away(text: str) -> bool:
    """Whether the words want nobody to come: "jangan datang dulu"."""
    return _STAYS_AWAY.search(standardised(text)) is not None


def _gives_up(text: str) -> bool:
    """Whether words of somebody afraid say that they do not want to go on."""
    said = standardised(text)
    kept = re.search(r"\b(?:jangan|don.?t) (?:di)?(?:batal|cancel|cabut|tarik)", said) is not None
    return not kept and lists.any_of("cancelling", "cancels").search(said) is not None


def tells_story(turn: TurnBuilder) -> bool:
    """Whether the open question asks somebody to tell what happened."""
    step = turn.asked_step()
    return step is not None and step.story and not turn.session.clarifying


def fills_in(turn: TurnBuilder) -> bool:
    """Whether a form is open."""
    flow = turn.flow(turn.session.draft)
    return flow is not None and flow.form


def barred(turn: TurnBuilder, text: str, raised: Matter | None) -> bool:
    """Whether the open question refuses these words, and they are no emergency.

    A question of the engine's own refuses what the form's next question does.
    """
    step = turn.asked_step() or beneath(turn)
    urgent = raised is not None and raised.intent in URGENT
    return step is not None and not urgent and step.bars(text)


def tells_what_happened(turn: TurnBuilder, text: str, raised: Matter) -> bool:
    """Whether an emergency is the answer of a question for what happened, and no call for help."""
    step = turn.asked_step()
    if raised.intent is not Intent.EMERGENCY or raised.part or step is None or step.takes_words:
        return False
    named = reads(turn, text) and option_weight(turn, text) >= raised.weight
    return named and lists.any_of("precedence", "now").search(standardised(text)) is None


def accuses_another(turn: TurnBuilder, text: str, raised: Matter | None) -> bool:
    """Whether an owner at no form wants somebody else's business cleared away."""
    urgent = raised is not None and raised.intent in URGENT
    if turn.facts.me.desk != "owner" or urgent or fills_in(turn) or not accuses(text):
        return False
    said = standardised(text)
    another = lists.any_of("referral", "another").search(said) is not None
    return another and lists.any_of("referral", "of_mine").search(said) is None


def of_another(text: str) -> bool:
    """Whether words name somebody else as the seller, and not the one who writes."""
    said = standardised(text)
    if any(map(_ONESELF.match, re.split(r"[,;\n]|\.\s", said))):
        return False
    return lists.any_of("referral", "another").search(said) is not None


_ONESELF = re.compile(
    r"^\W*(?:saya|aku|gue|gua|kami|i|we)\b\W*(?:juga )?"
    r"(?:jual|jualan|berjualan|dagang|berdagang|sell)\b"
)


def comes_first(turn: TurnBuilder, raised: Matter, text: str) -> bool:
    """Whether a matter is answered before the words are read as an answer to a form's question.

    At the review a question is answered: "ini nanti dilihat satpol ga" changes nothing.
    """
    step = turn.asked_step()
    asked = turn.session.asked
    if asked is not None and asked.flow == "officer_there":
        return keeps_away(text)  # "takut, jangan ada yang datang" does not say that nobody is there
    if step is None or not fills_in(turn):
        return False
    if _outweighs_answers(turn, raised, text):
        return True
    if _only_asks(step, raised, text) and raised.weight > option_weight(turn, text):
        return True  # "nanti ktp saya disimpan di mana, siapa yang lihat" picks no "nanti"
    if isinstance(step, Review):
        asks = _ASKS_WHETHER.search(standardised(text)) is not None
        if raised.intent in (Intent.RESEND_PERMIT, Intent.COMPLAINT):
            return raised.weight > option_weight(turn, text)  # "send the pdf again" sends no form
        return asks and raised.intent in DIGRESSIONS and raised.intent not in ORDERS
    return False


def _only_asks(step: Step, raised: Matter, text: str) -> bool:
    """Whether words at a choice plainly ask about another matter."""
    if step.takes_words or step.numeric or isinstance(step, Review):
        return False
    asked = raised.intent in DIGRESSIONS and raised.intent not in ORDERS
    return asked and raised.weight >= HEAVY and _WONDERS.search(standardised(text)) is not None


def _outweighs_answers(turn: TurnBuilder, raised: Matter, text: str) -> bool:
    """Whether a matter outweighs an answer with the same words, unless they name a choice of it."""
    step = turn.asked_step()
    if raised.intent not in FIRST and raised.part not in FIRST_PARTS:
        return False
    named = bool(choices_named(turn, text))
    if step is not None and step.takes_photos:
        return raised.intent not in _OF_PHOTOS or not named
    if isinstance(step, Review) or not named:
        return True
    return raised.intent is not Intent.NO_CALL and raised.part not in _NAMED_TOO


_NAMED_TOO = frozenset({"ktp"})  # parts whose words also name an option: "ktp dibawa suami"
#: Matters by which people also say that they send no photo.
_OF_PHOTOS = frozenset(
    {Intent.NO_PHOTO, Intent.NO_QUOTA, Intent.GO_ON, Intent.PLAIN_PHONE, Intent.BORROWED_PHONE}
)
_WONDERS = re.compile(
    r"\b(?:siapa|mana|dimana|kemana|kenapa|gimana|bagaimana|buat apa|who|where|why|how)\b"
)
_ASKS_WHETHER = re.compile(r"\?\W*$|\btidak(?: (?:ya|sih|pak|bu|mas|mbak|kak|min))*\W*$")


def aside(raised: Matter) -> Aside:
    """Return the meaning of a matter that is answered."""
    return Aside(raised.intent, raised.part, raised.sure, raised.weight)


def goes_on(turn: TurnBuilder, text: str) -> bool:
    """Whether "lanjut", said after a reminder, is no answer to the open question of a form."""
    step = turn.asked_step()
    if step is None or turn.session.clarifying or evasion(text) != "go_on":
        return False
    return fills_in(turn) and not choices_named(turn, text)


def waits(turn: TurnBuilder, text: str) -> Unread | None:
    """Return that the question waits, of words in a form that only ask for it: "bentar ya"."""
    how = evasion(text) if fills_in(turn) and not turn.session.clarifying else None
    if how not in ("wait", "hurry") or turn.asked_step() is None or choices_named(turn, text):
        return None
    return Unread(Say(f"common.waiting.{how}"))
