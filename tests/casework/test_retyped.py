"""The identity is typed again at the door: the number was wrong, or it is somebody else."""

from __future__ import annotations

from datetime import date

import pytest

from casework import identities
from casework.act import by_office
from casework.mending import SOMEBODY_ELSE
from models import finding, identity
from models.lifecycle import CaseState, VisitState
from tests.casework.test_mending import Door, door

__all__ = ["door"]

FIRST, SECOND = "3174015203870001", "3174015203870002"


def typed(door: Door, by: int | None, name: str, nik: str) -> None:
    """Somebody fills in the owner's identity page."""
    assert by is not None
    token = identity.link(door.tx, person_id=door.owner, holder_id=by)
    door.tx.flush()
    found = identity.open_link(door.tx, token)
    assert found is not None
    identities.give(
        by_office(door.tx, "test", f"typed:{nik}:{name}"),
        found,
        name=name,
        nik=nik,
        born_on=date(1987, 3, 12),
        address="Jl. Damai 3",
        attachment_id=None,
        slip=None,
    )
    door.tx.flush()


def states(door: Door) -> tuple[str, str]:
    door.verify()
    return door.case.state, door.visit.state


def test_another_number_of_the_same_person_is_checked_and_the_visit_goes_on(door: Door) -> None:
    typed(door, door.owner, "Siti Aminah", FIRST)
    typed(door, door.officer.person_id, "Siti Aminnah", SECOND)
    assert states(door) == (CaseState.UNDER_WAY, VisitState.ARRIVED)
    assert identity.of_people(door.tx, [door.owner])[door.owner].nik == SECOND
    door.finish()
    assert door.visit.state == VisitState.DONE


def test_another_number_and_another_name_go_to_a_supervisor(door: Door) -> None:
    typed(door, door.owner, "Siti Aminah", FIRST)
    typed(door, door.officer.person_id, "Budi Santoso", SECOND)
    assert states(door) == (CaseState.IN_REVIEW, VisitState.FAILED)
    (row,) = [r for r in finding.latest(door.tx, [door.case.id]) if r.check == SOMEBODY_ELSE.check]
    assert row.reason == SOMEBODY_ELSE.reason
    assert ("mending.stopped", "") in door.told(door.officer.person_id)
    assert not door.permits()


@pytest.mark.parametrize("name", ["Siti Aminah", "Budi Santoso"])
def test_the_first_identity_at_the_door_is_nobody_elses(door: Door, name: str) -> None:
    typed(door, door.officer.person_id, name, FIRST)
    assert states(door)[1] == VisitState.ARRIVED
