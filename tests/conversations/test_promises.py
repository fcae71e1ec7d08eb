"""What is said about people's data and permits promises nothing that nobody does."""

from __future__ import annotations

import re

import pytest

from conversations import catalogue

ENTRIES = catalogue.load().entries
#: A draft is indeed erased: at once when it is cancelled, else after thirty days.
DRAFTS = {"common.cancel", "common.cancelled", "pages.privacy.part.d.text"}
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
    """A request is passed to a person, who answers it; that is all that happens by itself."""
    promised = {
        key: line[locale]
        for key, line in ENTRIES.items()
        if key not in DRAFTS
        and (ERASING.search(ASKING.sub("", line[locale])) or MENDING.search(line[locale]))
    }
    assert promised == {}


@pytest.mark.parametrize(
    "key", ["common.erase_data", "common.my_data", "pages.privacy.part.e.text"]
)
def test_a_request_about_data_leads_to_a_person(key: str) -> None:
    assert "pengawas" in ENTRIES[key]["id"].lower()
    assert "supervisor" in ENTRIES[key]["en"].lower()
