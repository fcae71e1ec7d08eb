"""Previews: shows a supervisor what an act would change, before it is confirmed."""

from __future__ import annotations

from casework import documents, handing_on
from casework.act import Act
from conversations.supervision import Preview


def show(act: Act, preview: Preview) -> None:
    """Call the act of one preview.

    Raises:
        ValueError: nothing is known of it.
    """
    match preview.act, preview.subject:
        case "hand_on", (giver, taker):
            handing_on.preview_visits(act, int(giver), int(taker), preview.question)
        case "end", (officer,):
            handing_on.preview_end(act, int(officer), preview.question)
        case "revoke", (number,):
            documents.preview_revocation(act, number, preview.question)
        case _:
            raise ValueError(f"nothing is known of a preview of {preview.act}")
