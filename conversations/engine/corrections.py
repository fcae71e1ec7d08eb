"""Corrections: words that change an earlier answer, at any question of a form. Pure."""

from __future__ import annotations

import re

from msgspec import structs

from conversations import lexicon
from conversations.engine.builder import TurnBuilder
from conversations.engine.matters import raised_in
from conversations.engine.meanings import GATHERED, Correction
from conversations.engine.reading import choices_named, nods_beside, reads
from conversations.events import Said
from conversations.flow import Flow
from conversations.lexicon import lists
from conversations.parsers import Refused
from conversations.parsers.amended import names_blanked
from conversations.parsers.asking import asks_whether, supposes
from conversations.phrases import Intent
from conversations.session import Draft
from conversations.step import Stay, Step
from conversations.steps import Locate, Review
from conversations.words import plain, unclipped

#: Words that tell that something is to be changed.
_CHANGES = re.compile(
    r"\b(?:salah\w*|keliru|ganti\w*|diganti|ubah\w*|rubah|diubah|ralat|koreksi|harusnya|seharusnya"
    r"|mestinya|(?:di)?perbaiki|(?:di)?bener(?:in|kan)|(?:di)?betul(?:in|kan)|kegedean|kekecilan"
    r"|kebanyakan|kecuali|selain|except|edit|revisi"
    r"|update|typo|change|wrong|should be|correct\w*|bukan\w*|kurang"
    r"|jadi(?:kan|in)?|tambah(?:in|kan|i)?|add|(?:tidak|ga|gak|gk|ngga|nggak|enggak"
    r"|kaga|kagak|jangan|jgn|ora) (?:usah |perlu |ikut )?di?h?itung"
    r"|don'?t count|not counted)\b"
)
#: Words that correct even where free words are an answer, such as an address.
_CORRECTS = re.compile(
    r"\b(?:salah(?! satu)\w*|keliru|ganti(?!an)\w*|diganti|ubah|rubah|diubah|ralat|koreksi|harusnya"
    r"|seharusnya|wrong|should be)\b"
)
#: Words before the new answer.
_NEW = re.compile(
    r"\b(?:seharusnya|harusnya|mestinya|y(?:an)?g (?:benar|bener|betul)(?:nya)?(?: itu)?"
    r"|(?:ganti|ubah|rubah|diganti|diubah|jadi(?:kan|in)?)? ?(?:jadi|menjadi|ke|jd)|should be|to)"
    r"\b[\s:,]*"
)
#: Words that take back what was said just before.
_SLIP = re.compile(
    r"^(?:(?:eh+|ups|oops|sorry|maaf|aduh|waduh|lho|loh)[\s,.!]*)*"
    r"(?:bukan|salah|ralat|koreksi|keliru|i mean|no wait)\b"
    r"|\bmaksud(?:nya|ku| saya| sy| aku)?\b"
    r"|\b(?:deng|ding)[\s.!]*$|\bi mean\b|\bmake (?:that|it)\b",
    re.IGNORECASE,
)
_SUM = re.compile(r"\d ?(?:rb|ribu|jt|juta|thousand|million)")
_ASKS = re.compile(r"\?|\b(?:apa|apaan|gimana|kenapa|siapa|kapan|what|how|why)\b")
_EH = re.compile(r"^(?:eh+|ups|oops)\b", re.IGNORECASE)
_SLIPPED = re.compile(
    r"\b(?:eh+|ups|oops|sorry|maaf|aduh|waduh|lho|loh|salah|ralat|koreksi|keliru|deng|ding|deh|dong"
    r"|make (?:that|it)|maksud(?:nya|ku)?|i mean|no wait|tadi|harusnya|seharusnya)\b",
    re.IGNORECASE,
)
_AFTER = re.compile(r",|;|\b(?:tapi|tp|melainkan|yang benar|yg bener)\b", re.IGNORECASE)
#: Intents that "6 juta maksudnya" seems to have.
_ASKED_OF = frozenset({Intent.HELP, Intent.WHY, Intent.BACK})
_CONTRASTS = re.compile(r"\b(?:bukan|salah|ga|gak|nggak|tidak|not)\b", re.IGNORECASE)
_IS = frozenset({"is", "adalah", "ialah"})  # between the name of an answer and the answer
SHORT = 2  # letters of a word that names no option: "di"
_PERSON, _BUSINESS = "owner_name", "business_name"  # steps that "namanya" may mean
LAST = 3  # answers that words without a name may take back
_FEW = 5  # words that may be an answer without its name
_OLD = re.compile(r"\bbukan\b.*$")  # "… bukan aminah" names the old answer
#: Courtesies, and words that name or correct an answer, around the new one.
_AROUND = re.compile(
    r"^(?:(?:yang|yg|nya|itu|pak|bu|kak|min|mas|mbak|ya|eh|maaf|tadi|saya|sy|aku|tolong|mau|usaha"
    r"|jadi|jd|salah|ganti|ubah|rubah|ralat|koreksi|kurang|my|the|is|it'?s|actually|wrong|ke)\b[\s:,.]*)+"
    r"|[\s,.!]+(?:(?:ya|pak|bu|kak|min|dong|deh|bukan)\b[\s,.!]*)*$"
)


def correction(turn: TurnBuilder, text: str) -> Correction | None:
    """Return the earlier answer that the words change; None if they change none.

    Words that name an answer must also say that it is to be changed; where answers are shown or
    picked from a list, a name with a new value is enough. Words that take back the last answer
    need not name it.
    """
    draft, flow = turn.session.draft, turn.flow(turn.session.draft)
    if draft is None or flow is None or not flow.form or not draft.answers:
        return None
    text = unclipped(text)
    masked = names_blanked(text)
    slip = _slip(turn, draft, flow, masked) or _other_figure(turn, draft, flow, text)
    if slip is not None:
        return slip
    said, step = plain(masked), turn.asked_step()
    takes_back = _takes_back(masked) or _EH.match(text.strip()) is not None
    changes = takes_back or _CHANGES.search(said) is not None
    if not changes and (not _may_only_name(turn, step, text) or _asks(text)):
        return None
    found = _by_name(turn, draft, flow, text, changes=changes)
    if found is None and isinstance(step, Review):
        found = _untold(turn, draft, flow, text, changes=changes)
    answers_it = step is not None and step.takes_words and reads(turn, text)
    if answers_it and not _CORRECTS.search(said):
        return found if takes_back and found is not None and found.words else None
    return found  # else an address may hold "jadi" or "bukan"


def _asks(text: str) -> bool:
    """Whether words only ask: "alamat saya dicetak ga", not "kok sembako, sy jual seblak"."""
    return asks_whether(text) or supposes(text)


def _takes_back(text: str) -> bool:
    """Whether the words say that what was said just before is wrong."""
    return _SLIP.search(text.strip()) is not None and _ASKS.search(plain(text)) is None


def _may_only_name(turn: TurnBuilder, step: Step | None, text: str) -> bool:
    """Whether an answer's name with a new value is a correction: no words answer the question."""
    if step is None:
        return turn.session.asked is not None and turn.session.asked.step == GATHERED
    answered = bool(choices_named(turn, text)) or (not step.takes_words and reads(turn, text))
    return isinstance(step, Review) or not (step.takes_words or answered)


def _by_name(
    turn: TurnBuilder, draft: Draft, flow: Flow, text: str, *, changes: bool
) -> Correction | None:
    """Return the answer that the words name, with its new value if they hold one."""
    words = lexicon.answers(flow.id)
    if words is None:
        return None
    ranked = words.rank(_named_part(plain(text))) or words.rank(text)
    first = flow.step(ranked[0].name) if ranked else None
    if first is not None and first.id == _PERSON:
        first, ranked = _of_business(flow, first, ranked, text)
    if first is not None and first.id not in draft.answers:
        value = _value(turn, draft, first, text)
        if value:  # a later question is answered already
            return Correction(first.id, value)
    known = {*draft.answers, *(one.id for one in flow.corrigible if one.optional)}
    given = [one for one in (*ranked, *words.rank(text)) if one.name in known]
    if not given:
        return _by_option(flow, draft, text)
    named = flow.step(given[0].name)
    if named is None:
        return None
    value = _value(turn, draft, named, text)
    only_asks = not value and text.rstrip().endswith("?")  # "bukan pake kamera boleh kan?"
    return Correction(named.id, value) if (changes and not only_asks) or value else None


def _of_business(
    flow: Flow, person: Step, ranked: list[lexicon.Ranked], text: str
) -> tuple[Step, list[lexicon.Ranked]]:
    """Return the step of the business's name where goods are named: "namanya geprek bu yanti"."""
    other = flow.step(_BUSINESS)
    if other is None or not lists.words("name", "trading").intersection(plain(text).split()):
        return person, ranked
    return other, [structs.replace(ranked[0], name=_BUSINESS), *ranked[1:]]


def _untold(
    turn: TurnBuilder, draft: Draft, flow: Flow, text: str, *, changes: bool
) -> Correction | None:
    """Return the answer that the form does not ask for, if the words are one: "pagi atau sore".

    "Yang benar Cipete Selatan" names the place. Words that amend an answer are for it: "jumat juga
    bisa". The answer as it is corrects nothing,
    unless words say that something changes: "make it mornings".
    """
    new = _NEW.match(text.lower().lstrip())
    place = trimmed(text.lstrip()[new.end() :]) if new is not None else ""
    if place and turn.facts.places.kelurahan_named(plain(place)) is not None:
        return next(
            (Correction(s.id, place) for s in flow.corrigible if isinstance(s, Locate)), None
        )
    for step in flow.corrigible:
        answer = draft.answers.get(step.id)
        if step.amended(answer, text) != text and reads_as(turn, draft, step, text):
            return Correction(step.id, text)
    named = choices_named(turn, text)
    if (named and not nods_beside(turn, text, named[0])) or len(text.split()) > _FEW:
        return None
    free = (s for s in flow.corrigible if s.optional and s.takes_words and not s.takes_photos)
    read_by = next((s for s in free if _tells(turn, draft, s, text, as_it_is=changes)), None)
    return Correction(read_by.id, text) if read_by is not None else None


def _tells(turn: TurnBuilder, draft: Draft, step: Step, text: str, *, as_it_is: bool) -> bool:
    """Whether the words are an answer of the step, rather than that there is none."""
    try:
        read = step.hear(Said(text), turn.context(draft))
    except (Refused, Stay):
        return False
    return read is not None and (as_it_is or read != draft.answers.get(step.id))


def _slip(turn: TurnBuilder, draft: Draft, flow: Flow, text: str) -> Correction | None:
    """Return the last answer, if the words take it back without a name: "eh bukan, 6 juta"."""
    step = turn.asked_step()
    if step is None or isinstance(step, Review) or turn.session.clarifying or "?" in text:
        return None
    strong = _takes_back(text)
    if not strong and not _EH.match(text.strip()):
        return None
    raised = raised_in(turn, text)
    if raised is not None and not (strong and raised.intent in _ASKED_OF):
        return None
    told = _SUM.search(plain(text)) is not None  # "salah, 400rb" at "is it right?"
    if (choices_named(turn, text) and not told) or (not strong and reads(turn, text)):
        return None
    other = _by_option(flow, draft, text)
    if other is not None:
        return other
    words = lexicon.answers(flow.id)
    named = [one.name for one in words.rank(text)] if words is not None else []
    optional = {one.id for one in flow.corrigible if one.optional}
    if any(name in draft.answers or (step.numeric and name in optional) for name in named):
        return None
    for last in _last_answered(turn, draft, flow, step):
        for part in _without_slip(text):
            if part and reads_as(turn, draft, last, part):
                return Correction(last.id, part)
    return None


def _other_figure(turn: TurnBuilder, draft: Draft, flow: Flow, text: str) -> Correction | None:
    """Return the figure that the words name where another is asked: "modal 800rb" are no sales."""
    step = turn.asked_step()
    joined = flow.joined(step.id) if step is not None and step.numeric else None
    if step is None or joined is None or not re.search(r"\d", text) or _asks(text):
        return None
    named = joined.split(text, turn.facts, joined.steps)
    other = flow.step(next(iter(named))) if len(named) == 1 else None
    if other is None or other.id == step.id or other.id not in draft.answers:
        return None
    own = joined.split(text, turn.facts, (step.id, other.id))
    told = own.keys() == {other.id}
    told = told and step.id not in joined.split(text, turn.facts, (step.id,))
    return Correction(other.id, text) if told and reads_as(turn, draft, other, text) else None


def _last_answered(turn: TurnBuilder, draft: Draft, flow: Flow, step: Step) -> list[Step]:
    """Return the last answered questions before the open one, the latest first."""
    applying = [one for one in flow.applying(turn.context(draft)) if one.counted]
    before = applying[: applying.index(step)] if step in applying else applying
    given = [one for one in before if one.id in draft.answers]
    return given[: -LAST - 1 : -1]


def _without_slip(text: str) -> list[str]:
    """Return what the words may say anew: "6 juta" of "eh bukan 5 juta, 6 juta"."""
    before, denied, after = _said_anew(text).partition("bukan")
    if before.strip(" ,.!") or not denied:
        return [trimmed(before)]
    parts = (*reversed(_AFTER.split(after)), after)
    return list(dict.fromkeys(trimmed(part) for part in parts))


def _said_anew(text: str) -> str:
    return re.sub(r"\bbukan\b", "bukan", _SLIPPED.sub(" ", text), flags=re.IGNORECASE)


def _by_option(flow: Flow, draft: Draft, text: str) -> Correction | None:
    """Return the answer of which the words deny one option and name another: "bukan keliling, …".

    If the one that they name is the answer already, the question is asked again.
    """
    said = {word for word in lexicon.words(text, topics=True) if word.startswith(lexicon.NOT)}
    if not said or not _CONTRASTS.search(text):
        return None
    affirmed = ", ".join(p for p in _AFTER.split(text) if p.strip() and not _denies(p))
    for step in flow.corrigible:
        listed = lexicon.options(flow.id, step.id)
        answer = draft.answers.get(step.id)
        if listed is None or not isinstance(answer, str) or not step.counted:
            continue  # a consent is no answer to correct
        options = listed.phrases if affirmed else (answer,)
        known = frozenset[str]().union(*map(listed.words_of, options))
        named = listed.rank(affirmed or text)
        if named and said & {lexicon.NOT + word for word in known if len(word) > SHORT}:
            new = named[0].name != answer
            return Correction(step.id, (affirmed or text) if new else "")
    return None


def _denies(part: str) -> bool:
    return any(word.startswith(lexicon.NOT) for word in lexicon.words(part, topics=True))


def _named_part(said: str) -> str:
    """Return the words before the new answer, which name what is wrong."""
    new = _NEW.search(said)
    return said[: new.start()] if new and new.start() > 0 else said


def _value(turn: TurnBuilder, draft: Draft, step: Step, text: str) -> str:
    """Return the words of the new answer, if the step reads them; else ""."""
    whole_text, kept = text, _OLD.sub("", text)
    text = kept if _said_anew(kept).strip(" ,.!") else text  # else "bukan" takes back all
    new = _NEW.search(text.lower())
    whole = _said_anew(text)
    amended = step.amended(draft.answers.get(step.id), whole) != whole
    parts = [whole] if amended else []  # "tambah patokan: warnet" is no new address
    parts += [text[new.end() :]] if new else []
    rest, names_itself = without_name(draft.flow, step.id, text), step.numeric or step.optional
    # "2 orang", "rw 8" and "rt 5 rw 3" name themselves; the last before it is cut up
    parts += [whole, rest] if step.optional else [rest, whole] if names_itself else [rest]
    # "modalnya bukan 1 juta tapi 2 juta"
    parts += [p for p in _AFTER.split(whole_text)[:0:-1] if not _CHANGES.search(plain(p))]
    for part in parts:
        words = trimmed(part)
        if words and reads_as(turn, draft, step, words):
            return words
    return ""


#: Words that name the sales, and belong to the sum: "sedino 400 ewu".
_TIMES = frozenset(map(lexicon.root, ("sehari", "seminggu", "sebulan", "sedino", "day", "month")))


def without_name(flow: str, step: str, text: str) -> str:
    """Return the text after the words that name the answer, and that say that it is wrong."""
    words = lexicon.answers(flow)
    known = words.words_of(step) - _TIMES if words is not None else frozenset()
    end, is_named, in_full = 0, False, False
    seen: set[str] = set()
    for found in re.finditer(r"[^\W_]+|[,:;]", names_blanked(text)):
        word = plain(found.group())
        if _CHANGES.fullmatch(word):
            end = found.end()
            if is_named:
                break  # "nama warungnya ganti Warung Mak Sumi"
        elif is_named and word == "nya":
            end, in_full = found.end(), True
        elif is_named and word in _IS:
            return text[found.end() :]  # "the address is Jalan Wijaya"
        elif lexicon.root(word) in known - seen:  # "nama warungnya Warung Mak Sumi"
            if in_full:
                break  # "alamatnya Gang Melati": a part of the new answer
            end, is_named, in_full = found.end(), True, word.endswith("nya")
            seen.add(lexicon.root(word))
        elif is_named and (not word.isalnum() or lexicon.root(word) in seen):
            break
    return text[end:] if is_named else ""


def trimmed(words: str) -> str:
    before = ""
    while before != words:
        before, words = words, _AROUND.sub("", words.strip(" ,.:;!?"))
    return words


def reads_as(turn: TurnBuilder, draft: Draft, step: Step, words: str) -> bool:
    listed = None if step.takes_words else lexicon.options(draft.flow, step.id)
    if listed is not None and listed.rank(words):
        return True
    try:
        step.hear(Said(step.amended(draft.answers.get(step.id), words)), turn.context(draft))
    except Stay:
        return False
    except Refused as refused:
        return bool(refused.readings)
    return True
