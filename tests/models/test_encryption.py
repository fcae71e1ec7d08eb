"""Personal columns: sealed for their place, readable across rotations, found without being read."""

from __future__ import annotations

from base64 import b64encode

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from models.infrastructure import encryption
from models.infrastructure.encryption import (
    UnknownKey,
    UnreadableValue,
    blind_index,
    decrypt_searchable,
    encrypt_searchable,
    key_for,
    seal,
    seal_json,
    unseal,
    unseal_json,
)
from models.infrastructure.key_ring import KeyRing
from models.person import Person

OLD, NEW, INDEX = bytes(range(32)), bytes(range(1, 33)), bytes(32)
HERE, THERE = "people.name", "people.phone"


@pytest.fixture(autouse=True)
def _ring() -> None:
    encryption.use(KeyRing({"k1": OLD}, INDEX))


def base64(key: bytes) -> str:
    return b64encode(key).decode()


def test_what_is_sealed_can_be_read_again_and_looks_different_each_time() -> None:
    sealed = {seal(b"Siti Aminah", HERE) for _ in range(5)}
    assert len(sealed) == 5
    assert {unseal(one, HERE).decode() for one in sealed} == {"Siti Aminah"}
    assert all(b"Siti" not in one for one in sealed)


def test_json_comes_back_as_it_was() -> None:
    value = {"nama": "Siti Aminah – 阿米娜", "km": 0.5, "none": None, "list": [1, "dua", []]}
    assert unseal_json(seal_json(value, HERE), HERE) == value


def test_an_old_value_is_read_after_the_key_was_changed_and_new_ones_use_the_new_key() -> None:
    old = seal(b"Siti", HERE)
    encryption.use(KeyRing({"k2": NEW, "k1": OLD}, INDEX))
    assert unseal(old, HERE) == b"Siti"
    new = seal(b"Siti", HERE)
    encryption.use(KeyRing({"k2": NEW}, INDEX))
    assert unseal(new, HERE) == b"Siti"
    with pytest.raises(UnknownKey) as told:
        unseal(old, HERE)
    assert "k1" in str(told.value) and "ENCRYPTION_KEYS" in str(told.value)
    assert HERE in str(told.value) and "Siti" not in str(told.value)


def test_a_value_that_was_moved_to_another_column_is_refused() -> None:
    with pytest.raises(UnreadableValue):
        unseal(seal(b"Siti", HERE), THERE)


@pytest.mark.parametrize("at", [3, 10, -1])
def test_a_value_that_was_altered_is_refused(at: int) -> None:
    stored = bytearray(seal(b"Siti", HERE))
    stored[at] ^= 1
    with pytest.raises(UnreadableValue):
        unseal(bytes(stored), HERE)


def test_a_value_under_the_same_name_of_another_key_is_refused() -> None:
    stored = seal(b"Siti", HERE)
    encryption.use(KeyRing({"k1": NEW}, INDEX))
    with pytest.raises(UnreadableValue):
        unseal(stored, HERE)


def test_a_blind_index_finds_equal_values_and_tells_nothing_else() -> None:
    nik = "3174075705900012"
    index = blind_index(nik, "identities.nik")
    assert index == blind_index(nik, "identities.nik") and len(index) == 16
    assert index != blind_index("3174075705900013", "identities.nik")
    assert index != blind_index(nik, "people.phone")
    encryption.use(KeyRing({"k2": NEW, "k1": OLD}, INDEX))
    assert index == blind_index(nik, "identities.nik"), "it outlives the rotation of the other keys"
    encryption.use(KeyRing({"k1": OLD}, NEW))
    assert index != blind_index(nik, "identities.nik")


def test_a_key_ring_is_read_from_its_text() -> None:
    ring = KeyRing.parse(f"k2:{base64(NEW)}, k1:{base64(OLD)}", base64(INDEX))
    assert (ring.current, ring.keys, ring.index_key) == ("k2", {"k2": NEW, "k1": OLD}, INDEX)
    assert base64(NEW) not in repr(ring) and repr(NEW) not in repr(ring)


SHORT = base64(b"short")


@pytest.mark.parametrize(
    ("keys", "index", "says"),
    [
        (base64(OLD), base64(INDEX), "name:base64"),
        ("", base64(INDEX), "name:base64"),
        (f":{base64(OLD)}", base64(INDEX), "name:base64"),
        ("k1:not base64!", base64(INDEX), "'k1' is not base64"),
        (f"k1:{SHORT}", base64(INDEX), "5 bytes instead of 32"),
        (f"k1:{base64(OLD)}", SHORT, "the index key has 5 bytes"),
        (f"k1:{base64(OLD)},k1:{base64(NEW)}", base64(INDEX), "two keys are called 'k1'"),
        (f"{'k' * 256}:{base64(OLD)}", base64(INDEX), "255 bytes"),
    ],
)
def test_a_wrong_key_ring_is_refused_without_telling_the_key(
    keys: str, index: str, says: str
) -> None:
    with pytest.raises(ValueError, match=says) as told:
        KeyRing.parse(keys, index)
    assert base64(OLD) not in str(told.value) and SHORT not in str(told.value)


def test_a_column_is_sealed_in_the_table_and_plain_in_python(engine: Engine) -> None:
    with Session(engine) as tx:
        tx.add(Person(name="Siti Aminah"))
        tx.add(Person(name=None))
        tx.commit()
        stored = tx.execute(text("SELECT name FROM people ORDER BY id")).scalars().all()
        assert b"Siti" not in bytes(stored[0]) and stored[1] is None
        tx.expire_all()
        assert [row.name for row in tx.query(Person).order_by(Person.id)] == ["Siti Aminah", None]


def test_a_value_copied_to_another_column_of_the_table_is_refused(engine: Engine) -> None:
    with Session(engine) as tx:
        tx.add(Person(name="Siti Aminah"))
        tx.commit()
        tx.execute(text("UPDATE people SET phone = name"))
        tx.expire_all()
        (row,) = tx.query(Person)
        assert (row.name, encryption.readable(row.phone)) == ("Siti Aminah", None)
        with pytest.raises(UnreadableValue):
            _ = f"{row.phone}"


def test_without_keys_nothing_personal_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "_ring", None)
    with pytest.raises(encryption.NoKeys, match="use"):
        seal(b"Siti", HERE)


def test_what_is_veiled_is_found_by_its_name_and_can_t_be_read_without_the_key() -> None:
    encrypted = encrypt_searchable("+6281234567890", "here")
    assert encrypted == encrypt_searchable("+6281234567890", "here")
    assert decrypt_searchable(encrypted, "here") == "+6281234567890"
    assert "81234" not in encrypted
    assert encrypted != encrypt_searchable("+6281234567890", "there")
    assert encrypted != encrypt_searchable("+6281234567891", "here")
    encryption.use(KeyRing({"k9": NEW}, INDEX))
    assert decrypt_searchable(encrypted, "here") == "+6281234567890", (
        "keys of the columns may change"
    )


@pytest.mark.parametrize("other", ["+6281234567890", "", "é", "AAAA"])
def test_what_was_not_veiled_here_is_told(other: str) -> None:
    with pytest.raises(ValueError, match="not encrypted for here"):
        decrypt_searchable(other, "here")
    with pytest.raises(ValueError, match="not encrypted for there"):
        decrypt_searchable(encrypt_searchable("x", "here"), "there")


def test_keys_for_different_purposes_differ() -> None:
    assert len({key_for("one"), key_for("two"), INDEX}) == 3
