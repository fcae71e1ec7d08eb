"""what differs is mended at the door."""

import sqlalchemy as sa
from alembic import op

revision = "5b7f20c4e9a1"
down_revision = "dff383e87e57"
branch_labels = None
depends_on = None

_OPEN = "state IN ('writing', 'waiting')"
_MENDING = "state IN ('writing', 'waiting', 'checking') AND mends IS NOT NULL"


def upgrade() -> None:
    op.add_column("assisted_forms", sa.Column("mends", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_assisted_forms_mends_cases"), "assisted_forms", "cases", ["mends"], ["id"]
    )
    op.drop_index("uq_assisted_forms_open", table_name="assisted_forms")
    op.create_index(
        "uq_assisted_forms_open",
        "assisted_forms",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text(f"{_OPEN} AND mends IS NULL"),
    )
    op.create_index(
        "uq_assisted_forms_mending",
        "assisted_forms",
        ["mends"],
        unique=True,
        postgresql_where=sa.text(_MENDING),
    )


def downgrade() -> None:
    op.execute("DELETE FROM assisted_forms WHERE mends IS NOT NULL")
    op.drop_index("uq_assisted_forms_mending", table_name="assisted_forms")
    op.drop_index("uq_assisted_forms_open", table_name="assisted_forms")
    op.create_index(
        "uq_assisted_forms_open",
        "assisted_forms",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text(_OPEN),
    )
    op.drop_constraint(op.f("fk_assisted_forms_mends_cases"), "assisted_forms", type_="foreignkey")
    op.drop_column("assisted_forms", "mends")
