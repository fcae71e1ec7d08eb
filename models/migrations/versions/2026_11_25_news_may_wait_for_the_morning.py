"""News may wait for the morning."""

import sqlalchemy as sa
from alembic import op

revision = "dc396b60683c"
down_revision = "1ed54b85ecec"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inbox", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("inbox", "due_at")
