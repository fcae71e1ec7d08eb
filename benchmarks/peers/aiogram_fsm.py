"""A bot as aiogram's documentation shows: FSM, RedisStorage, SimpleRequestHandler in aiohttp."""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable

from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import CommandStart
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State
from aiogram.fsm.storage.redis import RedisStorage
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web

from benchmarks.peers.conversation import PHOTO_HEARD, QUESTIONS, Question, farewell, words

CONNECTIONS = 1000  # with redis-py's default of 100, messages are lost under load

STATES = [State(question.name, group_name="permit") for question in QUESTIONS]

OnMessage = Callable[[Message, FSMContext], Awaitable[None]]
OnTap = Callable[[CallbackQuery, FSMContext], Awaitable[None]]

router = Router()


@router.message(CommandStart())
async def start(message: Message, state: FSMContext) -> None:
    """Start again."""
    await state.clear()
    await state.set_state(STATES[0])
    await ask(message, state, QUESTIONS[0])


def heard(number: int) -> OnMessage:
    """Store the text or location, and ask the next question."""

    async def handle(message: Message, state: FSMContext) -> None:
        where = message.location
        said = (where.latitude, where.longitude) if where else message.text
        await go_on(message, state, number, said)

    return handle


def tapped(number: int) -> OnTap:
    """Store the choice, and ask the next question."""

    async def handle(query: CallbackQuery, state: FSMContext) -> None:
        assert isinstance(query.message, Message)
        assert query.data is not None
        await go_on(query.message, state, number, query.data.partition("|")[2])
        await query.answer()

    return handle


async def pictured(message: Message, state: FSMContext) -> None:
    """Store a photo, and wait for more."""
    assert message.photo
    await state.update_data(file=message.photo[-1].file_id)
    await message.answer(PHOTO_HEARD)


async def go_on(message: Message, state: FSMContext, number: int, answer: object) -> None:
    """Store an answer, and ask the next question."""
    await state.update_data({QUESTIONS[number].name: answer})
    if number + 1 == len(QUESTIONS):
        await state.clear()
        await message.answer(farewell(message.chat.id))
        return
    await state.set_state(STATES[number + 1])
    await ask(message, state, QUESTIONS[number + 1])


async def ask(message: Message, state: FSMContext, question: Question) -> None:
    """Ask a question, with its buttons."""
    rows = [
        [InlineKeyboardButton(text=label, callback_data=question.data(value))]
        for value, label in question.buttons
    ]
    answers = await state.get_data() if question.name == "confirm" else {}
    await message.answer(
        words(question, answers),
        reply_markup=InlineKeyboardMarkup(inline_keyboard=rows) if rows else None,
    )


def register() -> None:
    """Register the handlers of each state."""
    for number, question in enumerate(QUESTIONS):
        state = STATES[number]
        match question.takes:
            case "tap":
                data = F.data.startswith(f"{question.name}|")
                router.callback_query(state, data)(tapped(number))
            case "location":
                router.message(state, F.location)(heard(number))
            case "photo":
                router.message(state, F.photo)(pictured)
                router.message(state, F.text)(heard(number))
            case "text":
                router.message(state, F.text)(heard(number))


def main() -> None:
    """Run the bot."""
    logging.basicConfig(level=logging.INFO)
    logging.getLogger("aiogram.event").setLevel(logging.WARNING)  # it logs each update
    register()
    dispatcher = Dispatcher(
        storage=RedisStorage.from_url(
            os.environ["REDIS_URL"], connection_kwargs={"max_connections": CONNECTIONS}
        )
    )
    dispatcher.include_router(router)
    server = TelegramAPIServer.from_base(os.environ["API_URL"])
    bot = Bot(os.environ["TOKEN"], session=AiohttpSession(api=server))
    port, secret = int(os.environ["PORT"]), os.environ["SECRET"]

    async def on_startup(bot: Bot) -> None:
        await bot.set_webhook(f"http://127.0.0.1:{port}/webhook", secret_token=secret)

    dispatcher.startup.register(on_startup)
    app = web.Application()
    handler = SimpleRequestHandler(dispatcher=dispatcher, bot=bot, secret_token=secret)
    handler.register(app, path="/webhook")
    setup_application(app, dispatcher, bot=bot)
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None)


if __name__ == "__main__":
    main()
