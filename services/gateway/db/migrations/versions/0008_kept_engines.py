"""tasks keep to their engines

Revision: 0008, after: 0007
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_PORTS = {"speaker_diarization": "recognizer", "translation": "translator", "voice_cloning": "voice"}
_RECOGNIZERS = ("pocketsphinx", "faster-whisper")


def upgrade() -> None:
    """Apply. Earlier tasks keep to what the rows of their stages tell that was used."""
    table = op.create_table(
        "task_engines",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("task_id", sa.String(64), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("port", sa.String(16), nullable=False),
        sa.Column("engine", sa.String(120), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("digest", sa.String(80), nullable=False),
        sa.Column("marks", sa.String(200), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("task_id", "language", "port"),
    )
    op.create_index("ix_task_engines_task_id", "task_engines", ["task_id"])
    if rows := list(_recorded(op.get_bind())):
        op.bulk_insert(table, rows)


def _recorded(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    """The newest finished run of a stage counts; of several voices the first, which speaks for most."""
    runs = connection.execute(
        sa.text("SELECT task_id, language, stage, engines FROM stage_runs ORDER BY attempt DESC, id DESC")
    )
    seen: set[tuple[str, str, str]] = set()
    for task_id, language, stage, engines in runs:
        port, told = _PORTS.get(stage), json.loads(engines) if isinstance(engines, str) else engines
        if port is None or (task_id, language, port) in seen:
            continue
        for engine in told or ():
            if engine.get("stage") == stage and (port != "recognizer" or engine.get("name") in _RECOGNIZERS):
                seen.add((task_id, language, port))
                yield {
                    "task_id": task_id,
                    "language": language,
                    "port": port,
                    "engine": engine["name"],
                    "model": _model(port, engine),
                    "digest": "",
                    "marks": "",
                    "used": True,
                    "version": 1,
                    "created_at": datetime.now(UTC),
                }
                break


def _model(port: str, engine: dict[str, Any]) -> str:
    """The weights by the version that was told: "1.2.1 (whisper-base, int8)", "nllb-200-600m, int8, CTranslate2 4.6"."""
    name, version = str(engine["name"]), str(engine.get("version", ""))
    if name == "faster-whisper" and (found := re.search(r"\(([^,)]+),", version)):
        return found.group(1)
    if name == "OpenAI-compatible":
        return version
    if port == "translator" and "CTranslate2" in version:
        return version.split(",")[0]
    return "kokoro" if name == "kokoro" else ""


def downgrade() -> None:
    """Take back."""
    op.drop_table("task_engines")
