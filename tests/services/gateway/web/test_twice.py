"""The same request twice at once, for every write: each client gets an answer that is meant."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlmodel import SQLModel, select

from services.gateway.db.tables import AccountRow, CastRow, Task, WebhookRow
from tests.services.gateway.conftest import NO_TLS, VIDEO
from tests.services.gateway.web.writes import OPERATIONS, WRITES, Operation, Scene
from tests.support.locks import wait_for_blocked

PAIRS = 2
REFUSED = (
    *("retry_task", "retry_batch", "answer_task"),
    *("upgrade_engines", "listen_to_lines", "approve_language", "deliver_batch"),
)
"""Nothing failed, nothing was asked, the best engines did it, nobody here understands the takes, nothing stops, and
no bucket is opened; `test_questions`, `test_kept_engines`, `test_hearing`, `test_stops` and `test_sources` send what
the last five take."""
DELETE_TASK = next(operation for operation in OPERATIONS if operation.name == "delete_task")
OF_A_TASK = [operation for operation in WRITES if "{task_id}" in operation.path and operation != DELETE_TASK]


def at_once(scene: Scene, *requests: httpx.Request) -> list[httpx.Response]:
    """Send all `requests` in the same moment, each over a connection of its own."""
    barrier = threading.Barrier(len(requests))

    def send(request: httpx.Request) -> httpx.Response:
        with httpx.Client(timeout=60, verify=NO_TLS) as client:
            client.get(scene.gateway.http.base_url.join("/healthz"))  # the connection is there
            barrier.wait()
            return client.send(request)

    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(send, requests))


def meant(answer: httpx.Response) -> bool:
    """Below 500, or asked to come again."""
    return answer.status_code < 500 or (answer.status_code == 503 and "retry-after" in answer.headers)


@pytest.mark.parametrize("operation", WRITES, ids=str)
def test_every_write_may_come_twice_at_once(scene: Scene, operation: Operation) -> None:
    """Neither of two equal requests fails on the other."""
    for _ in range(PAIRS):
        names = scene.names(operation)
        answers = at_once(scene, scene.request(operation, names), scene.request(operation, names))
        assert all(map(meant, answers)), [answer.text for answer in answers]
        assert any(answer.is_success for answer in answers) or operation.name in REFUSED, answers[0].text


@pytest.mark.parametrize("operation", OF_A_TASK, ids=str)
def test_every_write_may_meet_the_deletion_of_its_task(scene: Scene, operation: Operation) -> None:
    """Whoever comes first."""
    for _ in range(PAIRS):
        names = scene.names(operation)
        answers = at_once(scene, scene.request(operation, names), scene.request(DELETE_TASK, names))
        assert all(map(meant, answers)), [answer.text for answer in answers]
        assert answers[1].status_code == 204


def test_an_upload_completed_twice_at_once_is_one_task(scene: Scene) -> None:
    """Both are answered with it."""
    operation = _named("complete_upload")
    for _ in range(6 * PAIRS):
        names = scene.names(operation)
        answers = at_once(scene, scene.request(operation, names), scene.request(operation, names))
        assert [answer.status_code for answer in answers] == [201, 201], [answer.text for answer in answers]
        assert answers[0].json()["task_id"] == answers[1].json()["task_id"]
        assert _video(scene, answers[0].json()) == VIDEO


def test_an_upload_is_completed_or_given_up(scene: Scene) -> None:
    """At the same moment: there is a task with its video, or nothing of it."""
    complete, give_up = _named("complete_upload"), _named("delete_upload")
    for _ in range(6 * PAIRS):
        names = scene.names(complete)
        done, gone = at_once(scene, scene.request(complete, names), scene.request(give_up, names))
        assert (done.status_code, gone.status_code) in ((201, 409), (409, 204), (404, 204)), (done.text, gone.text)
        if done.status_code == 201:
            assert _video(scene, done.json()) == VIDEO
        else:
            assert scene.gateway.http.get(f"/api/uploads/{names['upload_id']}").status_code == 404


def test_a_part_may_come_again_while_an_upload_is_completed(scene: Scene) -> None:
    """It counts or comes too late; the task is whole."""
    complete, put = _named("complete_upload"), _named("put_part")
    for _ in range(4 * PAIRS):
        names = scene.names(complete)
        done, again = at_once(scene, scene.request(complete, names), scene.request(put, {**names, "part_number": "1"}))
        assert (done.status_code, again.status_code) in ((201, 204), (201, 409)), (done.text, again.text)
        assert _video(scene, done.json()) == VIDEO


@pytest.mark.parametrize(
    ("name", "table"),
    [("update_task", Task), ("update_webhook", WebhookRow), ("update_cast", CastRow), ("put_settings", AccountRow)],
)
def test_of_two_changes_of_one_version_one_counts(scene: Scene, name: str, table: type[SQLModel]) -> None:
    """Nobody's change is lost without a word, also if both come before either is written."""
    operation = _named(name)
    scene.gateway.http.put("/api/settings", json={}).raise_for_status()  # there are some
    for _ in range(PAIRS):
        names = scene.names(operation)
        requests = [scene.request(operation, names) for _ in range(2)]
        version = scene.gateway.http.get(requests[0].url).headers.get("etag", '"1"')
        for request in requests:
            request.headers["if-match"] = version
        with ThreadPoolExecutor(1) as thread, scene.database.write() as session:
            session.exec(select(table).with_for_update()).all()
            answers = thread.submit(at_once, scene, *requests)
            if scene.database.is_shared:
                wait_for_blocked(scene.database, 2)
        assert sorted(answer.status_code for answer in answers.result()) == [200, 412]


def _named(name: str) -> Operation:
    return next(operation for operation in OPERATIONS if operation.name == name)


def _video(scene: Scene, task: dict[str, Any]) -> bytes:
    return scene.gateway.http.get(f"/api/tasks/{task['task_id']}/artifacts/base/{task['video_filename']}").content
