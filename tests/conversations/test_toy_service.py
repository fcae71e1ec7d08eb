"""Two toy services, added as the README says, brought from submit to done by real processes.

`toy/` holds what somebody would write: declarations, a visit's script, and words. They are put into
a copy of the rooms, which nothing else is changed in, and the product is run from there: once with
a course without a visit, once with two visits of different purpose.
"""

from __future__ import annotations

import io
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pypdf
import pytest
from sqlalchemy import Engine, text

from conversations import catalogue, flows, services
from conversations.catalogue import Catalogue, read
from conversations.diagram import mermaid
from conversations.engine.builder import Flows
from conversations.service import Services
from demo.sample_photo import draw
from tests.conversations.toy.services import lamp_repair, street_lamp
from tests.conversations.transcript import Chat, differences, play
from tests.processes import ROOT, Product
from tests.providers.bot_api import FakeBotApi, Person
from tests.test_journey import PATIENCE, first_button, hear, labels, the_code, until

TOY = Path(__file__).with_name("toy")
ROOMS = ("bot", "casework", "cli", "conversations", "demo", "models", "web", "workers")
DECLARED = (street_lamp.SERVICE, lamp_repair.SERVICE)

TALK = """\
> halo
< Halo, ini Izin Datang, layanan Pemprov Jakarta. Gratis: petugas datang ke tempat \
Bapak/Ibu, tidak pernah menerima uang. Ini bukan penertiban.
< Apa yang bisa dibantu?
  [1] Minta izin usaha
  [2] Datangi saya
  [3] Keringanan cicilan
  [4] Bantu usaha lain
  [5] Lampu jalan rusak
  [6] Perbaikan lampu
  [7] Cek permohonan saya
  [8] Bantuan
  [9] English
> lampu di depan gang mati pak
< 1 dari 3. Lampunya kenapa?
  [1] Mati
  [2] Tiangnya miring
> miring
< 2 dari 4. Nomor tiangnya berapa? Contoh: KB 112
> KB 112
< 3 dari 4. Di mana? Contoh: Kelurahan Pulo
  (a button sends the location)
> pulo
< 4 dari 4. Kirim satu foto.
~ photo
< Sudah benar?
< Di tanda terima:
  Kerusakan: Tiangnya miring
  Kelurahan: Pulo, Kebayoran Baru
< Tidak dicetak:
  Tiang: KB 112
  Foto: 1 foto
  [1] Kirim
  [2] Ubah
> kirim
! Submit service street_lamp
    fault: "leaning"
    pole: "KB 112"
    place: {"kelurahan": "31.74.07.1007", "pin": null}
    photo: {"ids": [101], "done": true}
"""

AT_A_POSTER = """\
~ start p-317405
! CountPoster area_code 31.74.05
< Halo, ini Izin Datang, layanan Pemprov Jakarta. Gratis: petugas datang ke tempat \
Bapak/Ibu, tidak pernah menerima uang. Ini bukan penertiban.
< Mau yang mana?
  Datangi saya: izin usaha Bapak/Ibu sendiri
  Bantu usaha lain: tetangga atau teman yang belum punya izin
  Perbaikan lampu: lampu di jalan yang rusak
  [1] Datangi saya
  [2] Bantu usaha lain
  [3] Perbaikan lampu
  [4] Menu utama
  [5] English
> yang lampu
< Boleh petugas kami datang?
  [1] Boleh
  [2] Tidak
> poster 317405
! CountPoster area_code 31.74.05
< Mau yang mana?
  Datangi saya: izin usaha Bapak/Ibu sendiri
  Bantu usaha lain: tetangga atau teman yang belum punya izin
  Perbaikan lampu: lampu di jalan yang rusak
  [1] Datangi saya
  [2] Bantu usaha lain
  [3] Perbaikan lampu
  [4] Menu utama
> usaha saya
< Jawaban Bapak/Ibu hanya untuk izin usaha, boleh diminta dihapus: \
https://izin.example/privasi
< Ada yang meminta uang? Ketik: lapor pungli
< Setuju?
  [1] Setuju, mulai
  [2] Tidak
"""

# -- as declarations -------------------------------------------------------------------------------


def with_toys() -> Flows:
    """The city's flows, and those of the toys."""
    city = flows.load()
    words = dict(city.catalogue.entries)
    for file in sorted((TOY / "catalogues").glob("*.toml")):
        words |= dict(read(tomllib.loads(file.read_text()), file.stem))
    own = {service.id: service for service in DECLARED}
    forms = {service.id: service.form for service in DECLARED}
    return Flows({**city.by_id, **forms}, Catalogue(words), Services({**city.services, **own}))


def test_a_new_service_is_in_the_menu_is_asked_checked_and_sent() -> None:
    if found := differences(TALK, play(TALK, with_toys())):
        pytest.fail(found, pytrace=False)


def test_a_poster_leads_to_each_service_that_declares_it() -> None:
    if found := differences(AT_A_POSTER, play(AT_A_POSTER, with_toys())):
        pytest.fail(found, pytrace=False)


def test_its_declaration_says_what_is_missing() -> None:
    words = with_toys().catalogue
    for service in DECLARED:
        assert service.problems() == []
        assert words.problems(service.words()) == []
    assert catalogue.load().problems(["street_lamp.photo"]) == [
        "conversations/catalogues/street_lamp.toml: [photo] is missing"
    ]


def test_it_can_be_drawn() -> None:
    assert mermaid(street_lamp.FORM).splitlines()[:2] == [
        "flowchart TD",
        '    begin(["street_lamp"])',
    ]


def test_the_menu_follows_from_the_services() -> None:
    chat = Chat(with_toys())
    assert "  [5] Lampu jalan rusak" in chat.heard("> halo")
    assert "  [5] Lampu jalan rusak" not in Chat(flows.load()).heard("> halo")
    owners = ("business_permit", "assistance", "credit_relaxation", "referral")
    assert services.load().offered({"owner"}) == owners


# -- as they run -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rooms of the product with the toys in them."""
    folder = tmp_path_factory.mktemp("program")
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("services", "catalogues", "visits"):
        for file in (TOY / part).iterdir():
            if file.suffix in {".py", ".toml"} and file.stem != "__init__":
                shutil.copy(file, folder / "conversations" / part)
    return folder


@pytest.fixture
def telegram() -> Iterator[FakeBotApi]:
    with FakeBotApi() as api:
        yield api


@pytest.fixture
def product(
    database: str, redis_url: str, telegram: FakeBotApi, tmp_path: Path, program: Path
) -> Iterator[Product]:
    with Product(database, redis_url, tmp_path, telegram, program=program) as running:
        running.start("serve", "worker", "dispatch")
        until(lambda: telegram.called("setWebhook"), "the webhook to be set")
        yield running


def test_a_course_without_a_visit_comes_to_its_end(
    product: Product, telegram: FakeBotApi, engine: Engine
) -> None:
    owner = telegram.user(1001, "Siti")
    owner.start().result()
    answer(owner, "Apa yang bisa dibantu?", tap="Lampu jalan rusak")
    answer(owner, "Lampunya kenapa?", tap="Mati")
    answer(owner, "Di mana?", say="pulo")
    owner.wait_for("Kirim satu foto", PATIENCE).result()
    owner.send_photo(draw("Lampu", 3)).result()
    answer(owner, "Sudah benar?", tap="Kirim")
    owner.wait_for("Laporan kami terima", PATIENCE).result()
    owner.wait_for("Ini tanda terima laporannya", PATIENCE).result()
    (document,) = owner.documents
    assert re.fullmatch(r"LMP-\d{4}-000001\.pdf", document.name)
    number = document.name.removesuffix(".pdf")
    sheet = text_of(document.content)
    for said in ("Tanda Terima Laporan", number, "Mati", "Pulo"):
        assert said in sheet
    page = httpx.get(f"{product.url}/dokumen/{number}").text
    assert "Asli dan berlaku" in page and "Mati" in page and "Berlaku sampai" not in page
    assert states(engine) == [("street_lamp", "done", "receipt")]
    owner.say("status").result()
    owner.wait_for(f"sudah terbit, nomor {number}", PATIENCE).result()


def test_a_course_with_two_visits_of_different_purpose_comes_to_its_end(
    product: Product, telegram: FakeBotApi, engine: Engine
) -> None:
    owner, officer = telegram.user(1001, "Siti"), telegram.user(2001, "Rahmat")
    officer.start(product.invite("Rahmat Hidayat", "0417", "31.74")).result()
    officer.wait_for("0417", PATIENCE).result()
    owner.start().result()
    answer(owner, "Apa yang bisa dibantu?", tap="Perbaikan lampu")
    answer(owner, "Boleh petugas", tap="Boleh")
    answer(owner, "Lampunya kenapa?", tap="Mati")
    answer(owner, "Di mana?", say="pulo")
    answer(owner, "Sudah benar?", tap="Kirim")
    owner.wait_for("Permintaan kami terima", PATIENCE).result()

    visit(owner, officer, "Lihat dulu lampunya")
    answer(officer, "Apa yang rusak?", tap="Kabelnya")
    hear(owner, "notices.visit_done", PATIENCE)
    assert states(engine) == [("lamp_repair", "accepted", "repair")]

    visit(owner, officer, "Perbaiki lampunya")
    answer(officer, "Kunjungannya sudah selesai?", tap="Ya, selesai")
    until(lambda: owner.documents, "the note of the repair")
    (document,) = owner.documents
    assert re.fullmatch(r"PBL-\d{4}-3174-000001\.pdf", document.name)
    assert states(engine) == [("lamp_repair", "done", "repair")]
    with engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT purpose, state, outcome, answers FROM visits"
                " JOIN visit_reports ON visit_id = visits.id ORDER BY visits.id"
            )
        ).all()
    assert [tuple(row) for row in rows] == [
        ("look", "done", "seen", {"broken": "cable"}),
        ("repair", "done", "done", {"finish": "yes"}),
    ]


def visit(owner: Person, officer: Person, note: str) -> None:
    """From the choice of the window to the door, where the code is told."""
    hear(owner, "visit_window.window", PATIENCE)
    first_button(owner)
    card = hear(officer, "visit.offer", PATIENCE)
    assert note in card, "the officer reads what the visit is for"
    (accept,) = labels("visit.offer.accept")
    officer.tap(accept).result()
    code = the_code(owner)
    answer(officer, "Berangkat", tap=labels("visit.depart.go")[0])
    if officer.wait_for("").result().labels == labels("visit.early.yes", "visit.early.no"):
        officer.tap(labels("visit.early.yes")[0]).result()
        officer.wait_for("sudah diberi tahu", PATIENCE).result()
    officer.tap(labels("visit.arrive.here")[0]).result()
    hear(officer, "visit.far.pinless")
    officer.tap(labels("visit.far.no_pin")[0]).result()
    hear(officer, "visit.code")
    officer.say(code).result()


def answer(person: Person, asked: str, *, tap: str = "", say: str = "") -> None:
    person.wait_for(asked, PATIENCE).result()
    (person.tap(tap) if tap else person.say(say)).result()


def states(engine: Engine) -> list[tuple[str, str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT service, state, stage FROM cases ORDER BY id"))
        return [(service, state, stage) for service, state, stage in rows]


def text_of(pdf: bytes) -> str:
    (page,) = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return " ".join(page.extract_text().split())
