"""Reads words against the open question and the choices shown with it. Pure."""

from __future__ import annotations

import re

from conversations import lexicon
from conversations.commands import Typed
from conversations.commands import read as read_command
from conversations.engine.builder import TurnBuilder
from conversations.engine.joining import parts
from conversations.engine.questions import answer_named
from conversations.engine.torn import torn
from conversations.events import Said
from conversations.form import CONSENT
from conversations.lexicon import lists
from conversations.messages import Say
from conversations.parsers import Refused, asking, hesitation
from conversations.parsers.choice import exact
from conversations.parsers.choice import pick as pick_label
from conversations.parsers.evasions import evasion
from conversations.phrases import Command, Intent, intent, words_beside
from conversations.service import Service
from conversations.session import Choice
from conversations.step import LEFT, Stay
from conversations.steps import Review
from conversations.words import standardised

SHORT = 7  # words that leave a step to the officer; longer ones say more
SEND = "send"  # the choice of a review that sends the form
UNKNOWN = "unknown"  # the choice of a person who does not know
SURE = 1.5  # weight of an option that is certain even within an address
_ADDRESS = re.compile(r"(?:jalan|jln|jl|gang|gg)\b")
NEAR = 0.5  # weight by which one option must lead, or the person is asked which

#: Words that ask, or put off or limit an answer that has lasting effects.
_ASKS = re.compile(
    r"\?|\b(?:berapa|apakah|apa|kapan|gimana|siapa|kalau|kalo|boleh \w+|bisa tidak"
    r"|ya tidak|tanya"
    r"|nanti(?! saya (?:dat[ea]ng|jalan|berangkat|ke ?sana|meluncur|mampir|samper))"
    r"|besok|lusa|bentar|sebentar|tunggu|tapi|kecuali|asal|belum|hampir|eh|ralat|tukar|ganti"
    r"|pagi|siang|sore|malam|senin|selasa|rabu|kamis|jumat|jam \d+|telat|kabarin"
    r"|tidak jadi|(?:ga|gak|ngga|nggak|enggak)jadi|malah|kayaknya|kayanya|kyknya|sepertinya|mungkin"
    r"|maybe|i think|kurang yakin|ragu)\b"
    r"|\b(?:setuju|kirim|benar|betul|boleh|jadi|lanjut|mau) tidak (?:ya|sih|nih)$"
)
#: Words that accept an offer only where they stand alone: "liat aja ya" takes nothing.
_ASSENT = frozenset(lexicon.words("ya iya yes oke ok okay sip boleh noted insyaallah insya allah"))
#: Words that are a yes where they stand alone.
_NODS = frozenset(
    lexicon.words(
        "ya y iya iye yah yo ok oke okay sip siap dah udah sudah deh boleh bisa yes setuju"
    )
)
_WANTS = frozenset(lexicon.words("mau pengen want"))
#: Words that say nothing more beside a yes.
_FILLING = frozenset(
    lexicon.words(
        "aja saja lah dong deh nih tuh sih kok kan semua semuanya itu ini pak bu bang mas"
        " mbak kak min gan bos neng tolong please sekarang langsung saya aku sy all it is that"
        " this makasih terima kasih nak dek cuy emang memang nya"
    )
)
_POLITE = frozenset(
    lexicon.words("makasih terima kasih selamat pagi siang sore malam halo hai baik")
)
#: Words that leave it open whether somebody comes.
_GOD_WILLING = frozenset(lexicon.words("insyaallah insya allah"))

_WHEN = re.compile(
    r"\?|^(?:kapan|siapa|kenapa|when (?:do|does|will|is|are|can)|who|why|how)\b|\b(?:kapan|siapa)$"
)
#: Words that say that somebody can or will, which confirms no reading of other words.
_ABLE = re.compile(r"\b(?:bisa|sanggup|siap|mau)\b")
_PRINT = re.compile(r"\b(?:di|ter|ke)?cetak\b|\bprint\w*\b")
_ZERO = re.compile(r"\W*0\b(?![.,]?\d)")
#: Choices that ask further, or change nothing.
_HARMLESS = frozenset({
    "decline", "change", "no", "none", "keep", "ask", "cannot", "later", "return", "not_yet", "who",
})  # fmt: skip

#: Choices at the end of a list that turn all others down.
_NONE_OF_THESE = frozenset({"none", "later", "keep", "other", "language"})

#: Words that ask or accuse rather than answer, in their usual spelling.
_NO_ANSWER = re.compile(
    r"\?|\b(?:berapa|apakah|apa|kapan|gimana|kenapa|mengapa|ngapain|petugas|pungli)\b"
)
_DENIES = re.compile(r"\btidak\b")  # accuses as well, unless it limits a sum, a count or a day


def command_is_answer(turn: TurnBuilder, typed: Typed, text: str) -> bool:
    """Whether a command's word is an answer here: "0" for a sum, a label that was shown."""
    step = turn.asked_step()
    if typed.command is Command.BACK and _ZERO.match(text) and step is not None:
        return step.numeric
    labels = turn.labels()
    if typed.command is Command.MY_DATA:  # hardly other letters than "Datangi saya"
        return exact(text, labels) is not None
    return pick_label(text, labels) is not None


def choice_named(turn: TurnBuilder, text: str) -> Choice | None:
    """Return the shown choice that the words pick, if any."""
    named = choices_named(turn, text)
    return named[0] if len(named) == 1 else None


def choices_named(turn: TurnBuilder, text: str) -> tuple[Choice, ...]:
    """Return the shown choices that the words name: none, the one, or several alike."""
    if not turn.session.shown:
        return ()
    named: tuple[Choice, ...] = turn.once(("named", text), lambda: _choices_named(turn, text))
    return named


def _choices_named(turn: TurnBuilder, text: str) -> tuple[Choice, ...]:
    shown = turn.session.shown
    step = turn.asked_step()
    numeric = bare_number(text) and step is not None and step.numeric
    if numeric and not turn.session.clarifying and answers(turn, Said(text), outright=True):
        return ()
    labels = turn.labels()
    index = exact(text, labels)
    if index is not None:
        return (shown[index],)
    named = torn(turn, text) or _by_lexicon(turn, text) or answer_named(turn, text)
    named = named or _unknown(turn, text)
    if named:
        return named
    index = pick_label(text, labels, closing=_closing(turn))
    if index is not None:
        return () if _is_read_otherwise(turn, text, shown[index]) else (shown[index],)
    asked = turn.session.asked
    offers_time = asked is not None and asked.flow == "visit_window"
    if turn.session.clarifying and not offers_time and _ABLE.search(standardised(text)):
        return ()  # "bisa" is no yes to "tidak diambil, benar?"
    if not any(choice.means for choice in shown):
        return ()
    meant = {Intent.YES: "yes", Intent.NO: "no"}.get(intent(text) or Intent.THANKS)
    return tuple(o for o in shown if meant and o.means == meant)[:1]


def _unknown(turn: TurnBuilder, text: str) -> tuple[Choice, ...]:
    """Return the choice of a person who does not know, if the words say that and not "later"."""
    if evasion(text) != "unknown" or hesitation.later(text):
        return ()
    return tuple(choice for choice in turn.session.shown if choice.value == UNKNOWN)


def _closing(turn: TurnBuilder) -> int:
    """Return how many of the last choices are none of the list: "Tidak ada yang cocok"."""
    shown = turn.session.shown
    listed = [at for at, choice in enumerate(shown, start=1) if choice.value not in _NONE_OF_THESE]
    return len(shown) - listed[-1] if len(listed) > 1 else 0


def _by_lexicon(turn: TurnBuilder, text: str) -> tuple[Choice, ...]:
    """Return the shown choices whose words in the lexicon weigh most."""
    asked = turn.session.asked
    words = lexicon.options(asked.flow, asked.step) if asked is not None else None
    if words is None or reads(turn, text):
        return ()
    ranked = words.rank(text)
    if asked is not None and asked.flow == "visit_window" and _narrows(turn, text):
        ranked = [one for one in ranked if one.name not in _NONE_OF_THESE - {"keep"}]
    if not ranked:
        return ()
    near = {one.name for one in ranked if one.weight > ranked[0].weight - NEAR}
    return tuple(choice for choice in turn.session.shown if choice.value in near)


def _narrows(turn: TurnBuilder, text: str) -> bool:
    """Whether the words leave some of the choices: "minggu depan" is not "none of these" then."""
    step, draft = turn.asked_step(), turn.session.draft
    if step is None or draft is None:
        return False
    try:
        turn.read(step, Said(text))
    except Refused as refusal:
        meant = [reading.answer for reading in refusal.readings]
        times = [choice for choice in turn.session.shown if choice.value not in _NONE_OF_THESE]
        return bool(meant) and any(choice.answer not in meant for choice in times)
    except Stay:
        return False
    return False


def _is_read_otherwise(turn: TurnBuilder, text: str, choice: Choice) -> bool:
    """Whether the step reads another answer: "jam 3" is not the label "Jam berapa saja"."""
    step, draft = turn.asked_step(), turn.session.draft
    if step is None or draft is None or turn.session.clarifying or bare_number(text):
        return False
    try:
        return bool(turn.read(step, Said(text)) != choice.answer)
    except Refused as refusal:
        shown = {one.value for one in turn.session.shown}
        return any(reading.value not in shown for reading in refusal.readings)
    except Stay:
        return False


def option_weight(turn: TurnBuilder, text: str) -> float:
    """Return the weight of the words that name an option of the open question; 0 for none."""
    asked = turn.session.asked
    words = lexicon.options(asked.flow, asked.step) if asked is not None else None
    ranked = words.rank(text) if words is not None else []
    shown = {choice.value for choice in turn.session.shown}
    return max((one.weight for one in ranked if one.name in shown), default=0.0)


def only_wants(turn: TurnBuilder, text: str) -> bool:
    """Whether nothing but "mau" or a nod names an option of the open question."""
    asked = turn.session.asked
    listed = lexicon.options(asked.flow, asked.step) if asked is not None else None
    ranked = listed.rank(text) if listed is not None else []
    return bool(ranked) and all(one.evidence <= _NODS | _WANTS for one in ranked)


def half_consents(turn: TurnBuilder, text: str) -> bool:
    """Whether words at the question for consent agree, and say more: "mau lihat dulu privasinya".

    Words about the request itself are no more: "mau bikin izin dong".
    """
    asked = turn.session.asked
    if asked is None or asked.step != CONSENT or exact(text, turn.labels()) is not None:
        return False
    listed = lexicon.options(asked.flow, asked.step)
    known = listed.words_of("yes") if listed is not None else frozenset()
    if lexicon.NOT + lexicon.root("setuju") in lexicon.words(text):
        return False  # whatever else is said, it is no consent
    service = turn.flows.services.get(asked.flow)
    about = {*map(lexicon.root, service.called)} if service is not None else set()
    about |= {*map(lexicon.root, lists.words("reading", "beside_consent"))}
    return bool({*lexicon.words(text)} - known - _NODS - _WANTS - _FILLING - about)


def asks_of_choices(turn: TurnBuilder, text: str) -> bool:
    """Whether words at a choice of a form ask about it: "apa bedanya keliling sama pinggir jalan".

    At the question for consent any question does: "setuju apa?". At the review, one about print.
    """
    step, flow = turn.asked_step(), turn.flow(turn.session.draft)
    if step is None or flow is None or not flow.form or exact(text, turn.labels()) is not None:
        return False
    if isinstance(step, Review):
        return asking.asks(text) and _PRINT.search(standardised(text)) is not None
    if step.takes_words or turn.session.clarifying:
        return False
    if step.id != CONSENT:
        return asking.supposes(text)
    return asking.asks(text) or hesitation.asks(text)


def only_asks(turn: TurnBuilder, text: str) -> bool:
    """Whether nothing but the "ga" of a question names an option: "petugasnya masuk rumah ga"."""
    asked = turn.session.asked
    listed = lexicon.options(asked.flow, asked.step) if asked is not None else None
    ranked = listed.rank(text) if listed is not None else []
    denies = bool(ranked) and ranked[0].evidence <= {"tidak"}
    return denies and asking.asks_whether(text) and len(text.split()) > 1


def other_option(turn: TurnBuilder, text: str) -> Choice | None:
    """Return the option of the open question that the words name where only some are shown.

    "Isi di halaman aman, ya?" may be answered with "saat petugas datang". A choice
    that can't be taken back is named by its own words alone: "iya benar kirim".
    """
    asked, step, draft = turn.session.asked, turn.asked_step(), turn.session.draft
    if asked is None or step is None or draft is None:
        return None
    if step.takes_words and not isinstance(step, Review):
        return None
    if not turn.session.clarifying or asks_of_choices(turn, text) or asking.asks(text):
        return None
    offered = step.prompt(turn.context(draft)).choices
    labels = (turn.flows.catalogue.say(c.label, turn.facts.me.locale) for c in offered)
    at = exact(text, tuple(labels))
    if at is not None:
        return offered[at]
    listed = lexicon.options(asked.flow, asked.step)
    ranked = listed.rank(text) if listed is not None else []
    near = [one for one in ranked if one.weight > ranked[0].weight - NEAR]
    if listed is None or len(near) != 1:
        return None
    others = {*lexicon.words(text)} - listed.words_of(near[0].name) - _NODS - _FILLING
    if others and f"{asked.flow}.{asked.step}" in lexicon.careful():
        return None
    return next((choice for choice in offered if choice.value == near[0].name), None)


def left_to_officer(turn: TurnBuilder, text: str) -> Choice | None:
    """Return the choice to fill a step in with the officer, if the words say nothing else."""
    step, said = turn.asked_step(), standardised(text)
    if step is None or not step.can_leave or len(said.split()) > SHORT or re.search(r"\d", said):
        return None
    if not all(lists.any_of("reading", one).search(said) for one in ("officer", "leaves")):
        return None
    return Choice("leave", Say("common.leave_it"), LEFT)


def service_named(turn: TurnBuilder, text: str) -> Service | None:
    """Return the offered service that the words name, if it is the only one."""
    words = set(standardised(text).split())
    offered = [turn.flows.services[service] for service in turn.facts.mine.services]
    named = [service for service in offered if words & set(service.called)]
    return named[0] if len(named) == 1 else None


def says_more(turn: TurnBuilder, text: str, choice: Choice) -> bool:
    """Whether words at a question with lasting effects ask, or limit: "bisa tapi sore"."""
    if not _is_one_of(lexicon.careful(), turn, choice) or exact(text, turn.labels()) is not None:
        return False
    return _ASKS.search(standardised(text)) is not None or _hardly_assents(turn, text)


def _hardly_assents(turn: TurnBuilder, text: str) -> bool:
    """Whether an offer is taken by no clear word: "siti dulu ya", or "insya Allah" alone."""
    asked = turn.session.asked
    if asked is None or (asked.flow, asked.step) != ("visit", "offer"):
        return False
    listed = lexicon.options(asked.flow, asked.step)
    ranked = listed.rank(text) if listed is not None else []
    if not ranked or not ranked[0].evidence <= _ASSENT:
        return False
    beside = {*lexicon.words(text)} - _ASSENT - _POLITE
    return bool(beside or ranked[0].evidence <= _GOD_WILLING)


def nods_beside(turn: TurnBuilder, text: str, choice: Choice) -> bool:
    """Whether only a nod names a choice that can't be undone, beside other words: "sore aja ya"."""
    asked = turn.session.asked
    if asked is None or not _is_one_of(lexicon.asked_back(), turn, choice):
        return False
    if bare_number(text) or exact(text, turn.labels()) is not None:
        return False
    listed = lexicon.options(asked.flow, asked.step)
    known = listed.words_of(choice.value) if listed is not None else frozenset()
    said = {*lexicon.words(text)}
    return (
        bool(said & _NODS)
        and not said & (known - _NODS - _FILLING)
        and bool(said - known - _NODS - _FILLING)
    )


def doubts(turn: TurnBuilder, text: str, choice: Choice) -> bool:
    """Whether the option that the words name is asked back before it is taken."""
    if bare_number(text):
        return _is_no_offered_number(turn, choice)
    if choice.means == "yes" and half_consents(turn, text):
        return True
    if _sends_beside(turn, text, choice):
        return True
    asks = choice.value != UNKNOWN and _asks(turn, text)  # "lupa kapan" asks nothing
    return says_more(turn, text, choice) or is_by_the_way(turn, text) or asks


def _sends_beside(turn: TurnBuilder, text: str, choice: Choice) -> bool:
    """Whether words at the review send the form, and say more: "ga bisa kirim lokasi"."""
    asked = turn.session.asked
    if not isinstance(turn.asked_step(), Review) or choice.value != SEND or asked is None:
        return False
    if exact(text, turn.labels()) is not None:
        return False
    listed = lexicon.options(asked.flow, asked.step)
    known = listed.words_of(choice.value) if listed is not None else frozenset()
    about = {*map(lexicon.root, lists.words("reading", "beside_sending"))}
    return bool({*lexicon.words(text)} - known - _NODS - _WANTS - _FILLING - about)


def _asks(turn: TurnBuilder, text: str) -> bool:
    """Whether words in a form ask when or how rather than pick: "dateng kapan?"."""
    flow = turn.flow(turn.session.draft)
    if flow is None or not flow.form or exact(text, turn.labels()) is not None:
        return False
    return _WHEN.search(standardised(text)) is not None


def _is_one_of(questions: frozenset[str], turn: TurnBuilder, choice: Choice) -> bool:
    """Whether the open question is one of these, and the choice has effects."""
    asked = turn.session.asked
    if asked is None or choice.value in _HARMLESS:
        return False
    return f"{asked.flow}.{asked.step}" in questions


def _is_no_offered_number(turn: TurnBuilder, choice: Choice) -> bool:
    """Whether a number picks what can't be taken back although no numbers were shown.

    After words that were not understood, a number that was shown is asked back too.
    """
    offered = turn.facts.me.numbered and not turn.session.refusals
    if offered or turn.session.clarifying:
        return False
    return _is_one_of(lexicon.asked_back(), turn, choice)


def is_by_the_way(turn: TurnBuilder, text: str) -> bool:
    """Whether an address names an option only by the way: "Jalan Nawi 12, depan warung Madura"."""
    doubtful = _ADDRESS.match(standardised(text)) is not None and not reads(turn, text)
    return doubtful and 0 < option_weight(turn, text) < SURE


def reads(turn: TurnBuilder, text: str) -> bool:
    """Whether the open step itself reads the words, whatever else they mean: "besok pagi"."""
    step, draft = turn.asked_step(), turn.session.draft
    if step is None or draft is None:
        return False
    try:
        turn.read(step, Said(text))
    except (Refused, Stay):
        return parts(turn, text) is not None
    return True


def reads_a_value(turn: TurnBuilder, text: str) -> bool:
    """Whether the open step reads a sum, a count or days rather than the words themselves."""
    step, draft = turn.asked_step(), turn.session.draft
    if step is None or draft is None:
        return False
    try:
        answer = turn.read(step, Said(text))
    except (Refused, Stay):
        return False
    options = [choice.answer for choice in step.prompt(turn.context(draft)).choices]
    return isinstance(answer, int | list) or (answer is not None and answer in options)


def answers(turn: TurnBuilder, said: Said, *, outright: bool = False) -> bool:
    """Whether words that also mean another matter answer the open question: "jual sembako".

    False if they ask or accuse. With `outright`, an answer that needs confirmation is none.
    """
    step, draft = turn.asked_step(), turn.session.draft
    if step is None or draft is None:
        return False
    spelled = standardised(said.text)
    if step.numeric and not re.search(r"\d", spelled) and asking.asks_whether(said.text):
        return False  # "kena pajak ga" is no sum of nothing
    denies = _DENIES.search(spelled) is not None and not reads_a_value(turn, said.text)
    if denies or _NO_ANSWER.search(spelled):
        return not step.takes_words and reads(turn, said.text)
    try:
        turn.read(step, said)
    except Stay:
        return True
    except Refused as refusal:
        if parts(turn, said.text) is not None:
            return True
        return bool(refusal.readings) and not outright
    return True


def may_be_a_name(turn: TurnBuilder, said: Said) -> bool:
    """Whether courteous words may answer the open question: "Terima Kasih Zega", "malam".

    That is so if a name or a time is asked for, or if the words name something besides: "kartu
    ucapan terima kasih".
    """
    step, draft = turn.asked_step(), turn.session.draft
    if step is None or draft is None:
        return False
    try:
        read = turn.read(step, said)
    except Stay:
        return bool(words_beside(said.text))
    except Refused as refusal:
        named = bool(refusal.readings) and bool(words_beside(said.text))
        return step.understands(refusal) or named
    choices = step.prompt(turn.context(draft)).choices
    return any(read == one.answer for one in choices)


def may_answer(turn: TurnBuilder, text: str) -> bool:
    """Whether words are no command; "0" may be a sum."""
    return read_command(text) is None or bare_number(text)


def bare_number(text: str) -> bool:
    """Whether words are only a number."""
    return text.strip().rstrip(".").isdecimal()
