"""lines remember what a person wishes of their text

Revision: 0021, after: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("lines") as batch_op:
        batch_op.add_column(sa.Column("wish", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("lines") as batch_op:
        batch_op.drop_column("wish")
