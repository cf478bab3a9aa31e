"""source lines know what their captions were taken for

Revision: 0006, after: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Earlier lines are spoken as they were written."""
    with op.batch_alter_table("segments") as batch_op:
        batch_op.add_column(sa.Column("written", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("decisions", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("segments") as batch_op:
        for name in ("decisions", "written"):
            batch_op.drop_column(name)
