"""Videos that the gateway fetches itself: whole, once, gone on with after a break, and from nowhere inside."""

import asyncio
import contextlib
import io
import json
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpcore
import pytest
from sqlmodel import select

from services.gateway.db.engine import Database
from services.gateway.db.tables import BatchItem, BatchRow, OutboxRow, SourceRow, Task, TaskLanguage, now
from services.gateway.pipeline.canceling import cancel, remove
from services.gateway.pipeline.schemas import TaskConfig
from services.gateway.pipeline.starting import retry
from services.gateway.script import rows as script_rows
from services.gateway.settings import GatewaySettings
from services.gateway.uploads.fetching import Fetcher
from services.gateway.uploads.remote import SourceError
from services.gateway.uploads.sources import await_source
from services.gateway.web.threads import Threads
from shared.pipeline import ErrorCode
from shared.storage import DirectoryStore, UploadStore, keys, open_bucket, open_store, put_bytes, read_bytes
from shared.testing import MinioServer, NatsServer, wait_until
from tests.services.gateway.batches.test_batches import create, read, wait
from tests.services.gateway.conftest import Gateway, World
from tests.services.gateway.uploads.remote_files import MIB, File, Files, video

LOOPBACK = {"LOCALCLIP_ALLOWED_NETWORKS": "127.0.0.1/32", "MAX_VIDEO_SIZE_MB": "20", "LOCALCLIP_SOURCE_RETRY_S": "0.05"}
PIECE = 5 * MIB


@pytest.fixture
def files() -> Iterator[Files]:
    """A server of files."""
    found = Files()
    yield found
    found.close()


class Place:
    """A database, a store and fetchers in this process."""

    def __init__(self, database_url: str, store: UploadStore, bucket: Any = None, **settings: Any) -> None:
        said = {"allowed_networks": "127.0.0.1/32", "max_video_size_mb": 20, "source_retry_s": 0.01, **settings}
        self.settings = GatewaySettings.model_validate(said)
        self.store, self.bucket = store, bucket
        self.database = Database(database_url)
        self.database.migrate()

    def fetcher(self) -> Fetcher:
        return Fetcher(self.database, self.store, Threads(), self.settings, self.bucket)

    def add(self, address: str, owner: str = "", *, start: bool = False, **files: str) -> str:
        config = TaskConfig(target_languages=["es"], source_language="en").model_dump(mode="json")
        going = ["es"] if start else []
        with self.database.write() as session:
            return await_source(session, owner, address, "", config, start=going, files=files).task_id

    def source(self, task_id: str) -> SourceRow:
        with self.database.read() as session:
            return session.exec(select(SourceRow).where(SourceRow.task_id == task_id)).one()

    def task(self, task_id: str) -> Task:
        with self.database.read() as session:
            return session.exec(select(Task).where(Task.task_id == task_id)).one()

    def content(self, task_id: str) -> bytes:
        return read_bytes(self.store, self.task(task_id).video_key)

    def fetch_all(self, *fetchers: Fetcher) -> None:
        """Until nothing is on its way any more, repeated as the loop of a gateway does."""

        async def until_rest() -> None:
            for _ in range(200):
                await asyncio.gather(*(fetcher.turn() for fetcher in fetchers or (self.fetcher(),)))
                if not await asyncio.to_thread(self._fetching):
                    return
                await asyncio.sleep(0.02)
            raise AssertionError("something is still being fetched")

        asyncio.run(until_rest())

    def _fetching(self) -> bool:
        with self.database.read() as session:
            return session.exec(select(SourceRow).where(SourceRow.state == "fetching")).first() is not None


@pytest.fixture
def place(sqlite_url: str, directory_store: DirectoryStore) -> Iterator[Place]:
    """One on SQLite and a folder."""
    found = Place(sqlite_url, directory_store)
    yield found
    found.database.close()


def test_a_video_is_fetched_and_dubbed(world: World, files: Files) -> None:
    """The task is there at once and says how far its video is; the rest runs as with an upload."""
    content = video(7)
    files.files["/a%20b/G%C3%BC.mp4"] = file = File(content, held_after=6 * MIB)
    gateway, _ = world.gateway(**LOOPBACK), world.workers()
    body = {"source_url": f"{files.url}/a%20b/Gü.mp4?x=1", "config": {"target_languages": ["es"]}, "start": True}
    answer = gateway.http.post("/api/tasks", json=body)
    assert answer.status_code == 201, answer.text
    task = answer.json()
    assert (task["video_original_name"], task["status"], task["source"]["state"]) == (
        "Gü.mp4",
        "processing",
        "fetching",
    )
    url = answer.headers["location"]
    wait_until(lambda: gateway.http.get(url).json()["source"]["received"] == PIECE, 60, "no progress is told")
    halfway = gateway.http.get(url).json()
    assert (halfway["source"]["size"], halfway["language_status"]["es"]["status"]) == (7 * MIB, "processing")
    assert halfway["language_status"]["base"]["message"] == "fetching the video: 5 of 7 MB"
    file.go_on.set()
    done = gateway.wait_for(task["task_id"])
    assert (done["source"], done["status"]) == (None, "completed")
    name = done["video_filename"]
    assert gateway.http.get(f"{url}/artifacts/base/{name}").content == content


def test_a_killed_gateway_goes_on_where_it_was(small_world: World, files: Files) -> None:
    """What lies in the store is asked for no more; the bytes are those of the file."""
    content = video(13)
    files.files["/a.mp4"] = file = File(content, held_after=12 * MIB)
    gateway = small_world.gateway(**LOOPBACK)
    url = "/api/tasks/" + gateway.http.post("/api/tasks", json={"source_url": f"{files.url}/a.mp4"}).json()["task_id"]
    wait_until(lambda: gateway.http.get(url).json()["source"]["received"] == 2 * PIECE, 60, "it does not come")
    gateway.service.end(signal.SIGKILL)
    file.go_on.set()
    gateway.service.start()
    gateway.wait_ready()
    wait_until(lambda: not gateway.http.get(url).json()["source"], 60, "it does not go on")
    assert files.asked == [("/a.mp4", None, None), ("/a.mp4", f"bytes={2 * PIECE}-", '"1"')]
    name = gateway.http.get(url).json()["video_filename"]
    assert gateway.http.get(f"{url}/artifacts/base/{name}").content == content


@pytest.mark.parametrize("etag", ['"2"', None], ids=["changed", "unknown"])
def test_pieces_of_two_files_never_meet(
    sqlite_url: str, directory_store: DirectoryStore, files: Files, etag: str | None
) -> None:
    """A file that was changed meanwhile, or of which that cannot be told, is fetched from its beginning."""
    place = Place(sqlite_url, directory_store, source_retry_s=1000)
    files.files["/a.mp4"] = File(video(8), etag='"1"' if etag else None, breaks_after=[6 * MIB])
    task_id = place.add(f"{files.url}/a.mp4")
    asyncio.run(place.fetcher().turn())
    assert place.source(task_id).received == PIECE
    files.files["/a.mp4"] = File(new := video(7, b"w"), etag=etag)
    with place.database.write() as session:
        session.exec(select(SourceRow)).one().next_at = now()
    place.fetch_all()
    assert place.content(task_id) == new
    assert place.task(task_id).video_size == len(new)
    assert [asked[1] for asked in files.asked] == [None, f"bytes={PIECE}-" if etag else None]


def test_a_server_that_breaks_off_again_and_again(database_url: str, store: UploadStore, files: Files) -> None:
    """Each attempt that brings a piece counts anew; on every kind of database and store."""
    content = video(18)
    files.files["/a.mp4"] = File(content, breaks_after=[6 * MIB, 10, 5 * MIB, 100, 6 * MIB, 7, 8])
    place = Place(database_url, store)
    task_id = place.add(f"{files.url}/a.mp4")
    place.fetch_all()
    assert place.content(task_id) == content
    assert len(files.asked) == 8
    place.database.close()


def test_what_cannot_be_had_is_a_reason_of_its_row(small_world: World, files: Files) -> None:
    """The others go on, and the batch ends; what is not there later is tried again by a retry."""
    served = {
        "good.mp4": File(video(0.1)),
        "led.mp4": File(status=302, location="/good.mp4"),
        "unknown-length.mp4": File(video(6), tells_length=False),
        "gone.mp4": File(status=404),
        "denied.mp4": File(status=403),
        "page.mp4": File(b"<html>log in</html>" * 200),
        "empty.mp4": File(b""),
        "large.mp4": File(video(21)),
        "endless.mp4": File(video(21), tells_length=False),
        "round.mp4": File(status=302, location="/round.mp4"),
        "broken.mp4": File(status=503),
        "cut.mp4": File(video(1), breaks_after=[1000] * 20),
        "inside.mp4": File(status=302, location="http://127.0.0.2:1/a.mp4"),
    }
    files.files |= {f"/{name}": file for name, file in served.items()}
    gateway, _ = small_world.gateway(**LOOPBACK), small_world.workers()
    manifest = [{"source_url": f"{files.url}/{name}", "languages": ["es"]} for name in served]
    batch = create(gateway, manifest)
    done = wait(gateway, batch, lambda one: one["state"] == "completed", "it does not end")
    items = gateway.http.get(f"/api/batches/{batch['batch_id']}/rows").json()
    assert {item["source"]: item["error_code"] for item in items} == {
        "good.mp4": None,
        "led.mp4": None,
        "unknown-length.mp4": None,
        "gone.mp4": "source_gone",
        "denied.mp4": "source_refused",
        "page.mp4": "media_unsupported",
        "empty.mp4": "media_unsupported",
        "large.mp4": "video_too_large",
        "endless.mp4": "video_too_large",
        "round.mp4": "source_refused",
        "broken.mp4": "source_unreachable",
        "cut.mp4": "source_unreachable",
        "inside.mp4": "forbidden_address",
    }
    assert all(item["fetched"] for item in items)
    assert (done["rows"]["completed"], done["rows"]["failed"]) == (3, 10)
    assert len([asked for asked in files.asked if asked[0] == "/broken.mp4"]) == 6
    gone = next(item["task_id"] for item in items if item["source"] == "gone.mp4")
    assert gateway.task(gone)["source"]["error_message"].startswith("there is no file")
    files.files["/gone.mp4"] = File(video(0.1))
    assert gateway.http.post(f"/api/tasks/{gone}/retry").status_code == 202
    gateway.wait_for(gone)
    assert read(gateway, batch)["rows"]["completed"] == 4


def test_a_fetch_is_stopped_and_taken_up_again(place: Place, files: Files) -> None:
    """Canceled, its connection is closed within seconds and the task is canceled; a retry brings what is missing."""
    files.files["/a.mp4"] = file = File(content := video(11), held_after=6 * MIB)
    task_id = place.add(f"{files.url}/a.mp4", start=True)

    async def stop_it() -> None:
        turn = asyncio.create_task(place.fetcher().turn())
        while (await asyncio.to_thread(place.source, task_id)).received < PIECE:  # noqa: ASYNC110 (the database tells)
            await asyncio.sleep(0.02)
        await asyncio.to_thread(_with_task, place, task_id, lambda session, task: cancel(session, task, None))
        await asyncio.wait_for(turn, 30)

    asyncio.run(stop_it())
    file.go_on.set()
    assert files.cut_off.wait(30)
    assert (place.task(task_id).status, place.source(task_id).state) == ("canceled", "canceled")
    with place.database.read() as session:
        assert session.exec(select(TaskLanguage.status)).all() == ["canceled"]
    _with_task(place, task_id, retry)
    assert place.task(task_id).status == "processing"
    place.fetch_all()
    assert place.content(task_id) == content
    assert files.asked[-1] == ("/a.mp4", f"bytes={PIECE}-", '"1"')


def test_an_attempt_that_was_stopped_says_nothing_of_the_next(place: Place, files: Files) -> None:
    """Stopped and taken up again within a moment: the old attempt neither ends the new one nor writes into its row."""
    known = place.add(f"{files.url}/slow.mp4", start=True)
    fetcher = place.fetcher()
    old = fetcher._read(known)
    assert old is not None
    _with_task(place, known, lambda session, task: cancel(session, task, None))
    _with_task(place, known, retry)
    assert fetcher._is_wanted(known)
    assert not fetcher._is_wanted(known, old.started_at)
    fetcher._failed(old, SourceError(ErrorCode.SOURCE_TOO_SLOW, "it took longer than 6 hours", is_final=True))
    old.write_id = "of the old"
    fetcher._note(old, "old")
    row = place.source(known)
    assert (row.state, row.attempts, row.write_id, row.validator) == ("fetching", 0, "", None)


def test_nothing_stays_of_a_fetch_whose_task_is_deleted(place: Place, files: Files) -> None:
    """It stops by itself, and what came goes with the task."""
    files.files["/a.mp4"] = File(video(11), held_after=6 * MIB)
    task_id = place.add(f"{files.url}/a.mp4")

    async def delete_it() -> None:
        turn = asyncio.create_task(place.fetcher().turn())
        while (await asyncio.to_thread(place.source, task_id)).received < PIECE:  # noqa: ASYNC110 (the database tells)
            await asyncio.sleep(0.02)
        await asyncio.to_thread(_with_task, place, task_id, remove)
        await asyncio.wait_for(turn, 30)

    asyncio.run(delete_it())
    key, write_id = place.task(task_id).video_key, place.source(task_id).write_id
    assert len(place.store.parts(key, write_id)) == 1
    place.store.delete(keys.task_prefix(task_id))
    with pytest.raises(Exception, match="over"):
        place.store.parts(key, write_id)


def _with_task(place: Place, task_id: str, act: Any) -> None:
    with place.database.write() as session:
        task = script_rows.locked_task(session, task_id)
        assert task is not None
        act(session, task)


def test_two_gateways_at_once_bring_one_video(database_url: str, store: UploadStore, files: Files) -> None:
    """As when the lead changes in the middle: one task for a row, whole, and its arrival is told once."""
    files.files["/a.mp4"] = File(content := video(12))
    place = Place(database_url, store)
    with place.database.write() as session:
        session.add(BatchRow(batch_id="batch_1", name="x"))
        config = {"target_languages": ["es"]}
        session.add(
            BatchItem(batch_id="batch_1", number=1, source="a.mp4", address=f"{files.url}/a.mp4", config=config)
        )
    place.fetch_all(place.fetcher(), place.fetcher(), place.fetcher())
    with place.database.read() as session:
        (task,) = session.exec(select(Task)).all()
        (item,) = session.exec(select(BatchItem)).all()
        created = [row for row in session.exec(select(OutboxRow)) if '"localclip.task.created"' in row.payload]
        started = [row for row in session.exec(select(OutboxRow)) if "speaker_diarization.started" in row.payload]
    assert (item.task_id, task.batch_row, len(created), len(started)) == (task.task_id, 1, 1, 1)
    assert place.content(task.task_id) == content
    place.database.close()


def test_accounts_take_turns(place: Place) -> None:
    """Somebody with a hundred videos lets somebody with one in."""
    for number in range(12):
        place.add(f"http://127.0.0.1:9/{number}.mp4", "ann")
    one = place.add("http://127.0.0.1:9/x.mp4", "bob")
    fetcher = place.fetcher()
    begun: list[str] = []

    async def note(task_id: str) -> None:
        begun.append(task_id)

    fetcher._fetch = note  # type: ignore[method-assign]

    async def begin() -> None:
        async with asyncio.TaskGroup() as group:
            await fetcher._begin_due(group)

    asyncio.run(begin())
    assert len(begun) == place.settings.sources_at_once
    assert begun.index(one) < 2


def test_a_video_takes_only_so_long(sqlite_url: str, directory_store: DirectoryStore, files: Files) -> None:
    """A server that sends for ever is given up, and the task says why."""
    files.files["/a.mp4"] = File(video(3), held_after=MIB)
    place = Place(sqlite_url, directory_store, source_hours=0.0003)
    task_id = place.add(f"{files.url}/a.mp4")
    place.fetch_all()
    found = place.task(task_id)
    assert (found.status, found.error_code) == ("failed", "source_too_slow")
    assert "LOCALCLIP_SOURCE_HOURS" in str(found.error_message)


def test_a_key_of_the_opened_bucket(sqlite_url: str, directory_store: DirectoryStore, minio: MinioServer) -> None:
    """Below its prefix only; one that is not there is a reason."""
    name = f"footage-{uuid.uuid4().hex[:12]}"
    settings = minio.settings(name)
    open_store(settings).put("incoming/s1/a.mp4", io.BytesIO(content := video(12)))
    bucket = open_bucket(settings, name)
    place = Place(sqlite_url, directory_store, bucket, source_prefix=f"{name}/incoming")
    here, gone = place.add("s3:s1/a.mp4"), place.add("s3:s1/b.mp4")
    place.fetch_all()
    assert place.content(here) == content
    assert place.task(here).video_original_name == "a.mp4"
    assert (place.task(gone).status, place.task(gone).error_code) == ("failed", "source_gone")


@pytest.mark.parametrize(
    ("more", "code", "pointer"),
    [
        ({"subtitles": "https://10.0.0.1/a.srt"}, "forbidden_address", "/subtitles"),
        ({"translations": {"es": "https://localhost/a.srt"}}, "forbidden_address", "/translations"),
        ({"translations": {"es": "a.srt"}}, "subtitles_not_fetched", "/translations"),
        ({"translations": {"es": "s3:a.srt"}}, "source_not_configured", "/translations"),
        ({"translations": {"fr": "https://example.org/a.srt"}}, "not_a_target", "/translations"),
        ({"subtitles": "https://example.org/a.srt"}, "source_language_required", "/config/source_language"),
    ],
)
def test_subtitles_that_may_not_be_fetched(gateway: Gateway, more: Any, code: str, pointer: str) -> None:
    """Refused at once, with the field; no task is made."""
    body = {"source_url": "https://example.org/a.mp4", "config": {"target_languages": ["es"]}, **more}
    answer = gateway.http.post("/api/tasks", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert gateway.http.get("/api/tasks").json() == []


SRT = b"1\n00:00:00,000 --> 00:00:01,000\nuno\n"


def test_subtitles_are_fetched_with_their_video(database_url: str, store: UploadStore, files: Files) -> None:
    """They lie where the task says; a server that breaks off is asked again; one that a person brought stays."""
    files.files |= {"/a.mp4": File(content := video(1)), "/s.srt": File(SRT, breaks_after=[10]), "/t.srt": File(SRT)}
    place = Place(database_url, store)
    named = {"subtitles": f"{files.url}/s.srt?x=1", "translation_es": f"{files.url}/t.srt"}
    task_id, other = place.add(f"{files.url}/a.mp4", **named), place.add(f"{files.url}/a.mp4", **named)
    with place.database.write() as session:
        task = script_rows.task(session, other)
        assert task is not None
        task.config = {**task.config, "subtitles_key": "brought"}
    place.fetch_all()
    config = place.task(task_id).config
    assert place.content(task_id) == content
    assert read_bytes(store, config["subtitles_key"]) == read_bytes(store, config["translation_keys"]["es"]) == SRT
    assert place.task(other).config["subtitles_key"] == "brought"
    assert [asked[0] for asked in files.asked].count("/s.srt?x=1") == 2
    place.database.close()


def test_subtitles_that_cannot_be_had_are_a_reason(place: Place, files: Files) -> None:
    """Named with the file, before the video is fetched; a private address is not asked, and other tasks go on."""
    inside = Files("127.0.0.2")
    inside.files["/s.srt"] = File(SRT)
    served = {
        "gone": File(status=404),
        "denied": File(status=403),
        "video": File(video(0.1)),
        "large": File(b"x" * (6 * MIB)),
        "endless": File(b"x" * (6 * MIB), tells_length=False),
        "inside": File(status=302, location=f"{inside.url}/s.srt"),
        "broken": File(status=503),
    }
    files.files |= {f"/{name}.srt": file for name, file in served.items()}
    files.files["/a.mp4"] = File(video(0.1))
    tasks = {name: place.add(f"{files.url}/a.mp4", translation_es=f"{files.url}/{name}.srt") for name in served}
    good = place.add(f"{files.url}/a.mp4")
    place.fetch_all()
    assert place.source(good).state == "arrived"
    assert {name: place.task(task_id).error_code for name, task_id in tasks.items()} == {
        "gone": "source_gone",
        "denied": "source_refused",
        "video": "subtitles_unreadable",
        "large": "subtitles_too_large",
        "endless": "subtitles_too_large",
        "inside": "forbidden_address",
        "broken": "source_unreachable",
    }
    assert all(str(place.task(task_id).error_message).startswith("translation es: ") for task_id in tasks.values())
    assert [asked[0] for asked in files.asked].count("/a.mp4") == 1
    assert inside.asked == []
    inside.close()
    files.files["/gone.srt"] = File(SRT)
    _with_task(place, tasks["gone"], retry)
    place.fetch_all()
    assert place.source(tasks["gone"]).state == "arrived"


def test_a_batch_of_a_bucket(tmp_path: Path, nats: NatsServer, sqlite_url: str, minio: MinioServer) -> None:
    """What a dry run says of a prefix is made, with the subtitles beside its videos; each account has its folder."""
    name = f"footage-{uuid.uuid4().hex[:12]}"
    settings = minio.settings(name)
    footage = open_store(settings)
    for key in ("s1/talk.mp4", "s1/b/two.mp4"):
        put_bytes(footage, f"ann/{key}", video(0.1))
    for key in ("s1/talk.en.srt", "s1/talk.es.srt", "s1/readme.txt"):
        put_bytes(footage, f"ann/{key}", SRT)
    put_bytes(footage, "bob/secret.mp4", video(0.1))
    world = World(tmp_path, nats, sqlite_url)
    secret = settings.s3_secret_key
    assert secret is not None
    own = {"S3_ENDPOINT": minio.endpoint, "S3_ACCESS_KEY": minio.access_key, "S3_SECRET_KEY": secret.get_secret_value()}
    own |= {"S3_BUCKET": f"own-{uuid.uuid4().hex[:12]}", "LOCALCLIP_SOURCE_PREFIX": f"{name}/{{owner}}"}
    own |= {"LOCALCLIP_DELIVERY_PREFIX": f"{name}/ready"}
    try:
        gateway = world.gateway(**own, LOCALCLIP_API_KEYS=f"ann:{'a' * 16},bob:{'b' * 16}")
        world.workers(**own)
        gateway.http.headers["X-API-Key"] = "a" * 16
        body = {"source_prefix": "s1", "config": {"target_languages": ["es"]}}
        plan = gateway.http.post("/api/batches", params={"dry_run": True}, json=body).json()
        assert [(row["source"], row["refused"]) for row in plan["rows"]] == [("b/two.mp4", []), ("talk.mp4", [])]
        assert plan["rows"][1]["files"] == {"subtitles": "s3:s1/talk.en.srt", "translation_es": "s3:s1/talk.es.srt"}
        command = [sys.executable, "-m", "localclip", "batch", "s3:s1", "--to", "es", "--out", str(tmp_path / "out")]
        command += ["--server", str(gateway.http.base_url), "--api-key", "a" * 16, "--json", "--deliver", "s1"]
        for _ in range(2):  # the second time there is nothing new
            ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
            told = json.loads(ended.stdout)
            assert {row["source"]: row["outcome"] for row in told["rows"]} == dict.fromkeys(
                ("b/two.mp4", "talk.mp4"), "completed"
            ), ended.stderr
            assert (tmp_path / "out/b/two.es.mp4").is_file()
            assert [(one["state"], one["prefix"]) for one in told["deliveries"]] == [("completed", "ready/s1")]
        delivered = [info.key for info in open_bucket(settings, name).list("ready/")]
        assert {"ready/s1/b/two.es.mp4", "ready/s1/talk.es.mp4"} <= set(delivered)
        (done,) = gateway.http.get("/api/batches").json()
        assert (done["name"], done["rows"]["completed"], done["rows_total"]) == ("s1", 2, 2)
        rows = gateway.http.get(f"/api/batches/{done['batch_id']}/rows").json()
        assert gateway.task(rows[1]["task_id"])["config"]["source_language"] == "en"
        refused = [
            gateway.http.post("/api/batches", json={**body, **more}).json()["code"]
            for more in ({"source_prefix": "s2"}, {"source_prefix": "../bob"}, {"without": ["talk.mp4", "b/two.mp4"]})
        ]
        assert refused == ["prefix_empty", "invalid_request", "nothing_new"]
        assert done["delivers_to"] == f"{name}/ready/"
        deliveries = f"/api/batches/{done['batch_id']}/deliveries"
        assert gateway.http.post(deliveries, json={"prefix": "../x"}).json()["code"] == "invalid_request"
        with ThreadPoolExecutor(2) as threads:
            twice = list(threads.map(lambda _: gateway.http.post(deliveries, json={"prefix": "s2"}).json(), range(2)))
        assert twice[0]["delivery_id"] == twice[1]["delivery_id"]
        bob = {"X-API-Key": "b" * 16}
        assert gateway.http.post(deliveries, json={}, headers=bob).status_code == 404
        one = {"source_key": "../bob/secret.mp4"}
        assert gateway.http.post("/api/tasks", json=one).json()["code"] == "invalid_request"
        gone = {"source_key": "secret.mp4", "config": {"target_languages": ["es"]}}
        task = gateway.http.post("/api/tasks", json=gone).json()
        assert gateway.wait_for(task["task_id"], "failed")["error_code"] == "source_gone"
    finally:
        world.close()


PRIVATE = [
    "http://example.org/a.mp4",
    "https://127.0.0.1/a.mp4",
    "https://localhost/a.mp4",
    "https://10.0.0.7/a.mp4",
    "https://172.16.0.1/a.mp4",
    "https://192.168.1.1/a.mp4",
    "https://100.64.0.1/a.mp4",
    "https://0.0.0.0/a.mp4",
    "https://[::1]/a.mp4",
    "https://[fe80::1]/a.mp4",
    "https://[fd00::1]/a.mp4",
    "https://[::ffff:10.0.0.1]/a.mp4",
    "https://[64:ff9b::a00:1]/a.mp4",
    "https://169.254.169.254/latest/meta-data",
    "https://user:pass@example.org/a.mp4",
    "file:///etc/passwd",
    "ftp://example.org/a.mp4",
]


@pytest.mark.parametrize("url", PRIVATE)
def test_private_addresses_are_refused_at_once(gateway: Gateway, url: str) -> None:
    """For a task and in a manifest, with the field; no task is made."""
    answer = gateway.http.post("/api/tasks", json={"source_url": url})
    assert (answer.status_code, answer.json()["code"]) == (422, "forbidden_address"), answer.text
    assert answer.json()["errors"][0]["pointer"] == "/source_url"
    rows = [{"source_url": url, "source": "a.mp4", "languages": ["es"]}]
    refused = gateway.http.post("/api/batches", json={"rows": rows})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "forbidden_address"), refused.text
    assert refused.json()["errors"][0]["pointer"] == "/rows/0/source_url"
    assert gateway.http.get("/api/tasks").json() == []


@pytest.mark.parametrize("body", [{}, {"source_key": "a.mp4"}, {"source_url": "https://a.b/c", "source_key": "x"}, []])
def test_what_names_no_source_is_refused(gateway: Gateway, body: Any) -> None:
    """A key without a bucket that was opened, two sources, none."""
    answer = gateway.http.post("/api/tasks", json=body)
    assert answer.status_code == 422, answer.text
    if body == {"source_key": "a.mp4"}:
        assert answer.json()["code"] == "source_not_configured"


@pytest.mark.parametrize("url", [*PRIVATE[3:14], "http://127.0.0.2:{port}/secret.mp4", "//127.0.0.2:{port}/secret.mp4"])
def test_redirects_lead_nowhere_inside(place: Place, files: Files, url: str) -> None:
    """Each address on the way is judged; nobody there is asked anything."""
    inside = Files("127.0.0.2")
    inside.files["/secret.mp4"] = File(video(0.1))
    files.files["/a.mp4"] = File(status=302, location="/b.mp4")
    files.files["/b.mp4"] = File(status=307, location=url.format(port=inside.port))
    task_id = place.add(f"{files.url}/a.mp4")
    place.fetch_all()
    assert (place.task(task_id).status, place.task(task_id).error_code) == ("failed", "forbidden_address")
    assert inside.asked == []
    inside.close()


PUBLIC = "93.184.216.34"


class Resolver:
    """Answers for `rebind.test` what it is told to, one after the other, and whom was connected to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, outside_port: int, *answers: list[str]) -> None:
        self.answers, self.asked, self.connected = list(answers), 0, list[str]()
        real_lookup, real_connect = asyncio.BaseEventLoop.getaddrinfo, httpcore.AnyIOBackend.connect_tcp
        resolver = self

        async def lookup(loop: Any, host: str, port: int, **options: Any) -> Any:
            if host != "rebind.test":
                return await real_lookup(loop, host, port, **options)
            resolver.asked += 1
            found = resolver.answers.pop(0) if len(resolver.answers) > 1 else resolver.answers[0]
            kinds = [socket.AF_INET6 if ":" in one else socket.AF_INET for one in found]
            return [(kind, socket.SOCK_STREAM, 6, "", (one, port)) for kind, one in zip(kinds, found, strict=True)]

        async def connect(backend: Any, host: str, port: int, *more: Any, **named: Any) -> Any:
            resolver.connected.append(host)
            target = ("127.0.0.1", outside_port) if host == PUBLIC else (host, port)
            return await real_connect(backend, *target, *more, **named)

        monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", lookup)
        monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)


@contextlib.contextmanager
def two_sides() -> Iterator[tuple[Files, Files]]:
    """A server that the public address leads to, and one inside that must never be asked."""
    outside, inside = Files(), Files()
    inside.files["/a.mp4"] = File(video(8, b"secret"))
    try:
        yield outside, inside
    finally:
        outside.close()
        inside.close()


@pytest.mark.parametrize("private", [["127.0.0.1"], ["::1"], ["10.0.0.1"], ["169.254.169.254"], [PUBLIC, "127.0.0.1"]])
def test_a_name_that_changes_sides_is_refused(
    monkeypatch: pytest.MonkeyPatch, sqlite_url: str, directory_store: DirectoryStore, private: list[str]
) -> None:
    """It answers publicly first, so that the fetch begins, and privately when it goes on: nobody inside is asked."""
    with two_sides() as (outside, inside):
        outside.files["/a.mp4"] = File(video(8), breaks_after=[6 * MIB])
        resolver = Resolver(monkeypatch, outside.port, [PUBLIC], private)
        place = Place(sqlite_url, directory_store, allowed_networks=f"{PUBLIC}/32")
        task_id = place.add(f"http://rebind.test:{inside.port}/a.mp4")
        place.fetch_all()
        assert place.source(task_id).received == PIECE
        found = place.task(task_id)
        assert (found.status, found.error_code) == ("failed", "forbidden_address")
        assert (resolver.asked, resolver.connected) == (2, [PUBLIC])
        assert (len(outside.asked), inside.asked) == (1, [])


def test_a_name_that_changes_sides_between_question_and_connection(
    monkeypatch: pytest.MonkeyPatch, sqlite_url: str, directory_store: DirectoryStore
) -> None:
    """What was judged is what is connected to: the second answer of the name is never asked for."""
    with two_sides() as (outside, inside):
        outside.files["/a.mp4"] = File(content := video(1))
        resolver = Resolver(monkeypatch, outside.port, [PUBLIC], ["127.0.0.1"])
        place = Place(sqlite_url, directory_store, allowed_networks=f"{PUBLIC}/32")
        task_id = place.add(f"http://rebind.test:{inside.port}/a.mp4")
        place.fetch_all()
        assert place.content(task_id) == content
        assert (resolver.asked, resolver.connected, inside.asked) == (1, [PUBLIC], [])


def test_a_redirect_to_a_name_that_changes_sides(
    monkeypatch: pytest.MonkeyPatch, sqlite_url: str, directory_store: DirectoryStore
) -> None:
    """Each connection of the way looks the name up anew, and judges it."""
    with two_sides() as (outside, inside):
        outside.files["/a.mp4"] = File(status=302, location=f"http://rebind.test:{inside.port}/b.mp4")
        resolver = Resolver(monkeypatch, outside.port, [PUBLIC], ["127.0.0.1"])
        place = Place(sqlite_url, directory_store, allowed_networks=f"{PUBLIC}/32")
        task_id = place.add(f"http://rebind.test:{inside.port}/a.mp4")
        place.fetch_all()
        assert place.task(task_id).error_code == "forbidden_address"
        assert (resolver.connected, len(outside.asked), inside.asked) == ([PUBLIC], 1, [])
