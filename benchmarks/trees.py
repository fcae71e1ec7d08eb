"""Source trees of the product: this one, and those of other commits, for comparison.

A tree declares its commands and its owners' lines (`python -m benchmarks.declaration`), since
commands, forms and names change. An older tree without that module gets the commands of its time,
and its script is imported.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks import declaration
from benchmarks.processes import DidNotStart
from benchmarks.script import Script, Step

ROOT: Final = Path(__file__).parents[1]
_BEFORE: Final = (
    "import json; from benchmarks.script import SCRIPT; "
    "print(json.dumps({'script': [[s.kind, s.value] for s in SCRIPT], "
    "'serve': ['-m', 'web.cli', 'serve'], 'migrate': ['-m', 'models.migrations', 'upgrade']}))"
)


@dataclass(frozen=True, slots=True)
class Tree:
    """A version of the product on disk; commands are arguments for its Python."""

    folder: Path
    python: str
    serve: Sequence[str]
    migrate: Sequence[str]
    script: Script

    @property
    def environment(self) -> dict[str, str]:
        """The environment that makes Python import this tree."""
        return {"PYTHONPATH": str(self.folder)}

    def run(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run one of its commands, and wait for its end.

        Raises:
            DidNotStart: the command failed.
        """
        _output(self.folder, self.python, command, environment)


def here() -> Tree:
    """Return the tree of this module."""
    return _tree(ROOT, sys.executable, declaration.declared())


def at(revision: str, kept: Path) -> Tree:
    """Return the tree of a commit, unpacked into the folder `kept`; later runs reuse it.

    Raises:
        DidNotStart: there is no such commit, or its environment can't be created.
    """
    commit = _command(ROOT, "git", "rev-parse", "--verify", f"{revision}^{{commit}}").strip()
    folder = kept.resolve() / commit
    if not folder.exists():
        unfinished = folder.with_name(f"{commit}.unfinished")
        unfinished.mkdir(parents=True, exist_ok=True)
        archive = unfinished / "tree.tar"
        _command(ROOT, "git", "archive", "--output", str(archive), commit)
        _command(unfinished, "tar", "-xf", str(archive))
        archive.unlink()
        unfinished.rename(folder)
    python = _python(folder)
    declares = (folder / "benchmarks" / "declaration.py").exists()
    command = ("-m", "benchmarks.declaration") if declares else ("-c", _BEFORE)
    return _tree(folder, python, json.loads(_output(folder, python, command, {})))


def _python(folder: Path) -> str:
    """Return a tree's Python: ours if the locked libraries are equal, else one of its own."""
    locks = [(tree / "requirements.lock").read_bytes() for tree in (ROOT, folder)]
    if locks[0] == locks[1]:
        return sys.executable
    _command(folder, "make", "setup")
    return str(folder / ".venv" / "bin" / "python")


def _tree(folder: Path, python: str, declared: Mapping[str, Any]) -> Tree:
    steps = tuple(Step(kind, value) for kind, value in declared["script"])
    return Tree(folder, python, declared["serve"], declared["migrate"], Script(steps))


def _output(
    folder: Path, python: str, command: Sequence[str], environment: Mapping[str, str]
) -> str:
    more = {**environment, "PYTHONPATH": str(folder)}
    return _command(folder, python, *command, environment=more)


def _command(folder: Path, *command: str, environment: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DidNotStart(f"{' '.join(command)} in {folder}:\n{done.stderr.strip()[-1500:]}")
    return done.stdout
