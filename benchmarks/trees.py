"""Trees of the product: the one that stands here, and those of other commits, to be compared.

A tree declares how it is started and what its owners say (`python -m benchmarks.declaration`),
since commands, forms and names change. For a tree from before that module its script is read, and
the commands of its time are used.
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
    """A version of the product on disk; commands are what its Python is given."""

    folder: Path
    python: str
    serve: Sequence[str]
    migrate: Sequence[str]
    script: Script

    @property
    def environment(self) -> dict[str, str]:
        """What makes Python import this tree and no other."""
        return {"PYTHONPATH": str(self.folder)}

    def run(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run one of its commands to the end.

        Raises:
            DidNotStart: it failed.
        """
        _output(self.folder, self.python, command, environment)


def here() -> Tree:
    """The tree that this module stands in."""
    return _tree(ROOT, sys.executable, declaration.declared())


def at(revision: str, kept: Path) -> Tree:
    """The tree of a commit, unpacked into the folder `kept`, where the next run finds it.

    Raises:
        DidNotStart: there is no such commit, or its environment can't be made.
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
    told = folder / "benchmarks" / "declaration.py"
    asked = ("-m", "benchmarks.declaration") if told.exists() else ("-c", _BEFORE)
    return _tree(folder, python, json.loads(_output(folder, python, asked, {})))


def _python(folder: Path) -> str:
    """The Python of a tree: ours, if it has the same libraries, or one with its own."""
    locks = [(tree / "requirements.lock").read_bytes() for tree in (ROOT, folder)]
    if locks[0] == locks[1]:
        return sys.executable
    _command(folder, "make", "setup")
    return str(folder / ".venv" / "bin" / "python")


def _tree(folder: Path, python: str, told: Mapping[str, Any]) -> Tree:
    steps = tuple(Step(kind, value) for kind, value in told["script"])
    return Tree(folder, python, told["serve"], told["migrate"], Script(steps))


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
