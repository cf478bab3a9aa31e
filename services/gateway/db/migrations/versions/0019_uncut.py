"""long tasks, whose languages begin one after the other

Revision: 0019, after: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_UNCUT = sa.text("tasks.uncut > 0 AND tasks.deleted_at IS NULL")


def upgrade() -> None:
    """Apply."""
    op.add_column("tasks", sa.Column("uncut", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_tasks_uncut", "tasks", ["id"], sqlite_where=_UNCUT, postgresql_where=_UNCUT)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_tasks_uncut", "tasks")
    op.drop_column("tasks", "uncut")
