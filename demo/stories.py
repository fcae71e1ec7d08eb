"""The demo's stories: people with phones in their hands, from the first word to the end.

They use the demo page's own endpoints, and the secure pages that the bot sends them to.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date

from conversations import services
from conversations.messages import Json
from demo.phone import Phone, StepMissed, asks, finds, wishes

NAME = "Siti Aminah"
TRADE = "warung nasi uduk depan rumah"
PLACE, DOOR = (-6.2706, 106.8023), (-6.2707, 106.8024)  # where the business is; the officer's pin

CODE = r"(?<!\d)(\d{3}) (\d{3})(?!\d)"  # of a day, for the door
IDENTITY_PAGE = r"https?://\S+/identitas/\S+"
CODE_PAGE = r"https?://\S+/k/\S+"
FORM_CODE = r'class="code"[^>]*>([^<]+)<'  # on the page behind the QR code


#: The owner's answers about a loan, question by question; a button is in brackets.
LETTER = (
    ("consent", "[yes]"),
    ("owner_name", NAME),
    ("trade", "jual nasi uduk"),
    ("place", "cipete utara"),
    ("street", "Jalan Damai no. 12, dekat musala"),
    ("lender_kind", "[bank]"),
    ("lender", "BRI"),
    ("branch", "Unit Cipulir"),
    ("product", "[kur]"),
    ("since", "Maret 2024"),
    ("remaining", "[to_10]"),
    ("instalment", "850 ribu"),
    ("arrears", "[to_3]"),
    ("before", "9 juta"),
    ("now", "4 juta"),
    ("reason", "[slow]"),
    ("reason", "[done]"),
    ("can_pay", "500 ribu"),
    ("wish", "[smaller]"),
    ("wish", "[done]"),
    ("others", "[none]"),
    ("talked", "[no]"),
    ("deliver", "[owner]"),
    ("confirm", "[send]"),
)
#: The officer's answers at the signature.
SIGNING = (
    ("there", "[ktp]"),
    ("there", "[loan_book]"),
    ("there", "[done]"),
    ("later", "[cash_book]"),
    ("later", "[done]"),
    ("sign", "[paper]"),
)
#: The terms of the new contract, as the owner tells them.
TERMS = (
    ("instalment", "550 ribu"),
    ("months", "24 bulan"),
    ("first_due", "tanggal 5 bulan depan"),
    ("reminds", "[yes]"),
)


@dataclass(frozen=True, slots=True)
class Phones:
    """The phones of those who may be in a story; the document comes to the owner's.

    `slip` gives the path in the QR code of the receipt slip that a letter's lender holds.
    """

    owner: Phone
    officer: Phone
    supervisor: Phone
    neighbour: Phone
    slip: Callable[[], str]

    def everybody(self) -> tuple[Phone, ...]:
        return (self.owner, self.officer, self.supervisor, self.neighbour)


async def _short(phones: Phones) -> Json:
    """The owner says what, where and when; the officer fills the form in at the stall."""
    owner, officer = phones.owner, phones.officer
    await _begin(owner, "quick")
    await _answer(owner, TRADE)
    await _send_place(owner)
    await owner.tap("window", "")
    await _meet(officer, owner)
    await officer.tap("wish", "now")
    await officer.tap("whom", "host")
    await _fill_in(officer)
    await officer.tap("way", "chat")
    await owner.tap("confirm", "send")
    await _hand_over(officer)
    return await _receive(owner)


async def _long(phones: Phones) -> Json:
    """The owner fills the form in at home; the officer comes with the permit."""
    owner, officer = phones.owner, phones.officer
    await _begin(owner, "self")
    await _answer(owner, NAME)
    await _answer(owner, TRADE)
    await _name_business(owner)
    await _send_place(owner)
    await _describe_place(owner)
    await owner.wait("the question about figures", lambda b: b)
    await owner.photograph()
    await _say_figures(owner)
    await _identify(owner, before="preferred_days")
    await owner.tap("preferred_days", "any")
    await owner.tap("confirm", "send")
    await owner.tap("window", "")
    await _meet(officer, owner)
    await _hand_over(officer)
    return await _receive(owner)


async def _referral(phones: Phones) -> Json:
    """A neighbour tells of a place; the officer helps there, and its owner's phone takes over."""
    owner, officer, neighbour = phones.owner, phones.officer, phones.neighbour
    await _tell(neighbour)
    await officer.tap("offer", "accept")
    await _arrive(officer)
    await officer.tap("met", "now")
    await officer.tap("may_tell", "yes")
    await neighbour.wait("a sentence about the visit", lambda b: b)
    await _fill_in(officer)
    await officer.tap("way", "code")
    await _scan(owner, await officer.wait("the form's code", finds(CODE_PAGE)))
    await owner.tap("confirm", "send")
    await _hand_over(officer)
    return await _receive(owner)


async def _credit(phones: Phones) -> Json:
    """The owner is behind with a loan; a letter, its lender, and three reminders follow."""
    owner, officer = phones.owner, phones.officer
    await owner.say("Halo")
    await owner.tap("menu", "credit_relaxation")
    for question, said in LETTER:
        await _say_or_tap(owner, question, said)
    await owner.wait("the draft", _document)
    await owner.tap("read", "right")
    await owner.tap("window", "")
    await _meet(officer, owner)
    for question, said in SIGNING:
        await _say_or_tap(officer, question, said)
    await officer.wait("the question for a photo", wishes("photo"))
    await officer.photograph()
    await officer.tap("signed", "yes")
    letter = await owner.wait("the signed letter", _document)
    await owner.let_pass()
    await owner.tap("delivered", "yes")
    await owner.tap("receipt", "none")
    await _answer(owner, "Bu Rina, bagian kredit")
    await owner.wait("thanks", lambda b: b)
    await _press(owner, phones.slip(), "longer")
    for question, said in TERMS:
        await _say_or_tap(owner, question, said)
    await owner.wait("what the relief means", lambda b: b)
    await owner.let_pass()
    await owner.wait("what to read before signing", lambda b: b)
    await owner.let_pass()
    await owner.tap("ready", "yes")
    await owner.wait("thanks", lambda b: b)
    return letter


#: The stories by the names that `izin demo --play` takes; the first is the usual one. Each gives
#: the document that the owner holds at its end.
STORIES: dict[str, Callable[[Phones], Awaitable[Json]]] = {
    "short": _short,
    "long": _long,
    "referral": _referral,
    "credit": _credit,
}


# -- their parts -----------------------------------------------------------------------------------


async def _begin(owner: Phone, way: str) -> None:
    """The owner's first message, consent, and choice of a way."""
    await owner.say("Halo")
    await owner.tap("menu", next(iter(services.load())))
    await owner.tap("consent", "yes")
    await owner.tap("way", way)


async def _tell(neighbour: Phone) -> None:
    """Tell of somebody else's business; no name, no number, no photo."""
    await neighbour.say("Halo")
    await neighbour.wait("the menu", asks("menu"))
    await neighbour.say("bantu usaha lain")
    await neighbour.tap("purpose", "yes")
    await _answer(neighbour, TRADE)
    await _send_place(neighbour)
    await _answer(neighbour, "depan musala Al-Ikhlas, RT 005/003")
    await neighbour.tap("open", "morning")
    await neighbour.tap("knows", "unaware")
    await neighbour.tap("confirm", "send")
    await neighbour.wait("thanks", lambda b: b)
    neighbour.used = len(neighbour.bubbles)  # what comes later is news


async def _say_or_tap(phone: Phone, question: str, said: str) -> None:
    """Answer one question by its button, written in brackets, or with words."""
    if said.startswith("["):
        await phone.tap(question, said.strip("[]"))
    else:
        await _answer(phone, said)


async def _press(lender: Phone, page: str, answer: str) -> None:
    """The lender opens the page on the receipt slip, presses an answer, and confirms it."""
    link = f"{lender.url}{page}"
    print(f"  (The lender opens {link} and presses {answer!r})\n", flush=True)
    async with lender.http.get(link) as shown:
        form = _hidden(await shown.text())
    for _ in ("asked", "sure"):
        async with lender.http.post(link, data={**form, "answer": answer}) as shown:
            if shown.status >= 400:
                raise StepMissed(f"The lender's page was answered with {shown.status}.")
            form |= _hidden(await shown.text())


def _hidden(page: str) -> dict[str, str]:
    """Return the hidden fields of a page's form."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))


def _document(bubble: Json) -> Json | None:
    return bubble.get("document")


async def _receive(owner: Phone) -> Json:
    """The permit arrives in the owner's chat; the owner rates the service."""
    permit = await owner.wait("the permit", _document)
    await owner.tap("stars", "5")
    return permit


async def _send_place(phone: Phone) -> None:
    """Send a pin, and confirm its kelurahan."""
    await phone.wait("the question about the place", wishes("location"))
    await phone.locate(*PLACE)
    await phone.tap("place", "")


async def _fill_in(officer: Phone) -> None:
    """The officer reads out how the answers are used, and writes them down."""
    await officer.tap("read_out", "yes")
    await _answer(officer, NAME)
    await _name_business(officer)
    await _describe_place(officer)
    await _say_figures(officer)
    await _identify(officer, before="confirm")
    await officer.tap("confirm", "send")


async def _name_business(writer: Phone) -> None:
    await writer.tap("trade", "")
    await _answer(writer, "Warung Bu Siti")


async def _describe_place(writer: Phone) -> None:
    await _answer(writer, "Jalan Damai no. 12, RT 005/003, dekat musala")
    await writer.tap("premises", "home")


async def _say_figures(writer: Phone) -> None:
    await _answer(writer, "modal 5 juta, sebulan 6 juta, sendiri")
    await writer.tap("papers", "none")


async def _answer(phone: Phone, words: str) -> None:
    """Wait for the bot's question, then send an answer."""
    await phone.wait(f"the question before {words!r}", lambda b: b)
    await phone.say(words)


async def _identify(writer: Phone, *, before: str) -> None:
    """The KTP's data are written on the secure page, not in the chat; then a step follows."""
    await writer.tap("identity", "page")
    link = await writer.wait("the link to the identity page", finds(IDENTITY_PAGE))
    born = date(1990, 5, 17)
    async with writer.http.get(link) as answer:
        page = await answer.text()
    form = {
        **_hidden(page),
        "name": NAME,
        "nik": f"317407{born.day + 40:02d}{born:%m%y}0012",
        "day": str(born.day),
        "month": str(born.month),
        "year": str(born.year),
        "address": "Jalan Damai no. 12",
    }
    await writer.wait(f"the question {before!r}", asks(before))
    writer.used = len(writer.bubbles)  # it is asked again with the news from the page
    async with writer.http.post(link, data=form) as answer:
        if answer.status >= 400:
            raise StepMissed(f"The identity page was answered with {answer.status}.")
    print(f"  ({writer.who} fills in the secure page)\n", flush=True)


async def _scan(owner: Phone, page: str) -> None:
    """The owner's phone opens the page behind the QR code, and sends the words that it shows."""
    async with owner.http.get(page) as answer:
        found = re.search(FORM_CODE, await answer.text())
    if found is None:
        raise StepMissed(f"The page {page} shows no code.")
    print(f"  ({owner.who} scans the QR code and opens {page})\n", flush=True)
    await owner.say(found[1])


async def _meet(officer: Phone, owner: Phone) -> None:
    """The officer's part, from the offer to the code at the door."""
    await officer.tap("offer", "accept")
    code = await owner.wait("the day's code", finds(CODE))
    await owner.wait("the officer's picture", lambda b: b.get("photo"))
    await _arrive(officer)
    await officer.wait("the question for the code", asks("code"))
    await officer.say(code)


async def _arrive(officer: Phone) -> None:
    """The officer sets out, before the visit's time if need be, and arrives."""
    await officer.tap("depart", "go")
    if await officer.wait("what follows departing", asks("early", "arrive")) == "early":
        await officer.tap("early", "yes")
    await officer.wait("the question on arrival", asks("arrive"))
    await officer.locate(*DOOR)


async def _hand_over(officer: Phone) -> None:
    """The officer looks at the KTP and the place, and hands the permit over."""
    await officer.tap("ktp", "seen")
    await officer.tap("place", "as_described")
    await officer.wait("the question for a photo", wishes("photo"))
    await officer.photograph()
    await officer.tap("hand_over", "yes")
