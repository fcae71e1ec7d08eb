"""Days can be closed: what the calendar of holidays does not know is entered."""

import sqlalchemy as sa
from alembic import op

revision = "b1d4c3a97e02"
down_revision = "7c1d0e5a94b2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "special_days",
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("works", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("on", name=op.f("pk_special_days")),
    )


def downgrade() -> None:
    op.drop_table("special_days")
