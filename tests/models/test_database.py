"""What PostgreSQL's errors mean for what was tried."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from models.infrastructure.database import away, unfit

# fmt: off
AWAY = [
    "08000", "08003", "08006", "08P01", "25006", "25P03", "28000", "28P01", "3D000", "40001",
    "40P01", "53100", "53200", "53300", "55006", "55P03", "57014", "57P01", "57P02", "57P03",
    "57P05", "58000", "58030",
]
UNFIT = [
    "22001", "22003", "22008", "22021", "22023", "22P02", "22P05", "54000", "54001", "54023",
]
NEITHER = [
    "23502", "23503", "23505", "23514", "25001", "25P02", "42501", "42601", "42703", "42P01",
    "XX000", "XX001", "P0001",
]
# fmt: on


def wrapped(error: psycopg.Error) -> DBAPIError:
    given = DBAPIError.instance("INSERT", None, error, psycopg.Error, hide_parameters=True)
    assert isinstance(given, DBAPIError)
    return given


@pytest.mark.parametrize("state", [*AWAY, *UNFIT, *NEITHER])
def test_a_state_tells_whether_to_try_again(state: str) -> None:
    kind = psycopg.errors.lookup(state)
    for error in (kind(), wrapped(kind())):
        assert (away(error), unfit(error)) == (state in AWAY, state in UNFIT)


def test_without_a_state_the_kind_of_error_tells() -> None:
    for lost in (psycopg.OperationalError("refused"), psycopg.InterfaceError("closed")):
        assert away(lost)
        assert away(wrapped(lost))
        assert not unfit(lost)
    nul = psycopg.DataError("a text can't hold NUL")
    assert unfit(wrapped(nul))
    assert not away(wrapped(nul))
    for ours in (psycopg.ProgrammingError(), ValueError(), KeyError("x")):
        assert not away(ours)
        assert not unfit(ours)
