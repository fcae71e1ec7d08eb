"""A wrong city file ends a process at its start, with every wrong row."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.at import bare_environment
from tests.processes import KEY, free_port


@pytest.mark.processes
@pytest.mark.parametrize("command", ["serve", "poll"])
def test_a_wrong_city_file_is_told_at_the_start(command: str, tmp_path: Path) -> None:
    file = tmp_path / "city.toml"
    file.write_text('[kua.phone]\nvalue = "112"\n[bpom.phone]\nvalue = "x"\n', encoding="utf-8")
    environment = {
        "DATABASE_URL": f"postgresql://izin@127.0.0.1:{free_port()}/izin",
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "STORAGE_URL": tmp_path.as_uri(),
        "PUBLIC_URL": "https://izin.example.go.id",
        "ENCRYPTION_KEYS": f"k1:{KEY}",
        "INDEX_KEY": KEY,
        "TELEGRAM_BOT_TOKEN": "1:token",
        "TELEGRAM_BOT_USERNAME": "izin_bot",
        "TELEGRAM_WEBHOOK_SECRET": "a-secret-of-telegram",
        "CITY_FILE": str(file),
    }
    ended = subprocess.run(
        [sys.executable, "-m", "cli.main", command],
        env={**bare_environment(), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-3:] == [
        f"The city file {file} is not right:",
        "kua.phone: there is no such row; see the example",
        "bpom.phone: 'x' is no telephone number, such as (021) followed by 7 digits",
    ]
