"""How an export is made from the lines of a task: read before its transaction, as they are when it begins."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session, select

from services.gateway.db.engine import Database, DatabaseBusy
from services.gateway.db.tables import JobRow, Task
from services.gateway.editing.edits import Edit
from services.gateway.exports import making
from services.gateway.exports.schemas import ExportRead
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.cut import timeline
from services.gateway.script import rows as script_rows
from services.gateway.script.script import Script
from services.gateway.web.keys import Caller
from services.gateway.web.threads import Turns, turns
from shared.messaging import EngineUsed, ExportRecipe, RecipeTimelines
from shared.pipeline import BASE, Lane, Stage
from tests.services.gateway.db.test_statements import LANGUAGES, Video

RECIPE = ExportRecipe.model_validate({"audio": [{"kind": "dub", "language": "*"}]})
KIT = ExportRecipe.model_validate(
    {
        "kind": "audio",
        "audio": [{"kind": "dub", "language": "*"}],
        "audio_format": "m4a",
        "publication": {"title": "A talk", "description": "On owls."},
    }
)
NOBODY = Caller(None)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database of each kind."""
    made = Database(database_url)
    made.migrate()
    yield made
    made.close()


def dubbed(database: Database, lines: int) -> Video:
    """A video whose lines are spoken in every language."""
    video = Video(database, lines)
    video.transcribe()
    for language in LANGUAGES:
        for stage in (Stage.TRANSLATION, Stage.CLONING):
            while jobs := video.jobs(stage, language):
                video.answer(*jobs)
    return video


def parts(database: Database) -> Any:
    """What the route needs of the gateway."""

    async def engines() -> tuple[()]:
        return ()

    audience = SimpleNamespace(known_progress=lambda *_: None)
    return SimpleNamespace(database=database, audience=audience, capabilities=SimpleNamespace(engines=engines))


def request() -> Any:
    """A request to an application of its own."""
    return SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(turns=Turns(60))))


async def start(video: Video, to: Any) -> ExportRead:
    """Post the recipe."""
    return await making.start_export(video.task_id, RECIPE, to, parts(video.database), NOBODY, Lane.BATCH)


def document(video: Video, made: ExportRead) -> RecipeTimelines:
    """What the worker reads of an export."""
    shard = pipeline_rows.export_shard(made.export_id)
    with video.database.read() as session:
        found = session.exec(
            select(JobRow.document).where(JobRow.task_id == video.task_id, JobRow.shard == shard)
        ).one()
    return RecipeTimelines.model_validate_json(found or "")


def order(video: Video, recipe: ExportRecipe = RECIPE) -> making._Order:
    """An export as it is requested."""
    return making._Order(video.task_id, recipe, (), Lane.BATCH)


@contextmanager
def loaded() -> Iterator[list[str]]:
    """The tables of the rows of which objects are made."""
    found: list[str] = []

    def note(_: Session, row: Any) -> None:
        found.append(type(row).__name__)

    event.listen(Session, "loaded_as_persistent", note)
    try:
        yield found
    finally:
        event.remove(Session, "loaded_as_persistent", note)


def test_an_export_of_many_lines_takes_as_many_statements_as_one_of_a_few(database: Database) -> None:
    """Prepared, begun, begun without being prepared, and listed; the transaction that begins it reads no line."""
    counts = []
    for lines in (5, 100):
        video, told = dubbed(database, lines), list[int]()

        def counted(call: Callable[..., Any], *given: Any, video: Video = video, told: list[int] = told) -> Any:
            video.statements = 0
            found = call(*given)
            told.append(video.statements)
            return found

        ready = counted(making._prepare, order(video), parts(database), NOBODY)
        with loaded() as rows:
            assert counted(making._start, order(video), ready, parts(database), NOBODY)
        assert not {"LineRow", "SegmentRow"} & set(rows)
        counted(making._start_anew, order(video), parts(database), NOBODY)
        assert len(counted(making.list_exports, video.task_id, parts(database), NOBODY)) == 2
        counts.append(told)
    assert counts[0] == counts[1]
    assert counts[0][1] <= 15


def test_an_export_after_its_translations_takes_as_many_statements_as_one_of_a_few(database: Database) -> None:
    """Its lines are read in the transaction of the last translation, as they are then."""
    counts = []
    for lines in (5, 100):
        video = dubbed(database, lines)
        ready = making._prepare(order(video, KIT), parts(database), NOBODY)
        assert ready.document is None
        made = making._start(order(video, KIT), ready, parts(database), NOBODY)
        assert made is not None
        with database.write() as session:
            _say(session, video, "es", "otra")
        for language in LANGUAGES:
            (job,) = video.jobs(Stage.TRANSLATION, language)
            video.answer(job)
        counts.append(video.statements)
        states = {one.language: one.lines[0].state for one in document(video, made).languages}
        assert states == {"de": "dubbed", "es": "stale", "fr": "dubbed"}
        (listed,) = making.list_exports(video.task_id, parts(database), NOBODY)
        assert {code: one.lines_unspoken for code, one in listed.languages.items()} == {"de": 0, "es": 1, "fr": 0}
    assert counts[0] == counts[1]


def test_a_list_of_exports_reads_no_messages(database: Database) -> None:
    """Those of a film are long, and a list is asked for every two seconds."""
    video, seen = dubbed(database, 3), list[str]()
    making._start_anew(order(video), parts(database), NOBODY)
    event.listen(database.engine, "before_cursor_execute", lambda _, __, sql, *___: seen.append(sql))
    (made,) = making.list_exports(video.task_id, parts(database), NOBODY)
    making.get_export(video.task_id, made.export_id, parts(database), NOBODY)
    assert not [
        sql for sql in seen if "jobs.document" in sql or "jobs.payload" in sql or "report" in sql.split("exports")[0]
    ]


def test_a_document_shows_of_every_line_what_its_row_says(database: Database) -> None:
    """Also of lines that were moved, taken out, failed, or edited since they were spoken."""
    video = dubbed(database, 9)
    with database.write() as session:
        lines = script_rows.lines(session, video.task_id, "es")
        changes: list[dict[str, Any]] = [
            {"start_s": 1.0, "end_s": 1.9},
            {"omitted": True},
            {"state": "failed", "error_code": "internal", "take_key": None},
            {"state": "stale", "text": "otra", "edited": True, "decision": "so", "rounds": 2, "speed": 1.2},
            {"error_rate": 0.3, "similarity": 0.4, "fit": "tight", "origin": "provided", "speaker_id": "b"},
        ]
        for line, values in zip(lines.values(), changes, strict=False):
            for name, value in values.items():
                setattr(line, name, value)
    made = making._start_anew(order(video), parts(database), NOBODY)
    with database.read() as session:
        task = script_rows.task(session, video.task_id)
        assert task is not None
        of_rows = tuple(timeline(Script(session, task, language)) for language in sorted(LANGUAGES))
    assert document(video, made).languages == of_rows
    assert of_rows[1].lines[3].text == "line 3!"  # as it was spoken
    told = {code: (one.lines_unspoken, one.lines_failed) for code, one in made.languages.items()}
    assert told == {"de": (0, 0), "es": (1, 1), "fr": (0, 0)}


def _say(session: Session, video: Video, language: str, text: str) -> None:
    task = _locked(session, video)
    edit = Edit(session, task, "update_line", None)
    edit.change(next(iter(script_rows.lines(session, task.task_id, language).values())), text=text)
    edit.finish("said otherwise")


def _locked(session: Session, video: Video) -> Task:
    task = script_rows.locked_task(session, video.task_id)
    assert task is not None
    return task


def _say_otherwise(session: Session, video: Video) -> None:
    _say(session, video, "es", "otra")


def _remove_a_line(session: Session, video: Video) -> None:
    task = _locked(session, video)
    edit = Edit(session, task, "remove_line", None)
    for line in script_rows.lines_of_segments(session, task.task_id, ["s0000"]):
        edit.remove(line)
    segment = script_rows.segment(session, task.task_id, "s0000")
    assert segment is not None
    edit.remove(segment)
    edit.finish("removed")


def _hear_otherwise(session: Session, video: Video) -> None:
    task = _locked(session, video)
    edit = Edit(session, task, "update_segment", None)
    segment = script_rows.segment(session, task.task_id, "s0000")
    assert segment is not None
    edit.change(segment, text="something else")
    edit.finish("heard otherwise")


def _used_engines(session: Session, video: Video) -> None:
    _locked(session, video)
    run = pipeline_rows.run(session, video.task_id, BASE, Stage.DIARIZATION, 1)
    assert run is not None
    used = EngineUsed(stage=Stage.DIARIZATION, name="another", version="1", licence="MIT", commercial_use=True)
    run.engines = [used.model_dump(mode="json")]


def _seen(video: Video, made: ExportRead) -> Any:
    (spanish,) = [one for one in document(video, made).languages if one.language == "es"]
    engines = [one.name for one in spanish.engines]
    return spanish.lines[0].segment_id, spanish.lines[0].source_text, made.languages["es"].lines_unspoken, engines


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_say_otherwise, ("s0000", "line 0", 1, [])),
        (_remove_a_line, ("s0001", "line 1", 0, [])),
        (_hear_otherwise, ("s0000", "something else", 0, [])),
        (_used_engines, ("s0000", "line 0", 0, ["another"])),
    ],
)
async def test_what_changes_while_an_export_is_prepared_is_in_it(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Session, Video], None],
    expected: tuple[Any, ...],
) -> None:
    """It is prepared again with that."""
    video, prepared, first = await asyncio.to_thread(dubbed, database, 3), list[making._Ready](), making._prepare

    def and_then_changed(*given: Any) -> making._Ready:
        prepared.append(first(*given))
        if len(prepared) == 1:
            with database.write() as session:
                change(session, video)
        return prepared[-1]

    monkeypatch.setattr(making, "_prepare", and_then_changed)
    made = await start(video, request())
    assert len(prepared) == 2
    assert await asyncio.to_thread(_seen, video, made) == expected


async def test_an_export_of_a_task_that_changes_all_the_time_is_made_in_its_transaction(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a few tries."""
    video, prepared, first = await asyncio.to_thread(dubbed, database, 3), list[making._Ready](), making._prepare

    def and_then_changed(*given: Any) -> making._Ready:
        prepared.append(first(*given))
        with database.write() as session:
            _say(session, video, "es", f"otra {len(prepared)}")
        return prepared[-1]

    monkeypatch.setattr(making, "_prepare", and_then_changed)
    made = await start(video, request())
    assert len(prepared) == making._TRIES
    found = await asyncio.to_thread(document, video, made)
    (spanish,) = [one for one in found.languages if one.language == "es"]
    assert (spanish.lines[0].state, made.languages["es"].lines_unspoken) == ("stale", 1)


async def test_what_can_no_longer_be_made_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if it could when it was prepared."""
    video, first = await asyncio.to_thread(dubbed, database, 3), making._prepare

    def and_then_gone(*given: Any) -> making._Ready:
        ready = first(*given)
        with database.write() as session:
            _locked(session, video)
            for language in LANGUAGES:
                for line in script_rows.lines(session, video.task_id, language).values():
                    line.take_key, line.version = None, line.version + 1
        return ready

    monkeypatch.setattr(making, "_prepare", and_then_gone)
    with pytest.raises(making.Problem) as refused:
        await start(video, request())
    assert refused.value.status == 422


@pytest.fixture
async def held(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SimpleNamespace]:
    """Exports that are being prepared until `go_on`; `begun` are those that are at it."""
    found = SimpleNamespace(begun=threading.Semaphore(0), go_on=threading.Event(), at_once=[0])
    first = making._prepare

    def slowly(*given: Any) -> making._Ready:
        found.at_once.append(found.at_once[-1] + 1)
        found.begun.release()
        assert found.go_on.wait(120)
        found.at_once.append(found.at_once[-1] - 1)
        return first(*given)

    monkeypatch.setattr(making, "_prepare", slowly)
    yield found
    found.go_on.set()


async def test_many_exports_at_once_keep_nobody_from_writing(database: Database, held: SimpleNamespace) -> None:
    """However many wait to be prepared: they are so a few at a time, and have no turn to write meanwhile."""
    video, to = await asyncio.to_thread(dubbed, database, 3), request()
    exports = [asyncio.create_task(start(video, to)) for _ in range(45)]
    for _ in range(making._AT_ONCE):
        assert await asyncio.to_thread(held.begun.acquire, timeout=120)
    await turns(to).run(_write, database, video)
    assert not any(one.done() for one in exports)
    held.go_on.set()
    made = await asyncio.gather(*exports)
    assert len({one.export_id for one in made}) == 45
    assert max(held.at_once) <= making._AT_ONCE


def _write(database: Database, video: Video) -> None:
    with database.write() as session:
        _locked(session, video).note = "somebody else was here"


async def test_an_export_that_waits_for_too_long_is_told_so(
    database: Database, held: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be requested again; the others go on."""
    monkeypatch.setattr(making, "_PATIENCE_S", 0.01)
    video, to = await asyncio.to_thread(dubbed, database, 3), request()
    exports = [asyncio.create_task(start(video, to)) for _ in range(making._AT_ONCE)]
    for _ in exports:
        assert await asyncio.to_thread(held.begun.acquire, timeout=120)
    with pytest.raises(DatabaseBusy):
        await start(video, to)
    held.go_on.set()
    assert len(await asyncio.gather(*exports)) == making._AT_ONCE
    assert await start(video, to)
