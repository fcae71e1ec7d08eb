"""What workers are told by their environment, beyond what every process is."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta

import pytest

from models.infrastructure.settings import BadSettings
from workers.settings import Settings

KEY = b64encode(bytes(range(32))).decode()
NEEDED = {
    "DATABASE_URL": "postgresql://izin@localhost/izin",
    "REDIS_URL": "redis://localhost",
    "STORAGE_URL": "file:///var/lib/izin-datang",
    "PUBLIC_URL": "https://izin.example",
    "ENCRYPTION_KEYS": f"k1:{KEY}",
    "INDEX_KEY": KEY,
}


def test_rows_are_kept_as_long_as_the_settings_say() -> None:
    assert Settings.from_environment(NEEDED).kept.messages == timedelta(days=90)
    given = NEEDED | {"MESSAGES_KEPT_DAYS": "45", "AUDIT_KEPT_DAYS": "3650"}
    kept = Settings.from_environment(given).kept
    assert (kept.messages, kept.audit) == (timedelta(days=45), timedelta(days=3650))


@pytest.mark.parametrize("days", ["91", "30"])
def test_nobody_can_keep_messages_for_longer_than_was_promised_or_hardly_at_all(days: str) -> None:
    with pytest.raises(BadSettings, match="a whole number from 31 to 90"):
        Settings.from_environment(NEEDED | {"MESSAGES_KEPT_DAYS": days})
