"""For how long a message is tried is measured by time; tries that may be copies are counted."""

import sqlalchemy as sa
from alembic import op

revision = "6c1f0b9d27e4"
down_revision = "5d1c0e7ab946"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("first_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("counted", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("outbox", "counted")
    op.drop_column("outbox", "first_due_at")
