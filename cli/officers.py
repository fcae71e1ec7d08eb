"""`izin officers`: invites officers and supervisors, prints badges, changes and ends their work."""

from __future__ import annotations

import argparse
import re
import sys
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from bot.settings import Settings
from casework import badges, portraits, staff
from casework.act import Act, by_office
from casework.documents import day
from cli.base import ACTOR, Refusal
from cli.invitations import invitation
from conversations import reference
from conversations.facts import WIB
from conversations.parsers.identity import contains_identity_number
from models import officer, portrait
from models.base import now
from models.case import Case
from models.infrastructure.storage import Storage
from models.officer import Officer
from models.portrait import NotSuitable
from models.reference import area
from models.startup import read_settings, transaction
from models.visit import Visit
from models.working_hours import NEVER, OFFICE, Part, Week, hours, read
from workers.documents import badge as badge_card
from workers.documents import cash_book, consent
from workers.documents.typesetting import UNDRAWN, line

ROLES = ("officer", "supervisor", "head")
WHOLE_CITY = "31"  # Jakarta: where a head works


def add(parser: ArgumentParser) -> None:
    """Add the subcommands to the parser."""
    acts = parser.add_subparsers(required=True, metavar="ACT")
    invite = acts.add_parser("invite", help="Register an officer and print the invitation link")
    invite.set_defaults(act=_invite)
    invite.add_argument("--name", required=True)
    invite.add_argument("--badge", required=True)
    invite.add_argument("--areas", help="codes separated by commas: 31.74.05,…; not for a head")
    invite.add_argument("--role", choices=ROLES, default="officer")
    invite.add_argument("--capacity", type=int, default=3, help="visits in a part of a day")
    invite.add_argument("--hours", help=f'as "{OFFICE}; sat,sun evening"; {OFFICE} without it')
    listing = acts.add_parser("list", help="Show all officers, and who has not joined yet")
    listing.set_defaults(act=_list)
    end = acts.add_parser("end", help="End an officer's work: rights, invitation, open visits")
    end.set_defaults(act=_end)
    end.add_argument("badge")
    areas = acts.add_parser("areas", help="Change an officer's areas")
    areas.set_defaults(act=_move)
    areas.add_argument("badge")
    areas.add_argument("--areas", required=True, help="codes separated by commas: 31.74.05,…")
    work = acts.add_parser("hours", help="Change when an officer makes visits")
    work.set_defaults(act=_keep_hours)
    work.add_argument("badge")
    work.add_argument("--hours", required=True, help=f'as "{OFFICE}; sat,sun evening", or {NEVER}')
    photo = acts.add_parser("photo", help="Show this photo of an officer to owners")
    photo.set_defaults(act=_photograph)
    photo.add_argument("badge")
    photo.add_argument("file", type=Path, help="JPEG, PNG or WEBP")
    card = acts.add_parser("badge", help="Write the printable badge of an officer, with a QR code")
    card.set_defaults(act=_print)
    card.add_argument("badge")
    card.add_argument("--out", type=Path, help="the PDF; badge-BADGE.pdf without it")
    card.add_argument("--lost", action="store_true", help="the earlier card is not valid any more")
    sheet = acts.add_parser("sheet", help="Write the consent sheet that officers carry, for print")
    sheet.set_defaults(act=_sheet)
    sheet.add_argument("--out", type=Path, default=Path("persetujuan.pdf"), help="the PDF")
    book = acts.add_parser("cash-book", help="Write the cash book that owners fill in, for print")
    book.set_defaults(act=_cash_book)
    book.add_argument("--out", type=Path, default=Path("buku-kas.pdf"), help="the PDF")
    role = acts.add_parser("role", help="Give an officer or supervisor another role")
    role.set_defaults(act=_promote)
    role.add_argument("badge")
    role.add_argument("--role", choices=ROLES, required=True)


def _invite(given: argparse.Namespace) -> int:
    settings = read_settings(Settings)
    codes = _areas_for(given.role, given.areas)
    badge = _badge(given.badge)
    if not given.name.strip():
        raise Refusal("A name is missing. Example: --name 'Rahmat Hidayat'")
    week = _hours_for(given.role, given.hours)
    with transaction(settings) as tx:
        known = _known(tx, badge)
        moved = 0
        if known is not None and known.active:
            moved = _change(tx, known, role=given.role, areas=codes)
            moved += _work_at(tx, known, week) if week is not None else 0
        token = officer.invite(
            tx,
            role=given.role,
            name=given.name.strip(),
            badge=known.badge if known is not None else badge,
            areas=codes,
            capacity=given.capacity,
            week=week,
        )
    print(invitation(settings, f"join-{token}"))
    days = officer.INVITATION_LIFE.days
    print(f"Works once, for {days} days. Give it to {given.name} in person.", file=sys.stderr)
    _report_moved(moved)
    return 0


def _hours_for(role: str, hours: str | None) -> Week | None:
    """Return the hours that are given for an officer; None if there are none."""
    if hours is not None and role != "officer":
        raise Refusal(f"A {role} makes no visits: leave --hours out.")
    return read(hours) if hours is not None else None


def _work_at(tx: Session, row: Officer, week: Week) -> int:
    """Set the hours of an officer who works already; return how many offers go to others."""
    moved, kept = staff.keep_hours(_act(tx, row), row, week)
    _report_kept(row.name, [_visit_line(case, one) for case, one in kept])
    return moved


def _list(given: argparse.Namespace) -> int:
    with transaction(read_settings(Settings)) as tx:
        for row in officer.everyone(tx):
            state = "joined" if row.person_id is not None else "UNREACHABLE: has not joined"
            areas = ",".join(officer.areas_of(tx, row.id))
            week = row.hours if row.role == "officer" else "-"
            print(f"{row.badge}\t{row.role}\t{row.name}\t{areas}\t{state}\t{week}")
    return 0


def _end(given: argparse.Namespace) -> int:
    with transaction(read_settings(Settings)) as tx:
        row = _the_officer(tx, given.badge, ended_too=True)
        was_active = row.active
        moved = staff.end(_act(tx, row), row)
        alone = row.role != "officer" and not officer.supervisors_of(tx, None)
        badge, name = row.badge, row.name
    print(f"{badge} ({name}) {'has ended' if was_active else 'had ended already'}.")
    _report_moved(moved)
    if alone:
        print(
            "No supervisor is left: invite one (izin officers invite --role supervisor).",
            file=sys.stderr,
        )
    return 0


def _move(given: argparse.Namespace) -> int:
    codes = _areas(given.areas)
    with transaction(read_settings(Settings)) as tx:
        row = _the_officer(tx, given.badge)
        if row.role == "head":
            raise Refusal(
                f"{row.badge} ({row.name}) is a head and works in the whole city: no areas to "
                f"change. For a part of it: izin officers role {row.badge} --role supervisor, and "
                "then this again."
            )
        moved = staff.move(_act(tx, row), row, codes)
        print(f"{row.badge} ({row.name}) works in {','.join(officer.areas_of(tx, row.id))}.")
    _report_moved(moved)
    return 0


def _promote(given: argparse.Namespace) -> int:
    with transaction(read_settings(Settings)) as tx:
        row = _the_officer(tx, given.badge)
        if row.role == given.role:
            raise Refusal(f"{row.badge} ({row.name}) has the role {row.role} already.")
        moved = staff.promote(_act(tx, row), row, given.role)
        if given.role == "head":
            staff.move(_act(tx, row), row, [WHOLE_CITY])
        print(f"{row.badge} ({row.name}) has the role {row.role} now.")
    _report_moved(moved)
    return 0


def _keep_hours(given: argparse.Namespace) -> int:
    week = read(given.hours)
    with transaction(read_settings(Settings)) as tx:
        row = _the_officer(tx, given.badge)
        if row.role != "officer":
            raise Refusal(f"{row.badge} ({row.name}) has the role {row.role}: only officers visit.")
        moved, kept = staff.keep_hours(_act(tx, row), row, week)
        lines = [_visit_line(case, one) for case, one in kept]
        badge, name, kept_now = row.badge, row.name, row.hours
    print(f"{badge} ({name}) makes visits: {kept_now}.")
    if moved:
        print(f"Offers outside these hours that go to other officers: {moved}.")
    _report_kept(name, lines)
    return 0


def _report_kept(name: str, lines: list[str]) -> None:
    """Print the promised visits that are outside an officer's hours."""
    if lines:
        print(f"Promised outside these hours, and still to be made by {name}:", *lines, sep="\n  ")
        print(
            f"If {name} can't make them: {name} gives each back in chat, or a supervisor gives "
            "them to a colleague there. The owners are told."
        )


def _visit_line(case: Case, one: Visit) -> str:
    starts, ends = hours(one.on, Part(one.part))
    return f"{case.number}\t{one.on:%a %Y-%m-%d}\t{starts:%H.%M}-{ends:%H.%M} WIB\t{one.state}"


def _photograph(given: argparse.Namespace) -> int:
    settings = read_settings(Settings)
    try:
        content = portrait.made_of(given.file.read_bytes())
    except OSError as error:
        raise Refusal(f"{given.file} can't be read: {error.strerror}.") from error
    except NotSuitable as error:
        raise Refusal(_UNSUITABLE[error.reason].format(file=given.file)) from error
    storage = Storage(settings.storage_url)
    with transaction(settings) as tx:
        row = _the_officer(tx, given.badge)
        if row.role != "officer":
            raise Refusal(f"{row.badge} ({row.name}) has the role {row.role}: only officers visit.")
        path = portraits.put(_act(tx, row), row).path or ""
        storage.write(path, content)
        print(f"Owners see this photo of {row.badge} ({row.name}) now.")
    return 0


def _print(given: argparse.Namespace) -> int:
    settings = read_settings(Settings)
    storage = Storage(settings.storage_url)
    with transaction(settings) as tx:
        row = _the_officer(tx, given.badge)
        who = f"{row.badge} ({row.name})"
        face = portrait.shown_for(tx, row.id)
        _may_be_printed(row, face)
        act = _act(tx, row)
        path = badges.printed(act, row, lost=given.lost)
        try:
            content = storage.read(face or "")
        except OSError as error:
            raise Refusal(
                f"The portrait of {who} can't be read from the file store. Try again, or give the "
                f"photo anew: izin officers photo {row.badge} FILE"
            ) from error
        card = badge_card.BadgeCard(
            row.name, row.badge, content, f"{settings.public_url}{path}", day(act.at)
        )
        out = given.out or Path(f"badge-{re.sub('[^0-9A-Za-z-]', '-', row.badge)}.pdf")
        try:
            out.write_bytes(badge_card.render(card))
        except OSError as error:
            raise Refusal(f"{out} can't be written: {error.strerror}.") from error
        name = row.name
    print(out)
    if UNDRAWN in (line(name) or UNDRAWN):
        print(f"Letters that the card's type lacks are squares: {name}.", file=sys.stderr)
    if given.lost:
        print(f"Earlier cards of {who} are not valid any more.", file=sys.stderr)
    return 0


def _may_be_printed(row: Officer, face: str | None) -> None:
    """Refuse a badge to who visits nobody, or has no portrait.

    Raises:
        Refusal: with what to do.
    """
    who = f"{row.badge} ({row.name})"
    if row.role != "officer":
        raise Refusal(f"{who} has the role {row.role}: only officers visit.")
    if row.person_id is None:
        raise Refusal(
            f"{who} has not joined yet: the badge is printed once the invitation is used. "
            f"A new invitation: izin officers invite --badge {row.badge}"
        )
    if face is None:
        raise Refusal(
            f"{who} has no portrait yet. Give one: izin officers photo {row.badge} FILE; or the "
            "officer sends one with 'foto saya' in chat, and a supervisor agrees."
        )


def _sheet(given: argparse.Namespace) -> int:
    pdf = consent.render(read_settings(Settings).public_url, datetime.now(WIB).date())
    return _written(given.out, pdf)


def _cash_book(given: argparse.Namespace) -> int:
    pdf = cash_book.render(datetime.now(WIB).date(), read_settings(Settings).public_url)
    return _written(given.out, pdf)


def _written(out: Path, pdf: bytes) -> int:
    try:
        out.write_bytes(pdf)
    except OSError as error:
        raise Refusal(f"{out} can't be written: {error.strerror}.") from error
    print(out)
    return 0


_UNSUITABLE = {
    "no_picture": "{file} is no photo that can be opened. Give a JPEG, PNG or WEBP.",
    "too_large": "{file} has too many pixels. Give one as a phone takes it.",
    "too_small": "{file} is too small to recognise a face: at least "
    f"{portrait.LEAST} x {portrait.LEAST} pixels.",
}


def _change(tx: Session, row: Officer, *, role: officer.StaffRole, areas: list[str]) -> int:
    """Change an active officer who is invited again; return the number of reassigned visits."""
    moved = staff.promote(_act(tx, row), row, role) if row.role != role else 0
    if officer.areas_of(tx, row.id) != sorted(set(areas)):
        moved += staff.move(_act(tx, row), row, areas)
    return moved


def _act(tx: Session, row: Officer) -> Act:
    return by_office(tx, ACTOR, f"officer:{row.id}:{now(tx).isoformat()}")


def _report_moved(moved: int) -> None:
    if moved:
        print(f"Open visits offered to other officers: {moved}. Their owners are notified.")


def _areas_for(role: str, typed: str | None) -> list[str]:
    if role == "head":
        if typed not in (None, WHOLE_CITY):
            raise Refusal("A head supervises the whole city: leave --areas out.")
        return [WHOLE_CITY]
    if typed is None:
        raise Refusal("--areas is missing. Example: --areas 31.74.05,31.74.06")
    return _areas(typed)


def _areas(typed: str) -> list[str]:
    codes = [code.strip() for code in typed.split(",")]
    unknown = [code for code in codes if area.load().get(code) is None]
    if unknown:
        raise Refusal(
            f"No such area: {', '.join(unknown)}. A kota is 31.74, a kecamatan 31.74.05, "
            "a kelurahan 31.74.05.1001."
        )
    return codes


def _badge(typed: str) -> str:
    """Return the badge in the form that the chat accepts."""
    badge = reference.badge(typed)
    if badge is None or contains_identity_number(badge):
        raise Refusal(
            f"{typed!r} can't be read as a badge. It holds digits, and may have letters before or "
            "after them: 0417, JP-12, a NIP. A NIK is none."
        )
    return badge


def _known(tx: Session, badge: str) -> Officer | None:
    """Return the officer with this badge, however it was spelt when it was entered."""
    same = officer.with_badge(tx, badge)
    return next((one for one in same if reference.badge(one.badge) == badge), None)


def _the_officer(tx: Session, typed: str, *, ended_too: bool = False) -> Officer:
    """Return the officer with this badge.

    Raises:
        Refusal: the badge is unknown or ambiguous, or its officer has ended.
    """
    bearers = officer.with_badge(tx, reference.badge(typed) or typed)
    active = [one for one in bearers if one.active]
    exact = [one for one in active if one.badge == typed.strip()] or active
    if len(exact) > 1:
        spelt = ", ".join(one.badge for one in exact)
        raise Refusal(f"{typed} is read as the badge of several officers: type one of {spelt}.")
    if not bearers:
        raise Refusal(f"Nobody has the badge {typed}. izin officers list shows all.")
    if not exact and not ended_too:
        raise Refusal(
            f"{bearers[0].badge} ({bearers[0].name}) has ended. To bring them back: izin officers "
            f"invite --badge {bearers[0].badge}"
        )
    return (exact or list(bearers))[0]
