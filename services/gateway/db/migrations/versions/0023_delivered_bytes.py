"""deliveries count bytes beside files

Revision: 0023, after: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("batch_deliveries") as batch_op:
        for name in ("size", "size_done"):
            batch_op.add_column(sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("batch_deliveries") as batch_op:
        for name in ("size", "size_done"):
            batch_op.drop_column(name)
