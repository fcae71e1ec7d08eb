"""What is thrown at the product: requests for every route, most of which are let in.

A request is let in when it carries what its route asks for: the right secret or signature, a live
link with its CSRF token, the metrics' token. Routes are walked, so a new one is fuzzed as well: one
that nothing here knows is given spoilt parameters, queries and forms.
"""

from __future__ import annotations

import itertools
import json
import re
import time
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from starlette.routing import BaseRoute, Mount, Route

from conversations.engine.builder import Flows
from conversations.step import Step
from tests.fuzz import mutation
from tests.processes import SECRET
from tests.providers import twilio_api
from tests.providers.bot_api import FakeBotApi, Person
from tests.providers.twilio_api import FakeTwilio

TELEGRAM: Final = "/webhooks/telegram"
WHATSAPP: Final = "/webhooks/whatsapp"
STATUS: Final = f"{WHATSAPP}/status"
IDENTITY: Final = "/identitas/{token}"
OFFICER: Final = "/petugas/{token}"
SIGNATURE: Final = "/tanda-tangan/{token}"
SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"
METRICS: Final = "a-token-for-the-fuzz"
WRONG: Final = 0.15  # of the requests do not carry what their route asks for
SPOILT: Final = 0.5  # of the deliveries are spoilt; the others drive the conversations on
#: What the identity page keeps: a NIK carries a woman's day of birth plus 40.
GOOD: Final[Mapping[str, str]] = {
    "name": "Siti Aminah",
    "nik": "3174075705900012",
    "day": "17",
    "month": "5",
    "year": "1990",
    "address": "Jalan Damai 3",
}
ODD: Final = 0.1  # of the requests have a header that nobody asked for
#: Values that steps offer by the facts, beside those that their words name.
_DRAWN: Final = ("1", "other", "left", "done")
_ENGINES: Final = tuple(
    (step, value)
    for step, values in (
        ("resume", ("continue", "restart", "menu")),
        ("cancel", ("drop", "keep")),
        ("menu", ("1", "help", "status", "language")),
    )
    for value in values
)
#: Kinds of content besides words, as Telegram describes them.
_KINDS: Final[Mapping[str, Any]] = {
    "sticker": {"file_id": "s", "emoji": "🙂"},
    "voice": {"file_id": "v", "duration": 3},
    "contact": {"phone_number": "0062812345678", "first_name": "Siti"},
    "location": {"latitude": -6.2706, "longitude": 106.8023, "live_period": 900},
    "venue": {"location": {"latitude": 1.0, "longitude": 2.0}, "title": "t", "address": "a"},
    "dice": {"emoji": "🎲", "value": 3},
    "poll": {"id": "1", "question": "?"},
    "future_kind": {"anything": [1, 2]},
    "new_chat_members": [{"id": 1, "is_bot": False, "first_name": "x"}],
}


@dataclass(frozen=True, slots=True)
class Act:
    """What a button of a question does."""

    flow: str
    step: str
    value: str


@dataclass(frozen=True, slots=True)
class Shot:
    """One request."""

    method: str
    path: str
    route: str
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    right: bool = True  # it carries what the route asks for


@dataclass(slots=True)
class Links:
    """Links to forms that work, and the hidden fields of each once its page was seen."""

    make: Callable[[], str]
    live: deque[str] = field(default_factory=deque)
    csrf: dict[str, str] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)  # stands for what a signature page showed

    def one(self, chance: Random) -> str:
        while len(self.live) < 6:
            self.live.append(self.make())
        return chance.choice(self.live)

    def seen(self, path: str, status: int, page: str) -> None:
        """Learn from what a link's page answered."""
        token = path.partition("?")[0].rpartition("/")[2]
        if found := re.search(r'name="csrf" value="([^"]+)"', page):
            self.csrf[token] = found[1]
        if found := re.search(r'name="seen" value="([^"]+)"', page):
            self.shown[token] = found[1]
        if status in {303, 410, 429} and token in self.live:
            self.live.remove(token)


@dataclass(slots=True)
class Attack:
    """Makes requests; what it draws depends on its seed and on what the product answers."""

    chance: Random
    routes: Sequence[BaseRoute]
    flows: Flows
    telegram: FakeBotApi
    twilio: FakeTwilio
    url: str
    links: Links
    chats: Sequence[int]  # on Telegram; more may come while it runs
    staff: Sequence[int]  # those of them that are officers' and supervisors'
    phones: Sequence[str]  # on WhatsApp
    pictures: Sequence[tuple[str, bytes]] = field(default_factory=mutation.pictures)
    badges: Sequence[str] = ("a-token",)  # tokens of officers' badges
    forms: Links = field(default_factory=lambda: Links(lambda: "a-token"))  # to be signed
    tapped: set[Act] = field(default_factory=set)  # declared acts that were thrown
    #: Of updates and SIDs: far from those that the stand-ins give what people do.
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(900_000_001))
    _seen: deque[str] = field(default_factory=lambda: deque(maxlen=500))  # what buttons carried
    _addresses: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    acts: list[Act] = field(init=False)
    _next_acts: Iterator[Act] = field(init=False)

    def __post_init__(self) -> None:
        self.acts = declared(self.flows)
        self.chance.shuffle(self.acts)
        self._next_acts = itertools.cycle(self.acts)
        some = self.acts[:50]
        self._seen.extend("|".join((act.flow, "1", act.step, "1", act.value)) for act in some)

    def shots(self) -> Iterator[Shot]:
        """Requests without end; every route comes again and again."""
        every = list(walked(self.routes))
        own = {
            TELEGRAM: self._telegram,
            WHATSAPP: self._whatsapp,
            STATUS: self._status,
            IDENTITY: self._identity,
            OFFICER: self._officer,
            SIGNATURE: self._signature,
        }
        weights = {
            TELEGRAM: 6,
            WHATSAPP: 5,
            STATUS: 2,
            IDENTITY: 3,
            OFFICER: 1,
            SIGNATURE: 2,
            "": 4,
        }
        there = {path for path, _ in every}
        often = [path for path in own if path in there]
        acts = [""] if {TELEGRAM, WHATSAPP} <= there else []
        while True:
            for path, methods in every:
                make = own.get(path)
                yield self._bent(make() if make else self._any(path, self.chance.choice(methods)))
                for _ in range(4 if often else 0):
                    (busy,) = self.chance.choices(
                        [*often, *acts], [weights[one] for one in (*often, *acts)]
                    )
                    yield self._bent(own[busy]() if busy else self._act())

    def _bent(self, shot: Shot) -> Shot:
        """One in ten requests has an odd header besides; a few are cut off, or go elsewhere."""
        draw = self.chance.random()
        if draw < ODD:
            name, value = self.chance.choice(mutation.HEADERS)
            return replace(shot, headers={name: value, **shot.headers})
        if draw < ODD + 0.01 and shot.content:
            cut = self.chance.randrange(len(shot.content))
            return replace(shot, content=shot.content[:cut], right=False)
        if draw < ODD + 0.02:
            return replace(shot, method=self.chance.choice(mutation.METHODS), right=False)
        if draw < ODD + 0.03:
            path, _, query = shot.path.partition("?")
            path = mutation.spoiled_path(path, self.chance)
            return replace(shot, path=f"{path}?{query}" if query else path, right=False)
        return shot

    def _act(self) -> Shot:
        """A declared act on any subject, by anybody: most of the time it is not theirs to do."""
        act = next(self._next_acts)
        self.tapped.add(act)
        subject = self.chance.choice(
            ("", *(str(self.chance.randrange(1, 40)) for _ in range(5)), *mutation.SUBJECTS)
        )
        version = self.chance.choice(("0", "1", str(self.chance.randrange(60)), "999999999", "x"))
        data = "|".join((act.flow, subject, act.step, version, act.value))
        if self.chance.random() < 0.3:
            return self._delivered({"ButtonPayload": data, "ButtonText": "Ya", "Body": "Ya"})
        staff = self.chance.random() < 0.4
        chat = self.chance.choice(self.staff if staff else self.chats)
        return self._posted(self._tap(chat, next(self._numbers), data))

    # Telegram

    def _telegram(self) -> Shot:
        update = self._update(self.chance.choice(self.chats))
        if self.chance.random() < SPOILT:
            update = mutation.spoiled(update, self.chance, self.chance.choice((1, 1, 2, 4)))
        shot = self._posted(update)
        if self.chance.random() < 0.02:
            cut = self.chance.randrange(len(shot.content))
            shot = replace(shot, content=shot.content[:cut] + b"\xff")
        if self.chance.random() >= WRONG:
            return shot
        secret = self.chance.choice(("", "x", SECRET.upper(), "\xe9"))
        return replace(shot, headers={**shot.headers, SECRET_HEADER: secret}, right=False)

    def _posted(self, update: Any) -> Shot:
        headers = {SECRET_HEADER: SECRET, "Content-Type": "application/json"}
        return Shot("POST", TELEGRAM, TELEGRAM, json.dumps(update).encode(), headers)

    def _update(self, chat: int) -> Any:
        number, person = next(self._numbers), self.telegram.user(chat)
        person.started = True
        shown = _data(person)
        draw = self.chance.random()
        if shown and draw < 0.45:
            self._seen.append(self.chance.choice(shown))
            data = self.chance.choice(shown)
            if self.chance.random() < 0.3:
                data = mutation.spoiled_token(data, self.chance, self._seen)
            return self._tap(chat, number, data)
        if draw < 0.2:
            data = mutation.spoiled_token(self.chance.choice(self._seen), self.chance, self._seen)
            return self._tap(chat, number, data)
        message = self._message(chat, number)
        if draw < 0.75:
            message["text"] = self.chance.choice(mutation.WORDS)
        elif draw < 0.85:
            message |= self._file()
        else:
            name = self.chance.choice(list(_KINDS))
            message[name] = _KINDS[name]
        kind = "edited_message" if self.chance.random() < 0.1 else "message"
        return {"update_id": number, kind: message}

    def _file(self) -> Mapping[str, Any]:
        """A picture or a document; one in ten lies nowhere, or is larger than it may be."""
        kind, content = self.chance.choice(self.pictures)
        odd = self.chance.random() < 0.1
        size = self.chance.choice((0, 2**40)) if odd else None
        file = self.telegram.keep(content, "photos/{}.jpg", size=size)
        if odd and self.chance.random() < 0.5:
            file["file_id"] = "nowhere"
        if self.chance.random() < 0.5:
            return {"photo": [{**file, "width": 640, "height": 480}], "caption": "x" * 1024}
        return {"document": {**file, "file_name": "x", "mime_type": kind}}

    def _message(self, chat: int, number: int) -> dict[str, Any]:
        return {
            "message_id": number,
            "date": int(time.time()),
            "chat": {"id": chat, "type": "private", "first_name": "Siti"},
            "from": _user(chat),
        }

    def _tap(self, chat: int, number: int, data: str) -> Any:
        self.telegram.user(chat).started = True
        query = {
            "id": str(number),
            "from": _user(chat),
            "chat_instance": "1",
            "data": data,
            "message": self._message(chat, number),
        }
        return {"update_id": number, "callback_query": query}

    # WhatsApp

    def _whatsapp(self) -> Shot:
        draw = self.chance.random()
        if draw < 0.25:
            data = mutation.spoiled_token(self.chance.choice(self._seen), self.chance, self._seen)
            return self._delivered({"ButtonPayload": data, "ButtonText": "Ya"})
        if draw < 0.4:
            kind, content = self.chance.choice(self.pictures)
            sid = self._sid()
            url = self.twilio.keep(sid, content, kind)
            files = {"NumMedia": "1", "MediaUrl0": url, "MediaContentType0": kind}
            return self._delivered({"MessageSid": sid, **files})
        if draw < 0.5:
            pin = self.chance.choice((("-6.2706", "106.8023"), ("-6.27", "9" * 400), ("nan", "x")))
            place = dict(zip(("Latitude", "Longitude"), pin, strict=True))
            return self._delivered({**place, "MessageType": "location"})
        return self._delivered({"Body": self.chance.choice((*mutation.WORDS, *"1234"))})

    def _delivered(self, told: Mapping[str, str]) -> Shot:
        """Something from a phone: the window of whoever writes is open."""
        phone = self.chance.choice(self.phones)
        person = self.twilio.user(phone)
        person.started, person.heard_at = True, self.twilio.now()
        shown = _data(person)
        self._seen.extend(shown[:1])
        if shown and self.chance.random() < 0.3:
            told = {"ButtonPayload": self.chance.choice(shown), "ButtonText": "Ya"}
        fields = {
            "MessageSid": self._sid(),
            "AccountSid": twilio_api.ACCOUNT,
            "From": f"whatsapp:{phone}",
            "To": f"whatsapp:{twilio_api.SENDER}",
            "WaId": phone.lstrip("+"),
            "ProfileName": "Siti",
            "NumMedia": "0",
            "Body": "",
            **told,
        }
        return self._signed(WHATSAPP, fields)

    def _status(self) -> Shot:
        """What became of a message of ours, or of one that is none."""
        made = self.twilio.made()[-50:]
        message = self.chance.choice(made) if made else None
        letter = quote(self.chance.choice(("1", "99", "x", "9" * 30)))
        path = f"{STATUS}?letter={letter}"
        callback = message.given.get("StatusCallback") if message else None
        if callback and self.chance.random() < 0.6:
            there = urlsplit(callback)
            path = f"{there.path}?{there.query}"
        fields = {
            "MessageSid": message.sid if message else self._sid(),
            "MessageStatus": self.chance.choice(mutation.STATUSES),
            "AccountSid": twilio_api.ACCOUNT,
            "ErrorCode": self.chance.choice(mutation.CODES),
            "To": "whatsapp:+628120000001",
            "From": f"whatsapp:{twilio_api.SENDER}",
        }
        return self._signed(path, fields)

    def _sid(self) -> str:
        return f"SM{next(self._numbers):032x}"

    def _signed(self, path: str, given: Mapping[str, str]) -> Shot:
        fields = dict(given)
        if self.chance.random() < SPOILT:
            fields = mutation.spoiled_fields(given, self.chance)
        right = self.chance.random() >= WRONG
        signature = twilio_api.sign(self.url + path, fields) if right else "AAAA"
        headers = {
            "X-Twilio-Signature": signature,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        route, body = path.partition("?")[0], urlencode(fields).encode()
        return Shot("POST", path, route, body, headers, right)

    # Pages

    def _identity(self) -> Shot:
        token = self.links.one(self.chance)
        path = f"/identitas/{token}"
        csrf = self.links.csrf.get(token)
        if csrf is None or self.chance.random() < 0.2:
            return Shot("GET", path, IDENTITY, headers=self._visitor())
        right = self.chance.random() >= WRONG
        kind, picture = self.pictures[0]
        fields = dict(GOOD)
        if self.chance.random() < 0.7:
            kind, picture = self.chance.choice(self.pictures)
            fields |= {
                "name": self.chance.choice(("Siti Aminah", "D", *mutation.WORDS)),
                "nik": self.chance.choice((GOOD["nik"], *mutation.WORDS)),
            }
            fields = mutation.spoiled_fields(fields, self.chance)
        fields["csrf"] = csrf if right else self.chance.choice(("", "é", "x" * 500))
        content, form = mutation.multipart(fields, kind, picture)
        headers = {**self._visitor(), "Content-Type": form}
        return Shot("POST", path, IDENTITY, content, headers, right)

    def _officer(self) -> Shot:
        """The page of a badge, and a kelurahan that is asked for there."""
        token, right = self.chance.choice(self.badges), self.chance.random() >= WRONG
        if not right:
            token = quote(mutation.spoiled_token(token, self.chance, self.badges), safe="")
        places = ("cipete", "Menteng", "bekasi", "31.74.07.1010", *mutation.WORDS)
        asked = {"kelurahan": self.chance.choice(places), "lang": self.chance.choice(("id", "en"))}
        path = f"/petugas/{token}?{urlencode(asked)}"
        return Shot("GET", path, OFFICER, headers=self._visitor(), right=right)

    def _signature(self) -> Shot:
        token = self.forms.one(self.chance)
        path = f"/tanda-tangan/{token}"
        csrf = self.forms.csrf.get(token)
        if csrf is None or self.chance.random() < 0.2:
            return Shot("GET", path, SIGNATURE, headers=self._visitor())
        right = self.chance.random() >= WRONG
        _, picture = self.chance.choice(self.pictures)
        fields = {
            "seen": self.forms.shown.get(token, ""),
            "drawing": f"data:image/png;base64,{b64encode(picture).decode()}",
            "name": self.chance.choice(("Siti Aminah", "D", *mutation.WORDS)),
            "agree": self.chance.choice(("yes", "")),
        }
        if self.chance.random() < 0.5:
            fields = mutation.spoiled_fields(fields, self.chance)
        fields["csrf"] = csrf if right else self.chance.choice(("", "é", "x" * 500))
        content, form = mutation.multipart(fields)
        headers = {**self._visitor(), "Content-Type": form}
        return Shot("POST", path, SIGNATURE, content, headers, right)

    def _any(self, path: str, method: str) -> Shot:
        """A route that is only known by its path: spoilt parameters, a query, perhaps a form."""
        numbers = ("IUMK-2026-3174-000001", "IUMK 2026 3174 000001", "BCD234", "bcd-234")
        token = (*numbers, "x", *mutation.WORDS)
        filled = re.sub(r"{[^}]+}", lambda _: quote(self.chance.choice(token), safe=""), path)
        if self.chance.random() < 0.5:
            filled += "?" + urlencode({"nomor": self.chance.choice(token), "lang": "en"})
        headers = dict(self._visitor())
        right = self.chance.random() >= WRONG
        if right:
            headers["Authorization"] = f"Bearer {METRICS}"
        body = b""
        if method not in {"GET", "HEAD"}:
            body = urlencode({"a": self.chance.choice(mutation.WORDS)}).encode()
        return Shot(method, filled, path, body, headers, right)

    def _visitor(self) -> dict[str, str]:
        """Somebody else every time: how often one may ask is not what is tried here."""
        number = next(self._addresses)
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        return {
            "X-Forwarded-For": address,
            "Accept-Language": self.chance.choice(("id", "en", "é", "x" * 3000, "id;q=nan, *")),
        }


def declared(flows: Flows) -> list[Act]:
    """Every act of a chat: each option of each step of each flow, and the engine's own."""
    found = [
        Act(flow.id, step.id, value)
        for flow in flows.by_id.values()
        for step in flow.steps
        for value in dict.fromkeys((*_options(step, flow.id), *_DRAWN))
    ]
    return found + [Act("common", step, value) for step, value in _ENGINES]


def _options(step: Step, flow: str) -> list[str]:
    """The values that a step's words name; what follows from the facts is not among them."""
    start = f"{flow}.{step.id}."
    return [key.removeprefix(start) for key in step.words(flow) if key.startswith(start)]


def _data(person: Person) -> list[str]:
    """What the buttons carry that somebody sees."""
    shown = [b.data for bubble in person.bubbles[-3:] for row in bubble.buttons for b in row]
    return [data for data in shown if data is not None]


def _user(chat: int) -> Mapping[str, Any]:
    return {"id": chat, "is_bot": False, "first_name": "Siti", "language_code": "id"}


def walked(routes: Sequence[BaseRoute], before: str = "") -> Iterator[tuple[str, list[str]]]:
    """Every path and its methods; of a folder of files, one that is there and one that is not.

    A route without methods, such as a case of its own, is posted to as well.
    """
    for route in routes:
        if isinstance(route, Route):
            yield before + route.path, sorted(route.methods or {"GET", "POST"})
        elif isinstance(route, Mount):
            if route.routes:
                yield from walked(route.routes, before + route.path)
            else:
                yield f"{before}{route.path}/pages.css", ["GET", "HEAD"]
                yield f"{before}{route.path}/{{path}}", ["GET"]
