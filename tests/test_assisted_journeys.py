"""An officer fills the form in with an owner over real HTTP, who confirms it in one of four ways.

Everything is as in `tests.test_journey`; one running product is shared by all tests here, in which
owners and officers are on Telegram and on WhatsApp.
"""

from __future__ import annotations

import io
import itertools
import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from PIL import Image, ImageDraw
from redis import Redis
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from conversations import catalogue
from demo.embedded import Servers
from demo.sample_photo import draw
from models import officer as officers
from models.base import Base
from models.infrastructure import database as models_database
from models.infrastructure import encryption
from models.infrastructure.key_ring import KeyRing
from models.reference import area
from models.reference.area_names import Area
from tests import test_journey as steps
from tests.processes import KEY, Product
from tests.providers.bot_api import FakeBotApi, Person
from tests.providers.twilio_api import FakeTwilio
from tests.test_journey import hear, say_when_asked, tap, tap_when_asked, until

CHANNELS = ("telegram", "whatsapp")
#: Kelurahan of Jakarta Selatan: each is one officer's, who alone is offered the visits there.
PLACES = (
    *("Bintaro", "Cilandak Timur", "Ciganjur", "Cipedak", "Cipete Selatan", "Cipete Utara"),
    *("Duren Tiga", "Gandaria Selatan", "Jati Padang", "Kalibata", "Kuningan Timur"),
    *("Lenteng Agung", "Pejaten Barat", "Pejaten Timur", "Pondok Labu", "Ragunan", "Rawajati"),
)
STREET = "Jalan Mangga nomor 12"
MENDED = "Jalan Melati nomor 5"
pytestmark = pytest.mark.processes


@dataclass(slots=True)
class City:
    """The running product, and who is in it."""

    product: Product
    telegram: FakeBotApi
    twilio: FakeTwilio
    engine: Engine
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _places: Iterator[str] = field(default_factory=lambda: iter(PLACES))

    def somebody(self, channel: str, name: str = "Siti") -> Person:
        """Somebody who has not written yet."""
        number = next(self._numbers)
        if channel == "telegram":
            return self.telegram.user(5000 + number, name)
        return self.twilio.user(f"+62812000050{number:02d}", name)

    def officer(self, channel: str) -> tuple[Person, Area]:
        """An officer who has just joined, and the kelurahan where they work."""
        somebody, (place, *_) = (
            self.somebody(channel, "Rahmat"),
            area.load().find(next(self._places)),
        )
        join(self.engine, somebody, place)
        return somebody, place

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def count(self, what: str) -> int:
        """Count rows: `count("cases WHERE state = 'done'")`."""
        ((found,),) = self.rows(f"SELECT count(*) FROM {what}")  # noqa: S608
        assert isinstance(found, int)
        return found


@pytest.fixture(scope="module")
def city(
    servers: Servers, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[City]:
    engine = models_database.connect(database_url)
    with engine.begin() as tx:
        tx.execute(text(f"TRUNCATE {', '.join(Base.metadata.tables)} RESTART IDENTITY CASCADE"))
    with Redis.from_url(servers.redis_url) as redis:
        redis.flushdb()
    folder = tmp_path_factory.mktemp("city")
    with (
        ExitStack() as stack,
        FakeBotApi() as telegram,
        FakeTwilio() as twilio,
        Product(database_url, servers.redis_url, folder, telegram, twilio) as product,
    ):
        stack.callback(engine.dispose)
        (folder / "temporary").mkdir()
        product.environment |= {"TMPDIR": str(folder / "temporary"), "LOG_LEVEL": "DEBUG"}
        product.start("serve", "worker", "dispatch")
        until(lambda: telegram.called("setWebhook"), "the webhook to be set")
        yield City(product, telegram, twilio, engine)
        for name in product.running():
            product.stop(name, kill=True)


# -- the owner says yes ----------------------------------------------------------------------------


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_short_way_ends_with_the_permit_at_the_same_visit(city: City, channel: str) -> None:
    """The owner confirms with a tap in their own chat."""
    owner, (officer, place) = city.somebody(channel), city.officer(channel)
    before = permits(city)
    meet(owner, officer, place)
    choose(officer, "help.wish", "now")
    choose(officer, "help.whom", "host")
    hear_end(officer, "assisted.read_out")
    fill_in(officer)
    tap(officer, "assisted.way.chat")
    hear_end(owner, "assisted.confirm.person")
    assert (permits(city), open_forms(city)) == (before, ["taken"])
    send(owner, officer)
    hand_over(city, officer)
    check_permit(city, owner, before, STREET)


@pytest.mark.parametrize("channel", CHANNELS)
def test_an_owner_takes_it_over_by_its_code_and_what_differs_is_mended(
    city: City, channel: str
) -> None:
    """The officer is on the other channel; a "no" to the corrections changes nothing."""
    owner, (officer, place) = city.somebody(channel), city.officer(the_other(channel))
    before = permits(city)
    begin_on_the_road(officer, place)
    fill_in(officer, "soto ayam")
    take_over(owner, officer, channel)
    hear_end(owner, "assisted.confirm.person")
    assert (permits(city), open_forms(city)) == (before, ["taken"])
    send(owner, officer)
    choose(officer, "hand_over.ktp", "seen")
    hear(officer, "hand_over.place")
    steps.correct(owner, officer, "Gang Kenanga nomor 2")
    tap(owner, "mended.changes.no")
    hear(owner, "mended.refused")
    hear_end(officer, "mending.refused")
    assert (permits(city), open_forms(city), version(city)) == (before, ["writing"], 1)
    correct_again(owner, officer)
    tap(owner, "mended.changes.yes")
    hear(owner, "mended.confirmed")
    hear_end(officer, "hand_over.photo")
    assert (permits(city), open_forms(city), version(city)) == (before, [], 2)
    issue(city, officer)
    check_permit(city, owner, before, MENDED)


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_form_that_is_not_finished_is_handed_over_and_the_owner_goes_on(
    city: City, channel: str
) -> None:
    owner, (officer, place) = city.somebody(channel), city.officer(channel)
    before = permits(city)
    begin_on_the_road(officer, place)
    tap(officer, "assisted.read_out.yes")
    say_when_asked(officer, "owner_name", "Siti Aminah")
    hear(officer, "business_permit.trade")
    tap(officer, "assisted.hand_over")
    hear_end(officer, "assisted.way")
    take_over(owner, officer, channel)
    write_down(owner, "pecel lele")
    hear_end(owner, "assisted.confirm.person")
    assert (permits(city), open_forms(city)) == (before, ["taken"])
    send(owner, officer)
    hand_over(city, officer)
    check_permit(city, owner, before, STREET)


@pytest.mark.parametrize("way", ["signature", "paper"])
@pytest.mark.parametrize("channel", CHANNELS)
def test_somebody_without_a_phone_signs_and_the_officer_gets_the_permit(
    city: City, channel: str, way: str
) -> None:
    officer, place = city.officer(channel)
    before = permits(city)
    begin_on_the_road(officer, place)
    fill_in(officer, "gado-gado")
    if way == "signature":
        page, fields = signature_page(officer)
        assert sign(page, fields).status_code == 303
        assert sign(page, fields).status_code == 410, "it counts once"
    else:
        tap(officer, "assisted.way.paper")
        hear(officer, "assisted.sheet")
        officer.send_photo(draw("Lembar", before)).result()
    hear_end(officer, "notices.form_sent")
    assert city.rows("SELECT way FROM assisted_forms ORDER BY id DESC LIMIT 1") == [(way,)]
    hand_over(city, officer)
    check_permit(city, officer, before, STREET)


# -- the owner says no -----------------------------------------------------------------------------


@pytest.mark.parametrize("channel", CHANNELS)
def test_of_what_an_owner_refuses_nothing_is_sent(city: City, channel: str) -> None:
    """They refuse that it is written down, and then what was written."""
    owner, (officer, place) = city.somebody(channel), city.officer(channel)
    before = cases(city), permits(city)
    begin_on_the_road(officer, place)
    tap(officer, "assisted.read_out.no")
    hear(officer, "assisted.read_out.no.end")
    assert open_forms(city) == []
    begin_on_the_road(officer, place)
    fill_in(officer, "bakso")
    page, fields = signature_page(officer)
    code = take_over(owner, officer, channel)
    assert sign(page, fields).status_code == 410, "it is the owner's now"
    hear_end(owner, "assisted.confirm.person")
    tap(owner, "assisted.confirm.refuse")
    choose(owner, "common.cancel", "drop")
    hear(owner, "common.cancelled")
    hear_end(officer, "notices.form_refused")
    owner.say(f"kode {code}").result()
    hear(owner, "assisted.code_wrong")
    assert sign(page, fields).status_code == 410
    check_nothing_was_sent(city, *before)


@pytest.mark.parametrize("channel", CHANNELS)
def test_of_a_form_that_was_not_signed_nothing_is_sent(city: City, channel: str) -> None:
    officer, place = city.officer(channel)
    before = cases(city), permits(city)
    begin_on_the_road(officer, place)
    fill_in(officer, "bakso")
    page, fields = signature_page(officer)
    assert sign(page, {**fields, "drawing": ""}).status_code == 422
    tap(officer, "assisted.way.paper")
    choose(officer, "assisted.sheet", "back")
    hear_end(officer, "assisted.way")
    assert open_forms(city) == ["waiting"]
    tap(officer, "assisted.way.drop")
    hear(officer, "assisted.dropped")
    assert sign(page, fields).status_code == 410
    check_nothing_was_sent(city, *before)


@pytest.mark.parametrize("channel", CHANNELS)
def test_of_a_form_that_is_refused_at_a_visit_nothing_is_sent(city: City, channel: str) -> None:
    """The visit is closed all the same."""
    owner, (officer, place) = city.somebody(channel), city.officer(channel)
    before = cases(city), permits(city)
    meet(owner, officer, place)
    choose(officer, "help.wish", "now")
    choose(officer, "help.whom", "host")
    hear_end(officer, "assisted.read_out")
    tap(officer, "assisted.read_out.yes")
    say_when_asked(officer, "owner_name", "Siti Aminah")
    hear(officer, "refusals.which_trade")
    tap(officer, "assisted.hand_over")
    hear_end(officer, "assisted.way")
    tap(officer, "assisted.way.chat")
    hear_end(owner, "notices.form_yours")
    owner.say("batal").result()
    choose(owner, "common.cancel", "drop")
    hear_end(officer, "notices.form_refused")
    check_nothing_was_sent(city, *before)


# -- their parts -----------------------------------------------------------------------------------


def join(engine: Engine, officer: Person, place: Area) -> None:
    """An officer of one kelurahan joins."""
    encryption.use(KeyRing.parse(f"k1:{KEY}", KEY))
    badge = f"04{officer.id}"
    with Session(engine) as tx, tx.begin():
        token = officers.invite(tx, role="officer", name="Rahmat", badge=badge, areas=[place.code])
    officer.start(f"join-{token}").result()
    hear_end(officer, "notices.joined")


def meet(owner: Person, officer: Person, place: Area) -> None:
    """The owner asks by the short way, and the officer comes and types the code."""
    owner.start().result()
    hear(owner, "welcome.hello")
    tap(owner, "business_permit.title")
    tap_when_asked(owner, "consent", "yes")
    tap_when_asked(owner, "way", "quick")
    hear(owner, "assistance.trade")
    owner.say("jual nasi uduk depan rumah").result()
    hear(owner, "assistance.place")
    owner.say(place.name).result()
    hear(owner, "visit_window.window", steps.PATIENCE)
    steps.first_button(owner)
    code = steps.takes_offer(officer, owner)
    steps.comes(owner, officer, code, (place.lat, place.lon))


def begin_on_the_road(officer: Person, place: Area) -> None:
    """The officer begins a form with somebody whom nobody has visited."""
    officer.say("menu").result()
    hear(officer, "officer_desk.menu")
    tap(officer, "officer_desk.menu.new")
    hear(officer, "new_business.place")
    officer.say(place.name).result()
    hear_end(officer, "assisted.read_out")


def fill_in(officer: Person, trade: str = "") -> None:
    """The officer reads out, and writes down the answers; the trade, unless it is known."""
    tap(officer, "assisted.read_out.yes")
    say_when_asked(officer, "owner_name", "Siti Aminah")
    write_down(officer, trade)
    hear_end(officer, "assisted.confirm.officer")
    tap(officer, "assisted.confirm.officer.send")
    hear_end(officer, "assisted.way")


def write_down(writer: Person, trade: str = "") -> None:
    """All answers after the name."""
    if trade:
        say_when_asked(writer, "trade", trade)
    hear(writer, "refusals.which_trade")
    steps.first_button(writer)
    say_when_asked(writer, "business_name", "belum ada")
    say_when_asked(writer, "street", f"{STREET}, RT 005/003")
    tap_when_asked(writer, "premises", "home")
    hear(writer, "business_permit.capital.joined")
    writer.say("5jt, 6 juta, 1").result()
    tap_when_asked(writer, "papers", "none")
    tap_when_asked(writer, "identity", "door")


def take_over(owner: Person, officer: Person, channel: str) -> str:
    """The owner scans the QR code, and opens their chat from its page; gives the code."""
    tap(officer, "assisted.way.code")
    url = re.search(r"http\S+/k/(\w+)", hear(officer, "assisted.code"))
    assert url
    page = httpx.get(url[0])
    links = [urlsplit(unescape(link)) for link in re.findall(r'href="([^"]+)"', page.text)]
    if channel == "telegram":
        (link,) = [one for one in links if one.hostname == "t.me"]
        owner.start(parse_qs(link.query)["start"][0]).result()
    else:
        (link,) = [one for one in links if one.hostname == "wa.me"]
        owner.say(parse_qs(link.query)["text"][0]).result()
    hear_end(officer, "notices.form_taken_over")
    return url[1]


def send(owner: Person, officer: Person) -> None:
    """The owner sends what was filled in, and the checks pass."""
    tap(owner, "business_permit.confirm.send")
    hear(owner, "assisted.submitted")
    hear_end(officer, "notices.form_sent")


def correct_again(owner: Person, officer: Person) -> None:
    """The officer names what differs: a number might be meant for the list before the news."""
    officer.say(steps.labels("business_permit.street.label")[0]).result()
    say_when_asked(officer, "street", MENDED)
    hear(officer, "mending.differs.changed")
    officer.say(steps.labels("mending.differs.send")[0]).result()
    owner.wait_for(MENDED, steps.PATIENCE).result()


def hand_over(city: City, officer: Person) -> None:
    """The officer looks at the KTP and the place, and hands the permit over."""
    choose(officer, "hand_over.ktp", "seen")
    choose(officer, "hand_over.place", "as_described")
    hear_end(officer, "hand_over.photo")
    issue(city, officer)


def issue(city: City, officer: Person) -> None:
    """From the photo to the permit; the identity is given on the officer's phone."""
    tap(officer, "hand_over.photo.none")
    choose(officer, "hand_over.identity", "page")
    hear(officer, "notices.identity_link_officer")
    steps.identify(officer, city.product, nik=f"317407570590{permits(city) + 1:04d}")
    choose(officer, "hand_over.hand_over", "yes")


def signature_page(officer: Person) -> tuple[str, dict[str, str]]:
    """The page on the officer's phone, and what is posted once it is signed."""
    tap(officer, "assisted.way.signature")
    url = re.search(r"http\S+/tanda-tangan/\S+", hear(officer, "assisted.signature"))
    assert url
    page = httpx.get(url[0])
    assert page.status_code == 200 and "Siti Aminah" in page.text
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    return url[0], {**fields, "drawing": drawing()}


def sign(page: str, fields: dict[str, str]) -> httpx.Response:
    return httpx.post(page, files={name: (None, value) for name, value in fields.items()})


def drawing() -> str:
    """A zigzag in ink on nothing."""
    image = Image.new("RGBA", (640, 440), (0, 0, 0, 0))
    points = [(32 * n, 176 + 88 * (n % 2)) for n in range(2, 18)]
    ImageDraw.Draw(image).line(points, fill="#0a1030", width=6)
    out = io.BytesIO()
    image.save(out, "PNG")
    return f"data:image/png;base64,{b64encode(out.getvalue()).decode()}"


# -- the books -------------------------------------------------------------------------------------


def check_permit(city: City, holder: Person, before: int, street: str) -> None:
    """One more permit there is, with the next number and this street; nothing is left open."""

    def arrived() -> list[tuple[str, bytes]]:
        found = [one for one in holder.documents if one.name.endswith(f"-{before + 1:06d}.pdf")]
        return [(one.name.removesuffix(".pdf"), one.content) for one in found]

    until(arrived, "the permit")
    ((number, permit),) = arrived()
    steps.read_back(permit, number, city.product, street)
    settle(city)
    numbers = city.rows("SELECT number FROM documents ORDER BY id")
    assert [str(one)[-6:] for (one,) in numbers] == [f"{n:06d}" for n in range(1, before + 2)]
    assert city.count("documents") == city.count("(SELECT DISTINCT case_id FROM documents) AS own")


def check_nothing_was_sent(city: City, sent: int, permitted: int) -> None:
    assert (cases(city), permits(city)) == (sent, permitted)
    settle(city)


def settle(city: City) -> None:
    """See that no form is open, none that is over says anything, and nothing waits."""
    assert open_forms(city) == []
    assert city.count("assisted_forms WHERE answers IS NOT NULL OR code_hash IS NOT NULL") == 0
    steps.nothing_is_left_open(city.engine)
    assert not city.twilio.refusals
    steps.nobody_can_read(city.engine, "Siti Aminah", STREET, MENDED)
    assert "Siti Aminah" not in city.product.logs()


def permits(city: City) -> int:
    return city.count("documents")


def cases(city: City) -> int:
    return city.count("cases WHERE service = 'business_permit'")


def version(city: City) -> object:
    """How often the newest case was answered."""
    return city.rows("SELECT answers_version FROM cases ORDER BY id DESC LIMIT 1")[0][0]


def open_forms(city: City) -> list[object]:
    rows = city.rows("SELECT state FROM assisted_forms WHERE state NOT IN ('sent', 'over')")
    return [state for (state,) in rows]


def the_other(channel: str) -> str:
    return next(one for one in CHANNELS if one != channel)


def hear_end(person: Person, key: str) -> str:
    """Wait for a line by its end, since it begins with a placeholder, or as others do."""
    end = re.split(r"[}\n]", catalogue.load().entries[key]["id"])[-1].strip(" .,")
    return person.wait_for(end, steps.PATIENCE).result().text


def choose(person: Person, key: str, option: str) -> None:
    hear_end(person, key)
    tap(person, f"{key}.{option}")
