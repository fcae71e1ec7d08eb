"""Officers have hours."""

import sqlalchemy as sa
from alembic import op

revision = "5e2c9a7d41b8"
down_revision = "9e4b7c20d5f1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    office = "mon-fri morning,midday,afternoon"
    op.add_column(
        "officers", sa.Column("hours", sa.String(), server_default=office, nullable=False)
    )


def downgrade() -> None:
    op.drop_column("officers", "hours")
