"""Whoever asks to be erased is found nowhere afterwards; real processes play the whole journey."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, text

from demo.sample_photo import draw
from models.infrastructure import encryption
from models.infrastructure.key_ring import KeyRing
from tests import held
from tests.processes import KEY, Product, address
from tests.providers.bot_api import FakeBotApi, Person
from tests.providers.twilio_api import FakeTwilio
from tests.test_journey import (
    NIK,
    PATIENCE,
    apply,
    first_button,
    hear,
    identify,
    journey,
    tap,
)

CHAT, PHONE = 7_391_846_250, "6281299887766"
#: What the owner said, showed and is called, in small letters.
THEIRS = (
    "siti aminah",
    "aminah",
    "nasi uduk",
    "warung bu siti",
    "jalan damai",
    "musala",
    "005/003",
    "17 mei 1990",
    "1990-05-17",
    "106.802",
    "ini rahasia saya",
    "baju biru minta uang",
    NIK,
    PHONE,
    PHONE.removeprefix("62"),
    str(CHAT),
)


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
    encryption.use(KeyRing.parse(f"k1:{KEY}", KEY))
    with Product(database, redis_url, tmp_path, telegram, twilio) as running:
        running.environment["LOG_LEVEL"] = "DEBUG"
        running.start("serve", "worker", "dispatch")
        until(lambda: telegram.called("setWebhook"), "the webhook to be set")
        yield running


def test_whoever_is_erased_on_the_way_is_found_nowhere(
    product: Product, telegram: FakeBotApi, engine: Engine, redis_url: str
) -> None:
    owner = telegram.user(CHAT, "Zulaikha", phone=PHONE)
    officer, supervisor = staff(product, telegram)
    apply(owner)
    identify(owner, product)
    hear(owner, "visit_window.window", PATIENCE)
    first_button(owner)
    hear(officer, "visit.offer", PATIENCE)
    tap(officer, "visit.offer.accept")
    hear(owner, "notices.officer_comes", PATIENCE)
    say_more(owner, supervisor)

    words = ask_twice(owner)
    assert "kunjungannya ikut dibatalkan" in words
    officer.wait_for("dibatalkan", PATIENCE).result()
    end(engine, owner)
    found_nowhere(product, engine, redis_url, owner)
    assert not list(held.in_files(product.folder / "files"))

    owner.say("halo").result()
    hear(owner, "welcome.hello")
    owner.say("status").result()
    assert "26-0" not in owner.last.text, "nothing is known of who comes back"


def test_of_an_issued_permit_only_what_is_printed_stays(
    product: Product, telegram: FakeBotApi, engine: Engine, redis_url: str
) -> None:
    owner = telegram.user(CHAT, "Zulaikha", phone=PHONE)
    officer = telegram.user(CHAT + 1, "Rahmat")
    journey(owner, officer, product, engine)
    number = owner.documents[0].name.removesuffix(".pdf")
    owner.send_contact(PHONE).result()

    words = ask_twice(owner)
    assert number in words and "tetap sah" in words
    end(engine, owner)
    printed = {"siti aminah", "aminah", "warung bu siti", "jalan damai", "musala", "005/003"}
    found_nowhere(product, engine, redis_url, owner, register=printed)
    pdfs = {path for path, _ in held.in_files(product.folder / "files")}
    assert {Path(path).suffix for path in pdfs} == {".pdf"}, "the photos are gone"
    check = httpx.get(f"{product.url}/dokumen/{number}")
    assert check.status_code == 200 and "Siti A" in check.text
    assert "Siti Aminah" not in check.text


def test_on_whatsapp_no_number_and_no_alias_stays(
    product: Product, twilio: FakeTwilio, engine: Engine, redis_url: str
) -> None:
    twilio.reporting = True
    owner = twilio.user("+6281299887766", "Siti")
    apply(owner)
    identify(owner, product)
    owner.wait_for("sudah kami periksa", PATIENCE).result()
    ask_twice(owner)
    end(engine, owner)
    found_nowhere(product, engine, redis_url, owner)


def test_an_operator_erases_by_number_and_is_told_what_was_done(
    product: Product, telegram: FakeBotApi, engine: Engine, redis_url: str
) -> None:
    owner = telegram.user(CHAT, "Zulaikha", phone=PHONE)
    apply(owner)
    identify(owner, product)
    owner.wait_for("sudah kami periksa", PATIENCE).result()
    owner.say("stop").result()
    owner.send_contact(PHONE).result()
    told = product.izin("people", "erase", f"0{PHONE[2:]}", "--yes")
    assert re.search(r"^withdrawn\tcase \d\d-\d{6}$", told, re.MULTILINE), told
    assert re.search(r"^erased\tinbox\t\d+$", told, re.MULTILINE), told
    assert re.search(r"^deleted\tfiles\t1$", told, re.MULTILINE), told
    assert "Siti" not in told and NIK not in told
    end(engine, owner)
    found_nowhere(product, engine, redis_url, owner)


def staff(product: Product, telegram: FakeBotApi) -> tuple[Person, Person]:
    officer, supervisor = telegram.user(CHAT + 1, "Rahmat"), telegram.user(CHAT + 2, "Ratna")
    for one, role, badge in ((officer, "officer", "0417"), (supervisor, "supervisor", "P-07")):
        one.start(product.invite("Rahmat Hidayat", badge, "31.74", role))
        one.wait_for(badge, PATIENCE).result()
    return officer, supervisor


def say_more(owner: Person, supervisor: Person) -> None:
    """What owners do besides, and what supervisors see of them."""
    owner.say("ini rahasia saya").result()
    owner.send_contact(PHONE).result()
    owner.say("data saya").result()
    supervisor.wait_for("minta salinan datanya", PATIENCE).result()
    complain(owner)
    supervisor.wait_for("baju biru minta uang", PATIENCE).result()
    number = re.search(r"\d\d-\d{6}", "\n".join(owner.texts))
    assert number
    supervisor.say(f"cek {number[0]}").result()
    supervisor.wait_for("Pemilik: Siti Aminah", PATIENCE).result()
    owner.send_photo(draw("Zulaikha", 5), caption="warung Zulaikha").result()


def complain(owner: Person) -> None:
    """A complaint about nobody who is known: the visit stays as it is."""
    owner.say("lapor pungli").result()
    hear(owner, "complaint.what")
    owner.say("Tetangga baju biru minta uang dua ratus ribu di depan rumah saya").result()
    hear(owner, "complaint.officer")
    tap(owner, "complaint.officer.unknown")
    hear(owner, "complaint.may_call")
    tap(owner, "complaint.may_call.yes")
    hear(owner, "complaint.confirm")
    tap(owner, "complaint.confirm.send")
    hear(owner, "complaint.submitted", PATIENCE)


def ask_twice(owner: Person) -> str:
    """Ask, confirm twice, and give what was said before the first yes."""
    owner.say("hapus data").result()
    words = hear(owner, "common.erase.what")
    tap(owner, "common.erase.go_on")
    hear(owner, "common.erase_sure")
    tap(owner, "common.erase_sure.yes")
    hear(owner, "notices.erasing")
    return words


def end(engine: Engine, owner: Person) -> None:
    """Let the pauses pass; the owner is told, and afterwards nothing is open."""

    def over() -> bool:
        with engine.begin() as connection:
            connection.execute(
                text("UPDATE tasks SET due_at = now() WHERE kind = 'erase' AND due_at > now()")
            )
            left = connection.execute(
                text(
                    "SELECT (SELECT count(*) FROM tasks WHERE kind = 'erase' AND done_at IS NULL)"
                    " + (SELECT count(*) FROM people WHERE erase_asked_at IS NOT NULL)"
                )
            )
            return int(left.scalar_one()) == 0

    until(over, "the erasure to be done")
    hear(owner, "notices.erased")


def found_nowhere(
    product: Product,
    engine: Engine,
    redis_url: str,
    owner: Person,
    *,
    register: set[str] = frozenset(),  # type: ignore[assignment]
) -> None:
    """Nothing of the owner is held; `register` may stand in the documents and their cases."""
    secrets = {*THEIRS, *(m for t in owner.texts for m in re.findall(r"/identitas/(\S+)", t))}
    veiled = address(CHAT)
    found: list[tuple[str, str]] = []
    for where, words in held.in_tables(engine):
        kept = register if where == "cases.answers" else set()
        seen = words.lower()
        found += [(where, secret) for secret in secrets - kept if secret.lower() in seen]
        assert veiled not in words, where
    photos = [draw("Warung Bu Siti", 3), draw("Warung Bu Siti", 7), draw("Zulaikha", 5)]
    for where, content in held.in_files(product.folder / "files"):
        assert content not in photos, where
        assert not any(photo[200:1200] in content for photo in photos), where
        kept = register | {"nasi uduk"} if register else set()
        seen = content.decode(errors="replace").lower()
        found += [(where, secret) for secret in secrets - kept if secret.lower() in seen]
    hashes = {hashlib.sha256(photo).hexdigest() for photo in photos}
    for where, words in (*held.in_tables(engine), *held.in_redis(redis_url)):
        found += [(where, secret) for secret in hashes if secret in words]
    told = [*held.in_redis(redis_url), ("logs", product.logs())]
    for where, words in told:
        seen = words.lower()
        found += [(where, secret) for secret in (*secrets, veiled) if secret.lower() in seen]
    assert found == []


def until(true: Callable[[], object], what: str) -> None:
    end_at = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end_at, f"waited {PATIENCE:.0f} s for {what}"
        time.sleep(0.05)
