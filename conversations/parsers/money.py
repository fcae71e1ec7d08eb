"""Reads sums of rupiah, as people type them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from conversations.facts import Facts
from conversations.messages import Rupiah, Say
from conversations.parsers import Parser, Reading, Refused
from conversations.parsers.numbers import unit
from conversations.parsers.sums import Sum, sums_in
from conversations.words import plain, standardised

Period: TypeAlias = Literal["day", "week", "month", "year"]

Doubt: TypeAlias = Literal["sign", "currency", "factor"]

_PER_YEAR: dict[Period, int] = {"day": 26 * 12, "week": 52, "month": 12, "year": 1}


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum as written, in whole rupiah.

    An exact sum has `low == high`; "kurang dari" has no `low`, "lebih dari" no `high`. `readings`,
    if any, are possible values, and then `low` and `high` are None. A `doubt` names something
    beside the sum that changes it: a minus, another currency, a factor.
    """

    low: int | None = None
    high: int | None = None
    period: Period | None = None
    readings: tuple[int, ...] = ()
    doubt: Doubt | None = None


def money(
    *, at_least: int = 0, at_most: int = 10**12, period: Literal["month", "year"] | None = None
) -> Parser:
    """Read a sum as whole rupiah: "5jt", "2,5 juta", "500rb", "Rp 2.500.000,-", "goban".

    "m" is miliar. A comma or dot before three digits separates thousands, else decimals. A bound
    ("kurang dari 1 juta") counts as the sum. With `period`, a sum for another period is converted:
    26 working days a month, 52 weeks and 12 months a year.

    Raises:
        Refused: ``not_money`` if there is no sum; ``ambiguous_money`` with readings for a bare
            number under 10.000 (as it is or in thousands; under 1000 in thousands or millions);
            ``which_sum`` with readings for a range or several sums, or a sum to be calculated;
            ``confirm_sum`` with the sum after a minus or beside an unknown factor, or a sum for a
            time where none is asked; ``sales_not_profit`` for a loss without a sum;
            ``not_rupiah`` for another currency; ``money_out_of_range`` with both limits.
    """

    def parse(text: str, facts: Facts) -> int:
        said = _spelled(text)
        if period and _losing(said):
            raise Refused("sales_not_profit")
        amount = _read(said, sales=period is not None)
        if amount is None:
            raise Refused("not_money")
        if amount.doubt == "currency":
            raise Refused("not_rupiah")
        if (short := _without_scale(amount, said)) is not None:
            amount = short
        sums, unclear = _sums(amount)
        if period and amount.period and amount.period != period:
            factor = Fraction(_PER_YEAR[amount.period], _PER_YEAR[period])
            sums = [round(value * factor) for value in sums]
        fitting = [value for value in dict.fromkeys(sums) if at_least <= value <= at_most]
        if not fitting:
            raise Refused(
                "money_out_of_range", {"at_least": Rupiah(at_least), "at_most": Rupiah(at_most)}
            )
        timed = period is None and amount.period is not None
        if len(fitting) == 1 and not (amount.doubt or timed):
            return fitting[0]
        readings = tuple(_reading(value) for value in fitting)
        if len(fitting) == 1:
            raise Refused("confirm_sum", {"sum": Rupiah(fitting[0])}, readings=readings)
        if unclear:
            raise Refused("ambiguous_money", readings=readings)
        raise Refused("which_sum", readings=readings)

    return parse


def read(text: str, *, sales: bool | None = None) -> Amount | None:
    """Return the sum that the words name, or None.

    A bare number under 1000 has two readings: unchanged and in thousands; "1.5" in thousands and
    in millions. With `sales`, of a capital and sales in one text the sales count, and portions
    multiply their price; with `sales` False the capital counts.
    """
    return _read(_spelled(text), sales)


def _read(said: str, sales: bool | None) -> Amount | None:
    for part in reversed(_CORRECTION.split(said)):  # "5 juta eh 6 juta": the last one counts
        if (amount := _amount(part, sales)) is not None:
            return amount
    if _NO_CAPITAL.search(said):
        return Amount(0, 0, doubt="sign")
    return Amount(0, 0) if _NOTHING.search(said) else None


def _losing(said: str) -> bool:
    """Whether the words tell of a loss and name no sum."""
    return _LOSING.search(said) is not None and not any(True for _ in sums_in(said))


def _without_scale(amount: Amount, said: str) -> Amount | None:
    """Return both readings of "1.500" and "2000": few people have a capital of 2000 rupiah."""
    if amount.low is None or amount.low != amount.high or amount.doubt:
        return None
    short = 1000 <= amount.low < _LEAST_PLAIN and _BARE.search(said) is not None
    return Amount(period=amount.period, readings=(amount.low, amount.low * 1000)) if short else None


def _sums(amount: Amount) -> tuple[list[int], bool]:
    """Return the sums to choose from, and whether they differ only by a factor of 1000."""
    if amount.readings:
        first, last = amount.readings[0], amount.readings[-1]
        if last != first * 1000:
            return list(amount.readings), False
        factor = 1000 if first < 1000 else 1  # for a business, "500" means 500 ribu or 500 juta
        return [value * factor for value in amount.readings], True
    bounds = [bound for bound in (amount.low, amount.high) if bound is not None]
    return [bounds[0], sum(bounds) // len(bounds), bounds[-1]], False


def _reading(value: int) -> Reading:
    return Reading(str(value), Say("common.sum", {"sum": Rupiah(value)}), value)


# --- patterns of sums

_ONE = "dua|tiga|empat|lima|enam|tujuh|delapan|sembilan"
_MIXED = re.compile(r"(?<![\d.,])(?:(\d{1,6}) )?(\d{1,2})([/⁄])([1-9]\d?)(?![\d/⁄])")
_CORRECTION = re.compile(r"\b(?:eh+|ralat|maksudnya|maksud saya|salah|sori|sorry|koreksi)\b")
_NOTHING = re.compile(
    r"^\W*(?:nol|nihil|kosong|zero|nothing)(?: rupiah| perak)?\W*$"
    r"|^(?:\w+ ){0,3}?(?:belum|tidak) (?!(?:tahu|tau|yakin|ingat|inget|paham|ngerti|hafal|hapal)\b)"
    r"(?:\w+ ){0,2}?(?:ada|punya|dapat|dapet|jualan|berjualan"
    r"|jalan|mulai|menghasilkan|berpenghasilan|penghasilan|laku|untung|modal|omset|omzet|pemasukan"
    r"|pakai|pake|keluar)\b"
    r"|^(?:tanpa|nol) (?:modal|omset|omzet|penghasilan)"
)
_NO_CAPITAL = re.compile(r"\b(?:dengkul|nekat|nekad|tenaga|niat|bismillah|jempol)\b")
_LOSING = re.compile(
    r"\b(?:rugi|merugi|tekor|nombok|(?:belum|tidak) (?:ada )?(?:balik modal|untung|nutup|nutupin)"
    r"|at a loss|losing money|no profit)\b"
)
_LEAST_A_DAY = 20  # sales of a day or a week from which a bare number counts thousands
_LEAST_PLAIN = 10_000  # a smaller sum without a scale is asked back
_BARE = re.compile(
    r"^(?!.*\brp\b)\D*(?<![\w.,])[1-9][.,]?\d{3}(?![\d.,]*\d)(?!\s*(?:rupiah|perak))\D*$"
)
#: Sums of sales or of a time, where a capital is asked: "jualannya 150rb sehari".
_SALES = re.compile(
    r"\b(?:jualan\w*|penjualan\w*|om[sz]et\w*|untung\w*|hasil\w*|dapat\w*|dapet\w*|laku"
    r"|pendapatan\w*|penghasilan\w*|pemasukan\w*|masuk\w*|sales|turnover|income|earn\w*|sell\w*)\b"
)
_CAPITAL = re.compile(r"\b(?:modal\w*|capital)\b")
_PORTIONS = (
    r"porsi|bungkus|piring|mangkok|mangkuk|gelas|cup|biji|buah|potong|kg|kilo|botol|pcs|ekor|butir"
    r"|lembar|dus|box|loyang|tusuk|bks|portions?|plates?|bowls?|cups?|pieces?|glasses"
)
_COUNT = r"(?P<{}>\d{{1,4}}|[^\W\d_]+)"
_PORTIONS_BEFORE = re.compile(
    rf"(?:^|[^\w.,]){_COUNT.format('n')} ?(?:{_PORTIONS})\b[^\d]{{0,40}}$"
)
_PORTIONS_AFTER = re.compile(rf"^[^\d]{{0,40}}?(?<![\w.,]){_COUNT.format('n')} ?(?:{_PORTIONS})\b")
_BELOW = re.compile(
    r"(?:<=?|\b(?:(?:kurang|di ?bawah|lebih kecil|less|under|below|up|maksimal|maksimum|maks|max"
    r"|paling (?:banyak|besar|tinggi|gede|mentok)|mentok|setinggi-tingginya"
    r"|(?:tidak|belum|kurang) (?:sampai|ada|lebih|nembus|tembus)))(?: dari| than| to)?)"
    r"(?: sekitar)?\W*(?:rp)?\W*$"
)
_ABOVE = re.compile(
    r"(?:>=?|\b(?:lebih|di ?atas|lebih besar|more|over|above|at least|minimal|minimum|min"
    r"|paling (?:sedikit|kecil|rendah|dikit|tidak|kurang)|setidaknya|sekurang-kurangnya)"
    r"(?: dari| than)?)(?: sekitar)?\W*(?:rp)?\W*$"
)
_UPWARD = re.compile(r"^\W*(?:rupiah )?(?:(?:an )?lebih|lbh|ke ?atas|\+)(?!\w)")
_DOWNWARD = re.compile(r"^\W*(?:rupiah )?(?:ke ?bawah|kurang)(?!\w)")
_CURRENCY = (
    r"(?:(?:us|hk|aus?|amerika|singapura|australia|hongkong) ?)?"
    r"(?:\$|[a-z]{0,2}\$|[€£¥₩₹₱₿฿]|dollar|dolar|dollars|usd|usdt|sgd|aud|hkd|cad|nzd|euro|eur|pounds?"
    r"|poundsterling|gbp|ringgit|rm|myr|yen|jpy|yuan|renminbi|rmb|cny|riyal|real|sar|dirham|aed|dinar"
    r"|bath|baht|thb|won|krw|rupee|inr|peso|php|franc|chf|dong|vnd|bitcoin|btc|eth)"
)
_CURRENCY_BEFORE = re.compile(rf"(?:^|[\s:=(]){_CURRENCY}\.?\s*$")
_CURRENCY_AFTER = re.compile(rf"^\s*(?:an )?(?:{_CURRENCY}|[a-z]+ doll?ars?)(?!\w)")
_MINUS = re.compile(
    r"(?:(?:^|[\s:=(,])-(?:rp ?)?|^\W*-\W*(?:rp\W*)?|\brp\W*-\s?"
    r"|\b(?:minus|negatif|rugi|merugi|tekor|nombok|defisit|utang|hutang|ngutang)\b\W*(?:\w+\W+)?(?:rp\W*)?)$"
)
_TIMES = r"(?:x|×|✕|✖|\*|@|(?:di)?kali(?:kan|in)?(?: lipat)?)"
_FACTOR = rf"(?P<n>\d{{1,4}}|[^\W\d_]+)(?: [^\W\d_]+)?\s*{_TIMES}\s*(?:dari\s*)?(?:rp\s*)?$"
_FACTOR_BEFORE = re.compile(rf"(?:^|[^\w.,]){_FACTOR}")
_FACTOR_AFTER = re.compile(
    rf"^\s*(?:an\s*|(?:per|/)\s*\w+\s*)?\W?\s*{_TIMES}\s*(?P<n>\d{{1,4}}(?![\d.,]*\d)|[^\W\d_]+)"
    rf"|^\s*(?P<m>\d{{1,4}})\s*{_TIMES}(?!\w)"
)
_PART_BEFORE = re.compile(
    rf"(?:%|\d\s*[/⁄:÷+]|(?:\d|\bsetengah)\s*{_TIMES}|\bkali (?:se)?(?:hari|minggu|bulan)\w*"
    r"|\bmasing-masing(?: \w+)?"
    r"|\b(?:persen|setengah|separuh|separo|sepertiga|seperempat|sebagian)\w*\s*(?:dari|of))"
    r"\s*(?:dari\s*)?(?:rp\s*)?$"
)
_PART_AFTER = re.compile(
    r"^\s*(?:[/:÷]\s*\d|(?:di)?bagi\b|dipotong\b|dikurang\w*|ditambah\w*|plus\b|\+\s*\d"
    r"|masing-masing\b|\d{1,3} ?%"
    r"|(?:per|/|se)\s*(?:porsi|biji|buah|bungkus|piring|gelas|mangkok|mangkuk|potong|kg|kilo|pcs|orang"
    r"|unit|lusin|kodi|box|dus|gerobak|cabang|toko|kios|meter|liter|ekor|botol|butir|lembar)\b)"
)
_LOSS_AFTER = re.compile(r"^\W*(?:minus|negatif|rugi|tekor|nombok)\b")
_BETWEEN = re.compile(
    r"\W*(?:rp)?\W*(?:-|sampai(?: dengan)?|atau|to|~|kadang(?:[- ]kadang)?)\W*(?:rp)?\W*"
)
_PERIOD_WORDS: tuple[tuple[Period, str], ...] = (
    ("day", "hari(?:an|nya)?|dino|dinten|day|daily"),
    ("week", "minggu(?:an|nya)?|pekan|week|weekly"),
    ("month", "bulan(?:an|nya)?|wulan|sasi|month|monthly"),
    ("year", "(?:tahun|taun)(?:an|nya)?|year|yearly"),
)
_PERIOD = {
    period: re.compile(
        rf"(?<!\d )(?<!sabtu )(?<!sabtu-)\b(?:se|per)?(?:{words})\b"
        rf"(?! (?:ini|itu|lalu|kemarin|depan|lagi|pertama))"
        rf"|(?<!\w)1 (?:{words})\b"
    )
    for period, words in _PERIOD_WORDS
}
_PER_TIME = re.compile(
    r"\b(?:se|per |tiap |setiap )(?:hari|dino|dinten|minggu|bulan|wulan|sasi|tahun|taun)\b"
)


def _spelled(text: str) -> str:
    """Return the text in standard spelling, with the signs of sums simplified: "2.500.000,-"."""
    said = _MIXED.sub(_improper, plain(text)).replace("s/d", "sampai").replace("s.d.", "sampai")
    for form, standard in _BEFORE_STANDARD:
        said = form.sub(standard, said)
    said = _in_indonesian(standardised(said))
    for form, standard in _AFTER_STANDARD:
        said = form.sub(standard, said)
    return _SPACED.sub(lambda m: m[0].replace(" ", ""), said)


def _forms(*forms: tuple[str, str]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(form), standard) for form, standard in forms)


_BEFORE_STANDARD = _forms(
    (r"(?<=[^\W\d_]{3})2\b", ""),  # "kira2"
    (r"\btiga ?perempat\b", "0,75"),
    (r"\bseperempat\b", "0,25"),
    (r"(\d)[.,]-+", r"\1 "),
)
_AFTER_STANDARD = _forms(
    (r"\bkurang lebih\b|\blebih kurang\b", "sekitar"),
    (rf"\b({_ONE})(ratus|puluh|belas|ribu|rb|juta|jt)\b", r"\1 \2"),
    (r"\b(?:rp|idr)\.?", "rp "),
    (r"(\d[.,]\d{3})[.,]00(?!\d)", r"\1"),
)
_SPACED = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?: \d{3})+(?![\d.,])")
_ENGLISH = _forms(
    (r"\b(\w+) and a half(?= million| thousand| billion)", r"\1 koma lima"),
    (r"\bhalf an? (?=million|thousand|billion)|\bhalf (?=million)", "setengah "),
    (r"\ban? (?=million|thousand|hundred|billion)", "satu "),
    (r"\bhundreds?\b(?: and)?", "ratus"),
)
_SE = re.compile(r"\bse (?=ratus|ribu|juta|miliar)")


def _in_indonesian(said: str) -> str:
    """Return English sums in Indonesian words: "half a million", "two and a half million"."""
    said = _SE.sub("se", said)
    for form, standard in _ENGLISH:
        said = form.sub(standard, said)
    return said


def _improper(match: re.Match[str]) -> str:
    """Return "2 1/2" as "5⁄2"; "2/3" with a plain slash stays, since it may be a range."""
    whole, part, stroke, parts = match.groups()
    usual = f"{part}/{parts}" in ("1/2", "1/4", "3/4")
    if int(part) >= int(parts) or (stroke == "/" and not usual):
        return match[0]
    if whole is None and (part, parts) == ("1", "2"):
        return "setengah"
    return f"{int(whole or 0) * int(parts) + int(part)}⁄{parts}"


def _amount(said: str, sales: bool | None = None) -> Amount | None:
    """Return the one sum, range, bound or doubt in the text; `sales` as in `read`."""
    found = _joined(list(sums_in(said)), said)
    if large := [one for one in found if one.scale > 1 or max(one.values) >= 1000]:
        found = large  # "2 orang, modal 5 juta"
    if not found:
        return None
    in_rupiah = _in_rupiah(found, said)
    if not in_rupiah:
        return Amount(readings=_whole(found[-1].values), doubt="currency")
    found = in_rupiah
    if sales is not None and len(found) > 1:
        found, said = _asked(found, said, sales=sales)
    last = found[-1]
    if len(found) > 1:
        spans = [(one, found[at - 1].end if at else 0) for at, one in enumerate(found)]
        ends = [one.start for one in found[1:]] + [len(said)]
        periods = [_period(said[one.end : end]) for (one, _), end in zip(spans, ends, strict=True)]
        if len(set(periods)) == 1:
            values = tuple(dict.fromkeys(int(value) for one in found for value in one.values))
            if len(values) > 1:
                return Amount(period=periods[0], readings=_in_scale(values, periods[0]))
        elif sales is not None:
            return _several(found, periods, sales=sales)
        return _one(last, "", said[last.end :])
    before, after = said[: last.start], said[last.end :]
    if sales and (count := _count(_PORTIONS_BEFORE.search(before[-60:]))):
        return _multiplied(last, count, _period(after) or _period(before))
    if sales and (count := _count(_PORTIONS_AFTER.match(after))):
        return _multiplied(last, count, _period(after) or _period(before))
    return _one(last, before, after)


def _in_scale(values: tuple[int, ...], period: Period | None) -> tuple[int, ...]:
    """Return sums under 1000 in thousands, and in millions unless they are for a day or a week."""
    if not 0 < max(values) < 1000:
        return values
    scales = (1000,) if period in ("day", "week") else (1000, 1_000_000)
    return tuple(value * scale for scale in scales for value in values[:3])


def _several(found: Sequence[Sum], periods: Sequence[Period | None], *, sales: bool) -> Amount:
    """Return sums for different times as readings; sales are converted to a month each."""
    values = []
    for one, period in zip(found, periods, strict=True):
        value = max(one.values) * (1000 if one.scale == 1 and max(one.values) < 1000 else 1)
        factor = Fraction(_PER_YEAR[period or "month"], 12) if sales else 1
        values.append(round(value * factor))
    return Amount(period="month" if sales else None, readings=tuple(dict.fromkeys(values)))


def _asked(found: Sequence[Sum], said: str, *, sales: bool) -> tuple[list[Sum], str]:
    """Return the sums that the question asks for, and their part of the text.

    A sum belongs to the words before it, back to the sum before, and to its period behind it.
    """
    starts = [0, *(one.end for one in found)]
    ends = [*(one.start for one in found[1:]), len(said)]
    kinds, claimed = [], False  # "2 juta modal": the word is behind its sum
    for one, start, end in zip(found, starts, ends, strict=False):
        before, after = said[start : one.start], said[one.end : end]
        named = None if claimed else _CAPITAL.search(before)
        claimed = not named and _CAPITAL.match(after.strip()) is not None
        capital = named or claimed
        sold = _SALES.search(before) or _period(after) or _PER_TIME.search(before)
        kinds.append(None if bool(capital) == bool(sold) else bool(sold))
    wanted = [one for one, kind in zip(found, kinds, strict=True) if kind is sales]
    others = [one for one, kind in zip(found, kinds, strict=True) if kind is (not sales)]
    if not others:
        return [*found], said
    if len(wanted) != 1:
        wanted = [one for one in found if one not in others]
    if len(wanted) != 1:
        return wanted or [*found], said
    at = found.index(wanted[0])
    begin, end = starts[at], ends[at]
    shifted = Sum(
        wanted[0].values,
        wanted[0].scale,
        wanted[0].start - begin,
        wanted[0].end - begin,
        wanted[0].doubtful,
    )
    return [shifted], said[begin:end]


def _count(found: re.Match[str] | None) -> int | None:
    """Return the number of portions."""
    if found is None:
        return None
    count = int(found["n"]) if found["n"].isdecimal() else unit(found["n"])[1]
    return count if count and count > 1 else None


def _multiplied(price: Sum, count: int, period: Period | None) -> Amount:
    """Return the sales of so many portions, and the price alone as another reading."""
    least = max(price.values)
    each = least * 1000 if price.scale == 1 and least < 1000 else least
    return Amount(period=period, readings=_whole([each * count, each]), doubt="factor")


def _in_rupiah(found: Sequence[Sum], said: str) -> list[Sum]:
    """Return the sums without another currency beside them."""
    starts = [0, *(one.end for one in found)]
    ends = [*(one.start for one in found[1:]), len(said)]
    return [
        one
        for one, start, end in zip(found, starts, ends, strict=False)
        if not _CURRENCY_BEFORE.search(said[max(start, one.start - 20) : one.start])
        and not _CURRENCY_AFTER.search(said[one.end : end])
    ]


def _one(found: Sum, before: str, after: str) -> Amount:
    """Return a single sum with its bound and its period, or with its doubt."""
    period = _period(after) or _period(before)
    if factor := _factor(before, after):
        sums = _whole([max(found.values) * factor, max(found.values)])
        return Amount(period=period, readings=sums, doubt="factor")
    if found.doubtful:
        return Amount(period=period, readings=_whole(found.values))
    low, high = int(min(found.values)), int(max(found.values))
    bare = found.scale == 1 and 0 < high < 1000
    thousands = high >= _LEAST_A_DAY and period in ("day", "week")
    if bare and (low < high or thousands):  # "kadang 100 kadang 200 sehari"
        return Amount(period=period, readings=_in_scale((low, high), period))
    if bare and not re.match(r"\s*(?:rupiah|perak)\b", after):
        return Amount(period=period, readings=(high, high * 1000))
    if _PART_BEFORE.search(before) or _PART_AFTER.search(after):
        return Amount(low, high, period, doubt="factor")
    if _MINUS.search(before) or _LOSS_AFTER.search(after):
        return Amount(low, high, period, doubt="sign")
    if _BELOW.search(before) or _DOWNWARD.search(after):
        return Amount(None, high, period)
    if _ABOVE.search(before) or _UPWARD.search(after):
        return Amount(low, None, period)
    return Amount(low, high, period)


def _whole(values: Iterable[Fraction]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(int(value) for value in values))


def _factor(before: str, after: str) -> int | None:
    """Return the factor of a sum: "2 x 500rb", "500rb kali tiga"."""
    found = _FACTOR_BEFORE.search(before[-40:]) or _FACTOR_AFTER.search(after)
    if found is None:
        return None
    number = found["n"] or found.groupdict().get("m") or ""
    value = int(number) if number.isdecimal() else unit(number)[1]
    return value if value and value > 1 else None


def _period(said: str) -> Period | None:
    return next((period for period, words in _PERIOD.items() if words.search(said)), None)


def _joined(found: Sequence[Sum], said: str) -> list[Sum]:
    """Return the sums, with "2-3jt" and "antara 2 dan 3 juta" merged into one."""
    joined: list[Sum] = []
    for one in found:
        if joined:
            last = joined[-1]
            between = said[last.end : one.start]
            within = "antara" in said[: last.start] and re.fullmatch(
                r"\s*dan\s*(?:rp)?\s*", between
            )
            if within or _BETWEEN.fullmatch(between):
                joined[-1] = _range(last, one)
                continue
        joined.append(one)
    return joined


def _range(low: Sum, high: Sum) -> Sum:
    """Return the range of two sums; one without a scale takes the other's, or the next lower."""
    first, second = min(low.values), max(high.values)
    if low.scale == 1 and high.scale > 1 and first < 1000:
        if low.doubtful:  # "1,5-2 juta"
            first = first / 1000
        scaled = first * high.scale
        first = scaled if scaled <= second or high.scale == 1000 else first * 1000
    elif high.scale == 1 and low.scale > 1 and second < 1000:
        second *= low.scale
    elif low.doubtful and high.scale > 1:
        first = first / 1000 * high.scale
    return Sum((first, second), max(low.scale, high.scale), low.start, high.end)
