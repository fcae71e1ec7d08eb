"""docs/operations.md and docs/alarms.yml tell the truth about what the product shows and says."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bot import metrics
from bot.settings import Settings
from models.infrastructure import encryption
from tests.processes import KEY, ROOT, SECRET
from web import app

GUIDE = (ROOT / "docs" / "operations.md").read_text()
ALARMS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "docs" / "alarms.yml").read_text())["groups"]
    for rule in group["rules"]
]
TOKEN = "a-token-of-the-watchers"
FUNCTIONS = {"max", "min", "sum", "by", "rate", "increase", "delta", "histogram_quantile"}
PROMETHEUS = {"up", "job", "le"}  # a metric and labels that Prometheus itself makes


@pytest.fixture
async def page(database: str, redis_url: str, tmp_path: Path) -> str:
    """What the real product shows, after one delivery."""
    settings = Settings.from_environment(
        {
            "DATABASE_URL": database,
            "REDIS_URL": redis_url,
            "STORAGE_URL": tmp_path.as_uri(),
            "PUBLIC_URL": "https://izin.example.go.id",
            "ENCRYPTION_KEYS": f"k1:{KEY}",
            "INDEX_KEY": KEY,
            "METRICS_TOKEN": TOKEN,
            "TELEGRAM_BOT_TOKEN": "123456:AA-fake",
            "TELEGRAM_BOT_USERNAME": "izin_bot",
            "TELEGRAM_WEBHOOK_SECRET": SECRET,
        }
    )
    encryption.use(settings.key_ring)
    metrics.expect(["telegram"])
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app.build(settings)), base_url="http://izin.test"
    ) as client:
        await client.post("/webhooks/telegram", content=b"{}")
        shown = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    return shown.text


def ours(page: str) -> dict[str, set[str]]:
    """Our metrics on the page, each with the names of its labels."""
    found: dict[str, set[str]] = {
        name: set() for name in re.findall(r"^# TYPE (izin_\w+) ", page, re.MULTILINE)
    }
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            name = re.sub(r"_(bucket|count|sum)$", "", sample.name)
            if name in found:
                found[name] |= set(sample.labels) - {"le"}
    return found


def values(page: str, label: str) -> set[str]:
    families = text_string_to_metric_families(page)
    return {
        sample.labels[label]
        for family in families
        for sample in family.samples
        if label in sample.labels
    }


def expression(rule: dict[str, Any]) -> str:
    return str(rule["expr"])


def matchers(rule: dict[str, Any]) -> list[tuple[str, str]]:
    """(label, value) of each selector, one for each alternative of a pattern."""
    found = re.findall(r'(\w+)=~?"([^"]*)"', expression(rule))
    return [(label, value) for label, given in found for value in given.split("|")]


async def test_each_metric_stands_in_the_guide_with_its_labels_and_no_other_does(
    page: str,
) -> None:
    tables = GUIDE.partition("## Watching")[2].partition("## Alarms")[0]
    told: dict[str, set[str]] = {}
    for row in re.findall(r"^\| (`izin_.*?) \|", tables, re.MULTILINE):
        for name, labels in re.findall(r"`(izin_\w+)(?:\{([\w,]+)\})?`", row):
            told[name] = set(labels.split(",")) if labels else set()
    assert told == ours(page)


async def test_each_alarm_asks_for_what_is_shown(page: str) -> None:
    shown = ours(page)
    process = set(re.findall(r"^# TYPE (process_\w+) ", page, re.MULTILINE))
    for rule in ALARMS:
        bare = re.sub(r'"[^"]*"', "", expression(rule))
        words = set(re.findall(r"[a-z_]{2,}", bare))
        names = {re.sub(r"_bucket$", "", word) for word in words if word.startswith("izin_")}
        assert names <= shown.keys(), rule["alert"]
        labels = set().union(*(shown[name] for name in names)) | PROMETHEUS
        assert words - FUNCTIONS - labels - process <= {
            *names,
            *(f"{name}_bucket" for name in names),
        }, rule["alert"]
        for label, value in matchers(rule):
            known = label == "job" or value in values(page, label) or label == "status"
            assert known, f"{rule['alert']}: no {label}={value}"


def test_each_alarm_is_whole_and_its_brackets_close() -> None:
    names = [rule["alert"] for rule in ALARMS]
    assert len(set(names)) == len(names)
    for rule in ALARMS:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"] in ({"severity": "page"}, {"severity": "ticket"})
        assert re.fullmatch(r"\d+[smh]", rule.get("for", "1m"))
        assert re.search(r"[<>=]=? [\d.]+$", expression(rule)), "it compares with a number"
        summary = rule["annotations"]["summary"]
        mentioned = set(re.findall(r"\$labels\.(\w+)", summary))
        grouped = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", expression(rule)))))
        assert mentioned <= grouped | {"instance"}, rule["alert"]
        for opening, closing in ("()", "[]", "{}"):
            assert expression(rule).count(opening) == expression(rule).count(closing)


def test_the_guide_says_of_each_alarm_what_to_do() -> None:
    part = GUIDE.partition("## Alarms")[2].partition("\n## ")[0]
    sections = dict(re.findall(r"^### (\w+)\n(.+?)(?=\n\n|\Z)", part, re.MULTILINE | re.DOTALL))
    assert list(sections) == sorted(sections, key=[rule["alert"] for rule in ALARMS].index)
    assert set(sections) == {rule["alert"] for rule in ALARMS}
    assert all(len(told) > 20 for told in sections.values())


def test_each_event_that_the_guide_explains_is_logged_somewhere() -> None:
    table = GUIDE.partition("| event |")[2].partition("\n\n")[0]
    events = re.findall(r"`([\w.]+)`", "\n".join(re.findall(r"^\| (.*?) \|", table, re.MULTILINE)))
    assert len(events) > 15
    rooms = ("bot", "casework", "models", "web", "workers")
    code = "\n".join(file.read_text() for room in rooms for file in (ROOT / room).rglob("*.py"))
    for event in events:
        assert f'"{event}"' in code, f"nobody logs {event}"


def test_the_numbers_of_processes_follow_from_the_figures() -> None:
    part = GUIDE.partition("## How many processes")[2]
    given = {name: number(told) for name, told in re.findall(r"^\| (.+?) \| (.+?) \|$", part, re.M)}
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", part, re.MULTILINE)
    for place in (1, 2):
        told = {row[0]: number(row[place]) for row in rows if row[0].strip()}
        assert told == sizes(told["conversations a day"], given), rows[0][place]


def sizes(conversations: float, figures: dict[str, float]) -> dict[str, Any]:
    """What the guide's calculation gives."""

    def figure(start: str) -> float:
        (found,) = (value for name, value in figures.items() if name.startswith(start))
        return found

    def processes(work: float) -> int:
        return max(2, math.ceil(work / figure("load up to")))

    def a_second(daily: float) -> float:
        return daily * figure("share of the day") * figure("the busiest minute") / 3600

    messages = conversations * figure("messages a conversation")
    cases = conversations * figure("conversations that become")
    peak, jobs = a_second(messages), a_second(cases * figure("jobs a case"))
    serve = processes(peak * figure("CPU of `izin serve`"))
    workers = processes(jobs / figure("jobs a second one worker"))
    dispatchers = max(2, math.ceil(jobs / figure("wake-ups a second one dispatcher")))
    return {
        "conversations a day": conversations,
        "messages a second at the peak": math.floor(peak + 0.5),
        "`izin serve`": serve,
        "cores for PostgreSQL": math.ceil(peak * figure("CPU of PostgreSQL") / figure("load up")),
        "jobs a second at the peak": math.floor(jobs + 0.5),
        "`izin worker`": workers,
        "`izin dispatch`": dispatchers,
        "connections": serve * figure("connections of a serve")
        + (workers + dispatchers) * figure("connections of a worker")
        + 20,
        "database a day": pytest.approx(messages * figure("database a message"), rel=0.02),
        "files a day": pytest.approx(cases * figure("files a case"), rel=0.02),
    }


UNITS = {"": 1.0, "%": 0.01, "ms": 0.001, "kB": 1e3, "MB": 1e6, "GB": 1e9}


def number(told: str) -> float:
    """A figure of the guide in base units; NaN for words."""
    found = re.fullmatch(r"([\d.,]+) ?(%|ms|kB|MB|GB|)", told.strip())
    return float(found[1].replace(",", "")) * UNITS[found[2]] if found else math.nan
