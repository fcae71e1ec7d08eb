"""Every transcript comes out as it is written; its file name says what is to be seen in it.

After a change that is meant: UPDATE_TRANSCRIPTS=1 pytest tests/conversations/test_transcripts.py,
then read what changed.
"""

import os
from pathlib import Path

import pytest

from conversations import flows
from tests.conversations.transcript import differences, play

TRANSCRIPTS = Path(__file__).parents[1] / "transcripts"


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=path.stem) for path in sorted(TRANSCRIPTS.rglob("*.chat"))],
)
def test_transcript(path: Path) -> None:
    written = path.read_text(encoding="utf-8")
    played = play(written, flows.load())
    if os.environ.get("UPDATE_TRANSCRIPTS"):
        path.write_text(played, encoding="utf-8")
    elif found := differences(written, played):
        pytest.fail(found, pytrace=False)
