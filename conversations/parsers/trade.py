"""Reads the kind of business from the owner's own words."""

from __future__ import annotations

import re

from conversations.facts import Facts
from conversations.lexicon import lists
from conversations.messages import Json, Say
from conversations.parsers import Parser, Reading, Refused
from conversations.parsers.evasions import evasion
from conversations.parsers.hesitation import acknowledges
from conversations.phrases import Intent, whole_intent
from conversations.words import bare, plain, standardised, tidy

#: Words that begin with a verb of selling: "jual alat pemadam kebakaran". A noun is not enough:
#: "toko baju kebakaran" is a shop on fire.
_SELLS = re.compile(
    r"^\W*(?:(?:saya|sy|kami|mau|usaha|usahanya|punya|buka|izin|untuk|i|we)\b\W*){0,4}"
    r"(?:jual|menjual|berjualan|sewa|sewain|menyewakan|rental|produksi|jasa|servis|service|sell"
    r"|selling|cetak)\b"
)
#: Words of somebody who calls for help, whatever they sell.
_ALARM = re.compile(
    r"!|\b(?:tolong|cepat|cepet|bantu\w*|sekarang|help|ada (?:api|kebakaran|maling|rampok)|kena"
    r"|habis|terus|lalu|tiba|barusan|pas|lagi kebakaran|kemalingan|kecurian|\w*rampok\w*|terbakar"
    r"|kebakar|pingsan|minum|makan|menelan|nelen|ketelan|telan|keracunan|drank|swallowed)\b"
)
_MOST_WORDS = 7
_COURTEOUS = frozenset({Intent.GREETING, Intent.THANKS})


def calls_for_help(text: str) -> bool:
    """Whether the words call for help, whatever goods they name."""
    return _ALARM.search(standardised(text)) is not None


def sells(text: str) -> bool:
    """Whether the words begin with selling, so that their goods call for no help."""
    said = standardised(text)
    return len(said.split()) <= _MOST_WORDS and _SELLS.match(said) is not None


def without_goods(text: str) -> str:
    """Return the text without goods whose name holds a word of an emergency: "kembang api"."""
    said = standardised(text)
    for goods in sorted(lists.goods(), key=len, reverse=True):
        said = re.sub(rf"\b{goods}\b", " ", said)
    return said


def own_trade(*, at_least: int = 3, at_most: int = 120) -> Parser:
    """Return what the owner sells or does in their own words; an officer finds the kind.

    An answer is {"code": None, "version": None, "words": what the owner wrote}.

    Raises:
        Refused: ``trade_please`` for words that name none, or a kelurahan; ``trade_too_long`` with
            the limit; ``not_the_owner`` for somebody who only helps.
    """

    def parse(text: str, facts: Facts) -> Json:
        words = tidy(bare(text))
        letters = len(re.findall(r"[^\W\d_]", words))
        says_nothing = acknowledges(words) or whole_intent(words) in _COURTEOUS
        if evasion(words) is not None or says_nothing or letters < at_least:
            raise Refused("trade_please")
        if facts.places.kelurahan_named(plain(words)) is not None:
            raise Refused("trade_please")  # where it is comes next
        if len(words) > at_most:
            raise Refused("trade_too_long", {"at_most": at_most})
        if lists.any_of("trade", "helps").search(standardised(words)):
            raise Refused("not_the_owner")
        return {"code": None, "version": None, "words": words}

    return parse


def moves_about(words: str) -> bool:
    """Whether a seller in these words moves about: "bakso dorong", "jamu keliling"."""
    return lists.any_of("trade", "moves").search(standardised(words)) is not None


def business_type(*, offers: int = 3) -> Parser:
    """Find the kinds of business the words may mean; the owner picks, so it always refuses.

    An answer is {"code": str, "version": str, "words": what the owner wrote}.

    Raises:
        Refused: ``which_trade`` with up to `offers` kinds; ``unknown_trade`` if none is found;
            ``not_the_owner`` for somebody who only helps.
    """

    def parse(text: str, facts: Facts) -> None:
        words = tidy(bare(text))[:300]
        if evasion(words) is not None:
            raise Refused("unknown_trade")
        if lists.any_of("trade", "helps").search(standardised(words)):
            raise Refused("not_the_owner")
        found = facts.trades.search(words, limit=offers) if re.search(r"[^\W\d_]{2}", words) else ()
        if not found:
            raise Refused("unknown_trade")
        raise Refused(
            "which_trade",
            readings=tuple(
                Reading(
                    trade.code,
                    Say("common.named", {"id": trade.short_label, "en": trade.short_label_en}),
                    {"code": trade.code, "version": trade.version, "words": words},
                )
                for trade in found
            ),
        )

    return parse
