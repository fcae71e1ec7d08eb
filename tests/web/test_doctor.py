"""`izin doctor` on real servers: all well, and one after the other away."""

import socket
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from redis import Redis
from sqlalchemy import Engine, create_engine, text, update
from sqlalchemy.orm import Session

from cli import doctor
from cli.doctor import database as examined
from cli.doctor import servers as parts
from cli.doctor.line import Line
from demo.embedded import Servers, discard, servers
from models import heartbeat, identity, lender, migrations, officer, person, portrait, template
from models.identity import Identity
from models.inbox import InboxMessage
from models.infrastructure import encryption
from models.infrastructure.database import driver_url
from models.infrastructure.key_ring import KeyRing
from models.outbox import OutboundMessage
from models.person import Person
from models.portrait import PortraitState
from models.reference.lender import shipped
from models.task import Task
from models.template import Standing
from models.ticket import Ticket
from models.working_hours import NEVER, read
from tests import world
from tests.at import bare_environment
from tests.clock import now
from tests.processes import free_port
from tests.providers.bot_api import FakeBotApi
from tests.providers.twilio_api import FakeTwilio

KEY, OTHER_KEY = (b64encode(bytes([byte]) * 32).decode() for byte in (7, 8))
PUBLIC_URL = "https://izin.example.go.id"
CITY = Path(__file__).parents[1] / "models" / "city_full.toml"


@pytest.fixture(scope="module")
def telegram() -> Iterator[FakeBotApi]:
    with FakeBotApi() as api:
        yield api


@pytest.fixture
def product(
    database: str,
    redis_url: str,
    telegram: FakeBotApi,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str]:
    """The environment of a product that lacks nothing."""
    city = tmp_path_factory.mktemp("city") / "city.toml"
    checked = CITY.read_text(encoding="utf-8").replace("2026-11-20", str(now().date()))
    city.write_text(checked, encoding="utf-8")
    point(telegram, f"{PUBLIC_URL}/webhooks/telegram")
    return {
        "DATABASE_URL": database,
        "REDIS_URL": redis_url,
        "STORAGE_URL": tmp_path.as_uri(),
        "PUBLIC_URL": PUBLIC_URL,
        "ENCRYPTION_KEYS": f"k1:{KEY}",
        "INDEX_KEY": KEY,
        "PERMIT_OFFICE": "Unit Pelayanan Cilandak",
        "PERMIT_SIGNER": "Kepala Unit",
        "TELEGRAM_BOT_TOKEN": telegram.token,
        "TELEGRAM_BOT_USERNAME": "izin_datang_bot",
        "TELEGRAM_WEBHOOK_SECRET": "a-secret-of-telegram",
        "TELEGRAM_API_URL": telegram.url,
        "METRICS_TOKEN": "a-token-of-the-watchers",
        "CITY_FILE": str(city),
    }


@pytest.fixture
def at_work(engine: Engine) -> None:
    set_to_work(engine)


def set_to_work(engine: Engine) -> None:
    """Processes that beat; staff of all of Jakarta who have joined; lenders that were checked."""
    with Session(engine) as tx, tx.begin():
        checked = now().date()
        lender.put(tx, [replace(row, checked_on=checked) for row in shipped()])
        for process in ("worker", "dispatcher"):
            heartbeat.beat(tx, process)
        roles: dict[officer.StaffRole, str] = {
            "officer": "0417",
            "supervisor": "0003",
            "head": "0001",
        }
        met = person.meet(tx, "telegram", [(badge, "id") for badge in roles.values()])
        for role, badge in roles.items():
            token = officer.invite(tx, role=role, name="Rahmat", badge=badge, areas=["31"])
            joined = officer.join(tx, token, met[badge])
            assert joined
            if role == "officer":
                portrait.begin(tx, joined.id, PortraitState.USED)


def point(telegram: FakeBotApi, url: str) -> None:
    """Tell Telegram where to deliver, as `izin serve` does."""
    call = f"{telegram.url}/bot{telegram.token}/setWebhook"
    assert httpx.post(call, json={"url": url}).json()["ok"]


def ailing(environment: dict[str, str], *, patience: int = doctor.PATIENCE) -> list[Line]:
    """All but durability: the tests' own server gives up safety at power loss."""
    found = doctor.examine(environment, patience=patience)
    return [line for line in found if line.state != "ok" and line.part != "durability"]


def use(environment: dict[str, str]) -> None:
    encryption.use(KeyRing.parse(environment["ENCRYPTION_KEYS"], environment["INDEX_KEY"]))


def asked(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The command, as an operator runs it."""
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "doctor"],
        env={**bare_environment(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def durable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Servers as they are to be run, with all tables."""
    data = tmp_path_factory.mktemp("durable")
    try:
        with servers(data) as running:
            migrations.upgrade(running.database_url)
            yield running
    finally:
        discard(data)


def test_all_is_well(product: dict[str, str], durable: Servers) -> None:
    engine = create_engine(durable.database_url)
    set_to_work(engine)
    engine.dispose()
    told = asked({**product, "DATABASE_URL": durable.database_url, "REDIS_URL": durable.redis_url})
    assert told.returncode == 0, told.stdout + told.stderr
    assert {line.split()[0] for line in told.stdout.splitlines()} == {"ok"}
    assert told.stderr == ""
    parts = {line.split()[1] for line in told.stdout.splitlines()}
    assert {"durability", "load", "backlog", "failures", "worker", "webhook"} <= parts


def test_a_server_that_forgets_in_a_crash_is_told(product: dict[str, str], database: str) -> None:
    (line,) = (line for line in doctor.examine(product) if line.part == "durability")
    assert line.state == "FAIL"
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        assert f"{name} = on" in line.told


def test_what_waits_too_long_is_told_with_who_should_see_to_it(
    product: dict[str, str], at_work: None, engine: Engine
) -> None:
    use(product)
    with Session(engine) as tx, tx.begin():
        tx.add_all(
            [
                InboxMessage(
                    channel="telegram",
                    provider_id="1",
                    person_id=1,
                    event={},
                    heard_at=now() - timedelta(minutes=40),
                ),
                OutboundMessage(
                    person_id=1,
                    dedupe_key="1",
                    message={},
                    due_at=now() + timedelta(minutes=3),
                    created_at=now() - timedelta(hours=5),
                    attempts=9,
                ),
                Task(kind="verify", subject_id=1, run_key="1", due_at=now() - timedelta(minutes=3)),
            ]
        )
    heard, tasks, queued = (line for line in ailing(product) if line.part == "backlog")
    assert (heard.state, tasks.state, queued.state) == ("FAIL", "warn", "warn")
    assert "messages heard and not answered: 1, the oldest for 40 min" in heard.told
    assert "izin serve" in heard.told
    assert "tasks not done (verify): 1" in tasks.told and "izin worker" in tasks.told
    assert "could not be sent for 5 h" in queued.told


def test_what_was_given_up_is_told_with_the_numbers_to_look_for(
    product: dict[str, str], at_work: None, engine: Engine
) -> None:
    use(product)
    yesterday = now() - timedelta(days=2)
    with Session(engine) as tx, tx.begin():
        for key, failed_at in (("old", yesterday), ("new", now())):
            tx.add(
                Task(
                    kind="permit",
                    subject_id=1,
                    run_key=key,
                    failed_at=failed_at,
                    last_error="TypeError at issue.py:41",
                )
            )
            tx.add(
                InboxMessage(
                    channel="telegram",
                    provider_id=key,
                    person_id=2,
                    event={},
                    set_aside_at=failed_at,
                )
            )
    tasks, turns = (line for line in ailing(product) if line.part == "failures")
    assert tasks.state == turns.state == "warn"
    assert "permit (task 2, TypeError at issue.py:41)." in tasks.told
    assert "2 of person 2." in turns.told


def test_a_server_without_room_is_told(
    product: dict[str, str], at_work: None, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examined, "CROWDED", 0.0)
    monkeypatch.setattr(examined, "LONG_TRANSACTION", timedelta(0))
    monkeypatch.setattr(parts, "LITTLE_ROOM", float("inf"))
    with engine.connect() as forgotten:
        forgotten.execute(text("SELECT 1"))
        told = [line.told for line in ailing(product) if line.part in {"load", "storage"}]
    crowded, transaction, disk = told
    assert "of 100 connections are in use. Raise max_connections" in crowded
    assert "pg_stat_activity" in transaction
    assert "GB are free" in disk


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (172_800, "2 days")],
)
def test_ages_are_told_as_people_say_them(seconds: float, told: str) -> None:
    assert examined._age(seconds) == told


def test_what_is_not_set_is_told_with_an_example(product: dict[str, str]) -> None:
    told = asked({**product, "REDIS_URL": "", "INDEX_KEY": "sesame", "AUDIT_KEPT_DAYS": "1"})
    assert told.returncode == 1
    first, second, third = told.stdout.splitlines()
    assert first.startswith("FAIL  settings    REDIS_URL is not set. Example: REDIS_URL=redis://")
    assert second.startswith("FAIL  settings    INDEX_KEY is wrong")
    assert third.startswith("FAIL  settings    AUDIT_KEPT_DAYS is '1'")  # of the workers alone
    assert "sesame" not in told.stdout


def test_servers_that_are_away_are_named_and_no_password_with_them(
    product: dict[str, str],
) -> None:
    port = free_port()
    product["DATABASE_URL"] = f"postgresql://izin:sesame@127.0.0.1:{port}/izin"
    product["REDIS_URL"] = f"redis://:sesame@127.0.0.1:{port}/0"
    product["TELEGRAM_API_URL"] = f"http://127.0.0.1:{port}"
    told = asked(product)
    assert told.returncode == 1
    failed = [line for line in told.stdout.splitlines() if line.startswith("FAIL")]
    assert [line.split()[1] for line in failed] == ["database", "redis", "telegram"]
    for line, mend in zip(failed, ("DATABASE_URL", "REDIS_URL", "TELEGRAM"), strict=True):
        assert mend in line
    assert "sesame" not in told.stdout + told.stderr
    assert product["TELEGRAM_BOT_TOKEN"] not in told.stdout + told.stderr


def test_a_server_that_accepts_and_says_nothing_does_not_hold_the_doctor_up(
    product: dict[str, str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"127.0.0.1:{mute.getsockname()[1]}"
        product["DATABASE_URL"] = f"postgresql://izin@{address}/izin"
        product["REDIS_URL"] = f"redis://{address}/0"
        product["TELEGRAM_API_URL"] = f"http://{address}"
        failed = [line.part for line in ailing(product, patience=1) if line.state == "FAIL"]
    assert failed == ["database", "redis", "telegram"]


def test_a_database_without_its_tables_is_to_be_migrated(
    product: dict[str, str], empty_database: str
) -> None:
    told = asked({**product, "DATABASE_URL": empty_database})
    assert told.returncode == 1
    failed = [line for line in told.stdout.splitlines() if line.startswith("FAIL")][-1]
    assert failed.split()[1] == "migrations"
    assert "izin migrate" in failed


def test_a_database_of_a_newer_program_is_told(
    product: dict[str, str], empty_database: str
) -> None:
    migrations.upgrade(empty_database)
    change(empty_database, "UPDATE alembic_version SET version_num = 'fffffffffff1'")
    (line,) = ailing({**product, "DATABASE_URL": empty_database})
    assert (line.state, line.part) == ("FAIL", "migrations")
    assert "newer" in line.told


def test_an_erasure_that_is_overdue_is_told(product: dict[str, str], engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO people (locale, created_at, erase_asked_at)"
                " VALUES ('id', now(), now() - interval '61 minutes')"
            )
        )
    (line,) = (line for line in ailing(product) if line.part == "erasures")
    assert line.state == "FAIL" and "izin worker" in line.told


def test_tickets_that_are_overdue_are_counted(product: dict[str, str], engine: Engine) -> None:
    encryption.use(KeyRing.parse(f"k1:{KEY}", KEY))
    with Session(engine) as tx, tx.begin():
        tx.add(Person(id=1))
        tx.flush()
        for number, hours in enumerate((-1, 1)):
            case = world.case(tx, 1, {"place": {}}, number=f"26-{number}", service="complaint")
            case.submitted_at = now() - timedelta(days=3 + number)
            by = now() + timedelta(hours=hours)
            tx.add(Ticket(case_id=case.id, about="talk", answer_by=by, close_by=by))
    (line,) = (line for line in ailing(product) if line.part == "tickets")
    assert line.state == "warn" and "izin officers list" in line.told
    assert "2 wait for a supervisor, the oldest for 4 days; 1 are overdue, 1 of" in line.told


def test_a_migration_at_work_is_not_waited_for(product: dict[str, str], engine: Engine) -> None:
    with engine.begin() as migrating:
        migrating.execute(text("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE"))
        (line,) = (line for line in ailing(product, patience=1) if line.state == "FAIL")
    assert "timeout" in line.told


def test_clocks_that_differ_are_told(product: dict[str, str], empty_database: str) -> None:
    migrations.upgrade(empty_database)
    change(
        empty_database,
        "CREATE SCHEMA late",
        "CREATE FUNCTION late.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
        "$$ SELECT pg_catalog.clock_timestamp() - interval '1 minute' $$",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = late, pg_catalog, public',"
        " current_database()); END $$",
    )
    told = {line.part: line for line in ailing({**product, "DATABASE_URL": empty_database})}
    assert told["clock"].state == "FAIL"
    assert "60 s" in told["clock"].told


def change(url: str, *statements: str) -> None:
    engine = create_engine(driver_url(url))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_a_storage_that_cannot_be_written_is_told(product: dict[str, str], tmp_path: Path) -> None:
    tmp_path.joinpath("file").touch()
    told = asked({**product, "STORAGE_URL": tmp_path.joinpath("file", "folder").as_uri()})
    assert told.returncode == 1
    (failed,) = (line for line in told.stdout.splitlines() if line.split()[1] == "storage")
    assert failed.startswith("FAIL")
    assert "STORAGE_URL" in failed


@pytest.mark.parametrize("rights", [0o755, 0o750, 0o701, 0o700])
def test_a_storage_that_others_may_look_into_is_told_with_the_command(
    tmp_path: Path, rights: int
) -> None:
    folder = tmp_path / "the files"
    folder.mkdir()
    folder.chmod(rights)
    told = [line for line in parts.storage_lines(f"file://{folder}") if "chmod" in line.told]
    assert [line.state for line in told] == ([] if rights == 0o700 else ["warn"])
    assert all(f"chmod -R go= '{folder}'" in line.told for line in told)


def test_a_redis_that_forgets_or_throws_away_is_a_warning(
    product: dict[str, str], at_work: None, redis_url: str
) -> None:
    with Redis.from_url(redis_url) as redis:
        before = redis.config_get("appendonly", "maxmemory-policy")
        redis.config_set("appendonly", "no", "maxmemory-policy", "allkeys-lru")
        try:
            told = ailing(product)
        finally:
            redis.config_set(*(part for pair in before.items() for part in pair))
    assert [(line.state, line.part) for line in told] == [("warn", "redis")] * 2
    assert "appendonly yes" in told[0].told and "noeviction" in told[1].told


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"ENCRYPTION_KEYS": f"k2:{KEY}"}, "no key 'k1' in ENCRYPTION_KEYS"),
        ({"ENCRYPTION_KEYS": f"k1:{OTHER_KEY}"}, "does not open what it closed"),
        ({"INDEX_KEY": OTHER_KEY}, "INDEX_KEY is not the one"),
        ({"ENCRYPTION_KEYS": f"k2:{OTHER_KEY},k1:{KEY}"}, None),
    ],
)
def test_keys_that_do_not_open_the_record_are_told(
    product: dict[str, str],
    at_work: None,
    engine: Engine,
    changed: dict[str, str],
    told: str | None,
) -> None:
    use(product)
    with Session(engine) as tx, tx.begin():
        tx.add(InboxMessage(channel="telegram", provider_id="1", person_id=1, event={"a": 1}))
        tx.add(
            Identity(
                person_id=1,
                name="Siti",
                nik="3174074703840002",
                nik_index=encryption.blind_index("3174074703840002", identity.NIK_INDEX),
                born_on="1984-03-07",
                address="Jl. Damai",
                given_by_id=1,
                version=1,
            )
        )
    found = [line for line in ailing(product | changed) if line.part == "keys"]
    if told is None:
        assert found == []
    else:
        (line,) = found
        assert (line.state, told in line.told) == ("FAIL", True)


def test_processes_and_people_who_are_missing_are_told_with_the_command(
    product: dict[str, str], engine: Engine
) -> None:
    with Session(engine) as tx, tx.begin():
        officer.invite(tx, role="officer", name="Rahmat", badge="0417", areas=["31"])
    told = {(line.state, line.part): line.told for line in ailing(product)}
    assert "izin worker" in told["FAIL", "worker"]
    assert "izin dispatch" in told["FAIL", "dispatcher"]
    assert "izin officers invite --role supervisor" in told["FAIL", "supervisors"]
    assert "none has joined" in told["FAIL", "officers"]
    assert "izin officers invite --role head" in told["warn", "heads"]
    assert "0417 is not joined yet" in told["warn", "officers"]
    assert "in 44 of 44 kecamatan" in told["warn", "areas"]


def test_badges_that_are_read_as_one_are_told_with_the_mend(
    product: dict[str, str], engine: Engine
) -> None:
    with Session(engine) as tx, tx.begin():
        officer.invite(tx, role="officer", name="Rahmat", badge="0417", areas=["31"])
        tx.add(officer.Officer(name="Agus", badge="417", badge_shared=True))
    told = [line.told for line in ailing(product) if line.part == "officers"]
    (mend,) = [line for line in told if "izin officers end" in line]
    assert "0417, 417 are read as one badge" in mend


def test_an_officer_without_any_hours_is_named_and_covers_no_area(
    product: dict[str, str], at_work: None, engine: Engine
) -> None:
    with Session(engine) as tx, tx.begin():
        (known,) = officer.with_badge(tx, "0417")
        officer.work_at(tx, known, read(NEVER), actor="test")
    lines = ailing(product)
    told = [line.told for line in lines if line.part == "officers"]
    (mend,) = [one for one in told if "izin officers hours" in one]
    assert mend.startswith("0417 is without any hours")
    (areas,) = (line for line in lines if line.part == "areas")
    assert areas.state != "ok"


def test_kecamatan_without_an_officer_who_can_be_asked_are_counted(
    product: dict[str, str], at_work: None, engine: Engine
) -> None:
    with Session(engine) as tx, tx.begin():
        (known,) = officer.with_badge(tx, "0417")
        theirs = update(person.Address).where(person.Address.person_id == known.person_id)
        tx.execute(theirs.values(unreachable_at=now()))
        token = officer.invite(
            tx, role="officer", name="Tuti", badge="0418", areas=["31.74", "31.75.01.1001"]
        )
        tuti = person.meet(tx, "telegram", [("3", "id")])["3"]
        assert officer.join(tx, token, tuti)
    told = {line.part: line for line in ailing(product)}
    assert told["officers"].told.startswith("0417 is out of reach")
    assert told["portraits"].told.startswith("0418 is without a portrait")
    assert "izin officers photo" in told["portraits"].told
    assert told["areas"].state == "warn"
    assert "in 34 of 44 kecamatan" in told["areas"].told  # one kelurahan is not its kecamatan


@pytest.mark.parametrize(
    ("prepare", "state", "told"),
    [
        (lambda api: point(api, ""), "warn", "izin serve"),
        (lambda api: point(api, "https://old.example/webhooks/telegram"), "FAIL", "old.example"),
        (lambda api: api.refusals.append("503 Service Unavailable"), "warn", "503"),
    ],
)
def test_a_webhook_that_is_not_as_it_should_be_is_told(
    product: dict[str, str],
    at_work: None,
    telegram: FakeBotApi,
    prepare: Callable[[FakeBotApi], None],
    state: str,
    told: str,
) -> None:
    prepare(telegram)
    try:
        (line,) = (line for line in ailing(product) if line.part == "webhook")
    finally:
        telegram.refusals.clear()
    assert line.state == state
    assert told in line.told


def test_a_token_of_nobody_or_of_another_bot_is_told(
    product: dict[str, str], at_work: None
) -> None:
    product["TELEGRAM_BOT_TOKEN"] = "1:unknown"
    (line,) = (line for line in ailing(product) if line.state == "FAIL")
    assert (line.part, "@BotFather" in line.told) == ("telegram", True)


def test_links_that_would_lead_to_another_bot_are_told(
    product: dict[str, str], at_work: None
) -> None:
    product["TELEGRAM_BOT_USERNAME"] = "another_bot"
    (line,) = (line for line in ailing(product) if line.state == "FAIL")
    assert "TELEGRAM_BOT_USERNAME=izin_datang_bot" in line.told


def test_what_is_missing_only_for_real_permits_is_a_warning(
    product: dict[str, str], at_work: None
) -> None:
    names = ("PERMIT_SIGNER", "TELEGRAM_BOT_TOKEN", "METRICS_TOKEN", "CITY_FILE")
    product |= dict.fromkeys(names, "") | {"PUBLIC_URL": "http://izin.example"}
    told = [line.told for line in ailing(product) if line.state == "warn"]
    for setting in (*names, "PUBLIC_URL"):
        assert any(setting in line for line in told)
    assert not [line for line in ailing(product) if line.state == "FAIL"]


@pytest.mark.parametrize(
    ("url", "opens"),
    [
        ("https://localhost", False),
        ("https://127.0.0.1:8000", False),
        ("https://192.168.1.7", False),
        ("https://[::1]", False),
        ("https://izin", False),
        ("https://8.8.8.8", True),
        (PUBLIC_URL, True),
    ],
)
def test_an_address_that_no_phone_reaches_is_told(
    product: dict[str, str], at_work: None, url: str, opens: bool
) -> None:
    product["PUBLIC_URL"] = url
    told = [line.told for line in doctor.examine(product) if line.part == "settings"]
    assert any("do not open on people's phones" in line for line in told) is not opens


def test_links_without_an_address_fail(product: dict[str, str]) -> None:
    (line,) = doctor.examine(product | {"PUBLIC_URL": ""})
    assert line.state == "FAIL" and line.told.startswith("PUBLIC_URL is not set.")


def test_an_account_at_twilio_is_asked_whether_it_is_good(product: dict[str, str]) -> None:
    with FakeTwilio() as twilio:
        account = {
            "TWILIO_ACCOUNT_SID": twilio.account.sid,
            "TWILIO_AUTH_TOKEN": twilio.account.token,
            "TWILIO_WHATSAPP_FROM": twilio.account.sender,
            "TWILIO_API_URL": twilio.url,
        }
        found = {line.part: line for line in doctor.examine(product | account)}
        assert found["whatsapp"].state == "ok"
        assert "/webhooks/whatsapp#rc=5" in found["whatsapp"].told
        wrong = account | {"TWILIO_AUTH_TOKEN": "x" * 32}
        found = {line.part: line for line in doctor.examine(product | wrong)}
        assert found["whatsapp"].state == "FAIL"
        assert "Correct TWILIO_ACCOUNT_SID" in found["whatsapp"].told
        assert "x" * 32 not in str(found["whatsapp"])


def test_templates_are_missed_only_with_whatsapp_and_named_when_refused(
    product: dict[str, str], engine: Engine
) -> None:
    account = {
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "x" * 32,
        "TWILIO_WHATSAPP_FROM": "+628001234567",
        "TWILIO_API_URL": "http://127.0.0.1:9",
    }

    def told(environment: dict[str, str]) -> Line | None:
        found = doctor.examine(environment, patience=1)
        return next((line for line in found if line.part == "templates"), None)

    assert told(product) is None
    missed = told(product | account)
    assert missed is not None and missed.state == "warn" and "templates push" in missed.told
    states = {"notices_a": "approved", "notices_b": "pending", "notices_c": "paused"}
    for number, (name, status) in enumerate(states.items()):
        with Session(engine) as tx, tx.begin():
            template.keep(tx, Standing(name, "id", "0", f"HX{number}", status))
        line = told(product)
        assert line is not None
        assert line.state == ("warn" if status == "paused" else "ok")
    assert line is not None and "notices_c (id) is paused" in line.told


@pytest.mark.parametrize(
    ("host", "trusted", "warned"),
    [
        ("0.0.0.0", "", True),  # noqa: S104
        ("::", "", True),
        ("10.0.0.4", "127.0.0.1", True),
        ("web.internal", "::1,127.0.0.0/8", True),
        ("0.0.0.0", "172.31.250.1", False),  # noqa: S104
        ("0.0.0.0", "127.0.0.1,10.0.0.0/8", False),  # noqa: S104
        ("127.0.0.1", "", False),
        ("127.0.0.2", "", False),
        ("::1", "", False),
        ("localhost", "", False),
    ],
)
def test_a_proxy_elsewhere_that_nobody_trusts_is_told(
    product: dict[str, str], host: str, trusted: str, warned: bool
) -> None:
    told = ailing(product | {"HOST": host, "TRUSTED_PROXIES": trusted})
    lines = [line for line in told if "TRUSTED_PROXIES" in line.told]
    assert [line.state for line in lines] == ["warn"] * warned
