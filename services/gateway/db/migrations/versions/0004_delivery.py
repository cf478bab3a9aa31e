"""ready and dispatched jobs by stage; facts that are set aside

Revision: 0004, after: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_READY = sa.text("state = 'ready'")
_DISPATCHED = sa.text("state = 'dispatched'")


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "ix_jobs_ready",
        "jobs",
        ["stage", "lane", "task_id", "language", "id"],
        sqlite_where=_READY,
        postgresql_where=_READY,
    )
    op.create_index(
        "ix_jobs_dispatched",
        "jobs",
        ["stage", "lane", "task_id"],
        sqlite_where=_DISPATCHED,
        postgresql_where=_DISPATCHED,
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("last_error", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("set_aside_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_column("set_aside_at")
        batch_op.drop_column("last_error")
        batch_op.drop_column("attempts")
    op.drop_index("ix_jobs_dispatched", "jobs")
    op.drop_index("ix_jobs_ready", "jobs")
