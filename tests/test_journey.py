"""The main job over real HTTP, end to end: an owner applies in chat, an officer brings the permit.

Everything is real but Telegram and Twilio: PostgreSQL, Valkey, `izin serve`, `izin worker` and
`izin dispatch` as processes of their own, python-telegram-bot's client and Twilio's; servers on
loopback stand in.
"""

from __future__ import annotations

import io
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import httpx
import pypdf
import pypdfium2  # type: ignore[import-untyped]  # it ships no stubs
import pytest
import zxingcpp
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from conversations import catalogue
from conversations.messages import Say
from demo.sample_photo import draw
from models import task
from tests.days import let_pass
from tests.processes import Product
from tests.providers.bot_api import Bubble, FakeBotApi, Person
from tests.providers.twilio_api import FakeTwilio

PATIENCE = 30.0  # seconds for one step; the machine is shared
IDENTITY_PAGE = r"http\S+/identitas/\S+"
NIK = "3174075705900012"  # a woman born on 17 May 1990: day + 40


@pytest.fixture
def telegram() -> Iterator[FakeBotApi]:
    with FakeBotApi() as api:
        yield api


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    with FakeTwilio() as api:
        yield api


@pytest.fixture
def product(
    database: str, redis_url: str, telegram: FakeBotApi, twilio: FakeTwilio, tmp_path: Path
) -> Iterator[Product]:
    with Product(database, redis_url, tmp_path, telegram, twilio) as running:
        running.start("serve", "worker", "dispatch")
        until(lambda: telegram.called("setWebhook"), "the webhook to be set")
        yield running


def test_an_owner_applies_in_chat_and_an_officer_brings_the_permit(
    product: Product, telegram: FakeBotApi, engine: Engine
) -> None:
    owner, officer = telegram.user(1001, "Siti"), telegram.user(2001, "Rahmat")
    journey(owner, officer, product, engine)
    assert not owner.spinning and not officer.spinning, "every button that was tapped came to rest"


def test_both_may_be_on_whatsapp(product: Product, twilio: FakeTwilio, engine: Engine) -> None:
    twilio.reporting, twilio.copies = True, 2
    twilio.disorder = random.Random(7)
    owner, officer = twilio.user("+6281200000001", "Siti"), twilio.user("+6281200000002", "Rahmat")
    journey(owner, officer, product, engine)
    assert twilio.media_left() == 0, "what people sent is kept by us alone"
    tapped = [one for one in twilio.made() if "ContentSid" in one.given]
    assert len(twilio.contents) < len(tapped), "content is made once and used again"
    assert not twilio.refusals
    nobody_can_read(engine, owner.phone[1:], officer.phone[1:])
    assert owner.phone[1:] not in product.logs() and twilio.account.token not in product.logs()
    until(lambda: reported(engine) == {"delivered"}, "reports on all that was sent")


def test_a_complaint_is_answered_and_somebody_else_comes(
    product: Product, telegram: FakeBotApi, engine: Engine
) -> None:
    people = [telegram.user(number, f"Somebody {number}") for number in range(4001, 4005)]
    complaint(people, product, engine)


def test_a_complaint_is_answered_on_whatsapp_too(
    product: Product, twilio: FakeTwilio, engine: Engine
) -> None:
    phones = [f"+628120000001{n}" for n in range(4)]
    complaint([twilio.user(phone, "Somebody") for phone in phones], product, engine)
    assert not twilio.refusals
    assert not [phone for phone in phones if phone[1:] in product.logs()]


def test_who_did_not_get_a_message_is_told_more_when_they_write_again(
    product: Product, twilio: FakeTwilio, engine: Engine
) -> None:
    """Twilio says yes, and reports later that it could not be delivered: it is given up."""
    twilio.reporting = True
    owner = twilio.user("+6281200000001", "Siti")
    owner.start().result()
    hear(owner, "welcome.hello")
    twilio.delivery = lambda message: 63024
    owner.say("bantuan").result()
    until(lambda: "unreachable" in outcomes(engine), "the failure to be seen to")
    twilio.delivery = lambda message: None
    owner.say("bantuan").result()
    hear(owner, "common.help.owner")


def test_a_window_that_closes_in_the_middle_loses_nothing_and_a_template_asks_to_go_on(
    product: Product, twilio: FakeTwilio, engine: Engine
) -> None:
    owner = twilio.user("+6281200000001", "Siti")
    begin(owner)
    hear(owner, "business_permit.place.joined")
    product.izin("templates", "push")
    twilio.approved |= set(twilio.contents)
    product.izin("templates", "status")
    twilio.ahead = timedelta(hours=25)
    with engine.begin() as connection:
        connection.execute(text("UPDATE conversations SET reminded = 1"))
        let_pass(connection, timedelta(hours=25))
    with Session(engine) as tx, tx.begin():
        task.plan(tx, "remind", 0, "remind:after a day")
    owner.wait_for("jawabannya masih kami simpan", PATIENCE).result()
    (said,) = [one for one in twilio.made() if twilio.now() - one.created_at < timedelta(hours=1)]
    sent = twilio.contents[str(said.given["ContentSid"])]
    assert str(sent["friendly_name"]).startswith("notices_draft_waits_")
    assert "Body" not in said.given
    owner.say("lanjut").result()
    hear(owner, "business_permit.place.joined")
    go_on(owner)
    assert outcomes(engine) == {"sent"}


def outcomes(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT outcome FROM outbox WHERE outcome IS NOT NULL"))
        return {row[0] for row in rows}


def reported(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return {row[0] for row in connection.execute(text("SELECT DISTINCT status FROM receipts"))}


def journey(owner: Person, officer: Person, product: Product, engine: Engine) -> None:
    """All of it, from the officer's invitation to the owner's permit."""
    joins(officer, product, "Rahmat Hidayat", "0417")
    applies(owner, product)
    hand_over(owner, officer, takes_offer(officer, owner), street="Jalan Melati nomor 5")
    number, permit = the_permit(owner)
    assert re.fullmatch(r"IUMK-\d{4}-3174-000001", number)
    read_back(permit, number, product)
    hear(owner, "rating.stars")
    tap(owner, "rating.stars.5")
    owner.say("kirim ulang izin").result()
    until(lambda: len(owner.documents) == 2, "the permit to be sent again")
    assert owner.documents[0].content == owner.documents[1].content
    nothing_is_left_open(engine)
    nobody_can_read(engine, "Siti Aminah", NIK, "Jalan Damai", "Jalan Melati")
    assert NIK not in product.logs() and "Siti Aminah" not in product.logs()


def complaint(people: Sequence[Person], product: Product, engine: Engine) -> None:
    """From the owner's words to the closing sentence; the other officer makes the visit."""
    owner, accused, other, supervisor = people
    joins(supervisor, product, "Ratna Dewi", "P-07", role="supervisor")
    joins(accused, product, "Rahmat Hidayat", "0417")
    applies(owner, product)
    takes_offer(accused, owner)
    joins(other, product, "Dewi Lestari", "0418")

    complain_of(owner, "rahmat", "petugasnya minta 50 ribu buat bensin")
    hear(owner, "notices.officer_changes", PATIENCE)
    assert "buat bensin" in hear(supervisor, "notices.complaint_filed", PATIENCE)
    code = takes_offer(other, owner)
    hear(accused, "notices.visit_given_on")
    hand_over(owner, other, code)

    tap(supervisor, "ticket.act.take")
    hear(owner, "notices.ticket_taken", PATIENCE)
    tap(supervisor, "ticket.act.answer")
    hear(supervisor, "ticket.words")
    supervisor.say("Mohon maaf, Bu. Petugasnya sedang kami tanya.").result()
    hear(supervisor, "ticket.sure.answers")
    tap(supervisor, "ticket.sure.yes")
    owner.wait_for("Petugasnya sedang kami tanya.", PATIENCE).result()
    hear(supervisor, "ticket.done.answer")
    supervisor.say("menu").result()
    hear(supervisor, "supervisor_desk.menu")
    first_button(supervisor)
    hear(supervisor, "ticket.line.name")
    tap(supervisor, "ticket.act.close")
    hear(supervisor, "ticket.outcome")
    tap(supervisor, "ticket.outcome.founded")
    hear(supervisor, "ticket.words")
    supervisor.say("Petugas itu tidak bertugas lagi di daerah Ibu.").result()
    hear(supervisor, "ticket.sure.closes")
    tap(supervisor, "ticket.sure.yes")
    owner.wait_for("tidak bertugas lagi di daerah Ibu.", PATIENCE).result()
    assert "complaint" not in accused.chat and "pengaduan" not in accused.chat.lower()
    nothing_is_left_open(engine)
    nobody_can_read(engine, "buat bensin", "sedang kami tanya", "tidak bertugas lagi")


def complain_of(owner: Person, officer: str, story: str) -> None:
    owner.say("lapor pungli").result()
    hear(owner, "complaint.what")
    owner.say(story).result()
    hear(owner, "complaint.officer")
    owner.say(officer).result()
    hear(owner, "complaint.may_call")
    tap(owner, "complaint.may_call.yes")
    hear(owner, "complaint.confirm")
    tap(owner, "complaint.confirm.send")


def joins(somebody: Person, product: Product, name: str, badge: str, role: str = "officer") -> None:
    somebody.start(product.invite(name, badge, "31.74", role)).result()
    somebody.wait_for(badge, PATIENCE).result()


def applies(owner: Person, product: Product) -> None:
    """From the first word to the window of the visit."""
    apply(owner)
    identify(owner, product)
    hear(owner, "visit_window.window", PATIENCE)
    first_button(owner)


def takes_offer(officer: Person, owner: Person) -> str:
    """The officer accepts the visit; gives the code that the owner is told."""
    hear(officer, "visit.offer", PATIENCE)
    tap(officer, "visit.offer.accept")
    return the_code(owner)


def hand_over(owner: Person, officer: Person, code: str, *, street: str = "") -> None:
    """From the officer's departure to the permit in the owner's hands; `street` is mended."""
    comes(owner, officer, code)
    hear(officer, "hand_over.ktp")
    tap(officer, "hand_over.ktp.seen")
    hear(officer, "hand_over.place")
    if street:
        mend(owner, officer, street)
    else:
        tap(officer, "hand_over.place.as_described")
    hear(officer, "hand_over.photo")
    officer.send_photo(draw("Warung Bu Siti", 7)).result()
    hear(officer, "hand_over.hand_over")
    tap(officer, "hand_over.hand_over.yes")
    hear(owner, "business_permit.notices.handed_over")


def comes(
    owner: Person, officer: Person, code: str, at: tuple[float, float] = (-6.2707, 106.8024)
) -> None:
    """From the officer's departure to the code at the door."""
    assert next_words(officer).labels == labels("visit.depart.go", "visit.depart.cannot")
    tap(officer, "visit.depart.go")
    if next_words(officer).labels == labels("visit.early.yes", "visit.early.no"):
        tap(officer, "visit.early.yes")
    hear(owner, "notices.on_the_way")
    officer.send_location(*at).result()
    hear(owner, "notices.arrived")
    hear(officer, "visit.code")
    officer.say("111111" if code != "111111" else "222222").result()
    hear(officer, "refusals.wrong_code")
    officer.say(code).result()


def mend(owner: Person, officer: Person, street: str) -> None:
    """The officer corrects the street, and the owner agrees."""
    correct(owner, officer, street)
    tap(owner, "mended.changes.yes")
    hear(owner, "mended.confirmed")


def correct(owner: Person, officer: Person, street: str) -> None:
    """The officer corrects the street, and the owner is asked."""
    tap(officer, "hand_over.place.different")
    hear(officer, "mending.differs")
    tap(officer, "business_permit.street.label")
    say_when_asked(officer, "street", street)
    hear(officer, "mending.differs.changed")
    officer.say(labels("mending.differs.send")[0]).result()
    owner.wait_for(street, PATIENCE).result()


def apply(owner: Person) -> None:
    """From the first word to the number of the case."""
    begin(owner)
    hear(owner, "business_permit.place.joined")
    go_on(owner)


def begin(owner: Person) -> None:
    """From the first word to the question where the business is."""
    owner.start().result()
    hear(owner, "welcome.hello")
    tap(owner, "business_permit.title")
    tap_when_asked(owner, "consent", "yes")
    tap_when_asked(owner, "way", "self")
    say_when_asked(owner, "owner_name", "siti aminah")
    say_when_asked(owner, "trade", "nasi uduk depan rumah")
    hear(owner, "refusals.which_trade")
    first_button(owner)
    say_when_asked(owner, "business_name", "Warung Bu Siti")


def go_on(owner: Person) -> None:
    """From the question where the business is to the number of the case."""
    owner.send_location(-6.2706, 106.8023).result()
    hear(owner, "refusals.confirm_place")
    first_button(owner)
    say_when_asked(owner, "street", "Jalan Damai no. 12, RT 005/003, dekat musala")
    tap_when_asked(owner, "premises", "home")
    hear(owner, "business_permit.capital.joined")
    owner.send_photo(draw("Warung Bu Siti", 3)).result()
    hear(owner, "common.photo_added")
    owner.say("5jt, 6 juta, 1").result()
    tap_when_asked(owner, "papers", "none")
    tap_when_asked(owner, "identity", "page")
    tap_when_asked(owner, "preferred_days", "any")
    hear(owner, "business_permit.confirm")
    tap(owner, "business_permit.confirm.send")
    hear(owner, "business_permit.submitted")


def identify(writer: Person, product: Product, name: str = "Siti Aminah", nik: str = NIK) -> None:
    """Fill in the secure page whose link came last; it works once."""
    link = next(m for t in reversed(writer.texts) if (m := re.search(IDENTITY_PAGE, t)))[0]
    with httpx.Client() as browser:
        page = browser.get(link)
        assert page.headers["Cache-Control"] == "no-store"
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        form = {"name": name, "nik": nik, "address": "Jalan Damai no. 12"}
        born = {"day": "17", "month": "5", "year": "1990"}
        given = browser.post(link, data={**hidden, **form, **born})
        assert given.status_code == 303, given.text
        assert browser.post(link, data={**hidden, **form, **born}).status_code == 410
    assert product.url in link


def the_code(owner: Person) -> str:
    bubble = hear(owner, "notices.officer_comes", PATIENCE)
    found = re.search(r"(?<!\d)(\d{3}) (\d{3})(?!\d)", bubble)
    assert found, bubble
    return found[1] + found[2]


def the_permit(owner: Person) -> tuple[str, bytes]:
    until(lambda: owner.documents, "the permit's PDF")
    document = owner.documents[0]
    assert document.name.endswith(".pdf")
    return document.name.removesuffix(".pdf"), document.content


def read_back(
    permit: bytes, number: str, product: Product, street: str = "Jalan Melati nomor 5"
) -> None:
    """The sheet's text, its QR, and the page behind it say the same."""
    sheet = pypdf.PdfReader(io.BytesIO(permit))
    assert len(sheet.pages) == 1
    words = sheet.pages[0].extract_text()
    assert number in words
    assert "Siti Aminah" in words
    assert street in " ".join(words.split()) and "Damai" not in words
    image = pypdfium2.PdfDocument(permit)[0].render(scale=3).to_pil()
    (code,) = zxingcpp.read_barcodes(image)
    assert code.text == f"{product.url}/dokumen/{number}"
    check = httpx.get(code.text)
    assert check.status_code == 200
    assert number in check.text
    assert "Siti A" in check.text and "Siti Aminah" not in check.text


def nothing_is_left_open(engine: Engine) -> None:
    """Every message heard was taken, every task done, every message owed was sent once.

    What is owed to somebody without a chat is given up at once.
    """

    rules = {
        "inbox": "taken_at IS NULL",
        "outbox": "sent_at IS NULL AND outcome IS DISTINCT FROM 'no_address'",
        "tasks": "done_at IS NULL AND due_at < now()",
        "attachments": "state <> 'stored'",
    }

    def open_rows() -> dict[str, int]:
        with engine.connect() as connection:
            return {
                table: int(
                    connection.execute(
                        text(f"SELECT count(*) FROM {table} WHERE {rule}")  # noqa: S608
                    ).scalar_one()
                )
                for table, rule in rules.items()
            }

    until(lambda: not any(open_rows().values()), f"nothing to be open: {open_rows()}")


def nobody_can_read(engine: Engine, *secrets: str) -> None:
    """No personal word stands in the database in the clear."""
    with engine.connect() as connection:
        tables = connection.execute(
            text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        )
        for (table,) in tables.all():
            rows = connection.execute(text(f'SELECT "{table}"::text FROM "{table}"'))  # noqa: S608
            everything = "\n".join(row[0] for row in rows)
            for secret in secrets:
                assert secret not in everything, f"{table} holds {secret!r}"
                assert secret.encode().hex() not in everything, f"{table} holds {secret!r}"


# Words are taken from the catalogue, so that the journey does not depend on their wording


def words(key: str) -> str:
    """A line's beginning, up to its first placeholder."""
    return catalogue.load().entries[key]["id"].split("{")[0].strip()


def labels(*keys: str) -> list[str]:
    return [catalogue.load().say(Say(key), "id") for key in keys]


def hear(person: Person, key: str, timeout: float = PATIENCE) -> str:
    return person.wait_for(words(key), timeout).result().text


def next_words(person: Person) -> Bubble:
    """The next message that is no picture, which comes after its words on WhatsApp."""
    while (bubble := person.wait_for("", PATIENCE).result()).document is not None:
        pass
    return bubble


def tap(person: Person, key: str) -> None:
    person.tap(catalogue.load().say(Say(key), "id")).result()


def first_button(person: Person) -> None:
    person.tap(person.last.labels[0]).result()


def say_when_asked(owner: Person, step: str, answer: str) -> None:
    hear(owner, f"business_permit.{step}")
    owner.say(answer).result()


def tap_when_asked(owner: Person, step: str, option: str) -> None:
    hear(owner, f"business_permit.{step}")
    tap(owner, f"business_permit.{step}.{option}")


def until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"waited {PATIENCE:.0f} s for {what}"
        time.sleep(0.05)


@pytest.mark.servers
@pytest.mark.processes
def test_the_demo_plays_its_stories_by_itself(tmp_path: Path) -> None:
    played = subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", "--play", "all", "--port", "0"],
        cwd=tmp_path,
        env=Product.environment_of_a_stranger(tmp_path),
        capture_output=True,
        text=True,
        timeout=480,
        check=False,
    )
    assert played.returncode == 0, played.stdout[-3000:] + played.stderr[-3000:]
    _, *told = re.split(r"^-- (\w+) --$", played.stdout, flags=re.M)
    by_name = dict(zip(told[::2], told[1::2], strict=True))
    assert list(by_name) == ["short", "long", "referral", "credit"]
    for name, story in by_name.items():
        document = Path(re.findall(r"The document lies at (.+\.pdf)", story)[0])
        assert pypdf.PdfReader(document).pages
        assert ("Bacakan ke pemilik" in story) == (name in {"short", "referral"})
        picture = re.search(r"Petugas kami, Rahmat Hidayat(?:(?!\n\n\w).)*\(gambar\)", story, re.S)
        assert (picture is not None) == (name != "referral")
    assert words("instalment.noted.yes") in by_name["credit"]
