"""What must not be done twice, when a gateway dies between doing it and keeping its answer."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import select, update

from services.gateway.db.engine import Database
from services.gateway.db.tables import IdempotencyRow, Task, now
from services.gateway.uploads.arrival import announce, forget
from services.gateway.web import claims
from services.gateway.web.keys import Caller
from services.gateway.web.problems import Problem
from shared.pipeline import Status
from shared.storage import DirectoryStore, keys, put_bytes
from shared.testing import ServerUnavailable, nats_server
from tests.services.gateway.conftest import World
from tests.services.gateway.web.writes import OPERATIONS, Operation, Scene, open_scene

SAME_TWICE = {
    # the second finds it done: nothing more happens, or it is refused
    *("complete_upload", "address_parts", "import_terms", "decide_cast", "audition_voice", "choose_take"),
    *("assign_lines", "take_segments_as_written", "take_segment_as_written", "upgrade_engines", "listen_to_lines"),
    *("cancel_job", "retry_task"),
    *("approve_language", "answer_task", "pause_batch", "resume_batch", "cancel_batch", "retry_batch", "deliver_batch"),
    # what is sent again has its first id
    *("replay_delivery", "replay_webhook", "test_webhook"),
    # nothing is done
    "preview_subtitles",
}
POSTS = [operation for operation in OPERATIONS if operation.method == "post"]
ONCE = [operation for operation in POSTS if operation.name not in SAME_TWICE]
WAYS = [(operation, False) for operation in ONCE] + [(one, True) for one in ONCE if len(one.content) > 1]
"""`create_task` takes a form, and JSON."""


@pytest.fixture(scope="module")
def forgetful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A scene whose gateway keeps no answer it has given."""
    folder = tmp_path_factory.mktemp("forgetful")
    try:
        with nats_server(folder / "nats") as broker:
            world = World(folder, broker, f"sqlite:///{folder}/localclip.db")
            try:
                scene = open_scene(world, "tests.services.gateway.forgetful_gateway")
                yield scene
                scene.database.close()
            finally:
                world.close()
    except ServerUnavailable as why:
        pytest.skip(str(why))


@pytest.mark.parametrize(("operation", "as_json"), WAYS, ids=str)
def test_the_answer_is_kept_with_what_was_done(forgetful: Scene, operation: Operation, as_json: bool) -> None:
    """So the repeat is given it, with its address and version, and does nothing."""
    request = forgetful.request(operation, forgetful.names(operation), as_json=as_json)
    request.headers["Idempotency-Key"] = uuid.uuid4().hex
    first, again = (forgetful.gateway.http.send(request) for _ in range(2))
    assert first.is_success, first.text
    assert again.headers.get("idempotency-replayed") == "true", again.text
    assert (again.status_code, _kept(again)) == (first.status_code, _kept(first))
    assert again.json() == first.json()


def _kept(answer: Any) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name in claims.KEPT_HEADERS}


def test_every_operation_that_is_named_is_there() -> None:
    """A name that is gone would hide the next one of that name."""
    assert {operation.name for operation in POSTS} >= SAME_TWICE


def test_who_lost_the_claim_does_nothing(database_url: str) -> None:
    """A gateway that stood until its lease was over, and goes on while another does what was asked."""
    database = Database(database_url)
    database.migrate()
    assert claims.claim(database, "k", "f", "slow") is None
    with database.write() as session:
        session.connection().execute(update(IdempotencyRow).values(leased_until=now() - timedelta(seconds=1)))
    assert claims.claim(database, "k", "f", "quick") is None
    with pytest.raises(Problem) as refused:
        _make(database, "slow", "first")
    assert (refused.value.status, refused.value.code) == (409, "request_in_progress")
    _make(database, "quick", "second")
    claims.release(database, "k", "quick")  # an error behind the commit does not give the key free
    kept = claims.claim(database, "k", "f", "third")
    with database.read() as session:
        assert [task.task_id for task in session.exec(select(Task))] == ["second"]
    database.close()
    assert kept is not None
    assert (kept.status, kept.content, kept.content_size) == (201, "hash", 3)
    assert kept.headers == {"content-type": "application/json", "location": "/api/tasks/second"}


def _make(database: Database, holder: str, task_id: str) -> None:
    claim = claims.Claim("k", holder, lambda: 201, lambda: ("hash", 3))
    names = dict.fromkeys(("owner", "video_filename", "video_original_name", "video_key"), "")
    with database.write() as session:
        session.add(Task(task_id=task_id, video_size=0, status=Status.PENDING, **names))
        claims.keep(session, claim, {"task_id": task_id}, {"Location": f"/api/tasks/{task_id}", "Server": "x"})


def test_an_interrupted_request_takes_no_task_back_that_has_begun(tmp_path: Path) -> None:
    """Its answer may be kept already. What is not one yet goes, with what arrived of it."""
    database = Database(f"sqlite:///{tmp_path}/gateway.db")
    database.migrate()
    parts: Any = SimpleNamespace(database=database, store=DirectoryStore(tmp_path / "objects"))
    begun, arriving = (announce(parts, Caller(None)) for _ in range(2))
    for task_id in (begun, arriving):
        put_bytes(parts.store, keys.input_video(task_id, "a.mp4"), b"video")
    with database.write() as session:
        session.connection().execute(update(Task).where(Task.task_id == begun).values(status=Status.PENDING))
    for task_id in (begun, arriving):
        forget(parts, task_id)
    with database.read() as session:
        assert [task.task_id for task in session.exec(select(Task))] == [begun]
    assert [found.key for found in parts.store.list("tasks/")] == [keys.input_video(begun, "a.mp4")]
    database.close()
