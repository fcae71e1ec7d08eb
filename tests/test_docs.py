"""The documents name files and pages that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: decisions.md is history: it names files of its time.
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
    *(page for page in (ROOT / "docs").glob("*.md") if page.name != "decisions.md"),
    ROOT / "benchmarks/README.md",
]
ROOMS = "bot|casework|cli|conversations|demo|models|web|workers|tests|docs|benchmarks"
PATH = re.compile(rf"`((?:{ROOMS})/[\w./-]*)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_what_exists(page: Path) -> None:
    text = page.read_text()
    named = [ROOT / path for path in PATH.findall(text)]
    named += [page.parent / path for path in LINK.findall(text)]
    made = {ROOT / "conversations/services/street_stall.py"}  # the example of a service to be added
    made.add(ROOT / "conversations/catalogues/street_stall.toml")
    assert [path for path in named if not path.exists() and path not in made] == []
