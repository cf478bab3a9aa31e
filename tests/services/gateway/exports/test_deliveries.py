"""Files of a batch in a bucket: each once, under the names of the ZIP, whatever breaks off meanwhile."""

import asyncio
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlmodel import select

from services.gateway.db.engine import Database
from services.gateway.db.tables import BatchItem, BatchRow, HandoverRow, OutboxRow, Task, TaskLanguage, now
from services.gateway.exports import deliveries
from services.gateway.exports.deliveries import Deliverer
from services.gateway.settings import GatewaySettings
from services.gateway.web.threads import Threads
from shared.messaging import BatchDelivered
from shared.storage import StorageError, UploadStore, open_copy_target, open_store, put_bytes, read_bytes
from shared.testing import MinioServer

SIZES = {"export_es.mp4": 3_000_000_000, "subtitles_es.srt": 500}
NAMES = [f"s1/{name}.es.{ending}" for name in ("a", "b", "c") for ending in ("mp4", "srt")]


class Target:
    """The real bucket, seen by a test: `copied` are the keys that were, `before` may stop or break a copy."""

    def __init__(self, inner: Any) -> None:
        self._inner, self.bucket = inner, inner.bucket
        self.copied: list[str] = []
        self.before: Callable[[str], None] = lambda _: None

    def check(self) -> None:
        self._inner.check()

    def copy(self, source: str, key: str, media_type: str) -> bool:
        self.before(key)
        was_copied: bool = self._inner.copy(source, key, media_type)
        if was_copied:
            self.copied.append(key)
        return was_copied


class Place:
    """A batch of three dubbed videos, their files in a store, and a bucket beside it."""

    def __init__(self, database_url: str, minio: MinioServer) -> None:
        name = uuid.uuid4().hex[:12]
        self.store: UploadStore = open_store(minio.settings(f"own-{name}"))
        self.shelf = open_store(minio.settings(f"shelf-{name}"))
        self.settings = GatewaySettings(delivery_prefix=f"shelf-{name}/ready/{{owner}}")
        self.target = Target(open_copy_target(minio.settings(f"own-{name}"), f"shelf-{name}"))
        self.database = Database(database_url)
        self.database.migrate()
        with self.database.write() as session:
            session.add(BatchRow(batch_id="batch_1", owner="ann", name="Season", about={"show": "x"}))
        for number, video in enumerate("abc", 1):
            self._add(number, video)

    def _add(self, number: int, video: str) -> None:
        task_id = f"task_20260101_000000_0000000{number}"
        with self.database.write() as session:
            session.add(BatchItem(batch_id="batch_1", number=number, source=f"s1/{video}.mp4", task_id=task_id))
            names = {"task_id": task_id, "video_filename": f"{video}.mp4", "video_original_name": f"{video}.mp4"}
            session.add(Task(**names, video_key="x", video_size=1, status="completed", batch_id="batch_1"))
            session.add(
                TaskLanguage(task_id=task_id, language="es", status="completed", content_version=1, exported_version=1)
            )
        self.export(task_id, 1)

    def export(self, task_id: str, attempt: int) -> None:
        """As an exporter does: files under the attempt, which the language names from then on."""
        made = {"export_es.mp4": "video/mp4", "subtitles_es.srt": "application/x-subrip"}
        files = [
            {"name": name, "key": f"tasks/{task_id}/{attempt}/{name}", "media_type": kind, "size": SIZES[name]}
            for name, kind in made.items()
        ]
        for file in files:
            put_bytes(self.store, str(file["key"]), f"{task_id} {attempt} {file['name']}".encode())
        with self.database.write() as session:
            found = session.exec(select(TaskLanguage).where(TaskLanguage.task_id == task_id)).one()
            found.export_files = files

    def ask(self) -> int:
        with self.database.write() as session:
            row = session.exec(select(HandoverRow)).first() or HandoverRow(
                delivery_id="delivery_1", batch_id="batch_1", prefix="season"
            )
            row.state, row.files, row.done, row.attempts, row.next_at = "copying", 0, 0, 0, now()
            session.add(row)
            session.flush()
            return row.id or 0

    def hurry(self) -> None:
        """Let the next attempt be due."""
        with self.database.write() as session:
            session.exec(select(HandoverRow)).one().next_at = now()

    def deliverer(self) -> Deliverer:
        return Deliverer(self.database, Threads(), self.settings, self.target)

    def deliver_all(self, *deliverers: Deliverer) -> None:
        """Until nothing is on its way any more, repeated as the loop of a gateway does."""

        async def until_rest() -> None:
            for _ in range(200):
                await asyncio.gather(*(one.turn() for one in deliverers))
                if (await asyncio.to_thread(self.row)).state != "copying":
                    return
                await asyncio.sleep(0.02)
            raise AssertionError("something is still being copied")

        asyncio.run(until_rest())

    def row(self) -> HandoverRow:
        with self.database.read() as session:
            return session.exec(select(HandoverRow)).one()

    def there(self) -> dict[str, bytes]:
        prefix = "ready/ann/season/"
        return {
            info.key.removeprefix(prefix): read_bytes(self.shelf, info.key) for info in self.shelf.list("ready/ann/")
        }

    def told(self, name: str) -> list[dict[str, Any]]:
        with self.database.read() as session:
            rows = [json.loads(row.payload) for row in session.exec(select(OutboxRow))]
        return [row["data"] for row in rows if row.get("type") == f"localclip.batch.{name}"]


@pytest.fixture
def place(sqlite_url: str, minio: MinioServer) -> Iterator[Place]:
    """One on SQLite."""
    found = Place(sqlite_url, minio)
    yield found
    found.database.close()


def test_each_file_is_copied_once(database_url: str, minio: MinioServer) -> None:
    """Asked again only what is newer is; the end of each time is told once, with figures."""
    place = Place(database_url, minio)
    place.ask()
    asyncio.run(place.deliverer().turn())
    assert sorted(place.there()) == NAMES
    assert place.there()["s1/a.es.mp4"].endswith(b"1 export_es.mp4")
    assert (place.row().state, place.row().files, place.row().done) == ("completed", 6, 6)
    assert place.row().size == place.row().size_done == 3 * sum(SIZES.values())
    (told,) = place.told("delivered")
    BatchDelivered.model_validate(told)
    assert (told["files"], told["prefix"], told["metadata"]) == (6, "ready/ann/season", {"show": "x"})
    place.target.copied.clear()
    place.export("task_20260101_000000_00000001", 2)
    place.ask()
    asyncio.run(place.deliverer().turn())
    assert sorted(place.target.copied) == ["ready/ann/season/s1/a.es.mp4", "ready/ann/season/s1/a.es.srt"]
    assert place.there()["s1/a.es.mp4"].endswith(b"2 export_es.mp4")
    assert len(place.told("delivered")) == 2
    place.database.close()


def test_what_was_broken_off_goes_on(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed in the middle, led by two gateways, the service away for a while: no file is copied twice."""
    monkeypatch.setattr(deliveries, "_PAUSES_S", (1000, 1000))
    place.ask()

    async def die_in_the_middle() -> None:
        turn = asyncio.create_task(place.deliverer().turn())
        while (await asyncio.to_thread(place.row)).done < 4:  # noqa: ASYNC110 (the database tells)
            await asyncio.sleep(0.01)
        turn.cancel()
        await asyncio.gather(turn, return_exceptions=True)

    away = [True]
    place.target.before = lambda _: _refuse() if away and len(place.target.copied) >= 4 else None
    asyncio.run(die_in_the_middle())
    assert (place.row().state, len(place.target.copied)) == ("copying", 4)
    assert place.row().size_done == 2 * sum(SIZES.values())
    away.clear()
    place.hurry()
    place.deliver_all(place.deliverer(), place.deliverer())
    assert place.row().state == "completed"
    assert sorted(place.there()) == NAMES
    assert len(place.told("delivered")) == 1
    assert all(place.target.copied.count(f"ready/ann/season/{name}") == 1 for name in NAMES[:4])


def test_what_is_asked_for_while_an_attempt_fails_is_tried_at_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has mended something does not wait for the pause after an attempt that began before."""
    monkeypatch.setattr(deliveries, "_PAUSES_S", (1000, 1000))
    place.ask()
    asked: list[None] = []

    def refuse_once(_: str) -> None:
        if not asked:
            asked.append(place.hurry())
            _refuse()

    place.target.before = refuse_once
    asyncio.run(place.deliverer().turn())
    assert place.row().state == "completed"
    assert sorted(place.there()) == NAMES


def test_a_batch_that_is_deleted_meanwhile_says_nothing_of_another(place: Place) -> None:
    """SQLite gives the number of its delivery to the next one, which is of another batch and has no files."""
    place.ask()
    replaced: list[int] = []

    def replace_once(_: str) -> None:
        if not replaced:
            with place.database.write() as session:
                old = session.exec(select(HandoverRow)).one()
                replaced.append(old.id or 0)
                session.delete(old)
                session.flush()
                session.add(BatchRow(batch_id="batch_2", owner="ann", name="Another"))
                session.add(HandoverRow(delivery_id="delivery_2", batch_id="batch_2", prefix="another"))

    place.target.before = replace_once
    asyncio.run(place.deliverer().turn())
    row = place.row()
    assert (row.id, row.batch_id) == (replaced[0], "batch_2")
    assert (row.state, row.files, row.done) == ("completed", 0, 0)


def _refuse() -> None:
    raise StorageError("it is away")


def test_why_nothing_is_delivered(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that stays away, and what somebody else put there, which is not replaced; both are told."""
    monkeypatch.setattr(deliveries, "_PAUSES_S", (0.01, 0.01))
    place.ask()
    place.target.before = lambda _: _refuse()
    place.deliver_all(place.deliverer())
    assert (place.row().state, place.row().error_code) == ("failed", "storage_unavailable")
    place.target.before = lambda _: None
    put_bytes(place.shelf, "ready/ann/season/s1/b.es.srt", b"of somebody else")
    place.ask()
    asyncio.run(place.deliverer().turn())
    assert (place.row().state, place.row().error_code) == ("failed", "delivery_taken")
    assert "s1/b.es.srt" in str(place.row().error_message)
    assert place.there()["s1/b.es.srt"] == b"of somebody else"
    assert [one["error_code"] for one in place.told("delivery_failed")] == ["storage_unavailable", "delivery_taken"]


def test_a_file_that_went_is_named(place: Place) -> None:
    """And the others lie there; of a batch that was deleted nothing more is copied."""
    place.store.delete("tasks/task_20260101_000000_00000002/")
    place.ask()
    asyncio.run(place.deliverer().turn())
    assert (place.row().state, place.row().done, place.row().missing) == (
        "completed",
        4,
        ["s1/b.es.mp4", "s1/b.es.srt"],
    )
    assert place.row().size_done == 2 * sum(SIZES.values())
    place.ask()
    place.target.copied.clear()
    with place.database.write() as session:
        session.exec(select(BatchRow)).one().deleted_at = now()
    place.target.before = lambda _: _refuse()
    with place.database.write() as session:
        session.delete(session.exec(select(HandoverRow)).one())
    asyncio.run(place.deliverer().turn())
    assert place.target.copied == []
