"""Bot and workers are killed while a form is taken over, and while what differs is mended.

A journey goes from the code that an officer shows to the permit at the same visit. At each of its
acts a process is killed; then the provider delivers again what was not answered. The application
belongs to exactly one person all the while, and one permit comes of it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from conversations import catalogue
from conversations.assisting import form_of
from conversations.messages import Say
from conversations.session import ChatSession
from models.assisted import Assisted, AssistedState
from models.audit import AuditEntry
from models.case import Case
from models.conversation import Conversation
from models.document import Document
from models.infrastructure import database
from models.lifecycle import CaseState, VisitState
from models.person import Address
from models.reference import area
from models.visit import Visit
from tests import test_assisted_journeys as steps
from tests.faults.conftest import Stages
from tests.faults.stage import Stage, sends, until
from tests.faults.statements import commit_of, committed, statement
from tests.processes import address
from tests.providers.bot_api import Person, Promise
from tests.test_journey import NIK, PATIENCE, hear, identify, say_when_asked, tap
from tests.wire import Passage, Wire

HEARD = r"\bINSERT INTO inbox \(channel, provider_id, person_id, address_id\b"  # from a provider
SIGNED = r"\bUPDATE assisted_forms\b"
TAKEN = r"\bUPDATE inbox SET taken_at\b"

STREET, MENDED = "Jalan Mangga nomor 12", "Jalan Melati nomor 5"


@dataclass(frozen=True, slots=True)
class Point:
    """Where a process is killed: what goes over a wire and never arrives."""

    process: str
    where: Callable[[Passage], bool]
    to_telegram: bool = False


def takes_news(passage: Passage) -> bool:
    """The COMMIT of a turn that no delivery began."""
    heard, taken = commit_of(HEARD)(passage), commit_of(TAKEN)(passage)
    return taken and not heard


def works(point: Callable[[str], Callable[[Passage], bool]]) -> Callable[[Passage], bool]:
    """A transaction in which a worker verifies a case or typesets a permit; no turn of a bot."""
    matching, turn = point(WORKS), point(TAKEN)
    return lambda passage: matching(passage) and not turn(passage)


#: Killed at every act, in the order in which they come.
BOT = {
    "before it is written": Point("serve", statement(HEARD)),
    "in the transaction": Point("serve", commit_of(HEARD)),
    "after commit and before 200": Point("serve", committed(HEARD)),
    "in the turn of the news": Point("serve", takes_news),
    "before it is sent": Point("serve", sends, to_telegram=True),
}
WORKS = r"\bINSERT INTO (findings|visits)\b|\bUPDATE (assisted_forms|documents SET path)\b"
#: Killed at the acts that let a worker verify the case, or typeset its permit.
WORKER = {
    "in the transaction": Point("worker", works(commit_of)),
    "after commit and before 200": Point("worker", works(committed)),
}


@pytest.fixture
def stage(_stages: Stages) -> Stage:
    """The product with its servers and workers, and nothing wrong yet."""
    stage = _stages.get()
    stage.calm("worker", "dispatch")
    return stage


@pytest.fixture
def engine(stage: Stage) -> Iterator[Engine]:
    engine = database.connect(stage.postgres.direct)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("point", BOT)
def test_an_application_has_one_owner_and_one_permit_wherever_a_process_is_killed(
    stage: Stage, engine: Engine, point: str
) -> None:
    street = Street.begin(stage, engine)
    bot, worker = [BOT[point]], [WORKER[point]] if point in WORKER else []
    owner, officer = street.owner, street.officer

    street.kill(lambda: owner.start(f"k-{street.code}"), *bot)
    steps.hear_end(owner, "assisted.confirm.person")
    street.check(AssistedState.TAKEN, holder=owner)
    street.kill(lambda: push(owner, "business_permit.confirm.send"), *bot, *worker)
    hear(owner, "assisted.submitted")
    steps.choose(officer, "hand_over.ktp", "seen")
    street.check(AssistedState.SENT)

    correct(officer)
    street.kill(lambda: officer.say(label("mending.differs.send")), *bot)
    owner.wait_for(MENDED, PATIENCE).result()
    street.check(AssistedState.WAITING)
    street.kill(lambda: push(owner, "mended.changes.yes"), *bot, *worker)
    hear(owner, "mended.confirmed")
    steps.hear_end(officer, "hand_over.photo")
    street.check(AssistedState.SENT)

    tap(officer, "hand_over.photo.none")
    steps.choose(officer, "hand_over.identity", "page")
    hear(officer, "notices.identity_link_officer")
    identify(officer, stage.product, nik=f"{NIK[:-4]}{owner.id}")
    street.identified = True
    steps.hear_end(officer, "hand_over.hand_over")
    street.kill(lambda: push(officer, "hand_over.hand_over.yes"), *bot, *worker)
    hear(owner, "business_permit.notices.handed_over")
    hear(owner, "rating.stars")
    street.check_end()
    stage.balance([])


@pytest.mark.parametrize("point", [commit_of(SIGNED), committed(SIGNED)], ids=["in", "after"])
def test_a_signature_counts_once_though_the_page_was_killed_over_it(
    stage: Stage, engine: Engine, point: Callable[[Passage], bool]
) -> None:
    street = Street.begin(stage, engine)
    page, fields = steps.signature_page(street.officer)
    with ThreadPoolExecutor() as threads, stage.postgres.wire.hold(point) as hold:
        signing = threads.submit(steps.sign, page, fields)
        hold.wait()
        stage.kill("serve", hold)
        with pytest.raises(httpx.TransportError):
            signing.result(PATIENCE)
    street.check()
    stage.product.start("serve")
    stage.pass_time()
    assert steps.sign(page, fields).status_code in {303, 410}
    steps.hear_end(street.officer, "notices.form_sent")
    steps.hear_end(street.officer, "hand_over.ktp")
    street.check(AssistedState.SENT)
    assert steps.sign(page, fields).status_code == 410
    stage.balance([])


# -- a journey -------------------------------------------------------------------------------------


@dataclass(slots=True)
class Street:
    """An officer and an owner with the form between them."""

    stage: Stage
    engine: Engine
    owner: Person
    officer: Person
    form_id: int = 0
    code: str = ""
    identified: bool = False  # the KTP's data were given

    @classmethod
    def begin(cls, stage: Stage, engine: Engine) -> Street:
        """The officer has filled in a form, and shows its code."""
        street = cls(stage, engine, stage.newcomer().person, stage.newcomer().person)
        (place,) = area.load().find("Cipete Utara")
        steps.join(engine, street.officer, place)
        steps.begin_on_the_road(street.officer, place)
        steps.fill_in(street.officer, "nasi uduk")
        tap(street.officer, "assisted.way.code")
        found = re.search(r"/k/(\w+)", hear(street.officer, "assisted.code"))
        assert found
        street.code = found[1]
        with Session(engine) as tx:
            street.form_id = max(tx.scalars(select(Assisted.id)))
        return street

    def kill(self, act: Callable[[], Promise[None]], *points: Point) -> None:
        """Let somebody act, and kill what works on it at each of the points, one after another."""
        until(lambda: not self.stage.left(), "what came before to be done", self.stage.left)
        with ExitStack() as stack:
            wires = [self._wire(point) for point in points]
            holds = [
                stack.enter_context(wire.hold(point.where))
                for wire, point in zip(wires, points, strict=True)
            ]
            accepted = act()
            for point, hold in zip(points, holds, strict=True):
                hold.wait()
                self.stage.kill(point.process, hold)
                self.check()
                self.stage.product.start(point.process)
            self.stage.pass_time()  # nothing is held, whose locks it would wait for
        accepted.result()

    def check(self, state: AssistedState | None = None, holder: Person | None = None) -> None:
        """See that one person has the application, as a draft, as a form or as a case.

        With a `state`, the newest form is in it, and `holder` alone has its draft.
        """
        with Session(self.engine) as tx:
            mine = select(Assisted).where(Assisted.id >= self.form_id).order_by(Assisted.id)
            new, *mends = tx.scalars(mine).all()
            newest = mends[-1] if mends else new
            assert state in {None, newest.state}, newest.state
            cases = tx.scalars(select(Case).where(Case.person_id == new.person_id)).all()
            sent = new.state == AssistedState.SENT
            assert len(cases) == sent, f"{len(cases)} cases of a form that is {new.state}"
            holders = self._holders(tx, newest.id)
            may_hold = self._may_hold(tx, newest)
            assert holders <= may_hold, f"{holders} hold a form that is {newest.state}"
            if holder is not None:
                assert holders == {_person(tx, holder)}
            if mends:
                (case,) = cases
                mended = newest.state in (AssistedState.CHECKING, AssistedState.SENT)
                assert case.answers["street"] == (MENDED if mended else STREET)
                assert case.answers_version == 1 + mended + self.identified

    def check_end(self) -> None:
        """See that everything was done once, and the permits' numbers are without gaps."""
        with Session(self.engine) as tx:
            new, mend = tx.scalars(select(Assisted).where(Assisted.id >= self.form_id)).all()
            assert (new.state, mend.state) == (AssistedState.SENT, AssistedState.SENT)
            assert new.person_id == mend.person_id == _person(tx, self.owner)
            case = tx.scalars(select(Case).where(Case.person_id == new.person_id)).one()
            assert (case.id, case.id, case.state) == (new.case_id, mend.mends, CaseState.DONE)
            visit = tx.scalars(select(Visit).where(Visit.case_id == case.id)).one()
            assert visit.state == VisitState.DONE
            permit = tx.scalars(select(Document).where(Document.case_id == case.id)).one()
            numbers = list(tx.scalars(select(Document.number).order_by(Document.number)))
            assert [int(one[-6:]) for one in numbers] == list(range(1, len(numbers) + 1))
            once = {
                f"form:{new.id}": {"form.taken_over", "form.sent"},
                f"form:{mend.id}": {"form.begun", "form.filled_in", "form.sent"},
                f"case:{case.id}": {"case.sent", "case.mended"},
                f"document:{permit.id}": {"document.issued"},
                f"visit:{visit.id}": {"visit.goes_on"},
            }
            for subject, actions in once.items():
                noted = tx.scalars(select(AuditEntry.action).filter_by(subject=subject))
                counted = {(one, n) for one, n in Counter(noted).items() if one in actions}
                assert counted == {(one, 1) for one in actions}, subject
        sent = {one.name for one in self.owner.documents}  # once more if the sender died
        assert sent == {f"{permit.number}.pdf"}

    def _wire(self, point: Point) -> Wire:
        return self.stage.to_telegram if point.to_telegram else self.stage.postgres.wire

    def _holders(self, tx: Session, form_id: int) -> set[int]:
        """The people who have a form as a draft."""
        rows = [
            (row.person_id, ChatSession.from_json(row.session))
            for row in tx.scalars(select(Conversation))
        ]
        return {
            person_id
            for person_id, session in rows
            for draft in (session.draft, *session.parked)
            if draft is not None and form_of(draft.subject) == form_id
        }

    def _may_hold(self, tx: Session, form: Assisted) -> set[int]:
        match form.state:
            case AssistedState.WRITING:
                return {_person(tx, self.officer)}
            case AssistedState.TAKEN:
                return {_person(tx, self.owner)}
            case _:
                return set()


def correct(officer: Person) -> None:
    """The officer notes another street."""
    hear(officer, "hand_over.place")
    tap(officer, "hand_over.place.different")
    hear(officer, "mending.differs")
    tap(officer, "business_permit.street.label")
    say_when_asked(officer, "street", MENDED)
    hear(officer, "mending.differs.changed")


def push(person: Person, key: str) -> Promise[None]:
    """Tap a button, and don't wait until the bot has accepted it."""
    return person.tap(label(key))


def label(key: str) -> str:
    return catalogue.load().say(Say(key), "id")


def _person(tx: Session, somebody: Person) -> int:
    of = select(Address.person_id).where(Address.address == address(somebody.id))
    return tx.scalars(of).one()
