"""A person's repeated requests for help are counted, so that supervisors hear of them once a day."""

import sqlalchemy as sa
from alembic import op

revision = "c7d20f4b8a16"
down_revision = "5b1c9e07d2a4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "help_requests",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("repeats", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_help_requests_person_id_people")
        ),
        sa.PrimaryKeyConstraint("person_id", "kind", name=op.f("pk_help_requests")),
    )


def downgrade() -> None:
    op.drop_table("help_requests")
