"""`izin templates`: what may be said on WhatsApp at any time."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace

from bot.channels.whatsapp import templates
from bot.channels.whatsapp.approvals import Approvals
from bot.errors import ChannelError
from bot.service import account
from bot.settings import Settings
from cli.base import Refusal
from conversations import catalogue
from models.infrastructure import database
from models.startup import read_settings
from models.template import REFUSED


def add(parser: ArgumentParser) -> None:
    """Add the acts to the command line."""
    acts = parser.add_subparsers(required=True, metavar="ACT")
    for name, act, what in (
        ("check", _check, "See that WhatsApp would take them all"),
        ("push", _push, "Make what is missing, and hand it in for approval"),
        ("status", _status, "Ask how they stand at once; izin serve asks every hour"),
    ):
        acts.add_parser(name, help=what, description=what).set_defaults(act=act)


def _check(given: Namespace) -> int:
    every = templates.declared()
    if problems := templates.problems(every, catalogue.load()):
        raise Refusal("\n".join(problems))
    print(f"{len(every)} templates are as WhatsApp wants them")
    return 0


def _push(given: Namespace) -> int:
    _check(given)
    return asyncio.run(_ask(read_settings(Settings), push=True))


def _status(given: Namespace) -> int:
    return asyncio.run(_ask(read_settings(Settings), push=False))


async def _ask(settings: Settings, *, push: bool) -> int:
    """Print how each stands; gives 1 when one of them can't be used."""
    ours = account(settings)
    if ours is None:
        raise Refusal("TWILIO_ACCOUNT_SID is not set: Twilio's console shows it. Example: AC01…")
    db = database.Database(settings.database_url.reveal(), quiet=settings.quiet)
    approvals = Approvals(ours, db, api_url=settings.twilio_api_url)
    try:
        found = await (approvals.push() if push else approvals.status())
    except ChannelError as error:
        raise Refusal(f"{error}. What is done so far stays; do it again.") from error
    finally:
        await approvals.close()
        await db.close()
    for one in found:
        reason = f"\t{one.reason}" if one.reason else ""
        print(f"{one.status}\t{one.locale}\t{one.name}\t{one.sid or '-'}{reason}")
    return int(any(one.status in REFUSED for one in found))
