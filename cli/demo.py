"""`izin demo`: runs the whole product on this machine, for use in a browser."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from demo import play
from demo.stories import STORIES

DATA = Path("data")  # in the current folder


def add(parser: ArgumentParser) -> None:
    """Add the arguments to the parser."""
    parser.set_defaults(act=_demo)
    parser.add_argument(
        "--play",
        nargs="?",
        choices=(*STORIES, play.EVERY),
        const=next(iter(STORIES)),
        help="play a story: an officer fills the form in (short), or the owner (long), or a "
        "neighbour tells of the place (referral), or a letter asks a lender for relief (credit); "
        "or all of them",
    )
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 to use a real phone as well")
    parser.add_argument("--port", type=int, default=8000, help="of the page (default: 8000)")


def _demo(given: Namespace) -> int:
    return play.demo(DATA, host=given.host, port=given.port, story=given.play)
