"""`izin doctor` on PostgreSQL: checks the server, and the state of the product in its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from bot import template_watch
from bot.settings import Settings
from cli.doctor.lenders import lender_lines
from cli.doctor.line import Line, sentence
from models import (
    calendar,
    chore,
    heartbeat,
    keys,
    lender,
    migrations,
    officer,
    portrait,
    template,
    watch,
)
from models.base import now
from models.infrastructure import database
from models.infrastructure.liveness import STALE
from models.infrastructure.wib import WIB
from models.officer import Officer
from models.reference import area
from models.working_hours import NEVER, OFFICE

CLOCKS_APART = timedelta(seconds=5)
OLDEST_POSTGRESQL = 15
A_DAY = timedelta(days=1)
LATE, TOO_LATE = timedelta(minutes=1), timedelta(minutes=10)  # of waiting: a warning, a failure
LONG_TRANSACTION = timedelta(minutes=10)
CROWDED = 0.8  # of the connections that PostgreSQL allows
STALE_TEMPLATES = timedelta(hours=3)  # their status is polled every hour
NAMED = 5  # names listed in one line


def database_lines(settings: Settings, patience: int) -> Iterator[Line]:
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
                yield _erasures(tx)
                yield _tickets(tx)
                yield from _templates(tx, needed=settings.twilio_account_sid is not None)
                yield from _staff(tx)
                yield from _calendar(tx)
                yield from lender_lines(lender.load(tx), now(tx).astimezone(WIB).date())
    except (SQLAlchemyError, ValueError) as error:
        why = sentence(getattr(error, "orig", None) or error)
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
    """Whether committed data survives a crash of the machine."""
    unsafe = [
        f"{name} = on"
        for name in ("fsync", "full_page_writes", "synchronous_commit")
        if connection.execute(text(f"SHOW {name}")).scalar_one() == "off"
    ]
    if unsafe:
        return Line(
            "FAIL",
            "durability",
            "a crash can lose messages that were answered, or the whole database. Set in "
            f"postgresql.conf: {', '.join(unsafe)}",
        )
    if connection.execute(text("SHOW autovacuum")).scalar_one() == "off":
        return Line(
            "warn",
            "durability",
            "dead rows are never removed, and everything gets slower. Set: autovacuum = on",
        )
    return Line("ok", "durability", "committed data survives a crash")


def _migrated(connection: Connection) -> Line:
    try:
        missing = migrations.missing(connection)
    except migrations.OutOfStep as error:
        return Line("FAIL", "migrations", sentence(error))
    if missing:
        return Line(
            "FAIL", "migrations", f"{len(missing)} have not been run. Run them: izin migrate"
        )
    return Line("ok", "migrations", "all have been run")


def _keys(tx: Session) -> Line:
    """Whether the keys of these settings can decrypt the database."""
    problem = keys.examine(tx)
    return Line("FAIL", "keys", problem) if problem else Line("ok", "keys", "they fit the database")


def _processes(tx: Session) -> Iterator[Line]:
    for process, command in (("worker", "izin worker"), ("dispatcher", "izin dispatch")):
        if heartbeat.alive(tx, process):
            yield Line("ok", process, "at work")
        else:
            stale = STALE.total_seconds()
            yield Line("FAIL", process, f"none was seen for {stale:.0f} s. Start one: {command}")


def _load(tx: Session) -> Iterator[Line]:
    server = watch.server(tx)
    used = f"{server.connections} of {server.most_connections} connections are in use"
    if server.connections < CROWDED * server.most_connections:
        yield Line("ok", "load", used)
    else:
        yield Line("warn", "load", f"{used}. Raise max_connections, or run fewer processes.")
    if server.transaction > LONG_TRANSACTION.total_seconds():
        yield Line(
            "warn",
            "load",
            f"a transaction has been open for {_age(server.transaction)}, and keeps VACUUM from "
            "removing dead rows. Find it by xact_start in pg_stat_activity, and end it.",
        )


def _backlog(tx: Session) -> Iterator[Line]:
    """Report late work, and the kind of process that does it."""
    bot, work = "izin serve (or izin poll)", "izin worker and izin dispatch"
    inbox, queued, files = watch.inbox(tx), watch.outbox(tx), watch.files(tx)
    late = [
        ("messages heard and not answered", inbox.rows, inbox.seconds, bot),
        *((f"people who wait for a {q.lane}", q.due, q.lag, bot) for q in queued),
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
                f"{what}: {rows}, the oldest for {_age(seconds)}. Check that {who} runs, or start "
                "another one.",
            )
    for queue in queued:
        if queue.oldest > TOO_LATE.total_seconds() and queue.lag <= LATE.total_seconds():
            found = True
            yield Line(
                "warn",
                "backlog",
                f"a {queue.lane} could not be sent for {_age(queue.oldest)}: its provider refuses "
                "or is down. See izin_sends_total in /metrics, and the lines sender.* in the logs.",
            )
    if not found:
        yield Line("ok", "backlog", "nobody waits")


def _failures(tx: Session) -> Iterator[Line]:
    """Report tasks and turns that were given up in the last day."""
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
            "shows all; izin aside retry turn ID processes one again.",
        )
    if not tasks and not turns:
        yield Line("ok", "failures", "nothing was given up since yesterday")


def _erasures(tx: Session) -> Line:
    """Report people whose data should be erased by now."""
    late = watch.erasures_overdue(tx)
    if not late:
        return Line("ok", "erasures", "none is overdue")
    return Line(
        "FAIL",
        "erasures",
        f"{late} people were promised that their data is erased within the hour, and it is not. "
        "Check that izin worker and izin dispatch run and reach the file store, and look for "
        "task_failed in the workers' logs. A visit that is under way must end first.",
    )


def _tickets(tx: Session) -> Line:
    """Report people who wait for a supervisor's answer."""
    found = watch.tickets(tx)
    if not found.rows:
        return Line("ok", "tickets", "nobody waits for a supervisor")
    wait = f"{found.rows} wait for a supervisor, the oldest for {_age(found.seconds)}"
    late = found.unanswered + found.unclosed
    if not late:
        return Line("ok", "tickets", f"{wait}; none is overdue")
    return Line(
        "warn",
        "tickets",
        f"{wait}; {late} are overdue, {found.unanswered} of them without a first answer. The heads "
        "were told. Ask the supervisors of their areas: izin officers list",
    )


def _templates(tx: Session, *, needed: bool) -> Iterator[Line]:
    """Report the templates that WhatsApp approved, and those that it refused or paused."""
    standings, refused = template.standings(tx), template.refused(tx)
    asked = chore.last(tx, template_watch.NAME)
    if needed and standings and (asked is None or asked > STALE_TEMPLATES):
        since = f"for {_age(asked.total_seconds())}" if asked is not None else "yet"
        yield Line(
            "warn",
            "templates",
            f"Twilio was not asked for their status {since}. Check that izin serve runs, and the "
            "lines templates.not_asked in its logs; or ask now: izin templates status",
        )
    if refused:
        named = ", ".join(f"{row.name} ({row.locale}) is {row.status}" for row in refused[:NAMED])
        more = f" and {len(refused) - NAMED} more" if len(refused) > NAMED else ""
        yield Line(
            "warn",
            "templates",
            f"{named}{more}. Its news does not reach people who were silent on WhatsApp for a day. "
            "Fix its text in bot/channels/whatsapp/templates.toml, then: izin templates push",
        )
    elif standings:
        waiting = sum(standings.values()) - standings.get(template.APPROVED, 0)
        more = f"; {waiting} wait for WhatsApp: izin templates status" if waiting else ""
        yield Line("ok", "templates", f"{standings.get(template.APPROVED, 0)} approved{more}")
    elif needed:
        yield Line(
            "warn",
            "templates",
            "none was made: news does not reach people who were silent on WhatsApp for a day. "
            "Create and submit them: izin templates push",
        )


def _age(seconds: float) -> str:
    """Format a duration: 45 s, 12 min, 5 h, 3 days."""
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _calendar(tx: Session) -> Iterator[Line]:
    """Check that joint leave is known: otherwise visits are offered on days without work."""
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
            "none has joined: if no supervisor is in chat, nobody is notified of a request. Invite "
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
            "all but one (izin officers end BADGE), and invite those again with their own badges",
        )
    if silent := officer.silent(tx):
        yield Line(
            "warn",
            "officers",
            f"{_badges(silent)} out of reach. Let each unblock the bot and write to it.",
        )
    if faceless := portrait.without(tx):
        yield Line(
            "warn",
            "portraits",
            f"{_badges(faceless)} without a portrait, so owners do not see who comes. Give one: "
            "izin officers photo BADGE FILE; or the officer writes 'foto saya' to the bot",
        )
    if resting := [one for one in everyone if one.role == "officer" and one.hours == NEVER]:
        yield Line(
            "warn",
            "officers",
            f"{_badges(resting)} without any hours for visits. To give some again: izin officers "
            f'hours BADGE --hours "{OFFICE}"',
        )
    yield _areas(officer.attended(tx))


def _badges(rows: Sequence[Officer]) -> str:
    more = f" and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
    verb = "is" if len(rows) == 1 else "are"
    return f"{', '.join(row.badge for row in rows[:NAMED])}{more} {verb}"


def _areas(attended: set[str]) -> Line:
    """Report kecamatan in which a kelurahan has no officer."""
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
