"""A card can be replaced."""

import sqlalchemy as sa
from alembic import op

revision = "9e4b7c20d5f1"
down_revision = "3c5be0f1d2a7"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "officers",
        sa.Column("card", sa.BigInteger(), server_default="1", nullable=False),
    )


def downgrade() -> None:
    op.drop_column("officers", "card")
