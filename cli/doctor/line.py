"""What `izin doctor` tells about one part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "FAIL"]


@dataclass(frozen=True, slots=True)
class Line:
    """What was found about one part; unless it is ok, `told` ends with the mend."""

    state: State
    part: str
    told: str

    def __str__(self) -> str:
        return f"{self.state:<5} {self.part:<11} {self.told}"


def sentence(error: object) -> str:
    """What an error says, on one line that ends as a sentence does."""
    said = " ".join(str(error).split())
    return said if said.endswith((".", "?", "!")) else f"{said}."
