"""What can't be read is set aside; keys that have written, chores and restarts are known."""

import sqlalchemy as sa
from alembic import op

revision = "5d1c0e7ab946"
down_revision = "b1d4c3a97e02"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sessions_aside",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("session", sa.LargeBinary(), nullable=False),
        sa.Column("has_draft", sa.Boolean(), nullable=False),
        sa.Column("set_aside_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_sessions_aside_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions_aside")),
    )
    op.create_index(op.f("ix_sessions_aside_person_id"), "sessions_aside", ["person_id"])
    op.create_index(
        "ix_sessions_aside_open",
        "sessions_aside",
        ["set_aside_at"],
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "keys",
        sa.Column("use", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("canary", sa.LargeBinary(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("use", "name", name=op.f("pk_keys")),
    )
    op.create_table(
        "chores",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chores")),
    )
    op.add_column(
        "heartbeats", sa.Column("restarts", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.create_index(
        "ix_outbox_failed",
        "outbox",
        ["failed_at"],
        postgresql_where=sa.text("failed_at IS NOT NULL"),
    )
    op.create_index(
        "ix_attachments_unreadable",
        "attachments",
        ["id"],
        postgresql_where=sa.text("refusal = 'unreadable'"),
    )
    op.add_column(
        "aliases",
        sa.Column(
            "made_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
        ),
    )
    op.create_index("ix_aliases_made_at", "aliases", ["made_at"])


def downgrade() -> None:
    op.drop_index("ix_aliases_made_at", table_name="aliases")
    op.drop_index("ix_attachments_unreadable", table_name="attachments")
    op.drop_column("aliases", "made_at")
    op.drop_index("ix_outbox_failed", table_name="outbox")
    op.drop_column("heartbeats", "restarts")
    op.drop_table("chores")
    op.drop_table("keys")
    op.drop_index("ix_sessions_aside_open", table_name="sessions_aside")
    op.drop_index(op.f("ix_sessions_aside_person_id"), table_name="sessions_aside")
    op.drop_table("sessions_aside")
