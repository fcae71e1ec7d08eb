"""Conversations: each person's session as encrypted JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.infrastructure.encryption import EncryptedJson
from models.personal import Erasing, Keep, Linking, Personal, on_linking, personal


class Conversation(Base):
    """One person's session between two turns; `conversations.session` interprets it."""

    __tablename__ = "conversations"
    __table_args__ = (
        # not by `spoke_at`: every turn changes it, and would have to update the index
        Index("ix_conversations_drafts", "reminded", postgresql_where="has_draft"),
    )

    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id"), primary_key=True, info=on_linking(Linking.STAYS)
    )
    session: Mapped[Any] = mapped_column(
        EncryptedJson("conversations.session"),
        info=personal(Personal.WORDS, Keep.DRAFTS, Erasing.ROW),
    )
    has_draft: Mapped[bool] = mapped_column(default=False)
    spoke_at: Mapped[datetime] = mapped_column(default=func.now())  # when they last wrote
    reminded: Mapped[int] = mapped_column(default=0)  # reminders sent since then


SESSION = "conversations.session"  # the associated data of its encryption, in `models.turn`
