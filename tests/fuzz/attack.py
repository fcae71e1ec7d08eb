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
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from urllib.parse import quote, urlencode

from starlette.routing import BaseRoute, Mount, Route

from conversations.engine import Flows
from tests.fuzz import mutation
from tests.processes import SECRET
from tests.providers import twilio_api
from tests.providers.bot_api import FakeBotApi
from tests.providers.twilio_api import FakeTwilio

IDENTITY: Final = "/identitas/{token}"
METRICS: Final = "a-token-for-the-fuzz"
WRONG: Final = 0.15  # of the requests do not carry what their route asks for
SPOILT: Final = 0.5  # of the deliveries are spoilt; the others drive the conversations on
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
    """Identity links that work, and the CSRF token of each once its page was seen."""

    make: Callable[[], str]
    live: deque[str] = field(default_factory=deque)
    csrf: dict[str, str] = field(default_factory=dict)

    def one(self, chance: Random) -> str:
        while len(self.live) < 6:
            self.live.append(self.make())
        return chance.choice(self.live)

    def seen(self, path: str, status: int, page: str) -> None:
        """Learn from what a link's page answered."""
        token = path.partition("?")[0].rpartition("/")[2]
        if found := re.search(r'name="csrf" value="([^"]+)"', page):
            self.csrf[token] = found[1]
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
    chats: Sequence[int]  # on Telegram
    phones: Sequence[str]  # on WhatsApp
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(700_000_001))
    _pictures: Sequence[tuple[str, bytes]] = field(default_factory=mutation.pictures)
    _seen: deque[str] = field(default_factory=lambda: deque(maxlen=500))  # what buttons carried
    _addresses: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self._seen.extend(self._declared())

    def shots(self) -> Iterator[Shot]:
        """Requests without end; every route comes again and again."""
        walked = list(_walked(self.routes))
        own = {
            "/webhooks/telegram": self._telegram,
            "/webhooks/whatsapp": self._whatsapp,
            "/webhooks/whatsapp/status": self._status,
            IDENTITY: self._identity,
        }
        often = [path for path in own if path in dict(walked)]
        weights = (10, 5, 2, 3)
        while True:
            for path, methods in walked:
                make = own.get(path)
                yield make() if make else self._any(path, self.chance.choice(methods))
                for _ in range(4):
                    (busy,) = self.chance.choices(often, weights[: len(often)])
                    yield own[busy]()

    # Telegram

    def _telegram(self) -> Shot:
        chat = self.chance.choice(self.chats)
        update = self._update(chat)
        if self.chance.random() < SPOILT:
            update = mutation.spoiled(update, self.chance, self.chance.choice((1, 1, 2, 4)))
        body = json.dumps(update).encode()
        if self.chance.random() < 0.02:
            body = body[: self.chance.randrange(len(body))] + b"\xff"
        right = self.chance.random() >= WRONG
        secret = SECRET if right else self.chance.choice(("", "x", SECRET.upper(), "\xe9"))
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret, "Content-Type": "application/json"}
        path = "/webhooks/telegram"
        return Shot("POST", path, path, body, headers, right)

    def _update(self, chat: int) -> Any:
        number = next(self._numbers)
        person = self.telegram.user(chat)
        person.started = True
        user = {"id": chat, "is_bot": False, "first_name": "Siti", "language_code": "id"}
        home = {"id": chat, "type": "private", "first_name": "Siti"}
        message: dict[str, Any] = {
            "message_id": number,
            "date": int(time.time()),
            "chat": home,
            "from": user,
        }
        shown = [b.data for bubble in person.bubbles[-3:] for row in bubble.buttons for b in row]
        buttons = [data for data in shown if data is not None]
        self._seen.extend(buttons)
        draw = self.chance.random()
        if (buttons and draw < 0.45) or draw < 0.2:
            data = self.chance.choice(buttons or self._seen)
            if not buttons or self.chance.random() < 0.4:
                data = mutation.spoiled_token(data, self.chance, self._seen)
            query = {"id": str(number), "from": user, "chat_instance": "1", "data": data}
            return {"update_id": number, "callback_query": {**query, "message": message}}
        if draw < 0.75:
            message["text"] = self.chance.choice(mutation.WORDS)
        elif draw < 0.85:
            kind, content = self.chance.choice(self._pictures)
            file = self.telegram.keep(content, "photos/{}.jpg")
            if self.chance.random() < 0.5:
                message["photo"] = [{**file, "width": 640, "height": 480}]
            else:
                message["document"] = {**file, "file_name": "x", "mime_type": kind}
        else:
            name = self.chance.choice(list(_KINDS))
            message[name] = _KINDS[name]
        kind = "edited_message" if self.chance.random() < 0.1 else "message"
        return {"update_id": number, kind: message}

    # WhatsApp

    def _whatsapp(self) -> Shot:
        phone = self.chance.choice(self.phones)
        sid = f"SM{next(self._numbers):032x}"
        fields = {
            "MessageSid": sid,
            "AccountSid": twilio_api.ACCOUNT,
            "From": f"whatsapp:{phone}",
            "To": f"whatsapp:{twilio_api.SENDER}",
            "WaId": phone.lstrip("+"),
            "ProfileName": "Siti",
            "NumMedia": "0",
            "Body": self.chance.choice((*mutation.WORDS, "1", "2", "3", "4")),
        }
        if self.chance.random() < 0.25:
            data = mutation.spoiled_token(self.chance.choice(self._seen), self.chance, self._seen)
            fields |= {"ButtonPayload": data, "ButtonText": "Ya"}
        elif self.chance.random() < 0.2:
            kind, content = self.chance.choice(self._pictures)
            url = self.twilio.keep(sid, content, kind)
            fields |= {"NumMedia": "1", "MediaUrl0": url, "MediaContentType0": kind}
        elif self.chance.random() < 0.1:
            fields |= {"Latitude": "-6.27", "Longitude": "9" * 400, "MessageType": "location"}
        return self._signed("/webhooks/whatsapp", fields)

    def _status(self) -> Shot:
        made = self.twilio.made()[-50:]
        message = self.chance.choice(made) if made else None
        letter = "?letter=" + quote(self.chance.choice(("1", "99", "x", "9" * 30)))
        fields = {
            "MessageSid": message.sid if message else f"SM{next(self._numbers):032x}",
            "MessageStatus": self.chance.choice(("sent", "delivered", "read", "failed", "?", "\0")),
            "AccountSid": twilio_api.ACCOUNT,
            "ErrorCode": self.chance.choice(("", "30410", "63016", "9" * 30)),
            "To": "whatsapp:+628120000001",
            "From": f"whatsapp:{twilio_api.SENDER}",
        }
        return self._signed("/webhooks/whatsapp/status" + letter, fields)

    def _signed(self, path: str, given: Mapping[str, str]) -> Shot:
        fields = dict(given)
        if self.chance.random() < SPOILT:
            fields = mutation.spoiled_fields(given, self.chance)
        right = self.chance.random() >= WRONG
        url = self.url + path
        signature = twilio_api.sign(url, fields) if right else "AAAA"
        headers = {
            "X-Twilio-Signature": signature,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return Shot(
            "POST", path, path.partition("?")[0], urlencode(fields).encode(), headers, right
        )

    # Pages

    def _identity(self) -> Shot:
        token = self.links.one(self.chance)
        path = f"/identitas/{token}"
        csrf = self.links.csrf.get(token)
        if csrf is None or self.chance.random() < 0.2:
            return Shot("GET", path, IDENTITY, headers=self._visitor())
        right = self.chance.random() >= WRONG
        fields = {
            "csrf": csrf if right else self.chance.choice(("", "é", "x" * 500)),
            "name": self.chance.choice(("Siti Aminah", "D", *mutation.WORDS)),
            "nik": self.chance.choice(("3174075705900012", *mutation.WORDS)),
            "day": "18",
            "month": "5",
            "year": "1990",
            "address": "Jalan Damai 3",
        }
        fields |= mutation.spoiled_fields(
            {k: v for k, v in fields.items() if k != "csrf"}, self.chance
        )
        kind, picture = self.chance.choice(self._pictures)
        content, form = _multipart(fields, kind, picture)
        headers = {**self._visitor(), "Content-Type": form}
        return Shot("POST", path, IDENTITY, content, headers, right)

    def _any(self, path: str, method: str) -> Shot:
        """A route that is only known by its path: spoilt parameters, a query, perhaps a form."""
        token = ("IUMK-2026-3174-000001", "IUMK 2026 3174 000001", "x", *mutation.WORDS)
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

    def _declared(self) -> Iterator[str]:
        """What a button of any step of any flow could carry."""
        for flow in self.flows.by_id.values():
            for step in flow.steps:
                options = getattr(step, "options", ())
                for option in options if isinstance(options, tuple) and options else ("yes", "1"):
                    yield f"{flow.id}|{self.chance.randrange(20)}|{step.id}|1|{option}"


def _walked(routes: Sequence[BaseRoute], before: str = "") -> Iterator[tuple[str, list[str]]]:
    """Every path and its methods; of a folder of files, one that is there and one that is not."""
    for route in routes:
        if isinstance(route, Route):
            yield before + route.path, sorted(route.methods or {"POST"})
        elif isinstance(route, Mount):
            if route.routes:
                yield from _walked(route.routes, before + route.path)
            else:
                yield f"{before}{route.path}/pages.css", ["GET", "HEAD"]
                yield f"{before}{route.path}/{{path}}", ["GET"]


def _multipart(fields: Mapping[str, str], kind: str, picture: bytes) -> tuple[bytes, str]:
    edge = "fuzzed-form"
    head = f"--{edge}\r\nContent-Disposition: form-data; name="
    parts = [
        f'{head}"{quote(name)}"\r\n\r\n{value}\r\n'.encode(errors="replace")
        for name, value in fields.items()
    ]
    parts.append(
        f'--{edge}\r\nContent-Disposition: form-data; name="photo"; filename="x"\r\n'
        f"Content-Type: {kind}\r\n\r\n".encode()
        + picture
        + b"\r\n"
    )
    return b"".join(parts) + f"--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"
