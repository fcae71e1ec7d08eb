"""An owner who is behind with a loan: a letter, its lender's answer and three reminders, over HTTP.

Everything is as in `tests.test_assisted_journeys`. Months pass by moving the dates of letters back.
"""

from __future__ import annotations

import io
import re
from datetime import timedelta

import httpx
import pypdf
import pypdfium2  # type: ignore[import-untyped]  # it ships no stubs
import pytest
import zxingcpp
from sqlalchemy.orm import Session

from conversations import catalogue
from demo import passing
from demo.sample_photo import draw
from models.reference.area_names import Area
from tests import test_journey as steps
from tests.providers.bot_api import Person
from tests.test_assisted_journeys import CHANNELS, City, drawing, hear_end
from tests.test_assisted_journeys import city as city
from tests.test_assisted_journeys import sign as post_signature
from tests.test_journey import PATIENCE, hear, tap, until

STREET = "Jalan Damai nomor 3"
RECEIVER = "Bu Rina, bagian kredit"
#: The owner's answers about the loan; taps are in brackets.
LOAN = (
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
)
pytestmark = pytest.mark.processes


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_letter_is_asked_for_signed_answered_and_reminded_of(city: City, channel: str) -> None:
    owner, (officer, place) = city.somebody(channel), city.officer(channel)
    approve_templates(city)
    number = ask(owner, place)
    read_draft(owner, number)
    sign(owner, officer, place, paper=channel == "telegram")
    page = read_signed(city, owner, number)
    assert page.startswith(f"{city.product.url}/kreditur/")
    deliver(city, owner, channel)
    if channel == "telegram":
        press(page, "longer")
    else:
        tell(city, owner, channel)
    terms(owner)
    assert (steps.words("lender_answer.heard") in owner.chat) == (channel == "telegram")
    be_reminded(city, owner, channel)
    check_the_books(city, owner)


# -- asked for -------------------------------------------------------------------------------------


def ask(owner: Person, place: Area) -> str:
    """From the first word to the draft; gives the letter's number."""
    owner.start().result()
    hear(owner, "welcome.hello")
    tap(owner, "credit_relaxation.title")
    reply(owner, "consent", "[yes]")
    reply(owner, "owner_name", "Siti Aminah")
    reply(owner, "trade", "jual nasi uduk")
    reply(owner, "place", place.name)
    reply(owner, "street", STREET)
    for step, said in LOAN:
        reply(owner, step, said)
    pick(owner, "reason", "slow")
    reply(owner, "can_pay", "500 ribu")
    pick(owner, "wish", "smaller")
    for step, said in (("others", "[none]"), ("talked", "[no]"), ("deliver", "[owner]")):
        reply(owner, step, said)
    reply(owner, "confirm", "[send]")
    until(lambda: owner.documents, "the draft")
    return owner.documents[0].name.removesuffix(".pdf")


def reply(owner: Person, step: str, said: str) -> None:
    """Answer one question about the loan, once it was asked."""
    hear_end(owner, f"credit_relaxation.{step}")
    if said.startswith("["):
        tap(owner, f"credit_relaxation.{step}.{said.strip('[]')}")
    else:
        owner.say(said).result()


def pick(owner: Person, step: str, option: str) -> None:
    """Pick one of several, and no more."""
    reply(owner, step, f"[{option}]")
    hear_end(owner, "common.several")
    tap(owner, "common.several.done")


def read_draft(owner: Person, number: str) -> None:
    """The draft is marked as one, and its owner finds it right."""
    words, _ = read(owner.documents[0].content)
    assert number in words and "Siti Aminah" in words and "BRI" in words
    assert "DRAF" in words.upper()
    hear_end(owner, "letter.read")
    tap(owner, "letter.read.right")


# -- signed and delivered --------------------------------------------------------------------------


def sign(owner: Person, officer: Person, place: Area, *, paper: bool) -> None:
    """An officer comes, looks for papers, and has the letter signed: on paper, or on the phone."""
    hear(owner, "visit_window.window", PATIENCE)
    steps.first_button(owner)
    code = steps.takes_offer(officer, owner)
    steps.comes(owner, officer, code, (place.lat, place.lon))
    hear(officer, "signing.there")
    for there in ("ktp", "loan_book"):
        tap(officer, f"credit_relaxation.paper.{there}")
        assert there not in hear_end(officer, "common.several"), "papers have names"
    tap(officer, "common.several.done")
    hear(officer, "signing.later")
    tap(officer, "signing.there.nothing")
    hear(officer, "signing.sign")
    if paper:
        tap(officer, "signing.sign.paper")
        hear(officer, "signing.signed_page")
        officer.send_photo(draw("Lembar", 5)).result()
    else:
        tap(officer, "signing.sign.screen")
        on_phone(officer)
    hear(officer, "signing.signed")
    tap(officer, "signing.signed.yes")


def on_phone(officer: Person) -> None:
    """The owner signs on the page that the officer was sent."""
    link = re.search(r"http\S+/tanda-tangan-surat/\S+", hear(officer, "signing.link"))
    assert link
    fields = hidden(httpx.get(link[0]).text) | {"drawing": drawing()}
    assert post_signature(link[0], fields).status_code == 303


def hidden(page: str) -> dict[str, str]:
    """Give the hidden fields of a page's form."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))


def read_signed(city: City, owner: Person, number: str) -> str:
    """The signed letter comes with its receipt slip; gives the lender's page on it."""
    until(lambda: len(owner.documents) == 2, "the signed letter")
    letter = owner.documents[1]
    assert letter.name == f"{number}.pdf"
    words, codes = read(letter.content)
    assert number in words and "DRAF" not in words.upper()
    assert f"{city.product.url}/dokumen/{number}" in codes
    (page,) = [one for one in codes if "/kreditur/" in one]
    return page


def read(letter: bytes) -> tuple[str, list[str]]:
    """Give a letter's words, and what its QR codes say."""
    words = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(letter)).pages)
    images = [page.render(scale=3).to_pil() for page in pypdfium2.PdfDocument(letter)]
    found = [one.text for image in images for one in zxingcpp.read_barcodes(image)]
    return " ".join(words.split()), found


def deliver(city: City, owner: Person, channel: str) -> None:
    """The owner is asked whether it was delivered, and tells to whom."""
    let_pass(city, channel)
    hear_news(owner, channel, "delivery.delivered")
    tap(owner, "delivery.delivered.yes")
    hear(owner, "delivery.receipt")
    tap(owner, "delivery.receipt.none")
    hear(owner, "delivery.receiver")
    owner.say(RECEIVER).result()
    hear(owner, "delivery.noted")


# -- answered and reminded of ----------------------------------------------------------------------


def press(page: str, outcome: str) -> None:
    """The lender presses an answer on its page, and says once more that it is sure."""
    asked = httpx.post(page, data={**hidden(httpx.get(page).text), "answer": outcome})
    assert asked.status_code == 200
    sent = httpx.post(page, data={**hidden(asked.text), "answer": outcome})
    assert sent.status_code == 303


def tell(city: City, owner: Person, channel: str) -> None:
    """The owner is asked what the lender answered, and tells it."""
    let_pass(city, channel)
    hear_news(owner, channel, "lender_answer.outcome")
    tap(owner, "lender_answer.outcome.longer")


def terms(owner: Person) -> None:
    """The owner tells what was granted, and wants to be reminded."""
    hear(owner, "lender_answer.instalment")
    owner.say("550 ribu").result()
    hear(owner, "lender_answer.months")
    owner.say("24 bulan").result()
    hear(owner, "lender_answer.first_due")
    owner.say("tanggal 5 bulan depan").result()
    hear(owner, "lender_answer.reminds")
    tap(owner, "lender_answer.reminds.yes")
    hear(owner, "lender_answer.relief")


def be_reminded(city: City, owner: Person, channel: str) -> None:
    """Before and after each of three instalments; the last of these is the third reminder."""
    let_pass(city, channel)
    hear_words(owner, channel, "notices.reminder.contract")
    for number in (1, 2, 3):
        let_pass(city, channel)
        hear_news(owner, channel, "instalment.ready")
        tap(owner, "instalment.ready.yes")
        hear(owner, "instalment.noted.yes")
        let_pass(city, channel)
        hear_words(owner, channel, f"notices.reminder.after_{number}")


def let_pass(city: City, channel: str) -> None:
    """Let time pass to the next time at which the owner is asked or reminded."""
    steps.nothing_is_left_open(city.engine)
    with Session(city.engine) as tx, tx.begin():
        days, _ = passing.let_pass(tx, channel)
    assert days
    if channel == "whatsapp":
        city.twilio.ahead += timedelta(days=days)


def hear_news(owner: Person, channel: str, key: str) -> None:
    """Hear what comes after days; on WhatsApp a template comes first, and an answer to it."""
    if channel == "whatsapp":
        owner.wait_for("Balas pesan ini", PATIENCE).result()
        owner.say("baca").result()
    hear_end(owner, key)


def hear_words(owner: Person, channel: str, key: str) -> None:
    """Hear what comes after days and asks nothing; on WhatsApp its template says all of it."""
    if channel == "whatsapp":
        said = catalogue.load().entries[key]["id"].split("\n\n")[-1]
        owner.wait_for(said, PATIENCE).result()
    else:
        hear_end(owner, key)


def approve_templates(city: City) -> None:
    """Templates are pushed and approved, since WhatsApp takes nothing else after a day."""
    if not city.twilio.approved:
        city.product.izin("templates", "push")
        city.twilio.approved |= set(city.twilio.contents)
        city.product.izin("templates", "status")


# -- the books -------------------------------------------------------------------------------------


def check_the_books(city: City, owner: Person) -> None:
    """Everything that was owed was sent, and nobody can read what is of the owner."""
    steps.nothing_is_left_open(city.engine)
    assert not city.twilio.refusals
    assert city.rows("SELECT reminders FROM dossiers ORDER BY case_id DESC LIMIT 1") == [(7,)]
    steps.nobody_can_read(city.engine, "Siti Aminah", STREET, RECEIVER)
    assert not re.search("Siti Aminah|850000", city.product.logs())
