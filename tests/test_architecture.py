"""The house stands as it was drawn: arrows, settings, and pinned dependencies."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bot.settings import Settings as BotSettings
from conversations import services
from workers.settings import Settings as WorkersSettings

ROOT = Path(__file__).parents[1]
ROOMS = ("bot", "casework", "cli", "conversations", "demo", "models", "web", "workers")


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    """Run the import contracts of a project."""
    command = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"
    return subprocess.run(
        [sys.executable, "-c", command], cwd=root, capture_output=True, text=True, check=False
    )


@pytest.mark.processes
def test_the_arrows_between_the_rooms_are_kept() -> None:
    linted = lint(ROOT)
    assert linted.returncode == 0, linted.stdout


@pytest.mark.processes
@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("models/a.py", "import bot", "Nobody on the ground"),
        ("models/a.py", "import conversations", "Nobody on the ground"),
        ("workers/a.py", "from bot import settings", "Nobody on the ground"),
        ("bot/a.py", "import web", "Nobody on the ground"),
        ("web/a.py", "import demo", "Nobody on the ground"),
        ("web/a.py", "import cli", "Nobody on the ground"),
        ("demo/a.py", "import cli", "Nobody on the ground"),
        ("demo/a.py", "import telegram", "Only bot"),
        ("cli/a.py", "from rq import Queue", "Only workers"),
        ("casework/a.py", "import bot", "Nobody on the ground"),
        ("casework/a.py", "import workers", "Nobody on the ground"),
        ("models/a.py", "import casework", "Nobody on the ground"),
        ("casework/a.py", "from twilio import rest", "Only bot"),
        ("casework/a.py", "from rq import Queue", "Only workers"),
        ("conversations/a.py", "from os import environ", "no I/O"),
        ("conversations/flows/a.py", "import time", "no I/O"),
        ("conversations/flows/a.py", "from conversations.flows import b", "Flows"),
        ("web/a.py", "from telegram import Update", "Only bot"),
        ("bot/a.py", "from rq import Queue", "Only workers"),
        ("bot/channels/whatsapp.py", "from bot.channels import telegram", "Channels"),
        ("workers/verification/photo.py", "from workers.verification import place", "checks"),
        ("models/a.py", "from models import b", "No circles"),
    ],
)
def test_an_arrow_that_was_not_drawn_is_refused(
    tmp_path: Path, module: str, line: str, contract: str
) -> None:
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    for room in (*ROOMS, "conversations/flows", "bot/channels", "workers/verification"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").touch()
    for other in ("conversations/flows/b", "bot/channels/telegram", "workers/verification/place"):
        (tmp_path / f"{other}.py").touch()
    (tmp_path / "models/b.py").write_text("from models import a" if module == "models/a.py" else "")
    (tmp_path / module).write_text(line)
    linted = lint(tmp_path)
    broken = [told for told in linted.stdout.splitlines() if told.endswith("BROKEN")]
    assert len(broken) == 1, linted.stdout
    assert contract in broken[0]


def test_the_example_file_lists_every_setting_and_no_other() -> None:
    listed = re.findall(r"^([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    declared = {
        name.upper()
        for settings in (BotSettings, WorkersSettings)
        for name in settings.__dataclass_fields__
    }
    compose = set(re.findall(r"\$\{([A-Z0-9_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert sorted(listed) == sorted(declared | compose)


def pins(lock: str) -> dict[str, str]:
    """What a lock file pins, with its hashes."""
    entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text())
    return {entry.split("\n")[0].rstrip(" \\"): entry for entry in entries}


def test_the_locks_pin_everything_by_hash_and_name_no_place() -> None:
    everything, runtime = pins("requirements.lock"), pins("requirements-runtime.lock")
    for pin, entry in everything.items():
        assert re.match(r"[a-z0-9-]+==\S+( ; .+)?$", pin)
        assert "--hash=sha256:" in entry
        assert "://" not in entry
    assert {name: everything.get(name, "").strip() for name in runtime} == {
        name: entry.strip() for name, entry in runtime.items()
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for lock, wanted in (
        (runtime, project["dependencies"] + project["optional-dependencies"]["s3"]),
        (everything, project["optional-dependencies"]["embedded"]),
    ):
        locked = {pin.split("==")[0] for pin in lock}
        assert {re.split(r"[\[<>=]", name)[0] for name in wanted} <= locked


#: The rooms and modules that lead a case, but know no service.
GENERAL = (
    *(ROOT / "bot").rglob("*.py"),
    *(ROOT / "casework").rglob("*.py"),
    *(ROOT / "web").rglob("*.py"),
    *(ROOT / "web" / "templates").rglob("*.html"),
    *(ROOT / "workers" / name for name in ("jobs.py", "dispatcher.py", "housekeeping.py")),
    ROOT / "workers" / "verification" / "run.py",
    ROOT / "workers" / "documents" / "issue.py",
)


def _names_of_services() -> re.Pattern[str]:
    """The ids of services and of kinds of documents, and the tables they had before.

    Tickets are the office's own matter, so their services may be named: "help", "complaint".
    """
    declared = services.load()
    own = {*declared.keys() - declared.answered(), *(kind.id for kind in declared.kinds())}
    words = "|".join(sorted(own))
    return re.compile(rf"(?<![A-Za-z])(?i:{words})(?![A-Za-z])|\bPermits?\b|\bpermits\b")


def test_no_room_knows_a_service_by_name() -> None:
    names = _names_of_services()
    found = {
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in GENERAL
        for line in path.read_text().splitlines()
        if names.search(line) and not line.lstrip().startswith(("#", '"""'))
    }
    assert found == set()
