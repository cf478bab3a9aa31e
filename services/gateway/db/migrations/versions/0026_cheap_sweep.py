"""what is to be forgotten is found in indexes

Revision: 0026, after: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_KEPT = sa.text("jobs.payload <> '' AND jobs.state NOT IN ('ready', 'dispatched')")
_RUN = ["task_id", "language", "run_stage", "attempt"]


def upgrade() -> None:
    """Apply. The jobs of a run are beside each other, and whether it is running is known without reading them."""
    op.drop_index("ix_jobs_kept", "jobs")
    op.create_index("ix_jobs_kept_runs", "jobs", _RUN, sqlite_where=_KEPT, postgresql_where=_KEPT)
    op.create_index("ix_idempotency_keys_created", "idempotency_keys", ["created_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_idempotency_keys_created", "idempotency_keys")
    op.drop_index("ix_jobs_kept_runs", "jobs")
    op.create_index("ix_jobs_kept", "jobs", ["finished_at"], sqlite_where=_KEPT, postgresql_where=_KEPT)
