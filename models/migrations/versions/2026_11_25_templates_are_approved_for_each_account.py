"""Templates are made and approved for each account: what became of them is kept."""

import sqlalchemy as sa
from alembic import op

revision = "1ed54b85ecec"
down_revision = "c83f92c7e122"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "templates",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("sid", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_templates")),
        sa.UniqueConstraint(
            "name", "locale", "content_hash", name=op.f("uq_templates_name_locale_content_hash")
        ),
    )


def downgrade() -> None:
    op.drop_table("templates")
