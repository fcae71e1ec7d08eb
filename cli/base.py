"""Shared by the commands of `izin`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, TypeAlias

from models.infrastructure.errors import OperatorError

if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]

ACTOR = "command"  # who does it, in the audit


class Refusal(OperatorError):
    """The command can't be carried out as it was given; the message says what would be."""
