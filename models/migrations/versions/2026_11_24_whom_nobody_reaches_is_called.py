"""Who can't be reached in chat is called: the supervisors' list."""

import sqlalchemy as sa
from alembic import op

revision = "c83f92c7e122"
down_revision = "123c7127151d"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unreached",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("application_id", sa.BigInteger(), nullable=True),
        sa.Column("area_code", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
            name=op.f("fk_unreached_application_id_applications"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_unreached_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unreached")),
        sa.UniqueConstraint("person_id", "reason", name=op.f("uq_unreached_person_id_reason")),
    )
    op.create_index(
        "ix_unreached_open",
        "unreached",
        ["noted_at"],
        postgresql_where=sa.text("called_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_unreached_open", table_name="unreached")
    op.drop_table("unreached")
