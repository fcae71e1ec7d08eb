"""Files behind links that end (`bot.links`): for Twilio, which fetches what it shall deliver."""

from __future__ import annotations

import asyncio

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.links import PATH, file_behind
from models.storage import Storage

PDF = "application/pdf"
NOT_KEPT = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"}

log = structlog.get_logger(__name__)


def routes(*, storage: Storage) -> list[BaseRoute]:
    """Where links to files lead: 404 for any that is not good now, whatever is wrong with it."""

    async def file(request: Request) -> Response:
        path = file_behind(request.path_params["token"])
        if path is None:
            return PlainTextResponse("Not Found", 404, NOT_KEPT)
        try:
            content = await asyncio.to_thread(storage.read, path)
        except FileNotFoundError:
            return PlainTextResponse("Not Found", 404, NOT_KEPT)
        except OSError as error:
            log.warning("files.storage_away", error=type(error).__name__)
            return PlainTextResponse("Later", 503, {**NOT_KEPT, "Retry-After": "60"})
        return Response(content, media_type=PDF, headers=NOT_KEPT)

    return [Route(f"{PATH}/{{token}}/{{name}}", file)]
