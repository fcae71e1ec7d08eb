"""The channel `telegram`: requests to the Bot API, and a decision for each of its errors.

Source: https://core.telegram.org/bots/api
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

import structlog
from telegram import Bot, BotCommand, Message
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, TelegramError, TimedOut

from bot.channels.base import File, InboundMessage, OutgoingMessage, Sent
from bot.channels.telegram.addresses import chat
from bot.channels.telegram.payloads import Payload, render
from bot.channels.telegram.transport import AWAY, READ, NotNow, NotThere, Transport
from bot.channels.telegram.updates import NAME, UPDATES
from bot.errors import (
    Away,
    ChannelError,
    FileRefused,
    HalfSent,
    OutcomeUnknown,
    Rejected,
    TryLater,
    Unlisted,
    Unreachable,
)
from conversations.catalogue import LOCALES, Catalogue
from conversations.messages import Json, Say

API_URL = "https://api.telegram.org"
MAX_PHOTO = 10 * 1024 * 1024  # bytes; sendPhoto; a larger picture is sent as a document
MAX_UPDATES = 100  # getUpdates
LONG_POLL = 50  # seconds; getUpdates
WEBHOOK_CONNECTIONS = 100  # setWebhook; concurrent deliveries are committed in one batch

#: Bot commands, in the order of the menu; described by `telegram.commands.<command>`.
COMMANDS = ("menu", "status", "help", "language")

TOKEN_PAUSE = timedelta(minutes=5)  # a wrong token needs an operator: wait, lose nothing
CONFLICT_PAUSE = timedelta(seconds=30)

_PICTURE = (".jpg", ".jpeg", ".png")
_VOICE = (".ogg", ".mp3", ".m4a")  # sendVoice; other recordings are sent as documents
#: getFile errors after which the file never becomes available; any other may be temporary.
_NEVER_COMES = {
    "file is too big": "file_too_large",
    "invalid file_id": "file_gone",
    "wrong file identifier": "file_gone",
    "wrong remote file identifier": "file_gone",
}
#: Descriptions in a 400 or a 403 that mean nobody can be written to. Sources of these lists:
#: tdlib/telegram-bot-api (telegram-bot-api/Client.cpp), https://core.telegram.org/method/messages.sendMessage
_NOBODY = (
    "chat not found",
    "user not found",
    "user is deactivated",
    "peer_id_invalid",
    "bot was blocked by the user",
    "bot can't initiate conversation",
    "bot can't send messages to bots",
    "bot was kicked",
    "user_is_blocked",
    "input_user_deactivated",
)
#: Descriptions in a 400 that mean the message itself is wrong; a retry would fail too.
_OURS = (
    "message is too long",
    "message_too_long",
    "message text is empty",
    "text must be non-empty",
    "text must be encoded in utf-8",
    "caption is too long",
    "media_caption_too_long",
    "can't parse entities",
    "can't parse reply keyboard markup",
    "can't parse inline keyboard",
    "inline keyboard button",
    "reply markup is too long",
    "reply_markup_too_long",
    "reply_markup_invalid",
    "button_data_invalid",
    "button_url_invalid",
    "button_type_invalid",
    "file must be non-empty",
    "file is too big",
    "photo_invalid_dimensions",
    "image_process_failed",
    "photo_save_file_invalid",
    "photo_ext_invalid",
    "request entity too large",
    "chat_id is empty",
    "secret token contains",
    "bot_command",
    "there is no document in the request",
    "there is no photo in the request",
)
#: Raised when a response is not as documented.
_UNREADABLE = (TypeError, ValueError, KeyError, AttributeError)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Webhook:
    """The webhook that Telegram delivers updates to, and its status."""

    url: str  # "": no webhook
    waiting: int  # pending updates
    error: str | None  # of the last failed delivery
    failed_at: datetime | None


class Telegram:
    """The channel `telegram`; connects with its first request."""

    name = NAME

    def __init__(
        self, token: str, catalogue: Catalogue, *, api_url: str = API_URL, patience: float = READ
    ) -> None:
        """Authenticate as the bot of `token`; `patience` is the response timeout in seconds."""
        self._catalogue = catalogue
        self._transport = Transport(api_url, patience=patience)
        self._bot = Bot(
            token,
            base_url=f"{api_url}/bot",
            base_file_url=f"{api_url}/file/bot",
            request=self._transport,
            get_updates_request=self._transport,
        )
        self._send_message = f"{self._bot.base_url}/sendMessage"

    async def send(self, outgoing: OutgoingMessage) -> Sent:
        """Deliver a message; return the id of its last part, which holds the keyboard.

        A long text is sent in several parts: if a later one fails, the earlier ones were sent.

        Raises:
            Unreachable, Rejected, Unlisted, TryLater, OutcomeUnknown: see `bot.errors`.
        """
        sent = 0
        for number, payload in enumerate(
            render(outgoing.message, outgoing.locale, self._catalogue)
        ):
            try:
                sent = await self._deliver(chat(outgoing.address), payload, outgoing.file)
            except TelegramError as error:
                decided = decision(error)
                if number and isinstance(decided, TryLater):
                    raise HalfSent(f"a part went, the next did not: {decided}") from error
                raise decided from error
        return Sent(str(sent))

    async def _deliver(self, chat: int, payload: Payload, file: File | None) -> int:
        if payload.picture:
            return await self._show(chat, payload, file)
        if payload.filename is None:
            return await self._say(chat, payload)
        if file is None:
            raise Rejected(
                f"{payload.filename!r} was to go with the message, but no file was given"
            )
        return await self._upload(chat, payload, file)

    async def _upload(self, chat: int, payload: Payload, file: File) -> int:
        name = payload.filename or file.name
        picture = name.lower().endswith(_PICTURE) and len(file.content) <= MAX_PHOTO
        if name.endswith(_VOICE):
            try:
                return await self._upload_as(self._bot.send_voice, chat, payload, file)
            except TelegramError as error:  # the reader may have forbidden voice messages
                decided = decision(error)
                if not isinstance(decided, Rejected | Unlisted):
                    raise
                _log.warning("telegram.no_voice", why=str(decided))
        send = self._bot.send_photo if picture else self._bot.send_document
        return await self._upload_as(send, chat, payload, file)

    async def _upload_as(
        self, send: Callable[..., Awaitable[Message]], chat: int, payload: Payload, file: File
    ) -> int:
        try:
            message = await send(
                chat,
                file.content,
                caption=payload.text or None,
                filename=payload.filename or file.name,
                reply_markup=payload.markup,
            )
        except _UNREADABLE as error:
            raise TelegramError(f"no message in the answer ({type(error).__name__})") from None
        return _number({"message_id": message.message_id})

    async def _show(self, chat: int, payload: Payload, file: File | None) -> int:
        """Send a picture; if there is none, or Telegram refuses it, its text alone."""
        if file is not None:
            try:
                return await self._upload(chat, payload, file)
            except TelegramError as error:
                decided = decision(error)
                if not isinstance(decided, Rejected | Unlisted):
                    raise
                _log.warning("telegram.no_picture", why=str(decided))
        return await self._say(chat, payload) if payload.text else 0

    async def _say(self, chat: int, payload: Payload) -> int:
        """Send a text; `Bot.send_message` without its objects, since most messages are texts."""
        given: Json = {
            "chat_id": chat,
            "text": payload.text,
            "link_preview_options": {"is_disabled": True},
        }
        if payload.markup is not None:
            given["reply_markup"] = payload.markup
        message = await self._transport.call(self._send_message, given)
        return _number(message)

    async def fetch(self, reference: str, *, at_most: int) -> bytes:
        """Get a file by its file_id.

        The file's URL contains the bot's token: it is neither stored nor logged.

        Raises:
            FileRefused: `file_too_large` (Telegram itself serves at most 20 MB) or `file_gone`.
            TryLater: Telegram is unavailable, or does not have the file now.
        """
        try:
            file = await self._bot.get_file(reference)
        except TelegramError as error:
            raise _about_a_file(error) from error
        if file.file_size is not None and file.file_size > at_most:
            raise FileRefused("file_too_large")
        if not file.file_path:
            raise TryLater("Telegram does not say where the file lies", after=AWAY)
        return await self._transport.download(quote(file.file_path, safe=":/"), at_most=at_most)

    async def forget(self, reference: str) -> None:
        """Do nothing: Telegram itself decides how long it keeps a file."""

    async def acknowledge(self, heard: InboundMessage) -> None:
        """Stop the tapped button's spinning; Telegram rejects this after some minutes."""
        if heard.tap_id is None:
            return
        try:
            await self._bot.answer_callback_query(heard.tap_id)
        except TelegramError as error:
            _log.debug("tap_not_acknowledged", channel=NAME, why=error.message)

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.shutdown()

    async def greet(self) -> None:
        """Check that Telegram answers.

        Raises:
            bot.errors.ChannelError: Telegram does not answer, or does not know the bot.
        """
        try:
            me = await self._transport.call(f"{self._bot.base_url}/getMe", {})
        except TelegramError as error:
            raise decision(error) from error
        if not isinstance(me, dict) or not isinstance(me.get("id"), int):
            raise OutcomeUnknown("Telegram's answer can't be read")

    async def username(self) -> str:
        """Return the bot's name in links: https://t.me/<username>."""
        try:
            return (await self._bot.get_me()).username or ""
        except TelegramError as error:
            raise decision(error) from error

    async def set_webhook(self, public_url: str, secret: str) -> None:
        """Set the webhook to `public_url` + /webhooks/telegram, with `secret` in each header."""
        try:
            await self._bot.set_webhook(
                webhook_url(public_url),
                secret_token=secret,
                allowed_updates=UPDATES,
                max_connections=WEBHOOK_CONNECTIONS,
            )
        except TelegramError as error:
            raise decision(error) from error

    async def webhook(self) -> Webhook:
        """Return the current webhook."""
        try:
            found = await self._bot.get_webhook_info()
        except TelegramError as error:
            raise decision(error) from error
        return Webhook(
            found.url,
            found.pending_update_count,
            found.last_error_message,
            found.last_error_date,
        )

    async def delete_webhook(self) -> None:
        """Delete the webhook, so that `updates` works; pending updates are kept."""
        try:
            await self._bot.delete_webhook(drop_pending_updates=False)
        except TelegramError as error:
            raise decision(error) from error

    async def set_commands(self) -> None:
        """Set the bot's menu in every language; Indonesian is the default."""
        for locale in LOCALES:
            commands = [
                BotCommand(name, self._catalogue.say(Say(f"telegram.commands.{name}"), locale))
                for name in COMMANDS
            ]
            try:
                await self._bot.set_my_commands(
                    commands, language_code=None if locale == "id" else locale
                )
            except TelegramError as error:
                raise decision(error) from error

    async def updates(self, offset: int | None, *, wait: int = LONG_POLL) -> list[Json]:
        """Long-poll for updates for up to `wait` seconds; `offset` confirms all before it.

        Idempotent for the same `offset`.

        Raises:
            TryLater, OutcomeUnknown: see `bot.errors`.
        """
        query = {
            "limit": MAX_UPDATES,
            "timeout": wait,
            "allowed_updates": json.dumps(UPDATES),
            **({} if offset is None else {"offset": offset}),
        }
        # Bot.get_updates would parse them, and lose them all if it can't parse one.
        url = f"{self._bot.base_url}/getUpdates?{urlencode(query)}"
        try:
            found = await self._transport.post(url, read_timeout=wait + READ)
        except TelegramError as error:
            raise decision(error) from error
        return found if isinstance(found, list) else []


def _number(message: object) -> int:
    """Return the id of the sent message from the response."""
    match message:
        case {"message_id": int(number)} if number is not True and 0 < number < 2**63:
            return number
    raise TelegramError("the answer holds no message")


def _one_of(signs: Sequence[str], why: str) -> bool:
    return any(sign in why.lower() for sign in signs)


def webhook_url(public_url: str) -> str:
    """Return the URL of Telegram's webhook under `public_url`."""
    return f"{public_url.rstrip('/')}/webhooks/telegram"


def decision(error: TelegramError) -> ChannelError:
    """Map an error of the Bot API to a decision."""
    match error:
        case NotThere(message=why, after=after):
            return Away(why, after=after)
        case NotNow(message=why, after=after):
            return TryLater(why, after=after)
        case Forbidden(message=why) | BadRequest(message=why) if _one_of(_NOBODY, why):
            return Unreachable(f"Telegram: {why}")
        case BadRequest(message=why) if _one_of(_OURS, why):
            return Rejected(f"Telegram refused the message: {why}")
        case Forbidden(message=why) | BadRequest(message=why):
            return Unlisted(f"Telegram refused the message: {why}")
        case InvalidToken():
            why = "Telegram does not know TELEGRAM_BOT_TOKEN: set the one that @BotFather gives"
            return TryLater(why, after=TOKEN_PAUSE)
        case Conflict(message=why):
            why = f"{why}. Let one process poll, or use the webhook; not both"
            return TryLater(why, after=CONFLICT_PAUSE)
        case TimedOut(message=why):
            return OutcomeUnknown(why)
        case _:
            return OutcomeUnknown(f"Telegram's answer can't be read ({type(error).__name__})")


def _about_a_file(error: TelegramError) -> ChannelError:
    """Map an error of getFile to a decision."""
    message = error.message.lower()
    reason = next((why for words, why in _NEVER_COMES.items() if words in message), None)
    if reason is not None and isinstance(error, BadRequest):
        return FileRefused(reason)
    decided = decision(error)
    return decided if isinstance(decided, TryLater) else TryLater(error.message, after=AWAY)
