"""Claiming reads what it claims: indexes in its order; and what a reply is, for that order.

The indexes are not built CONCURRENTLY: that would wait for every transaction that is open, and
processes that start meanwhile stand in one until this migration is done.
"""

import sqlalchemy as sa
from alembic import op

revision = "5b1c9e07d2a4"
down_revision = "b7e0417c2a15"
branch_labels = None
depends_on = None

OUTBOX_OPEN = "sent_at IS NULL AND failed_at IS NULL"
INBOX_OPEN = sa.text("taken_at IS NULL AND set_aside_at IS NULL AND id > 0")


def upgrade() -> None:
    for column in ("greeting", "fleeting"):
        op.add_column(
            "outbox", sa.Column(column, sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        [sa.text("lane DESC"), "greeting", "id", "due_at"],
        postgresql_where=sa.text(f"{OUTBOX_OPEN} AND due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_made",
        "outbox",
        ["created_at"],
        postgresql_where=sa.text(f"{OUTBOX_OPEN} AND created_at IS NOT NULL"),
    )
    op.create_index("ix_inbox_waiting", "inbox", ["due_at", "id"], postgresql_where=INBOX_OPEN)


def downgrade() -> None:
    op.drop_index("ix_inbox_waiting", table_name="inbox")
    op.drop_index("ix_outbox_made", table_name="outbox")
    op.drop_index("ix_outbox_due", table_name="outbox")
    for column in ("fleeting", "greeting"):
        op.drop_column("outbox", column)
