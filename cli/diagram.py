"""`izin diagram`: prints a flow as a diagram."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from conversations import diagram, flows


def add(parser: ArgumentParser) -> None:
    """Add the arguments to the parser."""
    parser.set_defaults(act=_diagram)
    parser.add_argument("flow", choices=sorted(flows.load().by_id))


def _diagram(given: Namespace) -> int:
    print(diagram.mermaid(flows.load().by_id[given.flow]))
    return 0
