"""Reads names of people and of businesses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from unicodedata import category

from conversations import lexicon, phrases
from conversations.facts import Facts
from conversations.lexicon import lists
from conversations.nik import LENGTH as IDENTITY_LENGTH
from conversations.parsers import Parser, Reading, Refused
from conversations.parsers.amended import amended
from conversations.parsers.evasions import evasion
from conversations.parsers.spelled import spelled
from conversations.words import bare, is_latin, standardised, tidy

_AROUND = ' ,;:!?*_~<>()[]{}"'  # signs around a name
_QUOTES = ' ,;:"*_~'
_ROOM = 100  # extra characters allowed for courtesies around a name

_GREETING = re.compile(
    r"(?:(?:hai|halo|hallo|assalamu'?alaikum|perkenalkan|kenalkan|iya|ya|ok|oke)\b(?P<sign>[\s,.!]*))+",
    re.IGNORECASE,
)
_END = r"\s*(?:(?:adalah|itu|ialah|bernama)\b)?(?:\s*[:=,]\s*|\s+)"
_ON_CARD = (
    r"(?:di|dr|dari|sesuai|menurut|kata|as (?:on|in))(?: (?:the|my))? e?-?(?:ktp|id card)(?: ?nya)?"
    r"(?: (?:saya|sy|aku))?"
)
_SAYS_CARD = re.compile(rf"(?<=[^\W\d_])[\s,;(]+{_ON_CARD}[\s.!)]*$", re.IGNORECASE)
# Before a name, these words are never a part of it.
_SURE_LEAD = re.compile(
    r"(?:panggil (?:saja|aja)|namaku|jeneng(?:ku|e)|jeneng (?:kulo|ku)|nami (?:kulo|abdi)"
    rf"|(?:(?:nama|nm)(?: (?:saya|sy|aku))? )?(?:yang |yg )?{_ON_CARD}"
    r"|(?:nama|nm) (?:e-?)?ktp(?: ?nya)?(?: (?:saya|sy|aku))?"
    r"|a/n|atas nama|my name is|(?:the )?owner(?:'s name)? is|name is|i am|i'm"
    r"|(?:nama|nm|nma)(?: (?:lengkap|panggilan))? (?:saya|sy|aku|gue)(?:nya)?"
    r"|(?:nama|nm|nma) (?:lengkap|panggilan)(?:nya)?"
    rf"|(?:nama|nm|nma) (?:usaha|toko|warung)(?:nya)?(?: (?:saya|kami|sy))?){_END}",
    re.IGNORECASE,
)
# A name may also begin with these: "Abdi Setiawan", "Namanya Juga Usaha". Not if a verb or a colon
# follows.
_VERB = (
    r"(?P<verb>\s*(?:(?:adalah|itu|ialah|bernama)\b)?\s*[:=]|\s+(?:adalah|itu|ialah|bernama)\b)?"
)
_NAME_WORD = re.compile(rf"(?:nama|nm|nma)(?:nya)?{_VERB}[\s,]*(?<![^\W_])", re.IGNORECASE)
_LEAD = re.compile(
    r"(?:(?:nama|nm|nma)(?: (?:ibu|bapak))?(?:nya)?|an\.|saya|sy|aku|gue|gw|abdi|ane)"
    rf"{_VERB}[\s,]*(?<![^\W_])",
    re.IGNORECASE,
)
# Before the name of a business: an order to write it.
_NAMED = re.compile(
    r"(?:(?:kasih|kasi|dikasih|pakai|pake|tulis|bikin|call it|write)(?: (?:aja|saja))?"
    r"(?: nama)?(?: (?:aja|saja))?|(?:it is|it's) called|dinamain|dinamakan) (?=[^\W\d_])",
    re.IGNORECASE,
)
#: How somebody wants to be called, behind their name: "Yanti Suryani, panggil aja Bu Yanti".
CALLED = re.compile(
    r"[\s,;.(]*\b(?:(?:biasa(?:nya)? |sering )?(?:di)?panggil(?:annya|an|nya)?|biasa disapa"
    rf"|call me)\b(?: (?:aja|saja))?\s+(?:(?:{lists.one_of('name', 'titles')})\s+)?"
    r"([^\W\d_]+)\)?(?:[\s,.]+(?:ya|yah|aja|saja|kak|min|deh)\b)*",
    re.IGNORECASE,
)
_ONLY_LEAD = re.compile(r"\W*(?:(?:halo|hai|nama|nm|saya|sy|aku|ya|iya)\w*\W*)*", re.IGNORECASE)
_TAIL = re.compile(r",? (?:aja|saja|deh|dong|gitu)(?: (?:ya|yah|deh|dong|pak|bu|kak|min))*[.!]*$")
_COURTESIES = {
    "pak", "bu", "bang", "mas", "mbak", "kak", "min", "gan", "ya", "yah", "aja", "saja",
}  # fmt: skip
# No name on a KTP begins with a long title; a short one may be a part of the name: "Mas Agung".
_TITLE = re.compile(
    r"(?:ibu|ibuk|bapak|bpk|(?P<short>bu|pak|bang|mas|mbak|mba))\b[\s.,]+", re.IGNORECASE
)
_JOINED = {"bin", "binti", "van", "de", "der", "den", "ibnu", "a/n", "alias"}
_ROMAN = re.compile(r"(?=..)x{0,3}(?:ix|iv|v?i{0,3})", re.IGNORECASE)
_DEGREES = (
    "SE SH ST MT MM MH MA MBA SKM SKep SPd MPd SKom MKom SAg MAg SSos MSi MSc SSi SIP SIKom SPsi"
    " MPsi SFarm SKed SHum SStat STP STi SPt SPi SGz SArs SDs SSn SSt STrT STrKep AMd AMdKeb"
    " AMdKep PhD BSc BA LLM LLB SpA SpOG SpPD SpB SAk MAk Ak CA CPA Apt Lc Dr Drs Dra Ir Prof Ns"
)
_DEGREE = {degree.lower(): degree for degree in _DEGREES.split()}
_NO_NAME = re.compile(
    r"[-.]*|(?:kami |saya |usaha |usahanya |masih )*(?:belum|tidak)(?: (?:ada|punya|pakai|pake"
    r"|dikasih|kepikiran|bernama|dinamain|diberi))*(?: (?:nama\w*|usaha\w*|merek|merk|namanya))*"
    r"(?: (?:saja|pak|bu|sih|kok|nih|deh))*|tanpa nama|kosong|gada|gaada|gapunya|nihil|none|no name"
    r"|skip|lewati?|ndak onok"
)


# Words of a sentence, a question or an address, in their standard spelling.
_SENTENCE = re.compile(
    r"\?|^\W*(?:gang|gg|jl|jln|jalan|rumah|depan|belakang|samping|sebelah|seberang|dekat|deket|near)\b|"
    r"\b(?:dekat|deket|seberang|sebelah|samping|belakang|depan)\b|"
    # whoever tells what they sell says more than a name
    r"\b(?:jual|jualan|berjualan|dagang|berdagang|selling|sells)\b|\b(?:berapa|apakah|kapan|gimana|kenapa|petugas\w*|pungli)\b"
    r"|\b(?:saya|kami) (?:mau|tidak|belum|sudah|punya|bisa|lagi|sedang|butuh|perlu|jual|jualan"
    r"|jawab|tanya|minta)\b"
)
# Words of a remark that hardly stand in a business's name, in their standard spelling.
_REMARK = re.compile(
    r"\b(?:saja|aja|sekitar|sekitaran|sih|dong|deh|kok|kan|nih|masih|belum|sudah|lagi|tadi|kemarin"
    r"|sekarang|nanti|karena|kalau|tapi|terus|cuma|cuman|hanya|paling|biasanya|kadang|pokoknya"
    r"|muter\w*|namanya|manggil\w*|saya|kami|it|got|was|is|my|we|because|just|only)\b"
)
_SHORTEST_REMARK = 3  # words
HALF = 0.5  # share of words that are no part of a name, at which the person is asked
_REMARK_WORDS = 6  # a longer text with another meaning is no name

#: Intents that a single word may only resemble: "sukma" is near "suksma".
_COURTEOUS = frozenset({phrases.Intent.THANKS, phrases.Intent.GREETING})
#: Intents that must not wait for a confirming question.
_URGENT = frozenset({phrases.Intent.COMPLAINT, phrases.Intent.STOP})


def name(*, at_most: int = 100) -> Parser:
    """Read a person's name, tidied: "nama saya siti aminah" is "Siti Aminah".

    If words may be a courtesy or a part of the name, the person is asked: "Abdi Setiawan", "Ni Luh
    Mas".

    Raises:
        Refused: ``not_a_name`` for signs, commands and greetings; ``name_with_digits``;
            ``name_not_latin``; ``name_too_long`` with the limit; ``name_too_short`` with the one
            letter as reading; ``which_name`` with two readings; ``confirm_name`` with one reading,
            if the words have another meaning as well, correct themselves, or tell only how
            somebody is called or a name is spelled: "Terima Kasih Zega", "Budi, eh, Budiman",
            "Siti Amina pake h".
    """

    def parse(text: str, facts: Facts) -> str:
        words = tidy(bare(text))
        if len(words) > at_most + _ROOM:
            raise Refused("name_too_long", {"at_most": at_most})
        if words.lower().strip(_AROUND) in lists.also_names():
            raise _confirmed(_checked(words, at_most))
        if len(words) > 1 and (phrases.ordered(words) or phrases.whole_intent(words)):
            raise Refused("not_a_name")
        if evasion(words) is not None:
            raise Refused("not_a_name")
        words, only_called = _uncalled(words)
        corrected = spelled(words) or amended(words) or _undenied(words)
        parts = _readings(_beside_card(corrected or words).strip(_AROUND))
        doubtful = _other_meaning(corrected or words, parts[0]) or corrected is not None
        goods = lists.words("name", "trading").intersection(standardised(words).split())
        # "laundry kiloan" hardly is a person, and "panggil aja bu ning" hardly tells the KTP's name
        doubtful = doubtful or bool(goods) or only_called
        found = list(dict.fromkeys(_checked(part, at_most) for part in parts))
        if len(found) > 1:
            raise Refused("which_name", readings=_offered(found))
        if len(re.findall(r"[^\W\d_]", found[0])) < 2:
            raise Refused("name_too_short", {"name": found[0]}, readings=_offered(found))
        if doubtful:
            raise _confirmed(found[0])
        return found[0]

    return parse


def _uncalled(words: str) -> tuple[str, bool]:
    """Return words without the name to call somebody by, unless that is the only one they hold."""
    called = CALLED.search(words)
    if called is None:
        return words, False
    before = words[: called.start()]
    if _ONLY_LEAD.fullmatch(before):
        return called[1], True
    return before + words[called.end() :], False


def _undenied(words: str) -> str | None:
    """Return "Dewi" of "Dewi bukan Devi", which is no part of the name."""
    denied = re.search(r"(?<=[^\W\d_])[\s,(]+bukan\b", words, re.IGNORECASE)
    return words[: denied.start()] if denied and _has_letter(words[denied.end() :]) else None


def _confirmed(name_: str) -> Refused:
    """Return the refusal that asks whether this is the name."""
    return Refused("confirm_name", {"name": name_}, readings=_offered([name_]))


def business_name(*, at_most: int = 100) -> Parser:
    """Read the name of a business as it is written, or None for "belum ada".

    "gak tau", "terserah" and the like are None too. Only "nama usahanya" and the like are cut off,
    and "aja" at the end; if that may be a part of the name, the person is asked.

    Raises:
        Refused: ``not_a_business_name``, also for as many digits as an identity number has;
            ``owners_name`` if it is to be the owner's name; ``name_too_long`` with the limit;
            ``business_not_latin``; ``which_business_name`` with the readings;
            ``confirm_business_name`` with one reading that is rather a remark: "keliling aja bu
            sekitar tebet".
    """

    def parse(text: str, facts: Facts) -> str | None:
        words = tidy(bare(text))
        if len(words) > at_most + _ROOM:
            raise Refused("name_too_long", {"at_most": at_most})
        evaded = evasion(words)
        if evaded == "owner":
            raise Refused("owners_name")
        if evaded in ("before", "here", "wait", "hurry"):
            raise Refused("not_a_business_name")
        if evaded or _NO_NAME.fullmatch(standardised(words).strip(" !,")):
            return None
        corrected = amended(words)
        parts = _without_name_word((corrected or words).strip(_QUOTES))
        found = [part.strip(_QUOTES) for part in ((parts[0], words) if corrected else parts)]
        for part in found:
            digits = len(re.findall(r"\d", part))
            if len(re.findall(r"[^\W_]", part)) < 2 or digits >= IDENTITY_LENGTH:
                raise Refused("not_a_business_name")
            if len(part) > at_most:
                raise Refused("name_too_long", {"at_most": at_most})
            if not is_latin(part):
                raise Refused("business_not_latin")
        if len(found) > 1:
            raise Refused("which_business_name", readings=_offered(found))
        if _is_remark(found[0]):
            raise Refused("confirm_business_name", {"name": found[0]}, readings=_offered(found[:1]))
        return found[0]

    return parse


def _is_remark(words: str) -> bool:
    """Whether words without capitals rather tell something than name a business."""
    told = words[1:] == words[1:].lower() and len(words.split()) >= _SHORTEST_REMARK
    return told and _REMARK.search(standardised(words)) is not None


def _offered(names: Sequence[str]) -> tuple[Reading, ...]:
    return tuple(Reading(f"name{at}", words, words) for at, words in enumerate(names, start=1))


def _readings(words: str) -> tuple[str, ...]:
    """Return the name without courtesies; and also the whole text, if the cut is in doubt."""
    named, sure = _without_lead(words)
    untitled, sure_title = _without_title(named)
    whole = words if not sure else untitled if sure_title else named
    core, sure_end = _without_tail(untitled)
    if core == whole or (sure and sure_title and sure_end):
        return (core,)
    return (core, whole)


def _without_title(words: str) -> tuple[str, bool]:
    """Cut a title such as "Ibu"; also return whether it can't be a part of the name."""
    title = _TITLE.match(words)
    if title is None or not _has_letter(words[title.end() :]):
        return words, True
    rest = words[title.end() :]
    return rest, title["short"] is None or _set_off(title[0], rest)


def _without_lead(words: str) -> tuple[str, bool]:
    """Cut a greeting and "nama saya"; also return whether the cut is certain."""
    greeting = _GREETING.match(words)
    start = greeting.end() if greeting else 0
    parted = bool(greeting and re.search(r"[,.!]", greeting["sign"]))
    for pattern in (_SURE_LEAD, _LEAD):
        lead = pattern.match(words, start)
        if lead and _has_letter(words[lead.end() :]):
            rest = words[lead.end() :]
            sure = (
                pattern is _SURE_LEAD or bool(greeting or lead["verb"]) or _set_off(lead[0], rest)
            )
            return rest, sure
    if start and _has_letter(words[start:]):
        return words[start:], parted or _set_off(words[:start], words[start:])
    return words, True


def _without_tail(words: str) -> tuple[str, bool]:
    """Cut "pak", "ya" and the like after the name; also return whether the cut is certain."""
    parts = words.split()
    end = len(parts)
    while end > 1 and parts[end - 1].strip(",.!").lower() in _COURTESIES:
        end -= 1
    rest, tail = " ".join(parts[:end]), [part.strip(",.!").lower() for part in parts[end:]]
    if not tail or not _has_letter(rest):
        return words, True
    said_so = len(tail) > 1 and tail[0] in ("aja", "saja")
    return rest, rest.endswith(",") or said_so or _set_off(" ".join(parts[end:]), rest)


def _set_off(courtesy: str, name_: str) -> bool:
    """Whether the name begins with a capital and the words around it are in lowercase."""
    first = re.search(r"[^\W\d_]", name_)
    return courtesy == courtesy.lower() and first is not None and first[0].isupper()


def _without_name_word(words: str) -> tuple[str, ...]:
    """Cut "nama usaha saya" before a business's name, and "aja" behind it.

    Return both readings if that is in doubt.
    """
    untailed = _TAIL.sub("", words)
    tailed = untailed != words and _has_letter(untailed)
    for pattern in (_SURE_LEAD, _NAMED, _NAME_WORD):
        lead = pattern.match(words)
        if lead and _has_letter(words[lead.end() :]):
            rest = words[lead.end() :]
            sure = pattern is not _NAME_WORD or bool(lead["verb"]) or _set_off(lead[0], rest)
            if tailed:
                return (untailed[lead.end() :], rest if sure else words)
            return (rest,) if sure else (rest, words)
    return (untailed, words) if tailed else (words,)


def _has_letter(words: str) -> bool:
    return re.search(r"[^\W\d_]", words) is not None


def _checked(words: str, at_most: int) -> str:
    """Return a name with its capitals.

    Raises:
        Refused: it can't be a name.
    """
    words = words.strip(_AROUND)
    if re.search(r"\d", words):
        raise Refused("name_with_digits")
    words = " ".join("".join(map(_of_name, words)).split())
    words = re.sub(r"(?<=[^\W\d_]{3})\.+$", "", words)  # a full stop, not "S.E."
    if not _has_letter(words) or words.lower() in ("saya", "nama", "nama saya"):
        raise Refused("not_a_name")
    if not is_latin(words):
        raise Refused("name_not_latin")
    if len(words) > at_most:
        raise Refused("name_too_long", {"at_most": at_most})
    return cased(words)


def _of_name(character: str) -> str:
    """Return a letter, a combining mark or a sign of names unchanged; a space for the rest."""
    kept = character.isalpha() or character in " .,'/-" or category(character)[0] == "M"
    return character if kept else " "


def _other_meaning(words: str, core: str) -> bool:
    """Whether the core of the words, which may be a name, has another meaning as well.

    Raises:
        Refused: it has only the other meaning: "petugasnya kasar" is nobody's name.
    """
    strange = _strange(core)
    if _SENTENCE.search(standardised(words)) or strange > HALF:
        raise Refused("not_a_name")
    meant = phrases.intent(core)
    if meant is None or " " not in core:
        return strange == HALF or meant in _COURTEOUS
    parts = core.split()
    written_as_name = all(part[0].isupper() and part[1:].islower() for part in parts)
    urgent = meant in _URGENT and len(parts) > 2 and not written_as_name
    if urgent or len(parts) > _REMARK_WORDS or not phrases.words_beside(core):
        raise Refused("not_a_name")
    return True


def _beside_card(words: str) -> str:
    """Return the words behind "sesuai ktp:" and the like, or before them."""
    words = _SAYS_CARD.sub("", words)
    before, colon, behind = words.partition(":")
    lead = re.findall(r"[^\W\d_]+", standardised(before))
    return behind if colon and behind and lexicon.no_names().issuperset(lead) else words


def _strange(core: str) -> float:
    """Return the share of words that are no part of a name: all of "nanti dulu ya"."""
    words = re.findall(r"[^\W\d_]+", standardised(core))
    if len(words) > 1 and core == core.title():  # written as a name
        return HALF if lexicon.no_names().issuperset(words) else 0.0
    return sum(word in lexicon.no_names() for word in words) / max(len(words), 1)


def cased(words: str) -> str:
    """Capitalise the words of a name that have no capital, or all if the name is in capitals.

    Degrees and a number at the end keep theirs: "Budi Santoso III", "Siti Aminah, S.Pd.".
    """
    head, comma, behind = words.partition(",")
    given = (head.lower() if head == head.upper() else head).split()
    named = [_cased(word, at, at == len(given) - 1) for at, word in enumerate(given)]
    return " ".join([" ".join(named) + comma, *map(_degree, behind.split())]).strip()


def _cased(word: str, at: int, last: bool) -> str:
    """Capitalise a word of the name, by its position."""
    if word != word.lower() or (at and word in _JOINED):
        return word
    if at and (last or len(word) > 2) and _ROMAN.fullmatch(word.strip(".")):
        return word.upper()
    if at and last and not re.search(r"[aeiou]", word):  # a degree without a comma: "Budi SH"
        return _degree(word)
    return _capital(word)


def _degree(word: str) -> str:
    """Return "S.Pd." for "s.pd."; a short degree that is not listed stays in capitals."""
    if word not in (word.lower(), word.upper()):
        return word
    letters = re.sub(r"[\W_]", "", word.lower())
    known = _DEGREE.get(letters)
    if known is None:
        keeps = word == word.upper() and len(letters) <= 4
        return word if keeps else _capital(word.lower())
    spelled = iter(known)
    return "".join(next(spelled) if letter.isalpha() else letter for letter in word)


def _capital(word: str) -> str:
    """Capitalise a word, also after a sign: "Nur'aini", "Al-Fatih", "H.M.", "O'Brien"."""
    word = re.sub(r"(^|[-./])([^\W\d_])", lambda m: m[1] + m[2].upper(), word)
    return re.sub(r"^(O|D)'([^\W\d_])", lambda m: f"{m[1]}'{m[2].upper()}", word)
