"""facts are taken from all tasks in turn, and cancel flags before them

Revision: 0024, after: 0023
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_FLAGS = sa.text("outbox.kind = 'cancel' AND outbox.set_aside_at IS NULL")
_FACTS = sa.text("outbox.kind = 'fact' AND outbox.set_aside_at IS NULL")


def upgrade() -> None:
    """Apply. Rows that wait are told whose they are, so that they stay in order with those that follow."""
    with op.batch_alter_table("outbox") as batch_op:
        batch_op.add_column(sa.Column("task_id", sa.String(64), nullable=False, server_default=""))
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, kind, payload FROM outbox")).all()
    if found := [{"id": id_, "task_id": _task_id(kind, payload)} for id_, kind, payload in rows]:
        connection.execute(sa.text("UPDATE outbox SET task_id = :task_id WHERE id = :id"), found)
    op.create_index("ix_outbox_flags", "outbox", ["id"], sqlite_where=_FLAGS, postgresql_where=_FLAGS)
    op.create_index("ix_outbox_facts", "outbox", ["task_id", "id"], sqlite_where=_FACTS, postgresql_where=_FACTS)


def _task_id(kind: str, payload: str) -> str:
    """The task or batch; empty if that cannot be determined."""
    try:
        body = json.loads(payload)
        if kind == "cancel":
            return str(body["key"]).split(".")[0]
        data = body["data"]
        return str(data["task_id"] if "task_id" in data else data["batch_id"])
    except (ValueError, LookupError, TypeError):
        return ""


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_outbox_facts", "outbox")
    op.drop_index("ix_outbox_flags", "outbox")
    with op.batch_alter_table("outbox") as batch_op:
        batch_op.drop_column("task_id")
