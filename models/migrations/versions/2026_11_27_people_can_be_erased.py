"""People can be erased; a request for one's data has a number and a deadline."""

import sqlalchemy as sa
from alembic import op

revision = "2e7b9c4d10af"
down_revision = "8d42b7e05c16"
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
    op.add_column(
        "help_requests", sa.Column("number", sa.BigInteger(), sa.Identity(), nullable=False)
    )
    op.add_column(
        "help_requests", sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("help_requests", "answer_by")
    op.drop_column("help_requests", "number")
    op.drop_index("ix_people_erase_asked_at", table_name="people")
    op.drop_column("people", "erased_at")
    op.drop_column("people", "erase_asked_at")
