"""One line of `izin doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "FAIL"]


@dataclass(frozen=True, slots=True)
class Line:
    """The result for one part; unless it is ok, `told` ends with the fix."""

    state: State
    part: str
    told: str

    def __str__(self) -> str:
        return f"{self.state:<5} {self.part:<11} {self.told}"


def sentence(error: object) -> str:
    """Return an error's message on one line, with a full stop."""
    line = " ".join(str(error).split())
    return line if line.endswith((".", "?", "!")) else f"{line}."
