"""jobs know whose they are and how they are chosen

Revision: 0011, after: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_READY = sa.text("state = 'ready'")
_DISPATCHED = sa.text("state = 'dispatched'")
_QUEUE = ["stage", "lane", "long", "owner"]


def _partial(name: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, "jobs", columns, sqlite_where=where, postgresql_where=where)


def upgrade() -> None:
    """Apply. Jobs that wait are chosen like new ones, by the size of their videos."""
    op.drop_index("ix_jobs_dispatched", "jobs")
    op.drop_index("ix_jobs_ready", "jobs")
    with op.batch_alter_table("jobs") as batch_op:
        batch_op.add_column(sa.Column("owner", sa.String(80), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("task_order", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("steps_left", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("left_s", sa.Float(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("long", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(
        "UPDATE jobs SET "
        "owner = (SELECT tasks.owner FROM tasks WHERE tasks.task_id = jobs.task_id), "
        "task_order = (SELECT tasks.id FROM tasks WHERE tasks.task_id = jobs.task_id), "
        "steps_left = CASE stage WHEN 'export' THEN 0 WHEN 'voice_cloning' THEN 1 WHEN 'translation' THEN 2 ELSE 3 END, "
        "left_s = (SELECT tasks.video_size / 250000.0 FROM tasks WHERE tasks.task_id = jobs.task_id) "
        "WHERE state IN ('ready', 'dispatched') AND task_id IN (SELECT task_id FROM tasks)"
    )
    _partial("ix_jobs_oldest", [*_QUEUE, "task_order", "steps_left", "id"], _READY)
    _partial("ix_jobs_shortest", [*_QUEUE, "left_s", "id"], _READY)
    _partial("ix_jobs_dispatched", ["stage", "lane"], _DISPATCHED)
    op.create_index("ix_jobs_finished", "jobs", ["finished_at"])


def downgrade() -> None:
    """Take back."""
    for name in ("ix_jobs_finished", "ix_jobs_dispatched", "ix_jobs_shortest", "ix_jobs_oldest"):
        op.drop_index(name, "jobs")
    with op.batch_alter_table("jobs") as batch_op:
        for name in ("long", "left_s", "steps_left", "task_order", "owner"):
            batch_op.drop_column(name)
    _partial("ix_jobs_ready", ["stage", "lane", "task_id", "language", "id"], _READY)
    _partial("ix_jobs_dispatched", ["stage", "lane", "task_id"], _DISPATCHED)
