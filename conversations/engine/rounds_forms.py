"""Words of an officer that are known by their form, beside those about the door and the desk.

Trouble that is over, a visit that is called off, an owner who is to be told something. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from conversations.engine import rounds_moves as moves
from conversations.engine import rounds_visits as visits
from conversations.engine.builder import TurnBuilder
from conversations.engine.rounds_reports import has_no_phone
from conversations.engine.rounds_words import usual
from conversations.lexicon import lists
from conversations.lifecycle import VisitState

_TROUBLE = lists.one_of("officers", "trouble")
_ENDED = lists.one_of("officers", "ended")
_OVER = re.compile(
    rf"\b(?:{_TROUBLE})(?: ?nya)?\b(?:(?! (?:tidak|belum|not)\b) \w+){{0,3}}? (?:{_ENDED})\b"
    rf"|(?<!tidak )(?<!belum )\b(?:{_ENDED})\b(?: \w+)? (?:{_TROUBLE})(?:nya)?\b"
)
_NOT_OVER = re.compile(r"\?|\b(?:tidak|belum|kalau|nunggu|tunggu|sampai|until|not|if)\b")
_WAITS = re.compile(r"\b(?:tunggu|tungguin|nunggu|nungguin|menunggu|ditunggu|wait)\b")
_WAITED = re.compile(
    r"\b(?:sudah|capek|lama|kelamaan|tadi|been|waited|bosan)\b"
    r"|\b\d+ ?(?:menit|jam|mnt)\b.*\btidak\b"
)
_GIVES_UP = re.compile(
    r"^(?:ya |oke |kunjungan(?:nya)? |ini |itu |catat |tandai |anggap )*"
    r"(?:gagal|gagalin|gagalkan|digagalkan|digagalin)(?: (?:saja|deh|dong|lah|ya|kunjungan(?:nya)?"
    r"|ini|itu))*$|^(?:mark|record) (?:it |this )?(?:as )?failed$"
)
_CALLS_OFF = re.compile(
    r"^(?:tolong |eh |minta )*(?:batal|batalin|batalkan|hapus|hapusin|cancel|skip|drop)\b"
)
_HANDS = re.compile(
    r"^(?:tolong |eh |mending |coba )*(?:kasih|kasihin|kasi|oper|operin|lempar|lemparin|alihin"
    r"|alihkan|limpahin|give|pass)\b"
)
_OF_GOODS = re.compile(
    r"\b(?:uang|duit|kode|surat|izin|ktp|foto|makan\w*|minum\w*|kopi|tau|tahu)\b"
)
_TELLS = re.compile(
    r"\b(?:bilang|bilangin|kabarin|kabari|kasih tahu|beritahu|infoin|sampein|tell|inform)\b"
)
_LATER = lists.any_of("officers", "detained")
_ASKS_WHEN = re.compile(r"\b(?:jam|pukul) berapa\b|\bkapan\b|\bwhat time\b|\bwhen\b")
_CODE = re.compile(r"\b(?:kode|otp|code|angka)(?:nya)?\b|\b\d{3} ?\d{3}\b")
_CODE_FAILS = lists.any_of("officers", "code_fails")
_TRIES = re.compile(
    r"\b(?:sisa|tinggal|masih|berapa|how many)\b.*\b(?:kali|coba|nyoba|percobaan|kesempatan|tries"
    r"|attempts)\b"
)
_ALL_TODAY = re.compile(
    r"\b(?:semua|seluruh|all)\b.*\b(?:kunjungan|jadwal|visits)\b.*\b(?:hari ini|today)\b"
    r"|\b(?:hari ini|today)\b.*\b(?:semua|all)\b"
)
_CANNOT = re.compile(
    r"\btidak (?:bisa|sanggup|kuat|mampu|jadi|dulu)\b|\b(?:can.?t|cannot)\b|\bbatal\w*\b"
)


#: A question what to do if it goes wrong at the door, before anybody is there.
_SUPPOSES = re.compile(
    r"^(?:\w+ )?(?:kalau|kalo|klo|misal\w*|seandainya|umpama\w*|what if|if)\b.*"
    r"\b(?:beda|salah|kosong|tutup|pindah|nolak|tidak (?:ada|mau|ketemu|cocok|sesuai)"
    r"|different|nobody|refuses?|wrong)\b.*"
    r"(?:\?|\b(?:gimana|apa|boleh|harus|ngapain|should|what|do i)\b)"
    r"|^(?:what if|what do i do if)\b.*\b(?:different|nobody|not|refuses?|wrong)\b"
)
_STAYS_ON = re.compile(
    r"\b(?:tidak|gak) jadi (?:batal|dibatalin|dibatalkan)\b"
    r"|\btetap (?:kesana|ke sana|datang|dateng|jalan|lanjut|saya ambil)\b"
)
_OWNER_BUSY = re.compile(
    r"\b(?:ibu|bapak|orang|pemilik|dia|owner|she|he)(?: ?nya)? (?:lagi|masih|sedang|is)\b.*"
    r"\b(?:sholat|solat|shalat|makan|mandi|masak|sarapan|praying|eating|bathing)\b"
)
_AT_PLACE = re.compile(
    r"^(?:saya |ini |nih )*(?:sudah|lagi) (?:ada )?(?:di ?(?:lokasi|tempat|rumah|warung|toko|depan)"
    r"|dilokasi|ditempat|didepan)\b"
)
_DONE = re.compile(
    r"^(?:ya |oke |ok |ini |sudah |all )*(?:selesai|kelar|beres|done|finished|dikasih|diserahkan)"
    r"(?: (?:semua|nih|ya|kok|kunjungannya|deh))*$"
)
_ASKS_BOSS = re.compile(
    r"\b(?:tanya|tanyain|nanya|konsultasi|ask)\b.*\bpengawas\b"
    r"|\b(?:nomor|nomer|no|hp|wa) pengawas\b"
)
_WHERE_OFFERED = re.compile(r"\b(?:tawaran|offer)\b.*\b(?:mana|dimana|where)\b")
_OWN_NUMBER = re.compile(r"\bminta (?:no|nomor|nomer)(?: hp| wa)? (?:saya|aku|gw|gue|gua|sy)\b")
_NO_SIGNAL = re.compile(
    r"^(?!.*\b(?:baterai|hp|kuota|pulsa)\b).*\b(?:sinyal|signal|jaringan)(?:nya)?\b"
)
_OTHER_TIME = re.compile(
    r"\b(?:bisa|boleh) (?:di)?(?:mundurin|mundurkan|majuin|majukan|undur|geser)\b"
)
_EMERGENCY_NUMBER = re.compile(r"\b(?:no|nomor|nomer|telepon|telp) darurat\b|\bemergency number\b")
_CHANGES = re.compile(
    r"\b(?:ubah\w*|rubah\w*|gantiin|benerin|betulin|edit|koreksi|change|correct) (?:\w+ )?"
    r"(?:nama|alamat|data|name|address)\w*\b"
)
_STAY_AWAY = re.compile(
    r"\b(?:jangan|tidak usah|tidak perlu) (?:datang|dateng|kesini|ke sini|kesana)\b"
    r"|\b(?:don.?t|not to) come\b"
)


def hears(turn: TurnBuilder, text: str) -> str | None:
    """Return the matter that the form of the words tells, or None."""
    said, typed = usual(text), text.lower()
    for form, matter in _ASKED:
        if form.search(said) or (typed != said and form.search(typed)):
            return matter
    if _withdraws_portrait(said):
        return "portrait_off"
    told = next((matter for fits, matter in _SITUATIONS if fits(turn, said)), None)
    return told or _of_named(turn, text, said)


def _withdraws_portrait(said: str) -> bool:
    """Whether an officer wants their own photo to be shown no more: "hapus foto saya"."""
    if _OWN_PHOTO.search(said) is None or _ELSE.search(said):
        return False
    hides = _NOT_WANTED.search(said) is not None and _SHOWN.search(said) is not None
    denied = _NOT_REMOVED.search(said) is not None
    return hides or (_REMOVES.search(said) is not None and not denied)


_OWN_PHOTO = lists.any_of("portraits", "own")
_REMOVES = lists.any_of("portraits", "removes")
_SHOWN = lists.any_of("portraits", "shown")
_NOT_WANTED = lists.any_of("portraits", "not_wanted")
_ELSE = lists.any_of("portraits", "unless")
_NOT_REMOVED = re.compile(
    rf"\b(?:jangan|tidak|belum|don.?t|not) (?:\w+ )?(?:{lists.one_of('portraits', 'removes')})\b"
)

#: Forms that tell a matter alone.
_ASKED = (
    (_EMERGENCY_NUMBER, "danger"),
    (_ASKS_BOSS, "boss"),
    (_CHANGES, "fix_data"),
    (_WHERE_OFFERED, "place"),
    (_NO_SIGNAL, "no_signal"),
    (_OWN_NUMBER, "own_number"),
)


def _is_arrived(turn: TurnBuilder) -> bool:
    """Whether the officer is at a visit."""
    return any(one.state == VisitState.ARRIVED for one in turn.facts.rounds.visits)


def _is_at_place(turn: TurnBuilder, said: str) -> bool:
    return _AT_PLACE.match(said) is not None and re.search(r"\?|\bmana\b", said) is None


def _has_no_code(turn: TurnBuilder, said: str) -> bool:
    """Whether words ask how many tries are left, or tell that the owner has no telephone."""
    return _waits_for_code(turn) and (_TRIES.search(said) is not None or has_no_phone(said))


def _code_fails(turn: TurnBuilder, said: str) -> bool:
    """Whether words name the code and tell that it does not work: "482 391 tapi ditolak"."""
    names = _CODE.search(said) is not None
    return names and _waits_for_code(turn) and _CODE_FAILS.search(said) is not None


def _fits(form: re.Pattern[str]) -> Callable[[TurnBuilder, str], bool]:
    return lambda turn, said: form.search(said) is not None


def _of_named(turn: TurnBuilder, text: str, said: str) -> str | None:
    """Return what words say of a visit whose owner they name."""
    matter = _of_a_visit(said)
    visit = visits.by_name(turn, text) if matter is not None else None
    if visit is None:
        return None
    if matter == "stay_away":
        return "refused" if visit.state in visits.UNDER_WAY else "other_time"
    return matter


def _of_a_visit(said: str) -> str | None:
    """Return what the form of words tells of one visit, whichever it is."""
    if _STAY_AWAY.search(said):
        return "stay_away"
    if _OTHER_TIME.search(said):
        return "other_time"
    if _CALLS_OFF.match(said):
        return "decline"
    if _HANDS.match(said) and not _OF_GOODS.search(said):
        return "give_away"
    if _TELLS.search(said) and _LATER.search(said):
        return "late"
    return "when" if _ASKS_WHEN.search(said) else None


def _is_over(said: str) -> bool:
    """Whether words tell that trouble on the way is over: "hujannya sudah reda"."""
    return _OVER.search(said) is not None and _NOT_OVER.search(said) is None


def _keeps_waiting(turn: TurnBuilder, said: str) -> bool:
    """Whether an officer who is asked if a visit failed rather waits: "tunggu saja deh"."""
    asked = turn.session.asked
    if asked is None or (asked.flow, asked.step) != (moves.FLOW, moves.FAILURE):
        return False
    return _WAITS.search(said) is not None and _WAITED.search(said) is None


def _is_there(turn: TurnBuilder) -> bool:
    """Whether a visit at which the officer has arrived is the open one."""
    visit = turn.facts.rounds.visit(visits.subject(turn))
    return visit is not None and visit.state == VisitState.ARRIVED


def _waits_for_code(turn: TurnBuilder) -> bool:
    visits_there = (v for v in turn.facts.rounds.visits if v.state == VisitState.ARRIVED)
    return any(not visit.code_proved for visit in visits_there)


#: Forms that tell a matter in a situation; the first one that fits.
_SITUATIONS: tuple[tuple[Callable[[TurnBuilder, str], bool], str], ...] = (
    (lambda turn, said: not _is_arrived(turn) and _fits(_SUPPOSES)(turn, said), "suppose"),
    (_code_fails, "wrong_code"),
    (lambda turn, said: _is_over(said), "over"),
    (lambda turn, said: _keeps_waiting(turn, said), "keep_waiting"),
    (lambda turn, said: visits.is_under_way(turn) and _fits(_GIVES_UP)(turn, said), "give_up"),
    (lambda turn, said: not moves.is_pending(turn) and _fits(_STAYS_ON)(turn, said), "here"),
    (lambda turn, said: _is_arrived(turn) and _fits(_OWNER_BUSY)(turn, said), "waiting"),
    (_is_at_place, "arrive"),
    (lambda turn, said: _is_there(turn) and _fits(_DONE)(turn, said), "handed"),
    (lambda turn, said: _fits(_ALL_TODAY)(turn, said) and _fits(_CANNOT)(turn, said), "absence"),
    (_has_no_code, "wrong_code"),
)
