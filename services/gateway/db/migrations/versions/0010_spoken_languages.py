"""source lines know that another language is spoken in them

Revision: 0010, after: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Of earlier lines nothing is known."""
    with op.batch_alter_table("segments") as batch_op:
        batch_op.add_column(sa.Column("language", sa.String(8), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("segments") as batch_op:
        batch_op.drop_column("language")
