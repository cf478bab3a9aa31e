"""What a long video costs in the database: as many statements as a short one, whose rows are the same as ever."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import ValidationError
from sqlalchemy import event
from sqlmodel import Session, col, select

from services.gateway.db.engine import Database
from services.gateway.db.tables import (
    JobRow,
    LineRow,
    MemoryRow,
    OutboxRow,
    SegmentRow,
    SpeakerRow,
    StageRun,
    TakeRow,
    Task,
    TaskLanguage,
)
from services.gateway.editing.edits import Edit, undo
from services.gateway.editing.edits import redo as redo_edit
from services.gateway.editing.halves import moved
from services.gateway.editing.lines import update_lines
from services.gateway.editing.schemas import LineChange, LineChanges
from services.gateway.editing.splitting import as_written, shift, unite
from services.gateway.pipeline import board, ingest, steps
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.again import dub_again
from services.gateway.pipeline.canceling import cancel
from services.gateway.pipeline.cut import cut
from services.gateway.pipeline.results import record
from services.gateway.pipeline.schemas import VoiceChoice
from services.gateway.pipeline.starting import retry
from services.gateway.pipeline.steps import LINES_AT_ONCE, Cutter, carry_out
from services.gateway.pipeline.transcripts import prepare
from services.gateway.script import rows as script_rows
from services.gateway.script.script import Script, media
from services.gateway.web.keys import Caller
from services.gateway.web.threads import Threads
from shared.messaging import (
    JOB,
    CloneLines,
    LinesDubbed,
    LinesTranslated,
    LineTake,
    TranscriptReady,
    TranslatedLine,
    TranslateLines,
)
from shared.pipeline import BASE, Stage
from shared.storage import DirectoryStore, put_bytes
from shared.transcript import Cue, MediaFacts, Segment, Speaker, Transcript, Word

LANGUAGES = ("es", "fr", "de")


class Video:
    """A task whose transcript has so many lines, with nobody but the test to do its work."""

    def __init__(self, database: Database, lines: int) -> None:
        self.database, self.lines, self.statements, self.loaded = database, lines, 0, 0
        self.task_id = f"task_20260101_000000_{lines:08}"
        event.listen(database.engine, "before_cursor_execute", self._count)
        named = {"video_filename": "a.mp4", "video_original_name": "a.mp4", "video_key": "a", "video_size": 1}
        with database.write() as session:
            task = Task(task_id=self.task_id, config={"target_languages": list(LANGUAGES)}, **named)
            session.add(task)
            session.add_all(TaskLanguage(task_id=self.task_id, language=code) for code in LANGUAGES)
            session.flush()
            carry_out(session, task, board.request(pipeline_rows.board(session, task), LANGUAGES, Stage.EXPORT))

    def _count(self, *_: object) -> None:
        self.statements += 1

    def _count_loaded(self, *_: object) -> None:
        self.loaded += 1

    @contextmanager
    def counted(self) -> Iterator[Session]:
        """A transaction whose statements count, and the rows it makes objects of."""
        with self.database.write() as session:
            event.listen(session, "loaded_as_persistent", self._count_loaded)
            self.statements = 0
            yield session
            session.flush()

    def transcribe(self) -> None:
        """The base stage is done; one person brought half of the French lines."""
        cues = [Cue(start_s=2.0 * number, end_s=2.0 * number + 1.5, text=f"ligne {number}") for number in range(9)]
        prepared = prepare(self.task_id, self.transcript(), {"fr": cues})
        with self.counted() as session:
            assert record(session, self.transcribed(), prepared)

    def transcribed(self) -> TranscriptReady:
        """What the worker of the base stage says."""
        base: dict[str, Any] = {"language": BASE, "stage": Stage.DIARIZATION, "shard": "0", "attempt": 1}
        media = self.transcript().media
        return TranscriptReady(
            task_id=self.task_id, **base, transcript_key="t", media=media, segments=self.lines, speakers=1
        )

    def transcript(self) -> Transcript:
        """So many lines of two seconds."""
        segments = [
            Segment(
                id=f"s{number:04}",
                start_s=2.0 * number,
                end_s=2.0 * number + 1.5,
                speaker_id="a",
                text=f"line {number}",
                words=(Word(text="line", start_s=2.0 * number, end_s=2.0 * number + 1),),
            )
            for number in range(self.lines)
        ]
        media = MediaFacts(container="mp4", duration_s=2.0 * self.lines)
        speakers = (Speaker(id="a", name="A"),)
        return Transcript(source_language="en", media=media, speakers=speakers, segments=tuple(segments))

    def jobs(self, stage: Stage, language: str) -> list[JobRow]:
        """Open jobs of a stage."""
        with self.database.read() as session:
            return list(
                session.exec(
                    select(JobRow)
                    .where(JobRow.task_id == self.task_id, JobRow.stage == stage, JobRow.language == language)
                    .where(col(JobRow.state).in_(pipeline_rows.OPEN_JOBS))
                    .order_by(col(JobRow.id))
                )
            )

    def begun(self) -> list[str]:
        """Languages whose lines are being translated."""
        with self.database.read() as session:
            runs = session.exec(select(StageRun).where(StageRun.task_id == self.task_id)).all()
        return sorted(one.language for one in runs if one.stage == Stage.TRANSLATION and one.status == "processing")

    def answer(self, *rows: JobRow) -> None:
        """Record what a worker makes of jobs, in one transaction."""
        with self.counted() as session:
            for row in rows:
                assert record(session, _result(row))

    def state(self) -> tuple[Any, ...]:
        """What is known of the lines, runs and jobs."""
        with self.database.read() as session:
            lines = session.exec(select(LineRow).where(LineRow.task_id == self.task_id)).all()
            runs = session.exec(select(StageRun).where(StageRun.task_id == self.task_id)).all()
            jobs = session.exec(select(JobRow).where(JobRow.task_id == self.task_id)).all()
        return (
            sorted((one.language, one.segment_id, one.text, one.state, one.version) for one in lines),
            sorted((one.language, one.stage, one.status, one.jobs_total, one.jobs_done) for one in runs),
            sorted((one.language, one.stage, one.shard, one.state) for one in jobs),
        )


def _result(row: JobRow) -> LinesTranslated | LinesDubbed:
    made = JOB.validate_json(row.payload)
    where: dict[str, Any] = {"stage": row.stage, "shard": row.shard, "attempt": row.attempt}
    where |= {"task_id": row.task_id, "language": row.language}
    if isinstance(made, TranslateLines):
        texts = tuple(TranslatedLine(segment_id=one.segment_id, text=f"{one.text}!") for one in made.lines)
        return LinesTranslated(**where, lines=texts)
    assert isinstance(made, CloneLines)
    return LinesDubbed(**where, lines=tuple(map(_take, made.lines)))


def _take(line: Any) -> LineTake:
    placed = {"start_s": line.start_s, "duration_s": 1.0, "natural_s": 1.0, "speed": 1.0, "fit": "natural"}
    return LineTake(segment_id=line.segment_id, revision=line.revision, take_key=f"k/{line.segment_id}", **placed)


def script_lines(video: Video, language: str) -> list[LineRow]:
    """The lines of a language, in the order they were made."""
    with video.database.read() as session:
        return list(script_rows.lines(session, video.task_id, language).values())


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database of each kind."""
    made = Database(database_url)
    made.migrate()
    yield made
    made.close()


def test_a_transcript_takes_as_many_statements_as_a_short_one(database: Database) -> None:
    """Its lines are inserted at once, and so are the jobs that follow."""
    short, long = Video(database, 100), Video(database, 300)
    short.transcribe()
    expected = short.statements
    long.transcribe()
    assert long.statements == expected
    assert len(long.jobs(Stage.TRANSLATION, "es")) > len(short.jobs(Stage.TRANSLATION, "es"))


def test_the_languages_of_a_long_video_begin_in_transactions_of_their_own(database: Database) -> None:
    """Others write in between; each language begins once, whoever asks, and none that was canceled meanwhile."""
    video = Video(database, LINES_AT_ONCE)
    video.transcribe()
    assert video.begun() == []
    assert len(script_lines(video, "de")) == LINES_AT_ONCE
    turns: list[list[str]] = []
    database.on_commit.append(lambda: turns.append(video.begun()))
    with database.write() as session:
        task = script_rows.locked_task(session, video.task_id)
        assert task is not None
        cancel(session, task, ["fr"])
    asyncio.run(Cutter(database).turn())
    assert [len(begun) for begun in turns] == [1, 2]
    assert video.begun() == ["de", "es"]
    jobs = {language: [job.shard for job in video.jobs(Stage.TRANSLATION, language)] for language in LANGUAGES}
    asyncio.run(Cutter(database).turn())
    assert jobs == {language: [job.shard for job in video.jobs(Stage.TRANSLATION, language)] for language in LANGUAGES}
    assert not jobs["fr"]
    assert len(set(jobs["es"])) == len(jobs["es"]) == len(jobs["de"])


def test_a_task_that_cannot_be_cut_fails_and_keeps_no_other_waiting(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried ten times; its languages say that it failed, and can be tried again."""
    broken, whole = Video(database, LINES_AT_ONCE), Video(database, LINES_AT_ONCE + 1)
    for video in (broken, whole):
        video.transcribe()

    def refuse(session: Session, task: Task, run: StageRun, beside: Script) -> list[JobRow]:
        if task.task_id == broken.task_id:
            raise ValueError("a line that nobody can cut")
        return cut(session, task, run, beside)

    with monkeypatch.context() as patch:
        patch.setattr(steps, "cut", refuse)
        cutter = Cutter(database)
        asyncio.run(cutter.turn())
        assert whole.begun() == sorted(LANGUAGES)
        for _ in range(9):
            asyncio.run(cutter.turn())
    with database.write() as session:
        task = script_rows.locked_task(session, broken.task_id)
        assert task is not None
        assert (task.status, task.error_code, task.uncut) == ("failed", "internal", 0)
        assert retry(session, task)
    asyncio.run(cutter.turn())
    assert broken.begun() == sorted(LANGUAGES)


def test_the_rows_of_a_transcript_are_those_of_the_model(database: Database) -> None:
    """Inserted past the model, they read like rows that went through it."""
    video = Video(database, 9)
    video.transcribe()
    with database.read() as session:
        lines = script_rows.lines(session, video.task_id, "fr")
        made = LineRow(task_id=video.task_id, language="fr", segment_id="s0003", provided="ligne 3")
        assert lines["s0003"].model_dump(exclude={"id"}) == made.model_dump(exclude={"id"})
        segment = script_rows.segment(session, video.task_id, "s0003")
        assert segment is not None
        times = {"start_s": 6.0, "end_s": 7.5}
        row = SegmentRow(task_id=video.task_id, segment_id="s0003", **times, speaker_id="a", text="line 3")
        row.words = [{"text": "line", "start_s": 6.0, "end_s": 7.0, "probability": None}]
        assert segment.model_dump(exclude={"id"}) == row.model_dump(exclude={"id"})


def test_the_takes_of_a_job_are_one_read_and_one_insert(database: Database) -> None:
    """32 lines cost what 4 cost, and a result that comes twice adds no take."""
    few, many = Video(database, 4), Video(database, 32)
    for video in (few, many):
        video.transcribe()
        for job in video.jobs(Stage.TRANSLATION, "es"):
            video.answer(job)
        (job,) = video.jobs(Stage.CLONING, "es")
        video.answer(job)
    assert many.statements <= few.statements + 2
    with database.read() as session:
        takes = session.exec(select(TakeRow).where(TakeRow.task_id == many.task_id)).all()
    assert len({take.take_id for take in takes}) == 32


def test_many_lines_are_done_again_with_as_many_statements_as_a_few(database: Database) -> None:
    """Translated first or only spoken: reads and inserts are for all of them together."""
    for first in (True, False):
        counts = []
        for lines in (5, 100):
            video = Video(database, lines + first)
            video.transcribe()
            if not first:
                for job in video.jobs(Stage.TRANSLATION, "es"):
                    video.answer(job)
            with video.counted() as session:
                task = script_rows.locked_task(session, video.task_id)
                assert task is not None
                ids = [segment.segment_id for segment in script_rows.segments(session, task.task_id)]
                assert dub_again(Script(session, task, "es"), ids) == lines + first
            counts.append(video.statements)
        assert counts[1] <= counts[0] + 2


def test_an_edit_of_many_lines_takes_as_many_statements_as_one_of_a_few(database: Database) -> None:
    """Made, undone and made again: rows are read together, and their facts written together."""
    counts = []
    for lines in (5, 100):
        video = Video(database, lines)
        video.transcribe()
        for change in (_give_to_another, undo, redo_edit):
            with video.counted() as session:
                task = script_rows.locked_task(session, video.task_id)
                assert task is not None
                change(session, task)
            counts.append(video.statements)
        with database.read() as session:
            rows = session.exec(select(OutboxRow).order_by(col(OutboxRow.id))).all()
        told = [row.payload for row in rows if row.task_id == video.task_id]
        assert sum('"localclip.segment.updated"' in one for one in told) == 3 * lines
        assert sum('"localclip.line.updated"' in one for one in told) == 3 * lines * len(LANGUAGES)
    few, many = counts[:3], counts[3:]
    assert [more - less for more, less in zip(many, few, strict=True)] <= [2, 2, 2]


def test_lines_that_go_and_come_back_take_as_many_statements_as_a_few(database: Database) -> None:
    """Moved out of the video, brought back and taken out again; another video has their old numbers meanwhile."""
    counts = []
    for lines in (6, 100):
        video, other = Video(database, lines), Video(database, lines + 1)
        video.transcribe()
        before = _said(video)
        for change in (_move_by(-lines), undo, redo_edit, undo):
            with video.counted() as session:
                task = script_rows.locked_task(session, video.task_id)
                assert task is not None
                change(session, task)
            counts.append(video.statements)
            there = _said(video)
            assert there == before if change is undo else len(there) == len(before) // 2
            if len(counts) % 4 == 1:
                other.transcribe()
    few, many = counts[:4], counts[4:]
    assert max(more - less for more, less in zip(many, few, strict=True)) <= 2


def _move_by(shift_s: float) -> Callable[[Session, Task], None]:
    def move(session: Session, task: Task) -> None:
        edit = Edit(session, task, "shift_segments", None)
        end_s = media(task).duration_s
        assert shift(session, task, edit, partial(moved, shift_s=shift_s, rate=1.0, until_s=end_s))
        edit.finish("Moved all lines")

    return move


def _said(video: Video) -> list[tuple[Any, ...]]:
    """What every line and segment says, in time order."""
    with video.database.read() as session:
        segments = {one.segment_id: one for one in script_rows.segments(session, video.task_id)}
        lines = [line for code in LANGUAGES for line in script_rows.lines(session, video.task_id, code).values()]
    said = [(line.language, *_times(segments[line.segment_id]), line.provided) for line in lines]
    return [*map(_times, segments.values()), *sorted(said, key=str)]


def _times(segment: SegmentRow) -> tuple[Any, ...]:
    return segment.start_s, segment.end_s, segment.text, segment.words


def test_many_lines_are_changed_with_as_many_statements_as_a_few(database: Database) -> None:
    """Their speaker and voice are looked up once, and what a person wrote of them is remembered together."""
    counts = []
    for lines in (5, 100):
        video = Video(database, lines)
        video.transcribe()
        for text in ("uno", "dos"):
            voice = VoiceChoice(kind="speaker", id="a")
            changes = [
                LineChange(segment_id=line.segment_id, text=f"{text} {line.segment_id}", speaker_id="a", voice=voice)
                for line in script_lines(video, "es")
            ]
            video.statements = 0
            parts = SimpleNamespace(database=database)
            update_lines(video.task_id, "es", LineChanges(lines=changes), cast(Any, parts), Caller(None), ())
            counts.append(video.statements)
            with database.read() as session:
                task = script_rows.task(session, video.task_id)
                assert task is not None
                known = script_rows.recalled(session, task, "es", {"a": "line 0", "b": f"line {lines - 1}"})
            assert known == {"a": f"{text} s0000", "b": f"{text} s{lines - 1:04}"}
    few, many = counts[:2], counts[2:]
    assert max(more - less for more, less in zip(many, few, strict=True)) <= 2


def test_the_latest_of_what_is_the_same_text_is_remembered(database: Database) -> None:
    """Whatever came between; and its uses are counted."""
    video = Video(database, 6)
    video.transcribe()
    with database.write() as session:
        for number, segment in enumerate(script_rows.segments(session, video.task_id)):
            segment.text = ("Hello", "hello", "Hello ")[number % 3]
    lines = [LineChange(segment_id=f"s{n:04}", text=f"hola {n}") for n in range(4)]
    update_lines(
        video.task_id, "es", LineChanges(lines=lines), cast(Any, SimpleNamespace(database=database)), Caller(None), ()
    )

    with database.write() as session:
        task = script_rows.task(session, video.task_id)
        assert task is not None
        assert script_rows.recalled(session, task, "es", {"a": "HELLO"}) == {"a": "hola 3"}
        script_rows.count_uses(session, task, "es", ["hello", "Hello", "nobody said this"])
    with database.read() as session:
        assert [(row.text, row.uses) for row in session.exec(select(MemoryRow))] == [("hola 3", 2)]


def test_captions_are_taken_as_written_with_as_many_statements_as_a_few(database: Database) -> None:
    """And merged."""
    counts = []
    for lines in (6, 100):
        video = Video(database, lines)
        video.transcribe()
        with video.counted() as session:
            for segment in script_rows.segments(session, video.task_id):
                segment.decisions, segment.written = ["sound"], "[steps]"
        for change in (_as_written, undo, _merge, undo):
            with video.counted() as session:
                task = script_rows.locked_task(session, video.task_id)
                assert task is not None
                change(session, task)
            counts.append(video.statements)
    few, many = counts[:4], counts[4:]
    assert max(more - less for more, less in zip(many, few, strict=True)) <= 2


def _as_written(session: Session, task: Task) -> None:
    edit = Edit(session, task, "captions_as_written", None)
    as_written(session, task, edit, script_rows.segments(session, task.task_id))
    edit.finish("As written")


def _merge(session: Session, task: Task) -> None:
    edit = Edit(session, task, "merge_segments", None)
    first, *others = script_rows.segments(session, task.task_id)
    unite(session, task, edit, first, others)
    edit.finish("Merged")


def _give_to_another(session: Session, task: Task) -> None:
    edit = Edit(session, task, "assign_lines", None)
    edit.add(SpeakerRow(task_id=task.task_id, speaker_id="b", name="B"))
    for segment in script_rows.segments(session, task.task_id):
        edit.change(segment, speaker_id="b")
    edit.finish("Gave all lines to B")


def test_the_takes_of_a_job_do_not_load_the_lines_of_others(database: Database) -> None:
    """However long the video, the rows of a result are those it names."""
    loaded = []
    for lines in (40, 400):
        video = Video(database, lines)
        video.transcribe()
        for job in video.jobs(Stage.TRANSLATION, "es"):
            video.answer(job)
        before = video.loaded
        video.answer(video.jobs(Stage.CLONING, "es")[0])
        loaded.append(video.loaded - before)
    assert loaded[0] == loaded[1]


def test_a_result_reads_the_runs_and_languages_of_its_task_once(database: Database) -> None:
    """Whether the run goes on or ends with it, and whatever begins then."""
    counts = []
    video = Video(database, 70)
    video.transcribe()
    for row in video.jobs(Stage.TRANSLATION, "es"):
        video.answer(row)
        counts.append(video.statements)
    assert max(counts[:-1]) <= 11
    assert counts[-1] <= 23


def test_results_that_are_recorded_together_leave_what_they_leave_one_by_one(database: Database) -> None:
    """With fewer statements, also where the last of them ends its run and begins the next."""
    alone, together = Video(database, 70), Video(database, 71)
    for video in (alone, together):
        video.lines = 70
        video.transcribe()
    for stage in (Stage.TRANSLATION, Stage.CLONING):
        rows, spent = alone.jobs(stage, "es"), 0
        for row in rows:
            alone.answer(row)
            spent += alone.statements
        together.answer(*together.jobs(stage, "es"))
        assert together.statements <= spent - 4 * (len(rows) - 1)
        assert together.state() == alone.state()


async def test_results_of_many_tasks_share_a_transaction(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each task is left as it would be alone; one whose job cannot be read takes no other with it."""
    monkeypatch.setattr(ingest, "_LONGEST_S", 60.0)
    alone, *others = [await asyncio.to_thread(Video, database, 40 + number) for number in range(4)]
    commits: list[int] = []

    def translations() -> list[JobRow]:
        for video in (alone, *others):
            video.lines = 40
            video.transcribe()
        for stage in (Stage.TRANSLATION, Stage.CLONING):
            for row in alone.jobs(stage, "es"):
                alone.answer(row)
        return [row for video in others for row in video.jobs(Stage.TRANSLATION, "es")]

    rows = await asyncio.to_thread(translations)
    taking = ingest.Ingest(database, DirectoryStore(tmp_path / "objects"), Threads())
    database.on_commit.append(lambda: commits.append(1))
    await asyncio.gather(*(taking.take(_result(row), ()) for row in rows))
    assert len(commits) == 1
    spoken = await asyncio.to_thread(lambda: [row for one in others for row in one.jobs(Stage.CLONING, "es")])
    await asyncio.to_thread(_break, database, spoken[0])
    told = await asyncio.gather(*(taking.take(_result(row), ()) for row in spoken), return_exceptions=True)
    assert [type(one) for one in told] == [ValidationError] + [type(None)] * (len(spoken) - 1)
    for video in others[1:]:
        assert await asyncio.to_thread(video.state) == await asyncio.to_thread(alone.state)


async def test_a_transcript_that_takes_long_keeps_no_other_result_waiting(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does a store that hangs while it is read."""
    other, long = await asyncio.to_thread(lambda: (Video(database, 3), Video(database, 4)))
    await asyncio.to_thread(other.transcribe)
    (row,) = await asyncio.to_thread(other.jobs, Stage.TRANSLATION, "es")
    begun, goes_on = threading.Event(), threading.Event()

    def slowly(*_: object) -> bytes:
        begun.set()
        assert goes_on.wait(120)
        return long.transcript().model_dump_json().encode()

    monkeypatch.setattr(ingest, "read_bytes", slowly)
    taking = ingest.Ingest(database, DirectoryStore(tmp_path / "objects"), Threads())
    under_way = asyncio.create_task(taking.take(long.transcribed(), ()))
    try:
        assert await asyncio.to_thread(begun.wait, 120)
        await taking.take(_result(row), ())
        assert not under_way.done()
    finally:
        goes_on.set()
    await under_way
    assert await asyncio.to_thread(long.begun) == ["de", "es", "fr"]


async def test_what_is_brought_while_a_transcript_is_prepared_counts(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is prepared again with that: otherwise an engine would translate what a person has brought."""
    store, video, prepared = DirectoryStore(tmp_path / "objects"), await asyncio.to_thread(Video, database, 2), []
    await asyncio.to_thread(put_bytes, store, "t", video.transcript().model_dump_json().encode())
    await asyncio.to_thread(put_bytes, store, "es.srt", b"1\n00:00:00,000 --> 00:00:01,500\nuno\n")
    first = ingest._prepare

    def bring() -> None:
        with database.write() as session:
            task = script_rows.locked_task(session, video.task_id)
            assert task is not None
            task.config = {**task.config, "translation_keys": {"es": "es.srt"}}

    def and_then_brought(*given: Any) -> Any:
        prepared.append(given)
        if len(prepared) == 1:
            bring()
        return first(*given)

    monkeypatch.setattr(ingest, "_prepare", and_then_brought)
    await ingest.Ingest(database, store, Threads()).take(video.transcribed(), ())
    assert len(prepared) == 2
    provided = [line.provided for line in await asyncio.to_thread(script_lines, video, "es")]
    assert provided == ["uno", None]


def _break(database: Database, row: JobRow) -> None:
    with database.write() as session:
        (job,) = pipeline_rows.jobs_by_id(session, [int(row.id or 0)])
        job.payload = "{}"


def test_json_is_read_as_it_was_written(database: Database) -> None:
    """Whatever Python writes, half a pair of surrogates included."""
    written = {"text": "é 漢 \ud800", "number": 10**30, "parts": [1, 2.5, True, None, {}], "empty": ""}
    video = Video(database, 1)
    with database.write() as session:
        task = script_rows.locked_task(session, video.task_id)
        assert task is not None
        task.config = written
    with database.read() as session:
        found = script_rows.task(session, video.task_id)
    assert found is not None
    assert found.config == written
