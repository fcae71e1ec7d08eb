"""An application is a case, whatever its service; its states and its visit's are named for all."""

from alembic import op

revision = "3a9f6c21d8e4"
down_revision = "6c1f0b9d27e4"
branch_labels = None
depends_on = None

CASES = {"verified": "accepted", "scheduled": "under_way", "permitted": "done"}
VISITS = {"handed_over": "done"}
#: The partial indexes whose condition names a state.
OPEN = {
    "uq_visits_open": "CREATE UNIQUE INDEX uq_visits_open ON visits ({case})",
    "ix_visits_officer_open": "CREATE INDEX ix_visits_officer_open ON visits (officer_id)",
}


def _rename(old: str, new: str) -> None:
    """Rename every constraint, index and sequence that has the word in its name."""
    op.execute(f"""
        DO $$
        DECLARE one record;
        BEGIN
          FOR one IN SELECT conname AS name, conrelid::regclass AS place FROM pg_constraint
                      WHERE connamespace = current_schema()::regnamespace
                        AND conname LIKE '%{old}%' LOOP
            EXECUTE format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', one.place, one.name,
                           replace(replace(one.name, '{old}s', '{new}s'), '{old}', '{new}'));
          END LOOP;
          FOR one IN SELECT relname AS name, relkind FROM pg_class
                      WHERE relnamespace = current_schema()::regnamespace
                        AND relkind IN ('i', 'S') AND relname LIKE '%{old}%' LOOP
            EXECUTE format('ALTER %s %I RENAME TO %I',
                           CASE one.relkind WHEN 'i' THEN 'INDEX' ELSE 'SEQUENCE' END, one.name,
                           replace(replace(one.name, '{old}s', '{new}s'), '{old}', '{new}'));
          END LOOP;
        END $$
    """)


def _restate(table: str, states: dict[str, str]) -> None:
    cases = " ".join(f"WHEN '{old}' THEN '{new}'" for old, new in states.items())
    given = ", ".join(f"'{old}'" for old in states)
    op.execute(f"UPDATE {table} SET state = CASE state {cases} END WHERE state IN ({given})")


def _open(case: str, done: str) -> None:
    for name, create in OPEN.items():
        op.execute(f"DROP INDEX {name}")
        given = f"state NOT IN ('{done}', 'failed', 'cancelled')"
        op.execute(f"{create.format(case=case)} WHERE {given}")


def upgrade() -> None:
    op.rename_table("applications", "cases")
    for table in ("findings", "permits", "unreached", "visits"):
        op.alter_column(table, "application_id", new_column_name="case_id")
    _rename("application", "case")
    _restate("cases", CASES)
    _restate("visits", VISITS)
    _open("case_id", "done")


def downgrade() -> None:
    _restate("cases", {new: old for old, new in CASES.items()})
    _restate("visits", {new: old for old, new in VISITS.items()})
    op.rename_table("cases", "applications")
    for table in ("findings", "permits", "unreached", "visits"):
        op.alter_column(table, "case_id", new_column_name="application_id")
    _rename("case", "application")
    _open("application_id", "handed_over")
