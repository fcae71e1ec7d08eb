"""`izin templates`: checks, submits and lists WhatsApp's message templates."""

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
    """Add the subcommands to the parser."""
    acts = parser.add_subparsers(required=True, metavar="ACT")
    for name, act, what in (
        ("check", _check, "Check that WhatsApp would accept all templates"),
        ("push", _push, "Create missing templates, and submit them for approval"),
        ("status", _status, "Fetch their status now; izin serve does so every hour"),
    ):
        acts.add_parser(name, help=what, description=what).set_defaults(act=act)


def _check(given: Namespace) -> int:
    every = templates.declared()
    if problems := templates.problems(every, catalogue.load()):
        raise Refusal("\n".join(problems))
    print(f"{len(every)} templates follow WhatsApp's rules")
    return 0


def _push(given: Namespace) -> int:
    _check(given)
    return asyncio.run(_ask(read_settings(Settings), push=True))


def _status(given: Namespace) -> int:
    return asyncio.run(_ask(read_settings(Settings), push=False))


async def _ask(settings: Settings, *, push: bool) -> int:
    """Print the status of each template; return 1 if any of them can't be used."""
    ours = account(settings)
    if ours is None:
        raise Refusal("TWILIO_ACCOUNT_SID is not set: Twilio's console shows it. Example: AC01…")
    db = database.Database(settings.database_url.reveal(), quiet=settings.quiet)
    approvals = Approvals(ours, db, api_url=settings.twilio_api_url)
    try:
        found = await (approvals.push() if push else approvals.status())
    except ChannelError as error:
        raise Refusal(f"{error}. Finished templates are kept; run the command again.") from error
    finally:
        await approvals.close()
        await db.close()
    for one in found:
        reason = f"\t{one.reason}" if one.reason else ""
        print(f"{one.status}\t{one.locale}\t{one.name}\t{one.sid or '-'}{reason}")
    return int(any(one.status in REFUSED for one in found))
