"""Bodies of posted forms: limited in size, since Starlette's own limit answers in plain text."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message


def limited(request: Request, at_most: int) -> Request:
    """Limit a request's body to `at_most` bytes.

    Raises, now or when the body is read:
        HTTPException: 413.
    """
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > at_most:
        raise HTTPException(413)
    left = at_most

    async def receive() -> Message:
        nonlocal left
        message = await request.receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413)
        return message

    return Request(request.scope, receive)
