"""People can be erased."""

import sqlalchemy as sa
from alembic import op

revision = "2e7b9c4d10af"
down_revision = "e4a17c90b3d5"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("erase_asked_at", "erased_at"):
        op.add_column("people", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_people_erase_asked_at",
        "people",
        ["erase_asked_at"],
        postgresql_where=sa.text("erase_asked_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_people_erase_asked_at", table_name="people")
    op.drop_column("people", "erased_at")
    op.drop_column("people", "erase_asked_at")
