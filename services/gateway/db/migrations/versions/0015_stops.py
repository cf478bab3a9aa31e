"""who approved a language, and when

Revision: 0015, after: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("task_languages") as table:
        table.add_column(sa.Column("approved_by", sa.String(120), nullable=True))
        table.add_column(sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("task_languages") as table:
        table.drop_column("approved_at")
        table.drop_column("approved_by")
