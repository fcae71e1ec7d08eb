"""Words of an officer that are known by their form, before single words are weighed.

A word depends on the others here: "anjing galak" rings supervisors, "anjing macet" does not, and
"tadi tidak ada, sekarang ada" tells that somebody is there. Pure.
"""

from __future__ import annotations

import re
from functools import lru_cache

from conversations import lexicon
from conversations.engine import confirming, rounds_ktp
from conversations.engine import rounds_visits as visits
from conversations.engine.builder import TurnBuilder
from conversations.lexicon import lists
from conversations.lifecycle import VisitState
from conversations.parsers import dates, duration, halves
from conversations.script import FAILED
from conversations.words import TEXTS, standardised

_WORD = re.compile(r"[^\W_]+")
_TWICE = re.compile(r"\b([^\W\d_]{3,})2(?:nya)?\b")


@lru_cache(TEXTS)
def usual(text: str) -> str:
    """Return the text in standard spelling, with the short spellings of officers written out."""
    said = standardised(text)
    said = _TWICE.sub(r"\1 \1", said) if "2" in said else said
    if lists.short().keys().isdisjoint(_WORD.findall(said)):
        return said
    return _WORD.sub(lambda found: lists.short().get(found.group(), found.group()), said)


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


# -- danger ----------------------------------------------------------------------------------------

_SAFE = _any(
    rf"\b(?:{lists.one_of('officers', 'safe')})\b",
    r"\b(?:ok|oke|okay) (?:now|kok|sudah|saja)\b|\b(?:im|i.?m|its|it.?s|sudah|saya) (?:ok|oke"
    r"|okay)\b",
)
_PERHAPS_SAFE = _any(
    r"\b(?:sudah|udah) (?:pergi|jauh|kabur|pulang|keluar|lewat|bubar|diusir|dikurung)\b",
    rf"\b(?:{lists.one_of('officers', 'gone')})\b",
)
_UNSAFE = _any(
    r"\b(?:tidak|belum|kurang|not|never|isn.?t|aren.?t) (?:\w+ )?"
    r"(?:aman|safe|ok|oke|okay|fine|baik)\b",
    rf"\b(?:{lists.one_of('officers', 'unsafe')})\b",
    r"\b(?:mana (?:yang )?aman|aman (?:tidak|gak|ya)|cari tempat aman)\b|\?",
)
_BELONGINGS = lists.any_of("officers", "belongings")


def safe(text: str) -> str | None:
    """Return "safe" or "safe_perhaps" if words in danger say that it is over."""
    said = usual(text)
    if _UNSAFE.search(said):
        return None
    if _SAFE.search(said):
        return "safe"
    gone = _BELONGINGS.search(said) is None and _PERHAPS_SAFE.search(said) is not None
    return "safe_perhaps" if gone else None


_DOG = re.compile(rf"\b(?:{lists.one_of('officers', 'dog')})(?:nya)?\b")
_TAME = lists.any_of("officers", "tame")
_FIERCE = re.compile(lists.one_of("officers", "fierce"))  # within words: "dikejar"


def is_fierce(text: str) -> bool:
    """Whether the words say that an animal threatens."""
    return _FIERCE.search(usual(text)) is not None and not is_tame(text)


def without_dog(text: str) -> str | None:
    """Return what words say beside a dog, or a curse; None if they name none, or a fierce one."""
    said = usual(text)
    if not _DOG.search(said) or (_FIERCE.search(said) and not _TAME.search(said)):
        return None
    return _DOG.sub(" ", said).strip()


def is_tame(text: str) -> bool:
    """Whether the words say that a dog does no harm."""
    return _TAME.search(usual(text)) is not None


# -- complaints ------------------------------------------------------------------------------------

_SUPERVISOR = r"\b(?:pengawas|kepala|koordinator|manajer|manager)\w*\b"
_MISDEED = rf"\b(?:{lists.one_of('officers', 'misdeeds')})\b"
_LODGES = rf"\b(?:{lists.one_of('officers', 'lodges')})\b"
_ABOVE = _any(
    rf"{_SUPERVISOR}.*{_MISDEED}",
    rf"{_MISDEED}.*{_SUPERVISOR}",
    rf"{_LODGES}.*{_SUPERVISOR}",
)
_NAMED = re.compile(
    r"\b(?:bu|pak|bpk|mbak|mas|mrs?|ms)\.? (?!(?:nya|yang|rt|rw|pemilik|satpam|tadi|ini"
    r"|itu)\b)[a-z]{3,}"
)
_BY_NAMED = _any(
    r"\b(?:suruh|maksa|paksa) (?:saya|kami|kita|aku)\b|\b(?:bohong|palsu\w*)\b|\bnembak\b"
    r"|\bkorup\w*|\bpilih kasih\b|\bbentak\w*",
    rf"{_LODGES}",
    r"\bsuka (?:\w+ )?(?:marah|bentak|ngomel|maki|nyuruh|suruh|ngatur|nyindir)\w*",
    r"\b(?:males|malas|benci|kesel|kesal|muak) (?:\w+ )?(?:sama|dengan|sm|ama)\b",
)
_TO_SUPERVISOR = re.compile(
    r"\b(?:lapor|report) (?:dulu )?(?:ke|kepada|sama|to)(?: (?:the|my))? pengawas\b"
)
_FORCE = lists.any_of("officers", "force")


def complains_above(turn: TurnBuilder, text: str) -> bool:
    """Whether the words complain about a supervisor, who may only be named: "bu ratna"."""
    said = usual(text)
    if _FORCE.search(said) or _TO_SUPERVISOR.search(said):
        return False
    if _ABOVE.search(said):
        return True
    named = _NAMED.search(said) is not None and visits.by_name(turn, text) is None
    return named and _BY_NAMED.search(said) is not None


# -- the door --------------------------------------------------------------------------------------

_PERSON = r"(?:orang|ibu|bapak|pemilik|penghuni|yang punya|anak|istri|suami)(?: ?nya)?"
_TAIL = r"(?: (?:nya|kok|nih|ini|tuh|deh|ya|sekarang|ternyata|di rumah|rumah|lagi|baru|pak|bu))*$"
_THERE = _any(
    r"(?:^|\b(?:eh|oh|lah|nah|ternyata|sekarang|sudah|akhirnya|tapi|tp|cuma)[, ]+)"
    rf"ada {_PERSON}{_TAIL}",
    rf"(?<!tidak )(?<!belum )\b{_PERSON} (?:sudah |baru |ternyata |sekarang )?(?:ada|datang"
    rf"|dateng|muncul|pulang|nongol|balik|kembali){_TAIL}",
    r"\b(?:baru|barusan|ternyata|akhirnya) (?:saja )?(?:buka|dibuka)\b"
    rf"(?: {_PERSON}| \w+nya)?{_TAIL}",
    rf"\b(?:sekarang|ternyata|akhirnya|eh) (?:\w+ ){{0,2}}?(?<!tidak )(?<!belum )(?:ada|datang"
    rf"|dateng|muncul|nongol|dibukain|dibuka){_TAIL}",
    r"\b(?:some(?:one|body)|they|he|she|owner)(?: is| are|.?s|.?re)? (?:now |finally )?(?:home"
    r"|here|there|in|back|came|opened)\b(?! not)",
    rf"\b(?:dibukain|dibuka pintu|baru dibuka){_TAIL}",
)
_COMES = re.compile(rf"\b(?:muncul|datang|dateng|nongol) (?:juga )?{_PERSON}{_TAIL}")
_ABSENT = re.compile(
    r"\b(?:tidak|belum|bukan|not|no|nobody) (?:\w+ )?(?:ada|datang|home|here|there|in)(?: \w+)?$"
    r"|\bbawa\b|\?"
)
_LATE = lists.any_of("officers", "late")
_NEARLY = _any(
    r"\b(?:bentar|dikit|sedikit) (?:lagi|lg)\b",
    r"\b(?:hampir|nyaris|mau|bakal) (?:sampai|tiba)\b",
    r"^(?:sudah |udah |ini )?(?:dekat|mendekat)(?: kok| nih| banget)?$",
    r"\b(?:almost|nearly) (?:there|here|at)\b|\bclose (?:now|by)\b|\btinggal belok\b",
)
_WAITS = _any(
    r"\b(?:suruh|diminta|minta|bilang|katanya|told|says?|asked).*\b(?:tunggu|nunggu|ditunggu"
    r"|wait)\b",
    r"^(?:sudah |saya |lagi |masih )*(?:nunggu|tunggu|menunggu|waiting|waited"
    r"|been waiting)\b.*\b(?:menit|mnt|mins?|jam|lama|tadi)\b",
)
_LOCKED = re.compile(
    r"\b(?:rumah|pintu|pagar|gerbang|warung|toko|kios)(?: ?nya)? (?:\w+ )?(?:dikunci|digembok"
    r"|terkunci|kekunci|locked)\b"
)
_UNANSWERED = re.compile(
    r"\b(?:ditelepon|telepon|dihubungi|hp|wa|di wa|diwa|called)(?: ?nya)?\b.*"
    r"\b(?:tidak|not|no) (?:diangkat|ngangkat|angkat|aktif|nyambung|dijawab|jawab|bales|dibales"
    r"|answer)"
)
_MOVED = re.compile(
    r"\b(?:tetangga|orang|ibu|bapak|pemilik|warga)(?: ?nya)?\b.*\bpindah\b|^(?:sudah"
    r"|udah) pindah\b|\bmoved (?:away|out)\b"
)
_MOVED_ELSE = lists.any_of("officers", "moved_else")
_AROUND = lists.any_of("officers", "around")
_FINDS_NOT = re.compile(r"\btidak (?:\w+ )?(?:nemu|ketemu|ada)")
_WRONG_TAP = re.compile(
    r"\bsalah (?:pencet|tap|tekan|klik|pilih|ketuk|mencet|kirim)\b|\bkepencet\b"
    r"|^(?:eh|aduh|ups|oops|waduh|lah)?[, ]*salah(?: (?:nih|deh|maaf|sorry))?$"
    r"|^(?:oh |oops )?wrong$|\b(?:wrong (?:tap|button|one)|misclick\w*|mistapped|undo|oops)\b"
)

_ANOTHER = re.compile(
    r"\b(?:nama|name|foto|photo|muka|wajah|face|orang|person)(?:nya)?\b|\bbukan (?:dia|punya"
    r"|milik)\b"
)
_ADDRESS = re.compile(rf"\b(?:{lists.one_of('officers', 'address')})")
_NAME_DIFFERS = _any(
    r"\b(?:nama|name|foto|photo|muka|wajah|face)(?: ?nya)?\b.*\b(?:beda|berbeda|lain|salah"
    r"|different|differs?|wrong|mismatch|(?:tidak|bukan|not|doesn.?t) (?:sama|sesuai|cocok|mirip"
    r"|match|orang|dia|same))\b",
    r"\b(?:beda|lain|different|wrong|not the same) (?:nama|name|foto|photo|muka|wajah|face|orang"
    r"|person)\b",
    r"\bktp.*\b(?:beda|lain|different|wrong) (?:nama|orang|name|person)",
    r"\bbukan (?:\w+ ){0,2}(?:yang )?(?:di |dalam )?(?:ktp|foto)",
    r"\bktp(?: ?nya)? (?:punya |milik |nama |atas nama )?(?:orang lain|suami|istri|kakak|adik"
    r"|mertua|saudara|teman|temen|pinjam|pinjem|palsu|bukan)",
)
_SOMEBODY_ELSE = re.compile(
    r"^(?:ini|itu|yang ada|yg ada|ada)(?: \w+)? (?:suami|istri|anak|adik|kakak|mertua|saudara"
    r"|karyawan|pegawai|orang lain)(?: ?nya)?\b"
    r"|\b(?:it.?s|that.?s|this is) (?:his|her|their) (?:husband|wife|son|daughter|brother|sister)\b"
)
_OTHER_TRADE = _any(
    r"\b(?:jual|jualan|dagang|sells?)\b.*\b(?:bukan|tidak|not)\b",
    r"\b(?:bukan|not) (?:warteg|warung|toko|jual|makan)\b",
    r"(?:\+|\btambah|\bnambah|\bplus|\bsama|\bjuga|\bdan).*\bjual",
)
_SLIGHTLY = lists.any_of("mending", "slightly")
_FITS = re.compile(r"^(?:sudah |ya |iya )?(?:sesuai|sama|cocok|mirip)(?: (?:persis|kok|banget))?$")


def somebody(text: str) -> bool:
    """Whether the words say that somebody is there after all."""
    said = usual(text)
    there = _THERE.search(said) or _COMES.search(said)
    return there is not None and _ABSENT.search(said) is None


_FOUND = re.compile(
    r"^(?:sudah |udah |eh |oh |nah |akhirnya |ternyata )*(?:ketemu|nemu|dapat|found it)"
    r"(?: (?:kok|nih|deh|deng|alamatnya|rumahnya|orangnya))*$"
)


def _goes_well(said: str) -> bool:
    """Whether words at "record it as failed?" say that nothing is wrong: "sesuai", "ketemu"."""
    return _FITS.match(said) is not None or _FOUND.match(said) is not None


def at_the_door(turn: TurnBuilder, text: str) -> str | None:
    """Return the matter of a visit that is agreed on, if the form of the words tells it."""
    said, step = usual(text), _step(turn)
    states = {visit.state for visit in turn.facts.rounds.visits}
    has_failed = bool(turn.told(FAILED)) and not visits.is_under_way(turn)
    if not states & visits.AGREED or (has_failed and somebody(text)):
        return _behind_failure(text, said)
    wondering = step == "failure" or confirming.asks(turn, "mend")
    if somebody(text) or (wondering and _goes_well(said)):
        recorded = "gagal" in said.split() and step != "failure"
        return "not_failed" if recorded else "somebody"
    under_way = visits.is_under_way(turn)
    of_ktp = rounds_ktp.hears(step, said, proved=_is_proved(turn)) if under_way else None
    if of_ktp is not None:
        return of_ktp
    if _is_another(step, said):
        return "ktp_name"
    if step == "ktp" and _is_unsure(text):
        return "unlike"
    if step in _OF_TRADE and not _FITS.match(said):
        if _OTHER_TRADE.search(said):
            return _OF_TRADE[step]
        if _SLIGHTLY.search(said):
            return "differs" if step == "place" else _OF_TRADE[step]
    soon = _NEARLY.search(said) and not _LATE.search(said) and duration.minutes(text) is None
    if soon and VisitState.ON_THE_WAY in states:
        return "nearly"
    return _not_met(turn, said)


def _behind_failure(text: str, said: str) -> str | None:
    """Return the matter of words after the last visit: "eh ternyata ada" where it has failed."""
    if _LOCKED.search(said):
        return "nobody"
    return "not_failed" if _WRONG_TAP.search(said) or somebody(text) else None


def _is_proved(turn: TurnBuilder) -> bool:
    """Whether the officer is at a visit whose code has matched."""
    return any(v.state == VisitState.ARRIVED and v.code_proved for v in turn.facts.rounds.visits)


def _not_met(turn: TurnBuilder, said: str) -> str | None:
    """Return why the owner or the place is not met; or that a tap was a mistake."""
    under_way = visits.is_under_way(turn)
    if under_way and _WAITS.search(said):
        return "waits"
    if _LOCKED.search(said) or _UNANSWERED.search(said):
        return "nobody"
    if _MOVED.search(said) and not _MOVED_ELSE.search(said):
        return "not_found"
    if under_way and _AROUND.search(said) and not _FINDS_NOT.search(said):
        return "lost"
    return "not_failed" if _WRONG_TAP.search(said) else None


def _step(turn: TurnBuilder) -> str:
    asked = turn.session.asked
    return asked.step if asked is not None and asked.flow == "visit" else ""


def _is_another(step: str, said: str) -> bool:
    """Whether the KTP shows another name or face: an address alone may differ."""
    if _NAME_DIFFERS.search(said):
        address = _ADDRESS.search(said) is not None and "alamat" in said
        return not address or _ANOTHER.search(said) is not None
    return step == "ktp" and _SOMEBODY_ELSE.search(said) is not None


_NAME = re.compile(r"\b(?:nama|name)(?: ?nya)?\b")
_BEARER = re.compile(r"\b(?:foto|photo|muka|wajah|face|orang|person|suami|istri)(?: ?nya)?\b")


def names_name(text: str) -> bool:
    """Whether words about a KTP are about the name alone, and not about its bearer."""
    said = usual(text)
    return _NAME.search(said) is not None and _BEARER.search(said) is None


#: Matters of words about another trade, by the question that is open.
_OF_TRADE = {"place": "trade_changed", "failure": "trade_wrong"}


def _is_unsure(text: str) -> bool:
    """Whether words leave it open whether the KTP is of the owner: "mirip tapi tidak persis"."""
    return any(one.weight >= 1 for one in lexicon.desk("at_ktp").rank(text))


def names_address(text: str) -> bool:
    """Whether words about a KTP are about the address, or where its holder comes from."""
    return _ADDRESS.search(usual(text)) is not None


def still_works(text: str) -> bool:
    """Whether somebody is ill or late and works all the same."""
    return _STILL.search(usual(text)) is not None


# -- staff -----------------------------------------------------------------------------------------

_WORKS = _any(
    r"\b(?:batal|batalin|cancel)\w*\b.*\b(?:cuti|libur|izin|absen|leave|off|sakit)",
    r"\b(?:cuti|libur|izin|absen|leave)(?: ?nya)? (?:di)?(?:batal|dibatalin|tidak jadi|cancel)",
    r"\b(?:tidak|jangan) jadi (?:cuti|libur|izin|absen|sakit)\b",
    r"(?<!tidak )(?<!belum )\b(?:jadi|tetap|bisa) (?:masuk|kerja|ngantor)\b(?! (?:rs|rumah|gang"
    r"|angin))",
    r"^(?:saya )?(?:besok |lusa )?masuk (?:kok|kerja|saja)",
    r"\b(?:i can work|i.?ll work|will work|working after all|coming (?:in )?after all"
    r"|not sick any ?more)\b",
)
_STILL = re.compile(
    r"\b(?:tapi|but|meski\w*)\b(?!.*\b(?:tidak|not|can.?t)\b).*"
    r"\b(?:masuk|kerja|work|working|coming)\b(?! (?:rs|rumah|angin))"
)
_LEAVE = re.compile(r"^(?:on |i.?m )?(?:leave|off|sick|holiday|cuti|libur)\b.*(?:\d|\btomorrow\b)")
_BATTERY = re.compile(r"\bbaterai\b")
_BOSS_SILENT = _any(
    rf"{_SUPERVISOR}.*\b(?:tidak|susah|not)\b.*(?:telepon|angkat|hubung|bales|balas|answer|reply"
    rf"|respon)",
    r"\b(?:telepon|call|hubungi|ring) (?:saya|aku|me|balik|back)\b(?! (?:pemilik|ibu|bapak))",
    rf"\b(?:telepon|telponin|call|hubungi|hubungin)\b.*{_SUPERVISOR}",
    rf"^(?:tolong|minta|mau|butuh|need)?(?: \w+)? ?{_SUPERVISOR}(?: dong| ya| please)?$",
)
_STAFF = _any(
    rf"\b(?:{lists.one_of('officers', 'pay')})\b",
    r"\b(?:kantor|office)\b.*\b(?:buka|tutup|jam|open|hours)\b",
    r"^jam (?:kantor|pulang|masuk)\b|\b(?:pulang|masuk) jam berapa\b",
    r"\b(?:uang|duit|ongkos) (?:bensin|pulsa|parkir|jalan)\b.*\b(?:ganti|diganti|klaim|diklaim"
    r"|cair|dapat|keluar)\b|\b(?:klaim|claim) (?:bensin|parkir|pulsa)\b",
    r"\bkok (?:saya|aku) (?:terus|melulu|mulu|lagi)\b|\bwhy (?:is it )?always me\b",
)
_OWN_HOURS, _OTHERS_HOURS = lists.any_of("duty", "own"), lists.any_of("duty", "unless")
_STOLEN = re.compile(
    r"\b(?:motor|hp|hape|tas|dompet|helm|bike|phone|bag|wallet) (?:saya |aku |my )?(?:hilang"
    r"|raib|dibawa|diambil|digondol|missing|gone|lost)"
)
_READS_NOT = re.compile(
    r"\b(?:tidak|not|can.?t|cannot) (?:bisa |pernah )?(?:baca|membaca|read)|\bbuta huruf\b"
)
_HELPER = re.compile(
    r"\b(?:anak|istri|suami|keluarga|cucu|adik|kakak|tetangga)(?: ?nya)?\b.*\b(?:isi|ngisi|ketik"
    r"|bantu|wakil\w*|gantiin)\b.*"
    r"|\bdiwakil\w*\b"
)
_MANY = re.compile(
    r"\b(?:besok|lusa|pagi|siang|sore|tomorrow|afternoon|morning)\b.*\b(?:berapa|brp|how many)\b"
    r"|\b(?:berapa|brp|how many)\b.*\b(?:besok|lusa|siang|sore|pagi|tomorrow|afternoon|morning)\b"
)
_FREE = re.compile(
    r"\b(?:besok|lusa|siang|sore|tomorrow|afternoon)\b.*"
    r"\b(?:kosong|ada apa|ada kunjungan|ada jadwal|jadwal|free|anything|visits)\b"
)
_MANY_ELSE = lists.any_of("officers", "many_else")
_WHERE_FIRST = re.compile(
    r"\b(?:kmn|kemana|mana|ke mana|where) (?:dl|dulu|duluan|first)\b|^rute\b|^route\b"
)
_GOES_ON = re.compile(
    r"^(?:lanjut|lanjutkan|terus|next|go on|continue)(?: (?:saja|aja|dulu|ya|deh|dong|lah))*$"
)
_SOON = re.compile(r"^(?:tunggu |ya |ok |oke )*bentar(?: (?:lagi|ya|dulu|lg|pak|bu))*$")
_NOT_THAT = re.compile(
    r"^\W*(?:bukan|bkn|salah|eh|no|not|wrong|ralat|maksud\w*|maksudku)\b[\s,.:]*"
)


def of_staff(turn: TurnBuilder, text: str) -> str | None:
    """Return the matter between an officer and supervisors that the form of the words tells."""
    said = usual(text)
    absent = confirming.asks(turn, "absent") or confirming.asks(turn, "absence")
    if _STILL.search(said):
        return "works"
    if _WORKS.search(said) and (absent or not visits.is_under_way(turn)):
        return "works"
    if _LEAVE.search(said) or halves.names_half(text):
        return "absence"
    if complains_above(turn, text):
        return "complain"
    if _BOSS_SILENT.search(said) and visits.by_name(turn, text) is None:
        return "call_me"
    if _BATTERY.search(said) and len(said.split()) > 1:
        return "battery"
    if _STOLEN.search(said) and not re.search(r"\b(?:kunci|stnk|sim)\b", said):
        return "stolen"
    if _OWN_HOURS.search(said) and not _OTHERS_HOURS.search(said):
        return "own_hours"
    return "staff_matter" if _STAFF.search(said) else None


def asks_about_day(turn: TurnBuilder, text: str) -> str | None:
    """Return the matter of a question about the day's visits, or of the person at the door."""
    said = usual(text)
    asks = _MANY.search(said) or (_FREE.search(said) and not visits.is_under_way(turn))
    if asks and not _MANY_ELSE.search(said):
        return "how_many"
    if _WHERE_FIRST.search(said):
        return "next"
    helps = visits.is_under_way(turn) or "diwakil" in said
    if helps and _HELPER.search(said):
        return "helper"
    if _READS_NOT.search(said) and visits.is_under_way(turn):
        return "helper" if _is_proved(turn) else "whose_code"
    return None


def is_wrong_tap(text: str) -> bool:
    """Whether words say that something was tapped by mistake: "eh salah pencet"."""
    return _WRONG_TAP.search(usual(text)) is not None


def only_soon(text: str) -> bool:
    """Whether the words only put an answer off: "bentar lagi"."""
    return _SOON.match(usual(text)) is not None


def only_goes_on(text: str) -> bool:
    """Whether the words only want to go on, which agrees to nothing that is asked."""
    return _GOES_ON.match(usual(text)) is not None


def corrected(turn: TurnBuilder, text: str) -> str:
    """Return words about days without what they take back: "no, ", "bukan besok, "."""
    said = " ".join(
        lists.short().get(word, word) if word in _DAYS else word for word in text.split()
    )
    said = said.lower()
    for denied in (_NOT_THIS, _NOT_THAT):
        rest = denied.sub("", said)
        named = dates.read(rest, turn.facts.today) if rest != said else None
        if named is not None and named.days:
            return rest
    return said


_NOT_THIS = re.compile(r"^\W*(?:bukan|bkn|jangan|not)\s+[^,;]+[,;]\s*")
_DAYS = frozenset({"tmrw", "tmr", "tmrow", "tomorow"})
