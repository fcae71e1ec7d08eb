"""The measured work: the updates that every owner sends to every system, one at a time."""

from __future__ import annotations

import itertools
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, Literal

from demo.sample_photo import HEIGHT, WIDTH


@dataclass(frozen=True, slots=True)
class Step:
    """A text, a pin, a photo, or the value of a button to tap ("": the first)."""

    kind: Literal["say", "tap", "pin", "photo"]
    value: str = ""


#: A whole request for a permit, from the first message to the case's number.
SCRIPT: Final = (
    Step("say", "/start"),
    Step("tap", "business_permit"),
    Step("tap", "yes"),
    Step("tap", "self"),
    Step("say", "Siti Aminah"),
    Step("say", "nasi uduk depan rumah"),
    Step("tap"),  # the kind of business that fits best
    Step("say", "belum ada"),
    Step("pin"),
    Step("tap"),  # the kelurahan
    Step("say", "Jalan Damai 12, RT 005/003"),
    Step("tap", "home"),
    Step("photo"),
    Step("say", "5jt, 6 juta, 1"),
    Step("tap", "none"),
    Step("tap", "door"),
    Step("tap", "any"),
    Step("tap", "send"),
)


@dataclass(frozen=True, slots=True)
class Script:
    """The lines that every owner says to one system.

    Owners do not wait for the answer to a photo: the product delays it for two seconds, since the
    photos of an album arrive one by one. So that answer may arrive at any later time, or never.
    """

    steps: Sequence[Step] = SCRIPT
    optional: int | None = None  # the step that only `share` of the owners send
    share: Fraction = Fraction(1)

    def photo(self, step: int) -> bool:
        """Whether a step sends a photo."""
        return self.steps[step].kind == "photo"

    def after(self, step: int, owner: int) -> int:
        """Return the owner's next step after this one."""
        following = step + 1
        left_out = owner % self.share.denominator >= self.share.numerator
        return following + (following == self.optional and left_out)

    def with_photos(self, share: Fraction) -> Script:
        """Return a script with photos added after its last one, to make them this share of lines.

        Raises:
            ValueError: it has more photos already, or none.
        """
        photos = sum(step.kind == "photo" for step in self.steps)
        more = (share * len(self.steps) - photos) / (1 - share)
        if more < 0 or not photos:
            raise ValueError(f"{photos} photos in {len(self.steps)} lines can't become {share}")
        if not more:
            return self
        last = max(number for number in range(len(self.steps)) if self.photo(number))
        added = [Step("photo")] * math.ceil(more)
        steps = (*self.steps[: last + 1], *added, *self.steps[last + 1 :])
        return Script(steps, last + len(added), more - (len(added) - 1))

    @property
    def photos(self) -> Fraction:
        """The share of lines that are photos."""
        return Fraction(sum(step.kind == "photo" for step in self.steps), len(self.steps))


_PIN = {"latitude": -6.2706, "longitude": 106.8023}


class NoSuchButton(LookupError):
    """The message before a tap does not have the button to tap."""


@dataclass(slots=True)
class Author:
    """Writes updates like Telegram's, with unique ids."""

    photo_size: int  # bytes
    ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    script: Script = Script()

    def update(self, chat: int, step: int, buttons: Sequence[str]) -> bytes:
        """Return the JSON of one update.

        Raises:
            NoSuchButton: none of `buttons` (callback data) ends with the value to tap.
        """
        kind, value = self.script.steps[step].kind, self.script.steps[step].value
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
