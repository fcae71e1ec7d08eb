"""Long polling of Telegram, for a bot without a public URL: on a laptop, behind a firewall."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeAlias, TypeVar

import structlog

from bot.channels.base import InboundMessage
from bot.channels.telegram import addresses as telegram_addresses
from bot.channels.telegram.channel import Telegram
from bot.channels.telegram.updates import NAME, update_id
from bot.errors import Busy, ChannelError, Malformed, TryLater
from conversations.messages import Json

FIRST_PAUSE = 0.5  # seconds; doubled after each failure in a row
LONGEST_PAUSE = 60.0

T = TypeVar("T")
Take: TypeAlias = Callable[[Sequence[InboundMessage]], Awaitable[None]]

_log = structlog.get_logger(__name__)


class _Stopped(Exception):
    """`stop` was set."""


async def poll(
    telegram: Telegram,
    take: Take,
    *,
    stop: asyncio.Event,
    first_pause: float = FIRST_PAUSE,
) -> None:
    """Take updates until `stop` is set; retries while Telegram is unavailable or `take` is busy.

    A request for the next updates confirms the previous ones, so it is made only after `take` has
    returned. The last updates may be delivered once more, to the next process.
    """

    async def retry(act: Callable[[], Awaitable[T]]) -> T:
        pause = first_pause
        while True:
            try:
                return await act()
            except (ChannelError, Busy) as error:
                after = error.after.total_seconds() if isinstance(error, TryLater) else 0
                seconds = max(pause, after)
                _log.warning("polling_waits", channel=NAME, why=str(error), seconds=seconds)
            await _pause(seconds, stop)
            pause = min(2 * pause, LONGEST_PAUSE)

    offset: int | None = None
    try:
        await retry(telegram.delete_webhook)
        while not stop.is_set():
            updates = await retry(
                partial(_unless_stopped, stop, partial(_updates, telegram, offset))
            )
            heard = list(_parse(updates))
            if heard:
                await retry(partial(_take, take, heard))
            numbers = [number for one in updates if (number := update_id(one)) is not None]
            if numbers:
                offset = max(numbers) + 1
    except _Stopped:
        return


async def _updates(telegram: Telegram, offset: int | None) -> Sequence[Json]:
    """Get the next updates.

    Raises:
        Malformed: none of them has an id, so they can't be confirmed.
    """
    updates = await telegram.updates(offset)
    if updates and all(update_id(one) is None for one in updates):
        raise Malformed("updates of Telegram's without update_id")
    return updates


async def _take(take: Take, heard: Sequence[InboundMessage]) -> None:
    """Take deliveries; drop one that can't be stored, since it would block all later ones."""
    try:
        await take(heard)
    except Malformed as error:
        if len(heard) == 1:
            _log.error(
                "update_dropped", channel=NAME, delivery=heard[0].provider_id, why=str(error)
            )
            return
        for one in heard:  # those already taken are deduped by id
            await _take(take, [one])


def _parse(updates: Iterable[Json]) -> Iterator[InboundMessage]:
    """Parse updates; drop one that can't be parsed, since it would block all later ones."""
    for update in updates:
        try:
            yield from telegram_addresses.heard(update)
        except Malformed as error:
            _log.error("update_dropped", channel=NAME, why=str(error))


async def _pause(seconds: float, stop: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
    raise _Stopped


async def _unless_stopped(stop: asyncio.Event, act: Callable[[], Awaitable[T]]) -> T:
    """Await `act`, or cancel it when `stop` is set: a long poll may last most of a minute."""
    acting = asyncio.ensure_future(act())
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({acting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not acting.done():
            raise _Stopped
        return acting.result()
    finally:
        for task in (acting, stopping):
            task.cancel()
        await asyncio.gather(acting, stopping, return_exceptions=True)
