"""`izin doctor`: looks at everything the product needs, and says how to mend what is amiss."""

from __future__ import annotations

import asyncio
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any, Literal

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from bot import service, template_watch
from bot.channels.telegram.channel import Telegram, Webhook, webhook_url
from bot.channels.whatsapp import updates as whatsapp_updates
from bot.errors import ChannelError
from bot.settings import Settings
from conversations import catalogue
from models import calendar, chore, heartbeat, keys, migrations, officer, template, watch
from models.base import now
from models.infrastructure import database, encryption
from models.infrastructure.storage import Storage
from models.infrastructure.wib import WIB
from models.officer import Officer
from models.reference import area
from workers.settings import Settings as WorkerSettings

PATIENCE = 5  # seconds
CLOCKS_APART = timedelta(seconds=5)
OLDEST_POSTGRESQL = 15
OLDEST_REDIS = (6, 2)
MANY_WAITING = 100  # updates at Telegram
LATELY = timedelta(hours=1)
A_DAY = timedelta(days=1)
LATE, TOO_LATE = timedelta(minutes=1), timedelta(minutes=10)  # what waits; a warning, a failure
LONG_TRANSACTION = timedelta(minutes=10)
CROWDED = 0.8  # of the connections that PostgreSQL allows
STALE_TEMPLATES = timedelta(hours=3)  # they are asked about every hour
LITTLE_ROOM = 2e9  # bytes free on the disk with the file store
NAMED = 5  # badges in one line
PROBE = "doctor/probe.txt"  # in the file store; the same at every visit

State = Literal["ok", "warn", "FAIL"]


@dataclass(frozen=True, slots=True)
class Line:
    """What was found about one part; unless it is ok, `told` ends with the mend."""

    state: State
    part: str
    told: str

    def __str__(self) -> str:
        return f"{self.state:<5} {self.part:<11} {self.told}"


def report(environment: Mapping[str, str]) -> int:
    """Print each line as it is found; gives 1 when one of them is a FAIL, else 0."""
    failed = False
    for line in examine(environment):
        print(line, flush=True)
        failed |= line.state == "FAIL"
    return int(failed)


def examine(environment: Mapping[str, str], *, patience: int = PATIENCE) -> Iterator[Line]:
    """Look at one part after the other; an ailing one does not keep the others from being seen.

    `patience` is how many seconds a server may take to be reached, and for each of its answers.
    """
    rooms = (Settings, WorkerSettings)
    problems = [problem for room in rooms for problem in room.problems(environment)]
    if problems:
        for problem in dict.fromkeys(problems):  # both rooms read what every process needs
            yield Line("FAIL", "settings", problem)
        return
    settings = Settings.from_environment(environment)
    issuing = WorkerSettings.from_environment(environment)
    encryption.use(settings.key_ring)
    yield from _settings(settings, issuing)
    yield from _record(settings, patience)
    yield from _redis(settings.redis_url.reveal(), patience)
    yield from _storage(settings.storage_url)
    yield from _telegram(settings, patience)
    yield from _whatsapp(settings, patience)


def _settings(settings: Settings, issuing: WorkerSettings) -> Iterator[Line]:
    yield Line("ok", "settings", "all can be read")
    if not settings.public_url.startswith("https://"):
        yield Line(
            "warn",
            "settings",
            f"PUBLIC_URL is {settings.public_url}: identity numbers would travel in the clear, and "
            "Telegram delivers to https only. Put a proxy with a certificate in front, and set the "
            "https address.",
        )
    if not _loopback(settings.host) and all(
        _loopback(proxy) for proxy in settings.trusted_proxies.split(",")
    ):
        yield Line(
            "warn",
            "settings",
            f"HOST is {settings.host}, and no proxy outside this machine is trusted: all visitors "
            "that one hands on would share one limit. Set TRUSTED_PROXIES to the address or "
            "network that its requests come from.",
        )
    if issuing.permit_office is None or issuing.permit_signer is None:
        yield Line(
            "warn",
            "settings",
            "CONTOH (sample) stands across every permit. Set PERMIT_OFFICE and PERMIT_SIGNER.",
        )
    if settings.metrics_token is None:
        yield Line(
            "warn",
            "settings",
            "nobody can watch: /metrics is shut. Set METRICS_TOKEN, and give it to Prometheus.",
        )


def _loopback(host: str) -> bool:
    """Whether a host, address or network is of this machine alone."""
    try:
        return ip_network(host).is_loopback
    except ValueError:
        return host == "localhost"


# The record


def _record(settings: Settings, patience: int) -> Iterator[Line]:
    try:
        engine = create_engine(
            database.driver_url(settings.database_url.reveal()),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"connect_timeout": patience},
        )
        database.serve(engine)
        with engine.connect() as connection:
            connection.execute(text(f"SET statement_timeout = '{patience}s'"))
            yield _version(connection)
            yield from _read_only(connection)
            yield _clock(connection)
            yield _durability(connection)
            migrated = _migrated(connection)
            yield migrated
            if migrated.state != "ok":
                return
            with Session(connection) as tx:
                yield _keys(tx)
                yield from _load(tx)
                yield from _processes(tx)
                yield from _backlog(tx)
                yield from _failures(tx)
                yield from _templates(tx, needed=settings.twilio_account_sid is not None)
                yield from _staff(tx)
                yield from _calendar(tx)
    except (SQLAlchemyError, ValueError) as error:
        why = _sentence(getattr(error, "orig", None) or error)
        yield Line("FAIL", "database", f"{why} Start PostgreSQL, or correct DATABASE_URL.")


def _version(connection: Connection) -> Line:
    shown, number = connection.execute(
        text("SELECT current_setting('server_version'), current_setting('server_version_num')")
    ).one()
    if int(number) // 10_000 < OLDEST_POSTGRESQL:
        return Line(
            "FAIL",
            "database",
            f"PostgreSQL {shown} is too old. Install {OLDEST_POSTGRESQL} or newer.",
        )
    return Line("ok", "database", f"PostgreSQL {shown} answers")


def _read_only(connection: Connection) -> Iterator[Line]:
    if connection.execute(text("SHOW transaction_read_only")).scalar_one() == "on":
        yield Line(
            "FAIL",
            "database",
            "PostgreSQL takes no writes: it is a standby, or default_transaction_read_only is on. "
            "Let DATABASE_URL lead to the primary, or find what set it (a full disk?).",
        )


def _clock(connection: Connection) -> Line:
    before = datetime.now(UTC)
    there = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    apart = there - (before + (datetime.now(UTC) - before) / 2)
    if abs(apart) < CLOCKS_APART:
        return Line("ok", "clock", f"{abs(apart).total_seconds():.1f} s from the database's")
    return Line(
        "FAIL",
        "clock",
        f"{abs(apart).total_seconds():.0f} s from the database's. Let both machines keep time, "
        "for example with systemd-timesyncd or chrony.",
    )


def _durability(connection: Connection) -> Line:
    """Whether what was answered outlives a crash of the machine."""
    unsafe = [
        f"{name} = on"
        for name in ("fsync", "full_page_writes", "synchronous_commit")
        if connection.execute(text(f"SHOW {name}")).scalar_one() == "off"
    ]
    if unsafe:
        return Line(
            "FAIL",
            "durability",
            "a crash can lose messages that were answered, or the whole record. Set in "
            f"postgresql.conf: {', '.join(unsafe)}",
        )
    if connection.execute(text("SHOW autovacuum")).scalar_one() == "off":
        return Line(
            "warn",
            "durability",
            "nothing clears away old rows, and everything gets slower. Set: autovacuum = on",
        )
    return Line("ok", "durability", "what is committed outlives a crash")


def _migrated(connection: Connection) -> Line:
    try:
        missing = migrations.missing(connection)
    except migrations.OutOfStep as error:
        return Line("FAIL", "migrations", _sentence(error))
    if missing:
        return Line(
            "FAIL", "migrations", f"{len(missing)} have not been run. Run them: izin migrate"
        )
    return Line("ok", "migrations", "all have been run")


def _keys(tx: Session) -> Line:
    """Whether the keys of these settings read what was written."""
    told = keys.examine(tx)
    return Line("FAIL", "keys", told) if told else Line("ok", "keys", "they open the record")


def _processes(tx: Session) -> Iterator[Line]:
    for process, command in (("worker", "izin worker"), ("dispatcher", "izin dispatch")):
        if heartbeat.alive(tx, process):
            yield Line("ok", process, "at work")
        else:
            stale = heartbeat.STALE.total_seconds()
            yield Line("FAIL", process, f"none was seen for {stale:.0f} s. Start one: {command}")


def _load(tx: Session) -> Iterator[Line]:
    server = watch.server(tx)
    told = f"{server.connections} of {server.most_connections} connections are in use"
    if server.connections < CROWDED * server.most_connections:
        yield Line("ok", "load", told)
    else:
        yield Line(
            "warn", "load", f"{told}. Raise max_connections, or put fewer processes to work."
        )
    if server.transaction > LONG_TRANSACTION.total_seconds():
        yield Line(
            "warn",
            "load",
            f"a transaction has been open for {_age(server.transaction)}, and keeps VACUUM from "
            "clearing away. Find it by xact_start in pg_stat_activity, and end it.",
        )


def _backlog(tx: Session) -> Iterator[Line]:
    """What should have been done by now, and who does it."""
    bot, work = "izin serve (or izin poll)", "izin worker and izin dispatch"
    heard, owed, files = watch.inbox(tx), watch.outbox(tx), watch.files(tx)
    late = [
        ("messages heard and not answered", heard.rows, heard.seconds, bot),
        *((f"people who are owed a {q.lane}", q.due, q.lag, bot) for q in owed),
        ("files not fetched", files.rows, files.seconds, bot),
        *((f"tasks not done ({q.part})", q.rows, q.seconds, work) for q in watch.tasks(tx)),
    ]
    found = False
    for what, rows, seconds, who in late:
        if seconds > LATE.total_seconds():
            found = True
            yield Line(
                "FAIL" if seconds > TOO_LATE.total_seconds() else "warn",
                "backlog",
                f"{what}: {rows}, the oldest for {_age(seconds)}. See that {who} runs, or start "
                "another one.",
            )
    for queue in owed:
        if queue.oldest > TOO_LATE.total_seconds() and queue.lag <= LATE.total_seconds():
            found = True
            yield Line(
                "warn",
                "backlog",
                f"a {queue.lane} could not be sent for {_age(queue.oldest)}: its provider refuses "
                "or is away. See izin_sends_total in /metrics, and the lines sender.* in the logs.",
            )
    if not found:
        yield Line("ok", "backlog", "nobody waits")


def _failures(tx: Session) -> Iterator[Line]:
    """What was given up in the last day."""
    tasks, turns = watch.failed_lately(tx, A_DAY), watch.set_aside_lately(tx, A_DAY)
    if tasks:
        named = "; ".join(f"{one.kind} (task {one.id}, {one.error})" for one in tasks)
        yield Line(
            "warn",
            "failures",
            f"tasks were given up since yesterday: {named}. Supervisors were told. Look for "
            "task_failed with these numbers in the workers' logs, and tell the developers.",
        )
    if turns:
        named = ", ".join(f"{one.id} of person {one.person_id}" for one in turns)
        yield Line(
            "warn",
            "failures",
            f"turns were set aside since yesterday: {named}. Supervisors were told. Look for "
            "turns.failed with these people in the logs, and tell the developers. izin aside list "
            "shows all; izin aside retry turn ID takes one once more.",
        )
    if not tasks and not turns:
        yield Line("ok", "failures", "nothing was given up since yesterday")


def _templates(tx: Session, *, needed: bool) -> Iterator[Line]:
    """What WhatsApp lets us say after a day of silence, and what not any more."""
    standings, refused = template.standings(tx), template.refused(tx)
    asked = chore.last(tx, template_watch.NAME)
    if needed and standings and (asked is None or asked > STALE_TEMPLATES):
        since = f"for {_age(asked.total_seconds())}" if asked is not None else "yet"
        yield Line(
            "warn",
            "templates",
            f"Twilio was not asked how they stand {since}. See that izin serve runs, and the lines "
            "templates.not_asked in its logs; or ask now: izin templates status",
        )
    if refused:
        named = ", ".join(f"{row.name} ({row.locale}) is {row.status}" for row in refused[:NAMED])
        more = f" and {len(refused) - NAMED} more" if len(refused) > NAMED else ""
        yield Line(
            "warn",
            "templates",
            f"{named}{more}. Its news does not reach who has been silent on WhatsApp for a day. "
            "Mend its words in bot/channels/whatsapp/templates.toml, then: izin templates push",
        )
    elif standings:
        waiting = sum(standings.values()) - standings.get(template.APPROVED, 0)
        told = f"; {waiting} wait for WhatsApp: izin templates status" if waiting else ""
        yield Line("ok", "templates", f"{standings.get(template.APPROVED, 0)} approved{told}")
    elif needed:
        yield Line(
            "warn",
            "templates",
            "none was made: news does not reach who has been silent on WhatsApp for a day. Make "
            "them and hand them in: izin templates push",
        )


def _age(seconds: float) -> str:
    """A time as people say it: 45 s, 12 min, 5 h, 3 days."""
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _calendar(tx: Session) -> Iterator[Line]:
    """See that joint leave is known: without it, visits are offered on days nobody works."""
    days, today = calendar.load(tx), now(tx).astimezone(WIB).date()
    unknown = [year for year in calendar.years_to_know(today) if not days.knows(year)]
    for year in unknown:
        yield Line(
            "warn",
            "calendar",
            f"no joint leave (cuti bersama) is known for {year}: upgrade the library `holidays` "
            "once it knows the decree, or enter the days with izin days close",
        )
    if not unknown:
        yield Line("ok", "calendar", "public holidays and joint leave are known")


def _staff(tx: Session) -> Iterator[Line]:
    everyone = officer.everyone(tx)
    for role in ("officer", "supervisor"):
        joined = [row for row in everyone if row.role == role and row.person_id is not None]
        if joined:
            yield Line("ok", f"{role}s", f"{len(joined)} joined")
        else:
            yield Line(
                "FAIL",
                f"{role}s",
                "none has joined. Invite one, and give the printed link in person: izin officers "
                f"invite --role {role} --name NAME --badge NUMBER --areas 31.74",
            )
    heads = [row for row in everyone if row.role == "head" and row.person_id is not None]
    if heads:
        yield Line("ok", "heads", f"{len(heads)} joined")
    else:
        yield Line(
            "warn",
            "heads",
            "none has joined: without a supervisor in chat, nobody would hear of a request. Invite "
            "one: izin officers invite --role head --name NAME --badge NUMBER",
        )
    if waiting := [row for row in everyone if row.person_id is None]:
        yield Line(
            "warn",
            "officers",
            f"{_badges(waiting)} not joined yet. Give the link again: izin officers invite with "
            "the same badge",
        )
    if shared := officer.sharing_badges(tx):
        yield Line(
            "warn",
            "officers",
            f"{_badges(shared)} read as one badge, or as several that are shared so. Of each, end "
            "all but one (izin officers end BADGE), and invite those anew with their own badges",
        )
    if silent := officer.silent(tx):
        yield Line(
            "warn",
            "officers",
            f"{_badges(silent)} out of reach. Let each unblock the bot and write to it.",
        )
    yield _areas(officer.attended(tx))


def _badges(rows: Sequence[Officer]) -> str:
    more = f" and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
    verb = "is" if len(rows) == 1 else "are"
    return f"{', '.join(row.badge for row in rows[:NAMED])}{more} {verb}"


def _areas(attended: set[str]) -> Line:
    """A kecamatan is attended to when each of its kelurahan is."""
    areas = area.load()
    bare = {
        one.parent_code
        for one in areas
        if one.level == "kelurahan" and attended.isdisjoint(officer.holding(one.code))
    }
    every = [one for one in areas if one.level == "kecamatan"]
    missing = [one for one in every if one.code in bare]
    if not missing:
        return Line("ok", "areas", f"officers who can be asked work in all {len(every)} kecamatan")
    named = ", ".join(f"{one.name} ({one.code})" for one in missing[:NAMED])
    more = ", …" if len(missing) > NAMED else ""
    return Line(
        "warn",
        "areas",
        f"in {len(missing)} of {len(every)} kecamatan nobody can be sent: {named}{more}. "
        "Add them to an officer's --areas: izin officers invite",
    )


def _sentence(error: object) -> str:
    """What an error says, on one line that ends as a sentence does."""
    said = " ".join(str(error).split())
    return said if said.endswith((".", "?", "!")) else f"{said}."


# What lies beside the record


def _redis(url: str, patience: int) -> Iterator[Line]:
    try:
        with Redis.from_url(
            url,
            retry=Retry(NoBackoff(), 0),
            socket_connect_timeout=patience,
            socket_timeout=patience,
        ) as redis:
            redis.ping()
            info = _info(redis)
    except (RedisError, OSError, ValueError) as error:
        yield Line("FAIL", "redis", f"{_sentence(error)} Start Redis, or correct REDIS_URL.")
        return
    if info is None:
        yield Line(
            "warn",
            "redis",
            "answers, but may not be asked how it is set. See to it yourself: appendonly yes, "
            "maxmemory-policy noeviction",
        )
        return
    version = str(info.get("redis_version", "0"))
    if tuple(map(int, version.split(".")[:2])) < OLDEST_REDIS:
        oldest = ".".join(map(str, OLDEST_REDIS))
        yield Line("FAIL", "redis", f"{version} is too old. Install {oldest} or newer, or Valkey.")
    else:
        yield Line("ok", "redis", f"{info.get('server_name', 'redis')} answers")
    if not info.get("aof_enabled"):
        yield Line(
            "warn",
            "redis",
            "forgets its wake-ups when it restarts; tasks then wait a minute. Set: appendonly yes",
        )
    policy = info.get("maxmemory_policy", "unknown")
    if policy != "noeviction":
        yield Line(
            "warn",
            "redis",
            f"throws wake-ups away when memory is short ({policy}). "
            "Set: maxmemory-policy noeviction",
        )


def _info(redis: Redis) -> Mapping[str, Any] | None:
    """What the server tells about itself; None where this user may not ask."""
    try:
        info: Mapping[str, Any] = redis.info()
    except ResponseError:
        return None
    return info


def _storage(url: str) -> Iterator[Line]:
    content = b"izin doctor was here\n"
    try:
        storage = Storage(url)
        storage.write(PROBE, content)
        same = storage.read(PROBE) == content
    except Exception as error:  # each kind of store fails in its own way
        why = _sentence(error)
    else:
        if same:
            yield Line("ok", "storage", f"{url} can be written and read")
            yield from _room(url)
            yield from _rights(storage)
            return
        why = "what is read is not what was written."
    yield Line(
        "FAIL",
        "storage",
        f"{url}: {why} Let this user write there, or correct STORAGE_URL.",
    )


def _room(url: str) -> Iterator[Line]:
    """Whether a folder's disk has room for more."""
    scheme, _, folder = url.partition("://")
    if scheme != "file":
        return
    disk = shutil.disk_usage(folder)
    if disk.free < LITTLE_ROOM:
        yield Line(
            "warn",
            "storage",
            f"{disk.free / 1e9:.1f} of {disk.total / 1e9:.0f} GB are free. Make room, or move the "
            "folder to a larger disk.",
        )


def _rights(storage: Storage) -> Iterator[Line]:
    """Whether others on this machine may look at people's photos."""
    folder = storage.open_to_others()
    if folder is not None:
        yield Line(
            "warn",
            "storage",
            f"other users of this machine may read {folder}, where photos and documents lie. Run: "
            f"chmod -R go= {shlex.quote(str(folder))}",
        )


# Telegram


def _telegram(settings: Settings, patience: int) -> Iterator[Line]:
    token = settings.telegram_bot_token
    if token is None:
        yield Line(
            "warn",
            "telegram",
            "nobody can write to the bot. Set TELEGRAM_BOT_TOKEN to what @BotFather gives.",
        )
        return
    try:
        telegram = Telegram(
            token.reveal(), catalogue.load(), api_url=settings.telegram_api_url, patience=patience
        )
        name, webhook = asyncio.run(_ask(telegram))
    except ChannelError as error:
        yield Line(
            "FAIL",
            "telegram",
            f"{_sentence(error)} Correct TELEGRAM_BOT_TOKEN, or let this machine reach "
            f"{settings.telegram_api_url}.",
        )
        return
    if name.casefold() == (settings.telegram_bot_username or "").casefold():
        yield Line("ok", "telegram", f"the bot is @{name}")
    else:
        yield Line(
            "FAIL",
            "telegram",
            f"the token is @{name}'s, but links would lead to @{settings.telegram_bot_username}. "
            f"Set TELEGRAM_BOT_USERNAME={name}",
        )
    yield from _webhook(webhook, webhook_url(settings.public_url))


async def _ask(telegram: Telegram) -> tuple[str, Webhook]:
    try:
        return await telegram.username(), await telegram.webhook()
    finally:
        await telegram.close()


def _webhook(webhook: Webhook, wanted: str) -> Iterator[Line]:
    if not webhook.url:
        yield Line(
            "warn",
            "webhook",
            "Telegram delivers nowhere. Start `izin serve`, which tells it where; with `izin poll` "
            "all is well.",
        )
    elif webhook.url != wanted:
        yield Line(
            "FAIL",
            "webhook",
            f"Telegram delivers to {webhook.url}, not to {wanted}. Correct PUBLIC_URL, or start "
            "`izin serve` again.",
        )
    else:
        yield Line("ok", "webhook", f"Telegram delivers to {wanted}; {webhook.waiting} wait")
    if webhook.waiting > MANY_WAITING:
        yield Line(
            "warn",
            "webhook",
            f"{webhook.waiting} messages wait at Telegram. See that `izin serve` (or `izin poll`) "
            "runs and keeps up.",
        )
    lately = webhook.failed_at is None or datetime.now(UTC) - webhook.failed_at < LATELY
    if webhook.error and lately:
        at = f" at {webhook.failed_at:%H:%M} UTC" if webhook.failed_at else ""
        yield Line(
            "warn",
            "webhook",
            f"a delivery went wrong{at}: {webhook.error}. See that PUBLIC_URL leads to "
            "`izin serve` with a valid certificate.",
        )


# WhatsApp


def _whatsapp(settings: Settings, patience: int) -> Iterator[Line]:
    try:
        set_up = asyncio.run(_greet(settings, patience))
    except ChannelError as error:
        yield Line(
            "FAIL",
            "whatsapp",
            f"{_sentence(error)} Correct TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or let this "
            f"machine reach {settings.twilio_api_url or 'https://api.twilio.com'}.",
        )
        return
    if not set_up:
        yield Line("ok", "whatsapp", "not set up: there is no TWILIO_ACCOUNT_SID")
        return
    yield Line(
        "ok",
        "whatsapp",
        f"the number is {settings.twilio_whatsapp_from}; let it call "
        f"{settings.public_url}{whatsapp_updates.PATH}#rc=5&rp=all",
    )


async def _greet(settings: Settings, patience: int) -> bool:
    """Whether there is an account, which Twilio then knows."""
    record = database.Record(settings.database_url.reveal())
    whatsapp = service.whatsapp(settings, catalogue.load(), record, patience=patience)
    try:
        if whatsapp is not None:
            await whatsapp.greet()
    finally:
        if whatsapp is not None:
            await whatsapp.close()
        await record.close()
    return whatsapp is not None
