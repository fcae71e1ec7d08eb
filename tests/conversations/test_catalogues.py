"""The catalogues hold every line that is said, in both languages, kind and short, and no other."""

import ast
import functools
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from casework.mending import SOMEBODY_ELSE
from casework.referring import LICENSED, MANY, UNLIKELY
from conversations import arrival, directory, dossiers, flows, mending
from conversations.catalogue import LOCALES
from conversations.differing import Differs
from conversations.effects import Concern, Help
from conversations.engine import intents
from conversations.engine.rounds_moves import FAILS
from conversations.flows.my_requests import STAGE_PAGES
from conversations.flows.visit import FAILURES as REASONS_TO_FAIL
from conversations.flows.visit import REASONS as REASONS_TO_DECLINE
from conversations.phrases import Intent
from conversations.script import plain
from conversations.several import Several
from conversations.steps import Ask, Choose, Review, Upload
from models.dossier import By
from models.flag import FlagKind
from models.lifecycle import OPEN_VISITS, CaseState, VisitState
from models.link import Taken
from models.portrait import Unsuitable
from models.unreached import CallReason
from workers.verification import CHECKS
from workers.verification.run import NOT_CHECKED, PHOTO_NOT_FETCHED, SECOND_LOOK

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "casework", "cli", "conversations", "demo", "models", "web", "workers")
FLOWS = flows.load()
ENTRIES = FLOWS.catalogue.entries
FILES = {key.partition(".")[0] for key in ENTRIES} | {
    path.stem for path in (ROOT / "conversations" / "catalogues").glob("*.toml")
}

MAX_MESSAGE = 700  # characters: what an old phone shows without scrolling much
MAX_BUTTON = 20  # WhatsApp quick replies: up to three choices
MAX_ITEM = 24  # WhatsApp list items

PARTS = ("morning", "midday", "afternoon", "evening")
FAILURES = (*REASONS_TO_FAIL, "wrong_code")
CONCERNS = {*Concern} - {Concern.DANGER}
ASKED = CONCERNS - {Concern.SAFE}
REASONS = sorted({reason for check in CHECKS.values() for reason in check.reasons})
FOUND_BY_HAND = ("returned", "visits_failed", "objection_upheld", SOMEBODY_ELSE.reason)
FOR_SUPERVISORS = [
    *(f.reason for f in (NOT_CHECKED, PHOTO_NOT_FETCHED, SECOND_LOOK)),
    *(MANY, UNLIKELY, LICENSED, "visit_unsafe"),
]
#: Reasons whose rule a supervisor is told.
RULES = [
    *FOR_SUPERVISORS,
    "above_micro",
    "figures_disagree",
    "kind_needs_verification",
    "kind_not_chosen",
    "kind_not_for_micro",
    "many_workers",
    "nik_date_differs",
    "photo_seen_elsewhere",
    "pin_at_the_border",
    "pin_beside_kelurahan",
    "same_business_asked",
    "under_age",
    "visits_failed",
    "objection_upheld",
]
#: Asked about in the middle of anything; other intents are commands or answers.
TERMS = ("nib", "iumk", "npwp", "nik", "capital", "turnover", "kelurahan")
AUTHORITIES = ("dukcapil", "ktp", "city", "police", "food", "social", "other")
ANSWERED = [
    *sorted(
        meant.lower()
        for meant in intents.DIGRESSIONS
        - {Intent.COMPLAINT, Intent.RESEND_PERMIT, Intent.OTHER_AUTHORITY, Intent.TERM}
        - {Intent.COME_TO_ME, Intent.BY_MYSELF, Intent.REFERRAL, Intent.CREDIT}  # a form is opened
    ),
    "credit.loan",
    *(f"other_authority.{authority}" for authority in AUTHORITIES),
    *(f"term.{term}" for term in TERMS),
    "keep_code.paper",
    "keep_code.phone",
    "keep_code.purpose",
    "no_quota.unanswered",
    "resend_permit.unopened",
    "requirements.host",
    "cancel.afraid",
    "cost.refund",
    "doubt.door",
    "doubt.unproved",
    "fear.evicted",
    "fear.night",
    "fear.land",
    "officer_looks.alone",
    "officer_looks.refuse",
    "privacy.public",
    "question.undo",
    "requirements.signature",
    "officer_looks.woman",
    "officer_looks.inside",
    "emergency.violence",
    "fear.unlicensed",
    "privacy.number",
]

#: Keys that are put together from parts -> the values of the part. A new kind of key is added here.
PUT_TOGETHER: dict[str, tuple[str, ...] | list[str]] = {
    "notices.says_arrived.{}": [*arrival.REASONS, arrival.OWN_WORDS],
    "notices.portrait_unsuitable.{}": sorted(get_args(Unsuitable)),
    "call.reason.{}": sorted(CallReason),
    "notices.stuck_{}": ("windows", "offer", "document"),
    "call.short.{}": sorted(CallReason),
    "flag.cause.{}": [*FlagKind, "quick_one"],
    "flag.label.{}": sorted(FlagKind),
    "flag.short.{}": sorted(FlagKind),
    "referral.open.{}": ("morning", "midday", "evening"),
    "common.area.{}": ("kelurahan", "kecamatan", "kota"),
    "common.waiting.{}": ("wait", "hurry"),
    "common.erase.{}": ("open", "visited", "staff", "visit"),
    "complaint.officer.{}": ("last", "unknown", "none"),
    "assisted.way.{}": ("chat", "code", "signature", "paper", "edit", "drop"),
    "assisted.confirm.{}": ("officer", "person"),
    "mending.how.{}": ("asked", "signs"),
    "hand_over.mending.{}": mending.OPEN,
    "my_ticket.show.{}": ("add", "drop", "enough"),
    "my_ticket.state.{}": ("open", "answered", "closed"),
    "supervising.complaint_state.{}": ("open", "answered", "closed"),
    "ticket.about.{}": sorted(
        {"complaint", "objection", "supervisor_misconduct", "supervisor_talk"}
        | {"no_officer", "wrong_code", "stuck_windows", "stuck_offer", "stuck_document"}
        | {*dossiers.RECORDED, dossiers.WITHDRAWN}
        | {"erase_data"}  # of an earlier version, which asked supervisors
        | ({str(one) for one in Help} - {Help.PHONE})
        | ({str(one) for one in Concern} - {Concern.SAFE, Concern.WORKS})
    ),
    "ticket.verdict.{}": ("upheld", "dismissed"),
    "ticket.sure.{}": ("upheld", "renewed", "dismissed"),
    "ticket.objection.{}": ("upheld", "renewed", "dismissed"),
    "notices.objection_{}": ("upheld", "renewed", "dismissed"),
    "refusals.evidence.{}": ("file_gone", "file_kind", "file_too_large"),
    "ticket.act.{}": ("take", "answer", "close", "later"),
    "ticket.done.{}": ("answer", "close"),
    "ticket.outcome.{}": ("founded", "unfounded", "undecided"),
    "common.{}": ("resume", "cancel", "complaint", "call", "gathered", "erase", "erase_sure"),
    "notices.caller.matter.{}": (
        "renew",
        "change",
        "close",
        "cooperative",
        "credit",
        "not_handed",
        "seized",
    ),
    "common.{}.yes": ("credit", "referral"),
    "common.{}.no": ("credit", "referral"),
    "common.authority.{}": [one for some in directory.AUTHORITIES.values() for one in some],
    "common.help.{}": ("owner", "officer", "supervisor"),
    "common.intent.{}": [*ANSWERED, "greeting"],
    "common.office.{}": ("page", "landline", "email", "address", "hours"),
    "common.month.{}": [str(month) for month in range(1, 13)],
    "common.part.{}": PARTS,
    "business_permit.preferred_part.{}": PARTS,
    "common.send_{}": ("location", "contact"),
    "common.unreadable.{}": ("voice", "audio", "video", "video_note", "sticker", "contact"),
    "common.visit_state.{}": sorted(OPEN_VISITS),
    "common.weekday.{}": [str(day) for day in range(1, 8)],
    "{}.{}.sheet": [],  # `Service.words` names these
    "{}.hint.{}": [],
    "{}.paper.{}": [],
    "lender_answer.by.{}": [str(one) for one in By],
    "lender_answer.outcome.{}": dossiers.OUTCOMES,
    "lender_answer.open.{}": dossiers.OPEN,
    "lender_answer.refused.{}": dossiers.REFUSED_FOR,
    "lender_answer.complaint.{}": ("ojk", "kemenkop"),
    "instalment.noted.{}": ("yes", "not_yet", "stop"),
    "notices.reminder.{}": [
        "contract",
        "record",
        *(f"{when}_{number}" for when in ("before", "after") for number in (1, 2, 3)),
    ],
    "my_requests.{}": sorted(STAGE_PAGES.values()),
    "my_requests.of.{}": sorted(STAGE_PAGES.values()),
    "credit_relaxation.lender_kind.{}": [],
    "credit_relaxation.reason.{}": [],
    "credit_relaxation.confided.{}": ("instalment", "can_pay"),
    "held.done.{}": ("go", "all", "no"),
    "{}.invitation": ("referral",),
    "{}.invitation_own": ("referral",),
    "{}.invited": ("referral",),
    "referral.advice.open.{}": ("morning", "midday", "evening", "unknown"),
    "referral.any_time.{}": ("who", "reward", "cleared", "own"),
    "referral.advice.knows.{}": ("agreed", "unaware", "unsure"),
    "findings.{}": [*REASONS, *FOUND_BY_HAND],
    "findings.{}.short": [*REASONS, *FOUND_BY_HAND, *FOR_SUPERVISORS],
    "my_requests.state.{}": [str(state) for state in CaseState],
    "my_requests.visit.{}": sorted(OPEN_VISITS),
    "notices.link_{}": get_args(Taken),
    "notices.link_refused_{}": ("staff", "open", "identity"),
    "notices.own_data.{}": [
        "evidence",
        "signature",
        "chat",
        "documents",
        "identity",
        "photos",
        "reach",
        "requests",
        "tickets",
        "visits",
    ],
    "notices.officer_concern.{}": sorted(CONCERNS),
    "rounds_desk.concern.{}": sorted(ASKED),
    "rounds_desk.fail.{}": sorted(FAILS),
    "rounds_desk.{}.yes": ("fail", "give_back"),
    "rounds_desk.give_back.{}": ("offered", "accepted"),
    "rounds_desk.danger.{}": ("yes", "no"),
    "rounds_desk.unlike.{}": ("face", "address"),
    "rounds_desk.{}.reads": ("complaint", "complaint_above"),
    "rounds_desk.mistake.{}": ("accepted", "on_the_way", "arrived", "proved"),
    "rounds_desk.hindered.{}": ("breakdown", "weather"),
    "notices.supervisor_{}": ("away", "misconduct", "talk"),
    "notices.visit_failed.{}": FAILURES,
    "officer_desk.state.{}": sorted(OPEN_VISITS),
    "business_permit.premises.{}": ("fixed", "mobile", "home", "roadside"),
    "rating.thanks.{}": ("1", "2", "3", "4", "5"),
    "review.about.{}": ("approve", "return", "reject"),
    "review.done.{}": ("approve", "return", "reject"),
    "review.letter.change.{}": ("return", "reject"),
    "review.reason.example.{}": ("return", "reject"),
    "{}.refused.{}.label": [],  # `Service.words` names the lines of a reason to reject
    "{}.next": [],  # and this one
    "supervising.because.{}": RULES,
    "supervising.decided.{}": ("approve", "return", "reject"),
    "supervising.case_state.{}": [str(state) for state in CaseState],
    "supervising.revoke_why.{}": ("wrong", "closed", "moved"),
    "supervising.state.{}": [str(state) for state in VisitState],
    "supervising.visits.{}": [str(state) for state in VisitState],
    "supervising.which_case.{}": ("approve", "return", "reject"),
    "telegram.commands.{}": ("menu", "status", "help", "language"),
    "whatsapp.send_{}": ("location", "contact"),
    "visit_window.window.{}": ("keep", "later"),
    "visit.declined.{}": (*REASONS_TO_DECLINE, "silent"),
    "{}.title": list(FLOWS.services),
    "{}.poster": [one.id for one in FLOWS.services.values() if one.poster],
    "{}.name": list(FLOWS.services),
    "{}.submitted": list(FLOWS.services),
    # Lines that `Flow.words` names: those of a step, and of the steps that `visit` makes itself.
    "{}.{}.label": [],
    "visit.{}": [],
    "visit.{}.here": [],
    "visit.{}.{}": [],
    "{}.{}.printed": [],  # `Service.words` names it
    "{}.{}.sending": [],  # and it
    "notices.{}": [],  # the template of a general notice
    "notices.document_{}": (),  # and it: the answers to a check that names nobody
    "pages.document.state.{}": ("valid", "expired", "revoked"),
    "pages.document.state.{}.text": ("valid", "expired", "revoked"),
    "refusals.{}": [],  # below: every reason that is raised
    "{}.{}": [],  # the pages' own test knows them
}

#: Buttons that no step declares: of the engine, and of pages made from the facts.
ENGINES_BUTTONS = (
    "common.done",
    "common.none_of_these",
    "common.other_kelurahan",
    "common.leave_it",
    "common.talk_to_us",
    "common.to_menu",
    "common.resume.continue",
    "common.resume.restart",
    "common.cancel.drop",
    "common.cancel.keep",
    "my_requests.choose",
    "my_requests.move",
    "business_permit.iumk.send",
    "supervisor_desk.refresh",
    "supervising.away.yes",
    "supervising.end.yes",
    "supervising.hand_on.yes",
    "supervising.revoke.yes",
    "supervising.revoke_why.closed",
    "supervising.revoke_why.moved",
    "supervising.revoke_why.wrong",
    "visit.arrive.here",
    "visit.arrive.failed",
    "visit.code.failed",
    "hand_over.photo.failed",
    "hand_over.photo.none",
    "common.desk.no",
    "rounds_desk.concern.yes",
    "rounds_desk.fail.yes",
    "rounds_desk.give_back.yes",
    "rounds_desk.hindered.decline",
    "rounds_desk.hindered.fail",
    "rounds_desk.hindered.late",
    "rounds_desk.keep",
    "rounds_desk.late.yes",
    "rounds_desk.other_reason",
    "rounds_desk.today",
    "rounds_desk.tomorrow",
)

#: Functions that are given names like keys, and say nothing: the audit and the logs.
UNSAID = {"note", "info", "warning", "error", "exception"}

#: Beginnings of keys for which a service may have words of its own.
OVERRIDDEN = ("notices.", "my_requests.state.", "pages.document.", "common.")

#: Used by rooms that put keys together in a way of their own.
USED_ELSEWHERE = ("pages.",)


def test_every_line_that_is_said_stands_in_both_languages() -> None:
    wanted = {key for _, key in _keys()} | {f"refusals.{reason}" for reason in _refusals()}
    for flow in FLOWS.by_id.values():
        wanted |= set(flow.words())
    for service in FLOWS.services.values():
        wanted |= set(service.words())
    assert not (problems := FLOWS.catalogue.problems(wanted)), "\n".join(problems)


def test_every_key_that_is_put_together_is_known_here() -> None:
    unknown = {f"{place}: {key}" for place, key in _patterns() if key not in PUT_TOGETHER}
    assert not unknown, (
        f"{sorted(unknown)}: add them to PUT_TOGETHER, with the values of their parts"
    )


def test_no_line_is_unused() -> None:
    used = {key for _, key in _keys()} | {f"refusals.{reason}" for reason in _refusals()}
    for flow in FLOWS.by_id.values():
        used |= set(flow.words())
        for step in flow.steps:
            key = f"{flow.worded.get(step.id, flow.id)}.{step.id}"
            options = step.options if isinstance(step, Choose) else ()
            options = options if isinstance(options, tuple) else ()
            used |= {f"{key}.said", f"{key}.why", *(f"{key}.{value}.said" for value in options)}
    used |= {key for step in plain("-").steps for key in step.words("visit")}
    for service in FLOWS.services.values():
        used |= {*service.words(), f"{service.id}.waiting_for_page"}
        # What a service says in its own words, in the place of the general ones.
        used |= {f"{service.id}.{key}" for key in ENTRIES if key.startswith(OVERRIDDEN)}
    used |= {f"{mending.MENDING}.{key}" for key in ENTRIES if key.startswith("common.")}
    used |= {f"{key}.again" for key in used}  # the other wording of a sentence that is said twice
    unused = {key for key in ENTRIES if key not in used and not key.startswith(USED_ELSEWHERE)}
    assert not unused, f"nothing says these: {sorted(unused)}"


def test_every_placeholder_is_filled_where_the_line_is_said() -> None:
    empty = {
        f"{place}: {key} needs {sorted(missing)}"
        for place, key, given in _given()
        if key in ENTRIES and (missing := _placeholders(ENTRIES[key]["id"]) - given)
    }
    assert not empty, "\n".join(sorted(empty))


def test_options_that_follow_from_the_answers_are_worded() -> None:
    for flow in FLOWS.by_id.values():
        for step in flow.steps:
            for value in step.ends:
                worded = flow.worded.get(step.id, flow.id)
                assert f"{worded}.{step.id}.{value}.end" in ENTRIES


@pytest.mark.parametrize("locale", LOCALES)
def test_buttons_fit_whatsapp(locale: str) -> None:
    long = {
        key: line
        for key, most in _labels()
        if "{" not in (line := ENTRIES[key][locale]) and len(line) > most
    }
    assert long == {}


@pytest.mark.parametrize("locale", LOCALES)
def test_buttons_with_a_number_fit_whatsapp(locale: str) -> None:
    for key in ("my_requests.fix", "my_requests.withdraw", "supervisor_desk.review"):
        assert len(ENTRIES[key][locale].format(number="26-004512")) <= MAX_BUTTON
    for month in range(1, 13):
        for part in PARTS:
            short = ENTRIES["common.short_day"][locale].format(
                weekday=ENTRIES["common.weekday.3"][locale],
                day=25,
                month=ENTRIES[f"common.month.{month}"][locale],
            )
            label = ENTRIES["common.window_short"][locale].format(
                day=short, part=ENTRIES[f"common.part.{part}"][locale], starts="08.00"
            )
            assert len(label) <= MAX_ITEM


@pytest.mark.parametrize("locale", LOCALES)
def test_no_message_is_long(locale: str) -> None:
    long = {
        key: len(line[locale]) for key, line in ENTRIES.items() if len(line[locale]) > MAX_MESSAGE
    }
    assert long == {}


def test_the_tone_is_kind_and_clean() -> None:
    wrong = re.compile(
        r"\b(?:kamu|anda tidak|invalid|tidak valid|input|error|gagal memproses)\b|  | \n|!!", re.I
    )
    ours = {k: v for k, v in ENTRIES.items() if not k.startswith("pages.")}
    found = {key for key, line in ours.items() if any(map(wrong.search, line.values()))}
    assert found == set()


def test_owners_are_bapak_and_ibu_and_only_staff_is_anda() -> None:
    staff = (
        "officer_desk.",
        "assisted.",
        "mending.",
        "new_business.",
        "visit.",
        "hand_over.",
        "supervisor_desk.",
        "review.",
        "held.",
        "assignment.",
        "pages.",
    )
    spoken_to_staff = ("notices.review_needed", "notices.identity_link_officer", "refusals.")
    found = {
        key
        for key, line in ENTRIES.items()
        if re.search(r"\banda\b", line["id"], re.I) and not key.startswith(staff + spoken_to_staff)
    }
    assert found == set()


def test_every_question_of_a_form_gives_an_example_or_choices() -> None:
    for flow in (service.form for service in FLOWS.services.values()):
        for step in flow.steps:
            if isinstance(step, Choose | Differs | Review | Several | Upload):
                continue
            question = ENTRIES[f"{flow.id}.{step.id}"]
            assert "Contoh" in question["id"] and "example" in question["en"], step.id


def test_what_matters_is_said_early() -> None:
    hello = ENTRIES["welcome.hello"]["id"] + ENTRIES["business_permit.consent"]["id"]
    for said in ("Gratis", "tidak pernah menerima uang", "bukan penertiban", "lapor pungli"):
        assert said in hello


def test_every_state_is_worded() -> None:
    for state in CaseState:
        assert f"my_requests.state.{state}" in ENTRIES
    for visit_state in VisitState:
        if visit_state in OPEN_VISITS:
            assert f"my_requests.visit.{visit_state}" in ENTRIES


def _labels() -> Iterator[tuple[str, int]]:
    """Keys that are buttons, with the most characters they may have."""
    for flow in FLOWS.by_id.values():
        for step in flow.steps:
            key = f"{flow.worded.get(step.id, flow.id)}.{step.id}"
            match step:
                case Ask(options=options) | Choose(options=tuple() as options):
                    most = MAX_BUTTON if len(options) <= 3 else MAX_ITEM
                    for option in options:
                        yield f"{key}.{option}", most
                case Review():
                    yield f"{key}.send", MAX_BUTTON
                    yield f"{key}.change", MAX_BUTTON
                case _:
                    pass
            if step.counted:
                yield f"{key}.label", MAX_ITEM
    for service in FLOWS.services:
        yield f"{service}.title", MAX_ITEM
    for key in ENGINES_BUTTONS:
        yield key, MAX_BUTTON
    for key in ("welcome.menu.status", "welcome.menu.help", "welcome.menu.language"):
        yield key, MAX_ITEM
    yield "visit_window.window.later", MAX_ITEM
    yield "officer_desk.menu.help", MAX_ITEM


# What the code says: every key in it, found in its syntax trees


def _keys() -> Iterator[tuple[str, str]]:
    """Keys that stand in the code, and those that are put together there, with their places."""
    for place, call, text in _strings():
        if "{}" not in text and call not in UNSAID:
            yield place, text
    for place, pattern in _patterns():
        for value in PUT_TOGETHER.get(pattern, ()):
            yield place, pattern.format(value)


def _patterns() -> Iterator[tuple[str, str]]:
    for place, call, text in _strings():
        if "{}" in text and call not in UNSAID:
            yield place, text


@functools.cache
def _strings() -> tuple[tuple[str, str, str], ...]:
    """Strings that look like keys: (file and line, the function they are given to, the key)."""
    return tuple(
        found
        for name, tree in _trees().items()
        if "migrations" not in name.parts
        for found in _walk(tree, f"{name}", name.stem if name.parent.name == "flows" else None, "")
    )


@functools.cache
def _trees() -> dict[Path, ast.Module]:
    """Every module of the product, by its path from the root."""
    return {
        path.relative_to(ROOT): ast.parse(path.read_text(encoding="utf-8"))
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
    }


def _calls() -> Iterator[tuple[Path, ast.Call]]:
    for name, tree in _trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield name, node


def _walk(node: ast.AST, place: str, flow: str | None, call: str) -> Iterator[tuple[str, str, str]]:
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = node.func.id if isinstance(node.func, ast.Name) else name
        if name == "key" and flow:
            parts = [_text(argument) for argument in node.args]
            yield (
                f"{place}:{node.lineno}",
                name,
                ".".join([flow, *(part or "{}" for part in parts)]),
            )
            return
        call = name
    text = _text(node)
    if text is not None and re.fullmatch(
        r"(?:[a-z_]+|\{\})(?:\.(?:[a-z_0-9]+|[a-z_]*\{\}))+", text
    ):
        first = text.partition(".")[0]
        if first in FILES or (first == "{}" and call in {"Say", "reply"}):
            yield f"{place}:{getattr(node, 'lineno', 0)}", call, text
    if isinstance(node, ast.JoinedStr):
        return
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, place, flow, call)


def _text(node: ast.AST) -> str | None:
    """A string as it stands, or an f-string with "{}" for its holes."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
        )
    return None


def _given() -> Iterator[tuple[str, str, set[str]]]:
    """Sentences with the names of their values, where both stand in the code as they are."""
    for name, node in _calls():
        place = f"{name}:{node.lineno}"
        match node:
            case ast.Call(func=ast.Name(id="Say"), args=[ast.Constant(value=str(key))]):
                yield place, key, set()
            case ast.Call(
                func=ast.Name(id="Say" | "Refused" | "Wrong" as given),
                args=[ast.Constant(value=str(key)), ast.Dict(keys=keys)],
            ) if all(isinstance(k, ast.Constant) for k in keys):
                names = {str(k.value) for k in keys if isinstance(k, ast.Constant)}
                yield place, key if given == "Say" else f"refusals.{key}", names
            case ast.Call(func=ast.Name(id="Refused"), args=[ast.Constant(value=str(key))]):
                yield place, f"refusals.{key}", set()
            case ast.Call(
                func=ast.Attribute(attr="reply" | "notify"), args=args, keywords=named
            ) if all(word.arg for word in named):
                for argument in args:
                    if isinstance(argument, ast.Constant):
                        names = {str(word.arg) for word in named}
                        yield place, str(argument.value), names


def _placeholders(line: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(line) if name}


def _refusals() -> set[str]:
    """Every reason with which something is refused, in all rooms."""
    found: set[str] = set()
    for _, node in _calls():
        match node:
            case ast.Call(func=ast.Name(id="Refused" | "Wrong" | "FileRefused")):
                reasons = map(_text, node.args[:1])
                found |= {r for r in reasons if r and re.fullmatch(r"[a-z_]+", r)}
    return found
