"""A door code can be renewed."""

import sqlalchemy as sa
from alembic import op

revision = "3c5be0f1d2a7"
down_revision = "a91d07d3b526"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "visits",
        sa.Column("code_renewals", sa.BigInteger(), server_default="0", nullable=False),
    )


def downgrade() -> None:
    op.drop_column("visits", "code_renewals")
