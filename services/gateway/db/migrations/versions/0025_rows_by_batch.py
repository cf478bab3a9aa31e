"""what a batch holds back, and what it fetches, is found from the batch

Revision: 0025, after: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_COMING_BEFORE = sa.text("batch_rows.address IS NOT NULL AND batch_rows.task_id IS NULL")
_COMING = sa.text("batch_rows.address IS NOT NULL AND batch_rows.task_id IS NULL AND NOT batch_rows.dropped")
_PAUSABLE = sa.text("jobs.state IN ('ready', 'held') AND jobs.run_stage IS NOT NULL AND NOT jobs.optional")


def upgrade() -> None:
    """Apply."""
    op.drop_index("ix_batch_rows_coming", "batch_rows")
    _partial("ix_batch_rows_coming", "batch_rows", ["batch_id", "number"], _COMING)
    _partial("ix_jobs_of_batches", "jobs", ["task_id", "state"], _PAUSABLE)


def downgrade() -> None:
    """Take back. The release before knows no wish to resume a batch."""
    op.execute("UPDATE batches SET wish = NULL WHERE wish = 'resume'")
    op.drop_index("ix_jobs_of_batches", "jobs")
    op.drop_index("ix_batch_rows_coming", "batch_rows")
    _partial("ix_batch_rows_coming", "batch_rows", ["id"], _COMING_BEFORE)


def _partial(name: str, table: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
