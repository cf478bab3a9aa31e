"""The figures of a large batch are counted once a second for all who ask, and at once when the batch itself changes."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import select

from services.gateway.batches.reading import Counting, Figures
from services.gateway.db.engine import Database
from services.gateway.db.tables import BatchItem, BatchRow, BatchState, StageRun, Task, TaskLanguage
from shared.pipeline import BASE, Stage, Status

LARGE, SMALL = "batch_large", "batch_small"
NAMED: dict[str, Any] = {"video_filename": "v.mp4", "video_original_name": "v.mp4", "video_key": "v", "video_size": 1}


class Batches:
    """A large one and a small one, and how often their stages were counted."""

    def __init__(self, database: Database) -> None:
        self.database, self.counted, self.at = database, 0, 0.0
        self.counting = Counting(4, lambda: self.at)
        sa.event.listen(database.engine, "before_cursor_execute", self._note)

    def _note(self, _: object, __: object, sql: str, *___: object) -> None:
        self.counted += "FROM batch_rows JOIN stage_runs" in sql

    def read(self, *batch_ids: str) -> list[Figures]:
        with self.database.read() as session:
            batches = [session.exec(select(BatchRow).where(BatchRow.batch_id == one)).one() for one in batch_ids]
            found = self.counting.read(session, batches)
        return [found[one] for one in batch_ids]

    def ended(self, batch_id: str) -> int:
        """Languages that are completed."""
        figures = self.read(batch_id)[0]
        return sum(count for status, _, count in figures.languages if status == Status.COMPLETED)

    def end(self, batch_id: str, row: int) -> None:
        with self.database.write() as session:
            wanted = select(TaskLanguage).where(TaskLanguage.task_id == f"{batch_id}_{row}")
            for one in session.exec(wanted):
                one.status = Status.COMPLETED

    def change(self, batch_id: str, **values: Any) -> None:
        with self.database.write() as session:
            batch = session.exec(select(BatchRow).where(BatchRow.batch_id == batch_id)).one()
            for name, value in values.items():
                setattr(batch, name, value)


@pytest.fixture
def batches(database_url: str) -> Iterator[Batches]:
    """Of the large one two languages of three tasks are under way, of the small one those of one task."""
    database = Database(database_url)
    with database.write() as session:
        for batch_id, rows in ((LARGE, 3), (SMALL, 1)):
            session.add(BatchRow(batch_id=batch_id, name="x"))
            for row in range(rows):
                task_id = f"{batch_id}_{row}"
                session.add(BatchItem(batch_id=batch_id, number=row + 1, source="v.mp4", task_id=task_id))
                session.add(Task(task_id=task_id, status=Status.PROCESSING, **NAMED))
                runs: dict[str, Any] = {"task_id": task_id, "status": Status.COMPLETED}
                session.add(StageRun(**runs, language=BASE, stage=Stage.DIARIZATION, attempt=1))
                for language in ("es", "fr"):
                    session.add(TaskLanguage(task_id=task_id, language=language, status=Status.PROCESSING))
                    for attempt in (1, 2):
                        session.add(StageRun(**runs, language=language, stage=Stage.TRANSLATION, attempt=attempt))
    yield Batches(database)
    database.close()


def test_a_large_batch_is_counted_once_a_second(batches: Batches) -> None:
    """Whoever asks, alone or in a list, and a small one each time."""
    first = batches.read(LARGE)
    assert first[0].done == {Stage.DIARIZATION: 3, Stage.TRANSLATION: 6}
    for _ in range(20):
        assert batches.read(LARGE) == first
    assert batches.counted == 1
    batches.end(LARGE, 0)
    assert (batches.ended(LARGE), batches.counted) == (0, 1)
    batches.at = 1.0
    assert (batches.ended(LARGE), batches.counted) == (2, 2)
    assert batches.ended(SMALL) == 0
    batches.end(SMALL, 0)
    assert (batches.ended(SMALL), batches.counted) == (2, 4)
    small, large = batches.read(SMALL, LARGE)
    assert (small.done, large.done[Stage.TRANSLATION], batches.counted) == ({Stage.DIARIZATION: 1}, 4, 5)


@pytest.mark.parametrize(
    "changed",
    [{"state": BatchState.PAUSED}, {"wish": "retry"}, {"round": 2}, {"ended_at": datetime(2026, 1, 1, tzinfo=UTC)}],
    ids=str,
)
def test_a_batch_that_changed_is_counted_at_once(batches: Batches, changed: dict[str, Any]) -> None:
    """Whoever changed it is answered with what is so, and its end is told with what became of it."""
    assert batches.ended(LARGE) == 0
    batches.end(LARGE, 1)
    batches.change(LARGE, **changed)
    assert (batches.ended(LARGE), batches.counted) == (2, 2)
    assert (batches.ended(LARGE), batches.counted) == (2, 2)


def test_those_who_ask_at_once_wait_for_one(batches: Batches) -> None:
    """The counting is done by the first of them."""
    batches.read(LARGE)
    batches.end(LARGE, 2)
    batches.at = 5.0
    go_on, inside = threading.Event(), threading.Event()

    def hold(_: object, __: object, sql: str, *___: object) -> None:
        if "FROM batch_rows JOIN task_languages" in sql and "gate" in sql:
            inside.set()
            assert go_on.wait(60)

    sa.event.listen(batches.database.engine, "before_cursor_execute", hold)
    found: list[int] = []
    asking = [threading.Thread(target=lambda: found.append(batches.ended(LARGE))) for _ in range(5)]
    for one in asking:
        one.start()
    assert inside.wait(60)
    go_on.set()
    for one in asking:
        one.join(60)
    assert (found, batches.counted) == ([2] * 5, 2)


def test_so_many_large_ones_are_known(batches: Batches, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are counted each time."""
    monkeypatch.setattr("services.gateway.batches.reading._MOST_LARGE", 0)
    batches.read(LARGE)
    batches.read(LARGE)
    assert batches.counted == 2
