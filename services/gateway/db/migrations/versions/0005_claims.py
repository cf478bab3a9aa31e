"""idempotency keys have a holder and know the content

Revision: 0005, after: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Earlier rows are of keys that are made otherwise now; the sweeper drops them after a day."""
    with op.batch_alter_table("idempotency_keys") as batch_op:
        batch_op.add_column(sa.Column("content", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("content_size", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("holder", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("idempotency_keys") as batch_op:
        for name in ("leased_until", "holder", "content_size", "content"):
            batch_op.drop_column(name)
