"""The form stays short: the messages that an owner sends, and the words that the bot shows.

The journey is the transcript of an owner who answers each question by itself. Both ceilings may
only be lowered.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from bot.channels.base import with_numbers
from conversations import flows
from conversations.messages import Say
from tests.conversations.transcript import Chat

MOST_MESSAGES = 14
MOST_WORDS = 400

JOURNEY = Path(__file__).parents[1] / (
    "transcripts/business_permit/an owner asks for a permit straight through.chat"
)
