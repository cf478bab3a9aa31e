"""videos that the gateway fetches

Revision: 0018, after: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_COMING = sa.text("batch_rows.address IS NOT NULL AND batch_rows.task_id IS NULL")
_FETCHED = sa.text("sources.state = 'fetching'")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "sources",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("task_id", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("write_id", sa.String(200), nullable=False),
        sa.Column("part_size", sa.Integer(), nullable=False),
        sa.Column("validator", sa.Text(), nullable=True),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error_code", sa.String(40), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_sources_task_id", "sources", ["task_id"], unique=True)
    op.create_index("ix_sources_due", "sources", ["owner", "next_at"], sqlite_where=_FETCHED, postgresql_where=_FETCHED)
    op.add_column("batch_rows", sa.Column("address", sa.Text(), nullable=True))
    op.create_index("ix_batch_rows_coming", "batch_rows", ["id"], sqlite_where=_COMING, postgresql_where=_COMING)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_batch_rows_coming", "batch_rows")
    op.drop_column("batch_rows", "address")
    op.drop_table("sources")
