"""Settings from environment variables: declaration, readers, and the settings of every process.

Imports nothing heavy, so that a command that needs only the settings starts at once.

Errors: `BadSettings`, raised once with all problems.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Generic, Self, TypeVar
from urllib.parse import urlsplit

from models.infrastructure.errors import OperatorError
from models.infrastructure.guards import Guards
from models.infrastructure.key_ring import KeyRing
from models.infrastructure.quiet import QuietHours

T = TypeVar("T")
Reader = Callable[[str], T]  # raises ValueError that says what it accepts

_ANY_KEY = b64encode(bytes(32)).decode()


class BadSettings(OperatorError):
    """Settings are missing or wrong; the message names each, what is wrong, and an example."""


class Secret(Generic[T]):
    """A value that is masked in every output: a repr, a format, a log or a traceback."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        """Return the value itself; call it where the value is used, not before."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __repr__(self) -> str:
        return "Secret(***)"


def revealed(secret: Secret[T] | None) -> T | None:
    """Return the value of an optional secret; None if it is not set."""
    return None if secret is None else secret.reveal()


def setting(
    read: Reader[T],
    *,
    example: str,
    default: str | None = None,
    optional: bool = False,
    needed_with: str | None = None,
) -> T:
    """Declare a field that is read from the variable with its name in capitals.

    The variable must be set, unless it has a `default` or is `optional`. With `needed_with` it must
    be set if that other variable is; otherwise it may be missing (None).
    """
    declared = _Declared(read, example, default, optional, needed_with)
    made: T = field(metadata={"declared": declared})
    return made


def secret(
    read: Reader[T], *, example: str, optional: bool = False, needed_with: str | None = None
) -> Secret[T]:
    """Declare a field as `setting` does, with a `Secret` as value, which errors do not quote."""
    declared = _Declared(read, example, None, optional, needed_with, secret=True)
    made: Secret[T] = field(metadata={"declared": declared})
    return made


@dataclass(frozen=True, slots=True)
class _Declared:
    """The declaration of one field."""

    read: Reader[Any]
    example: str
    default: str | None
    optional: bool
    needed_with: str | None
    secret: bool = False


def text(value: str) -> str:
    """Any text."""
    return value


def matching(pattern: str, wanted: str) -> Reader[str]:
    """Text that matches a pattern, which `wanted` describes."""

    def read(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"{wanted} is needed")
        return value

    return read


def url(*schemes: str) -> Reader[str]:
    """A URL with one of these schemes; trailing slashes are dropped."""

    def read(value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in schemes or not (parts.netloc or parts.path.strip("/")):
            raise ValueError(f"an address that begins with {' or '.join(schemes)}:// is needed")
        return value.rstrip("/")

    return read


def whole_number(at_least: int, at_most: int) -> Reader[int]:
    """A whole number within limits."""

    def read(value: str) -> int:
        if not re.fullmatch(r"-?\d{1,18}", value) or not at_least <= int(value) <= at_most:
            raise ValueError(f"a whole number from {at_least} to {at_most} is needed")
        return int(value)

    return read


def seconds(at_least: float, at_most: float) -> Reader[float]:
    """A number of seconds within limits, with or without decimals."""

    def read(value: str) -> float:
        if (
            not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value)
            or not at_least <= float(value) <= at_most
        ):
            raise ValueError(f"seconds from {at_least:g} to {at_most:g} are needed")
        return float(value)

    return read


def one_of(*options: str) -> Reader[str]:
    """One of these words, in any case; returned in capitals."""

    def read(value: str) -> str:
        if value.upper() not in options:
            raise ValueError(f"one of {', '.join(options)} is needed")
        return value.upper()

    return read


def named_keys(value: str) -> dict[str, bytes]:
    """Named keys of 32 bytes, the first of which encrypts."""
    return KeyRing.parse(value, _ANY_KEY).keys


def key(value: str) -> bytes:
    """One key of 32 bytes."""
    return KeyRing.parse(f"any:{_ANY_KEY}", value).index_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of every process: database, Redis, files, public URL, keys, log, quiet hours."""

    database_url: Secret[str] = secret(
        url("postgresql", "postgresql+psycopg", "postgres"),
        example="postgresql://izin:password@localhost:5432/izin",
    )
    redis_url: Secret[str] = secret(
        url("redis", "rediss"), example="redis://:password@localhost:6379/0"
    )
    storage_url: str = setting(
        url("file", "s3"), example="file:///var/lib/izin-datang or s3://bucket/folder"
    )
    public_url: str = setting(url("https", "http"), example="https://izin.example.go.id")
    encryption_keys: Secret[dict[str, bytes]] = secret(
        named_keys,
        example='k1:"$(openssl rand -base64 32)"; a newer key goes in front: k2:...,k1:...',
    )
    index_key: Secret[bytes] = secret(key, example='"$(openssl rand -base64 32)"')
    log_level: str = setting(
        one_of("DEBUG", "INFO", "WARNING", "ERROR"), example="INFO", default="INFO"
    )

    quiet_hours: str = setting(one_of("ON", "OFF"), example="off", default="on")

    referrals_a_day: int = setting(whole_number(1, 1_000), example="5", default="5")
    referrals_a_month: int = setting(whole_number(1, 10_000), example="20", default="20")
    referrals_of_helpers_a_day: int = setting(whole_number(1, 1_000), example="50", default="50")
    referrals_looked_at_from: int = setting(whole_number(1, 1_000), example="4", default="4")
    referral_metres: int = setting(whole_number(10, 500), example="75", default="75")
    referral_quiet_days: int = setting(whole_number(30, 730), example="180", default="180")
    forms_at_one_place: int = setting(whole_number(0, 5), example="3", default="3")
    form_metres: int = setting(whole_number(1, 500), example="20", default="20")
    form_minutes: int = setting(whole_number(0, 60), example="3", default="3")
    forms_an_hour: int = setting(whole_number(0, 100), example="5", default="5")
    call_back_one_in: int = setting(whole_number(0, 1_000), example="10", default="10")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read every field from its variable; an empty variable counts as not set.

        Raises:
            BadSettings: variables are missing or wrong; the message lists all.
        """
        values, problems = cls._read(environment)
        if problems:
            raise BadSettings("\n".join(["The settings are not right:", *problems]))
        return cls(**values)

    @classmethod
    def problems(cls, environment: Mapping[str, str]) -> list[str]:
        """Return the problems: a line for each bad variable, with its name and an example."""
        return cls._read(environment)[1]

    @classmethod
    def _read(cls, environment: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
        values: dict[str, Any] = {}
        problems: list[str] = []
        for one in fields(cls):
            name, declared = one.name.upper(), one.metadata["declared"]
            try:
                values[one.name] = _value(name, declared, environment)
            except ValueError as error:
                problems.append(f"{name} {error}. Example: {name}={declared.example}")
        return values, problems

    @property
    def quiet(self) -> QuietHours:
        """The quiet hours, for all code that opens transactions."""
        return QuietHours(kept=self.quiet_hours == "ON")

    @property
    def guards(self) -> Guards:
        """The guards against misuse, for all code that opens transactions."""
        return Guards(
            a_day=self.referrals_a_day,
            a_month=self.referrals_a_month,
            helpers_a_day=self.referrals_of_helpers_a_day,
            looked_at_from=self.referrals_looked_at_from,
            metres=self.referral_metres,
            quiet_days=self.referral_quiet_days,
            forms_at_one_place=self.forms_at_one_place,
            form_metres=self.form_metres,
            form_minutes=self.form_minutes,
            forms_an_hour=self.forms_an_hour,
            call_back_one_in=self.call_back_one_in,
        )

    @property
    def key_ring(self) -> KeyRing:
        """The keys of the database, for `models.infrastructure.encryption.use`."""
        return KeyRing(self.encryption_keys.reveal(), self.index_key.reveal())


def _value(name: str, declared: _Declared, environment: Mapping[str, str]) -> Any:
    """Return one setting's value; None if it is missing and may be.

    Raises:
        ValueError: the message continues a sentence that begins with the variable's name.
    """
    found = environment.get(name, "").strip() or declared.default
    if found is None:
        other = declared.needed_with
        if other and environment.get(other, "").strip():
            raise ValueError(f"is not set, and {other} needs it")
        if not other and not declared.optional:
            raise ValueError("is not set")
        return None
    try:
        value = declared.read(found)
    except ValueError as error:
        if declared.secret:
            raise ValueError(f"is wrong: {error}") from None  # the cause may quote it
        raise ValueError(f"is {found!r}: {error}") from error
    return Secret(value) if declared.secret else value
