"""How long a long video with many languages holds the write lock, beside one bare insert of the same lines."""

import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event, insert
from sqlmodel import Session, SQLModel, col, select

from benchmarks.measure import folder
from services.gateway.db.engine import Database
from services.gateway.db.tables import JobRow, LineRow, Task, TaskLanguage
from services.gateway.pipeline import board
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.again import dub_again
from services.gateway.pipeline.results import record
from services.gateway.pipeline.steps import carry_out
from services.gateway.pipeline.transcripts import prepare
from services.gateway.script import rows as script_rows
from services.gateway.script.script import Script
from shared.messaging import (
    JOB,
    CloneLines,
    LinesDubbed,
    LinesTranslated,
    LineTake,
    Result,
    TranscriptReady,
    TranslatedLine,
    TranslateLines,
)
from shared.observability import configure_logging
from shared.pipeline import BASE, Stage
from shared.transcript import MediaFacts, Segment, Speaker, Transcript, Word

LINES = 2000
_JOBS = 8
_BEGINS = "a language begins"
LANGUAGES = ("es", "fr", "de", "ko", "ja", "id")
TASK = "task_20260101_000000_00000000"


class Watch:
    """The time and the statements of each kind of write transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._statements = 0
        self.seconds: dict[str, list[float]] = {}
        self.cpu: dict[str, list[float]] = {}
        self.statements: dict[str, int] = {}
        event.listen(database.engine, "before_cursor_execute", self._count)

    def _count(self, *_: object) -> None:
        self._statements += 1

    @contextmanager
    def write(self, name: str) -> Iterator[Session]:
        """A transaction under a name."""
        self._statements = 0
        with self._database.write() as session:
            began, at_work = time.perf_counter(), time.thread_time()
            yield session
            session.flush()
        self.seconds.setdefault(name, []).append(time.perf_counter() - began)
        self.cpu.setdefault(name, []).append(time.thread_time() - at_work)
        self.statements[name] = max(self.statements.get(name, 0), self._statements)


def _transcript() -> Transcript:
    return Transcript(
        source_language="en",
        media=MediaFacts(container="mp4", duration_s=LINES * 4.0),
        speakers=[Speaker(id=f"speaker_{number}", name=f"Speaker {number}") for number in range(4)],
        segments=[
            Segment(
                id=f"s{number:05}",
                start_s=number * 4.0,
                end_s=number * 4.0 + 3.2,
                speaker_id=f"speaker_{number % 4}",
                text=f"This is what somebody says in line number {number} of the video.",
                words=[Word(text="word", start_s=number * 4.0, end_s=number * 4.0 + 0.2) for _ in range(12)],
            )
            for number in range(LINES)
        ],
    )


def _begin(database: Database, languages: Sequence[str]) -> None:
    with database.write() as session:
        config = {"target_languages": list(languages)}
        task = Task(
            task_id=TASK,
            config=config,
            video_filename="a.mp4",
            video_original_name="a.mp4",
            video_key="a",
            video_size=1,
        )
        session.add(task)
        session.add_all(TaskLanguage(task_id=TASK, language=code) for code in languages)
        session.flush()
        carry_out(session, task, board.request(pipeline_rows.board(session, task), languages, Stage.EXPORT))


def _answer(row: JobRow) -> Result | None:
    """What a worker would say."""
    made = JOB.validate_json(row.payload)
    common: dict[str, Any] = {"task_id": row.task_id, "language": row.language, "stage": row.stage, "shard": row.shard}
    common["attempt"] = row.attempt
    if isinstance(made, TranslateLines):
        texts = [TranslatedLine(segment_id=line.segment_id, text=f"Esto dice {line.text}") for line in made.lines]
        return LinesTranslated(**common, lines=texts)
    if isinstance(made, CloneLines):
        takes = [
            LineTake(
                segment_id=line.segment_id,
                revision=line.revision,
                take_key=f"takes/{row.language}/{line.segment_id}",
                start_s=line.start_s,
                duration_s=2.5,
                natural_s=2.5,
                speed=1.0,
                fit="natural",
            )
            for line in made.lines
        ]
        return LinesDubbed(**common, lines=takes)
    return None


def _work_off(database: Database, watch: Watch, stage: Stage, name: str, most: int | None = None) -> None:
    """Record the results of the open jobs of a stage in the first language."""
    with database.read() as session:
        ids = session.exec(
            select(JobRow.id)
            .where(
                JobRow.stage == stage, JobRow.language == LANGUAGES[0], col(JobRow.state).in_(pipeline_rows.OPEN_JOBS)
            )
            .order_by(col(JobRow.id))
        ).all()
    for id_ in ids[:most]:
        with database.read() as session:
            (row,) = pipeline_rows.jobs_by_id(session, [int(id_ or 0)])
        if result := _answer(row):
            with watch.write(name) as session:
                record(session, result)


def _bare(database: Database) -> float:
    """CPU seconds of one Core insert of as many lines, in a table of the same form."""
    table = SQLModel.metadata.tables["lines"].to_metadata(SQLModel.metadata.__class__(), name="bare_lines")
    table.indexes.clear()
    for constraint in [one for one in table.constraints if one.name]:
        table.constraints.discard(constraint)
    with database.engine.begin() as connection:
        table.create(connection)
    rows = [
        {"task_id": TASK, "language": code, "segment_id": f"s{number:05}"}
        for code in LANGUAGES
        for number in range(LINES)
    ]
    with database.write() as session:
        began = time.thread_time()
        session.connection().execute(insert(table), rows)
        session.commit()
        return time.thread_time() - began


def transcript(path: Path, languages: Sequence[str]) -> Watch:
    """Take in a long transcript for `languages`."""
    database, watch = _with_transcript(path, languages)
    database.close()
    return watch


def _with_transcript(path: Path, languages: Sequence[str]) -> tuple[Database, Watch]:
    database = Database(f"sqlite:///{path}/bench.db")
    database.migrate()
    watch = Watch(database)
    _begin(database, languages)
    made = _transcript()
    base = {"task_id": TASK, "language": BASE, "stage": Stage.DIARIZATION, "shard": "0", "attempt": 1}
    result = TranscriptReady(**base, transcript_key="t", media=made.media, segments=LINES, speakers=4)
    prepared = prepare(TASK, made)
    with watch.write("transcript") as session:
        record(session, result, prepared)
    _begin_rest(database, watch)
    return database, watch


def _begin_rest(database: Database, watch: Watch) -> None:
    """What a long video leaves to later transactions."""
    left = 1
    while left:
        with watch.write(_BEGINS) as session:
            task = script_rows.locked_task(session, TASK)
            assert task is not None
            carry_out(session, task, [])
            left = task.uncut


def _all(path: Path) -> tuple[Watch, float]:
    database, watch = _with_transcript(path, LANGUAGES)
    with database.write() as session:
        task = script_rows.locked_task(session, TASK)
        assert task is not None
        carry_out(session, task, board.cancel(pipeline_rows.board(session, task), None))
    with watch.write("process") as session:
        task = script_rows.locked_task(session, TASK)
        assert task is not None
        carry_out(session, task, board.request(pipeline_rows.board(session, task), LANGUAGES, Stage.EXPORT))
    _begin_rest(database, watch)
    _work_off(database, watch, Stage.TRANSLATION, "translations of a job")
    _work_off(database, watch, Stage.CLONING, "takes of a job", _JOBS)
    with watch.write("redub of all lines") as session:
        task = script_rows.locked_task(session, TASK)
        assert task is not None
        dub_again(Script(session, task, "es"), [segment.id for segment in _transcript().segments])
    bare = _bare(database)
    with database.read() as session:
        assert len(session.exec(select(LineRow.id)).all()) == LINES * len(LANGUAGES)
    database.close()
    return watch, bare


def run() -> dict[str, object]:
    """A fresh database; the longest transaction of each kind counts. Ratios are of CPU time: others may be at work."""
    with folder() as path:
        watch, bare = _all(path)
    longest = {name: max(times) for name, times in watch.seconds.items()}
    cpu = {name: max(times) for name, times in watch.cpu.items()}
    return {
        "name": "lock",
        "lines": LINES,
        "languages": len(LANGUAGES),
        "bare_insert_cpu_s": round(bare, 3),
        "longest_s": {name: round(seconds, 3) for name, seconds in longest.items()},
        "median_s": {name: round(statistics.median(times), 3) for name, times in watch.seconds.items()},
        "longest_cpu_s": {name: round(seconds, 3) for name, seconds in cpu.items()},
        "statements": watch.statements,
        "ratios": {name: round(max(cpu[name], cpu[_BEGINS]) / bare, 1) for name in ("transcript", "process")},
    }


if __name__ == "__main__":
    configure_logging("benchmarks", "ERROR")
    sys.stdout.write(json.dumps(run()))
