"""The words people type, made comparable: one case, one apostrophe, one spelling of each."""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0e\ufe0f\ufeff\u00ad]")
_APOSTROPHES = str.maketrans("‘’‚‛`´ʻʼ′", "'" * 9)
_DASHES = str.maketrans("‐‑‒–—―−", "-" * 7)
_SKIN = re.compile("[\U0001f3fb-\U0001f3ff]")
_DOUBLED = re.compile(r"([^\W\d_])\1+")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")

# Usual spellings of the small words, Betawi, Javanese and Sundanese ones among them.
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
    "batal": "btl btal batl",
}
_STANDARD = {variant: word for word, variants in _SPELLINGS.items() for variant in variants.split()}


def tidy(text: str) -> str:
    """Give the text without invisible signs, with plain quotes and dashes and single blanks."""
    if text.isascii() and text.isprintable():  # most words: nothing below but this changes them
        return " ".join(text.translate(_APOSTROPHES).translate(_DASHES).split())
    text = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES).translate(_DASHES)
    text = _SKIN.sub("", _INVISIBLE.sub("", text))
    text = "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)
    return " ".join(text.split())


def plain(text: str) -> str:
    """Give the tidy text in small letters."""
    return tidy(text).lower()


def squeezed(word: str) -> str:
    """Give the word with every run of a letter as one: "iyaaa" and "iya" become the same."""
    return _DOUBLED.sub(r"\1", word)


def standard(word: str) -> str:
    """Give the usual spelling of a small word: "gak", "nggaaak" and "tdk" are "tidak"."""
    if word in _STANDARD:
        return _STANDARD[word]
    return _STANDARD.get(squeezed(word), word)


def standardised(text: str) -> str:
    """Give the plain text with each small word in its usual spelling; other signs stay."""
    return _WORD.sub(lambda found: standard(found.group()), plain(text))
