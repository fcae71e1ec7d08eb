"""A badge is compared in one form: without signs, capitals only, no zeros before a number."""

import logging

import sqlalchemy as sa
from alembic import op

revision = "b7e0417c2a15"
down_revision = "fce8ac283789"
branch_labels = None
depends_on = None

KEY = (
    "regexp_replace(regexp_replace(upper(badge), '[^0-9A-Z]', '', 'g'), "
    "'(^|[A-Z])0+([0-9])', '\\1\\2', 'g')"
)
#: Officers who were here first keep their badge to themselves; the others are marked, so that the
#: index can be made. `izin doctor` names them until all but one have ended.
MARK_SHARED = """
    UPDATE officers SET badge_shared = true
     WHERE active AND EXISTS (
             SELECT FROM officers AS first
              WHERE first.active AND first.badge_key = officers.badge_key AND first.id < officers.id
           )
"""


def upgrade() -> None:
    op.add_column("officers", sa.Column("badge_key", sa.String(), sa.Computed(KEY, persisted=True)))
    op.add_column(
        "officers",
        sa.Column("badge_shared", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    marked = op.get_bind().execute(sa.text(MARK_SHARED)).rowcount
    if marked:
        logging.getLogger("models.migrations").warning(
            "%s active officers have another's badge in another spelling; "
            "izin doctor names them and says what to do",
            marked,
        )
    op.create_index(
        "uq_officers_badge_key",
        "officers",
        ["badge_key"],
        unique=True,
        postgresql_where=sa.text("active AND NOT badge_shared"),
    )
    op.create_index("ix_officers_badge_key", "officers", ["badge_key"])


def downgrade() -> None:
    op.drop_index("ix_officers_badge_key", table_name="officers")
    op.drop_index("uq_officers_badge_key", table_name="officers")
    op.drop_column("officers", "badge_shared")
    op.drop_column("officers", "badge_key")
