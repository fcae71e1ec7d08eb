"""`izin documents`: revoke a document that was issued wrongly or is no longer right."""

from __future__ import annotations

import argparse
from argparse import ArgumentParser

from bot.settings import Settings
from casework import documents
from casework.act import by_office
from cli.base import ACTOR, Refusal
from conversations import reference, services
from conversations.catalogue import day
from models import document
from models.infrastructure.wib import WIB
from models.startup import read_settings, transaction

MAX_REASON = 200  # characters: the owner's notice contains it


def add(parser: ArgumentParser) -> None:
    """Add the subcommands to the parser."""
    acts = parser.add_subparsers(required=True, metavar="ACT")
    revoke = acts.add_parser("revoke", help="Revoke a document and notify its owner")
    revoke.set_defaults(act=_revoke)
    revoke.add_argument("number", help=f"such as {_example()}")
    revoke.add_argument("--reason", required=True, help="for its owner, in Indonesian")


def _example() -> str:
    return services.load().kinds()[0].example


def _revoke(given: argparse.Namespace) -> int:
    settings = read_settings(Settings)
    number = reference.document_number(given.number, services.load().kinds())
    if number is None:
        raise Refusal(
            f"{given.number!r} can't be read as a document's number. Example: {_example()}"
        )
    reason = " ".join(given.reason.split())
    if not reason or len(reason) > MAX_REASON:
        raise Refusal(
            f"The reason is sent to the owner: at least a word, {MAX_REASON} characters at most."
        )
    with transaction(settings) as tx:
        row = document.by_number(tx, number, lock=True)
        if row is None:
            raise Refusal(f"There is no document {number}.")
        if row.revoked_at is not None:
            since = day(row.revoked_at.astimezone(WIB).date(), "en")
            raise Refusal(f"{number} was revoked on {since} already.")
        documents.revoke(by_office(tx, ACTOR, f"document:{row.id}"), row, reason)
    print(f"{number} is revoked. Its owner is notified, and its check page says so.")
    return 0
