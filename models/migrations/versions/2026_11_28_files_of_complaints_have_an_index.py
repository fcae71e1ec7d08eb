"""Files of complaints are found by an index."""

from alembic import op

revision = "a91d07d3b526"
down_revision = "7d3f0a91c5e8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_attachments_evidence",
        "attachments",
        ["id"],
        unique=False,
        postgresql_where="kind IN ('evidence', 'voice') AND path IS NOT NULL",
    )


def downgrade() -> None:
    op.drop_index(
        "ix_attachments_evidence",
        table_name="attachments",
        postgresql_where="kind IN ('evidence', 'voice') AND path IS NOT NULL",
    )
