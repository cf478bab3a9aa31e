"""Uploads in parts: interrupted, resumed, refused, given up."""

import base64
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.storage import DirectoryStore
from shared.testing import MinioServer, wait_until
from tests.services.gateway.conftest import VIDEO, Gateway, World
from tests.services.gateway.pipeline.test_tasks import objects, problem

MIB = 1024 * 1024
LARGE = VIDEO + bytes(range(256)) * (12 * MIB // 256)
SMALL_PARTS = {"MAX_VIDEO_SIZE_MB": "40", "LOCALCLIP_UPLOAD_PART_MB": "5"}


@pytest.fixture(params=["directory", "s3 through the gateway", "s3"])
def gateway(request: pytest.FixtureRequest, small_world: World) -> Gateway:
    """A gateway on each kind of store."""
    more = dict(SMALL_PARTS)
    if request.param != "directory":
        minio: MinioServer = request.getfixturevalue("minio")
        more |= {"S3_ENDPOINT": minio.endpoint, "S3_ACCESS_KEY": minio.access_key, "S3_SECRET_KEY": minio.secret_key}
    if request.param == "s3":
        more["S3_PUBLIC_ENDPOINT"] = f"http://{minio.endpoint}"
    return small_world.gateway(**more)


@pytest.fixture
def plain(small_world: World) -> Iterator[Gateway]:
    """A gateway on a directory, for what does not depend on the store."""
    return small_world.gateway(**SMALL_PARTS)


def begin(gateway: Gateway, content: bytes, **more: str) -> dict[str, Any]:
    answer = gateway.http.post("/api/uploads", json={"filename": "我的 video.mp4", "size": len(content), **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def send(gateway: Gateway, upload: dict[str, Any], content: bytes, *numbers: int) -> list[str]:
    """Send parts to their addresses; return the etags."""
    answer = gateway.http.post(f"/api/uploads/{upload['upload_id']}/parts", json={"part_numbers": list(numbers)})
    assert answer.status_code == 200, answer.text
    tags = []
    for address in answer.json():
        start = (address["part_number"] - 1) * upload["part_size"]
        stored = gateway.http.put(address["url"], content=content[start : start + address["size"]])
        assert stored.is_success, stored.text
        tags.append(stored.headers["etag"])
    return tags


def complete(gateway: Gateway, upload: dict[str, Any], **body: Any) -> Any:
    return gateway.http.post(f"/api/uploads/{upload['upload_id']}/complete", json=body)


def test_an_upload_is_resumed_and_becomes_a_task(gateway: Gateway) -> None:
    """Interrupted after some parts: the list says which, the rest follows, and the task has every byte."""
    upload = begin(gateway, LARGE)
    assert (upload["part_size"], upload["parts"], upload["arrived"]) == (5 * MIB, 3, [])
    send(gateway, upload, LARGE, 1, 3)
    assert gateway.http.get("/api/tasks").json() == []
    answer = complete(gateway, upload)
    assert problem(answer) == (409, "upload_incomplete")
    assert "2" in answer.json()["detail"]
    resumed = gateway.http.get(f"/api/uploads/{upload['upload_id']}").json()
    assert [part["part_number"] for part in resumed["arrived"]] == [1, 3]
    send(gateway, upload, LARGE, 2)
    answer = complete(gateway, upload, config={"target_languages": ["es"], "num_speakers": 2}, start=True)
    assert answer.status_code == 201, answer.text
    task = answer.json()
    assert (task["video_original_name"], task["video_size"]) == ("我的 video.mp4", len(LARGE))
    assert task["config"]["num_speakers"] == 2
    assert task["language_status"]["base"]["status"] in ("pending", "processing")
    assert task["status"] == "processing"
    video = gateway.http.get(f"/api/tasks/{task['task_id']}/artifacts/base/{task['video_filename']}")
    assert video.content == LARGE


def test_completing_twice_gives_the_same_task(gateway: Gateway) -> None:
    """The answer was lost: asking again neither fails nor makes a second task; nothing more is taken."""
    upload = begin(gateway, VIDEO)
    send(gateway, upload, VIDEO, 1)
    first, second = complete(gateway, upload), complete(gateway, upload)
    assert second.status_code == 201
    assert second.json()["task_id"] == first.json()["task_id"]
    late = gateway.http.post(f"/api/uploads/{upload['upload_id']}/parts", json={"part_numbers": [1]})
    assert problem(late) == (409, "upload_over")
    assert problem(gateway.http.delete(f"/api/uploads/{upload['upload_id']}")) == (409, "upload_over")
    assert gateway.task(first.json()["task_id"])["status"] == "pending"


def test_parts_joined_by_a_gateway_that_died_are_not_asked_for_again(plain: Gateway, small_world: World) -> None:
    """It died before it had made the task: who goes on is told that all is there, and completes it."""
    upload = begin(plain, LARGE)
    send(plain, upload, LARGE, 1, 2, 3)
    with sqlite3.connect(small_world.database_url.removeprefix("sqlite:///"), timeout=10) as database:
        key, write_id = database.execute("SELECT key, write_id FROM uploads").fetchone()
    store = DirectoryStore(Path(plain.service.environment["UPLOAD_DIR"]))
    store.join(key, write_id, store.parts(key, write_id))
    resumed = plain.http.get(f"/api/uploads/{upload['upload_id']}").json()
    assert [(part["part_number"], part["size"]) for part in resumed["arrived"]] == [
        (1, 5 * MIB),
        (2, 5 * MIB),
        (3, 2 * MIB + len(VIDEO)),
    ]
    answer = complete(plain, upload)
    assert (answer.status_code, answer.json()["video_size"]) == (201, len(LARGE))


def test_what_is_no_video_is_refused_and_removed(gateway: Gateway) -> None:
    """By its first kilobyte before it is sent, else once it is there."""
    noise = b"no video at all" * 100
    head = base64.b64encode(noise[:1024]).decode()
    answer = gateway.http.post("/api/uploads", json={"filename": "a.mp4", "size": len(noise), "head": head})
    assert problem(answer) == (415, "media_unsupported")
    upload = begin(gateway, noise)
    send(gateway, upload, noise, 1)
    assert problem(complete(gateway, upload)) == (415, "media_unsupported")
    assert gateway.http.get(f"/api/uploads/{upload['upload_id']}").status_code == 404
    assert gateway.http.get("/api/tasks").json() == []


def test_a_canceled_upload_leaves_nothing(plain: Gateway) -> None:
    """Its parts go at once."""
    before = objects(plain)
    upload = begin(plain, LARGE, head=base64.b64encode(VIDEO[:1024]).decode())
    send(plain, upload, LARGE, 1)
    assert len(objects(plain)) == len(before) + 1
    assert plain.http.delete(f"/api/uploads/{upload['upload_id']}").status_code == 204
    assert objects(plain) == before
    assert problem(plain.http.get(f"/api/uploads/{upload['upload_id']}")) == (404, "not_found")


def test_a_refused_configuration_keeps_the_upload(plain: Gateway) -> None:
    """A mistake in the languages does not cost the hours of the upload."""
    upload = begin(plain, VIDEO)
    send(plain, upload, VIDEO, 1)
    assert problem(complete(plain, upload, config={"target_languages": ["xx"]})) == (422, "invalid_request")
    assert complete(plain, upload, config={"target_languages": ["es"]}).status_code == 201


def test_sizes_are_watched(plain: Gateway) -> None:
    """More than the limit is refused at the door; a part has the size it must have."""
    answer = plain.http.post("/api/uploads", json={"filename": "a.mp4", "size": 41 * MIB})
    assert problem(answer) == (413, "video_too_large")
    assert problem(plain.http.post("/api/uploads", json={"filename": "a.mp4", "size": 0})) == (422, "invalid_request")
    upload = begin(plain, LARGE)
    (address,) = plain.http.post(f"/api/uploads/{upload['upload_id']}/parts", json={"part_numbers": [1]}).json()
    assert problem(plain.http.put(address["url"], content=b"short")) == (422, "wrong_part_size")
    beyond = plain.http.post(f"/api/uploads/{upload['upload_id']}/parts", json={"part_numbers": [4]})
    assert problem(beyond) == (422, "no_such_part")


def test_addresses_cannot_be_made_up(plain: Gateway) -> None:
    """Another part, another time, another upload: 403."""
    upload = begin(plain, LARGE)
    (address,) = plain.http.post(f"/api/uploads/{upload['upload_id']}/parts", json={"part_numbers": [1]}).json()
    for wrong in (
        address["url"].replace("/parts/1?", "/parts/2?"),
        address["url"].replace("expires=", "expires=9"),
        address["url"][:-1] + ("0" if address["url"][-1] != "0" else "1"),
        address["url"].replace(upload["upload_id"], begin(plain, LARGE)["upload_id"]),
    ):
        assert problem(plain.http.put(wrong, content=LARGE[: 5 * MIB])) == (403, "bad_signature")


def test_uploads_belong_to_their_key(small_world: World) -> None:
    """Nobody else sees, completes or removes them; the address of a part needs no key."""
    keys = "ann:ann-secret-key-0001,bob:bob-secret-key-0002"
    gateway = small_world.gateway(LOCALCLIP_API_KEYS=keys, **SMALL_PARTS)
    assert problem(gateway.http.post("/api/uploads", json={"filename": "a.mp4", "size": 1})) == (401, "unauthorized")
    gateway.http.headers["X-API-Key"] = "ann-secret-key-0001"
    upload = begin(gateway, VIDEO)
    path = f"/api/uploads/{upload['upload_id']}"
    (address,) = gateway.http.post(f"{path}/parts", json={"part_numbers": [1]}).json()
    del gateway.http.headers["X-API-Key"]
    assert gateway.http.put(address["url"], content=VIDEO).status_code == 204
    bob = {"X-API-Key": "bob-secret-key-0002"}
    assert problem(gateway.http.get(path, headers=bob)) == (404, "not_found")
    assert problem(gateway.http.delete(path, headers=bob)) == (404, "not_found")
    assert problem(gateway.http.post(f"{path}/complete", json={}, headers=bob)) == (404, "not_found")


def test_an_abandoned_upload_is_swept(plain: Gateway, small_world: World) -> None:
    """After a day without a word its parts and rows are gone."""
    before = objects(plain)
    upload = begin(plain, LARGE)
    send(plain, upload, LARGE, 1)
    file = small_world.database_url.removeprefix("sqlite:///")
    with sqlite3.connect(file, timeout=10) as database:
        database.execute("UPDATE tasks SET updated_at = '2020-01-01 00:00:00.000000'")
    wait_until(
        lambda: plain.http.get(f"/api/uploads/{upload['upload_id']}").status_code == 404,
        60,
        "the upload is still there",
    )
    assert objects(plain) == before


def test_a_language_that_needs_a_translation_waits_for_it_and_holds_up_no_other(small_world: World) -> None:
    """Nothing is refused that is only uploaded; what nothing can be begun of is, with `strict` any of it."""
    gateway = small_world.gateway(**SMALL_PARTS)
    small_world.workers()
    wait_until(lambda: len(gateway.http.get("/api/engines").json()) == 4, 60, "engines are not announced")

    def completed(*languages: str, start: bool = True, strict: bool = False) -> Any:
        upload = begin(gateway, VIDEO)
        send(gateway, upload, VIDEO, 1)
        config = {"target_languages": list(languages), "source_language": "en"}
        return complete(gateway, upload, config=config, start=start, strict=strict)

    assert completed("ja", start=False).status_code == 201
    assert problem(completed("ja")) == (422, "language_unsupported")
    assert problem(completed("ja", "es", strict=True)) == (422, "language_unsupported")
    assert problem(completed("ja", start=False, strict=True)) == (422, "language_unsupported")
    states = completed("ja", "es").json()["language_status"]
    assert (states["es"]["status"], states["ja"]["status"]) == ("processing", "pending")
