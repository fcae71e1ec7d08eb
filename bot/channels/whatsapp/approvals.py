"""Templates at Twilio: creation, submission for approval, and approval status.

Source: https://www.twilio.com/docs/content/content-api-resources
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import partial

from sqlalchemy.orm import Session
from twilio.rest import Client

from bot.channels.whatsapp.channel import Account
from bot.channels.whatsapp.templates import CATEGORY, Declared, declared
from bot.channels.whatsapp.transport import Transport
from bot.errors import Rejected
from casework.news import tell_supervisors
from conversations.events import News
from conversations.messages import Json, Say
from models import template
from models.infrastructure.database import Database
from models.template import REFUSED, Standing

_CONTENT = "https://content.twilio.com/v1/Content"
_PAGE = 500  # resources; at most 1000
_JSON = {"Content-Type": "application/json"}
MISSING, UNSUBMITTED = "missing", "unsubmitted"


class Approvals:
    """The account's templates; every method is idempotent and resumes after an interruption."""

    def __init__(
        self,
        account: Account,
        db: Database,
        *,
        api_url: str | None = None,
        every: Sequence[Declared] | None = None,
    ) -> None:
        """Authenticate as `account`; `api_url` replaces Twilio's host."""
        self._transport = Transport(api_url)
        self._client = Client(account.sid, account.token, http_client=self._transport)
        self._db = db
        self._every = declared() if every is None else every

    async def status(self) -> list[Standing]:
        """Fetch and store every template's status; notify supervisors of refused templates.

        A template that Twilio does not have is `missing`, and is not stored.

        Raises:
            bot.errors.ChannelError: Twilio is unavailable, or refused.
        """
        return await self._sync(push=False)

    async def push(self) -> list[Standing]:
        """Create missing templates, submit unsubmitted ones, and return the status of all.

        Idempotent: templates are found by name, so none is created twice.

        Raises:
            bot.errors.ChannelError: Twilio is unavailable, or refused.
        """
        return await self._sync(push=True)

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def _sync(self, *, push: bool) -> list[Standing]:
        sids = {(name, locale): sid async for name, locale, sid in self._list()}
        found: list[Standing] = []
        for one in self._every:
            sid = sids.get((one.name, one.locale)) or (await self._make(one) if push else None)
            if sid is None:
                found.append(Standing(one.name, one.locale, one.hash, "", MISSING))
                continue
            standing = await self._fetch_status(one, sid)
            if push and standing.status == UNSUBMITTED:
                standing = replace(standing, status=await self._submit(one, sid))
            await self._db.do(partial(_keep, standing=standing))
            found.append(standing)
        return found

    async def _list(self) -> AsyncIterator[tuple[str, str, str]]:
        """Yield name, language and SID of all the account's templates, page by page."""
        url: str | None = f"{_CONTENT}?PageSize={_PAGE}"
        while url:
            page = await self._call("GET", url)
            for one in page["contents"]:
                yield str(one["friendly_name"]), str(one["language"]), str(one["sid"])
            url = page["meta"].get("next_page_url")

    async def _make(self, one: Declared) -> str:
        wanted = {
            "friendly_name": one.name,
            "language": one.locale,
            "variables": one.variables,
            "types": {"twilio/text": {"body": one.body}},
        }
        return str((await self._call("POST", _CONTENT, wanted))["sid"])

    async def _fetch_status(self, one: Declared, sid: str) -> Standing:
        answer = await self._call("GET", f"{_CONTENT}/{sid}/ApprovalRequests")
        approval = answer.get("whatsapp") or {}
        status = str(approval.get("status") or UNSUBMITTED).lower()
        return Standing(
            one.name, one.locale, one.hash, sid, status, approval.get("rejection_reason")
        )

    async def _submit(self, one: Declared, sid: str) -> str:
        wanted = {"name": one.name, "category": CATEGORY.upper()}
        answer = await self._call("POST", f"{_CONTENT}/{sid}/ApprovalRequests/whatsapp", wanted)
        return str(answer.get("status") or "received").lower()

    async def _call(self, method: str, url: str, data: Json = None) -> Json:
        answer = await self._client.request_async(method, url, data=data, headers=dict(_JSON))
        try:
            content: Json = json.loads(answer.text)
        except ValueError:
            content = {}
        if answer.status_code >= 400:
            raise Rejected(f"Twilio said no ({answer.status_code}): {content.get('message', '')}")
        return content


def _keep(tx: Session, standing: Standing) -> None:
    """Store a template's status; notify all supervisors once when it can't be used any more."""
    row = template.keep(tx, standing)
    if row is None or row.status not in REFUSED:
        return
    say = Say("notices.template_refused", {"name": row.name, "state": row.status})
    fact = f"template:{row.id}:{row.status}:{row.checked_at.isoformat()}"
    tell_supervisors(tx, None, News.TEMPLATE_REFUSED, row.id, say, fact=fact)
