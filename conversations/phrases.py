"""Phrases: maps whole messages and key words to commands and intents."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import cache, lru_cache

from rapidfuzz import process
from rapidfuzz.distance import Indel

from conversations.lexicon import no_names
from conversations.lexicon.whole import phrases as listed_phrases
from conversations.words import TEXTS, plain, squeezed, standard, standardised


class Command(StrEnum):
    """Commands that a whole message may be, whatever the question."""

    BACK = "back"
    CANCEL = "cancel"
    MENU = "menu"
    HELP = "help"
    STATUS = "status"
    HUMAN = "human"
    STOP = "stop"
    START = "start"
    LANGUAGE = "language"
    RESTART = "restart"
    MY_DATA = "my_data"
    ERASE_DATA = "erase_data"
    SEND_DOCUMENT = "send_permit"
    CHECK_OFFICER = "check_officer"
    CHECK_DOCUMENT = "check_permit"
    LINK = "link"
    TAKE_OVER = "take_over"
    HAND_OVER = "hand_over"
    POSTER = "poster"


class Intent(StrEnum):
    """Meanings of a message that is not an answer with a value."""

    YES = "YES"
    NO = "NO"
    BACK = "BACK"
    CANCEL = "CANCEL"
    RESTART = "RESTART"
    SKIP = "SKIP"
    HELP = "HELP"
    STATUS = "STATUS"
    HUMAN = "HUMAN"
    STOP = "STOP"
    COMPLAINT = "COMPLAINT"
    THANKS = "THANKS"
    GREETING = "GREETING"
    COST = "COST"
    FEAR = "FEAR"
    DOUBT = "DOUBT"
    RESCHEDULE = "RESCHEDULE"
    BANTUAN_MONEY = "BANTUAN_MONEY"
    ROBOT = "ROBOT"
    WHERE_IS_OFFICER = "WHERE_IS_OFFICER"
    CODE_AGAIN = "CODE_AGAIN"
    RESEND_PERMIT = "RESEND_PERMIT"
    RENEW = "RENEW"
    CHANGE_AFTER_PERMIT = "CHANGE_AFTER_PERMIT"
    CLOSE_BUSINESS = "CLOSE_BUSINESS"
    REFERRAL = "REFERRAL"
    COOPERATIVE = "COOPERATIVE"
    CREDIT = "CREDIT"
    EMERGENCY = "EMERGENCY"
    DISTRESS = "DISTRESS"
    PRIVACY = "PRIVACY"
    OFFICE = "OFFICE"
    OTHER_AUTHORITY = "OTHER_AUTHORITY"
    WHAT_FOR = "WHAT_FOR"
    WHO_ARE_YOU = "WHO_ARE_YOU"
    ABUSE = "ABUSE"
    WHY = "WHY"
    KEEP_CODE = "KEEP_CODE"  # may the code be told by telephone?
    REQUIREMENTS = "REQUIREMENTS"
    HOW_LONG = "HOW_LONG"
    QUESTION = "QUESTION"  # the wish to ask something, before it is asked
    NO_PHOTO = "NO_PHOTO"
    NO_CALL = "NO_CALL"  # do not call me
    NO_QUOTA = "NO_QUOTA"  # no internet quota left
    GO_ON = "GO_ON"  # after all: nothing is cancelled
    TIRED = "TIRED"  # of so many questions
    OFFICER_LOOKS = "OFFICER_LOOKS"  # how is an officer known: uniform, man or woman
    NOT_HANDED = "NOT_HANDED"  # the officer left without handing the permit over
    SEIZED = "SEIZED"  # a cart or goods, in a raid
    TERM = "TERM"  # what does NIB mean?
    ELSEWHERE = "ELSEWHERE"  # a complaint to the ombudsman, the press, the police
    DISSATISFIED = "DISSATISFIED"  # with an answer of ours
    CODE_GIVEN = "CODE_GIVEN"  # the door code was told by telephone
    RETALIATION = "RETALIATION"  # fear of what a complaint brings
    WITHDRAWS = "WITHDRAWS"  # a complaint is taken back
    STORY_LATER = "STORY_LATER"  # what happened is told another time
    HOPELESS = "HOPELESS"  # what is a complaint good for?
    VOICE = "VOICE"  # may it be said aloud?
    NO_LOCATION = "NO_LOCATION"  # how is a location sent, or it cannot be
    PLAIN_PHONE = "PLAIN_PHONE"  # an old telephone
    BORROWED_PHONE = "BORROWED_PHONE"
    COME_TO_ME = "COME_TO_ME"  # an officer shall come and fill in the form
    BY_MYSELF = "BY_MYSELF"  # the form is filled in without an officer


_OF_COMMAND = {
    Command.BACK: Intent.BACK,
    Command.CANCEL: Intent.CANCEL,
    Command.HELP: Intent.HELP,
    Command.STATUS: Intent.STATUS,
    Command.HUMAN: Intent.HUMAN,
    Command.STOP: Intent.STOP,
    Command.RESTART: Intent.RESTART,
}

# A question whether this is fraud is no complaint: "ini penipuan ya?". A complaint names a deed.
_FRAUD = r"(?:modus )?(?:penipuan|tipu tipu|tipuan|ditipu|modus|scam|hoaks|hoax|bohongan)"
_ASKING = r"apa|apakah|bukan|takut|jangan jangan|jangan|curiga|khawatir"
_DEED = r"petugas|uang|bayar|sudah|kemarin|tadi|lapor|kena|minta"

# Patterns of intents in a longer message, most specific first. `_key` spelling, whole words.
_SIGNS: tuple[tuple[Intent, str], ...] = (
    (
        Intent.STOP,
        r"jangan (?:\w+ )?(?:wa|whatsapp|chat|hubungi|kirim|sms|ganggu|kontak|spam)\b"
        r"(?! (?:orang|petugas|siapa|dia))"
        r"|(?:stop|berhenti|tidak usah|setop) (?:\w+ )?(?:wa|whatsapp|chat|hubungi|kirim|sms"
        r"|ganggu|langganan|pesan)|hapus nomor|(?:jangan|tidak mau) (?:di)?(?:wa|chat|hubungi"
        r"|ganggu)|opt out|blokir",
    ),
    (
        Intent.DOUBT,
        rf"^(?!.*\b(?:{_DEED})).*\b(?:(?:{_ASKING}) (?:\w+ )?{_FRAUD}|{_FRAUD} (?:\w+ )?(?:ya|yah"
        r"|kan|bukan|tidak|apa|kah)(?: (?:pak|bu|min|kak|mas|mbak|sih))*$|(?:asli|resmi|beneran"
        r"|nyata) (?:atau|apa) (?:bohong\w*|palsu|tipu\w*|penipuan|hoaks|hoax)"
        r"|is (?:this|it) (?:a )?(?:scam|fraud|fake))",
    ),
    (
        Intent.COMPLAINT,
        r"pungli|pemeras\w*|diperas|dipalak|malak|nyogok|suap|penipu\w*|ditipu|gadungan|palsu"
        r"|calo\b|(?:di)?(?:minta\w*|pinta) (?:uang|bayar\w*|ongkos|jatah|rokok|imbalan|biaya)"
        r"|uang rokok|(?:petugas|orang)\w* (?:\w+ )?(?:kasar|jahat|galak|jutek|marah\w*|nakal"
        r"|bentak\w*|sombong)|(?:kasar|galak|jutek|tidak sopan|tidak ramah|dibentak|dimarahi\w*"
        r"|mengancam|diancam)|petugas\w* (?:\w+ )?(?:tidak|belum) (?:\w+ )?(?:datang|muncul"
        r"|nongol|hadir|kelihatan|sopan|ramah)|(?:tidak|belum) (?:pernah )?datang(?: datang|2"
        r"| juga)|telat|terlambat|ingkar|\b(?:me)?lapor\w* petugas|(?:mau"
        r"|ingin) (?:me)?(?:lapor\w*|ngadu|komplain|protes)|komplain|kecewa"
        r"|pelayanan\w* (?:buruk|jelek|lambat|payah)|lama (?:banget|amat|sekali)"
        r"|\blapor(?= (?!usaha|belum)\w)|sudah (?:nunggu|menunggu|tunggu)\b"
        r"|sampai sekarang (?:belum|tidak)",
    ),
    (
        Intent.BANTUAN_MONEY,
        r"bansos|\bblt\b|bpum|\bpkh\b|banpres|\bbst\b|bantuan (?:uang|modal|tunai|dana|sosial"
        r"|umkm|usaha|(?:dari )?pemerintah|presiden|langsung)|dana (?:bantuan|hibah|umkm)"
        r"|uang bantuan|(?:bagi|dapat|dapet) sembako|subsidi|hibah|kartu prakerja|prakerja"
        r"|(?:dapat|dapet|minta|terima) (?:\w+ )?(?:bantuan|modal|dana)\b"
        r"|(?:kapan|sudah) (?:\w+ )?cair|pencairan"
        r"|(?:dapat|dapet) uang|bantuan\w* (?:\w+ )?cair|modal (?:gratis|dari pemerintah)",
    ),
    (
        Intent.FEAR,
        r"gusur|razia|satpol|ditertibkan|penertiban|obrak|trantib|pajak|\bdenda|didenda"
        r"|ditangkap|disita|diusir|\btakut|dibongkar|ditutup|dipenjara|penjara|diangkut|kamtib"
        r"|dipajakin|dipindah\w*|relokasi",
    ),
    (
        Intent.COST,
        r"\bbayar|biaya|\bgratis|ongkos|\btarif|dipungut|pungutan|(?:berapa|perlu|keluar|pakai"
        r"|pake|butuh) (?:\w+ )?uang|harga\w* berapa|berapa harga|berapa ongkos|administrasinya"
        r"|how much|is it free|costs?|fee|berapaan|setelah berapa",
    ),
    (
        Intent.HUMAN,
        r"(?:bicara|ngobrol|ketemu|chat|telepon|telpon|hubungi|hubungin|sambung\w*|tanya"
        r"|panggil\w*|nanya|konsultasi) (?:\w+ )?(?:dengan |ke |langsung "
        r"|sama )*(?:\w+ )?(?:orang|petugas|admin|manusia|cs|operator|staf|staff|pegawai)\w*"
        r"|customer service|call cent(?:er|re)|orang (?:asli|beneran|betulan)|(?:ini"
        r"|kamu) (?:robot|bot|mesin)|(?:minta|ada) (?:nomor )?(?:admin|cs|operator)|real person"
        r"|jangan (?:bot|robot)|bukan (?:bot|robot)",
    ),
    (
        Intent.RESCHEDULE,
        r"undur|reschedule|(?:ganti|ubah|pindah|geser|atur ulang|rubah|tukar)\w* (?:ke )?(?:hari"
        r"|jadwal|waktu|tanggal|jam|besok)|jadwal ulang|\btunda|ditunda|dimaju\w*|maju(?:kan|in)"
        r"|mundur(?:kan|in)|(?:besok|lusa|hari itu|hari ini|jam segitu|jam itu|senin|selasa|rabu"
        r"|kamis|jumat|sabtu) (?:saya )?tidak (?:bisa|ada di|di rumah)|tidak (?:bisa|di rumah"
        r"|ada di rumah|ada orang) (?:\w+ )?(?:hari|besok|lusa|jam|tanggal|senin|selasa|rabu"
        r"|kamis|jumat|sabtu)|lain hari|hari lain|waktu lain|jam lain|pulang kampung|(?:lain"
        r"|laen) (?:waktu|kali)|(?:saya )?(?:lagi )?tidak di rumah",
    ),
    (
        Intent.STATUS,
        r"sampai mana|\bstatus|(?:sudah|uda) (?:\w+ )?(?:jadi|selesai|kelar|beres|terbit|keluar"
        r"|diproses|acc|disetujui) (?:\w+ )?(?:belum|apa)|kapan (?:\w+ )?(?:jadi|selesai|datang"
        r"|kelar|beres|terbit|keluar|ke sini|kesini|diproses|dikunjungi)\w*|(?:petugas"
        r"|orang)\w* (?:\w+ )?(?:di ?mana|mana|sampai|kapan|jam berapa|jadi datang)"
        r"|mana (?:petugas|izin|surat)\w*|gimana (?:\w+ )?(?:izin|permohonan|pengajuan|surat"
        r"|proses|kabar|kelanjutan|perkembangan)\w*|(?:izin|permohonan|pengajuan|surat"
        r"|proses)\w* (?:saya )?(?:\w+ )?(?:gimana|mana|sudah|kapan)|berapa lama lagi|masih lama"
        r"|lama tidak|jam berapa (?:\w+ )?(?:datang|petugas)|(?:cek|lihat) (?:permohonan|izin"
        r"|pengajuan)|perkembangan|progres",
    ),
    (
        Intent.RESTART,
        r"(?:dari|ke) (?:awal|nol)|(?:ulang|mulai) (?:lagi|baru)\b|mulai ulang|start over|reset"
        r"|\brestart",
    ),
    (
        Intent.CANCEL,
        r"tidak jadi|batal\w*|urungkan|tidak mau lanjut|tidak mau diteruskan|jangan dilanjut\w*",
    ),
    (
        Intent.BACK,
        r"(?:ubah|ganti|salah|ralat|betulin|benerin|perbaiki|koreksi|edit"
        r"|rubah) (?:\w+ )?(?:jawaban|tadi|sebelum\w*|barusan|ketik|isi|tulis|pencet|jawab)\w*"
        r"|(?:jawaban|tadi|barusan)\w* (?:\w+ )?salah|(?:pertanyaan|yang|ke) sebelumnya"
        r"|kembali (?:ke|dulu)|mundur (?:dulu|se|satu)",
    ),
    (
        Intent.HELP,
        r"^(?:\w+ )?gimana(?: \w+)?$|maksud(?:nya apa)?"
        r"|(?:gimana|apa|seperti apa) (?:\w+ )?cara\w*|cara\w* gimana|(?:tidak"
        r"|kurang|belum) (?:begitu )?(?:ngerti|mengerti|paham|faham|mudeng|dong|jelas"
        r"|tahu cara\w*|ngarti|donk)|bingung|contoh\w*|(?:minta |butuh |mohon |perlu )bantuan"
        r"|apa (?:sih )?(?:itu|ini)|ini apa|untuk apa|(?:harus|mesti|kudu) (?:gimana|apa"
        r"|ngapain)|ngapain|gimana (?:ini|isi|nulis|jawab|daftar|ngisi|sih|maksud)\w*"
        r"|cara(?:nya)? \w+|tolong (?:di)?(?:jelas|bantu|terang)\w*|jelasin|jelaskan|syarat\w*",
    ),
    (
        Intent.SKIP,
        r"^(?:\w+ )?(?:tidak|belum) (?:ada|punya|duwe|ade|bikin|buat|bawa|pernah (?:bikin|punya"
        r"|urus))\b.*|\blewati\b|\bskip\b|nanti (?:saja )?(?:diisi|menyusul|nyusul)|menyusul",
    ),
    (
        Intent.THANKS,
        r"te?ri?ma ?kas\w*|ma+ka?si\w*|mksh?i?|nuhun|n?suwun|\bthanks?\b|\bthank ?you|trims"
        r"|tengkyu|thx|semoga (?:berkah|sukses|sehat)|sangat membantu",
    ),
    (
        Intent.GREETING,
        r"^(?:ass?ala?m\w*|selamat (?:pagi|siang|sore|malam)|hal+o+|hel+o+|hai|hi|hey|permisi"
        r"|punten|kulo ?nuwun|sampurasun|good (?:morning|afternoon|evening|day)|greetings"
        r"|(?:met|sugeng|wilujeng) (?:pagi|siang|sore|malam|enjing|sonten|dalu|enjang|wengi))\b",
    ),
    (
        Intent.NO,
        r"^(?:tidak|bukan|jangan|belum) (?:setuju|mau|bisa|boleh|cocok|benar|betul|sesuai|usah"
        r"|perlu|itu|minat|pas|tertarik)\b",
    ),
    (
        Intent.YES,
        r"^(?:ya|iya|iye|oke|ok|siap|setuju|boleh|betul|benar|bener|sip|lanjut)\b",
    ),
)

ALIKE = 0.82  # of 1: how like a whole phrase of one word a misspelt word must be
_PREFIXES = r"(?:di|ke|ter|meng?|peng?)?"
_ENDINGS = r"(?:nya|ku|mu|kah|lah|in|kan|an|i)?"
_TWICE = re.compile(r"\b([^\W\d_]{3,})2\b")  # "pagi2" is "pagi pagi"
_NO_WORD = re.compile(r"[^\w\s]+|/\w+|n/a")
_PUNCTUATION = re.compile(r"[^\w\s'/]|[\U0001f000-\U0001faff\u2600-\u27bf]")
_FILLERS = frozenset({
    "pak", "bu", "bapak", "ibu", "bang", "mas", "mbak", "kak", "kakak", "min", "nak", "dek",
    "cuy", "om", "tante", "dong", "donk", "deh", "sih", "nih", "kok", "ya", "yah", "saja",
    "lah", "kan", "tuh", "ah", "eh", "oh", "mah", "atuh", "euy", "gan", "sis", "dulu",
    "dulunya", "please", "pls", "plis", "yuk", "loh", "lho", "mba", "abang", "neng", "pakde",
    "bro", "bot", "banget", "sekali", "kah", "dah", "ini", "itu",
})  # fmt: skip
_COMMON_WORDS = (
    "di ke dari untuk dengan sama yang dan atau karena kalau tapi juga terus lalu masih sekarang"
    " tadi kemarin besok hari tanya nanya kami kita dia mereka anda kalian the is a to my i you"
    " ada perlu butuh minta harus akan bikin buat urus usaha jualan dagang kapan mana siapa"
)


def ordered(text: str) -> Command | None:
    """Return the command that the whole message is in plain words, such as "batal", or None.

    A longer sentence is never a command.
    """
    said = plain(text)
    slash = said[1:].split("@")[0].replace("_", " ") if said.startswith("/") else None
    phrases = _phrases(said if slash is None else slash)
    commands = _commands()
    found = {commands[phrase] for phrase in phrases if phrase in commands}
    return next((command for command in Command if command in found), None) if found else None


@lru_cache(TEXTS)
def intent(text: str) -> Intent | None:
    """Return the meaning of the message if it is clear, or None.

    Tries whole phrases, then key words within a longer message, then a word with a small typo.
    """
    if (meaning := whole_intent(text)) is not None:
        return meaning
    key = _key(plain(text))
    if _any_sign().search(key):
        for meaning, signs in _signs():
            if signs.search(key):
                return meaning
    if " " not in key and key.isalpha() and 5 <= len(key) <= 14 and key not in no_names():
        near = process.extractOne(
            key, _single_words(), scorer=Indel.normalized_similarity, score_cutoff=ALIKE
        )
        return _lexicon()[near[0]] if near else None
    return None


@cache
def _single_words() -> tuple[str, ...]:
    """Return the whole phrases of one word that a misspelt word may stand for."""
    return tuple(phrase for phrase in _lexicon() if " " not in phrase and len(phrase) >= 4)


_ONLY_THEN = re.compile(r"^(?:pagi|siang|sore|malam)\b.*\b(?:saja|aja|ae|wae|dah|deh)\b")


def whole_intent(text: str) -> Intent | None:
    """Return the intent that the whole message is a known phrase for, without guessing, or None."""
    lexicon = _lexicon()
    phrases = sorted(_phrases(plain(text)), key=len, reverse=True)
    found = next((lexicon[phrase] for phrase in phrases if phrase in lexicon), None)
    if found is Intent.GREETING and _ONLY_THEN.search(plain(text)):
        return None  # "sore aja" is a time
    return found


def words_beside(text: str) -> list[str]:
    """Return the words that carry no intent and are in no known phrase."""
    key = _key(plain(text))
    for _, signs in _signs():
        key = signs.sub(" ", key)
    words = re.findall(r"[^\W\d_]+", key)
    return [word for word in words if word not in _small_words() and word not in _FILLERS]


@cache
def _small_words() -> frozenset[str]:
    """Return every word of the known phrases, and other common words."""
    kinds = listed_phrases().values()
    phrases = " ".join(" ".join(listed) for kind in kinds for listed in kind.values())
    return frozenset(standardised(phrases).split()) | {*_COMMON_WORDS.split()}


@cache
def _signs() -> tuple[tuple[Intent, re.Pattern[str]], ...]:
    """Return `_SIGNS` as patterns, with optional prefixes and endings of a word."""
    return tuple(
        (meaning, re.compile(rf"\b{_PREFIXES}(?:{signs}){_ENDINGS}\b")) for meaning, signs in _SIGNS
    )


@cache
def _any_sign() -> re.Pattern[str]:
    """Return one pattern for all signs: most messages hold none. A sign begins with a letter."""
    signs = "|".join(signs for _, signs in _SIGNS)
    with_prefix = rf"{_PREFIXES.removesuffix('?')}(?:{signs})"
    return re.compile(rf"\b(?=\w)(?:{signs}|{with_prefix}){_ENDINGS}\b")


@cache
def _lexicon() -> dict[str, Intent]:
    """Return every whole phrase with its meaning; commands are intents too."""
    listed = listed_phrases()
    lexicon: dict[str, Intent] = {}
    for command, meaning in _OF_COMMAND.items():
        lexicon.update(dict.fromkeys(_comparable(listed["commands"][command]), meaning))
    for name, phrases in listed["intents"].items():
        lexicon.update(dict.fromkeys(_comparable(phrases), Intent(name)))
    return lexicon


@cache
def _commands() -> dict[str, Command]:
    """Return every whole phrase that is a command, with the command."""
    return {
        phrase: Command(name)
        for name, phrases in reversed([*listed_phrases()["commands"].items()])
        for phrase in _comparable(phrases)
    }


@cache
def _of_phrases() -> frozenset[str]:
    """Return every word of the whole phrases."""
    return frozenset(
        word for some in (_lexicon(), _commands()) for one in some for word in one.split()
    )


def _comparable(phrases: Iterable[str]) -> frozenset[str]:
    """Return the phrases in the form that `_phrases` returns."""
    return frozenset(_squeezed(standardised(phrase)) for phrase in phrases if phrase)


@lru_cache(TEXTS)
def _phrases(said: str) -> frozenset[str]:
    """Return the message's comparable forms: as it is, and without fillers.

    There are none if a word that is no filler stands in no phrase.
    """
    key = _key(said)
    words, short = key.split(), _squeezed(key).split()
    inner = [one for one, word in zip(short, words, strict=True) if word not in _FILLERS]
    if not _of_phrases().issuperset(inner):
        return frozenset()
    start, end = 0, len(words)
    while end > 1 and words[end - 1] in _FILLERS:
        end -= 1
    while start < end - 1 and words[start] in _FILLERS:
        start += 1
    forms = (short, short[start:end], short[:end], inner)
    return frozenset(" ".join(form) for form in forms if form)


def _key(said: str) -> str:
    """Return the text in standard spelling, without punctuation; "pagi2" becomes "pagi pagi"."""
    said = _TWICE.sub(r"\1 \1", said) if "2" in said else said
    if _NO_WORD.fullmatch(said):
        return said[:3] if said[0] not in "/n" and len(set(said)) == 1 else said
    if not (said.isascii() and said.replace(" ", "").isalnum()):  # most hold no sign
        said = _PUNCTUATION.sub(" ", said)
    return " ".join([_APART.get(word, word) for word in map(standard, said.split())])


_APART = dict.fromkeys(("dimana", "dmn", "dmana"), "di mana")


def _squeezed(phrase: str) -> str:
    if phrase and not phrase[0].isalnum() and len(set(phrase)) == 1:
        return phrase[0]
    return squeezed(phrase)
