"""Chats at posters are counted."""

import sqlalchemy as sa
from alembic import op

revision = "6ad1c93f07b2"
down_revision = "c4e81b6f2d90"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "poster_counts",
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("chats", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("area_code", "on", name=op.f("pk_poster_counts")),
    )


def downgrade() -> None:
    op.drop_table("poster_counts")
