"""Shared by the commands of `izin`."""

from __future__ import annotations

import argparse
from ipaddress import ip_address
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from models.infrastructure.errors import OperatorError

if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]

ACTOR = "command"  # in the audit log


class Refusal(OperatorError):
    """The command can't be run as given; the message says what to change."""


def is_public(url: str) -> bool:
    """Whether the URL's host can be a public one: a name with a dot, or a public address."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host
