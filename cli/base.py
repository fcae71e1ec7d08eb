"""Shared by the commands of `izin`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, TypeAlias

from models.infrastructure.errors import OperatorError

if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]

ACTOR = "command"  # in the audit log


class Refusal(OperatorError):
    """The command can't be run as given; the message says what to change."""
