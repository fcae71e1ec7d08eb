"""Lenders can be imported: a city has its own register."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "8e2f6b41c9d3"
down_revision = "8f3b52d7a1c6"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lenders",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("aliases", postgresql.JSONB(), nullable=False),
        sa.Column("supervised_by", sa.String(), nullable=False),
        sa.Column("address_to", sa.String(), nullable=False),
        sa.Column("on_board", sa.Boolean(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("source_url", sa.String(), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lenders")),
    )


def downgrade() -> None:
    op.drop_table("lenders")
