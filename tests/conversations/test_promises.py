"""What is said about people's data and permits promises nothing that nobody does."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from conversations import catalogue
from models import erasure

ENTRIES = catalogue.load().entries
#: A draft is indeed erased: at once when it is cancelled, else after thirty days.
DRAFTS = {"common.cancel", "common.cancelled", "pages.privacy.part.d.text"}
#: And a person, after two questions: `tests/test_erasure.py` looks for what is left.
ERASED = {
    "common.erase",
    "common.erase.go_on",
    "common.erase.keep",
    "common.erase.not_done",
    "common.erase.open",
    "common.erase.visit",
    "common.erase.visited",
    "common.erase.what",
    "common.erase_sure",
    "common.erase_sure.yes",
    "common.erase_sure.keep",
    "common.my_data",
    "help.met",  # of a place: `tests/bot/test_refused_places.py`
    "referral.any_time.cleared",  # likewise
    "notices.erased",
    "notices.erasing",
    "pages.privacy.part.e.text",
}
ERASING = re.compile(
    r"\b(?:semua\w*|data\w*) (?:akan |kami |sudah )*(?:di)?hapus|\bmenghapusnya\b"
    r"|\ball (?:of it |is |will be )*erased|\bhave (?:them|it|all of it|your data) erased"
    r"|\bis erased\b",
    re.I,
)
MENDING = re.compile(
    r"izin\w* (?:bisa|akan|kami) (?:di)?(?:perbaiki|koreksi|ralat)|permit .*correct", re.I
)
ASKING = re.compile(r"\b(?:(?:me)?minta|to ask for|permintaan|your wish|asks? to)\b[^.]*", re.I)


@pytest.mark.parametrize("locale", ["id", "en"])
def test_nobody_is_promised_that_their_data_is_erased_or_a_permit_mended(locale: str) -> None:
    """Only what is done by itself is promised; other wishes are passed to a person."""
    promised = {
        key: line[locale]
        for key, line in ENTRIES.items()
        if key not in DRAFTS | ERASED
        and (ERASING.search(ASKING.sub("", line[locale])) or MENDING.search(line[locale]))
    }
    assert promised == {}


@pytest.mark.parametrize("key", ["common.my_data", "pages.privacy.part.e.text"])
def test_a_wish_for_a_copy_leads_to_a_person(key: str) -> None:
    assert "pengawas" in ENTRIES[key]["id"].lower()
    assert "supervisor" in ENTRIES[key]["en"].lower()


@pytest.mark.parametrize("locale", ["id", "en"])
def test_who_is_erased_reads_first_what_stays_and_for_how_long(locale: str) -> None:
    kept = {
        "common.erase.what": ("6 tahun", "6 years"),
        "common.erase.kept": ("selama hukum mewajibkan", "as long as the law demands"),
        "pages.privacy.part.d.text": ("6 tahun", "6 years"),
        "pages.privacy.part.e.text": ("tetap dicatat sesuai hukum", "stay on record"),
    }
    for key, words in kept.items():
        assert words[locale == "en"] in ENTRIES[key][locale], key


@pytest.mark.parametrize("locale", ["id", "en"])
def test_the_chat_and_the_page_name_the_hour_that_the_alarm_watches(locale: str) -> None:
    assert timedelta(hours=1) == erasure.WITHIN
    for key in ("common.erase.what", "pages.privacy.part.e.text"):
        assert ("1 jam" if locale == "id" else "1 hour") in ENTRIES[key][locale], key
