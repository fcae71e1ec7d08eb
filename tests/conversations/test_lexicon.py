"""The lexicon: words without affixes, misspellings, and negations bound to what they deny."""

from __future__ import annotations

import pytest

from conversations import flows, lexicon
from conversations.engine import asides, intents
from conversations.engine.matters import matter
from conversations.phrases import Intent
from conversations.steps import Choose
from tests.conversations import city
from tests.conversations.transcript import Chat

FLOWS = flows.load()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kiosnya", ("kios",)),
        ("dipajaki", ("pajak",)),
        ("belum datang2", ("!datang",)),
        ("tempatnya gak pindah-pindah", ("tempat", "!pindah")),
        ("gapunya, gaada", ("!punya", "!ada")),
        ("tolong benerin", ("tolong", "benerin")),
        ("gak punya toko", ("!punya", "!toko")),
        ("bisa ga?", ("bisa", "tidak")),
        ("boleh ga kode dikasih", ("boleh", "tidak", "kode", "kasih")),
        ("klo dmn datengnya brp", ("kalau", "mana", "datang", "berapa")),
        ("ga punya surat, ada NIB", ("!punya", "!surat", "ada", "nib")),
        ("jangan-jangan nipu", ("mungk", "nipu")),
    ],
)
def test_words_are_roots_and_negations_stay_with_them(text: str, words: tuple[str, ...]) -> None:
    assert lexicon.words(text) == words


def test_what_is_said_not_to_exist_is_denied_behind_it() -> None:
    assert lexicon.words("nib gak ada, npwp ada", topics=True) == ("!nib", "npwp", "ada")


@pytest.mark.parametrize(
    ("said", "option"),
    [("gerobk dorong", "mobile"), ("trotoarr", "roadside"), ("kelilng pake motor", "mobile")],
)
def test_a_misspelt_word_names_its_option(said: str, option: str) -> None:
    listed = lexicon.options("business_permit", "premises")
    assert listed is not None and listed.rank(said)[0].name == option


def test_options_that_are_listed_exist() -> None:
    for flow in flows.load().by_id.values():
        for step in flow.steps:
            listed = lexicon.options(flow.id, step.id)
            if isinstance(step, Choose) and isinstance(step.options, tuple) and listed is not None:
                assert {*listed.phrases} <= {*step.options, *step.beside}, (flow.id, step.id)


@pytest.mark.parametrize(
    "said",
    [
        "jual tahu bulat", "nasi gila", "jasa angkut barang", "tukang potong rambut",
        "jual alat pancing", "laundry kilat", "counter pulsa", "jamu pegel linu",
        "jual baju murah", "tukang pijat panggilan", "katering hajatan", "baju kondangan",
        "jual atasan wanita", "jual sayur lengkap", "mau jual tahu", "jual tanaman hias",
        "toko maju terus", "jual ayam potong", "bawa gerobak muter-muter kampung",
        "pinggir kali, deket jembatan", "kursus nyetir mobil", "rata-rata sebulan 3 juta",
        "ga tentu, 2 jutaan", "pegawai 4", "asisten 1", "uang sendiri 3 juta", "Sandi Pratama",
        "Mimin Sumiati", "Lila Anggraini", "Wong Kim Fa", "Maju Jaya", "Kedai Sepi",
        "gang buntu sebelah gedung biru", "lupa nomor rumahnya", "warung buka tiap hari",
        "lusa sore aja", "mau bikin izin buat jualan es teh, modal 2 juta",
        "bukan di rumah, saya keliling", "siap", "sah", "usaha masih jalan", "tunggu bentar ya",
        "ok bu saya ke sana", "tentu", "lanjut", "sudah setuju",
    ],
)  # fmt: skip
def test_ordinary_answers_raise_no_matter(said: str) -> None:
    raised = matter(said)
    assert raised is None or raised.intent not in intents.DIGRESSIONS | {*asides.ORDERS}


def test_every_matter_is_answered() -> None:
    for name in lexicon.matters().phrases:
        said = next(iter(lexicon.matters().phrases[name]))
        raised = matter(said)
        if name == "apply":
            assert raised is None
        else:
            assert raised is not None, name
            known = intents.DIGRESSIONS | {*asides.ORDERS, Intent.WHY}
            assert raised.intent in known, name


@pytest.mark.parametrize("said", ["bisa", "bisa pak", "siap bisa", "iya bisa kok"])
def test_the_verb_of_an_offer_is_yes_and_its_denial_no(said: str) -> None:
    listed = lexicon.options("visit", "offer")
    assert listed is not None
    assert listed.rank(said)[0].name == "accept"
    assert listed.rank(said.replace("bisa", "ga bisa"))[0].name == "decline"


@pytest.mark.parametrize(
    ("flow", "step", "said"),
    [
        ("business_permit", "confirm", "kirim besok aja"),
        ("business_permit", "confirm", "bener ga ya?"),
        ("business_permit", "confirm", "kirim nggak ya"),
        ("business_permit", "consent", "boleh tanya dulu?"),
        ("business_permit", "consent", "bentar"),
    ],
)
def test_words_that_put_off_or_ask_send_nothing(flow: str, step: str, said: str) -> None:
    chat = Chat(FLOWS)
    chat.heard(f"~ asked {flow} {step}")
    if step == "consent":
        chat.facts = city.changed(chat.facts, consents=frozenset())
    shown = "\n".join(chat.heard(f"> {said}"))
    assert "! Submit" not in shown and "! GiveConsent" not in shown


@pytest.mark.parametrize(
    "said", ["sore bisa?", "bisa tapi sore", "bentar", "terima kasih", "boleh tukar?", "bisa ga ya"]
)
def test_an_offer_is_not_taken_by_words_that_ask_or_limit(said: str) -> None:
    chat = Chat(FLOWS)
    for line in ("~ officer Rahmat Hidayat", "~ visit 7 offered 2026-11-25 morning"):
        chat.heard(line)
    chat.heard("> menu")
    chat.heard("> 1")
    assert "! AcceptOffer" not in "\n".join(chat.heard(f"> {said}"))


@pytest.mark.parametrize("said", ["lanjut", "lanjut isi", "ga jadi batal", "jangan dibatalin"])
def test_who_goes_on_loses_no_answers(said: str) -> None:
    chat = Chat(FLOWS)
    chat.heard("~ asked business_permit capital")
    chat.heard("> batal")
    shown = "\n".join(chat.heard(f"> {said}"))
    assert "Modal, penjualan sebulan" in shown or "Batalkan" in shown
    assert chat.session is not None and chat.session.draft is not None
    assert "owner_name" in chat.session.draft.answers


def test_the_first_sentences_of_owners_open_the_form_or_the_menu() -> None:
    for said in ("mau urus izin warung", "saya jualan", "warung", "saya mau daftar", "mau izin"):
        shown = "\n".join(Chat(FLOWS).heard(f"> {said}"))
        assert "! CallPerson" not in shown, said


def test_a_phrase_holds_alternatives_for_its_words() -> None:
    listed = lexicon.Lexicon({"nobody": ["pintu|pagar dikunci|digembok"]})
    assert [found.name for found in listed.rank("pagarnya digembok pak")] == ["nobody"]
    assert not listed.rank("pintu pagar"), "each word of the phrase is needed"
    denied = lexicon.Lexicon({"refused": ["tidak mau|minat ketemu|izin"]})
    assert [found.name for found in denied.rank("ga mau ketemu")] == ["refused"]
    assert [found.name for found in denied.rank("gak minat izin")] == ["refused"]
    assert not denied.rank("mau ketemu, minat izin")


def test_a_word_among_alternatives_has_the_spelling_of_what_is_said() -> None:
    listed = lexicon.Lexicon({"wait": ["nunggu|antri apa"], "photo": ["liat foto|poto"]})
    assert [one.name for one in listed.rank("apa aja yg nunggu?")] == ["wait"]
    assert [one.name for one in listed.rank("lihat fotonya")] == ["photo"]


def test_one_word_is_not_two_words_of_a_phrase() -> None:
    listed = lexicon.Lexicon({"gift": ["kasih|titip uang|kasih"]})
    assert not listed.rank("dikasih")
    assert listed.rank("dikasih uang")


def test_words_that_name_nothing_make_no_phrase_shorter() -> None:
    listed = lexicon.Lexicon({"next": ["kok|terus kemana"], "why": ["kok|kenapa masuk"]})
    assert not listed.rank("kemana")
    assert not listed.rank("masuk")
    assert [found.name for found in listed.rank("kenapa masuk")] == ["why"]


def test_a_negation_at_the_end_denies_the_topic_before_it() -> None:
    assert lexicon.words("NIB blm, NPWP jg blm", topics=True) == ("!nib", "!npwp", "juga")


def test_a_misspelt_word_is_read_alike_in_every_process() -> None:
    """Of several words equally near, the first of the alphabet is meant, not one by hash."""
    words = lexicon.matters()._vocabulary
    assert words == sorted(words)


def test_about_me_is_no_blow() -> None:
    """The word "tentang" is no misspelt "tendang"."""
    raised = matter("data apa aja yang kalian simpan tentang saya")
    assert raised is not None and raised.intent is Intent.PRIVACY


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("bnjir", ["rain"]),
        ("bnjr", ["rain"]),
        ("tdk bnjir", ["dry"]),
        ("bjr", []),  # a consonant is missing
        ("bnj", []),
        ("slsh", []),  # a letter more
        ("klar", []),  # "kelar" or "keluar"
        ("agung", []),  # most of the vowels of "ageung" are there
        ("time", []),  # the last letter of "timeo" is missing
    ],
)
def test_a_word_without_its_vowels_is_read_if_only_one_fits(said: str, heard: list[str]) -> None:
    listed = lexicon.Lexicon(
        {
            "rain": ["banjir"],
            "dry": ["tidak banjir"],
            "wrong": ["salah"],
            "done": ["kelar"],
            "leaves": ["keluar"],
            "big": ["ageung", "timeo"],
        }
    )

    assert [one.name for one in listed.rank(said)] == heard
