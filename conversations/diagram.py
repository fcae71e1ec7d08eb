"""A flow as a diagram: its questions, their conditions, and where it may end."""

from __future__ import annotations

from conversations.flow import Flow
from conversations.step import Answered, Step, always
from conversations.steps import Upload


def mermaid(flow: Flow) -> str:
    """Draw a flow as a Mermaid flowchart, top down.

    A box is a question with its kind, a diamond is the condition of the next question, and a
    rounded box is where the conversation begins or ends.
    """
    lines = ["flowchart TD", f'    begin(["{flow.id}"])']
    came_from = ["begin"]
    for step in flow.steps:
        if step.optional:
            continue  # it is not asked
        name, condition = f"s_{step.id}", _condition(step)
        if condition:
            gate = f"if_{step.id}"
            lines.append(f'    {gate}{{"{condition}?"}}')
            lines += [f"    {_arrow(start)} {gate}" for start in came_from]
            came_from = [f"{gate} -->|yes|"]
        lines.append(f'    {name}["{step.id}<br/>{_kind(step)}"]')
        lines += [f"    {_arrow(start)} {name}" for start in came_from]
        if step.ends:
            lines.append(f'    {name} -->|"{_values(step)}"| end_{step.id}([end])')
        came_from = [name, f"{gate} -->|no|"] if condition else [name]
    lines.append("    finish([finish])")
    lines += [f"    {_arrow(start)} finish" for start in came_from]
    return "\n".join(lines) + "\n"


def _arrow(start: str) -> str:
    return start if start.endswith("|") else f"{start} -->"


def _kind(step: Step) -> str:
    kind = type(step).__name__
    return f"{kind}, at most {step.at_most}" if isinstance(step, Upload) else kind


def _values(step: Step) -> str:
    return " / ".join(map(str, step.ends))


def _condition(step: Step) -> str:
    """Return the condition of a question in words; "" if it is always asked."""
    if step.when is always:
        return ""
    if isinstance(step.when, Answered):
        return str(step.when)
    said = (step.when.__doc__ or "").strip().partition("\n")[0].rstrip(".")
    return said or getattr(step.when, "__name__", "it applies").strip("_").replace("_", " ")
