"""A permit is a document of the kind iumk: other services issue other kinds."""

import sqlalchemy as sa
from alembic import op

revision = "8d42b7e05c16"
down_revision = "3a9f6c21d8e4"
branch_labels = None
depends_on = None

#: Constraints and indexes by the table that has them: old name -> new name.
CONSTRAINTS = {
    "pk_permits": "pk_documents",
    "uq_permits_number": "uq_documents_number",
    "fk_permits_case_id_cases": "fk_documents_case_id_cases",
    "fk_permits_person_id_people": "fk_documents_person_id_people",
}
INDEXES = {
    "ix_permits_person_id": "ix_documents_person_id",
    "ix_permits_unwritten": "ix_documents_unwritten",
}


def upgrade() -> None:
    op.rename_table("permits", "documents")
    for old, new in CONSTRAINTS.items():
        op.execute(f"ALTER TABLE documents RENAME CONSTRAINT {old} TO {new}")
    for old, new in INDEXES.items():
        op.execute(f"ALTER INDEX {old} RENAME TO {new}")
    op.execute("ALTER SEQUENCE permits_id_seq RENAME TO documents_id_seq")
    for table in ("documents", "permit_counters"):
        kind = sa.Column("kind", sa.String(), nullable=False, server_default="iumk")
        op.add_column(table, kind)
    op.alter_column("documents", "kind", server_default=None)
    op.alter_column("documents", "valid_until", nullable=True)
    op.drop_constraint("uq_permits_case_id", "documents")
    op.create_unique_constraint("uq_documents_case_id_kind", "documents", ["case_id", "kind"])

    op.rename_table("permit_counters", "document_counters")
    op.alter_column("document_counters", "kota", new_column_name="area")
    op.alter_column("document_counters", "kind", server_default=None)
    op.drop_constraint("pk_permit_counters", "document_counters")
    op.create_primary_key("pk_document_counters", "document_counters", ["kind", "year", "area"])

    op.execute(
        "UPDATE tasks SET kind = 'document'"
        " WHERE kind = 'permit' AND done_at IS NULL AND failed_at IS NULL"
    )


def downgrade() -> None:
    """Documents of other kinds have no place in the earlier tables: there must be none."""
    op.execute("UPDATE tasks SET kind = 'permit' WHERE kind = 'document' AND done_at IS NULL")
    op.drop_constraint("pk_document_counters", "document_counters")
    op.drop_column("document_counters", "kind")
    op.alter_column("document_counters", "area", new_column_name="kota")
    op.create_primary_key("pk_permit_counters", "document_counters", ["year", "kota"])
    op.rename_table("document_counters", "permit_counters")

    op.drop_constraint("uq_documents_case_id_kind", "documents")
    op.create_unique_constraint("uq_permits_case_id", "documents", ["case_id"])
    op.alter_column("documents", "valid_until", nullable=False)
    op.drop_column("documents", "kind")
    op.execute("ALTER SEQUENCE documents_id_seq RENAME TO permits_id_seq")
    for old, new in INDEXES.items():
        op.execute(f"ALTER INDEX {new} RENAME TO {old}")
    for old, new in CONSTRAINTS.items():
        op.execute(f"ALTER TABLE documents RENAME CONSTRAINT {new} TO {old}")
    op.rename_table("documents", "permits")
