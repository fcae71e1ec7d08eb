"""Each question has its index: what is asked often is found without reading all that has grown.

Indexes that served nothing, or only what another one serves, go.
"""

import sqlalchemy as sa
from alembic import op

revision = "07acd1d8f054"
down_revision = "126c270642ba"
branch_labels = None
depends_on = None

OPEN_VISIT = sa.text("state NOT IN ('handed_over', 'failed', 'cancelled')")
WAITING = sa.text("state IN ('submitted', 'needs_fix', 'in_review', 'verified')")


def upgrade() -> None:
    op.create_index("ix_applications_state_moved_at", "applications", ["state", "moved_at"])
    op.drop_index("ix_applications_waiting", table_name="applications")
    op.drop_index("ix_applications_kelurahan_code", table_name="applications")
    op.create_index(
        "ix_conversations_drafts",
        "conversations",
        ["reminded"],
        postgresql_where=sa.text("has_draft"),
    )
    op.drop_index("ix_findings_application_id", table_name="findings")
    op.create_index(
        "ix_inbox_set_aside",
        "inbox",
        ["set_aside_at"],
        postgresql_where=sa.text("set_aside_at IS NOT NULL"),
    )
    op.create_index(
        "ix_offers_open", "offers", ["officer_id"], postgresql_where=sa.text("answer IS NULL")
    )
    op.drop_index("ix_offers_officer_id", table_name="offers")
    op.create_index(
        "ix_permits_unwritten", "permits", ["made_at"], postgresql_where=sa.text("path IS NULL")
    )
    op.create_index(
        "ix_tasks_failed",
        "tasks",
        ["failed_at"],
        postgresql_where=sa.text("failed_at IS NOT NULL"),
    )
    op.create_index("ix_tasks_subject", "tasks", ["subject_id", "kind"])
    op.create_index("ix_visits_officer_id_on", "visits", ["officer_id", "on"])
    op.create_index("ix_visits_officer_open", "visits", ["officer_id"], postgresql_where=OPEN_VISIT)
    op.create_index("ix_visits_state_on", "visits", ["state", "on"])
    op.drop_index("ix_visits_officer_id", table_name="visits")
    op.drop_index("ix_visits_window", table_name="visits")


def downgrade() -> None:
    op.create_index("ix_visits_window", "visits", ["on", "part"], postgresql_where=OPEN_VISIT)
    op.create_index("ix_visits_officer_id", "visits", ["officer_id"])
    op.drop_index("ix_visits_state_on", table_name="visits")
    op.drop_index("ix_visits_officer_open", table_name="visits")
    op.drop_index("ix_visits_officer_id_on", table_name="visits")
    op.drop_index("ix_tasks_subject", table_name="tasks")
    op.drop_index("ix_tasks_failed", table_name="tasks")
    op.drop_index("ix_permits_unwritten", table_name="permits")
    op.create_index("ix_offers_officer_id", "offers", ["officer_id"])
    op.drop_index("ix_offers_open", table_name="offers")
    op.drop_index("ix_inbox_set_aside", table_name="inbox")
    op.create_index("ix_findings_application_id", "findings", ["application_id"])
    op.drop_index("ix_conversations_drafts", table_name="conversations")
    op.create_index("ix_applications_kelurahan_code", "applications", ["kelurahan_code"])
    op.create_index(
        "ix_applications_waiting", "applications", ["state", "moved_at"], postgresql_where=WAITING
    )
    op.drop_index("ix_applications_state_moved_at", table_name="applications")
