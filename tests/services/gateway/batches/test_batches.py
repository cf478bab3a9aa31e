"""Batches: many videos as one, whatever is killed, canceled or sent twice meanwhile."""

import asyncio
import io
import signal
import time
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select

from services.gateway.batches import keeper as keeping
from services.gateway.batches import rows as batch_rows
from services.gateway.batches.joining import Place, join
from services.gateway.batches.keeper import RETRY, Keeper
from services.gateway.db import Session
from services.gateway.db.engine import Database
from services.gateway.db.tables import BatchItem, BatchRow, BatchState, JobRow, JobState, Task, TaskLanguage, now
from services.gateway.pipeline.rows import kept_back
from services.gateway.pipeline.schemas import TaskConfig
from services.gateway.settings import GatewaySettings
from shared.pipeline import Stage, Status
from shared.testing import wait_until
from tests.services.gateway.conftest import VIDEO, Gateway, World
from tests.services.gateway.hooks.test_webhooks import LOOPBACK, Receiver, make, receiver
from tests.support.locks import wait_for_blocked

__all__ = ["receiver"]
SRT = b"1\n00:00:00,000 --> 00:00:01,000\nuno\n"
BROKEN = b"\x00\x00\x00\x20ftypisom" + b"please fail" * 200


def rows(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"source": f"season/clip {number}.mp4", **more} for number in range(1, count + 1)]


def create(gateway: Gateway, made: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    body = {"name": "Season", "config": {"target_languages": ["es", "fr"]}, "rows": made, **more}
    answer = gateway.http.post("/api/batches", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["batch"]
    return found


def send(gateway: Gateway, batch: dict[str, Any], row: int, video: bytes = VIDEO, **files: bytes) -> Any:
    parts: list[Any] = [(name, (f"{name}.srt", content)) for name, content in files.items()]
    parts.append(("video", (f"clip {row}.mp4", video)))
    return gateway.http.post("/api/tasks", params={"batch_id": batch["batch_id"], "row": row}, files=parts)


def read(gateway: Gateway, batch: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = gateway.http.get(f"/api/batches/{batch['batch_id']}").json()
    return found


def wait(gateway: Gateway, batch: dict[str, Any], there: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
    wait_until(lambda: there(read(gateway, batch)), 300, what)
    return read(gateway, batch)


def ends(receiver: Receiver) -> list[dict[str, Any]]:
    return [event["data"] for event in receiver.events() if event["type"] == "localclip.batch.completed"]


def _completed(receiver: Receiver) -> set[tuple[str, int, str]]:
    languages = [one["data"] for one in receiver.events() if one["type"] == "localclip.language.completed"]
    return {(one["batch_id"], one["batch_row"], one["language"]) for one in languages}


def test_a_batch_from_the_dry_run_to_the_files(world: World, receiver: Receiver) -> None:
    """What a dry run says is what is made; the end is told once, with figures; the files come as one ZIP."""
    gateway, _ = world.gateway(**LOOPBACK), world.workers()
    make(gateway, receiver, "batch.*", "language.completed")
    manifest = [*rows(2), {"source": "talk.mp4", "languages": ["es"], "translations": {"es": "talk.es.srt"}}]
    body = {"config": {"target_languages": ["es", "fr"], "metadata": {"show": "x"}}, "rows": manifest}
    dry = gateway.http.post("/api/batches", params={"dry_run": True}, json=body)
    assert (dry.status_code, dry.json()["batch"], dry.json()["refused"]) == (200, None, 0)
    assert [row["languages"] for row in dry.json()["rows"]] == [["es", "fr"], ["es", "fr"], ["es"]]
    assert dry.json()["rows"][2]["files"] == {"translation_es": "talk.es.srt"}
    assert gateway.http.get("/api/batches").json() == []
    batch = create(gateway, manifest, metadata={"show": "x"})
    assert (batch["state"], batch["rows"]["waiting"], batch["languages"]["pending"]) == ("open", 3, 0)
    assert send(gateway, batch, 3).json()["code"] == "missing_file"
    with ThreadPoolExecutor(2) as threads:  # the same row twice at once is one task
        twice = list(threads.map(lambda _: send(gateway, batch, 1), range(2)))
    assert [answer.status_code for answer in twice] == [201, 201], [answer.text for answer in twice]
    assert len({answer.json()["task_id"] for answer in twice}) == 1
    assert twice[0].json()["config"]["metadata"] == {"show": "x"}
    assert send(gateway, batch, 2).status_code == 201
    assert read(gateway, batch)["ended_at"] is None
    assert send(gateway, batch, 3, translation_es=SRT).status_code == 201
    done = wait(gateway, batch, lambda one: one["state"] == "completed", "it does not end")
    assert (done["rows"]["completed"], done["languages"]["completed"], done["progress"]) == (3, 5, 100)
    again = send(gateway, batch, 1)
    assert again.json()["task_id"] == twice[0].json()["task_id"]
    assert gateway.http.get("/api/tasks", params={"batch_id": batch["batch_id"]}).headers["X-Total-Count"] == "3"
    assert gateway.http.get("/api/tasks").headers["X-Total-Count"] == "3"
    assert gateway.http.get("/api/tasks", params={"batched": False}).json() == []
    by_row = gateway.http.get("/api/tasks", params={"batched": True, "sort": "-batch_row"}).json()
    assert [task["batch_row"] for task in by_row] == [3, 2, 1]
    wait_until(lambda: ends(receiver), 60, "the end was not told")
    (told,) = ends(receiver)
    assert (told["rows"]["completed"], told["metadata"], told["round"]) == (3, {"show": "x"}, 1)
    expected = {(batch["batch_id"], row, code) for row, code in [(1, "es"), (1, "fr"), (2, "es"), (2, "fr"), (3, "es")]}
    wait_until(lambda: _completed(receiver) == expected, 60, "not every language was told")  # in any order with the end
    archive = ZipFile(io.BytesIO(gateway.http.get(f"/api/batches/{batch['batch_id']}/files.zip").content))
    assert archive.testzip() is None
    names = archive.namelist()
    assert {"season/clip 1.es.mp4", "season/clip 2.fr.mp4", "clip 3.es.mp4"} <= set(names)
    assert archive.read("season/clip 1.es.mp4").startswith(b"[es] line 0")
    only = gateway.http.get(f"/api/batches/{batch['batch_id']}/files.zip", params={"to": "fr"}).content
    assert all(".fr." in name for name in ZipFile(io.BytesIO(only)).namelist())
    items = gateway.http.get(f"/api/batches/{batch['batch_id']}/rows").json()
    assert [(item["row"], item["outcome"], sorted(item["languages"])) for item in items][2] == (3, "completed", ["es"])


def test_gateways_are_killed_and_nothing_is_lost_or_double(world: World, receiver: Receiver) -> None:
    """Six clips in two languages: a task for each row, every language once, one end."""
    gateway, _ = world.gateway(**LOOPBACK), world.workers(STUB_DELAY_S="0.1")
    make(gateway, receiver, "batch.completed", "language.completed")
    batch = create(gateway, rows(6))
    for row in range(1, 7):
        assert send(gateway, batch, row).status_code == 201
        if row in (2, 4, 6):
            gateway.service.end(signal.SIGKILL)
            gateway.service.start()
            gateway.wait_ready()
    done = wait(gateway, batch, lambda one: one["state"] == "completed", "it does not end")
    assert (done["rows"]["completed"], done["languages"]["completed"], done["rows_total"]) == (6, 12, 6)
    gateway.service.end(signal.SIGKILL)
    gateway.service.start()
    gateway.wait_ready()
    wait_until(lambda: ends(receiver), 90, "the end was not told")
    wait_until(lambda: len(set(_ids(receiver, "language.completed"))) == 12, 90, "a language was not told")
    assert len(set(_ids(receiver, "batch.completed"))) == 1
    assert gateway.http.get("/api/tasks").headers["X-Total-Count"] == "6"
    with Database(world.database_url).read() as session:
        items = session.exec(select(BatchItem)).all()
        tasks = {task.task_id: task.batch_row for task in session.exec(select(Task))}
        jobs = [(job.task_id, job.language, job.stage, job.shard) for job in session.exec(select(JobRow))]
    assert {item.task_id: item.number for item in items} == tasks
    assert len(jobs) == len(set(jobs))


def _ids(receiver: Receiver, type_: str) -> list[str]:
    return [event["id"] for event in receiver.events() if event["type"] == f"localclip.{type_}"]


def test_a_batch_is_paused_resumed_canceled_and_tried_again(world: World, receiver: Receiver) -> None:
    """Paused, nothing is handed out; canceled in the middle, everything stops and is told; a retry does the rest."""
    gateway = world.gateway(**LOOPBACK)
    make(gateway, receiver, "batch.*")
    batch = create(gateway, rows(3))
    url = f"/api/batches/{batch['batch_id']}"
    gateway.http.post(f"{url}/pause")
    send(gateway, batch, 1)
    assert _jobs(world) == {JobState.HELD}  # from the first moment: nothing slips out
    gateway.http.post(f"{url}/resume")
    send(gateway, batch, 2)
    assert gateway.http.post(f"{url}/pause").json()["state"] == "paused"
    _wait_for_jobs(world, {JobState.HELD, JobState.DISPATCHED})
    workers = world.workers(STUB_DELAY_S="0.2")
    wait_until(lambda: JobState.HELD in (states := _jobs(world)) and JobState.DISPATCHED not in states, 60, "not held")
    held = read(gateway, batch)
    assert (held["state"], held["rows"]["completed"], held["eta_seconds"]) == ("paused", 0, None)
    gateway.http.post(f"{url}/resume")
    wait(gateway, batch, lambda one: one["languages"]["completed"] >= 1, "it does not go on")
    workers.end(signal.SIGKILL)
    assert gateway.http.post(f"{url}/cancel").json()["state"] == "canceled"
    assert gateway.http.post(f"{url}/cancel").status_code == 202
    gone = wait(gateway, batch, lambda one: one["ended_at"] is not None, "it does not end")
    assert (gone["rows"]["processing"], gone["rows"]["waiting"]) == (0, 0)
    refused = send(gateway, batch, 3)
    assert (refused.status_code, refused.json()["code"]) == (409, "batch_over")
    assert gateway.http.post(f"{url}/resume").json()["code"] == "batch_over"
    world.workers()
    assert gateway.http.post(f"{url}/retry").json()["state"] == "open"
    assert send(gateway, batch, 3).status_code == 201
    done = wait(gateway, batch, lambda one: one["state"] == "completed", "the retry does not end")
    assert (done["rows"]["completed"], done["round"]) == (3, 2)
    wait_until(lambda: "batch.completed" in receiver.types(), 60, "the end was not told")
    assert receiver.types() == ["batch.created", "batch.canceled", "batch.completed"]


def test_a_row_is_given_up_and_the_batch_ends_without_it(small_world: World) -> None:
    """Not one whose video has come; a retry takes it up again."""
    gateway, _ = small_world.gateway(), small_world.workers()
    batch = create(gateway, rows(2))
    url = f"/api/batches/{batch['batch_id']}"
    assert send(gateway, batch, 2, b"no video").status_code == 415
    assert send(gateway, batch, 1).status_code == 201
    wait(gateway, batch, lambda one: one["rows"]["completed"] == 1, "the row is not dubbed")
    assert read(gateway, batch)["ended_at"] is None
    assert gateway.http.delete(f"{url}/rows/1").json()["code"] == "row_has_task"
    assert [gateway.http.delete(f"{url}/rows/{row}").status_code for row in (2, 2, 0, 3)] == [204, 204, 404, 404]
    done = wait(gateway, batch, lambda one: one["state"] == "completed", "it does not end")
    assert (done["rows"]["completed"], done["rows"]["canceled"]) == (1, 1)
    assert send(gateway, batch, 2).json()["code"] == "batch_over"
    gateway.http.post(f"{url}/retry")
    assert send(gateway, batch, 2).status_code == 201
    assert wait(gateway, batch, lambda one: one["state"] == "completed", "no end")["rows"]["completed"] == 2


def test_languages_that_wait_for_approval_are_counted(small_world: World) -> None:
    """Those of each row at its own stop, until somebody approves them; the batch stays open meanwhile."""
    gateway, _ = small_world.gateway(), small_world.workers()
    early = {"stop_after": "speaker_diarization", "languages": ["es"]}
    batch = create(gateway, [*rows(1, stop_after="translation"), {"source": "b.mp4", **early}, {"source": "c.mp4"}])
    tasks = [send(gateway, batch, row).json()["task_id"] for row in (1, 2, 3)]
    wait(gateway, batch, lambda one: one["languages"]["waiting_for_approval"] == 3, "they do not wait")
    wait(gateway, batch, lambda one: one["rows"]["completed"] == 1, "what has no stop does not end")
    gateway.http.post(f"/api/tasks/{tasks[1]}/languages/es/approve")
    wait(gateway, batch, lambda one: one["rows"]["completed"] == 2, "it does not go on")
    left = read(gateway, batch)
    assert (left["languages"]["waiting_for_approval"], left["state"]) == (2, "open")


def _jobs(world: World) -> set[str]:
    with Database(world.database_url).read() as session:
        return set(session.exec(select(JobRow.state)))


def _wait_for_jobs(world: World, among: set[JobState]) -> None:
    wait_until(lambda: (found := _jobs(world)) and found <= set(map(str, among)), 60, "jobs are ready still")


def test_what_failed_and_what_somebody_deleted_ends_a_batch_too(small_world: World, receiver: Receiver) -> None:
    """They are counted as what they are; a row whose task was deleted gets no other. Deleting the batch takes all."""
    gateway, _ = small_world.gateway(**LOOPBACK), small_world.workers()
    make(gateway, receiver, "batch.*")
    batch = create(gateway, rows(3))
    url = f"/api/batches/{batch['batch_id']}"
    task = send(gateway, batch, 1).json()
    send(gateway, batch, 2, BROKEN)
    third = send(gateway, batch, 3).json()
    gateway.http.delete(f"/api/tasks/{third['task_id']}")
    done = wait(gateway, batch, lambda one: one["state"] == "completed", "it does not end")
    assert {name: count for name, count in done["rows"].items() if count} == {"completed": 1, "failed": 1, "deleted": 1}
    assert send(gateway, batch, 3).json()["code"] == "row_over"
    failed = gateway.http.get(f"{url}/rows", params={"outcome": "failed"}).json()
    assert [(row["row"], row["error_code"]) for row in failed] == [(2, "media_unreadable")]
    assert gateway.http.delete(url).status_code == 204
    assert gateway.http.get(url).status_code == 404
    wait_until(lambda: gateway.http.get(f"/api/tasks/{task['task_id']}").status_code == 404, 60, "a task stays")
    wait_until(lambda: gateway.http.get("/api/tasks").json() == [], 60, "another stays")
    wait_until(lambda: "batch.deleted" in receiver.types(), 60, "the deletion was not told")


@pytest.fixture(scope="module")
def few(request: pytest.FixtureRequest) -> Gateway:
    """A gateway without workers for what needs none."""
    found: Gateway = request.getfixturevalue("gateway")
    return found


def test_rows_that_are_refused_refuse_the_batch_or_are_left_out(few: Gateway) -> None:
    """With a pointer to each; nothing is made by halves unless that is asked for."""
    body = {"config": {"target_languages": ["es"]}, "rows": [{"source": "a.mp4"}, {"source": "b.doc"}, "c.mp4"]}
    refused = few.http.post("/api/batches", json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "rows_refused")
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/rows/1/source", "/rows/2"]
    made = few.http.post("/api/batches", params={"skip_refused": True}, json=body)
    assert (made.status_code, made.json()["batch"]["rows_total"], made.json()["refused"]) == (201, 1, 2)
    for empty in ([], ["x"]):
        answer = few.http.post("/api/batches", params={"skip_refused": True}, json={"rows": empty})
        assert answer.status_code == 422, answer.text
    assert few.http.post("/api/batches", json={"rows": []}).json()["code"] == "no_rows"


def test_a_batch_of_a_spreadsheet(few: Gateway) -> None:
    """Its rows and columns; what is none is said in words."""
    csv = b"source,metadata.episode\na.mp4,7\nb.mp4,8\n"
    answer = few.http.post("/api/batches/csv", params={"name": "S", "to": ["es", "fr"]}, content=csv)
    assert answer.status_code == 201, answer.text
    assert answer.json()["batch"]["rows_total"] == 2
    for wrong in (b"nothing", b"\xff", b""):
        refused = few.http.post("/api/batches/csv", content=wrong)
        assert (refused.status_code, refused.json()["code"]) == (422, "malformed_manifest")


def test_a_spreadsheet_of_too_much_is_refused(few: Gateway) -> None:
    """Columns times rows would fill the memory; the limit is named."""
    wide = "source," + ",".join(f"metadata.k{number}" for number in range(3000)) + "\n" + "a.mp4\n" * 4000
    long = "source\n" + "a.mp4\n" * 5001
    for sheet, limit in ((wide, "at most 200"), (long, "at most 5000 rows")):
        refused = few.http.post("/api/batches/csv", params={"to": ["es"]}, content=sheet.encode())
        assert (refused.status_code, refused.json()["code"]) == (422, "malformed_manifest")
        assert limit in refused.json()["detail"]


def test_the_same_batch_twice_is_one(few: Gateway) -> None:
    """By its Idempotency-Key, as with every request that makes something."""
    body, headers = {"rows": rows(2, languages=["es"])}, {"Idempotency-Key": "batch-1"}
    answers = [few.http.post("/api/batches", json=body, headers=headers) for _ in range(2)]
    assert len({answer.json()["batch"]["batch_id"] for answer in answers}) == 1


def _arrive(gateway: Gateway, **where: Any) -> str:
    """A resumable upload whose only part has come."""
    body = {"filename": "a.mp4", "size": len(VIDEO), **where}
    upload = gateway.http.post("/api/uploads", json=body).json()["upload_id"]
    (part,) = gateway.http.post(f"/api/uploads/{upload}/parts", json={"part_numbers": [1]}).json()
    gateway.http.put(part["url"], content=VIDEO)
    return str(upload)


def test_a_row_comes_in_parts(few: Gateway) -> None:
    """The row says what becomes of it; twice it is one task; it is named at the begin of the upload or at its end."""
    batch = create(few, [{"source": "a.mp4"}], start=False)
    where = {"batch_id": batch["batch_id"], "row": 1}
    tasks = []
    for at_begin, at_end in [(where, {}), ({}, where)]:
        done = few.http.post(f"/api/uploads/{_arrive(few, **at_begin)}/complete", json=at_end)
        assert done.status_code == 201, done.text
        tasks.append(done.json())
    assert tasks[0]["task_id"] == tasks[1]["task_id"]
    assert (tasks[0]["batch_row"], tasks[0]["config"]["target_languages"]) == (1, ["es", "fr"])
    for row in (3, 0):
        assert few.http.post("/api/uploads", json={**where, "row": row}).status_code in (404, 422)


def test_a_row_in_parts_brings_its_subtitles_at_the_end(few: Gateway) -> None:
    """Without those that it names it is no task yet; broken or unknown ones are told, and the upload stays."""
    batch = create(few, [{"source": "b.mp4", "translations": {"es": "b.srt"}}], start=False)
    url = f"/api/uploads/{_arrive(few, batch_id=batch['batch_id'], row=1)}/complete"
    srt = {"filename": "b.srt", "data": b64encode(SRT).decode()}
    for files, code in [({}, "missing_file"), ({"translation_es": srt, "x": srt}, "unknown_file")]:
        refused = few.http.post(url, json={"files": files})
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    done = few.http.post(url, json={"files": {"translation_es": srt}})
    assert done.status_code == 201, done.text
    assert done.json()["language_status"]["es"]["brought"]
    assert not done.json()["language_status"]["fr"]["brought"]


def test_five_thousand_rows(few: Gateway) -> None:
    """They are made, counted and listed; one more is refused."""
    many = rows(5000, languages=["es", "fr", "de"])
    began = time.monotonic()
    batch = create(few, many)
    assert (batch["rows"]["waiting"], batch["progress"]) == (5000, 0)
    page = few.http.get(f"/api/batches/{batch['batch_id']}/rows", params={"skip": 4990, "limit": 100})
    assert (len(page.json()), page.headers["X-Total-Count"]) == (10, "5000")
    print(f"5000 rows: {time.monotonic() - began:.1f} s")
    assert few.http.post("/api/batches", json={"rows": [*many, {"source": "x.mp4"}]}).status_code == 422
    few.http.delete(f"/api/batches/{batch['batch_id']}")


def test_a_batch_is_its_accounts_own(small_world: World) -> None:
    """Another account finds nothing of it, and sends nothing to it."""
    keys = {"LOCALCLIP_API_KEYS": "ann:aaaaaaaaaaaaaaaa,bob:bbbbbbbbbbbbbbbb"}
    gateway = small_world.gateway(**keys)
    gateway.http.headers["X-API-Key"] = "a" * 16
    batch = create(gateway, rows(1))
    url = f"/api/batches/{batch['batch_id']}"
    gateway.http.headers["X-API-Key"] = "b" * 16
    assert gateway.http.get("/api/batches").json() == []
    for method, path in [("GET", ""), ("GET", "/rows"), ("GET", "/files.zip"), ("POST", "/cancel"), ("DELETE", "")]:
        assert gateway.http.request(method, url + path).status_code == 404
    assert send(gateway, batch, 1).status_code == 404


def test_a_batch_waits_for_an_approval_beside_a_failure(database_url: str) -> None:
    """The task failed with one language, and another of it stands at its stop: the batch is not over before that is."""
    database = Database(database_url)
    database.migrate()
    names = dict.fromkeys(("owner", "video_filename", "video_original_name", "video_key"), "")
    waiting = TaskLanguage(task_id="t", language="fr", status=Status.PENDING, goal=Stage.TRANSLATION)
    with database.write() as session:
        session.add(BatchRow(batch_id="b", name="Season"))
        session.add(BatchItem(batch_id="b", number=1, source="a.mp4", task_id="t", languages=2))
        session.add(
            Task(task_id="t", video_size=0, status=Status.FAILED, config={"stop_after": "translation"}, **names)
        )
        session.add_all([TaskLanguage(task_id="t", language="es", status=Status.FAILED), waiting])
    keeper = Keeper(database, GatewaySettings(), lambda: None)
    asyncio.run(keeper.turn())
    assert _ended(database) is None
    with database.write() as session:
        row = session.exec(select(TaskLanguage).where(TaskLanguage.language == "fr")).one()
        row.approved_at, row.status = now(), Status.COMPLETED
    asyncio.run(keeper.turn())
    assert _ended(database) is not None
    database.close()


def test_a_retry_is_also_for_what_fails_while_it_is_carried_out(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks for it again meanwhile is not forgotten; and no task is tried again twice."""
    database, acted = Database(sqlite_url), list[str]()
    database.migrate()
    names = dict.fromkeys(("owner", "video_filename", "video_original_name", "video_key"), "")
    with database.write() as session:
        session.add(BatchRow(batch_id="b", name="Season", wish=RETRY))
        for number, status in ((1, Status.FAILED), (2, Status.PROCESSING)):
            task_id = f"t{number}"
            session.add(BatchItem(batch_id="b", number=number, source=task_id, task_id=task_id))
            session.add(Task(task_id=task_id, video_size=0, status=status, config={}, **names))

    def act(session: Session, task: Task) -> None:
        acted.append(task.task_id)
        second = session.exec(select(Task).where(Task.task_id == "t2")).one()
        second.status = Status.FAILED

    monkeypatch.setitem(keeping._ACTS, RETRY, act)
    asyncio.run(Keeper(database, GatewaySettings(), lambda: None).turn())
    with database.read() as session:
        wish = session.exec(select(BatchRow)).one().wish
    database.close()
    assert (acted, wish) == (["t1", "t2"], None)


def test_a_batch_is_not_resumed_while_its_jobs_are_being_held(postgres: str) -> None:
    """Otherwise what the one released would be held by the other, and by nobody let go again."""
    database = Database(postgres)
    database.migrate()
    with database.write() as session:
        session.add(BatchRow(batch_id="b", name="Season", state=BatchState.PAUSED))
    with database.write() as session, database.engine.connect() as another:
        assert batch_rows.is_paused(session, "b")
        another.execute(text("SET LOCAL lock_timeout = '200ms'"))
        with pytest.raises(OperationalError, match="lock timeout"):
            another.execute(text("SELECT id FROM batches FOR UPDATE"))
    database.close()


def test_a_video_may_arrive_while_its_batch_is_canceled(postgres: str) -> None:
    """Its row gets a task, whose first job asks for the batch; who cancels that wants both, and waits."""
    database = Database(postgres)
    names: dict[str, Any] = dict.fromkeys(("owner", "video_filename", "video_original_name", "video_key"), "")
    with database.write() as session:
        session.add(BatchRow(batch_id="b", name="Season"))
        session.add_all([BatchItem(batch_id="b", number=number, source="a") for number in (1, 2)])
        session.add(Task(task_id="t1", video_size=0, **names))

    def cancel() -> None:
        with database.write() as session:
            assert batch_rows.locked_batch(session, "b") is not None
            batch_rows.drop_waiting(session, "b", dropped=True)

    with ThreadPoolExecutor(1) as thread:
        with database.write() as session:
            task = session.exec(select(Task)).one()
            assert join(session, task, Place("b", 1, TaskConfig(), {}, starts=True)) is None
            canceling = thread.submit(cancel)
            wait_for_blocked(database)
            job = JobRow(task_id="t1", language="base", stage=Stage.DIARIZATION, shard="0", attempt=1)
            kept_back(session, task, [job])
        canceling.result()
    with database.read() as session:
        found = session.exec(select(BatchItem).order_by(col(BatchItem.number))).all()
        assert [(item.task_id, item.dropped) for item in found] == [("t1", False), (None, True)]
    database.close()


def _ended(database: Database) -> datetime | None:
    with database.read() as session:
        return session.exec(select(BatchRow)).one().ended_at
