"""The bot's settings: what every process needs, where it listens, and its account at Telegram."""

import re
from dataclasses import dataclass

from models import settings
from models.settings import Reader, matching, seconds, setting, text, url, whole_number


def per_second(at_least: float, at_most: float) -> Reader[float]:
    """A number of times a second within limits, with or without decimals."""

    def read(value: str) -> float:
        if (
            not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value)
            or not at_least <= float(value) <= at_most
        ):
            raise ValueError(f"a number from {at_least:g} to {at_most:g} is needed")
        return float(value)

    return read


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(settings.Settings):
    """What the bot and the pages it is served with need.

    Without Telegram's token there is no Telegram, without the metrics' token no `/metrics`.
    """

    host: str = setting(text, example="0.0.0.0", default="127.0.0.1")  # noqa: S104
    port: int = setting(whole_number(1, 65535), example="8000", default="8000")

    metrics_token: str | None = setting(
        matching(r"[\w-]{16,256}", "16 to 256 letters, digits, _ or -"),
        example='"$(openssl rand -hex 32)"',
        optional=True,
        secret=True,
    )
    slow_turn_seconds: float = setting(seconds(0.001, 3600), example="1.0", default="1.0")

    telegram_bot_token: str | None = setting(
        matching(r"\d+:[\w-]+", "the token that Telegram's @BotFather gave"),
        example="123456:ABC-def",
        optional=True,
        secret=True,
    )
    telegram_bot_username: str | None = setting(
        matching(r"\w{5,32}", "the bot's name without @"),  # Bot API, User.username
        example="IzinDatangBot",
        needed_with="TELEGRAM_BOT_TOKEN",
    )
    telegram_webhook_secret: str | None = setting(
        matching(r"[\w-]{16,256}", "16 to 256 letters, digits, _ or -"),  # Bot API, setWebhook
        example='"$(openssl rand -hex 32)"',
        needed_with="TELEGRAM_BOT_TOKEN",
        secret=True,
    )
    telegram_api_url: str = setting(
        url("https", "http"),
        example="https://api.telegram.org",
        default="https://api.telegram.org",
    )
    telegram_rate: float = setting(  # messages; https://core.telegram.org/bots/faq: about 30
        per_second(0.1, 100_000), example="30", default="30"
    )
