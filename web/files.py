"""Files behind expiring links (`bot.links`), fetched by Twilio and by people."""

from __future__ import annotations

import asyncio
from functools import partial

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.links import PATH, file_behind, picture_behind
from models.infrastructure import pictures
from models.infrastructure.sounds import CONTENT_TYPES
from models.infrastructure.storage import Storage

PDF, JPEG = "application/pdf", "image/jpeg"
NOT_KEPT = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"}

log = structlog.get_logger(__name__)


def routes(*, storage: Storage) -> list[BaseRoute]:
    """Return the route of file links; every invalid link gets 404, whatever the reason."""

    async def file(request: Request) -> Response:
        token = request.path_params["token"]
        document, picture = file_behind(token), picture_behind(token)
        path = document or picture
        if path is None:
            raise HTTPException(404, headers=NOT_KEPT)
        try:
            content = await asyncio.to_thread(storage.read, path)
            if picture is not None:
                content = await pictures.alone(partial(pictures.shown, content))
        except (FileNotFoundError, pictures.TooLarge, pictures.Unreadable) as error:
            raise HTTPException(404, headers=NOT_KEPT) from error
        except OSError as error:
            log.warning("files.storage_away", error=type(error).__name__)
            raise HTTPException(503, headers={**NOT_KEPT, "Retry-After": "60"}) from error
        kind = JPEG if picture is not None else CONTENT_TYPES.get(path.rpartition(".")[2], PDF)
        return Response(content, media_type=kind, headers=NOT_KEPT)

    return [Route(f"{PATH}/{{token}}/{{name}}", file)]
