"""Settings: read once, wrong ones named all together, secrets never shown."""

import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from dataclasses import asdict

import pytest

from bot.service import limits
from bot.settings import Settings
from models.infrastructure.deadlines import Deadlines
from models.infrastructure.settings import BadSettings, Secret
from workers.settings import Settings as WorkersSettings

KEY = b64encode(b"k" * 32).decode()
LEAST = {
    "DATABASE_URL": "postgresql://izin:sesame@localhost/izin",
    "REDIS_URL": "redis://:sesame@localhost/0",
    "STORAGE_URL": "file:///tmp/files/",
    "PUBLIC_URL": "https://izin.example.go.id/",
    "ENCRYPTION_KEYS": f"k2:{KEY},k1:{KEY}",
    "INDEX_KEY": KEY,
}
TELEGRAM = {
    "TELEGRAM_BOT_TOKEN": "1:sesame",
    "TELEGRAM_BOT_USERNAME": "IzinDatangBot",
    "TELEGRAM_WEBHOOK_SECRET": "sesame" * 4,
}
TWILIO = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "sesame" * 6,
    "TWILIO_WHATSAPP_FROM": "+628001234567",
}


def test_the_least_settings_are_enough_and_bring_no_telegram() -> None:
    settings = Settings.from_environment(LEAST | {"LOG_LEVEL": "warning", "HOME": "/root"})
    assert settings.public_url == "https://izin.example.go.id"
    assert (settings.host, settings.port, settings.log_level) == ("127.0.0.1", 8000, "WARNING")
    assert settings.telegram_bot_token is None
    assert settings.twilio_account_sid is None
    assert settings.metrics_token is None
    assert settings.slow_turn_seconds == 1.0
    assert settings.deadlines == Deadlines(answer_days=1, close_days=5)
    assert settings.telegram_api_url == "https://api.telegram.org"
    assert settings.key_ring.current == "k2"
    assert WorkersSettings.from_environment(LEAST).key_ring == settings.key_ring


def test_everything_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(BadSettings) as caught:
        Settings.from_environment({"PORT": " ", "REDIS_URL": ""})
    told = str(caught.value).splitlines()[1:]
    assert [line.split()[0] for line in told] == list(LEAST)
    assert "PUBLIC_URL is not set. Example: PUBLIC_URL=https://izin.example.go.id" in told


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("DATABASE_URL", "mysql://izin:sesame@localhost/izin", "begins with postgresql"),
        ("REDIS_URL", "redis://", "begins with redis"),
        ("STORAGE_URL", "/var/lib/files", "begins with file or s3"),
        ("ENCRYPTION_KEYS", "sesame", "name:base64"),
        ("ENCRYPTION_KEYS", "k1:c2VzYW1l", "has 6 bytes instead of 32"),
        ("INDEX_KEY", "sesame!", "the index key is not base64"),
        ("PORT", "80800", "from 1 to 65535"),
        ("TRUSTED_PROXIES", "*", "addresses or networks"),
        ("TRUSTED_PROXIES", "0.0.0.0/0", "addresses or networks"),
        ("TRUSTED_PROXIES", "10.0.0.1,::/0", "addresses or networks"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "addresses or networks"),
        ("TRUSTED_PROXIES", "proxy.example", "addresses or networks"),
        ("TRUSTED_PROXIES", "10.0.0.1,,", "addresses or networks"),
        ("PORT", "8k", "from 1 to 65535"),
        ("LOG_LEVEL", "LOUD", "one of DEBUG, INFO, WARNING, ERROR"),
        ("METRICS_TOKEN", "sesame", "16 to 256"),
        ("SLOW_TURN_SECONDS", "soon", "seconds from 0.001 to 3600"),
        ("SLOW_TURN_SECONDS", "0", "seconds from 0.001 to 3600"),
        ("TICKET_ANSWER_DAYS", "0", "from 1 to 30"),
        ("TICKET_CLOSE_DAYS", "a week", "from 1 to 60"),
        ("TELEGRAM_BOT_TOKEN", "sesame", "@BotFather"),
        ("TELEGRAM_WEBHOOK_SECRET", "sesame", "16 to 256"),
        ("TELEGRAM_BOT_USERNAME", "@IzinDatangBot", "without @"),
        ("TWILIO_ACCOUNT_SID", "SK" + "0" * 32, "the Account SID"),
        ("TWILIO_AUTH_TOKEN", "sesame", "the Auth Token"),
        ("TWILIO_WHATSAPP_FROM", "08001234567", "in E.164"),
        ("TWILIO_WHATSAPP_FROM", "whatsapp:+628001234567", "in E.164"),
        ("TWILIO_API_URL", "localhost:8080", "begins with https or http"),
        ("WHATSAPP_RATE", "0", "a number from 0.1"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_wanted_and_an_example(
    name: str, value: str, wanted: str
) -> None:
    with pytest.raises(BadSettings) as caught:
        Settings.from_environment(LEAST | TELEGRAM | TWILIO | {name: value})
    (told,) = str(caught.value).splitlines()[1:]
    assert told.startswith(f"{name} is ")
    assert wanted in told
    assert f"Example: {name}=" in told
    assert "sesame" not in told


@pytest.mark.parametrize("alone", TWILIO)
def test_an_account_at_twilio_is_whole_or_none(alone: str) -> None:
    with pytest.raises(BadSettings, match="is not set, and TWILIO_"):
        Settings.from_environment(LEAST | {alone: TWILIO[alone]})
    settings = Settings.from_environment(LEAST | TWILIO)
    assert settings.twilio_whatsapp_from == "+628001234567"
    assert "sesame" not in repr(settings)


def test_an_invitation_leads_to_each_account_that_is_set() -> None:
    chats = Settings.from_environment(LEAST | TELEGRAM | TWILIO).chats
    assert [name for name, _ in chats.starting("join-x")] == ["WhatsApp", "Telegram"]
    assert list(Settings.from_environment(LEAST).chats.starting("join-x")) == []


def test_the_deadlines_of_tickets_are_set() -> None:
    given = {"TICKET_ANSWER_DAYS": "2", "TICKET_CLOSE_DAYS": "10"}
    assert Settings.from_environment(LEAST | given).deadlines == Deadlines(2, 10)


def test_a_token_needs_the_settings_that_go_with_it() -> None:
    with pytest.raises(BadSettings) as caught:
        Settings.from_environment(LEAST | {"TELEGRAM_BOT_TOKEN": "1:sesame"})
    told = [line.split(".")[0] for line in str(caught.value).splitlines()[1:]]
    assert told == [
        "TELEGRAM_BOT_USERNAME is not set, and TELEGRAM_BOT_TOKEN needs it",
        "TELEGRAM_WEBHOOK_SECRET is not set, and TELEGRAM_BOT_TOKEN needs it",
    ]


def test_the_settings_show_no_secret() -> None:
    settings = Settings.from_environment(LEAST | TELEGRAM)
    shown = repr(settings) + str(settings)
    assert "sesame" not in shown
    assert "kkkk" not in shown
    assert "IzinDatangBot" in shown


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{0!r}".format])
def test_a_secret_is_masked_however_it_is_shown(show: Callable[[object], str]) -> None:
    settings = Settings.from_environment(LEAST | TELEGRAM | TWILIO)
    for value in asdict(settings).values():
        assert "sesame" not in show(value)
    assert settings.telegram_bot_token is not None
    assert settings.telegram_bot_token.reveal() == TELEGRAM["TELEGRAM_BOT_TOKEN"]
    assert settings.telegram_bot_token == Secret(TELEGRAM["TELEGRAM_BOT_TOKEN"])


@pytest.mark.processes
@pytest.mark.parametrize("room", ["bot", "workers"])
def test_reading_the_settings_loads_nothing_heavy(room: str) -> None:
    read = f"import sys, {room}.settings; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", read], capture_output=True, text=True, check=True
    ).stdout.split()
    assert f"{room}.settings" in loaded
    assert not {"asyncio", "cryptography", "redis", "sqlalchemy", "structlog"} & set(loaded)


async def test_each_chat_has_its_rate() -> None:
    rates = {"TELEGRAM_RATE": "30", "WHATSAPP_RATE": "80"}
    allowed = limits(Settings.from_environment(LEAST | TELEGRAM | TWILIO | rates))
    assert allowed.limited("telegram") and allowed.limited("whatsapp")
    assert not allowed.limited("browser")
    await allowed.close()
