"""Look: the officer says what is broken. A toy."""

from __future__ import annotations

from conversations.flow import Choose
from conversations.script import FAILED, Script

SCRIPT = Script(
    purpose="look",
    steps=(Choose("broken", options=("bulb", "cable", FAILED), counted=False),),
    outcome="seen",
)
