"""`izin demo --play` knows its stories; any other name is refused with the names it knows."""

from __future__ import annotations

import pytest

from cli.main import main


def test_a_story_that_is_not_known_is_refused_with_those_that_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["demo", "--play", "quick"])
    said = capsys.readouterr().err
    assert "'quick'" in said
    assert all(name in said for name in ("short", "long", "referral", "credit", "all"))
