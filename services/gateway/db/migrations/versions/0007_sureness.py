"""source lines know how sure the recognizer was of their worst words

Revision: 0007, after: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Nothing is known of earlier lines."""
    with op.batch_alter_table("segments") as batch_op:
        batch_op.add_column(sa.Column("sureness", sa.Float(), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("segments") as batch_op:
        batch_op.drop_column("sureness")
