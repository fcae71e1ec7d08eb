"""`izin measure situations --without-half`: the share with fewer words in the lexicon."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.main import main
from cli.measure import situations
from cli.measure.halved import halved
from conversations import lexicon

LINES = (
    ("premises", "gerobak", "mobile"),
    ("premises", "kios", "fixed"),
    ("premises", "trotoar", "roadside"),
    ("premises", "garasi", "home"),
    ("papers", "npwp", "npwp"),
    ("papers", "npwp pak", "npwp"),
)
ROWS = [dict(zip(("situation", "input", "expected"), line, strict=True)) for line in LINES]


def test_a_seed_takes_out_the_same_half_of_the_words_of_options_and_matters() -> None:
    first, again = (list(halved(situations.play, ROWS, 3)) for _ in range(2))
    assert first == again
    (_, whole), (single, fewer), (every, fewest) = first
    assert single == "without 2 of the 4 listed words that one line alone has"
    assert every == "without 2 of the 5 listed words of these lines"
    assert [one.right for one in whole] == [True] * 6
    assert sum(one.right for one in fewer) == 4
    assert sum(one.right for one in fewest) < 6


def test_the_lexicon_is_whole_again_after_a_failure() -> None:
    listed = lexicon.options("business_permit", "premises")
    assert listed is not None and listed.rank("gerobak") and "gerobak" in lexicon.known()
    with pytest.raises(RuntimeError), lexicon.without({"gerobak"}):
        thinned = lexicon.options("business_permit", "premises")
        assert thinned is not None and not thinned.rank("gerobak")
        assert thinned.rank("kios") and "gerobak" not in lexicon.known()
        raise RuntimeError
    assert lexicon.options("business_permit", "premises") is listed


def test_the_command_prints_every_share_and_its_fall(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "lines.csv"
    file.write_text("\n".join(["situation,input,expected", *map(",".join, LINES)]), "utf-8")
    assert main(["measure", "situations", str(file), "--without-half"]) == 0
    whole, single, every = capsys.readouterr().out.splitlines()
    assert whole == "with all words: 100% (6 of 6)"
    assert single.startswith("without 2 of the 4 ") and single.endswith(" points less")
    assert " 0.0 points less" not in single
    assert every.startswith("without 2 of the 5 ") and every.endswith(" points less")


def test_only_situations_are_measured_this_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "trades.csv"
    file.write_text("phrase,kbli_code\nbakso,56101\n", encoding="utf-8")
    assert main(["measure", "trades", str(file), "--without-half", "1"]) == 1
    assert "situations only" in capsys.readouterr().err
