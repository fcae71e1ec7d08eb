"""What a bot process counts, and the log of slow batches."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs

from bot import metrics
from bot.metrics import REGISTRY, Stopwatch


@pytest.fixture(autouse=True)
def _patience() -> Iterator[None]:
    yield
    metrics.slow_after(metrics.SLOW)


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_a_batch_is_counted_by_its_size_and_its_time() -> None:
    names = ("izin_batch_turns_count", "izin_batch_turns_sum", "izin_batch_seconds_count")
    before = [value(name) for name in names]
    with capture_logs() as logs:
        metrics.batch(7, Stopwatch())
    assert [value(name) - old for name, old in zip(names, before, strict=True)] == [1, 7, 1]
    assert logs == []


def test_a_slow_batch_is_logged_with_its_parts_and_its_slowest_turn() -> None:
    metrics.slow_after(0.0)
    before = value("izin_slow_batches_total")
    watch = Stopwatch()
    watch.lap("record")
    watch.turn("business_permit", "trade")
    watch.lap("write")
    watch.lap("record")
    watch.statements = 9
    with capture_logs() as logs:
        metrics.batch(64, watch)
    [entry] = logs
    assert (entry["event"], entry["log_level"]) == ("turns.slow", "warning")
    assert (entry["size"], entry["statements"]) == (64, 9)
    assert entry["slowest"] == "business_permit.trade"
    assert list(entry["parts"]) == ["record", "advance", "write"]
    assert sum(entry["parts"].values()) <= entry["seconds"] + 0.01
    assert value("izin_slow_batches_total") == before + 1


def test_sends_are_counted_by_channel_and_outcome_and_timed_where_a_provider_was_asked() -> None:
    asked = value("izin_send_seconds_count", channel="telegram")
    metrics.sent("telegram", "sent", 0.02)
    metrics.sent("telegram", "opted_out")
    metrics.sent(None, "no_address")
    assert value("izin_send_seconds_count", channel="telegram") == asked + 1
    assert value("izin_sends_total", channel="telegram", outcome="sent") >= 1
    assert value("izin_sends_total", channel="telegram", outcome="opted_out") >= 1
    assert value("izin_sends_total", channel="none", outcome="no_address") >= 1


def test_what_waits_here_and_what_failed_stand_on_the_page() -> None:
    metrics.waiting(12)
    metrics.turn(0.012)
    metrics.turn_failed()
    page = generate_latest(REGISTRY).decode()
    metrics.waiting(0)
    assert "\nizin_turns_waiting 12.0\n" in page
    assert 'izin_turn_seconds_bucket{le="0.025"}' in page
    assert "izin_turn_failures_total" in page
