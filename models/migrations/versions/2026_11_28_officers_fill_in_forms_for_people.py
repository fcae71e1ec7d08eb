"""Officers fill in forms for people."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "dff383e87e57"
down_revision = "5e2c9a7d41b8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assisted_forms",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=True),
        sa.Column("way", sa.String(), nullable=True),
        sa.Column("code_hash", sa.LargeBinary(), nullable=True),
        sa.Column("code_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("evidence_id", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_assisted_forms_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["evidence_id"],
            ["attachments.id"],
            name=op.f("fk_assisted_forms_evidence_id_attachments"),
        ),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officers.id"], name=op.f("fk_assisted_forms_officer_id_officers")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_assisted_forms_person_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visits.id"], name=op.f("fk_assisted_forms_visit_id_visits")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assisted_forms")),
        sa.UniqueConstraint("case_id", name=op.f("uq_assisted_forms_case_id")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_assisted_forms_code_hash")),
    )
    op.create_index(
        "ix_assisted_forms_officer_open",
        "assisted_forms",
        ["officer_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('writing', 'waiting')"),
    )
    op.create_index("ix_assisted_forms_moved_at", "assisted_forms", ["moved_at"])
    op.create_index(
        op.f("ix_assisted_forms_person_id"), "assisted_forms", ["person_id"], unique=False
    )
    op.create_index(
        "uq_assisted_forms_open",
        "assisted_forms",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('writing', 'waiting')"),
    )
    op.add_column(
        "cases",
        sa.Column(
            "answered_by", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
    )


def downgrade() -> None:
    op.drop_column("cases", "answered_by")
    op.drop_index(
        "uq_assisted_forms_open",
        table_name="assisted_forms",
        postgresql_where=sa.text("state IN ('writing', 'waiting')"),
    )
    op.drop_index(op.f("ix_assisted_forms_person_id"), table_name="assisted_forms")
    op.drop_index("ix_assisted_forms_moved_at", table_name="assisted_forms")
    op.drop_index(
        "ix_assisted_forms_officer_open",
        table_name="assisted_forms",
        postgresql_where=sa.text("state IN ('writing', 'waiting')"),
    )
    op.drop_table("assisted_forms")
