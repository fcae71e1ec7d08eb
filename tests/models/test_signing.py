"""Signed tokens: only our own are read, each for its purpose, and no input raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.infrastructure import encryption, signing
from models.infrastructure.key_ring import KeyRing


@pytest.fixture(autouse=True, scope="module")
def _keys() -> None:
    encryption.use(KeyRing({"k1": b"0" * 32}, b"1" * 32))


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_a_token_carries_a_value_for_one_purpose(value: object) -> None:
    token = signing.sign([value], "doors")
    assert signing.signed(token, "doors") == [value]
    assert signing.signed(token, "windows") is None
    assert signing.sign([value], "doors") == token


@given(st.text(st.characters(), max_size=80))
def test_any_text_is_refused_and_none_raises(text: str) -> None:
    good = signing.signature("a text", "doors")
    assert signing.signed(text, "doors") is None
    assert signing.is_signature(text, "a text", "doors") == (text == good)
    if text:
        assert not signing.is_signature(good + text, "a text", "doors")


@pytest.mark.parametrize("given", [None, 1, b"bytes", ["list"], "", "x" * 100_000, "\ud800"])
def test_what_is_no_signature_is_refused(given: object) -> None:
    assert not signing.is_signature(given, "a text", "doors")


def test_a_signature_is_of_one_text_one_purpose_and_one_key() -> None:
    good = signing.signature("a text", "doors")
    assert signing.is_signature(good, "a text", "doors")
    assert not signing.is_signature(good, "another", "doors")
    assert not signing.is_signature(good, "a text", "windows")
    encryption.use(KeyRing({"k1": b"0" * 32}, b"2" * 32))
    assert not signing.is_signature(good, "a text", "doors")
    encryption.use(KeyRing({"k2": b"3" * 32, "k1": b"0" * 32}, b"1" * 32))
    assert signing.is_signature(good, "a text", "doors")  # another key in front changes nothing
