"""batches, and the rows of their manifests

Revision: 0016, after: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_KEPT = sa.text("(batches.ended_at IS NULL OR batches.wish IS NOT NULL)")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "batches",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("batch_id", sa.String(40), nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("wish", sa.String(16), nullable=True),
        sa.Column("starts", sa.Boolean(), nullable=False),
        sa.Column("about", sa.JSON(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index("ix_batches_batch_id", "batches", ["batch_id"], unique=True)
    op.create_index("ix_batches_owner", "batches", ["owner", "id"])
    op.create_index("ix_batches_kept", "batches", ["id"], sqlite_where=_KEPT, postgresql_where=_KEPT)
    op.create_table(
        "batch_rows",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("batch_id", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("languages", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.String(64), nullable=True),
        sa.Column("dropped", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("batch_id", "number"),
    )
    op.create_index("ix_batch_rows_task", "batch_rows", ["task_id"])
    op.add_column("tasks", sa.Column("batch_id", sa.String(40), nullable=True))
    op.add_column("tasks", sa.Column("batch_row", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("tasks", "batch_row")
    op.drop_column("tasks", "batch_id")
    op.drop_table("batch_rows")
    op.drop_table("batches")
