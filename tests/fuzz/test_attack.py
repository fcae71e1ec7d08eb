"""The fuzz itself: every route and act is thrown, most requests are let in, and faults are seen."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from bot.channels.base import read_token
from conversations import flows
from conversations.steps import Choose
from tests.fuzz import mutation
from tests.fuzz.attack import (
    IDENTITY,
    OFFICER,
    SIGNATURE,
    STATUS,
    TELEGRAM,
    WHATSAPP,
    Attack,
    Links,
    Shot,
    declared,
    walked,
)
from tests.providers.bot_api import FakeBotApi
from tests.providers.twilio_api import FakeTwilio

FLOWS = flows.load()
PICTURES = [("image/jpeg", b"\xff\xd8\xff"), ("image/png", b"x")]
OURS = (TELEGRAM, WHATSAPP, STATUS, IDENTITY, SIGNATURE)


async def page(request: Request) -> Response:
    return Response()


class Page:
    """A case of its own, as a webhook is."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Response()(scope, receive, send)


def attack(routes: list[BaseRoute], seed: int = 1) -> Attack:
    """An attack on a product that does not run."""
    return Attack(
        Random(seed),
        routes,
        FLOWS,
        FakeBotApi(),
        FakeTwilio(),
        "http://izin.test",
        Links(lambda: "a-token", csrf={"a-token": "a-csrf"}),
        [1001, 1002, 1003],
        [1001],
        ["+628120000001"],
        PICTURES,
        forms=Links(lambda: "a-token", csrf={"a-token": "a-csrf"}),
    )


def ours() -> list[BaseRoute]:
    return [Route(path, page, methods=["POST"]) for path in OURS]


def thrown(routes: list[BaseRoute], number: int, seed: int = 1) -> list[Shot]:
    return list(islice(attack(routes, seed).shots(), number))


def test_every_route_is_walked(tmp_path: Path) -> None:
    routes: list[BaseRoute] = [
        Route("/plain", page),
        Route("/posted/{number:int}", page, methods=["POST", "PUT"]),
        Route("/any", Page()),
        WebSocketRoute("/socket", page),
        Mount("/static", StaticFiles(directory=tmp_path)),
        Mount(
            "/inner", routes=[Route("/{name}", page), Mount("/deep", routes=[Route("/x", page)])]
        ),
        Mount("/app", app=Starlette(routes=[Route("/of/its/own", page, methods=["DELETE"])])),
    ]
    assert dict(walked(routes)) == {
        "/plain": ["GET", "HEAD"],
        "/posted/{number:int}": ["POST", "PUT"],
        "/any": ["GET", "POST"],
        "/static/pages.css": ["GET", "HEAD"],
        "/static/{path}": ["GET"],
        "/inner/{name}": ["GET", "HEAD"],
        "/inner/deep/x": ["GET", "HEAD"],
        "/app/of/its/own": ["DELETE"],
    }


@pytest.mark.parametrize("methods", [["GET"], ["POST"], ["DELETE", "PUT"], None])
@pytest.mark.parametrize("path", ["/brand/new", "/brand/{new}", "/b/{new:int}/{x:path}"])
def test_a_new_route_is_fuzzed_by_being_there(path: str, methods: list[str] | None) -> None:
    for routes in ([Route(path, page, methods=methods)], [*ours(), Route(path, page)]):
        shots = [shot for shot in thrown(list(routes), 200) if shot.route == path]
        assert len(shots) >= 5
        assert not any("{" in shot.path for shot in shots)
        if "{" in path:
            assert len({shot.path for shot in shots}) >= 5


def test_a_badge_is_asked_about_kelurahan() -> None:
    routes = [*ours(), Route(OFFICER, page)]
    shots = [shot for shot in thrown(routes, 1_200) if shot.route == OFFICER]
    asked = [shot for shot in shots if shot.path.startswith("/petugas/a-token?kelurahan=")]
    assert len(asked) > len(shots) / 2 > 20


@pytest.mark.parametrize("seed", range(5))
def test_most_requests_are_let_in(seed: int) -> None:
    shots = thrown(ours(), 600, seed)
    assert sum(shot.right for shot in shots) > len(shots) * 0.75
    assert not all(shot.right for shot in shots)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_throws_the_same(seed: int) -> None:
    one, other = ([(s.method, s.route, s.right) for s in thrown(ours(), 300, seed)] for _ in "ab")
    assert one == other
    assert one != [(s.method, s.route, s.right) for s in thrown(ours(), 300, seed + 2)]


def test_every_option_of_every_step_is_an_act() -> None:
    acts = {(act.flow, act.step, act.value) for act in declared(FLOWS)}
    for flow in FLOWS.by_id.values():
        for step in flow.steps:
            assert any((flow.id, step.id) == act[:2] for act in acts)
            if isinstance(step, Choose) and isinstance(step.options, tuple):
                assert {(flow.id, step.id, option) for option in step.options} <= acts


def test_every_act_is_thrown_by_staff_as_well_and_on_forged_subjects() -> None:
    fuzz = attack(ours())
    taps = []
    while len(fuzz.tapped) < len(fuzz.acts):
        taps.append(fuzz._act())
    telegram = [json.loads(shot.content) for shot in taps if shot.route == TELEGRAM]
    assert len(telegram) < len(taps), "some come by WhatsApp"
    tokens = [read_token(update["callback_query"]["data"]) for update in telegram]
    subjects = {token[0].subject for token in tokens if token is not None}
    assert {"", "-1", "99999"} <= subjects
    assert len({subject for subject in subjects if len(subject) < 3}) > 20, "ids of rows"
    assert {1001, 1002, 1003} == {one["callback_query"]["from"]["id"] for one in telegram}


def test_no_update_has_the_number_of_one_that_a_person_made() -> None:
    shots = [shot for shot in thrown(ours(), 600) if shot.route == TELEGRAM and shot.right]
    numbers = [int(part) for shot in shots for part in _numbers(shot.content)]
    assert numbers
    assert not [number for number in numbers if 700_000_000 < number < 800_000_000]


def _numbers(content: bytes) -> list[str]:
    try:
        update = json.loads(content)
    except ValueError:
        return []
    number = update.get("update_id") if isinstance(update, dict) else None
    return [str(number)] if isinstance(number, int) and not isinstance(number, bool) else []


@pytest.mark.parametrize("seed", range(10))
def test_what_is_spoilt_can_still_be_sent(seed: int) -> None:
    chance = Random(seed)
    given = {"a": [1, {"b": "c"}], "d": {"e": None}}
    spoilt = [mutation.spoiled(given, chance, times) for times in range(1, 6)]
    assert all(json.dumps(one) for one in spoilt)
    assert any(one != given for one in spoilt)
    assert given == {"a": [1, {"b": "c"}], "d": {"e": None}}
    fields = [mutation.spoiled_fields({"a": "b", "c": "d"}, chance) for _ in range(5)]
    assert all(isinstance(value, str) for one in fields for value in one.values())
    token = "visit|1|offer|3|accept"
    assert any(mutation.spoiled_token(token, chance, [token]) != token for _ in range(5))


@pytest.mark.parametrize("path", ["/", "/izin", "/identitas/x", "/a/b/c/d", "/webhooks/telegram"])
def test_a_spoilt_path_is_a_path(path: str) -> None:
    chance = Random(1)
    spoilt = {mutation.spoiled_path(path, chance) for _ in range(50)}
    assert len(spoilt) > 10
    assert all(one.startswith("/") and one.isascii() and " " not in one for one in spoilt)


def test_some_requests_are_cut_off_or_go_elsewhere() -> None:
    shots = thrown(ours(), 2000)
    assert any(shot.method not in {"GET", "POST"} for shot in shots)
    assert any(
        shot.path.partition("?")[0] != shot.route for shot in shots if shot.route == TELEGRAM
    )


@pytest.mark.parametrize(("name", "value"), mutation.HEADERS)
def test_an_odd_header_can_be_sent(name: str, value: str) -> None:
    assert name.isascii() and value == value.strip()
    assert not any(character < " " for character in value)
