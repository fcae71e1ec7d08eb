"""Migrations for developers: python -m models.migrations upgrade|downgrade|check|revise MESSAGE.

Works on the database named by DATABASE_URL; `izin migrate` is the operator's way.
"""

import os
import sys

from models import migrations


def main(arguments: list[str]) -> None:
    """Run the commands in order; with `revise`, the other arguments are the message."""
    url = os.environ["DATABASE_URL"]
    if arguments[:1] == ["revise"]:
        migrations.revise(url, " ".join(arguments[1:]))
        return
    for act in arguments:
        match act:
            case "upgrade":
                migrations.upgrade(url)
            case "downgrade":
                migrations.downgrade(url)
            case "check":
                migrations.check(url)
            case _:
                sys.exit(__doc__)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except migrations.OutOfStep as error:
        sys.exit(str(error))
