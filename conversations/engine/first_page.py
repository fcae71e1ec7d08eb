"""First page: what words mean while no form or question is open."""

from __future__ import annotations

from msgspec import structs

from conversations import lexicon, reference
from conversations.commands import Typed
from conversations.engine import drafts, leading, orders, questions
from conversations.engine.builder import TurnBuilder
from conversations.engine.matters import APPLY, matter
from conversations.engine.reading import service_named
from conversations.form import CONSENT
from conversations.lexicon import whole
from conversations.messages import Say
from conversations.parsers.asking import asks_whether
from conversations.parsers.evasions import evasion
from conversations.parsers.hesitation import acknowledges, agrees
from conversations.phrases import Command, Intent
from conversations.service import Service
from conversations.whose import OWN, SOMEBODY, WHOSE

FEW_WORDS = 6  # of a message that names a way to fill in a form
SURE = 2  # weight of words that say for whom a form is
_BEFORE = frozenset({CONSENT})  # answers before the one for whom the form is
LEAST_TOLD = 6  # words of a message that tells something of a request


def answer(turn: TurnBuilder, meant: Intent | None, text: str) -> None:
    """Answer words while no question waits for them; the first page follows."""
    if turn.facts.me.desk != "owner" and acknowledges(text):
        turn.says.append(Say("common.desk.fine"))
        return
    if turn.told("submitted") and whole.said("submitted", text) is not None:
        orders.obey(turn, Typed(Command.STATUS))
        return
    if turn.told("badge") and (badge := reference.badge(text)) is not None:
        orders.obey(turn, Typed(Command.CHECK_OFFICER, badge))
        return
    given_up = turn.told("given_up")
    if given_up and leading.takes_up(text) == "":
        drafts.open_flow(turn, given_up, "")
        return
    settled = bool(turn.says) and turn.session.asked is None  # the question of these words
    tired = turn.facts.me.desk != "owner" and _is_tired(text)
    if meant is Intent.THANKS or tired:
        turn.says.append(Say("common.desk.tired" if tired else "common.intent.thanks"))
    elif open_named(turn, text):
        return
    elif evasion(text) == "unknown":
        turn.says.append(Say(f"common.help.{turn.facts.me.desk}"))
    elif meant is Intent.GREETING and turn.facts.me.opted_out:
        turn.says.append(Say("common.still_off"))
    elif meant is not Intent.GREETING and not settled:
        refusals = turn.session.refusals if turn.at_home() else 0
        turn.says.append(questions.choose(turn, refusals))
        drafts.go_home(turn)
        turn.session = structs.replace(turn.session, refusals=refusals + 1)
        turn.not_understood()
        turn.said_nothing = True
        return
    drafts.go_home(turn)


def _is_tired(text: str) -> bool:
    raised = matter(text)
    return raised is not None and raised.intent is Intent.TIRED


def open_named(turn: TurnBuilder, text: str) -> bool:
    """Open the service that the words name, or the only one: "ijin usaha", "register my shop"."""
    named = service_named(turn, text) or _asked_for(turn, text) or _agreed(turn, text)
    if named is None and _open_by_fork(turn, text):
        return True
    if turn.facts.me.desk != "owner" or named is None:
        return False
    if turn.facts.mine.cases and len(text.split()) >= LEAST_TOLD and not asks_for_service(text):
        return False  # "saya udah izin kerja setengah hari, petugasnya php"
    drafts.open_flow(turn, named.id, "")
    _take_whose(turn, text)
    return True


def _take_whose(turn: TurnBuilder, text: str) -> None:
    """Take for whom a form is that was just opened, if the words say it: "izin buat ibu saya"."""
    draft, flow = turn.session.draft, turn.flow(turn.session.draft)
    if draft is None or flow is None or flow.step(WHOSE) is None or draft.answers.keys() - _BEFORE:
        return
    listed = lexicon.options(draft.flow, WHOSE)
    ranked = listed.rank(text) if listed is not None else []
    if not ranked or ranked[0].name == OWN or ranked[0].weight < SURE:
        return
    if ranked[0].name != SOMEBODY and not turn.facts.mine.cases:
        return  # nobody's first business is another one
    answered = draft.answered(WHOSE, ranked[0].name)
    turn.session = structs.replace(turn.session, draft=answered)
    if ranked[0].name == SOMEBODY:
        turn.says.append(Say(turn.context(draft).key(WHOSE, SOMEBODY, "said")))
    drafts.go_on(turn)


def _open_by_fork(turn: TurnBuilder, text: str) -> bool:
    """Open a form by words that name one of the ways to fill it in: "yang cepet aja"."""
    few, mine = len(text.split()) <= FEW_WORDS, turn.facts.mine
    idle = turn.at_home() or turn.session.asked is None
    if turn.facts.me.desk != "owner" or not idle or not few or asks_whether(text):
        return False
    if mine.cases or mine.visits:
        return False  # "yaudah dateng aja" is about the visit
    for service in turn.flows.services.by_themselves(turn.facts.mine.services):
        for step in service.form.steps:
            listed = lexicon.options(service.id, step.id) if step.forks else None
            ranked = listed.rank(text) if listed is not None else []
            if not ranked or (len(ranked) > 1 and ranked[0].weight == ranked[1].weight):
                continue
            way = ranked[0].name
            if way in step.leads:
                drafts.open_flow(turn, step.leads[way], "")
            elif leading.begin(turn, service.id):
                drafts.go_on(turn)
            return True
    return False


def _agreed(turn: TurnBuilder, text: str) -> Service | None:
    """Return the only service for "boleh, saya mau" on the first page, before any request."""
    offered = turn.flows.services.by_themselves(turn.facts.mine.services)
    if len(offered) != 1 or turn.facts.mine.cases or not turn.at_home() or not agrees(text):
        return None
    return offered[0]


def asks_for_service(text: str) -> bool:
    """Whether words ask for a permit, and do not only name one."""
    return any(one.name == APPLY for one in lexicon.matters().rank(text))


def _asked_for(turn: TurnBuilder, text: str) -> Service | None:
    """Return the only service that is offered, if the words ask for one without its name."""
    offered = turn.flows.services.by_themselves(turn.facts.mine.services)
    return offered[0] if len(offered) == 1 and asks_for_service(text) else None
