"""The command `izin`: every process and every act of an operator."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot import metrics, poll
from bot.channels.telegram.channel import Telegram
from bot.channels.whatsapp import templates as whatsapp_templates
from bot.channels.whatsapp.approvals import Approvals
from bot.embedded import CannotStart
from bot.errors import ChannelError
from bot.service import account, limits, running
from bot.settings import Settings
from conversations import catalogue, diagram, flows
from models import heartbeat, keys, migrations, officer
from models.aside import NotPossible
from models.infrastructure import database, logs, loops
from models.infrastructure.loops import Loop
from models.infrastructure.settings import BadSettings
from models.infrastructure.storage import Storage
from models.keys import WrongKeys
from models.template import REFUSED
from web import app, doctor, play, server
from web.commands import (
    Refusal,
    aside,
    days,
    documents,
    identity,
    officers,
    read_settings,
    transaction,
)
from web.play import StepMissed
from workers import dispatcher, queue
from workers.settings import Settings as WorkerSettings

if TYPE_CHECKING:
    from web.commands import Commands

log = structlog.get_logger(__name__)

DATA = Path("data")  # of the demo, below the folder it is started in


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; gives the process's exit status."""
    parser = _parser()
    given = parser.parse_args(arguments)
    act: Callable[[argparse.Namespace], int] = given.act
    try:
        return act(given)
    except (
        BadSettings,
        CannotStart,
        NotPossible,
        StepMissed,
        Refusal,
        WrongKeys,
        officer.BadgeRefused,
        migrations.OutOfStep,
    ) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="izin", description="Izin Datang: the permit comes.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        name: str, act: Callable[[argparse.Namespace], int], what: str
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=what, description=what)
        command.set_defaults(act=act)
        return command

    add("serve", _serve, "Serve webhooks and pages, take turns and send").add_argument(
        "--demo", action="store_true", help="with the demo page"
    )
    add("worker", _work, "Do the tasks: verification, offers, documents")
    add("dispatch", _dispatch, "Hand due tasks to the workers, and tick the clocks")
    add("poll", _poll, "Fetch Telegram's updates, for a machine without a public address")
    add("migrate", _migrate, "Bring the database to the present shape of the tables")
    add("doctor", _doctor, "Check everything that is needed, and tell how to mend it")
    health = add("health", _health, "Tell whether a kind of process is alive")
    health.add_argument("process", choices=("worker", "dispatcher"))
    draw = add("diagram", _diagram, "Print a flow as a Mermaid diagram")
    draw.add_argument("flow", choices=sorted(flows.load().by_id))
    officers.add(commands)
    documents.add(commands)
    identity.add(commands)
    _add_templates(commands)
    days.add(commands)
    aside.add(commands)
    demo = add("demo", _demo, "Try it in the browser; nothing needs to be installed or set")
    demo.add_argument("--play", action="store_true", help="let the story play by itself")
    demo.add_argument("--host", default="127.0.0.1", help="0.0.0.0 to use a real phone as well")
    demo.add_argument("--port", type=int, default=8000, help="of the page (default: 8000)")
    return parser


def _add_templates(commands: Commands) -> None:
    templates = commands.add_parser("templates", help="What may be said on WhatsApp at any time")
    acts = templates.add_subparsers(required=True, metavar="ACT")
    for name, act, what in (
        ("check", _check_templates, "See that WhatsApp would take them all"),
        ("push", _push_templates, "Make what is missing, and hand it in for approval"),
        (
            "status",
            _look_at_templates,
            "Ask how they stand at once; izin serve asks every hour",
        ),
    ):
        acts.add_parser(name, help=what, description=what).set_defaults(act=act)


def _enter_keys(settings: Settings) -> None:
    """See that the keys read what is in the database, and enter them; later if it is away.

    Raises:
        WrongKeys: they do not.
    """
    try:
        with transaction(settings) as tx:
            keys.enter(tx)
    except SQLAlchemyError as error:  # the bot waits for it, and looks again
        log.warning("keys.database_away", error=type(error).__name__)


def _serve(given: argparse.Namespace) -> int:
    settings = read_settings(Settings)
    _enter_keys(settings)
    server.run(app.build(settings, as_demo=given.demo), settings)
    return 0


def _work(given: argparse.Namespace) -> int:
    queue.work(read_settings(WorkerSettings))
    return 0


def _dispatch(given: argparse.Namespace) -> int:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    dispatcher.dispatch(read_settings(WorkerSettings), stop)
    return 0


def _poll(given: argparse.Namespace) -> int:
    settings = read_settings(Settings)
    token = settings.telegram_bot_token
    if token is None:
        raise Refusal(
            "TELEGRAM_BOT_TOKEN is not set: @BotFather gives one. Example: 123456:ABC-def"
        )
    _enter_keys(settings)
    asyncio.run(_poll_until_stopped(settings, token.reveal()))
    return 0


async def _poll_until_stopped(settings: Settings, token: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    telegram = Telegram(token, catalogue.load(), api_url=settings.telegram_api_url)
    metrics.slow_after(settings.slow_turn_seconds)
    record = database.Record(settings.database_url.reveal(), quiet=settings.quiet)
    storage = Storage(settings.storage_url)
    channels = {telegram.name: telegram}
    allowed = limits(settings)
    async with running(record, channels, storage, allowed, settings.public_url) as bot:
        loop = Loop(
            "poll",
            lambda: poll.poll(telegram, lambda heard: bot.take_polled(list(heard)), stop=stop),
        )
        await loops.keep_running(loop, over=stop.is_set)


def _migrate(given: argparse.Namespace) -> int:
    migrations.upgrade(read_settings(Settings).database_url.reveal())
    return 0


def _doctor(given: argparse.Namespace) -> int:
    logs.configure("ERROR")
    return doctor.report(os.environ)


def _health(given: argparse.Namespace) -> int:
    settings = read_settings(WorkerSettings)
    with transaction(settings) as tx:
        alive = heartbeat.alive(tx, given.process)
    print("alive" if alive else f"no {given.process} was seen in the last {heartbeat.STALE}")
    return 0 if alive else 1


def _diagram(given: argparse.Namespace) -> int:
    print(diagram.mermaid(flows.load().by_id[given.flow]))
    return 0


def _check_templates(given: argparse.Namespace) -> int:
    every = whatsapp_templates.declared()
    if problems := whatsapp_templates.problems(every, catalogue.load()):
        raise Refusal("\n".join(problems))
    print(f"{len(every)} templates are as WhatsApp wants them")
    return 0


def _push_templates(given: argparse.Namespace) -> int:
    _check_templates(given)
    return asyncio.run(_ask_about_templates(read_settings(Settings), push=True))


def _look_at_templates(given: argparse.Namespace) -> int:
    return asyncio.run(_ask_about_templates(read_settings(Settings), push=False))


async def _ask_about_templates(settings: Settings, *, push: bool) -> int:
    """Print how each stands; gives 1 when one of them can't be used."""
    ours = account(settings)
    if ours is None:
        raise Refusal("TWILIO_ACCOUNT_SID is not set: Twilio's console shows it. Example: AC01…")
    record = database.Record(settings.database_url.reveal(), quiet=settings.quiet)
    approvals = Approvals(ours, record, api_url=settings.twilio_api_url)
    try:
        found = await (approvals.push() if push else approvals.status())
    except ChannelError as error:
        raise Refusal(f"{error}. What is done so far stays; do it again.") from error
    finally:
        await approvals.close()
        await record.close()
    for one in found:
        reason = f"\t{one.reason}" if one.reason else ""
        print(f"{one.status}\t{one.locale}\t{one.name}\t{one.sid or '-'}{reason}")
    return int(any(one.status in REFUSED for one in found))


def _demo(given: argparse.Namespace) -> int:
    return play.demo(DATA, host=given.host, port=given.port, by_itself=given.play)


if __name__ == "__main__":
    sys.exit(main())
