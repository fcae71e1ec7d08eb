"""The bot's settings: what every process needs, where it listens, and its account at Telegram."""

from dataclasses import dataclass

from models import settings
from models.settings import matching, setting, text, url, whole_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(settings.Settings):
    """What the bot and the pages it is served with need; without a token there is no Telegram."""

    host: str = setting(text, example="0.0.0.0", default="127.0.0.1")  # noqa: S104
    port: int = setting(whole_number(1, 65535), example="8000", default="8000")

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
