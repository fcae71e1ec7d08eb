"""Sizes: a file can be read in one sitting, and a class has one task."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("bot", "casework", "cli", "conversations", "demo", "models", "web", "workers")
VERSIONS = ROOT / "models" / "migrations" / "versions"  # generated once, never read as a whole

MAX_FILE = 500  # lines
MAX_CLASS = 300  # lines
MAX_METHODS = 25


@pytest.mark.slow
def test_no_file_and_no_class_is_too_large() -> None:
    found = dict(_too_large())
    assert not found, "\n".join(f"{name}: {why}" for name, why in sorted(found.items()))


def _too_large() -> Iterator[tuple[str, str]]:
    for path in _files():
        name, text = path.relative_to(ROOT).as_posix(), path.read_text()
        lines = text.count("\n")
        if lines > MAX_FILE:
            yield name, f"{lines} lines, at most {MAX_FILE}"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef):
                yield from _class_too_large(f"{name}:{node.name}", node)


def _class_too_large(name: str, node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    methods = sum(isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) for one in node.body)
    if lines > MAX_CLASS:
        yield name, f"{lines} lines, at most {MAX_CLASS}"
    if methods > MAX_METHODS:
        yield name, f"{methods} methods, at most {MAX_METHODS}"


def _files() -> Iterator[Path]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if VERSIONS not in path.parents:
                yield path
