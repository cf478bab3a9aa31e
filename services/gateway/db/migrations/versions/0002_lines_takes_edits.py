"""lines as the unit of work: takes, edits, recipes, glossary, memory, cast, clips

Revision: 0002, after: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _set_voices(voices: dict[int, dict[str, str]]) -> None:
    """A stock voice was a bare name before."""
    speakers = sa.table("speakers", sa.column("id", sa.Integer), sa.column("voice", sa.JSON))
    for id_, voice in voices.items():
        op.execute(speakers.update().where(speakers.c.id == id_).values(voice=voice))


def _keep_takes() -> None:
    """Lines have one take before; it is listed among those to come."""
    op.execute(
        "INSERT INTO takes (take_id, task_id, language, segment_id, text, basis, take_key, start_s, duration_s,"
        " natural_s, speed, fit, decision, created_at)"
        " SELECT 'first', task_id, language, segment_id, coalesce(text, ''), '', take_key, take_start_s,"
        " take_duration_s, natural_s, speed, fit, decision, CURRENT_TIMESTAMP FROM lines"
        " WHERE take_key IS NOT NULL AND take_start_s IS NOT NULL AND take_duration_s IS NOT NULL"
    )


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "accounts",
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("owner"),
    )
    op.create_table(
        "cast_members",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cast_id", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("embedding", sa.JSON(), nullable=True),
        sa.Column("embedding_model", sa.String(length=80), nullable=True),
        sa.Column("f0_hz", sa.Float(), nullable=True),
        sa.Column("reference_key", sa.String(), nullable=True),
        sa.Column("voice", sa.JSON(), nullable=True),
        sa.Column("episodes", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("cast_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cast_members_cast_id"), ["cast_id"], unique=True)
        batch_op.create_index(batch_op.f("ix_cast_members_owner"), ["owner"], unique=False)

    op.create_table(
        "edits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("task_id", "number"),
    )
    with op.batch_alter_table("edits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_edits_task_id"), ["task_id"], unique=False)

    op.create_table(
        "exports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("export_id", sa.String(length=40), nullable=False),
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("recipe", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=True),
        sa.Column("error_code", sa.String(length=40), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("exports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exports_export_id"), ["export_id"], unique=True)
        batch_op.create_index(batch_op.f("ix_exports_task_id"), ["task_id"], unique=False)

    op.create_table(
        "glossary_terms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("term_id", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("source_language", sa.String(length=8), nullable=False),
        sa.Column("target_language", sa.String(length=8), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("target", sa.String(length=200), nullable=True),
        sa.Column("pronunciation", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("owner", "source_language", "target_language", "source"),
    )
    with op.batch_alter_table("glossary_terms", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_glossary_terms_term_id"), ["term_id"], unique=True)

    op.create_table(
        "takes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("take_id", sa.String(length=40), nullable=False),
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("segment_id", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("basis", sa.String(length=32), nullable=False),
        sa.Column("take_key", sa.String(), nullable=False),
        sa.Column("start_s", sa.Float(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("natural_s", sa.Float(), nullable=True),
        sa.Column("speed", sa.Float(), nullable=True),
        sa.Column("fit", sa.String(length=16), nullable=True),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("task_id", "language", "segment_id", "take_key", "basis"),
    )
    with op.batch_alter_table("takes", schema=None) as batch_op:
        batch_op.create_index("ix_takes", ["task_id", "language", "segment_id"], unique=False)
    _keep_takes()

    op.create_table(
        "translation_memory",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("source_language", sa.String(length=8), nullable=False),
        sa.Column("target_language", sa.String(length=8), nullable=False),
        sa.Column("source_hash", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("owner", "source_language", "target_language", "source_hash"),
    )
    op.create_table(
        "voice_clips",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("clip_id", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("f0_hz", sa.Float(), nullable=True),
        sa.Column("consent", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("voice_clips", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_voice_clips_clip_id"), ["clip_id"], unique=True)
        batch_op.create_index(batch_op.f("ix_voice_clips_owner"), ["owner"], unique=False)

    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("run_stage", sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column("optional", sa.Boolean(), nullable=False, server_default=sa.false()))

    op.execute("UPDATE jobs SET run_stage = stage WHERE lane = 'batch'")
    with op.batch_alter_table("lines", schema=None) as batch_op:
        batch_op.add_column(sa.Column("alternatives", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("tried", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("rounds", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("rendition", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("origin", sa.String(length=16), nullable=False, server_default="engine"))
        batch_op.add_column(sa.Column("start_s", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("end_s", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("speaker_id", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("voice", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("omitted", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("pinned", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("heard", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("error_rate", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("similarity", sa.Float(), nullable=True))

    voices = op.get_bind().execute(sa.text("SELECT id, voice FROM speakers WHERE voice IS NOT NULL")).all()
    with op.batch_alter_table("speakers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pace", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("embedding", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("embedding_model", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("cast_id", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("cast_similarity", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("cast_accepted", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.drop_column("voice")
    with op.batch_alter_table("speakers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("voice", sa.JSON(), nullable=True))
    _set_voices({id_: {"kind": "stock", "id": name} for id_, name in voices})

    with op.batch_alter_table("task_languages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("gate", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("task_languages", schema=None) as batch_op:
        batch_op.drop_column("gate")

    with op.batch_alter_table("speakers", schema=None) as batch_op:
        batch_op.drop_column("voice")
        batch_op.drop_column("cast_accepted")
        batch_op.drop_column("cast_similarity")
        batch_op.drop_column("cast_id")
        batch_op.drop_column("embedding_model")
        batch_op.drop_column("embedding")
        batch_op.drop_column("pace")
    with op.batch_alter_table("speakers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("voice", sa.String(), nullable=True))

    with op.batch_alter_table("lines", schema=None) as batch_op:
        batch_op.drop_column("similarity")
        batch_op.drop_column("error_rate")
        batch_op.drop_column("heard")
        batch_op.drop_column("pinned")
        batch_op.drop_column("omitted")
        batch_op.drop_column("voice")
        batch_op.drop_column("speaker_id")
        batch_op.drop_column("end_s")
        batch_op.drop_column("start_s")
        batch_op.drop_column("origin")
        batch_op.drop_column("rendition")
        batch_op.drop_column("rounds")
        batch_op.drop_column("tried")
        batch_op.drop_column("alternatives")

    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_column("optional")
        batch_op.drop_column("run_stage")

    with op.batch_alter_table("voice_clips", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_voice_clips_owner"))
        batch_op.drop_index(batch_op.f("ix_voice_clips_clip_id"))

    op.drop_table("voice_clips")
    op.drop_table("translation_memory")
    with op.batch_alter_table("takes", schema=None) as batch_op:
        batch_op.drop_index("ix_takes")

    op.drop_table("takes")
    with op.batch_alter_table("glossary_terms", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_glossary_terms_term_id"))

    op.drop_table("glossary_terms")
    with op.batch_alter_table("exports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_exports_task_id"))
        batch_op.drop_index(batch_op.f("ix_exports_export_id"))

    op.drop_table("exports")
    with op.batch_alter_table("edits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_edits_task_id"))

    op.drop_table("edits")
    with op.batch_alter_table("cast_members", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cast_members_owner"))
        batch_op.drop_index(batch_op.f("ix_cast_members_cast_id"))

    op.drop_table("cast_members")
    op.drop_table("accounts")
