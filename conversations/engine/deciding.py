"""Deciding: a supervisor's words about the cases that wait for a decision."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import structs

from conversations import lexicon, reference
from conversations.engine import drafts
from conversations.engine.builder import TurnBuilder
from conversations.engine.confirming import ask, choice, no
from conversations.facts import CaseFact
from conversations.lexicon import lists
from conversations.messages import Json, Lines, Say, Value
from conversations.parsers import Refused, hesitation, verdicts
from conversations.parsers.choice import exact
from conversations.parsers.note import reason as read_reason
from conversations.session import Draft
from conversations.supervision import ShowCase
from conversations.words import MARK, plain, standard, standardised, tidy

SHOWN = 9  # cases to choose from; with "no", as many as a list holds
MAX_LABEL = 24  # characters of an item on a list
MAX_REASON = 300  # characters, as in the flow `review`
SHORTEST = 3  # digits of a case's number, said alone
LEAST_REASON = 2  # words; one alone names only what is meant
_NUMBER = re.compile(r"(?<![\w-])\d{2}\s?[-./ ]\s?\d{1,6}(?![\w-])")
_BECAUSE = re.compile(
    r"\b(?:karena|karna|krn|krna|soalnya|sebab|sebabnya|lantaran|gara-gara|gara gara"
    r"|alasan(?: ?nya)?|because|reason)\b(?:\s+(?:ganti|diganti|jadi|baru|adalah|is|yang)\b)*"
    r"[\s:,]*(.+)$",
    re.I,
)
_WORD = re.compile(r"\S+")
#: Words that call off what was said or shown before: "eh salah, tolak".
_SLIP = re.compile(
    r"^\W*(?:(?:eh|oh|ups|sori|sorry|maaf)\W+)*(?:salah|bukan|keliru|wrong)\s*[,.;]\s*", re.I
)
#: An assent before a reservation: "setuju sih, tapi fotonya buram".
_BUT = re.compile(
    r"^(?:setuju|acc|oke|ok|ya|iya|boleh|approve|fine|bagus)\b[^.]*?\b(?:tapi|tp|but|cuma)\s+", re.I
)
#: An order at the end, which the owner does not read: "its too dark ask again".
_ENDS = re.compile(
    r"[\s,.;]+(?:(?:tolong|please|jadi|so) )?(?:ask again|send (?:it )?back|balikin"
    r"|kembalikan|kembaliin"
    r"|minta lagi|minta ulang)(?: (?:aja|saja|ya|dulu|please))?\W*$",
    re.I,
)
_SHORT = re.compile(
    r"(?:(?P<word>kasus|permohonan|case|berkas|pengajuan) )?(?:(?:nomor|no"
    r"|nomer)\.? )?(?P<digits>\d{2,6})"
)


def number_in(text: str) -> str | None:
    """Return the case's number within a sentence: "26-004512"."""
    found = _NUMBER.search(text)
    return reference.case_number(found[0]) if found else None


def reason_after_because(text: str) -> str:
    """Return the words after "karena" or the like; "" if there are none."""
    found = _BECAUSE.search(tidy(text))
    return found[1].strip()[:MAX_REASON] if found else ""


def with_case(
    turn: TurnBuilder,
    text: str,
    matter: str,
    then: Callable[[TurnBuilder, str, Json], None],
    argument: Json = None,
) -> None:
    """Go on with the case that is meant: named, open, or the only one; else ask which one."""
    waiting = turn.facts.desk.cases
    number = number_in(text)
    if number is not None:
        named = next((case for case in waiting if case.number == number), None)
        if named is not None:
            then(turn, str(named.id), argument)
        else:
            turn.effects.append(ShowCase(number))
            turn.says.append(Say("supervising.case_not_waiting", {"number": number}))
        return
    draft = turn.session.draft
    if draft is not None and draft.flow == "review" and turn.facts.desk.case(draft.subject):
        then(turn, draft.subject, argument)
    elif not waiting:
        drafts.digress(turn, Say("supervising.no_case"))
    elif len(waiting) == 1:
        then(turn, str(waiting[0].id), argument)
    else:
        choices = (
            choice(
                f"case-{case.id}",
                cut(f"{case.number} {case.holder}"),
                matter,
                str(case.id),
                argument,
            )
            for case in waiting[:SHOWN]
        )
        decision = argument.get("decision") if isinstance(argument, dict) else None
        key = f"supervising.which_case.{decision}" if decision else "supervising.which_case"
        ask(turn, Say(key), *choices, no())


def cut(whole: str) -> str:
    """Return words cut to the length of an item on a list."""
    return whole if len(whole) <= MAX_LABEL else whole[: MAX_LABEL - 1].rstrip() + "…"


# -- decisions -------------------------------------------------------------------------------------


def approve(turn: TurnBuilder, text: str) -> None:
    """Ask whether the case is to be approved."""
    with_case(turn, text, "decide", decide, {"decision": "approve"})


def reject(turn: TurnBuilder, text: str) -> None:
    """Ask whether the case is to be rejected, with the reason in the words or asked for."""
    said = tidy(text) if verdicts.denies_approval(text) else verdicts.positive(tidy(text))
    reason = reason_after_because(said) or _rest(_without_owner(turn, said), "reject")
    with_case(turn, text, "decide", decide, {"decision": "reject", "reason": reason})


def send_back(turn: TurnBuilder, text: str) -> None:
    """Ask whether an item is to be given again, with the sentence in the words or asked for."""
    said = _BUT.sub("", _ENDS.sub("", tidy(text)))
    reason = _rest(_without_owner(turn, said), "return")
    given = {"decision": "return", "reason": reason, "words": tidy(text)}
    with_case(turn, text, "decide", decide, given)


def decide(turn: TurnBuilder, subject: str, argument: Json) -> None:
    """Open the review of a case with the answers that were given; the flow confirms them."""
    case = turn.facts.desk.case(subject)
    if case is None or not turn.flows.by_id["review"].open_to(subject, turn.facts):
        drafts.digress(turn, Say("common.gone"))
        return
    given: dict[str, Json] = {"decision": argument["decision"]}
    named = items_of(case, argument.get("words", ""))
    if named:
        given["item"] = named
    if reason := noted(turn, argument.get("reason", "")):
        given["reason"] = reason
        if why := _why(case, str(reason)):
            given["why"] = why
    drafts.switch_to(turn, Draft("review", subject, given))
    ask_anew(turn)


def _why(case: CaseFact, words: str) -> str | None:
    """Return the reason to reject that the words name, if it is only one."""
    listed = lexicon.options("review", "why")
    ranked = listed.rank(words) if listed is not None else []
    named = [one.name for one in ranked if one.weight >= 1 and one.name in case.refusals]
    return named[0] if len(named) == 1 else None


def repeats(turn: TurnBuilder, text: str, matter: str | None) -> bool:
    """Whether words at the question for a reason only repeat the decision: "ditolak aja"."""
    again = matter == turn.open_draft().answers.get("decision")
    return again and number_in(text) is None and not hesitation.gives_reason(text)


def ask_for_reason(turn: TurnBuilder, text: str) -> None:
    """Say that the words give no reason, and ask for it once more."""
    drafts.digress(turn, Say("refusals.no_reason"))


def explains(turn: TurnBuilder, text: str, matter: str | None) -> bool:
    """Whether words at the list of reasons to reject are a sentence for the owner."""
    if matter not in (None, "reject") or number_in(text) or exact(text, turn.labels()) is not None:
        return False
    return len(text.split()) > LEAST_REASON and hesitation.tells(text)


def explain(turn: TurnBuilder, text: str) -> None:
    """Take words as the owner's explanation, and the reason on the list that they name."""
    draft = turn.open_draft()
    case = turn.facts.desk.the_case(draft.subject)
    said = reason_after_because(text) or _rest(text, "reject") or text
    if reason := noted(turn, said):
        draft = draft.answered("reason", reason)
    if why := _why(case, text):
        draft = draft.answered("why", why)
    turn.session = structs.replace(turn.session, draft=draft)
    drafts.go_on(turn)


def ask_anew(turn: TurnBuilder) -> None:
    """Ask the next question of the review; a button below an earlier letter is out of date."""
    turn.session = structs.replace(turn.session, asked=None)
    drafts.go_on(turn)


def items_of(case: CaseFact, words: str) -> list[str]:
    """Return the answers that the words name, if they can be sent back; as they are asked for."""
    listed = lexicon.answers(case.service)
    ranked = listed.rank(words) if listed is not None else []
    may = [one.name for one in ranked if one.name in case.returnable and one.name in case.answers]
    spoilt = lists.any_of("deciding", "spoilt").search(standardised(words)) is not None
    if not may and spoilt and "place_photo" in {*case.returnable} & {*case.answers}:
        return ["place_photo"]
    return may


def noted(turn: TurnBuilder, words: str) -> Json:
    try:
        return read_reason(at_most=MAX_REASON)(words, turn.facts)
    except Refused:
        return None


def _rest(text: str, matter: str) -> str:
    """Return the words after the verb, if they are a reason."""
    said = _SLIP.sub("", _NUMBER.sub(" ", tidy(text)))
    known = lexicon.desk("supervisor")
    verbs, words = known.alone(matter), _WORD.findall(said)
    if matter == "reject":
        verbs |= known.alone("approve")
        if len(words) > 1 and standard(_bare(words[0])) == "tidak" and _forms(words[1]) & verbs:
            words = words[2:]  # "tidak setuju"
    if matter == "return" and len(words) > LEAST_REASON:
        verbs -= lists.words("deciding", "tasks")
    while words and (
        _bare(words[0]) in lists.words("deciding", "pointing") or _forms(words[0]) & verbs
    ):
        words.pop(0)
    if len(words) > 1 and words[-2].endswith(",") and _forms(words[-1]) & verbs:
        words.pop()  # "fotonya buram, balikin"
    return " ".join(words).rstrip(" ,;:") if len(words) >= LEAST_REASON else ""


def _forms(word: str) -> set[str]:
    """Return the roots of a word: "disetujui" has two affixes before its root."""
    once = lexicon.root(_bare(word))
    return {once, lexicon.root(once)}


def _bare(word: str) -> str:
    return plain(word).strip(".,:;!?-()\"'")


def at(turn: TurnBuilder, step: str) -> bool:
    """Whether this is the open question of a review."""
    asked = turn.session.asked
    return asked is not None and (asked.flow, asked.step) == ("review", step)


def short_number(turn: TurnBuilder, text: str) -> str | None:
    """Return the number of the waiting case that is meant by its end: "4512", "kasus 4512"."""
    found = _SHORT.fullmatch(plain(text).strip(" ?.!"))
    if found is None or (found["word"] is None and len(found["digits"]) < SHORTEST):
        return None
    digits = found["digits"]
    fits = {
        case.number
        for case in turn.facts.desk.cases
        if case.number.split("-")[-1].lstrip("0") == digits.lstrip("0")
        or (found["word"] is not None and str(case.id) == digits)
    }
    return fits.pop() if len(fits) == 1 else None


def items_named(turn: TurnBuilder, text: str) -> list[str]:
    """Return the answers of the open case that the words name and that can be sent back."""
    draft = turn.session.draft
    case = turn.facts.desk.case(draft.subject) if draft is not None else None
    return items_of(case, text) if case is not None else []


def item(turn: TurnBuilder, text: str) -> None:
    """Take what the words name as what is sent back, with a reason if they hold one."""
    draft = turn.open_draft()
    named = items_named(turn, text)
    answered = draft.answered("item", named)
    reason = noted(turn, text) if len(text.split()) > LEAST_REASON + 2 * len(named) - 2 else None
    if reason is not None:
        answered = answered.answered("reason", reason)
    turn.session = structs.replace(turn.session, draft=answered)
    drafts.go_on(turn)


def asks_for_card(text: str) -> bool:
    """Whether words ask for something that the open case's card says."""
    said = standardised(text)
    asks = "?" in said or lists.any_of("deciding", "asks").search(said) is not None
    return asks and lists.any_of("deciding", "card").search(said) is not None


def card(turn: TurnBuilder, text: str) -> None:
    """Show the open case once more."""
    drafts.digress(turn)


def drop(turn: TurnBuilder) -> None:
    """Leave the open review undecided, and go to the menu."""
    turn.says.append(Say("review.letter.no.end"))
    drafts.close(turn)


def undecided(turn: TurnBuilder, text: str) -> None:
    """Say that nothing is decided; show the case that words ask about."""
    turn.says.append(Say("supervising.undecided"))
    if not verdicts.wonders(text):
        if turn.session.draft is not None and turn.session.draft.flow == "review":
            drafts.close(turn)  # "ok" after it must not approve
            turn.prompt = None
        return
    named = [id for flow, id, _ in waiting_named(turn, text) if flow == "review"]
    number, cases, draft = number_in(text), turn.facts.desk.cases, turn.session.draft
    named += [str(case.id) for case in cases if case.number == number]
    if draft is not None and draft.flow == "review" and turn.facts.desk.case(draft.subject):
        named.append(draft.subject)
    elif len(cases) == 1 and number is None:
        named.append(str(cases[0].id))
    if named:
        open_card(turn, named[0])
    elif number is not None:
        turn.effects.append(ShowCase(number))
    else:
        drafts.digress(turn)


def without_owners(turn: TurnBuilder, text: str) -> str:
    """Return words without the names of the owners whose cases wait."""
    names = {word for case in turn.facts.desk.cases for word in plain(case.holder).split()}
    said = plain(text)
    if MARK not in text and not any(name in said for name in names):  # most messages
        return " ".join(text.split())
    return " ".join(word for word in text.split() if _bare(word) not in names)


def _without_owner(turn: TurnBuilder, text: str) -> str:
    """Return words without the owner's name after the verb: "tolak siti, tempatnya …"."""
    verb, *rest = text.split() or [""]
    while rest and not without_owners(turn, rest[0]):
        rest.pop(0)
    return " ".join([verb, *rest])


def open_card(turn: TurnBuilder, subject: str) -> None:
    """Ask for the decision on a case, whatever was answered before."""
    drafts.switch_to(turn, Draft("review", subject, {}))
    drafts.go_on(turn)


# -- looking at cases ------------------------------------------------------------------------------


def why(turn: TurnBuilder, text: str) -> None:
    """Say why somebody must look at the case."""
    with_case(turn, text, "why", say_why)


def say_why(turn: TurnBuilder, subject: str, argument: Json) -> None:
    """Say why somebody must look at this case; the open question stays as it is."""
    case = turn.facts.desk.case(subject)
    if case is None:
        drafts.digress(turn, Say("common.gone"))
        return
    lines = [_reason(turn, reason) for reason in case.reasons]
    reasons = Lines(tuple(lines) or (Say("supervisor_desk.no_reason"),))
    params: dict[str, Value] = {"number": case.number, "owner": case.holder, "reasons": reasons}
    asked = turn.session.asked
    if asked is not None and asked.flow == "review" and asked.step != "decision":
        drafts.digress(turn, Say("supervising.why", params))
    else:
        turn.says.append(Say("supervising.why", params))


def _reason(turn: TurnBuilder, reason: str) -> Say:
    """Return the reason of a finding in short, with its rule if the catalogue has one."""
    short, rule = Say(f"findings.{reason}.short"), f"supervising.because.{reason}"
    if not turn.flows.catalogue.has(rule):
        return Say("supervising.reason", {"reason": short})
    return Say("supervising.reason_because", {"reason": short, "because": Say(rule)})


def waiting_named(turn: TurnBuilder, text: str) -> list[tuple[str, str, str]]:
    """Return what waits here under a name in the words: its flow, its id, number and name."""
    desk, known = turn.facts.desk, lexicon.desk("supervisor")
    words = {
        word
        for word in re.findall(r"[^\W\d_]+", plain(text))
        if word not in lexicon.no_names() and lexicon.root(word) not in known.words_of("find")
    }
    found = [
        (flow, str(id), f"{number} {name}")
        for flow, id, number, name in (
            *((case.page, case.id, case.number, case.holder) for case in desk.cases),
            *(("assignment", v.id, v.case_number, v.host_name) for v in desk.visits),
            *(("call", call.id, call.number, call.name) for call in desk.calls),
            *(("ticket", one.id, one.number, one.name or "-") for one in desk.tickets),
        )
        if words & set(plain(name).split())
    ]
    return found[:SHOWN]


def find_by_name(turn: TurnBuilder, text: str) -> None:
    """Open what waits here under this name; names of others can't be searched."""
    named = waiting_named(turn, text)
    first = {label: flow for flow, _, label in reversed(named)}  # each label in one flow only
    found = [one for one in named if first[one[2]] == one[0]]
    if len(found) == 1:
        drafts.open_flow(turn, found[0][0], found[0][1])
    elif found:
        choices = (
            choice(f"{flow}-{id}", cut(label), "open", flow, id) for flow, id, label in found
        )
        ask(turn, Say("supervising.which_case"), *choices, no())
    else:
        drafts.digress(turn, Say("supervising.number_please"))


def open_found(turn: TurnBuilder, flow: str, argument: Json) -> None:
    """Open one of the things that were found by name."""
    drafts.open_flow(turn, flow, str(argument))


def following(turn: TurnBuilder, text: str) -> None:
    """Open what waits next: cases, then visits without an officer, then calls."""
    desk = turn.facts.desk
    queue = [
        *((case.page, str(case.id)) for case in desk.cases),
        *(("assignment", str(visit.id)) for visit in desk.visits),
        *(("call", str(call.id)) for call in desk.calls),
    ]
    draft = turn.session.draft
    here = (draft.flow, draft.subject) if draft is not None else ("", "")
    left = queue[queue.index(here) + 1 :] if here in queue else queue
    if left:
        drafts.open_flow(turn, *left[0])
        return
    turn.says.append(Say("supervising.queue_empty"))
    drafts.leave(turn, to_menu=True)
