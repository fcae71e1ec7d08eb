"""What a lender answers: told by its owner, a supervisor or the lender, in any order."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from casework import cases, dossiers, lender_answers, reminding, tickets, waiting
from conversations.dossiers import AT_DESK, ENDS, OPEN, OUTCOMES, REFUSED_FOR, RELIEF
from models import dossier
from models.case import Case
from models.lifecycle import CaseState, NotAllowed
from models.ticket import Ticket
from tests import world as make
from tests.letters_at import by, by_office, letter, letter_of, open_tickets, planned, stage_of, told

TELLERS = ("owner", "supervisor", "lender")


@pytest.fixture
def boss(tx: Session) -> int:
    found = make.staff(tx, "S1", role="supervisor").person_id
    assert found is not None
    return found


def say(tx: Session, boss: int, case: Case, who: str, outcome: str, reason: str = "") -> None:
    """Let somebody tell an answer of the lender."""
    if who == "owner":
        lender_answers.tell(by(tx, case.person_id), case.id, outcome, reason)
    elif who == "lender":
        code = letter_of(tx, case).desk_code
        assert lender_answers.at_desk(by_office(tx), code, outcome)
    else:
        lender_answers.record(by(tx, boss), a_ticket(tx, case), outcome, reason)


def a_ticket(tx: Session, case: Case) -> int:
    """An open ticket on a letter, opened if there is none."""
    if not open_tickets(tx):
        tickets.wait(by_office(tx), case, "letter_silent", waiting.about(case))
    return tx.scalars(select(Ticket.case_id).where(Ticket.closed_at.is_(None))).one()


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("who", TELLERS)
def test_each_answer_leads_on(tx: Session, boss: int, who: str, outcome: str) -> None:
    if who == "lender" and outcome not in AT_DESK:
        return
    case = letter(tx, "awaiting")
    say(tx, boss, case, who, outcome, "papers" if outcome == "refused" and who != "lender" else "")
    row = letter_of(tx, case)
    if outcome in OPEN:
        assert (case.state, case.stage, row.outcome) == (CaseState.WAITING, "awaiting", None)
    else:
        assert (row.outcome, row.answered_by) == (outcome, who)
    if outcome in RELIEF:
        ended = who == "owner"  # who wanted no reminders
        assert case.stage == "trust"
        assert case.state == (CaseState.DONE if ended else CaseState.WAITING)
    if outcome in ENDS:
        assert case.state == CaseState.DONE
    assert open_tickets(tx) == []
    assert bool(planned(tx, reminding.SECOND)) == (outcome == "refused")


@pytest.mark.parametrize("reason", REFUSED_FOR)
def test_a_refusal_names_a_next_step_and_is_no_end(tx: Session, boss: int, reason: str) -> None:
    case = letter(tx, "awaiting")
    say(tx, boss, case, "supervisor", "refused", reason)
    assert "lender_answer.refused" in told(tx, case.person_id)
    assert planned(tx, reminding.SECOND)


@pytest.mark.parametrize("who", TELLERS)
def test_an_answer_may_come_before_the_delivery_was_told(tx: Session, boss: int, who: str) -> None:
    case = letter(tx, "delivery")
    say(tx, boss, case, who, "must_come")
    assert (case.state, case.stage) == (CaseState.WAITING, "awaiting")
    assert letter_of(tx, case).delivered_at is not None
    assert planned(tx, "follow_up")
    with pytest.raises(NotAllowed):
        dossiers.deliver(by(tx, case.person_id), case.id)


@pytest.mark.parametrize("first", ["owner", "lender"])
def test_nobodys_answer_counts_while_two_differ(tx: Session, boss: int, first: str) -> None:
    second = "lender" if first == "owner" else "owner"
    for one, other in (("longer", "refused"), ("refused", "longer")):
        case = letter(tx, "awaiting", number=f"26-0000{one[:2]}")
        say(tx, boss, case, first, one)
        say(tx, boss, case, second, other)
        row = letter_of(tx, case)
        assert (row.outcome, row.answered_by) == (None, None)
        assert (case.state, case.stage) == (CaseState.WAITING, "awaiting")
        assert open_tickets(tx) == ["letter_disputed"]
        at = case.due_at
        assert at is not None
        dossiers.follow_up(by_office(tx, at), case, stage_of(case))
        assert case.state == CaseState.WAITING, "it is not closed while a supervisor asks"
        say(tx, boss, case, "supervisor", "refused", "papers")
        assert (row.outcome, row.answered_by) == ("refused", "supervisor")
        assert case.state == CaseState.DONE
        assert open_tickets(tx) == []


def test_a_supervisor_sees_both_answers(tx: Session, boss: int) -> None:
    case = letter(tx, "awaiting")
    say(tx, boss, case, "lender", "refused")
    say(tx, boss, case, "owner", "longer")
    assert "notices.letter_disputed" in told(tx, boss)
    both = [(one.by, one.outcome) for one in dossier.answers(tx, case.id)]
    assert both == [("lender", "refused"), ("owner", "longer")]


def test_reminders_end_while_two_answers_differ(tx: Session, boss: int) -> None:
    case = letter(tx, "awaiting")
    lender_answers.tell(by(tx, case.person_id), case.id, "longer", reminds=True)
    say(tx, boss, case, "lender", "refused")
    (due,) = planned(tx, reminding.REMIND)
    assert reminding.remind(by_office(tx, due), case, letter_of(tx, case)) is None
    assert not [key for key in told(tx, case.person_id) if key.startswith("notices.reminder")]


def test_what_both_tell_is_no_contradiction(tx: Session, boss: int) -> None:
    case = letter(tx, "awaiting")
    say(tx, boss, case, "lender", "longer")
    terms = {"instalment": 551_207}
    act = by(tx, case.person_id)
    lender_answers.tell(act, case.id, "longer", terms=terms, reminds=True)
    row = letter_of(tx, case)
    assert (row.terms, row.reminders) == (terms, 0)
    row.reminders = 3
    lender_answers.tell(by(tx, case.person_id), case.id, "longer", terms=terms, reminds=True)
    assert row.reminders == 3, "told twice, they do not begin anew"
    assert open_tickets(tx) == []


def test_the_lenders_page_takes_one_end(tx: Session, boss: int) -> None:
    case = letter(tx, "awaiting")
    for outcome in ("must_come", "more_papers", "longer"):
        say(tx, boss, case, "lender", outcome)
    code = letter_of(tx, case).desk_code
    assert not lender_answers.at_desk(by_office(tx), code, "refused")
    assert not lender_answers.at_desk(by_office(tx), "NOCODE", "refused")
    with pytest.raises(NotAllowed):
        lender_answers.at_desk(by_office(tx), code, "paid_off")


def test_nothing_is_told_of_a_letter_that_was_withdrawn(tx: Session, boss: int) -> None:
    case = letter(tx, "awaiting")
    ticket_id = a_ticket(tx, case)
    cases.withdraw(by(tx, case.person_id), case.id)
    code = letter_of(tx, case).desk_code
    assert not lender_answers.at_desk(by_office(tx), code, "longer")
    with pytest.raises(NotAllowed):
        lender_answers.tell(by(tx, case.person_id), case.id, "longer")
    with pytest.raises(NotAllowed):
        lender_answers.record(by(tx, boss), ticket_id, "longer")


def test_two_answers_at_once_are_one_and_a_contradiction(tx: Session, city: Engine) -> None:
    """A lender who presses two buttons at once is heard once."""
    case = letter(tx, "awaiting")
    code, case_id = letter_of(tx, case).desk_code, case.id
    tx.commit()
    together = threading.Barrier(2)
    taken: list[bool] = []

    def press(outcome: str) -> None:
        with Session(city) as own, own.begin():
            together.wait()
            taken.append(lender_answers.at_desk(by_office(own), code, outcome))

    threads = [threading.Thread(target=press, args=[one]) for one in ("longer", "refused")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False, True]
    assert len(dossier.answers(tx, case_id)) == 1
