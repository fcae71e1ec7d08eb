"""Templates at Twilio: those that are missing are made and handed in, and asked how they stand.

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
_PAGE = 500  # resources; 1000 are the most
_JSON = {"Content-Type": "application/json"}
MISSING, UNSUBMITTED = "missing", "unsubmitted"


class Approvals:
    """The account's templates; what is done twice, or half, is taken up where it stands."""

    def __init__(
        self,
        account: Account,
        db: Database,
        *,
        api_url: str | None = None,
        every: Sequence[Declared] | None = None,
    ) -> None:
        """Ask as `account`; `api_url` stands in for Twilio's host."""
        self._transport = Transport(api_url)
        self._client = Client(account.sid, account.token, http_client=self._transport)
        self._db = db
        self._every = declared() if every is None else every

    async def status(self) -> list[Standing]:
        """Ask how every template stands, keep it, and tell supervisors of what was refused.

        One that Twilio does not have is `missing`, and not kept.

        Raises:
            bot.errors.ChannelError: Twilio is away, or says no.
        """
        return await self._stand(push=False)

    async def push(self) -> list[Standing]:
        """Make what is missing, hand in what was not, and give how all of them stand.

        They are found by their names: nothing is made twice, even if this was interrupted.

        Raises:
            bot.errors.ChannelError: Twilio is away, or says no.
        """
        return await self._stand(push=True)

    async def close(self) -> None:
        """Give back the connections."""
        await self._transport.close()

    async def _stand(self, *, push: bool) -> list[Standing]:
        there = {(name, locale): sid async for name, locale, sid in self._listed()}
        found: list[Standing] = []
        for one in self._every:
            sid = there.get((one.name, one.locale)) or (await self._make(one) if push else None)
            if sid is None:
                found.append(Standing(one.name, one.locale, one.hash, "", MISSING))
                continue
            standing = await self._asked(one, sid)
            if push and standing.status == UNSUBMITTED:
                standing = replace(standing, status=await self._hand_in(one, sid))
            await self._db.do(partial(_keep, standing=standing))
            found.append(standing)
        return found

    async def _listed(self) -> AsyncIterator[tuple[str, str, str]]:
        """Name, language and SID of all that the account has, page after page."""
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

    async def _asked(self, one: Declared, sid: str) -> Standing:
        asked = await self._call("GET", f"{_CONTENT}/{sid}/ApprovalRequests")
        told = asked.get("whatsapp") or {}
        status = str(told.get("status") or UNSUBMITTED).lower()
        return Standing(one.name, one.locale, one.hash, sid, status, told.get("rejection_reason"))

    async def _hand_in(self, one: Declared, sid: str) -> str:
        wanted = {"name": one.name, "category": CATEGORY.upper()}
        asked = await self._call("POST", f"{_CONTENT}/{sid}/ApprovalRequests/whatsapp", wanted)
        return str(asked.get("status") or "received").lower()

    async def _call(self, method: str, url: str, data: Json = None) -> Json:
        answer = await self._client.request_async(method, url, data=data, headers=dict(_JSON))
        try:
            told: Json = json.loads(answer.text)
        except ValueError:
            told = {}
        if answer.status_code >= 400:
            raise Rejected(f"Twilio said no ({answer.status_code}): {told.get('message', '')}")
        return told


def _keep(tx: Session, standing: Standing) -> None:
    """Keep how a template stands, and tell all supervisors once when it can't be used any more."""
    row = template.keep(tx, standing)
    if row is None or row.status not in REFUSED:
        return
    say = Say("notices.template_refused", {"name": row.name, "state": row.status})
    fact = f"template:{row.id}:{row.status}:{row.checked_at.isoformat()}"
    tell_supervisors(tx, None, News.TEMPLATE_REFUSED, row.id, say, fact=fact)
