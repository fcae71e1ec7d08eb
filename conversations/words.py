"""Normalises typed words: one case, one apostrophe, one spelling of each word."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files

# Code points with the property Default_Ignorable_Code_Point that are not of category Cf: a font
# shows nothing for them. Source: Unicode 15.0, DerivedCoreProperties.txt. Unassigned ones have the
# property as well, so the ranges are complete.
_IGNORABLE = (
    (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2060, 0x206F),
    (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)  # fmt: skip
_BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800")  # take up space and show nothing
_APOSTROPHES = frozenset("‘’‚‛`´ʹʻʼʽʾʿˈ′‵\ua78b\ua78c")
_DASHES = frozenset("‐‑‒–—―−➖")
_SKIN = frozenset("\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
_KEYCAP_TEN = "\U0001f51f"
# Vulgar fractions: NFKC writes "2½" as "21⁄2", so a space must separate them first.
_BEFORE_FRACTION = re.compile(r"(?<=\d)(?=[\u00bc-\u00be\u2150-\u215f\u2189])")
_LATIN = re.compile(r"[A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff]")
_DOUBLED = re.compile(r"([^\W\d_])\1+")
_WORD = re.compile(r"([^\W\d_]+(?:'[^\W\d_]+)*)")

# Standard spellings of common words and their variants, some Betawi, Javanese and Sundanese.
_SPELLINGS = {
    "tidak": "ga gak gk gag g nggak ngga nggk enggak engga enggk tdk tida kagak kaga kgk ndak nda "
    "ora mboten teu henteu ngak nggak gakk tak",
    "belum": "blm belom blom blum lom durung acan tacan",
    "sudah": "udah udh sdh dah uda wis wes",
    "saja": "aja aj ae sj doang",
    "yang": "yg nyang",
    "jangan": "jgn jangn ojo ulah",
    "gimana": "gmn gmna gmana bagaimana bgmn bgmana piye kumaha gimane",
    "berapa": "brp brapa brpa",
    "apa": "ap apaan ape",
    "kapan": "kpn iraha kapankah",
    "datang": "dateng dtg dtang dtng",
    "saya": "sy sya aku gue gw gua ane abdi",
    "punya": "pnya pny punye",
    "bisa": "bs bsa iso",
    "dengan": "dgn sama sm ama",
    "untuk": "utk buat bwt",
    "mau": "mo pengen pingin ingin hendak",
    "bicara": "ngomong ngobrol omong bicarakan ngmg ngomongin",
    "uang": "duit doku fulus",
    "lagi": "lg lgi",
    "jadi": "jd jdi",
    "sampai": "sampe nyampe ampe nyampai hingga sd",
    "setelah": "habis abis bada bakda stlh sehabis selepas ba'da",
    "atau": "ato atw",
    "dan": "dn n &",
    "malam": "malem mlm mlem",
    "siang": "siank syang",
    "hari": "hr hri ari",
    "bulan": "bln bulen",
    "tapi": "tp tpi tetapi",
    "bentar": "bntar bntr bentr benter bntaran",
    "sebentar": "sbntr sbntar sebntar sebntr",
    "nanti": "ntar entar nti ntr",
    "tahun": "thn taun th",
    "minggu": "mgg mggu mingu ahad",
    "tanggal": "tgl tggl tangal",
    "besok": "bsk besuk bsok besuk esok sesuk besoknya",
    "tolong": "tlg tlong tlng",
    "terima": "trima",
    "kasih": "kasi ksh",
    "orang": "org orng",
    "nomor": "nmr nomer nmor",
    "kemarin": "kemaren kmrn kmren",
    "sekarang": "skrg skrang skr saiki ayeuna",
    "petugas": "ptgs ptugas",
    "banget": "bgt bngt",
    "juga": "jg jga",
    "kenapa": "knp knapa napa",
    "surat": "srt suratne surate",
    "hilang": "ilang leungit",
    "batal": "btl btal batl",
    "setuju": "stuju setju stujuh",
    "semoga": "smoga moga",
    "banyak": "byk bnyk bnyak",
}
_STANDARD = {variant: word for word, variants in _SPELLINGS.items() for variant in variants.split()}


#: Words that are written with "-ny" for "-nya". A closed list: "Tiffany" is a name.
_CLIPPED = re.compile(
    r"\b(nama|alamat|tempat|modal|om[sz]et|untung|hasil|harus|seharus|usaha|jual|jualan|dagangan|kerja"
    r"|pekerja|surat|ktp|i[zj]in|kode|petugas|toko|warung|kios|gerobak|lapak|hari|jam|jadwal|waktu"
    r"|kelurahan|jalan|maksud|kunjungan|anak|suami|istri|orang|data|biaya|bayar|nomor|nomer|foto"
    r"|jadi|jd|proses|syarat|guna|link|ada|pertanyaan|bener|benar|betul|kapan|gimana)ny\b",
    re.IGNORECASE,
)

_ENDS_CLIPPED = re.compile(r"ny\b", re.IGNORECASE)

#: Stands for an identity number that was withheld; people see words of their language instead.
MARK = "[•••]"
TEXTS = 64  # texts that are kept; a turn asks many times about the same one
WORDS = 4096  # words that are kept


def tidy(text: str) -> str:
    """Return the text without invisible characters, with plain quotes, dashes, digits and spaces.

    Unicode decides which characters are invisible: categories Cf and Cs, and the default-ignorable
    code points. Digits of any script and style become ASCII digits.
    """
    if text.isascii() and text.isprintable() and "`" not in text:  # most messages: nothing to do
        return " ".join(text.split())
    shown = _BEFORE_FRACTION.sub(" ", "".join(map(_shown, text)))
    composed = unicodedata.normalize("NFKC", shown)
    # NFKC produces signs itself (U+0149 holds an apostrophe), and removed characters may leave
    # letters and marks side by side that must be composed.
    return " ".join(unicodedata.normalize("NFC", "".join(map(_shown, composed))).split())


@lru_cache(4096)
def _shown(character: str) -> str:
    """Return the replacement of one character: "" if it is invisible."""
    if character in _APOSTROPHES:
        return "'"
    if character in _DASHES:
        return "-"
    if character in _BLANKS:
        return " "
    if character in _SKIN or _is_ignorable(ord(character)):
        return ""
    match unicodedata.category(character):
        case "Cf" | "Me":  # Me: a mark that encloses a digit, as in a keycap
            return ""
        case "Cc" | "Cs":
            return " "
        case "Nd" | "No":
            digit = unicodedata.digit(character, None)
            return character if digit is None else str(digit)
    return "10" if character == _KEYCAP_TEN else character


def _is_ignorable(code: int) -> bool:
    return any(first <= code <= last for first, last in _IGNORABLE)


def is_latin(text: str) -> bool:
    """Whether all letters are Latin; the permit's font can't draw others."""
    return text.isascii() or all(_LATIN.match(letter) for letter in re.findall(r"[^\W\d_]", text))


def bare(text: str) -> str:
    """Return the text without each `MARK`, and without the words that only lead to one."""
    return _marked().sub(" ", text).strip(" ,;:-") if MARK in text else text


@cache
def labels() -> frozenset[str]:
    """Return the words that only say whose identity number it is, or that go with it."""
    listed = files("conversations").joinpath("lexicon", "identity.toml")
    return frozenset(tomllib.loads(listed.read_text(encoding="utf-8"))["labels"])


@cache
def _marked() -> re.Pattern[str]:
    either = "|".join(map(re.escape, sorted(labels(), key=len, reverse=True)))
    return re.compile(
        rf"[\s,;:-]{{0,4}}(?:\b(?:{either})\b[\s.,:=#-]{{0,4}}){{0,8}}{re.escape(MARK)}",
        re.IGNORECASE,
    )


@lru_cache(TEXTS)
def plain(text: str) -> str:
    """Return the tidy text in lowercase, without any `MARK`; "namany" is "namanya"."""
    return unclipped(tidy(bare(text)).lower())


def unclipped(text: str) -> str:
    """Return the text with "-nya" written out behind words that are often clipped: "petugasny"."""
    if "ny" not in text.lower() or not _ENDS_CLIPPED.search(text):  # most texts
        return text
    return _CLIPPED.sub(r"\1nya", text)


@lru_cache(WORDS)
def squeezed(word: str) -> str:
    """Return the word with each run of a letter as one: "iyaaa" and "iya" become the same."""
    return _DOUBLED.sub(r"\1", word)


@lru_cache(WORDS)
def standard(word: str) -> str:
    """Return the standard spelling of a common word: "gak", "nggaaak" and "tdk" are "tidak"."""
    if word in _STANDARD:
        return _STANDARD[word]
    return _STANDARD.get(squeezed(word), word)


@lru_cache(TEXTS)
def standardised(text: str) -> str:
    """Return the plain text with each common word in its standard spelling; the rest stays."""
    pieces = _WORD.split(plain(text))
    pieces[1::2] = map(standard, pieces[1::2])
    return "".join(pieces)
