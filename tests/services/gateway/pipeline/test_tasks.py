"""The seed contract and the edges of the upload."""

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.testing import NatsServer, wait_until
from tests.services.gateway.conftest import VIDEO, Gateway, World


def problem(answer: Any) -> tuple[int, str]:
    """Status and code of a problem document."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert {"type", "title", "status", "detail", "code"} <= body.keys()
    assert body["status"] == answer.status_code
    return answer.status_code, body["code"]


def objects(gateway: Gateway) -> list[Path]:
    """All files of the store; folders that go meanwhile do not matter, which `Path.rglob` would stumble over."""
    root = gateway.service.environment["UPLOAD_DIR"]
    return sorted(Path(folder, name) for folder, _, names in os.walk(root) for name in names)


def test_a_task_reads_as_the_first_version_promised(gateway: Gateway) -> None:
    """Fields, id format and original name."""
    task = gateway.create('{"target_languages": ["es"], "num_speakers": 2}')
    assert task["task_id"].startswith("task_")
    assert task["video_original_name"] == "my video.mp4"
    assert task["video_filename"] == f"{task['task_id']}_my_video.mp4"
    assert task["status"] == "pending"
    assert task["config"]["target_languages"] == ["es"]
    assert task["language_status"]["es"]["status"] == "pending"
    assert task["language_status"]["es"]["progress"] == 0
    assert gateway.task(task["task_id"]) == task


@pytest.mark.parametrize(
    ("sent", "kept"),
    [({"audio_track": 2}, "2"), ({"audio_track": "1+2"}, "1+2"), ({"audio_track": None}, None)],
)
def test_audio_tracks_are_chosen_by_number(gateway: Gateway, sent: dict[str, Any], kept: str | None) -> None:
    """As a number or, for several together, as text; the choice can be changed and taken back."""
    task = gateway.create(json.dumps({"target_languages": ["es"], **sent, "text_track": 1}))
    assert (task["config"]["audio_track"], task["config"]["text_track"]) == (kept, 1)
    url = f"/api/tasks/{task['task_id']}"
    assert gateway.http.patch(url, json={"audio_track": 3}).json()["config"]["audio_track"] == "3"
    back = gateway.http.patch(url, json={"audio_track": None, "text_track": None}).json()["config"]
    assert (back["audio_track"], back["text_track"]) == (None, None)
    for wrong in (0, "0", "1+", "x", True, 1.5):
        assert gateway.http.patch(url, json={"audio_track": wrong}).status_code == 422


def test_tasks_are_listed_newest_first(gateway: Gateway) -> None:
    """Pages and the total."""
    ids = [gateway.create()["task_id"] for _ in range(3)]
    page = gateway.http.get("/api/tasks", params={"limit": 2})
    assert [task["task_id"] for task in page.json()] == ids[:0:-1]
    following = gateway.http.get("/api/tasks", params={"skip": 2, "limit": 1}).json()
    assert following[0]["task_id"] == ids[0]
    assert int(page.headers["x-total-count"]) >= 3


def test_names_from_outside_become_harmless(gateway: Gateway) -> None:
    """Directories and shell characters do not survive; letters of every script do."""
    answer = gateway.http.post("/api/tasks", files={"video": ("../../视频 $(rm -rf).mp4", VIDEO)})
    name = answer.json()["video_filename"].removeprefix(answer.json()["task_id"] + "_")
    assert name.startswith("视频")
    assert not set(name) & set("/$() ")


ODD_NAMES = ["../../../x", "..", "...", "/", "\\..\\", "a" * 2000, "\x01\x7f.mp4", ".mp4", "é" * 300, "CON", "x/", "-"]


@pytest.mark.parametrize("name", ODD_NAMES, ids=lambda name: ascii(name)[:20])
def test_odd_file_names_are_taken(gateway: Gateway, name: str) -> None:
    """In a form and in an upload by parts; what is kept is one plain segment below the task."""
    answer = gateway.http.post("/api/tasks", files={"video": (name, VIDEO)})
    assert answer.status_code == 201, answer.text
    task = answer.json()
    kept = task["video_filename"]
    assert kept.startswith(task["task_id"] + "_")
    assert len(kept.encode()) < 240
    assert kept.isprintable()
    assert not set(kept) & set("/\\")
    assert gateway.http.get(f"/api/tasks/{task['task_id']}/artifacts/base/{kept}").content == VIDEO
    begun = gateway.http.post("/api/uploads", json={"filename": name, "size": len(VIDEO)})
    assert begun.status_code in (201, 422), begun.text


@pytest.mark.parametrize("name", ["../../../x", "", "x" * 3000, "translation_../x", "translation_xx", "other"])
def test_files_under_other_names_are_refused(gateway: Gateway, name: str) -> None:
    """The name of a field never becomes part of a key."""
    before = objects(gateway)
    files = {"video": ("a.mp4", VIDEO), name: ("a.srt", b"1\n00:00:01,000 --> 00:00:02,000\nhello\n")}
    answer = gateway.http.post("/api/tasks", files=files)
    expected = "not_a_target" if name.startswith("translation_") else "unknown_file"
    assert problem(answer) == (422, expected)
    assert objects(gateway) == before


def test_endless_headers_of_a_part_are_refused(gateway: Gateway) -> None:
    """They are kept in memory, so they have a limit."""
    body = b'--xyz\r\nContent-Disposition: form-data; name="video"; filename="' + b"a" * 2_000_000
    answer = gateway.http.post(
        "/api/tasks", content=body, headers={"Content-Type": "multipart/form-data; boundary=xyz"}
    )
    assert problem(answer) == (400, "malformed_upload")


@pytest.mark.parametrize("announced", [True, False])
def test_too_large_a_video_is_refused_while_it_arrives(gateway: Gateway, announced: bool) -> None:
    """413 with or without a content length; nothing of it is kept."""
    before = objects(gateway)
    boundary = "xyz"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="video"; filename="a.mp4"\r\n\r\n'.encode()
    body = head + VIDEO + b"\x00" * (14 * 1024 * 1024) + f"\r\n--{boundary}--\r\n".encode()

    def chunks() -> Iterator[bytes]:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    answer = gateway.http.post("/api/tasks", content=body if announced else chunks(), headers=headers)
    assert problem(answer) == (413, "video_too_large")
    wait_until(lambda: objects(gateway) == before, 60, "something is kept")


def test_an_upload_that_is_cut_off_leaves_nothing(gateway: Gateway) -> None:
    """The connection ends in the middle: no object, no task."""
    before, total = objects(gateway), gateway.http.get("/api/tasks").headers["x-total-count"]
    url = gateway.http.base_url
    with socket.create_connection((url.host, url.port or 80)) as connection:
        connection.sendall(
            b"POST /api/tasks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2000000\r\n"
            b"Content-Type: multipart/form-data; boundary=xyz\r\n\r\n"
            b'--xyz\r\nContent-Disposition: form-data; name="video"; filename="a.mp4"\r\n\r\n' + VIDEO * 800
        )
        # Not sooner: cut off before the gateway reads it, it would leave its file to the test that comes next.
        wait_until(lambda: objects(gateway) != before, 60, "nothing arrives")
    wait_until(lambda: objects(gateway) == before, 60, "something is kept")
    assert gateway.http.get("/api/tasks").headers["x-total-count"] == total


@pytest.mark.parametrize(
    ("request_body", "expected"),
    [
        ({"json": {"video": "x"}}, (422, "invalid_request")),
        ({"content": b"x", "headers": {"content-type": "text/plain"}}, (415, "not_multipart")),
        (
            {"content": b"--", "headers": {"Content-Type": f"multipart/form-data; boundary={'y' * 3000}"}},
            (400, "malformed_upload"),
        ),
        ({"files": {"other": ("a.mp4", VIDEO)}}, (422, "missing_video")),
        ({"files": {"video": ("a.mp4", b"")}}, (415, "media_unsupported")),
        ({"files": {"video": ("a.mp4", b"no video at all" * 100)}}, (415, "media_unsupported")),
        ({"files": {"video": ("a.mp4", VIDEO)}, "data": {"config": "{"}}, (422, "invalid_config")),
        ({"files": {str(n): (None, b"") for n in range(1000)}}, (413, "fields_too_large")),
        (
            {"files": {"video": ("a.mp4", VIDEO)}, "data": {"config": '{"target_languages": ["xx"]}'}},
            (422, "invalid_config"),
        ),
        (
            {"files": {"video": ("a.mp4", VIDEO), "subtitles": ("a.srt", b"nothing")}},
            (422, "source_language_required"),
        ),
    ],
)
def test_bad_uploads_are_refused_with_a_code(
    gateway: Gateway, request_body: dict[str, Any], expected: tuple[int, str]
) -> None:
    """A clear code each, and nothing kept."""
    before = objects(gateway)
    assert problem(gateway.http.post("/api/tasks", **request_body)) == expected
    assert objects(gateway) == before


def test_what_was_done_to_subtitle_files_is_kept_on_the_task(gateway: Gateway) -> None:
    """By language, with rows, from the moment a file is brought; its language tells the encoding."""
    cue = "1\n00:00:01,000 --> 00:00:00,500\n{}\n"
    files = {
        "video": ("a.mp4", VIDEO),
        "subtitles": ("a.srt", cue.format("Où ?").encode("cp1252")),
        "translation_ko": ("a.ko.srt", cue.format("네.").encode("cp949")),
    }
    config = '{"source_language": "fr", "target_languages": ["ko", "de"]}'
    answer = gateway.http.post("/api/tasks", files=files, data={"config": config})
    assert answer.status_code == 201
    told = {
        code: [(one["kind"], one["action"], one["count"], one["rows"]) for one in remarks]
        for code, remarks in answer.json()["subtitle_remarks"].items()
    }
    length = ("no_length", "repaired", 1, [2])
    assert told == {"base": [("encoding", "repaired", 1, []), length], "ko": [("encoding", "repaired", 1, []), length]}
    texts = [remarks[0]["text"] for remarks in answer.json()["subtitle_remarks"].values()]
    assert texts == ["not UTF-8: read as Windows-1252", "not UTF-8: read as CP949"]
    url = f"/api/tasks/{answer.json()['task_id']}"
    good = "1\n00:00:01,000 --> 00:00:02,000\nOui.\n"
    assert gateway.http.put(f"{url}/languages/base/subtitles", content=good).status_code == 200
    assert list(gateway.http.get(url).json()["subtitle_remarks"]) == ["ko"]


def test_a_subtitle_file_is_refused_with_the_row(gateway: Gateway) -> None:
    """Where nothing of it can be read, and early where it is larger than any."""
    task_id = gateway.create('{"target_languages": ["es"]}')["task_id"]
    url = f"/api/tasks/{task_id}/languages/es/subtitles"
    answer = gateway.http.put(url, content=b"1\n00:00:xx --> 00:00:02\nHi.\n")
    assert problem(answer) == (422, "subtitles_unreadable")
    assert answer.json()["detail"] == "row 2: the times cannot be read: 00:00:xx --> 00:00:02"
    assert problem(gateway.http.put(url, content=b" " * (5 * 1024 * 1024 + 1))) == (413, "subtitles_too_large")


def test_a_422_points_at_the_field(gateway: Gateway) -> None:
    """`errors` names pointer, code and detail."""
    task_id = gateway.create()["task_id"]
    answer = gateway.http.post(f"/api/tasks/{task_id}/process", json={"languages": ["xx"]})
    assert problem(answer) == (422, "invalid_request")
    assert answer.json()["errors"][0]["pointer"] == "/languages/0"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/tasks/task_20200101_000000_00000000"),
        ("GET", "/api/tasks/../../etc/passwd"),
        ("GET", "/api/tasks/%00"),
        ("DELETE", "/api/tasks/nothing"),
        ("GET", "/api/tasks/nothing/segments"),
        ("GET", "/api/tasks/nothing/events"),
        ("POST", "/api/tasks/nothing/cancel"),
        ("GET", "/api/nowhere"),
    ],
)
def test_what_does_not_exist_is_a_404_problem(gateway: Gateway, method: str, path: str) -> None:
    """Never a 500, never a page of HTML."""
    assert problem(gateway.http.request(method, path)) == (404, "not_found")


def test_an_idempotency_key_makes_a_request_count_once(gateway: Gateway) -> None:
    """The same key gives the same task; with another body it is refused."""
    headers = {"Idempotency-Key": "upload-1"}
    first = gateway.http.post("/api/tasks", files={"video": ("a.mp4", VIDEO)}, headers=headers)
    second = gateway.http.post("/api/tasks", files={"video": ("a.mp4", VIDEO)}, headers=headers)
    assert second.json()["task_id"] == first.json()["task_id"]
    assert second.headers["idempotency-replayed"] == "true"
    url = f"/api/tasks/{first.json()['task_id']}/process"
    key = {"Idempotency-Key": "process-1"}
    assert gateway.http.post(url, json={"languages": ["es"]}, headers=key).status_code == 202
    other = gateway.http.post(url, json={"languages": ["fr"]}, headers=key)
    assert problem(other) == (422, "idempotency_key_reused")


def test_configuration_can_be_changed(gateway: Gateway) -> None:
    """Languages are added and, while nothing was made for them, removed."""
    task = gateway.create('{"target_languages": ["es"]}')
    url = f"/api/tasks/{task['task_id']}"
    changed = gateway.http.patch(url, json={"target_languages": ["fr"], "num_speakers": 3}).json()
    assert set(changed["language_status"]) == {"base", "fr"}
    assert changed["config"]["num_speakers"] == 3
    assert changed["version"] > task["version"]
    assert problem(gateway.http.patch(url, json={"unknown": 1})) == (422, "invalid_request")


def test_files_are_served_in_ranges(gateway: Gateway) -> None:
    """Range, If-Range, ETag, 304, 416 and the original name."""
    task = gateway.create()
    url = f"/api/tasks/{task['task_id']}/artifacts/base/{task['video_filename']}"
    whole = gateway.http.get(url, params={"download": True})
    assert whole.content == VIDEO
    assert "my%20video.mp4" in whole.headers["content-disposition"]
    part = gateway.http.get(url, headers={"Range": "bytes=4-11"})
    assert (part.status_code, part.content) == (206, b"ftypisom")
    assert part.headers["content-range"] == f"bytes 4-11/{len(VIDEO)}"
    assert gateway.http.get(url, headers={"Range": "bytes=-3"}).content == VIDEO[-3:]
    assert gateway.http.get(url, headers={"Range": f"bytes={len(VIDEO) - 2}-"}).content == VIDEO[-2:]
    assert problem(gateway.http.get(url, headers={"Range": "bytes=999999-"})) == (416, "range_not_satisfiable")
    tag = whole.headers["etag"]
    assert gateway.http.get(url, headers={"If-None-Match": tag}).status_code == 304
    changed = gateway.http.get(url, headers={"Range": "bytes=0-1", "If-Range": '"other"'})
    assert (changed.status_code, len(changed.content)) == (200, len(VIDEO))
    assert gateway.http.head(url).headers["content-length"] == str(len(VIDEO))
    listed = gateway.http.get(f"/api/tasks/{task['task_id']}/artifacts").json()
    assert [(entry["name"], entry["size"], entry["saved_as"]) for entry in listed] == [
        (task["video_filename"], len(VIDEO), task["video_original_name"])
    ]


def test_interface_documents_are_served(gateway: Gateway) -> None:
    """OpenAPI 3.1 and AsyncAPI 3.0."""
    assert gateway.http.get("/openapi.json").json()["openapi"].startswith("3.1")
    assert gateway.http.get("/asyncapi.json").json()["asyncapi"] == "3.0.0"


def test_a_key_sees_its_own_tasks_only(small_world: World) -> None:
    """Another key's task does not exist for it; without a key nothing is shown."""
    keys = {"LOCALCLIP_API_KEYS": "ann:0123456789abcdef,bob:fedcba9876543210"}
    gateway = small_world.gateway(**keys)
    ann, bob = {"Authorization": "Bearer 0123456789abcdef"}, {"X-API-Key": "fedcba9876543210"}
    created = gateway.http.post("/api/tasks", files={"video": ("a.mp4", VIDEO)}, headers=ann).json()
    url = f"/api/tasks/{created['task_id']}"
    assert gateway.http.get(url, headers=ann).status_code == 200
    assert problem(gateway.http.get(url, headers=bob)) == (404, "not_found")
    assert gateway.http.get("/api/tasks", headers=bob).json() == []
    for path in (url, "/api/tasks", "/api/events", f"{url}/events"):
        assert problem(gateway.http.get(path)) == (401, "unauthorized")
    assert gateway.http.get("/healthz").status_code == 200


def test_an_open_door_needs_keys(tmp_path: Path, nats: NatsServer) -> None:
    """Listening beyond loopback without keys is refused with the way out."""
    world = World(tmp_path, nats, f"sqlite:///{tmp_path}/x.db")
    service = world._service("services.gateway", LOCALCLIP_HOST="0.0.0.0", LOCALCLIP_PORT="0")  # noqa: S104
    assert service.process is not None
    assert service.process.wait(30) == 1
    assert "LOCALCLIP_API_KEYS" in service.log.read_text()
