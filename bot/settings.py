"""The bot's settings: common ones, the listening address, and accounts at providers."""

import re
from dataclasses import dataclass
from ipaddress import ip_network

from bot.chat_urls import OurChats
from models.infrastructure import settings
from models.infrastructure.deadlines import Deadlines
from models.infrastructure.settings import (
    Reader,
    Secret,
    matching,
    seconds,
    secret,
    setting,
    text,
    url,
    whole_number,
)


def per_second(at_least: float, at_most: float) -> Reader[float]:
    """Return a reader of a rate per second within limits, with or without decimals."""

    def read(value: str) -> float:
        if (
            not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value)
            or not at_least <= float(value) <= at_most
        ):
            raise ValueError(f"a number from {at_least:g} to {at_most:g} is needed")
        return float(value)

    return read


def proxies(value: str) -> str:
    """Parse comma-separated addresses and networks.

    A prefix length of 0 is refused: visitors could then spoof their own address.
    """
    given = [one.strip() for one in value.split(",")]
    try:
        networks = [ip_network(one) for one in given]
    except ValueError:
        networks = []
    if not networks or any(network.prefixlen == 0 for network in networks):
        raise ValueError("addresses or networks of proxies are needed, with commas between")
    return ",".join(given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(settings.Settings):
    """Settings of the bot and of the web pages in the same process.

    Telegram is off without its token, WhatsApp without the account at Twilio, and `/metrics`
    without the metrics token.
    """

    host: str = setting(text, example="0.0.0.0", default="127.0.0.1")  # noqa: S104
    port: int = setting(whole_number(1, 65535), example="8000", default="8000")
    trusted_proxies: str = setting(
        proxies, example="10.0.0.5,172.18.0.0/16", default="127.0.0.0/8,::1"
    )

    #: Facts about offices that people are told; without it the example, in which none is filled in.
    city_file: str | None = setting(text, example="/etc/izin-datang/city.toml", optional=True)

    #: Within which people who ask for a copy of their data get it. Source: UU 27/2022 art. 32.
    my_data_days: int = setting(whole_number(1, 30), example="3", default="3")

    #: Working days until a complaint, or a request for a person, is answered first, and is closed.
    ticket_answer_days: int = setting(whole_number(1, 30), example="1", default="1")
    ticket_close_days: int = setting(whole_number(1, 60), example="5", default="5")

    metrics_token: Secret[str] | None = secret(
        matching(r"[\w-]{16,256}", "16 to 256 letters, digits, _ or -"),
        example='"$(openssl rand -hex 32)"',
        optional=True,
    )
    slow_turn_seconds: float = setting(seconds(0.001, 3600), example="1.0", default="1.0")

    telegram_bot_token: Secret[str] | None = secret(
        matching(r"\d+:[\w-]+", "the token that Telegram's @BotFather gave"),
        example="123456:ABC-def",
        optional=True,
    )
    telegram_bot_username: str | None = setting(
        matching(r"\w{5,32}", "the bot's name without @"),  # Bot API, User.username
        example="IzinDatangBot",
        needed_with="TELEGRAM_BOT_TOKEN",
    )
    telegram_webhook_secret: Secret[str] | None = secret(
        matching(r"[\w-]{16,256}", "16 to 256 letters, digits, _ or -"),  # Bot API, setWebhook
        example='"$(openssl rand -hex 32)"',
        needed_with="TELEGRAM_BOT_TOKEN",
    )
    telegram_api_url: str = setting(
        url("https", "http"),
        example="https://api.telegram.org",
        default="https://api.telegram.org",
    )
    telegram_rate: float = setting(  # messages; https://core.telegram.org/bots/faq: about 30
        per_second(0.1, 100_000), example="30", default="30"
    )

    # Per chat, on any channel; https://core.telegram.org/bots/faq: one message a second.
    chat_rate: float = setting(per_second(0.01, 100_000), example="1", default="1")
    chat_burst: int = setting(whole_number(1, 100_000), example="30", default="30")
    chat_waiting: int = setting(whole_number(1, 1_000), example="5", default="5")

    twilio_account_sid: str | None = setting(
        matching(r"AC[0-9a-f]{32}", "the Account SID that Twilio's console shows"),
        example="AC0123456789abcdef0123456789abcdef",
        needed_with="TWILIO_AUTH_TOKEN",
    )
    twilio_auth_token: Secret[str] | None = secret(
        matching(r"\w{16,64}", "the Auth Token beside the Account SID"),
        example="0123456789abcdef0123456789abcdef",
        needed_with="TWILIO_WHATSAPP_FROM",
    )
    twilio_whatsapp_from: str | None = setting(
        matching(r"\+[1-9]\d{7,14}", "the number that people write to, in E.164"),
        example="+628001234567",
        needed_with="TWILIO_ACCOUNT_SID",
    )
    twilio_shared_key: Secret[str] | None = secret(
        matching(r"\S{8,256}", "the secret of the shared key that signs webhooks"),
        example="0123456789abcdef0123456789abcdef",
        optional=True,
    )
    twilio_api_url: str | None = setting(
        url("https", "http"), example="http://localhost:8080", optional=True
    )
    whatsapp_rate: float = setting(  # messages; https://www.twilio.com/docs/whatsapp: 80
        per_second(0.1, 100_000), example="80", default="80"
    )

    @property
    def telegram_account(self) -> str | None:
        """The bot's name, if people can write to it."""
        return self.telegram_bot_username if self.telegram_bot_token else None

    @property
    def whatsapp_account(self) -> str | None:
        """The number in E.164, if people can write to it."""
        return self.twilio_whatsapp_from if self.twilio_account_sid else None

    @property
    def chats(self) -> OurChats:
        """Where people can write to us."""
        return OurChats(self.telegram_account, self.whatsapp_account)

    @property
    def deadlines(self) -> Deadlines:
        """The deadlines of tickets, for all code that opens them."""
        return Deadlines(self.ticket_answer_days, self.ticket_close_days)
