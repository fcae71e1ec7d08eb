"""Docstrings and comments are statements: none begins with Who, Whom or What unless it asks."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("bot", "casework", "cli", "conversations", "demo", "models", "web", "workers")
VERSIONS = ROOT / "models" / "migrations" / "versions"  # titles of past days

_BEGINS = re.compile(
    r'(?:^|[.:;!?]\s+|"""|#:? )((?:Who|Whom|What|Whose|Whoever|Whatever|Which)\b[^.?!]*[.?!]?)'
)


@pytest.mark.slow
def test_no_sentence_begins_as_a_question_unless_it_asks() -> None:
    odd = [
        f"{path.relative_to(ROOT)}:{line}: {sentence}"
        for path in _files()
        for line, text in _prose(path)
        for sentence in _BEGINS.findall(text)
        if not sentence.endswith("?")
    ]
    assert not odd, "\n".join(odd)


def _files() -> Iterator[Path]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if VERSIONS not in path.parents:
                yield path


def _prose(path: Path) -> Iterator[tuple[int, str]]:
    """Comments and docstrings, each with its line."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        docstring = token.type == tokenize.STRING and token.string.startswith('"""')
        if docstring or token.type == tokenize.COMMENT:
            yield token.start[0], " ".join(token.string.split())
