"""Letters go to lenders."""

import sqlalchemy as sa
from alembic import op

revision = "8f3b52d7a1c6"
down_revision = "6ad1c93f07b2"
branch_labels = None
depends_on = None


def _id(name: str, **more: object) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), **more)  # type: ignore[arg-type]


def _time(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def upgrade() -> None:
    op.add_column("cases", _time("due_at"))
    op.create_table(
        "dossiers",
        _id("case_id", nullable=False),
        sa.Column("desk_hash", sa.LargeBinary(), nullable=False),
        sa.Column("desk_code", sa.LargeBinary(), nullable=False),
        sa.Column("pin", sa.LargeBinary(), nullable=False),
        _id("pin_tries", nullable=False),
        _time("signed_at"),
        sa.Column("signed_how", sa.String(), nullable=True),
        _id("signature_id", nullable=True),
        _id("carrier_id", nullable=True),
        _time("delivered_at"),
        sa.Column("delivered_how", sa.String(), nullable=True),
        sa.Column("receiver", sa.LargeBinary(), nullable=True),
        _id("receipt_id", nullable=True),
        _id("asked", nullable=False),
        _time("answered_at"),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("terms", sa.LargeBinary(), nullable=True),
        _id("reminders", nullable=True),
        _time("stopped_at"),
        _time("withdrawn_at"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_dossiers_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["officers.id"], name=op.f("fk_dossiers_carrier_id_officers")
        ),
        sa.ForeignKeyConstraint(
            ["receipt_id"], ["attachments.id"], name=op.f("fk_dossiers_receipt_id_attachments")
        ),
        sa.ForeignKeyConstraint(
            ["signature_id"],
            ["attachments.id"],
            name=op.f("fk_dossiers_signature_id_attachments"),
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_dossiers")),
        sa.UniqueConstraint("desk_hash", name=op.f("uq_dossiers_desk_hash")),
    )
    op.create_index(op.f("ix_dossiers_carrier_id"), "dossiers", ["carrier_id"])
    op.create_table(
        "lender_answers",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        _id("case_id", nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("details", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_lender_answers_case_id_cases")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lender_answers")),
    )
    op.create_index(op.f("ix_lender_answers_case_id"), "lender_answers", ["case_id"])


def downgrade() -> None:
    op.drop_table("lender_answers")
    op.drop_table("dossiers")
    op.drop_column("cases", "due_at")
