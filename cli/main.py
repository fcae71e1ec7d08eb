"""The command `izin`: starts every process, and every act of an operator.

A command's module is imported only when the command is chosen: each process loads only what it
needs, and health checks start fast.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec

from models.infrastructure.errors import OperatorError

#: Help texts by command name. The module of this name in `cli` defines `add(parser)`.
COMMANDS = {
    "serve": "Serve webhooks and pages, process turns and send messages",
    "worker": "Do tasks: verification, offers, documents",
    "dispatch": "Enqueue due tasks for the workers, and plan periodic tasks",
    "poll": "Fetch Telegram's updates, for a machine without a public address",
    "migrate": "Migrate the database to the current schema",
    "doctor": "Check everything that is needed, and tell how to fix it",
    "health": "Tell whether a kind of process is alive",
    "diagram": "Print a flow as a Mermaid diagram",
    "officers": "Officers and supervisors",
    "helpers": "Heads of RT/RW and kader who tell of places",
    "documents": "Documents that were issued",
    "poster": "Posters and cards for an area, and how many chats began at them",
    "identity": "Links to the identity page",
    "people": "People whose data is to be erased",
    "templates": "WhatsApp's approved templates, for messages after a day of silence",
    "days": "Days on which officers do not work, or do",
    "lenders": "Lenders that owners name when they ask for relief on a loan",
    "measure": "Play labelled lines on the engine, and print the share understood",
    "aside": "Messages that could not be read, or failed because of a bug",
}
#: Only when the package `demo` is installed: the production image has none.
DEMO = {"demo": "Try it in the browser; nothing needs to be installed or set"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the process's exit status."""
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
    """Return a parser of all commands, with the arguments of the chosen one only."""
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
