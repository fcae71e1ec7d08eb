"""places are referred by others, and some want no visit."""

import sqlalchemy as sa
from alembic import op

revision = "c4e81b6f2d90"
down_revision = "5b7f20c4e9a1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quiet_places",
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_quiet_places")),
    )
    op.create_index(op.f("ix_quiet_places_until"), "quiet_places", ["until"])
    op.create_table(
        "distinct_places",
        sa.Column("smaller_id", sa.BigInteger(), nullable=False),
        sa.Column("larger_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["smaller_id"], ["cases.id"], name=op.f("fk_distinct_places_smaller_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["larger_id"], ["cases.id"], name=op.f("fk_distinct_places_larger_id_cases")
        ),
        sa.PrimaryKeyConstraint("smaller_id", "larger_id", name=op.f("pk_distinct_places")),
    )
    op.create_index(op.f("ix_distinct_places_larger_id"), "distinct_places", ["larger_id"])
    op.create_table(
        "invitations",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_invitations_case_id_cases")
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_invitations_code_hash")),
    )
    op.create_index(op.f("ix_invitations_expires_at"), "invitations", ["expires_at"])
    op.create_table(
        "helpers",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_helpers_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_helpers")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_helpers_token_hash")),
    )
    op.create_index(op.f("ix_helpers_person_id"), "helpers", ["person_id"])
    op.add_column("participants", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_cases_area_code_service"), "cases", ["area_code", "service"])


def downgrade() -> None:
    op.execute("DELETE FROM participants WHERE role = 'reporter'")
    op.drop_index(op.f("ix_cases_area_code_service"), table_name="cases")
    op.drop_column("participants", "told_at")
    op.drop_table("helpers")
    op.drop_table("invitations")
    op.drop_table("distinct_places")
    op.drop_table("quiet_places")
