"""Words of a supervisor that are known by their form, and answers about what can't be done here.

A message to officers, a file of figures, a question about the limit: single words would mislead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from conversations import lexicon
from conversations.engine import deciding, drafts, recalling, recruiting, rounds_words
from conversations.engine.builder import TurnBuilder
from conversations.engine.confirming import asks
from conversations.engine.naming import Named, mentions
from conversations.lexicon import lists
from conversations.messages import Say
from conversations.words import standardised

_MESSAGE = lists.any_of("messages", "verbs")
_SUMMONS = re.compile(
    rf"\b(?:suruh|panggil|get|make)\b.*\b(?:{lists.one_of('messages', 'errands')})\b"
    r"|^(?:tolong )?panggil\b"
)
_TEAM = re.compile(
    r"\b(?:semua |seluruh |para |all )?(?:the )?(?:petugas\w*|officers?|tim|team|anak buah"
    r"|anak anak)\b"
)
_NO_MESSAGE = re.compile(
    r"\b(?:kunjungan\w*|visits?|kepala|head|atasan|pengaduan|laporan|gantiin|ambil|resign\w*)\b|\?"
)
#: "yusuf bilang motornya mogok": what an officer says is looked at.
_SAYS = re.compile(r"^\w+(?: \w+)? (?:bilang|ngomong|katanya|says|said)\b")
_PASSIVE = re.compile(r"\b(?:tolong|minta|suruh|dikasih|dibilang\w*|ditegur|diingat\w*|please)\b")
_OVER_HEADS = re.compile(r"^(?:ya |iya )?(?:ke|to) (?:the )?(?:kepala|head|atasan)(?:nya)?\W*$")
_EXPORT = lists.any_of("supervising", "files")
_LIMIT = re.compile(
    r"\b(?:batas(?:nya|an(?:nya)?)?|limit|ambang)\b.*\b(?:berapa|apa|what)\b"
    r"|\bwhat.?s the limit\b|\b(?:berapa|what|apa) (?:sih )?(?:the )?(?:batas\w*|limit)\b"
)
_PIN = re.compile(
    r"\b(?:titik|pin|lokasi)(?:nya)?\b.*\b(?:jauh\w*|meter|km|kilo)\b|\bhow far\b.*\bpin\b"
)
_ASKS_OWNER = re.compile(
    r"\b(?:tanya|tanyain|nanya|konfirmasi)\b.*\b(?:pemohon|pemilik|warga|orang)(?:nya)?\b"
)
_ASK_THEM = re.compile(r"^(?:please |pls )?ask (?:them|him|her|the owner) (?:for|to)\b")
_CALLS_OWNER = re.compile(
    r"\b(?:telepon|telpon|telp|tlp|hubungi|call) (?:dulu )?(?:the )?"
    r"(?:pemohon|pemilik|warga|owner)(?:nya)?\b"
)
#: The owner is to mend something: "hubungi pemilik suruh kirim foto ulang".
_MENDS = re.compile(
    r"\b(?:suruh|minta|biar|supaya|untuk|agar|to) (?:\w+ )?(?:di)?(?:kirim|foto|ganti|isi|lengkap"
    r"|perbaik|betul|bener|benar|ulang|revisi|send|fix|correct|redo)\w*"
)
_DEPUTY = re.compile(r"\bwho (?:covers|stands in|fills in|takes over) for me\b|\bwho replaces me\b")
_WHOSE = re.compile(
    r"\b(?:izin|surat|permit)(?:nya)? (?:punya )?siapa\b|\bwhose (?:permit|is it)\b"
)
_FAILED = re.compile(
    r"\b(?:kenapa|siapa (?:saja )?(?:yang )?|why (?:did it )?) ?(?:gagal|fail(?:ed)?)\b"
)
_COMPARES = re.compile(
    r"\b(?:minggu|bulan|week|month)\b.*\b(?:dibanding\w*|banding\w*|vs|versus|compared)\b"
)
_BLAMED = re.compile(r"\b(?:diadukan|diaduin|dikomplain|complained about)\b")
_OVERDUE = re.compile(
    r"\b(?:pengaduan|aduan|keluhan|komplain|komplen|complaints?)\w*\b.*\b(?:lewat|telat|terlambat|overdue|late)\b"
)
_FOR_NOW = re.compile(
    r"\b(?:nonaktif\w*|skors\w*|diskors|suspend)\b.*"
    r"\b(?:sementara|dulu|seminggu|temporarily|for now"
    r"|\d+ (?:hari|minggu|days?|weeks?))\b"
)
_FIRES = re.compile(r"^(?:please |pls )?(?:fire|sack) (?:officer )?\w+(?: \w+)?\W*$", re.I)

_INSTEAD = re.compile(
    r"^\W*(?:(?:eh|hmm|oh|maaf|sorry|wait|ups)\W+)*(?:jangan|bukan|salah|ganti|mending|harusnya"
    r"|actually|no|not|rather|make it)\b"
)
MOST_WORDS = 6  # of a message that only names another officer

#: Forms that tell a matter alone, in any situation.
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = (
    (_EXPORT, "export"),
    (_DEPUTY, "away"),
    (_FAILED, "visits"),
    (_COMPARES, "figures"),
    (_BLAMED, "complaints"),
    (_OVERDUE, "complaints"),
    (_ASK_THEM, "return"),
)
#: Forms that tell a matter of a case that waits.
_OF_CASE: tuple[tuple[re.Pattern[str], str], ...] = ((_LIMIT, "why"), (_PIN, "why"))


def first(turn: TurnBuilder, text: str) -> str | None:
    """Return the matter of words that would sound an alarm ("fire joko"), or are about helpers."""
    if _FIRES.match(text.strip()) and mentions(turn, text):
        return "end"
    matter = recruiting.hears(turn, text)
    return None if matter is None or _alarms(text) else matter


def _alarms(text: str) -> bool:
    """Whether words tell of danger, whoever is in it."""
    ranked = lexicon.desk("supervisor").rank(text)
    return any(one.name == "danger" and one.weight >= 1 for one in ranked)


def hears(turn: TurnBuilder, text: str, named: Sequence[Named]) -> str | None:
    """Return the matter that the form of the words tells, or None."""
    said = standardised(text)
    if asks(turn, "where") and rounds_words.safe(text) is not None:
        return "danger_over"
    pending = any(asks(turn, matter) for matter in ("away", "misconduct", "talk"))
    if pending and _OVER_HEADS.match(said):
        return "held"
    if named and _FOR_NOW.search(said):
        return "stays"
    if len(named) and turn.told("assigned") and _INSTEAD.match(said) and few_words(text):
        return "offered"
    if named and named[0].at == 0 and _SAYS.search(said):
        return "where"
    if _is_message(said, named):
        return "message"
    if turn.told(recalling.DOCUMENT) and _WHOSE.search(said):
        return "check"
    forms = _FORMS if not turn.facts.desk.cases else _FORMS + _OF_CASE
    told = next((matter for form, matter in forms if form.search(said)), None)
    return told or _at_card(turn, said)


def _at_card(turn: TurnBuilder, said: str) -> str | None:
    """Return the matter of words at a card that want to reach its owner."""
    at_card = deciding.at(turn, "decision")
    mends = _MENDS.search(said) is not None
    if not mends and _CALLS_OWNER.search(said) and (at_card or not turn.facts.desk.calls):
        return "phone"
    if not at_card:
        return None
    return "in_doubt" if _ASKS_OWNER.search(said) else None


def _is_message(said: str, named: Sequence[Named]) -> bool:
    """Whether officers are to be told something: "umumkan ke semua petugas"."""
    if _NO_MESSAGE.search(said) or not (named or _TEAM.search(said)):
        return False
    if named and named[0].at == 0 and not _PASSIVE.search(said):
        return False  # "agus bilang ga bisa": the officer says it
    return _MESSAGE.search(said) is not None or _SUMMONS.search(said) is not None


def few_words(text: str) -> bool:
    """Whether a message is short enough to say one thing."""
    return len(text.split()) <= MOST_WORDS


def _offered(turn: TurnBuilder, text: str) -> None:
    """Say that a visit was offered to somebody just before, and how it goes to another one."""
    team = turn.facts.desk.officers
    first = next((one for one in team if str(one.id) == turn.told("assigned")), None)
    others = [one for named in mentions(turn, text) for one in named.officers]
    other = next((one for one in others if one != first), None)
    params = {
        "first": first.name.split()[0] if first is not None else "-",
        "other": other.name.split()[0] if other is not None else "Dewi",
    }
    drafts.digress(turn, Say("supervising.offered", params))


def _message(turn: TurnBuilder, text: str) -> None:
    """Say how officers are reached, since nothing can be sent to them here."""
    found = mentions(turn, text)
    one = found[0].officers[0] if len(found) == 1 and len(found[0].officers) == 1 else None
    if one is None:
        drafts.digress(turn, Say("supervising.message_all"))
    else:
        params = {"officer": one.name, "badge": one.badge, "first": one.name.split()[0]}
        drafts.digress(turn, Say("supervising.message", params))


def _danger_over(turn: TurnBuilder, text: str) -> None:
    """Go on after danger that is over."""
    turn.says.append(Say("supervising.danger_over"))
    drafts.go_on(turn)


ANSWERS: Mapping[str, Callable[[TurnBuilder, str], None]] = {
    "danger_over": _danger_over,
    "message": _message,
    "offered": _offered,
}
