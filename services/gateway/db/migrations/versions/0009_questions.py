"""a task may wait for a person's answer; an export by recipe keeps the state of its languages

Revision: 0009, after: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. No earlier task waits; of earlier exports nothing is known."""
    with op.batch_alter_table("tasks") as batch_op:
        batch_op.add_column(sa.Column("question", sa.JSON(), nullable=True))
    with op.batch_alter_table("exports") as batch_op:
        batch_op.add_column(sa.Column("languages", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("exports") as batch_op:
        batch_op.drop_column("languages")
    with op.batch_alter_table("tasks") as batch_op:
        batch_op.drop_column("question")
