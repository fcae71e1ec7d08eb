"""An application is a case, whatever its service, and a visit has a purpose.

States are named for every service. An open visit keeps where it goes, so that it needs no answers.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.infrastructure.encryption import Unreadable, open_json, seal_json

revision = "3a9f6c21d8e4"
down_revision = "6c1f0b9d27e4"
branch_labels = None
depends_on = None

CASES = {"verified": "accepted", "scheduled": "under_way", "permitted": "done"}
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


def _words(states: Mapping[str, str]) -> str:
    cases = " ".join(f"WHEN '{old}' THEN '{new}'" for old, new in states.items())
    return f"CASE state {cases} ELSE state END"


def _open(case: str, done: str) -> None:
    for name, create in OPEN.items():
        op.execute(f"DROP INDEX {name}")
        given = f"state NOT IN ('{done}', 'failed', 'cancelled')"
        op.execute(f"{create.format(case=case)} WHERE {given}")


def _keep_sites() -> None:
    """Copy the place out of the answers of every case with an open visit."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.text("""
            SELECT visits.id, visits.area_code, cases.answers
              FROM visits JOIN cases ON cases.id = visits.case_id
             WHERE visits.state NOT IN ('done', 'failed', 'cancelled')
        """)
    ).all()
    sites = []
    for row in rows:
        answers = open_json(bytes(row.answers), "applications.answers")
        if not isinstance(answers, Unreadable):  # else it is read from the answers, with the key
            site = seal_json(_site(row.area_code, answers), "visits.site")
            sites.append({"site": site, "id": row.id})
    if sites:  # in one go: one by one they take five times as long
        connection.execute(sa.text("UPDATE visits SET site = :site WHERE id = :id"), sites)


def _site(area_code: str, answers: Mapping[str, Any]) -> dict[str, Any]:
    corner = answers.get("rt_rw")
    parts = [answers.get("street"), corner and f"RT/RW {corner}"]
    return {
        "area_code": area_code,
        "pin": (answers.get("place") or {}).get("pin"),
        "address": ", ".join(str(part) for part in parts if part),
    }


def upgrade() -> None:
    op.rename_table("applications", "cases")
    for table in ("findings", "permits", "unreached", "visits"):
        op.alter_column(table, "application_id", new_column_name="case_id")
    _rename("application", "case")

    op.alter_column("cases", "kelurahan_code", new_column_name="area_code")
    op.add_column("cases", sa.Column("same_as", sa.String(), nullable=True))
    op.add_column("cases", sa.Column("stage", sa.String(), nullable=False, server_default=""))
    op.alter_column("cases", "stage", server_default=None)
    op.execute(f"""
        UPDATE cases
           SET same_as = trade_code || '/' || area_code,
               stage = CASE WHEN state IN ('verified', 'scheduled', 'permitted')
                            THEN 'hand_over' ELSE '' END,
               state = {_words(CASES)}
    """)
    op.drop_column("cases", "trade_code")

    op.alter_column("visits", "owner_id", new_column_name="host_id", nullable=True)
    op.alter_column("visits", "kelurahan_code", new_column_name="area_code")
    op.execute("ALTER INDEX ix_visits_owner_id RENAME TO ix_visits_host_id")
    op.execute(
        "ALTER TABLE visits RENAME CONSTRAINT fk_visits_owner_id_people TO fk_visits_host_id_people"
    )
    purpose = sa.Column("purpose", sa.String(), nullable=False, server_default="hand_over")
    op.add_column("visits", purpose)
    op.alter_column("visits", "purpose", server_default=None)
    op.add_column("visits", sa.Column("site", sa.LargeBinary(), nullable=True))
    op.add_column("visits", sa.Column("outcome", sa.String(), nullable=True))
    op.execute(
        "UPDATE visits SET state = 'done', outcome = 'handed_over' WHERE state = 'handed_over'"
    )
    _open("case_id", "done")
    _keep_sites()

    op.add_column("visit_reports", sa.Column("answers", postgresql.JSONB(), nullable=True))
    op.execute("""
        UPDATE visit_reports
           SET answers = jsonb_build_object(
                 'ktp', CASE WHEN ktp_seen THEN 'seen' ELSE 'failed' END,
                 'place', CASE WHEN place_as_described THEN 'as_described' ELSE 'different' END)
               || CASE WHEN photo_id IS NULL THEN '{}'
                       ELSE jsonb_build_object('photo', jsonb_build_object(
                              'ids', jsonb_build_array(photo_id), 'done', true)) END
    """)
    op.alter_column("visit_reports", "answers", nullable=False)
    for column in ("ktp_seen", "place_as_described", "photo_id", "arrived_km"):
        op.drop_column("visit_reports", column)

    op.create_table(
        "participants",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(person_id IS NULL) <> (name IS NULL)", name="ck_participants_named_once"
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_participants_case_id_cases"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_participants_person_id_people"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_participants"),
        sa.UniqueConstraint(
            "case_id", "role", "person_id", name="uq_participants_case_id_role_person_id"
        ),
    )
    op.create_index("ix_participants_person_id", "participants", ["person_id"])


def downgrade() -> None:
    """Rows of later services have no place in the earlier tables: there must be none."""
    op.drop_table("participants")

    for name, kind in (("ktp_seen", sa.Boolean()), ("place_as_described", sa.Boolean())):
        op.add_column("visit_reports", sa.Column(name, kind, nullable=True))
    op.add_column("visit_reports", sa.Column("photo_id", sa.BigInteger(), nullable=True))
    op.add_column("visit_reports", sa.Column("arrived_km", sa.Float(), nullable=True))
    op.create_foreign_key(
        "fk_visit_reports_photo_id_attachments",
        "visit_reports",
        "attachments",
        ["photo_id"],
        ["id"],
    )
    op.execute("""
        UPDATE visit_reports
           SET ktp_seen = answers ->> 'ktp' = 'seen',
               place_as_described = answers ->> 'place' = 'as_described',
               photo_id = CAST(answers -> 'photo' -> 'ids' ->> 0 AS bigint)
    """)
    for name in ("ktp_seen", "place_as_described"):
        op.alter_column("visit_reports", name, nullable=False)
    op.drop_column("visit_reports", "answers")

    op.execute("UPDATE visits SET state = 'handed_over' WHERE state = 'done'")
    for column in ("purpose", "site", "outcome"):
        op.drop_column("visits", column)
    op.execute(
        "ALTER TABLE visits RENAME CONSTRAINT fk_visits_host_id_people TO fk_visits_owner_id_people"
    )
    op.execute("ALTER INDEX ix_visits_host_id RENAME TO ix_visits_owner_id")
    op.alter_column("visits", "area_code", new_column_name="kelurahan_code")
    op.alter_column("visits", "host_id", new_column_name="owner_id", nullable=False)

    op.add_column("cases", sa.Column("trade_code", sa.String(), nullable=True))
    states = _words({new: old for old, new in CASES.items()})
    op.execute(f"UPDATE cases SET trade_code = split_part(same_as, '/', 1), state = {states}")
    op.drop_column("cases", "stage")
    op.drop_column("cases", "same_as")
    op.alter_column("cases", "area_code", new_column_name="kelurahan_code")
    op.rename_table("cases", "applications")
    for table in ("findings", "permits", "unreached", "visits"):
        op.alter_column(table, "case_id", new_column_name="application_id")
    _rename("case", "application")
    _open("application_id", "handed_over")
