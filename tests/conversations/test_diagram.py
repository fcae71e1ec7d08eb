"""Any flow can be drawn, and its picture says what is asked when."""

import re

import pytest

from conversations import flows
from conversations.diagram import mermaid
from conversations.facts import Facts
from conversations.flow import Flow
from conversations.parsers.note import note
from conversations.session import Answers
from conversations.step import answered
from conversations.steps import Ask, Choose, Upload


def _leaning(answers: Answers, facts: Facts) -> bool:
    """The pole leans.

    A second line is not drawn.
    """
    return answers.get("fault") == "leaning"


TOY = Flow(
    id="toy",
    steps=(
        Choose("fault", options=("dark", "leaning", "none"), ends=("none",)),
        Ask("since", parse=note(), when=answered("fault", "dark", "leaning")),
        Upload("photo", at_most=2, when=_leaning),
    ),
)

PICTURE = """\
flowchart TD
    begin(["toy"])
    s_fault["fault<br/>Choose"]
    begin --> s_fault
    s_fault -->|"none"| end_fault([end])
    if_since{"fault = dark / leaning?"}
    s_fault --> if_since
    s_since["since<br/>Ask"]
    if_since -->|yes| s_since
    if_photo{"The pole leans?"}
    s_since --> if_photo
    if_since -->|no| if_photo
    s_photo["photo<br/>Upload, at most 2"]
    if_photo -->|yes| s_photo
    finish([finish])
    s_photo --> finish
    if_photo -->|no| finish
"""


def test_a_flow_is_drawn_top_down_with_its_conditions_and_ends() -> None:
    assert mermaid(TOY) == PICTURE


@pytest.mark.parametrize("flow", flows.load().by_id.values(), ids=lambda flow: flow.id)
def test_every_flow_can_be_drawn_and_no_arrow_leads_nowhere(flow: Flow) -> None:
    picture = mermaid(flow)
    drawn = set(re.findall(r"^    (\w+)[\[({]", picture, re.M))
    arrows = re.findall(r"^    (\w+) -->(?:\|[^|]*\|)? (\w+)", picture, re.M)
    assert {f"s_{step.id}" for step in flow.steps if not step.optional} < drawn
    assert {start for start, _ in arrows} <= drawn
    assert {end for _, end in arrows if not end.startswith("end_")} <= drawn
    assert "lambda" not in picture
