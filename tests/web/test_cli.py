"""The command line: each command takes into its process what it needs, and no more."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cli import main

HEAVY = ("numpy", "typst", "workers.jobs")
PROVIDERS = ("telegram", "twilio")
#: By command: top-level packages that its process must not load.
SPARED = {
    "serve": (*HEAVY, "demo"),
    "dispatch": (*HEAVY, *PROVIDERS, "demo"),
    "worker": (*PROVIDERS, "demo"),
    "migrate": (*HEAVY, *PROVIDERS, "demo", "rq"),
    "health": (*HEAVY, *PROVIDERS, "demo", "rq", "sqlalchemy", "redis", "PIL", "conversations"),
}


def loaded_by(command: str) -> set[str]:
    """What a process has loaded when it is about to begin with a command."""
    code = "import sys; from cli import main; main._parser(sys.argv[1:]); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, command], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.processes
@pytest.mark.parametrize("command", sorted(SPARED))
def test_a_command_loads_only_what_it_needs(command: str) -> None:
    assert loaded_by(command) & set(SPARED[command]) == set()


@pytest.mark.processes
@pytest.mark.parametrize("command", sorted(main.COMMANDS | main.DEMO))
def test_every_command_has_a_module_of_its_own(command: str) -> None:
    assert f"cli.{command}" in loaded_by(command)


def test_without_the_room_demo_the_command_is_not_offered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main, "find_spec", lambda name: None)
    with pytest.raises(SystemExit):
        main.main(["demo"])
    assert "invalid choice: 'demo'" in capsys.readouterr().err
