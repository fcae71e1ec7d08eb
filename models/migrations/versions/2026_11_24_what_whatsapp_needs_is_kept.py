"""What WhatsApp needs is kept: how messages fared, what was made at Twilio, who has which names."""

import sqlalchemy as sa
from alembic import op

revision = "29a0b7de96ea"
down_revision = "07acd1d8f054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "aliases",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "name", name="pk_aliases"),
        sa.UniqueConstraint("channel", "address", name="uq_aliases_channel_address"),
    )
    op.create_table(
        "contents",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("provider_id", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_contents"),
    )
    op.create_table(
        "receipts",
        sa.Column("provider_id", sa.String(), nullable=False),
        sa.Column("outbox_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("code", sa.BigInteger(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_to_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["outbox_id"],
            ["outbox.id"],
            name="fk_receipts_outbox_id_outbox",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("provider_id", name="pk_receipts"),
    )
    op.create_index("ix_receipts_outbox_id", "receipts", ["outbox_id"])


def downgrade() -> None:
    op.drop_index("ix_receipts_outbox_id", table_name="receipts")
    op.drop_table("receipts")
    op.drop_table("contents")
    op.drop_table("aliases")
