"""Files behind expiring links (`bot.links`), fetched by Twilio and by people."""

from __future__ import annotations

import asyncio

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.links import PATH, file_behind
from models.infrastructure.storage import Storage

PDF = "application/pdf"
NOT_KEPT = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"}

log = structlog.get_logger(__name__)


def routes(*, storage: Storage) -> list[BaseRoute]:
    """Return the route of file links; every invalid link gets 404, whatever the reason."""

    async def file(request: Request) -> Response:
        path = file_behind(request.path_params["token"])
        if path is None:
            raise HTTPException(404, headers=NOT_KEPT)
        try:
            content = await asyncio.to_thread(storage.read, path)
        except FileNotFoundError as error:
            raise HTTPException(404, headers=NOT_KEPT) from error
        except OSError as error:
            log.warning("files.storage_away", error=type(error).__name__)
            raise HTTPException(503, headers={**NOT_KEPT, "Retry-After": "60"}) from error
        return Response(content, media_type=PDF, headers=NOT_KEPT)

    return [Route(f"{PATH}/{{token}}/{{name}}", file)]
