"""Officers have absences."""

import sqlalchemy as sa
from alembic import op

revision = "7d3f0a91c5e8"
down_revision = "2e7b9c4d10af"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "absences",
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officers.id"], name=op.f("fk_absences_officer_id_officers")
        ),
        sa.PrimaryKeyConstraint("officer_id", "on", name=op.f("pk_absences")),
    )
    op.create_index(op.f("ix_absences_on"), "absences", ["on"])


def downgrade() -> None:
    op.drop_table("absences")
