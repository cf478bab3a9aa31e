"""lists, counts and sweeps read indexes of the few rows they are about

Revision: 0012, after: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_SHOWN = "tasks.deleted_at IS NULL AND tasks.status <> 'uploading'"
_SEARCHED = ("status", "deleted_at", "video_original_name", "task_id")
_WRONG = (
    "(lines.state IN ('failed', 'stale') OR lines.fit = 'overflow' OR lines.error_rate >= 0.5 "
    "OR lines.segment_revision <> 1)"
)
_INDEXES = (
    ("ix_tasks_shown", "tasks", ["created_at", "id", *_SEARCHED], _SHOWN),
    ("ix_tasks_shown_owner", "tasks", ["owner", "created_at", "id", *_SEARCHED], _SHOWN),
    ("ix_tasks_leaving", "tasks", ["id"], "tasks.deleted_at IS NOT NULL"),
    ("ix_segments_edited", "segments", ["task_id"], "segments.revision <> 1"),
    ("ix_lines_wrong", "lines", ["task_id"], _WRONG),
    ("ix_jobs_kept", "jobs", ["finished_at"], "jobs.payload <> '' AND jobs.state NOT IN ('ready', 'dispatched')"),
    ("ix_lines_unspoken", "lines", ["task_id", "language"], "lines.state IN ('pending', 'translated')"),
)


def upgrade() -> None:
    """Apply."""
    for name, table, columns, where in _INDEXES:
        op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    """Take back."""
    for name, table, _, _ in _INDEXES:
        op.drop_index(name, table)
