"""Whoever waits for a person has a ticket: a case that a supervisor answers in words.

Requests for help of the last week that nobody could close become tickets; older ones were only
notices, and are dropped.
"""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from models.infrastructure.encryption import seal_json

revision = "4f0b8e6d1c93"
down_revision = "8d42b7e05c16"
branch_labels = None
depends_on = None

ANSWERS = "applications.answers"  # the associated data of a case's answers
RECENT = timedelta(days=7)
ANSWER_IN, CLOSE_IN = timedelta(days=1), timedelta(days=7)


def upgrade() -> None:
    op.create_table(
        "tickets",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=True),
        sa.Column("heads_only", sa.Boolean(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column(
            "told_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("told_times", sa.BigInteger(), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("close_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by_id", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("overdue_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("founded", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_tickets_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officers.id"], name=op.f("fk_tickets_officer_id_officers")
        ),
        sa.ForeignKeyConstraint(
            ["taken_by_id"], ["officers.id"], name=op.f("fk_tickets_taken_by_id_officers")
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_tickets")),
    )
    op.create_index(
        "ix_tickets_open", "tickets", ["answer_by"], postgresql_where=sa.text("closed_at IS NULL")
    )
    op.create_index("ix_tickets_officer_id", "tickets", ["officer_id"])
    op.create_table(
        "remarks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=True),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_remarks_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officers.id"], name=op.f("fk_remarks_officer_id_officers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remarks")),
    )
    op.create_index(op.f("ix_remarks_case_id"), "remarks", ["case_id"])
    _open_tickets()
    op.drop_table("help_requests")


def _open_tickets() -> None:
    """Open a ticket for each request for help of which supervisors were told lately."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.text("""
            SELECT help.person_id, help.kind, help.told_at, help.repeats,
                   (SELECT area_code FROM cases WHERE cases.person_id = help.person_id
                     ORDER BY id DESC LIMIT 1) AS area_code
              FROM help_requests AS help
             WHERE help.told_at > now() - CAST(:recent AS interval)
             ORDER BY help.told_at, help.person_id
        """),
        {"recent": RECENT},
    ).all()
    for row in rows:
        about = "talk" if row.kind == "phone" else row.kind
        complaint = about == "complaint"
        given = {"what": "-"} if complaint else {"about": about, "words": ""}
        connection.execute(
            sa.text("""
                WITH new AS (SELECT nextval(pg_get_serial_sequence('cases', 'id')) AS id), made AS (
                  INSERT INTO cases (id, number, person_id, service, state, answers,
                                     answers_version, area_code, stage, submitted_at, moved_at,
                                     failed_visits)
                  SELECT id, to_char(timezone('Asia/Jakarta', now()), 'YY') || '-' ||
                             lpad(CAST(id AS text), greatest(6, length(CAST(id AS text))), '0'),
                         :person_id, :service, 'under_way', :answers, 1, :area_code, 'answer',
                         :told_at, now(), 0
                    FROM new
                  RETURNING id
                )
                INSERT INTO tickets (case_id, about, heads_only, times, told_at, told_times,
                                     answer_by, close_by)
                SELECT id, :about, false, :times, :told_at, 1, CAST(:told_at AS timestamptz) + :answer,
                       CAST(:told_at AS timestamptz) + :close
                  FROM made
            """),
            {
                "person_id": row.person_id,
                "service": "complaint" if complaint else "help",
                "answers": seal_json(given, ANSWERS),
                "area_code": row.area_code,
                "told_at": row.told_at,
                "about": about,
                "times": row.repeats + 1,
                "answer": ANSWER_IN,
                "close": CLOSE_IN,
            },
        )


def downgrade() -> None:
    op.create_table(
        "help_requests",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("repeats", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_help_requests_person_id_people")
        ),
        sa.PrimaryKeyConstraint("person_id", "kind", name=op.f("pk_help_requests")),
    )
    op.drop_table("remarks")
    op.drop_table("tickets")
    op.execute("UPDATE cases SET state = 'done' WHERE service IN ('complaint', 'help')")
