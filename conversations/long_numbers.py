"""Long numbers: those of loans, accounts and cards are refused at a question, and forgotten."""

from __future__ import annotations

from dataclasses import replace

from conversations.effects import ForgetWords
from conversations.flow import Flow
from conversations.parsers.loan import long_number, long_sum
from conversations.step import Wrong


def refuse_numbers(text: str) -> Wrong | None:
    """Return how words with the number of a loan, an account or a card are met; else None."""
    return Wrong("long_number", {}, effects=(ForgetWords(),)) if long_number(text) else None


def refuse_long_sums(text: str) -> Wrong | None:
    """Return how words are met that rather hold a number than a sum; else None."""
    return Wrong("long_sum", {}, effects=(ForgetWords(),)) if long_sum(text) else None


def guarded(flow: Flow) -> Flow:
    """Return the flow with every question refusing such numbers, those that heed none included."""
    steps = (replace(one, heeds=one.heeds or refuse_numbers) for one in flow.steps)
    return replace(flow, steps=tuple(steps))
