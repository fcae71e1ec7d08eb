"""A bot as python-telegram-bot's examples show: ConversationHandler, PicklePersistence, webhook.

Updates are processed one at a time, as ConversationHandler requires; the state is pickled once a
minute and at the end.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Coroutine
from typing import Any

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    MessageHandler,
    PicklePersistence,
    filters,
)
from telegram.warnings import PTBUserWarning

from benchmarks.peers.conversation import PHOTO_HEARD, QUESTIONS, Question, farewell, words

Handler = Callable[[Update, ContextTypes.DEFAULT_TYPE], Coroutine[None, None, int]]


async def start(update: Update, context: ContextTypes.DEFAULT_TYPE) -> int:
    """Start again."""
    assert context.user_data is not None
    context.user_data.clear()
    await ask(update, context, QUESTIONS[0])
    return 0


def heard(state: int) -> Handler:
    """Store the text or location, and ask the next question."""

    async def handle(update: Update, context: ContextTypes.DEFAULT_TYPE) -> int:
        assert update.message is not None
        where = update.message.location
        said = (where.latitude, where.longitude) if where else update.message.text
        return await go_on(update, context, state, said)

    return handle


def tapped(state: int) -> Handler:
    """Store the choice, and ask the next question."""

    async def handle(update: Update, context: ContextTypes.DEFAULT_TYPE) -> int:
        query = update.callback_query
        assert query is not None
        assert query.data is not None
        await query.answer()
        return await go_on(update, context, state, query.data.partition("|")[2])

    return handle


def pictured(state: int) -> Handler:
    """Store a photo, and wait for more."""

    async def handle(update: Update, context: ContextTypes.DEFAULT_TYPE) -> int:
        assert update.message is not None
        assert context.user_data is not None
        context.user_data["file"] = update.message.photo[-1].file_id
        await update.message.reply_text(PHOTO_HEARD)
        return state

    return handle


async def go_on(
    update: Update, context: ContextTypes.DEFAULT_TYPE, state: int, answer: object
) -> int:
    """Store an answer, and ask the next question."""
    assert context.user_data is not None
    assert update.effective_chat is not None
    assert update.effective_message is not None
    context.user_data[QUESTIONS[state].name] = answer
    if state + 1 == len(QUESTIONS):
        await update.effective_message.reply_text(farewell(update.effective_chat.id))
        return ConversationHandler.END
    await ask(update, context, QUESTIONS[state + 1])
    return state + 1


async def ask(update: Update, context: ContextTypes.DEFAULT_TYPE, question: Question) -> None:
    """Ask a question, with its buttons."""
    assert update.effective_message is not None
    rows = [
        [InlineKeyboardButton(label, callback_data=question.data(value))]
        for value, label in question.buttons
    ]
    await update.effective_message.reply_text(
        words(question, context.user_data or {}),
        reply_markup=InlineKeyboardMarkup(rows) if rows else None,
    )


def handlers(state: int, question: Question) -> list[Any]:
    """Return the handlers of a state."""
    written = filters.TEXT & ~filters.COMMAND
    match question.takes:
        case "tap":
            return [CallbackQueryHandler(tapped(state), pattern=f"^{question.name}\\|")]
        case "location":
            return [MessageHandler(filters.LOCATION, heard(state))]
        case "photo":
            return [
                MessageHandler(filters.PHOTO, pictured(state)),
                MessageHandler(written, heard(state)),
            ]
        case "text":
            return [MessageHandler(written, heard(state))]


def main() -> None:
    """Run the bot."""
    logging.basicConfig(level=logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", category=PTBUserWarning)  # about per_message, intended here
    api = os.environ["API_URL"]
    application = (
        Application.builder()
        .token(os.environ["TOKEN"])
        .base_url(f"{api}/bot")
        .base_file_url(f"{api}/file/bot")
        .persistence(PicklePersistence(filepath=os.environ["STATE"]))
        .build()
    )
    conversation = ConversationHandler(
        entry_points=[CommandHandler("start", start)],
        states={number: handlers(number, one) for number, one in enumerate(QUESTIONS)},
        fallbacks=[CommandHandler("start", start)],
        name="permit",
        persistent=True,
    )
    application.add_handler(conversation)
    port = int(os.environ["PORT"])
    application.run_webhook(
        listen="127.0.0.1",
        port=port,
        url_path="webhook",
        secret_token=os.environ["SECRET"],
        webhook_url=f"http://127.0.0.1:{port}/webhook",
    )


if __name__ == "__main__":
    main()
