"""A delivery knows its file."""

import sqlalchemy as sa
from alembic import op

revision = "126c270642ba"
down_revision = "0efe91b5e7dd"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inbox", sa.Column("attachment_id", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("inbox", "attachment_id")
