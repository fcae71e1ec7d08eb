"""Data that is the same for everybody who writes: reference data, flows, offices, pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conversations.engine.builder import Flows
from conversations.facts import Directory, Places, Trades
from conversations.lenders import NO_LENDERS, Lenders


@dataclass(frozen=True, slots=True)
class City:
    """Data of one process for all people."""

    places: Places
    trades: Trades
    flows: Flows
    directory: Directory
    pages: str  # base URL of the public pages
    my_data_days: int = 3  # within which people get a copy of their data
    lenders: Callable[[], Lenders] = lambda: NO_LENDERS  # as they are now
