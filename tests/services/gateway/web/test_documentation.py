"""The pages that show the API, the document they show, and what answers tell of the machine."""

import gzip
import re
from typing import Any, get_args

import httpx
import pytest
from fastapi.testclient import TestClient

from services.gateway.documents import _app, asyncapi, openapi
from services.gateway.web import static
from shared.messaging import AnyJob, Result
from tests.services.gateway.conftest import VIDEO, Gateway
from tests.services.gateway.pipeline.test_tasks import problem

DOCUMENT, ASYNCAPI = openapi(), asyncapi()
MACHINE = re.compile(
    r"0x[0-9a-f]{4,}|(?<![\w:/.])/(?:tmp|home|root|work|usr|var|data|opt|srv)\b|Traceback|\w+Error\(|object at"
)


def test_what_is_sent_and_what_is_answered_have_one_name() -> None:
    """A model with two schemas would lose its name, and clients made from the document no longer build."""
    assert [name for name in DOCUMENT["components"]["schemas"] if name.endswith(("-Input", "-Output"))] == []


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_the_pages_load_only_what_we_have(gateway: Gateway, page: str) -> None:
    """Every script and style is a copy of our own, and the policy lets no other in."""
    answer = gateway.http.get(page)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    loaded = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert loaded
    assert all(address.startswith("/") for address in loaded)
    for address in loaded:
        if address.startswith("/docs/"):
            assert gateway.http.get(address).status_code == 200
    assert "<script>" not in answer.text


def test_there_are_no_other_files_beside_them(gateway: Gateway) -> None:
    """Names are taken from a list, not from a folder."""
    for name in ("..%2f__init__.py", "favicon.png", "core.py"):
        assert problem(gateway.http.get(f"/docs/{name}")) == (404, "not_found")


def test_every_operation_tells_of_its_refusals() -> None:
    """Each as a problem document; FastAPI's own form of a 422 is nowhere."""
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            answers = operation["responses"]
            assert ("401" in answers) == ("security" in operation), (method, path)
            if path.startswith("/api"):
                assert {"421", "500", "503"} <= set(answers), (method, path)
            if method != "get" and path.startswith("/api"):
                assert {"403", "422"} <= set(answers), (method, path)
    assert "HTTPValidationError" not in str(DOCUMENT)
    assert "security" not in DOCUMENT["paths"]["/api/uploads/{upload_id}/parts/{part_number}"]["put"]


def test_every_message_stands_in_the_document_of_the_broker(gateway: Gateway) -> None:
    """All kinds of jobs and results, each with what it says; and nothing of where this gateway connects to."""
    found = gateway.http.get("/asyncapi.json").json()
    messages = found["components"]["messages"]
    for union in (AnyJob, Result):
        kinds = {kind.__name__ for kind in get_args(get_args(union)[0])}
        assert kinds <= set(messages)
    assert all(message["summary"] for message in messages.values())
    for channel in found["channels"].values():
        assert channel["description"]
        named = re.findall(r"\{(\w+)\}", channel["address"] or "")
        assert set(named) == set(channel.get("parameters", {}))
        assert all(parameter["description"] for parameter in channel.get("parameters", {}).values())
    assert {"events", "live", "results", "jobs_translation", "raw_progress", "dead"} <= set(found["channels"])
    assert found["operations"]["results"]["action"] == "receive"
    assert found["operations"]["events"]["action"] == "send"
    answers = found["operations"]["commands_create"]["reply"]["messages"]
    assert [answer["$ref"].rpartition("/")[2] for answer in answers] == ["CommandAnswer", "TaskAnswer"]
    assert "servers" not in found
    assert found == ASYNCAPI


def provoked(gateway: Gateway) -> list[httpx.Response]:
    """Errors that come from far inside: of libraries, of ffmpeg, of files that are no text."""
    post = gateway.http.post
    task = gateway.create()["task_id"]
    sound = b"RIFF\x00\x00\x00\x00WAVEfmt " + b"\x00" * 500
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    return [
        post("/api/clips", files={"audio": ("a.wav", sound)}, data={"consent": "true"}),
        post("/api/clips", files={"audio": ("a.wav", sound), "consent": ("b", b"true"), "name": ("c", b"x")}),
        post("/api/clips", content=b"--x\r\nbroken", headers=form),
        post("/api/clips", content=b"--x\r\n", headers={"Content-Type": "multipart/form-data"}),
        post("/api/tasks", content=b"--y\r\n\r\n", headers=form),
        post("/api/tasks", files={"video": ("a.mp4", VIDEO)}, data={"config": '{"target_languages": 5}'}),
        post("/api/tasks", files={"video": ("a.mp4", VIDEO), "subtitles": ("a.srt", b"\xff\xfe\x00")}),
        post("/api/glossary/import", content=b"\xff\xfe\x00\x01"),
        gateway.http.put(f"/api/tasks/{task}/languages/base/subtitles", content=b"\x00\x01"),
        gateway.http.patch(f"/api/tasks/{task}", content=b"{", headers={"Content-Type": "application/json"}),
        gateway.http.patch(f"/api/tasks/{task}", json={"num_speakers": {"a": []}}),
        gateway.http.get(f"/api/tasks/{task}/artifacts/base/..%2f..%2fetc"),
        gateway.http.get("/api/tasks", params={"limit": "x"}),
    ]


def test_answers_tell_nothing_of_the_machine(gateway: Gateway) -> None:
    """No path, no address in memory, no repr; 4xx all of them."""
    for answer in provoked(gateway):
        assert 400 <= answer.status_code < 500, (answer.request.url, answer.text)
        texts = _texts(answer.json())
        assert [text for text in texts if MACHINE.search(text)] == [], answer.request.url


def _texts(document: dict[str, Any]) -> list[str]:
    return [document["detail"], *(entry["detail"] for entry in document.get("errors", ()))]


LONG = ["/openapi.json", "/asyncapi.json", "/docs/swagger-ui-bundle.js", "/docs/redoc.standalone.js"]


@pytest.mark.parametrize("path", LONG)
def test_a_long_document_is_made_once(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody needs a key for it: asked for again it is the same bytes, and nothing for whoever has them."""
    compressed: list[int] = []
    monkeypatch.setattr("services.gateway.web.fixed.gzip", _CountingGzip(compressed))
    static._copy.cache_clear()
    client = TestClient(_app(), base_url="http://localhost")
    first, again = (client.get(path, headers={"Accept-Encoding": "gzip"}) for _ in range(2))
    plain = client.get(path, headers={"Accept-Encoding": "gzip;q=0"})
    assert [answer.status_code for answer in (first, again, plain)] == [200] * 3
    assert first.content == again.content == plain.content
    assert first.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert int(first.headers["content-length"]) < len(plain.content) / 2
    known = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    assert compressed == [len(plain.content)]


class _CountingGzip:
    """Notes what is compressed."""

    def __init__(self, sizes: list[int]) -> None:
        self._sizes = sizes

    def compress(self, data: bytes, *arguments: Any, **named: Any) -> bytes:
        self._sizes.append(len(data))
        return gzip.compress(data, *arguments, **named)
