"""Gathering: reads several facts for a form from one message, to confirm them at once. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice, takewhile

from conversations import lexicon
from conversations.engine.gathering_loans import TOLD, tells_of_loan, told_of_loan
from conversations.facts import Facts
from conversations.flow import Flow
from conversations.lexicon import lists
from conversations.messages import Json
from conversations.parsers import Refused
from conversations.parsers.address import rt_rw, street
from conversations.parsers.figures import CAPITAL, TEAM, TURNOVER, figures_apart
from conversations.parsers.money import money
from conversations.parsers.name import CALLED, business_name, name
from conversations.parsers.numbers import TOGETHER, workers
from conversations.parsers.together import CORNER
from conversations.words import bare, standardised, tidy

#: Signs that a message holds more than one fact, with the step that each is a sign of; two of them
#: are needed to look closer.
_CUES = tuple(
    (step, re.compile(cue))
    for step, cue in (
        (
            "owner_name",
            r"\b(?:nama|namaku|saya|sy|aku|gua|gue|gw|ane|panggil|my name|i am|i'm|kulo|abdi)\b",
        ),
        (
            "trade",
            r"\b(?:jual\w*|dagang\w*|dodol\w*|usaha|bikin|buka|tukang|sell|selling|warung|toko|kios)\b",
        ),
        ("capital", r"\b(?:modal\w*|capital)\b"),
        ("turnover", r"\b(?:om[sz]et\w*|penjualan\w*|pendapatan\w*|sales|turnover)\b"),
        (
            "workers",
            rf"\b(?:kerja\w*|{TEAM}|karyawan|pegawai|orang|org|tenaga|people|workers|person)(?:nya)?\b",
        ),
        ("place", r"\b(?:di|daerah|nang|in)\b"),
        ("street", r"\b(?:jl|jln|jalan|gang|gg)\b"),
        ("rt_rw", r"\b(?:rt|rw)\W{0,3}\d"),
        (
            "premises",
            r"\b(?:keliling|gerobak|dorong|muter|rumah|teras|dapur|kios|ruko|pinggir jalan)\b",
        ),
        ("", r"[,.;\n]"),
        # a name before it
        ("", r"^\W*[^\W\d_]{3,}(?: [^\W\d_]{2,}){0,2} (?:jual|dagang|dodol)\w*\b"),
    )
)
LEAST = 2  # facts in a message that are worth confirming together
#: A name ends before these words.
_STOP = (
    r"(?=\s*(?:[,.;\n]|$)|\s+(?:jual\w*|dagang\w*|dodol\w*|usaha\w*|punya|mau|bikin|buka|tukang|di"
    r"|dari|daerah|modal\w*|omset|omzet|penjualan\w*|sebulan|yang|yg|kerja|nama\w*|sendiri\w*"
    rf"|{TOGETHER}|i sell|selling|and|in|keliling|pengen|ingin|minta"
    r"|ngurus|izin|ijin|warung|toko|asal|umur|usia)\b)"
)
_NAME = re.compile(
    r"\b(?:nama (?:saya|sy|aku|gua|gue|gw)|namaku|nama|panggil (?:aja|saja)"
    r"|my name is|i am|i'm|kulo"
    r"|(?<!rumah )(?<!warung )(?<!toko )(?<!kios )(?<!gerobak )(?<!usaha )"
    r"(?<!dagangan )(?<!jualan )(?:saya|sy|aku|gua|gue|gw|ane))"
    r"(?: adalah| itu| is)?\s+"
    r"(?!(?:jual|dagang|dodol|usaha|punya|bikin|buka|tukang|mau|pengen)\w*\b)"
    rf"([^\W\d_][^\d,.;\n]{{1,60}}?){_STOP}"
)
_BUSINESS = re.compile(
    r"\bnama(?:nya)? ?(?:usaha|warung|toko|kedai|lapak|kios)?(?:nya)?(?: adalah| itu)?\s+"
    r"([^,.;\n]{2,60}?)(?=\s*(?:[,.;\n]|$)|\s+(?:di|modal\w*|daerah)\s)"
)
_CAPITAL = re.compile(
    r"\b(?:modal(?:nya)?(?: awal| usaha)?|capital)\s+((?:[^,;\n]|,\d){1,30}?)"
    r"(?=\s*(?:,(?!\d)|[;\n]|$)|\s+(?:omset|omzet|penjualan|sebulan|mau|di)\b)"
)
_ENDS = r"(?!\s(?:modal|pekerja|karyawan|pegawai|tenaga|yang kerja|yg kerja)\b)"
_TURNOVER = re.compile(
    rf"\b(?:(?:omset|omzet|penjualan|pendapatan|sales|turnover)(?:nya)?\s+(?:{_ENDS}[^,;\n]){{1,30}}"
    rf"|(?:sebulan|sehari)\s+(?:dapat|dapet|dpt|penjualan\w*)\s+(?:{_ENDS}[^,;\n]){{1,30}})"
)
_STREET = re.compile(
    r"\b((?:jalan|jln?|gang|gg)\b\.?\s+[^\W\d_][^,;\n]{2,60}?)"
    r"(?=\s*(?:[,;\n]|$)|\s+(?:kel|kelurahan|kec|kecamatan|daerah|di|modal\w*|omset|omzet)\b)"
)
_WORKERS = re.compile(
    r"\b(?:(?:yang|yg) kerja\s+[^,;.\n]{1,20}|kerja(?:nya)?\s+(?:ber\w+|sendiri\w*)"
    r"|(?:sy|saya)? ?(?<!rumah )(?<!teras )(?<!warung )(?<!kios )(?<!toko )(?<!tempat )(?<!tanah )"
    r"(?<!garasi )(?<!milik )(?<!punya )(?<!ruko )(?<!halaman )sendiri(?:an)?"
    r"(?: (?:yang|yg) kerja)?"
    rf"|{TOGETHER}(?: (?:sama|dengan|sm|dgn) [^,;.\n]{{1,30}})?"
    r"|\d+ (?:orang|org|karyawan|pekerja|people|workers|person)"
    r"|(?:orang|org|pegawai|karyawan|pekerja|tenaga|anak buah|people|workers|staff|employees)"
    r"(?:nya|ku)?(?: (?:cuma|cuman|hanya|ada|itu|only))?\W{0,2} ?[^\W_]{1,10}(?=\W*(?:,|$)))"
)
#: Parts of a message that tell a sum or who works, and not what is sold.
_FIGURES = re.compile(
    rf"{CAPITAL}|{TURNOVER}|\b(?:karyawan|pegawai|pekerja)\w*\b|\d ?(?:jt|juta|rb|ribu)\b"
)
_TRADE = re.compile(
    r"\b(?:jual(?:an)?|dagang(?:an)?|dodol(?:an)?|usaha|bikin|buka|tukang|punya|i sell|selling)\s+"
    r"([^,.;\n]{2,60})"
)
_WISH = re.compile(
    r"\b(?:mau|pengen|ingin|minta|buat|bikin|urus|untuk|izin|ijin|usaha|tolong|pak|bu|min|kak|ngurus|bikinin"
    r"|assalamualaikum|halo|permisi|hi)\b"
)
_PLACE_BEGINS = re.compile(
    r"\b(?:di|daerah|nang|ning|kelurahan|kel|in|kios|ruko|pasar)\s+|^\s*|[,.;\n]\s*"
)
_KIND = re.compile(r"(?:kios|ruko|pasar)\b")  # tells the premises as well
#: Words beside a kind of place that name no goods.
_BESIDE_PLACE = frozenset(
    lexicon.words(
        "di ke dari yang saya sy kami punya sendiri milik sekarang sudah tidak lagi cuma aja saja"
        " eh salah bukan jadi tadi ini itu pakai rumah teras depan belakang samping garasi halaman"
    )
) | {"tidak"}
#: Words for what a place is near; they end where something else is told.
_NEAR = re.compile(
    r"\b(?:di |in |at )?((?:depan|dpn|dekat|deket|dkt|sebelah|samping|belakang|seberang"
    r"|sebrang|pojok|ujung|pinggir|gang|gg|jalan|jln|jl|in front of|next to|near|opposite"
    r"|behind|beside)\b(?:\s+(?!(?:belum|blm|belom|tidak|tdk|ga|gak|nggak|tolong|tlg|mohon|minta|buka"
    r"|jual\w*|dagang|punya|yang|yg|tiap|setiap|kalau|biasa\w*|pagi|siang|sore|malam|malem|kel|kelurahan|kec"
    r"|daerah|dia|orangnya|kasihan|kasian|please|no|without|every|has|does|who|sells?|she|he|they)"
    r"\b)[^\s,.;\n]+){1,9}|rt\b\W{0,3}\d{1,3}(?:\W*rw\W{0,3}\d{1,3})?)"
)
_PARTS = frozenset({"morning", "midday", "evening"})
_GREETS = re.compile(
    r"\b(?:selamat|met|good) (?:pagi|siang|sore|malam|morning|afternoon|evening)\b"
)
_KNOWS = re.compile(
    r"\b(?:tahu|tau|bilang|setuju|nyuruh|disuruh|knows?|aware|agree[sd]?|asked me)\b"
)
_PIECE = re.compile(r"[^\W_]+|[,.;\n]")
_OF_BUSINESS = re.compile(r"nama\w* (?:usaha|warung|toko|kedai|lapak|kios)|namanya")
#: A name before a verb of selling, and the first words before a sign.
_NAME_FIRST = re.compile(
    r"\s*([^\W\d_]{3,}(?: [^\W\d_]{2,}){0,2})\s+(?=(?:jual|dagang|dodol)\w*\b)"
)
_HEAD = re.compile(r"\s*([^\W\d_]+(?: [^\W\d_]+){0,2})\s*[,.;\n]")
_BETWEEN_COMMAS = re.compile(r"(?:[^,;\n]|(?<=\d),(?=\d))+")
_SIGNS, _DIGIT, _SOME_LETTERS = map(re.compile, (r"[,.;\n]", r"\d", r"[^\W\d_]{3}"))
_ENDS_NAME = re.compile(r"[,.;\n\d]")  # none of these is in a name
_GRAMS = (4, 3, 2, 1)  # words of a place's name, longest first


@dataclass(slots=True)
class _Message:
    """The words that were not read yet, in lower case and as written; spans are cut from both."""

    text: str
    said: str = field(init=False)

    def __post_init__(self) -> None:
        self.said = self.text.lower()

    def take(self, found: re.Match[str], group: int = 1) -> str:
        """Return the words of a match as they were written, and cut the match off."""
        words = self.text[found.start(group) : found.end(group)]
        self.cut(found.start(), found.end())
        return words

    def cut(self, start: int, end: int) -> None:
        """Replace a span by a comma."""
        self.text = f"{self.text[:start]},{self.text[end:]}"
        self.said = f"{self.said[:start]},{self.said[end:]}"


def may_hold_several(text: str, asked: Container[str] = ()) -> bool:
    """Whether the words look as if they held several facts; cheap, for every message.

    Signs of the steps `asked`, which the question asks for, tell nothing.
    """
    said = text.lower()
    if tells_of_loan(text):
        return True
    signs = (step for step, cue in _CUES if step not in asked and cue.search(said))
    return len(list(islice(signs, LEAST))) == LEAST


def gather(flow: Flow, text: str, facts: Facts, *, at_least: int = LEAST) -> Mapping[str, Json]:
    """Return the answers to steps of a form that one message holds; empty if there are fewer.

    Sums, names and places are read by the parsers of their steps; a doubtful one is left out.
    """
    found, rest = told_of_loan(flow, text, facts)
    message = _Message(figures_apart(tidy(bare(rest).replace("\n", ", "))))
    for step, read in _READERS.items():
        if flow.step(step) is None or step in found:
            continue
        if step == "trade" and flow.step(TOLD) is not None and not sells(text):
            continue  # words about a loan name no goods
        answer = read(message, facts, flow)
        if answer is not None:
            found[step] = answer
    return found if len(found) >= at_least else {}


def sells(text: str) -> bool:
    """Whether the words name something as sold or made: "saya jual nasi uduk"."""
    return _TRADE.search(text.lower()) is not None


def _with(parse: Callable[[str, Facts], Json], words: str, facts: Facts) -> Json:
    """Return what a parser reads, or its only reading; None if it refuses."""
    try:
        return parse(words, facts)
    except Refused as refused:
        readings = refused.readings
        return readings[0].answer if len(readings) == 1 else None


def _business(message: _Message, facts: Facts, flow: Flow) -> Json:
    found = _BUSINESS.search(message.said)
    named = found and _OF_BUSINESS.search(found[0])
    return _with(business_name(), message.take(found), facts) if found and named else None


def _sum(
    pattern: re.Pattern[str], group: int, label: re.Pattern[str]
) -> Callable[[_Message, Facts, Flow], Json]:
    parse = money(at_least=0, period="month") if group == 0 else money(at_least=0)

    def read(message: _Message, facts: Facts, flow: Flow) -> Json:
        found = pattern.search(message.said)
        if found is not None:
            return _with(parse, message.take(found, group), facts)
        return _labelled(message, label, parse, facts)

    return read


def _labelled(
    message: _Message, label: re.Pattern[str], parse: Callable[[str, Facts], Json], facts: Facts
) -> Json:
    """Read a sum between commas that a word names: "sebulan paling dapet 6 jutaan"."""
    if not label.search(message.said):
        return None
    for part in _BETWEEN_COMMAS.finditer(message.said):
        if label.search(part[0]) and _DIGIT.search(part[0]):
            answer = _with(parse, part[0], facts)
            if answer is not None:
                message.cut(*part.span())
            return answer
    return None


def _workers(message: _Message, facts: Facts, flow: Flow) -> Json:
    found = _WORKERS.search(message.said)
    return _with(workers(), message.take(found, 0), facts) if found else None


def _corner(message: _Message, facts: Facts, flow: Flow) -> Json:
    found = CORNER.search(message.said)
    return _with(rt_rw(), message.take(found, 0), facts) if found else None


def _street(message: _Message, facts: Facts, flow: Flow) -> Json:
    found = _STREET.search(message.said)
    return _with(street(), message.take(found), facts) if found else None


def _owner(message: _Message, facts: Facts, flow: Flow) -> Json:
    """Read who it is; what they want to be called counts only where no other name stands."""
    called = CALLED.search(message.said)
    if called is None:
        return _named(message, facts, flow)
    rest = _Message(message.text)
    rest.cut(*called.span())
    answer = _named(rest, facts, flow)
    if answer is None:
        answer = _named(message, facts, flow)
        called = CALLED.search(message.said)
    else:
        message.text, message.said = rest.text, rest.said
        called = None
    if called is not None:
        message.cut(*called.span())
    return answer


def _named(message: _Message, facts: Facts, flow: Flow) -> Json:
    found = _NAME.search(message.said)
    if found is not None and not _tells_doing(found):
        answer = _with(name(), message.text[found.start(1) : found.end(1)], facts)
        if answer is not None:
            message.take(found)
            return answer
    alone = _NAME_FIRST.match(message.text)
    if alone is not None and not any(_premises_of(alone[1], flow)):
        answer = _with(name(), alone[1], facts)
        if answer is not None:
            message.cut(alone.start(1), alone.end(1))
            return answer
    head = _HEAD.match(message.text)
    if head is None or lexicon.matters().rank(head[1]) or any(_premises_of(head[1], flow)):
        return None
    if _trade(_Message(message.text[head.end() :]), facts, flow) is None:
        return None  # the first words are the trade then
    answer = _with(name(), head[1], facts)
    if answer is not None:
        message.cut(head.start(1), head.end(1))
    return answer


def _tells_doing(found: re.Match[str]) -> bool:
    """Whether the words behind "saya" tell what somebody does: "saya jahit baju"."""
    if "nama" in found[0] or "name" in found[0]:
        return False
    return _DOES.match(standardised(found[1])) is not None


_DOES = re.compile(rf"(?:{lists.one_of('gathering', 'does')})\b")


def _place(message: _Message, facts: Facts, flow: Flow) -> Json:
    """Read a kelurahan: behind "di" and the like, or as a part between commas."""
    for begin in _PLACE_BEGINS.finditer(message.said):
        starts = begin.end() if _KIND.match(begin[0]) else begin.start()
        pieces = islice(_PIECE.finditer(message.said, begin.end()), _GRAMS[0])
        ends = [one.end() for one in takewhile(lambda one: not _ENDS_NAME.search(one[0]), pieces)]
        for end in reversed(ends):
            place = facts.places.kelurahan_named(message.said[begin.end() : end].strip())
            if place is not None:
                message.cut(starts, end)
                return {"kelurahan": place.code, "pin": None}
    return _place_within(message, facts) if flow.step("landmark") is not None else None


def _place_within(message: _Message, facts: Facts) -> Json:
    """Read a kelurahan of several words behind others: "depan musala Al-Ikhlas Cipete Utara"."""
    spans = [found.span() for found in _PIECE.finditer(message.said)]
    for size in _GRAMS[:-1]:
        for first, last in zip(spans, spans[size - 1 :], strict=False):
            words = message.said[first[0] : last[1]]
            if _ENDS_NAME.search(words):
                continue
            place = facts.places.kelurahan_named(words)
            if place is not None:
                message.cut(first[0], last[1])
                return {"kelurahan": place.code, "pin": None}
    return None


def _premises(message: _Message, facts: Facts, flow: Flow) -> Json:
    """Read where it is sold, of words that say it: what is near, or kept elsewhere, does not."""
    said = _ELSEWHERE.sub(" ", standardised(message.said))
    named = list(_premises_of(said, flow)) if _SAYS_PREMISES.search(said) else []
    return named[0] if len(named) == 1 else None


_SAYS_PREMISES = lists.any_of("gathering", "premises")
_ELSEWHERE = re.compile(
    rf"\b(?:{lists.one_of('gathering', 'elsewhere')})\b(?:[^\S,]+[^\s,.;]+){{1,3}}"
)


def _premises_of(words: str, flow: Flow) -> Iterator[str]:
    listed = lexicon.options(flow.id, "premises")
    ranked = listed.rank(words) if listed is not None else []
    return (one.name for one in ranked if one.weight == ranked[0].weight)


def _tells_place(part: str, flow: Flow) -> bool:
    """Whether a part only tells where something is sold: "di teras rumah sendiri"."""
    listed = lexicon.options(flow.id, "premises")
    if listed is None or not listed.rank(part):
        return False
    said = {word.removeprefix(lexicon.NOT) for word in lexicon.words(part)}
    kinds = [listed.words_of(kind) for kind in listed.phrases]
    return all(any(word in kind for kind in kinds) for word in said - _BESIDE_PLACE)


def _trade(message: _Message, facts: Facts, flow: Flow) -> Json:
    for part in _parts_with_trade(message, flow):
        words = " ".join(_WISH.sub(" ", part.lower()).split())
        kinds = facts.trades.search(words, limit=1) if _SOME_LETTERS.search(words) else ()
        if kinds:
            return {"code": kinds[0].code, "version": kinds[0].version, "words": tidy(part)}
    return None


def _parts_with_trade(message: _Message, flow: Flow) -> Iterator[str]:
    """Yield what stands behind "jual" and the like, then each part that tells nothing else."""
    found = _TRADE.search(message.said)
    if found is not None:
        yield message.text[found.start(1) : found.end(1)]
    for part in _SIGNS.split(message.text):
        tells = _SOME_LETTERS.search(part) and _FIGURES.search(part.lower()) is None
        if tells and not _tells_place(part, flow):
            yield part


def _landmark(message: _Message, facts: Facts, flow: Flow) -> Json:
    """Read what somebody else's place is near, and its RT and RW."""
    found = list(_NEAR.finditer(message.said))
    words = ", ".join(message.text[one.start(1) : one.end(1)].strip() for one in found)
    for one in reversed(found):
        message.cut(*one.span())
    return words or None


def _opens(message: _Message, facts: Facts, flow: Flow) -> Json:
    """Read when somebody else's place is open: "jualannya pagi"."""
    listed = lexicon.options(flow.id, "open")
    ranked = listed.rank(_GREETS.sub(" ", message.said)) if listed is not None else []
    named = [one.name for one in ranked if one.name in _PARTS]
    return named[0] if len(named) == 1 else None


def _knows(message: _Message, facts: Facts, flow: Flow) -> Json:
    """Read whether somebody else knows that we are told: "dia belum tahu"."""
    listed = lexicon.options(flow.id, "knows")
    for clause in _SIGNS.split(message.said):
        if _KNOWS.search(clause) and listed is not None and (ranked := listed.rank(clause)):
            return ranked[0].name
    return None


#: In the order in which their words are cut from the message; the trade reads what is left.
_READERS: Mapping[str, Callable[[_Message, Facts, Flow], Json]] = {
    "business_name": _business,
    "rt_rw": _corner,
    "street": _street,
    "turnover": _sum(_TURNOVER, 0, re.compile(TURNOVER)),
    "capital": _sum(_CAPITAL, 1, re.compile(CAPITAL)),
    "workers": _workers,
    "place": _place,
    "landmark": _landmark,
    "open": _opens,
    "knows": _knows,
    "owner_name": _owner,
    "premises": _premises,
    "trade": _trade,
}
