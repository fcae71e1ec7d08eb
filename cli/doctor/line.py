"""One line of `izin doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "FAIL"]


@dataclass(frozen=True, slots=True)
class Line:
    """The finding about one part; unless it is ok, `told` ends with the mend."""

    state: State
    part: str
    told: str

    def __str__(self) -> str:
        return f"{self.state:<5} {self.part:<11} {self.told}"


def sentence(error: object) -> str:
    """The words of an error, on one line that ends as a sentence does."""
    said = " ".join(str(error).split())
    return said if said.endswith((".", "?", "!")) else f"{said}."
