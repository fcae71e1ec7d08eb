"""supervisors look at what is unusual of officers' forms."""

import sqlalchemy as sa
from alembic import op

revision = "b3d07f5e1c68"
down_revision = "8e2f6b41c9d3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "officer_flags",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("forms", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("measure", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by_id", sa.BigInteger(), nullable=True),
        sa.Column("remark", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officers.id"], name=op.f("fk_officer_flags_officer_id_officers")
        ),
        sa.ForeignKeyConstraint(
            ["seen_by_id"], ["officers.id"], name=op.f("fk_officer_flags_seen_by_id_officers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer_flags")),
    )
    op.create_index(
        "ix_officer_flags_open",
        "officer_flags",
        ["noted_at"],
        postgresql_where=sa.text("seen_at IS NULL"),
    )
    op.create_index("ix_officer_flags_officer_id_kind", "officer_flags", ["officer_id", "kind"])
    op.create_index("ix_officer_flags_moved_at", "officer_flags", ["moved_at"])
    op.create_index(
        "ix_assisted_forms_officer_finished",
        "assisted_forms",
        ["officer_id", "moved_at"],
        postgresql_where=sa.text("state = 'sent' AND mends IS NULL"),
    )
    op.add_column("visits", sa.Column("officer_pin", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM tasks WHERE kind IN ('check_form', 'digest')")
    op.execute("DELETE FROM unreached WHERE reason = 'visited'")
    op.drop_column("visits", "officer_pin")
    op.drop_index("ix_assisted_forms_officer_finished", table_name="assisted_forms")
    op.drop_table("officer_flags")
