"""Look: the officer says what is broken. A toy."""

from __future__ import annotations

from conversations.script import FAILED, Script, always
from conversations.steps import Choose

SCRIPT = Script(
    purpose="look",
    steps=(Choose("broken", options=("bulb", "cable", FAILED), counted=False),),
    outcome=always("seen"),
)
