"""The command `izin`: every process and every act of an operator.

The module of a command is imported when the command is chosen, so that each process loads what it
needs and a health check starts at once.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec

from models.infrastructure.errors import OperatorError

#: By name: what the command does. Its module in this room has the same name, and `add(parser)`.
COMMANDS = {
    "serve": "Serve webhooks and pages, take turns and send",
    "worker": "Do the tasks: verification, offers, documents",
    "dispatch": "Hand due tasks to the workers, and tick the clocks",
    "poll": "Fetch Telegram's updates, for a machine without a public address",
    "migrate": "Bring the database to the present shape of the tables",
    "doctor": "Check everything that is needed, and tell how to mend it",
    "health": "Tell whether a kind of process is alive",
    "diagram": "Print a flow as a Mermaid diagram",
    "officers": "Officers and supervisors",
    "documents": "Documents that were issued",
    "identity": "Links to the identity page",
    "templates": "What may be said on WhatsApp at any time",
    "days": "Days on which officers do not work, or do",
    "aside": "What could not be read, or failed for a reason of ours",
}
#: Only where the room `demo` is installed: the image for production has none.
DEMO = {"demo": "Try it in the browser; nothing needs to be installed or set"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; gives the process's exit status."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    given = _parser(words).parse_args(words)
    act: Callable[[Namespace], int] = given.act
    try:
        return act(given)
    except OperatorError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser(words: Sequence[str]) -> ArgumentParser:
    """Every command's name and help; the arguments only of the chosen one."""
    parser = ArgumentParser(prog="izin", description="Izin Datang: the permit comes.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    offered = COMMANDS | (DEMO if find_spec("demo") else {})
    for name, what in offered.items():
        command = commands.add_parser(name, help=what, description=what)
        if words and words[0] == name:
            import_module(f"cli.{name}").add(command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
