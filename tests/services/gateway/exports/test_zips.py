"""What a ZIP of thousands of files costs, and what it leaves when nobody takes it to its end."""

import asyncio
import io
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import event

from services.gateway.db.engine import Database
from services.gateway.db.tables import BatchItem, Task, TaskLanguage, now
from services.gateway.exports import zips
from services.gateway.exports.zips import Entry, files_of
from services.gateway.web.threads import Threads
from shared.storage import DirectoryStore, put_bytes

BATCH = "batch_000000000000000000000000"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database of each kind."""
    made = Database(database_url)
    made.migrate()
    yield made
    made.close()


def add(database: Database, first: int, tasks: int) -> None:
    """Tasks with two exported languages each; every third is deleted."""
    with database.write() as session:
        for number in range(first, first + tasks):
            task_id = f"task_20260101_000000_{number:08}"
            named = {"video_filename": "a.mp4", "video_original_name": f"talk {number}.mp4", "video_key": "a"}
            gone = now() if number % 3 == 2 else None
            session.add(Task(task_id=task_id, video_size=1, deleted_at=gone, **named))
            session.add(BatchItem(batch_id=BATCH, number=number, source=f"a\\b/{number}.mp4", task_id=task_id))
            for code, version in (("es", 1), ("fr", 2)):
                file = {"name": f"export_{code}.mp4", "key": f"{number}/{code}", "media_type": "video/mp4", "size": 7}
                row = TaskLanguage(task_id=task_id, language=code, content_version=version, exported_version=1)
                row.export_files, row.report = [file], {"lines": [number]}
                session.add(row)


def test_the_files_of_many_tasks_are_found_with_as_many_statements_as_those_of_a_few(database: Database) -> None:
    """Without the reports of their languages, which are long."""
    counts, seen, loaded = [], list[str](), set[str]()
    event.listen(database.engine, "before_cursor_execute", lambda _, __, sql, *___: seen.append(sql))
    for first, tasks in ((0, 3), (3, 60)):
        add(database, first, tasks)
        seen.clear()
        with database.read() as session:
            event.listen(session, "loaded_as_persistent", lambda _, row: loaded.add(type(row).__name__))
            found = files_of(session, BATCH, None)
            spanish = files_of(session, BATCH, ["es"])
        counts.append(len(seen))
        assert not [sql for sql in seen if "report" in sql or "gate" in sql or "config" in sql]
    assert counts[0] == counts[1]
    assert loaded == {"Task"}
    assert (len(found), len(spanish)) == (84, 42)
    assert found[:2] == [
        Entry("a/b/talk 0.es.mp4", "0/es", "video/mp4", 7),
        Entry("a/b/talk 0-older.fr.mp4", "0/fr", "video/mp4", 7),
    ]
    assert [one.key for one in spanish[:3]] == ["0/es", "1/es", "3/es"]


class Closed(ZipFile):
    """Tells where a ZIP was closed, and how many files its directory named then."""

    closes: list[tuple[int, int]]

    def close(self) -> None:
        """Note it."""
        if self.fp is not None:
            self.closes.append((threading.get_ident(), len(self.filelist)))
        super().close()


@pytest.fixture
def closes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """By which thread ZIPs were closed, with how many files."""
    monkeypatch.setattr(Closed, "closes", [], raising=False)
    monkeypatch.setattr(zips, "ZipFile", Closed)
    return Closed.closes


async def test_the_directory_of_a_zip_is_written_beside_the_event_loop(
    tmp_path: Path, closes: list[tuple[int, int]]
) -> None:
    """What was gone meanwhile is named in the ZIP."""
    parts: Any = SimpleNamespace(store=DirectoryStore(tmp_path), threads=Threads())
    for key in ("a", "b"):
        await asyncio.to_thread(put_bytes, parts.store, key, key.encode())
    entries = [Entry(f"{key}.mp4", key) for key in ("a", "gone", "b")]
    content = b"".join([piece async for piece in zips._zipped(parts, entries)])
    with ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["a.mp4", "b.mp4", "missing.txt"]
        assert archive.read("b.mp4") == b"b"
    ((thread, files),) = closes
    assert (thread != threading.get_ident(), files) == (True, 3)


async def test_a_zip_that_is_broken_off_writes_no_directory(tmp_path: Path, closes: list[tuple[int, int]]) -> None:
    """Nobody would read it."""
    parts: Any = SimpleNamespace(store=DirectoryStore(tmp_path), threads=Threads())
    await asyncio.to_thread(put_bytes, parts.store, "a", b"a")
    pieces = zips._zipped(parts, [Entry(f"{number}.mp4", "a") for number in range(9)])
    for _ in range(5):
        await anext(pieces)
    await pieces.aclose()  # type: ignore[attr-defined]
    assert [files for _, files in closes] == [0]
