"""jobs know what they ask for

Revision: 0013, after: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Jobs that are there get the kind that their shard tells, and open ones that of their message."""
    with op.batch_alter_table("jobs") as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(24), nullable=False, server_default=""))
    op.execute(
        "UPDATE jobs SET kind = CASE "
        "WHEN stage = 'speaker_diarization' AND shard LIKE 'hear-%' THEN 'hear_takes' "
        "WHEN stage = 'speaker_diarization' AND shard LIKE 'speech-%' THEN 'recognize_speech' "
        "WHEN stage = 'speaker_diarization' THEN 'diarize_video' "
        "WHEN stage = 'translation' AND shard LIKE 'fit-%' THEN 'rewrite_lines' "
        "WHEN stage = 'translation' AND shard = 'brief' THEN 'propose_brief' "
        "WHEN stage = 'translation' THEN 'translate_lines' "
        "WHEN stage = 'voice_cloning' THEN 'clone_lines' "
        "WHEN shard LIKE 'recipe-%' THEN 'render_recipe' "
        "ELSE 'export_language' END"
    )
    op.execute(
        sa.text(
            "UPDATE jobs SET kind = 'translate_speech' WHERE stage = 'translation' AND state IN ('ready', 'dispatched') "
            "AND payload LIKE :speech"
        ).bindparams(speech='%"kind":"translate_speech"%')
    )


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("jobs") as batch_op:
        batch_op.drop_column("kind")
