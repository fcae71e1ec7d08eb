"""The numbers of Telegram's chats are encrypted under INDEX_KEY, as WhatsApp's are."""

from alembic import op

from models import person

revision = "7c1d0e5a94b2"
down_revision = "c7d20f4b8a16"
branch_labels = None
depends_on = None


def upgrade() -> None:
    person.encrypt_addresses(op.get_bind(), "telegram")


def downgrade() -> None:
    """Nothing: older programs need the numbers, but the tables have the same shape."""
