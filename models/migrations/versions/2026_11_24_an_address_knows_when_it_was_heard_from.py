"""An address knows when it was heard from, and whether it can be reached: a person has several."""

import sqlalchemy as sa
from alembic import op

revision = "123c7127151d"
down_revision = "29a0b7de96ea"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("addresses", sa.Column("heard_at", TIME, nullable=True))
    op.add_column("addresses", sa.Column("unreachable_at", TIME, nullable=True))
    op.execute(
        """
        UPDATE addresses
           SET heard_at = CASE WHEN channel = last_channel THEN last_heard_at END,
               unreachable_at = people.unreachable_at
          FROM people WHERE people.id = addresses.person_id
        """
    )
    op.add_column("inbox", sa.Column("address_id", sa.BigInteger(), nullable=True))
    op.execute(
        """
        UPDATE inbox SET address_id = addresses.id
          FROM addresses
         WHERE addresses.person_id = inbox.person_id AND addresses.channel = inbox.channel
           AND taken_at IS NULL AND set_aside_at IS NULL
        """
    )
    op.add_column("outbox", sa.Column("address_id", sa.BigInteger(), nullable=True))
    op.drop_column("people", "last_heard_at")
    op.drop_column("people", "last_channel")
    op.drop_column("people", "unreachable_at")


def downgrade() -> None:
    op.add_column("people", sa.Column("unreachable_at", TIME, nullable=True))
    op.add_column("people", sa.Column("last_channel", sa.String(), nullable=True))
    op.add_column("people", sa.Column("last_heard_at", TIME, nullable=True))
    op.execute(
        """
        UPDATE people
           SET unreachable_at = last.unreachable_at, last_channel = channel, last_heard_at = heard_at
          FROM (SELECT DISTINCT ON (person_id) * FROM addresses
                 ORDER BY person_id, heard_at DESC NULLS LAST, id) AS last
         WHERE last.person_id = people.id
        """
    )
    op.execute("UPDATE people SET last_channel = 'telegram' WHERE last_channel IS NULL")
    op.execute("UPDATE people SET last_heard_at = created_at WHERE last_heard_at IS NULL")
    op.alter_column("people", "last_channel", nullable=False)
    op.alter_column("people", "last_heard_at", nullable=False)
    op.drop_column("outbox", "address_id")
    op.drop_column("inbox", "address_id")
    op.drop_column("addresses", "unreachable_at")
    op.drop_column("addresses", "heard_at")
