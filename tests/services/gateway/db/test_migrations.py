"""The schema comes up from an earlier release with its rows, and is what the tables say."""

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

from services.gateway.db.engine import MIGRATIONS, Database
from shared.testing import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/localclip.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres_cluster")
    name = f"empty_{uuid.uuid4().hex}"
    yield server.create_database(name)
    server.drop_database(name)


def _run(url: str, work: Callable[[Config, sa.Connection], Any]) -> Any:
    """Call `work` with Alembic's configuration and the connection it uses, in one transaction."""
    database, config = Database(url), Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    try:
        with database.engine.begin() as connection:
            config.attributes["connection"] = connection
            return work(config, connection)
    finally:
        database.close()


def test_the_newest_schema_is_that_of_the_tables(database_url: str) -> None:
    """No table or column was changed without a migration."""

    def differences(config: Config, connection: sa.Connection) -> list[Any]:
        command.upgrade(config, "head")
        return list(compare_metadata(MigrationContext.configure(connection), SQLModel.metadata))

    assert _run(database_url, differences) == []


def test_rows_of_the_first_schema_survive(database_url: str) -> None:
    """Voices keep their meaning, jobs their run, lines their takes and what is new; the way back works too."""

    def upgraded(config: Config, connection: sa.Connection) -> tuple[Any, ...]:
        command.upgrade(config, "0001")
        for statement in (
            "INSERT INTO speakers (task_id, speaker_id, name, speech_s, voice, version)"
            " VALUES ('t', 'spk_1', 'A', 1, 'espeak-male-1', 1), ('t', 'spk_2', 'B', 1, NULL, 1)",
            "INSERT INTO jobs (task_id, language, stage, shard, attempt, lane, state, payload, resends, created_at)"
            " VALUES ('t', 'es', 'export', '0', 1, 'batch', 'ready', '{}', 0, '2026-01-01'),"
            " ('t', 'es', 'voice_cloning', 'line-s0001', 1, 'interactive', 'ready', '{}', 0, '2026-01-01')",
            "INSERT INTO lines (task_id, language, segment_id, edited, state, revision, segment_revision,"
            " dub_attempt, version, text, take_key, take_start_s, take_duration_s)"
            " VALUES ('t', 'es', 's0001', false, 'dubbed', 1, 1, 0, 1, 'hola', 'k', 1, 2)",
        ):
            connection.execute(sa.text(statement))
        command.upgrade(config, "head")
        tables = sa.MetaData()
        tables.reflect(connection)
        read = tables.tables
        voices = connection.execute(sa.select(read["speakers"].c.voice).order_by(read["speakers"].c.id)).scalars().all()
        runs = connection.execute(sa.select(read["jobs"].c.run_stage).order_by(read["jobs"].c.id)).scalars().all()
        lines = read["lines"].c
        line = connection.execute(sa.select(lines.origin, lines.rounds, lines.tried, lines.omitted)).one()
        takes = read["takes"].c
        take = connection.execute(sa.select(takes.segment_id, takes.text, takes.take_key, takes.duration_s)).one()
        command.downgrade(config, "0001")
        return voices, runs, tuple(line), tuple(take)

    voices, runs, line, take = _run(database_url, upgraded)
    assert voices == [{"kind": "stock", "id": "espeak-male-1"}, None]
    assert runs == ["export", None]
    assert line == ("engine", 0, [], False)
    assert take == ("s0001", "hola", "k", 2.0)


def test_tasks_of_before_keep_to_what_their_rows_tell(database_url: str) -> None:
    """The newest attempt counts, who listens to takes does not; weights are read from the version that was told."""
    engines = {
        ("base", "speaker_diarization", 1): [("pocketsphinx", "5.0", "speaker_diarization")],
        ("base", "speaker_diarization", 2): [
            ("silero-vad", "6", "speaker_diarization"),
            ("faster-whisper", "1.2.1 (whisper-base, int8)", "speaker_diarization"),
        ],
        ("es", "translation", 1): [("NLLB-200", "nllb-200-600m, int8, CTranslate2 4.6.0", "translation")],
        ("es", "voice_cloning", 1): [
            ("faster-whisper", "1.2.1 (whisper-base, int8)", "speaker_diarization"),
            ("kokoro", "1.0 int8 abc", "voice_cloning"),
            ("espeak-ng", "1.51", "voice_cloning"),
        ],
        ("fr", "voice_cloning", 1): [],
    }

    def upgraded(config: Config, connection: sa.Connection) -> list[tuple[Any, ...]]:
        command.upgrade(config, "0007")
        for (language, stage, attempt), used in engines.items():
            told = [{"name": name, "version": version, "stage": of} for name, version, of in used]
            connection.execute(
                sa.text(
                    "INSERT INTO stage_runs (task_id, language, stage, attempt, status, progress, jobs_total,"
                    " jobs_done, jobs_failed, content_version, engines)"
                    " VALUES ('t', :language, :stage, :attempt, 'completed', 100, 1, 1, 0, 0, :engines)"
                ),
                {"language": language, "stage": stage, "attempt": attempt, "engines": json.dumps(told)},
            )
        command.upgrade(config, "head")
        found = connection.execute(
            sa.text("SELECT language, port, engine, model, digest, used FROM task_engines ORDER BY language, port")
        ).all()
        command.downgrade(config, "0007")
        return [tuple(row) for row in found]

    assert _run(database_url, upgraded) == [
        ("base", "recognizer", "faster-whisper", "whisper-base", "", True),
        ("es", "translator", "NLLB-200", "nllb-200-600m", "", True),
        ("es", "voice", "kokoro", "kokoro", "", True),
    ]


def test_rows_of_the_last_release_survive(database_url: str) -> None:
    """Lines of then are spoken as they were written; one revision is the newest."""

    def upgraded(config: Config, connection: sa.Connection) -> tuple[Any, ...]:
        command.upgrade(config, "0005")
        connection.execute(
            sa.text(
                "INSERT INTO segments (task_id, segment_id, start_s, end_s, speaker_id, text, words, revision, version)"
                " VALUES ('t', 's0001', 0, 1, 'spk_1', 'ANNA: hello', '[]', 2, 3)"
            )
        )
        command.upgrade(config, "head")
        tables = sa.MetaData()
        tables.reflect(connection)
        read = tables.tables["segments"].c
        found = connection.execute(sa.select(read.text, read.decisions, read.written, read.revision)).one()
        command.downgrade(config, "0005")
        kept = connection.execute(sa.text("SELECT text, version FROM segments")).one()
        return tuple(found), tuple(kept), ScriptDirectory.from_config(config).get_heads()

    found, kept, heads = _run(database_url, upgraded)
    assert found == ("ANNA: hello", [], None, 2)
    assert kept == ("ANNA: hello", 3)
    assert len(heads) == 1


def test_jobs_that_wait_get_their_place(database_url: str) -> None:
    """Those of before are chosen like new ones: by owner, age of the task, and the size of its video."""

    def upgraded(config: Config, connection: sa.Connection) -> tuple[Any, ...]:
        command.upgrade(config, "0007")
        connection.execute(
            sa.text(
                "INSERT INTO tasks (task_id, owner, video_filename, video_original_name, video_key, video_size, status,"
                " config, epoch, version, created_at, updated_at)"
                " VALUES ('t', 'ada', 'v', 'v', 'k', 15000000, 'processing', '{}', 1, 1, '2026-01-01', '2026-01-01')"
            )
        )
        connection.execute(
            sa.text(
                "INSERT INTO jobs (task_id, language, stage, shard, attempt, lane, state, payload, resends, created_at,"
                " optional) VALUES ('t', 'es', 'translation', '0', 1, 'batch', 'ready', '{}', 0, '2026-01-01', false)"
            )
        )
        command.upgrade(config, "head")
        row = connection.execute(sa.text("SELECT owner, task_order, steps_left, left_s, long FROM jobs")).one()
        command.downgrade(config, "0007")
        return tuple(row)

    assert _run(database_url, upgraded) == ("ada", 1, 2, 60.0, False)


def test_jobs_of_before_know_what_they_ask_for(database_url: str) -> None:
    """What their shards told is told by their kinds."""
    shards = {
        ("base", "speaker_diarization", "0", "{}"): "diarize_video",
        ("base", "speaker_diarization", "speech-0", "{}"): "recognize_speech",
        ("es", "speaker_diarization", "hear-0", "{}"): "hear_takes",
        ("es", "translation", "brief", "{}"): "propose_brief",
        ("es", "translation", "0", "{}"): "translate_lines",
        ("es", "translation", "1", '{"kind":"translate_speech"}'): "translate_speech",
        ("es", "translation", "fit-1-4", "{}"): "rewrite_lines",
        ("es", "voice_cloning", "line-s0001", "{}"): "clone_lines",
        ("es", "export", "0", "{}"): "export_language",
        ("base", "export", "recipe-exp_1", "{}"): "render_recipe",
    }

    def upgraded(config: Config, connection: sa.Connection) -> list[str]:
        command.upgrade(config, "0012")
        for language, stage, shard, payload in shards:
            connection.execute(
                sa.text(
                    "INSERT INTO jobs (task_id, language, stage, shard, attempt, lane, state, payload, resends,"
                    " created_at, optional) VALUES ('t', :language, :stage, :shard, 1, 'batch', 'ready', :payload, 0,"
                    " '2026-01-01', false)"
                ),
                {"language": language, "stage": stage, "shard": shard, "payload": payload},
            )
        command.upgrade(config, "head")
        found = connection.execute(sa.text("SELECT kind FROM jobs ORDER BY id")).scalars().all()
        command.downgrade(config, "0012")
        return list(found)

    assert _run(database_url, upgraded) == list(shards.values())


def test_facts_that_wait_stay_in_order_with_those_that_follow(database_url: str) -> None:
    """It is read from what they say whose they are; what cannot be read belongs to nobody, and the way back works."""
    waiting = {
        ("fact", '{"data": {"task_id": "task_1", "language": "es"}}'): "task_1",
        ("fact", '{"data": {"batch_id": "batch_1"}}'): "batch_1",
        ("cancel", '{"key": "task_2.es.0", "epoch": 3}'): "task_2",
        ("fact", '{"data": []}'): "",
        ("fact", "no JSON"): "",
    }

    def upgraded(config: Config, connection: sa.Connection) -> tuple[Any, Any]:
        command.upgrade(config, "0023")
        told = [{"kind": kind, "payload": payload} for kind, payload in waiting]
        insert = sa.text("INSERT INTO outbox (kind, payload, attempts) VALUES (:kind, :payload, 0)")
        connection.execute(insert, told)
        command.upgrade(config, "head")
        found = connection.execute(sa.text("SELECT task_id FROM outbox ORDER BY id")).scalars().all()
        command.downgrade(config, "0023")
        kept = connection.execute(sa.text("SELECT kind, payload FROM outbox ORDER BY id")).all()
        return list(found), [tuple(row) for row in kept]

    assert _run(database_url, upgraded) == (list(waiting.values()), list(waiting))
