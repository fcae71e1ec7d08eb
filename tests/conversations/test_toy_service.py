"""A new public service is one flow and one catalogue: nothing else has to know of it.

The service here is a toy: to report a street lamp that is broken.
"""

from __future__ import annotations

import tomllib

import pytest

from conversations import flows
from conversations.catalogue import Catalogue, read
from conversations.diagram import mermaid
from conversations.engine import Flows
from conversations.flow import Ask, Choose, Locate, Upload, answered
from conversations.form import form
from conversations.messages import Say
from conversations.parsers.note import note
from conversations.service import Document, DocumentKind, Service, Services
from tests.conversations.transcript import Chat, differences, play

FORM = form(
    "street_lamp",
    (
        Choose("fault", options=("dark", "leaning")),
        Ask("pole", parse=note(at_most=20), when=answered("fault", "leaning")),
        Locate("place"),
        Upload("photo", at_most=1),
    ),
    consents=(),
)

SERVICE = Service(
    id="street_lamp",
    form=FORM,
    menu=2,
    called=("lampu",),
    course=(Document("letter"),),
    holder=lambda answers: "",
    about=lambda answers, city: Say(f"street_lamp.fault.{answers['fault']}"),
    brief=lambda answers, city: (),
    documents=(DocumentKind("letter", prefix="LMP"),),
)

WORDS = """
[title]
id = "Lampu jalan rusak"
en = "A broken street lamp"
[name]
id = "Lampu jalan"
en = "Street lamp"
[fault]
id = "Lampunya kenapa?"
en = "What is wrong with the lamp?"
[fault.dark]
id = "Mati"
en = "It is dark"
[fault.leaning]
id = "Tiangnya miring"
en = "The pole leans"
[fault.label]
id = "Kerusakan"
en = "Fault"
[pole]
id = "Nomor tiangnya berapa? Contoh: KB 112"
en = "What is the pole's number? For example: KB 112"
[pole.label]
id = "Tiang"
en = "Pole"
[place]
id = "Di mana? Contoh: Kelurahan Pulo"
en = "Where is it? For example: Kelurahan Pulo"
[place.by_name]
id = "Apa nama kelurahannya? Contoh: Kelurahan Pulo"
en = "Which kelurahan? For example: Kelurahan Pulo"
[place.label]
id = "Kelurahan"
en = "Kelurahan"
[photo]
id = "Kirim satu foto."
en = "Send one photo."
[photo.label]
id = "Foto"
en = "Photo"
[confirm]
id = "Sudah benar?\\n\\n{summary}"
en = "Is this right?\\n\\n{summary}"
[confirm.send]
id = "Kirim"
en = "Send"
[confirm.change]
id = "Ubah"
en = "Change"
[submitted]
id = "Laporan kami terima, nomor {number}."
en = "We have your report; its number is {number}."
[corrected]
id = "Terima kasih, kami periksa lagi."
en = "Thank you, we will look again."
[letter]
id = "Tanda terima"
en = "Receipt"
[letter.send]
id = "Kirim tanda terima"
en = "Send the receipt"
[letter.send_of]
id = "Tanda terima {number}"
en = "Receipt {number}"
[letter.sending]
id = "Baik, kami kirim lagi."
en = "All right, we are sending it again."
"""

TALK = """\
> halo
< Halo, selamat datang di Izin Datang, layanan izin usaha Pemprov Jakarta. Gratis. Petugas kami \
yang datang ke tempat Bapak/Ibu, dan petugas tidak pernah menerima uang. Ini bukan penertiban.
< Apa yang bisa kami bantu?
  [1] Minta izin usaha
  [2] Lampu jalan rusak
  [3] Cek permohonan saya
  [4] Bantuan
  [5] English
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
< Kerusakan: Tiangnya miring
  Tiang: KB 112
  Kelurahan: Pulo, Kebayoran Baru
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


def with_street_lamp() -> Flows:
    """The city's flows, and one more."""
    city = flows.load()
    words = dict(read(tomllib.loads(WORDS), SERVICE.id))
    return Flows(
        {**city.by_id, SERVICE.id: FORM},
        Catalogue({**city.catalogue.entries, **words}),
        Services({**city.services, SERVICE.id: SERVICE}),
    )


def test_a_new_service_is_in_the_menu_is_asked_checked_and_sent() -> None:
    if found := differences(TALK, play(TALK, with_street_lamp())):
        pytest.fail(found, pytrace=False)


def test_its_declaration_says_what_is_missing() -> None:
    city = with_street_lamp()
    assert SERVICE.problems() == []
    assert city.catalogue.problems(SERVICE.words()) == []
    assert flows.load().catalogue.problems(["street_lamp.photo"]) == [
        "conversations/catalogues/street_lamp.toml: [photo] is missing"
    ]


def test_it_can_be_drawn() -> None:
    assert mermaid(FORM).splitlines()[:2] == [
        "flowchart TD",
        '    begin(["street_lamp"])',
    ]


def test_the_menu_follows_from_the_flows() -> None:
    chat = Chat(with_street_lamp())
    assert "  [2] Lampu jalan rusak" in chat.heard("> halo")
    assert "  [2] Lampu jalan rusak" not in Chat(flows.load()).heard("> halo")
