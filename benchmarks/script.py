"""The work that is measured: what every owner sends to every system, one update at a time."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from web.sample_photo import HEIGHT, WIDTH


@dataclass(frozen=True, slots=True)
class Step:
    """Words, a pin, a photo, or the value of a button to be tapped ("": the first)."""

    kind: Literal["say", "tap", "pin", "photo"]
    value: str = ""


#: A whole application for a permit, from the first hello to its number.
SCRIPT: Final = (
    Step("say", "/start"),
    Step("tap", "business_permit"),
    Step("tap", "yes"),
    Step("say", "Siti Aminah"),
    Step("say", "nasi uduk depan rumah"),
    Step("tap"),  # the kind of business that fits best
    Step("say", "belum ada"),
    Step("pin"),
    Step("tap"),  # the kelurahan
    Step("say", "005/003"),
    Step("say", "Jalan Damai 12"),
    Step("tap", "home"),
    Step("photo"),
    Step("say", "sudah"),
    Step("say", "5jt"),
    Step("say", "6 juta"),
    Step("say", "1"),
    Step("tap", "none"),
    Step("tap", "door"),
    Step("tap", "any"),
    Step("tap", "any"),
    Step("tap", "send"),
)
#: Nobody waits for the answer to a photo: the product holds its count back for two seconds, since
#: the photos of an album come one by one. So its answer is allowed at any later time, or never.
PHOTO: Final = next(number for number, step in enumerate(SCRIPT) if step.kind == "photo")

_PIN = {"latitude": -6.2706, "longitude": 106.8023}


class NoSuchButton(LookupError):
    """The message before a tap does not carry the button that is to be tapped."""


@dataclass(slots=True)
class Author:
    """Writes updates as Telegram does; no two have the same ids."""

    photo_size: int  # bytes
    ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def update(self, chat: int, step: int, buttons: Sequence[str]) -> bytes:
        """The JSON of one update.

        Raises:
            NoSuchButton: none of `buttons` (callback data) ends with the value to be tapped.
        """
        kind, value = SCRIPT[step].kind, SCRIPT[step].value
        who = {"id": chat, "is_bot": False, "first_name": "Siti", "language_code": "id"}
        home = {"id": chat, "type": "private", "first_name": "Siti"}
        number = next(self.ids)
        message = {"message_id": number, "date": int(time.time()), "chat": home, "from": who}
        if kind == "tap":
            data = next((b for b in buttons if value in {"", b.rpartition("|")[2]}), None)
            if data is None:
                raise NoSuchButton(f"step {step}: no button {value!r} among {list(buttons)}")
            query = {"id": str(number), "from": who, "chat_instance": "1", "data": data}
            shown = {**message, "from": _BOT, "text": "?"}
            return _json({"update_id": number, "callback_query": {**query, "message": shown}})
        if kind == "say":
            message["text"] = value
            if value.startswith("/"):
                message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(value)}]
        elif kind == "pin":
            message["location"] = _PIN
        else:
            name = f"photo-{chat}-{step}"
            size = {"width": WIDTH, "height": HEIGHT, "file_size": self.photo_size}
            message["photo"] = [{"file_id": name, "file_unique_id": name, **size}]
        return _json({"update_id": number, "message": message})


_BOT = {"id": 123456, "is_bot": True, "first_name": "Izin", "username": "izin_bot"}


def _json(update: object) -> bytes:
    return json.dumps(update, separators=(",", ":")).encode()
