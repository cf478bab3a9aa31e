"""What no honest client sends, to every operation: refused with a problem that says so, never a failure of ours."""

import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.services.gateway.conftest import VIDEO
from tests.services.gateway.web.writes import BODIES, OPERATIONS, WRITES, Operation, Scene, value_of

ENDING = [operation for operation in OPERATIONS if not operation.path.endswith("/events")]  # streams
WITH_JSON = [operation for operation in WRITES if operation.json_schema is not None]
NUMBERS = [
    "1" * 5000,
    "1e400",
    "-1e400",
    "NaN",
    "Infinity",
    "-Infinity",
    "9223372036854775808",
    "-1",
    "0.1",
    "2147483648",
]
TEXTS = ['"a\\u0000b"', '"\\ud800"', '""', '"\\u202e\\u0007"', json.dumps("x" * 100_000), '"s0001"', '"es"']
SHAPES = ["null", "true", "[]", "{}", "[[]]", '[""]', "[null]", '["\\u0000"]', '{"\\u0000": 1}', "[" * 500 + "]" * 500]
BODIES_OF_NO_KIND = [
    b"",
    b"null",
    b"[]",
    b'"x"',
    b"{",
    b"\xff\xfe\x00",
    b'{"a": "\xff"}',
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"1" * 10_000,
    b"{}" + b" " * 100_000,
]
TYPES = [
    "application/json",
    "application/json; charset=utf-7",
    "text/plain",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "text/csv",
    "\xff/\xff",
]
WORDS = [
    "",
    "..",
    "%2e%2e",
    "%00",
    "%ff",
    "%",
    "a%2fb",
    "*",
    "-1",
    "0",
    "9" * 30,
    "9" * 5000,
    "x" * 3000,
    "%F0%9F%98%80",
    "a\tb",
]
NUMERALS = ["9" * 5000, "-1", "1e3", "٣", "1_0", " 1", "0x1"]
GARBAGE = [b"\xff\xfe", b'"', b"*", b"W/", b'"1",' * 500, b"9" * 5000, b"-" + b"9" * 5000, b"=", b"\xd9\xa3", b""]
RANGES = [
    b"bytes=" + b"1" * 5000 + b"-",
    b"bytes=-" + b"1" * 5000,
    b"bytes=0-" + b"9" * 5000,
    b"bytes=-0",
    b"bytes=5-1",
]
RANGES += ["bytes=٣-".encode(), b"bytes=0-0,2-3", b"bytes", b"items=0-1"]
OF_READS = ["range", "if-range", "if-none-match", "last-event-id"]
OF_WRITES = ["if-match", "idempotency-key"]
# Read in one place for all operations: one of each kind is enough.
OF_ALL = ["authorization", "cookie", "accept", "accept-encoding", "content-encoding", "x-api-key", "x-forwarded-for"]
KINDS = list({(one.method, one.json_schema is None): one for one in OPERATIONS}.values())
HEADERS = [(one, OF_READS if one.method == "GET" else OF_WRITES) for one in OPERATIONS] + [
    (one, OF_ALL) for one in KINDS
]


def check(answer: httpx.Response) -> bool:
    """An answer that is meant; whether it did anything."""
    what = f"{answer.request.method} {answer.request.url}"[:200]
    assert answer.status_code < 500, f"{what}: {answer.status_code} {answer.text[:300]}"
    if answer.status_code >= 400:
        kind = answer.headers.get("content-type", "")
        assert kind.startswith("application/problem+json"), f"{what}: {answer.status_code} {kind}"
    return answer.is_success


@pytest.mark.parametrize("operation", WITH_JSON, ids=str)
def test_hostile_values_in_a_body(scene: Scene, operation: Operation) -> None:
    """Each property in turn, beside those that are right."""
    names = scene.names(operation)
    good = scene.request(operation, names, as_json=True)
    body: dict[str, Any] = json.loads(good.content)
    did = False
    for name in _properties(operation):
        for value in [*NUMBERS, *TEXTS, *SHAPES]:
            if did and "{task_id}" in operation.path and scene.gone(names["task_id"]):
                names = scene.names(operation)
            others = {key: one for key, one in body.items() if key != name}
            raw = f'{{"{name}": {value}{"".join(f", {json.dumps(k)}: {json.dumps(v)}" for k, v in others.items())}}}'
            did = check(_send(scene, good, content=raw.encode()))


def _properties(operation: Operation) -> list[str]:
    made = value_of(operation.json_schema or {})
    return sorted({*(made if isinstance(made, dict) else ()), *BODIES.get(operation.name, {})})


def _send(scene: Scene, good: httpx.Request, **other: Any) -> httpx.Response:
    headers = {"If-Match": "*", "content-type": good.headers.get("content-type", "application/json")}
    headers |= other.pop("headers", {})
    return scene.gateway.http.request(good.method, good.url, headers=headers, **other)


@pytest.mark.parametrize("operation", WRITES, ids=str)
def test_bodies_of_no_kind(scene: Scene, operation: Operation) -> None:
    """Bytes that are no document, under any name."""
    good = scene.request(operation, scene.names(operation))
    for body in BODIES_OF_NO_KIND:
        check(_send(scene, good, content=body))
    for kind in TYPES:
        check(_send(scene, good, content=b'{"a": 1}', headers={"content-type": kind.encode("latin-1")}))


@pytest.mark.parametrize("operation", ENDING, ids=str)
def test_hostile_addresses(scene: Scene, operation: Operation) -> None:
    """Each part of the path and each parameter of the query in turn, beside those that are right."""
    names = scene.names(operation)
    good = scene.request(operation, names)
    for parameter in operation.spec.get("parameters", []):
        for word in [*WORDS, *NUMERALS] if parameter["in"] in ("path", "query") else ():
            target, asked = operation.path, {**names, "name": "x.srt"}
            if parameter["in"] == "path":
                asked[parameter["name"]] = word
            else:
                target += f"?{parameter['name']}={quote(word, safe='%')}"
            for name, value in asked.items():
                target = target.replace(f"{{{name}}}", quote(value, safe="%"))
            url = good.url.copy_with(raw_path=target.encode())
            check(scene.gateway.http.request(good.method, url, content=good.content, headers=good.headers))


@pytest.mark.parametrize("scene", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("operation", "headers"), HEADERS, ids=lambda one: one[0] if isinstance(one, list) else str(one)
)
def test_hostile_headers(scene: Scene, operation: Operation, headers: list[str]) -> None:
    """Each header that means something, one at a time; none of them reaches the database as it came."""
    good = scene.request(operation, scene.names(operation))
    if operation.name == "replay_webhook":  # not a thousand facts each time
        brief = {"since": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:00:01Z"}
        good = scene.gateway.http.build_request("POST", good.url, json=brief)
    for name in headers:
        for value in RANGES if name == "range" else GARBAGE:
            sent = [(key, one) for key, one in good.headers.raw if key.lower() != name.encode()]
            sent.append((name.encode(), value))
            with scene.gateway.http.stream(good.method, good.url, content=good.content, headers=sent) as answer:
                if answer.headers.get("content-type", "").startswith("text/event-stream"):
                    continue  # it never ends
                answer.read()
                check(answer)


@pytest.mark.parametrize("config", ["[" * 100_000, "1" * 5000, '{"num_speakers": 1e400}', '{"\\ud800": 1}'])
def test_a_hostile_configuration_of_an_upload_is_refused(scene: Scene, config: str) -> None:
    """It comes as text in a form."""
    files: list[tuple[str, Any]] = [("config", (None, config)), ("video", ("a.mp4", VIDEO))]
    answer = scene.gateway.http.post("/api/tasks", files=files)
    check(answer)
    assert answer.status_code == 422


def test_too_many_cues_are_refused_with_the_limit(scene: Scene) -> None:
    """Also in a file of few bytes."""
    cues = b"".join(b"0:0:0,0 --> 0:0:1,0\nx\n" for _ in range(30_001))
    files: list[tuple[str, Any]] = [("config", (None, '{"source_language": "en"}')), ("video", ("a.mp4", VIDEO))]
    form = scene.gateway.http.post("/api/tasks", files=[("subtitles", ("a.srt", cues)), *files])
    alone = scene.gateway.http.put(f"/api/tasks/{scene.copy()}/languages/es/subtitles", content=cues)
    for answer in (form, alone):
        assert (answer.status_code, answer.json()["code"]) == (413, "subtitles_too_large")
        assert "30000 cues" in answer.json()["detail"]
