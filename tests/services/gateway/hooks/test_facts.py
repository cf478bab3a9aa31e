"""What the end of a language, a task and a batch is told with, and addresses of files that live when they arrive."""

import io
import json
from datetime import timedelta
from typing import Any
from zipfile import ZipFile

import httpx
import pytest

from services.gateway.db.engine import Database
from services.gateway.db.secrets import signing_key
from services.gateway.db.tables import TaskLanguage
from services.gateway.pipeline.endings import fitting
from services.gateway.web.signing import Signer, file_address
from shared.messaging import BatchEnded, LanguageEnded, TaskEnded, fact
from shared.testing import wait_until
from tests.services.gateway.batches.test_batches import create, send
from tests.services.gateway.conftest import Gateway, World
from tests.services.gateway.hooks.test_webhooks import LOOPBACK, Receiver, make, receiver

__all__ = ["receiver"]
KEYS = {"LOCALCLIP_API_KEYS": "ann:aaaaaaaaaaaaaaaa"}
FOREIGN = "/api/files/task_20260101_000000_00000000/es/export_es.mp4"


def told(receiver: Receiver, type_: str) -> list[dict[str, Any]]:
    return [event["data"] for event in receiver.events() if event["type"] == f"localclip.{type_}"]


def with_key(gateway: Gateway) -> Gateway:
    gateway.http.headers["X-API-Key"] = "a" * 16
    return gateway


def test_the_end_of_a_batch_can_be_acted_on(world: World, receiver: Receiver) -> None:
    """Names, figures, reasons and files of everything; the addresses need no key and are good for that file alone."""
    gateway = with_key(world.gateway(**LOOPBACK, **KEYS))
    base = str(gateway.http.base_url).rstrip("/")
    world.workers()
    make(gateway, receiver, "language.completed", "task.completed", "batch.completed")
    mine = {"episode": "7", "url": FOREIGN, "deep": {"files_url": FOREIGN}}
    batch = create(gateway, [{"source": "season/clip 1.mp4", "metadata": mine}], metadata=mine)
    task_id = send(gateway, batch, 1).json()["task_id"]
    wait_until(lambda: told(receiver, "batch.completed"), 90, "the end was not told")
    wait_until(lambda: len(told(receiver, "language.completed")) == 2, 60, "not every language was told")

    for language in told(receiver, "language.completed"):
        LanguageEnded.model_validate(language)
        code = language["language"]
        assert {file["name"] for file in language["files"]} >= {f"clip 1.{code}.mp4"}
        assert language["figures"]["lines_total"] == 3
        assert set(language["gate"]) >= {"passed", "reasons"}
        assert (language["batch_id"], language["batch_row"], language["metadata"]) == (batch["batch_id"], 1, mine)
    wait_until(lambda: told(receiver, "task.completed"), 60, "the end of the task was not told")
    (task,) = told(receiver, "task.completed")
    TaskEnded.model_validate(task)
    assert set(task["languages"]) == {"es", "fr"}
    assert task["languages"]["es"]["status"] == "completed"
    assert task["languages"]["es"]["gate"] in ("passed", "failed")
    assert task["video_original_name"] == "clip 1.mp4"
    (end,) = told(receiver, "batch.completed")
    BatchEnded.model_validate(end)
    assert (end["tasks"][0]["task_id"], end["tasks"][0]["source"], end["tasks_left_out"]) == (
        task_id,
        "season/clip 1.mp4",
        0,
    )
    assert end["metadata"] == end["tasks"][0]["metadata"] == mine  # what callers wrote is never signed

    video = next(file for file in task["languages"]["es"]["files"] if file["artifact"] == "export_es.mp4")
    with httpx.Client(base_url=base) as anybody:
        assert anybody.get(f"/api/tasks/{task_id}/artifacts/es/export_es.mp4").status_code == 401
        got = anybody.get(video["url"])
        assert (got.status_code, got.content[:9]) == (200, b"[es] line")
        assert anybody.get(video["url"], headers={"Range": "bytes=0-3"}).content == b"[es]"
        for wrong in (
            video["url"].replace("/es/export_es", "/fr/export_fr"),
            video["url"][:-1] + ("0" if video["url"][-1] != "0" else "1"),
            video["url"].replace("expires=", "expires=9"),
            end["files_url"].replace("/files/batch", "/files/Batch"),
        ):
            assert (anybody.get(wrong).status_code, anybody.get(wrong).json()["code"]) == (403, "bad_signature")
        assert anybody.get(video["url"].partition("?")[0]).status_code == 422
        archive = ZipFile(io.BytesIO(anybody.get(end["files_url"]).content))
        assert "season/clip 1.es.mp4" in archive.namelist()
        gateway.http.delete(f"/api/tasks/{task_id}")
        assert anybody.get(video["url"]).status_code == 404


def test_facts_on_the_stream_have_addresses_too(small_world: World) -> None:
    """Signed when they are published, and whole where the gateway knows its name."""
    gateway = small_world.gateway(LOCALCLIP_PUBLIC_URL="http://dub.test/")
    small_world.workers()
    task_id = gateway.create('{"target_languages": ["es"]}', start=True)["task_id"]
    gateway.wait_for(task_id)
    with gateway.http.stream("GET", f"/api/tasks/{task_id}/events", params={"last_event_id": "0"}) as stream:
        body = next(
            json.loads(line.removeprefix("data: "))
            for line in stream.iter_lines()
            if line.startswith("data: ") and '"localclip.task.completed"' in line
        )
    url = body["data"]["languages"]["es"]["files"][0]["url"]
    assert url.startswith("http://dub.test/api/files/")
    assert gateway.http.get(url.removeprefix("http://dub.test")).status_code == 200


def test_an_address_that_arrives_late_is_good(small_world: World, receiver: Receiver) -> None:
    """A webhook that could not be delivered before its first address died is sent with one that lives."""
    gateway = small_world.gateway(**LOOPBACK, LOCALCLIP_FILE_ADDRESS_HOURS="0.003")
    small_world.workers()
    hook = make(gateway, receiver, "language.completed")
    receiver.answer = lambda _: 503
    gateway.create('{"target_languages": ["es"]}', start=True)
    wait_until(lambda: receiver.got, 60, "nothing was tried")
    first = told(receiver, "language.completed")[0]["files"][0]["url"]
    wait_until(lambda: gateway.http.get(first).status_code == 403, 60, "the first address does not die")
    assert gateway.http.get(first).json()["code"] == "address_expired"
    tried = len(receiver.got)
    receiver.answer = lambda event: (
        200 if gateway.http.get(event["data"]["files"][0]["url"]).status_code == 200 else 500
    )
    gateway.http.patch(f"/api/webhooks/{hook['webhook_id']}", json={"enabled": True})
    arrived = f"/api/webhooks/{hook['webhook_id']}/deliveries?state=delivered"
    wait_until(lambda: gateway.http.get(arrived).json(), 120, "no living address was sent")
    assert len(receiver.got) > tried
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


def test_all_gateways_of_an_installation_sign_alike(database_url: str) -> None:
    """The key is made once and lies in the database."""
    database = Database(database_url)
    database.migrate()
    keys = {signing_key(database) for _ in range(2)}
    database.close()
    assert len(keys) == 1
    assert len(next(iter(keys))) == 32


def test_an_address_is_good_for_its_time() -> None:
    """And a fact that is sent again has one that is good from then on."""
    now = 1000.0
    signer = Signer(b"k" * 32, timedelta(hours=1), clock=lambda: now)
    path = file_address("task_1", "es", "a ü.mp4")
    event = fact("1", "task_1", "es", "language", "completed", {"files": [{"url": path}], "metadata": {"url": path}})
    once = signer.renewed(event).data
    assert once["metadata"] == {"url": path}
    expires, signature = _query(once["files"][0]["url"])
    signer.check(path, expires, signature)
    now += 3601
    with pytest.raises(Exception, match="new address"):
        signer.check(path, expires, signature)
    again = json.loads(signer.renewed_body(signer.renewed(event).model_dump_json()))["data"]
    signer.check(path, *_query(again["files"][0]["url"]))
    other = fact("1", "task_1", "es", "line", "updated", {"url": path})
    assert signer.renewed(other).data == other.data


def _query(url: str) -> tuple[int, str]:
    found = httpx.URL(url).params
    return int(found["expires"]), found["signature"]


def test_a_large_batch_is_told_in_one_message() -> None:
    """Of 5000 rows as many as fit; the rest is listed elsewhere."""
    files = [{"name": f"clip.{n}.mp4", "url": "/api/files/" + "x" * 60} for n in range(4)]
    row = {"source": "clip.mp4", "languages": {code: {"files": files} for code in "abcdefg"}}
    kept = list(fitting([row] * 5000))
    assert 20 < len(kept) < 5000
    assert len(json.dumps(kept).encode()) < 900_000
    assert TaskLanguage(task_id="t", language="es").export_files == []
