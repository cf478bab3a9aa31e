"""What stands in front of the routes: names and origins, keys before bodies, limits of bodies."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psutil
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from services.gateway.web.entrance import MAX_BODY_BYTES, Names
from shared.testing import ServerUnavailable, nats_server
from tests.services.gateway.conftest import VIDEO, Gateway, World
from tests.services.gateway.pipeline.test_tasks import problem

KEYS = {"LOCALCLIP_API_KEYS": "ana:ana-key-0123456789,bo:bo-key-0123456789"}
ANA = {"Authorization": "Bearer ana-key-0123456789"}
HUGE = 200 * 1024 * 1024
EVIL = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with two accounts."""
    folder = tmp_path_factory.mktemp("keyed")
    try:
        with nats_server(folder / "nats") as server:
            world = World(folder, server, f"sqlite:///{folder}/localclip.db")
            yield world.gateway(**KEYS)
            world.close()
    except ServerUnavailable as why:
        pytest.skip(str(why))


def raw(gateway: Gateway, head: str, *pieces: bytes) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Send a request as it stands and read the answer while nothing more is sent."""
    url = gateway.http.base_url
    with closing(socket.create_connection((url.host, url.port or 80), timeout=20)) as line:
        line.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n")
        for piece in pieces:
            line.sendall(piece)
        answer = b""
        while (more := line.recv(65536)) != b"":
            answer += more
            top, _, body = answer.partition(b"\r\n\r\n")
            first, *lines = top.decode().split("\r\n")
            headers = dict(entry.lower().split(": ", 1) for entry in lines)
            if len(body) >= int(headers.get("content-length", "1000000")):
                break
    return int(first.split()[1]), headers, json.loads(body) if body else {}


@pytest.mark.parametrize("key", ["", "ana-key-0123456789"])
@pytest.mark.parametrize("length", [f"Content-Length: {HUGE}", "Transfer-Encoding: chunked"])
def test_a_huge_body_costs_nothing(keyed: Gateway, key: str, length: str) -> None:
    """First the key, then the size, then the body: refused with most of it not sent, and memory does not move."""
    assert keyed.service.process is not None
    process = psutil.Process(keyed.service.process.pid)
    before = process.memory_info().rss
    head = f"PATCH /api/tasks/x HTTP/1.1\nHost: localhost\nContent-Type: application/json\nX-API-Key: {key}\n{length}"
    enough = MAX_BODY_BYTES + 1 if key and "chunked" in length else 60_000
    for _ in range(3):
        status, headers, body = raw(keyed, head, *_pieces(enough, chunked="chunked" in length))
        assert (status, body["code"]) == ((413, "body_too_large") if key else (401, "unauthorized"))
        assert headers["connection"] == "close"
    grown = process.memory_info().rss - before
    assert grown < 40 * 1024 * 1024, f"{grown / 2**20:.0f} MiB"


def _pieces(size: int, *, chunked: bool) -> Iterator[bytes]:
    """A JSON text that goes on and on, in pieces of 50 kB."""
    piece = b"[" * 50_000
    for _ in range(-(-size // len(piece))):
        yield b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece


def test_a_client_who_waits_for_permission_is_not_asked_to_send(keyed: Gateway) -> None:
    """`Expect: 100-continue`: the refusal comes instead of the permission."""
    head = f"PATCH /api/tasks/x HTTP/1.1\nHost: localhost\nExpect: 100-continue\nContent-Length: {HUGE}"
    assert raw(keyed, head)[0] == 401


def test_the_largest_body_allowed_is_read(keyed: Gateway) -> None:
    """8 MiB of JSON reach the route, one byte more does not."""
    body = json.dumps({"num_speakers": 2}).encode().ljust(MAX_BODY_BYTES)
    headers = {**ANA, "Content-Type": "application/json"}
    url = "/api/tasks/task_20260101_000000_00000000"
    assert problem(keyed.http.patch(url, content=body, headers=headers)) == (404, "not_found")
    assert problem(keyed.http.patch(url, content=body + b" ", headers=headers)) == (413, "body_too_large")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/tasks"),
        ("POST", "/api/tasks"),
        ("GET", "/api/nowhere"),
        ("PUT", "/api/uploads/u/parts"),
        ("GET", "/api"),
    ],
)
def test_everything_below_api_needs_a_key(keyed: Gateway, method: str, path: str) -> None:
    """Known or not, with a body or without."""
    answer = keyed.http.request(method, path)
    assert problem(answer) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert keyed.http.request(method, path, headers={"Cookie": "localclip_key=bo-key-0123456789"}).status_code != 401


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/metrics", "/docs", "/openapi.json", "/api/languages", "/api/engines"]
)
def test_what_is_public_needs_none(keyed: Gateway, path: str) -> None:
    """Probes, documents, and what the engines can do."""
    assert keyed.http.get(path).status_code == 200


def test_languages_tell_how_good_they_are_here(keyed: Gateway) -> None:
    """What hears and speaks each of them, how much goes wrong, and the command that makes it better."""
    languages = {one["code"]: one for one in keyed.http.get("/api/languages").json()}
    for language in languages.values():
        for does in ("understood_by", "spoken_by"):
            assert set(language[does]) == {"engine", "error_percent", "poor", "better"}
            assert language[does]["engine"] or language[does]["better"].startswith("localclip models pull ")


def test_parts_of_an_upload_need_only_their_signature(keyed: Gateway) -> None:
    """The address is the permission; without a good signature it is none."""
    made = keyed.http.post("/api/uploads", json={"filename": "a.mp4", "size": len(VIDEO)}, headers=ANA).json()
    url = f"/api/uploads/{made['upload_id']}/parts"
    address = keyed.http.post(url, json={"part_numbers": [1]}, headers=ANA).json()[0]["url"]
    assert keyed.http.put(address, content=VIDEO).status_code == 204
    assert problem(keyed.http.put(f"{url}/1?expires=1&signature=x", content=VIDEO)) == (403, "bad_signature")


# What a page of somebody else can send without asking: forms, text/plain, any address that leads here.
WRITES = [
    ("/api/glossary/import", {"content": b"source_language,source\nen,x\n", "headers": {"Content-Type": "text/plain"}}),
    ("/api/tasks", {"files": {"video": ("a.mp4", VIDEO)}, "data": {"start": "true"}}),
    ("/api/tasks/{task}/cancel", {}),
]


@pytest.mark.parametrize(("path", "request_"), WRITES)
@pytest.mark.parametrize(
    "page",
    [
        EVIL,
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Origin": "http://evil.localhost.example"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_of_others_change_nothing(
    gateway: Gateway, path: str, request_: dict[str, Any], page: dict[str, str]
) -> None:
    """403, and all is as before; a program without an Origin is let through."""
    task = gateway.create()["task_id"]
    count = gateway.http.get("/api/tasks").headers["x-total-count"]
    headers = {**request_.get("headers", {}), **page}
    answer = gateway.http.post(path.format(task=task), **{**request_, "headers": headers})
    assert problem(answer) == (403, "origin_not_allowed")
    assert gateway.http.get("/api/tasks").headers["x-total-count"] == count
    assert gateway.http.get("/api/glossary").json() == []
    assert gateway.task(task)["status"] == "pending"


def test_our_own_page_and_programs_may(gateway: Gateway) -> None:
    """The same origin by name, address and port; no Origin at all."""
    own = str(gateway.http.base_url).rstrip("/")
    for headers in ({"Origin": own, "Sec-Fetch-Site": "same-origin"}, {"Origin": own}, {}, {"Sec-Fetch-Site": "none"}):
        answer = gateway.http.post("/api/tasks", files={"video": ("a.mp4", VIDEO)}, headers=headers)
        assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.nip.io", "", "a b"]
)
@pytest.mark.parametrize("path", ["/api/tasks", "/api/events", "/metrics", "/openapi.json", "/"])
def test_a_name_that_was_bound_to_this_address_reads_nothing(gateway: Gateway, host: str, path: str) -> None:
    """DNS rebinding: the page is of one origin with what it reads, but its name is not ours."""
    status, _, body = raw(gateway, f"GET {path} HTTP/1.1\nHost: {host}")
    assert (status, body["code"]) == (421, "host_not_allowed")


def test_two_hosts_are_none(gateway: Gateway) -> None:
    """A request that names two, or none."""
    assert raw(gateway, "GET /api/tasks HTTP/1.1\nHost: localhost\nHost: evil.example")[0] in (400, 421)
    assert raw(gateway, "GET /api/tasks HTTP/1.1\nAccept: */*")[0] in (400, 421)


def test_probes_ask_under_any_name(gateway: Gateway) -> None:
    """Health tells nothing of anybody."""
    for path in ("/healthz", "/readyz"):
        assert raw(gateway, f"GET {path} HTTP/1.1\nHost: gateway.pod")[0] == 200


@pytest.mark.parametrize("headers", [EVIL, {"Origin": "http://["}, {"Host": "evil.example"}])
def test_a_websocket_of_another_page_is_refused(gateway: Gateway, headers: dict[str, str]) -> None:
    """Browsers ask nobody before they open one, and let the page read it."""
    own = str(gateway.http.base_url).rstrip("/")
    url = f"{own}/ws/tasks/{gateway.create()['task_id']}".replace("http", "ws", 1)
    with connect(url, origin=own):  # type: ignore[arg-type]
        pass
    with pytest.raises(InvalidStatus) as refused, connect(url, additional_headers=headers):
        pass
    assert refused.value.response.status_code == 403


def test_configured_names_and_origins(small_world: World) -> None:
    """A name, everything below a name, and a page elsewhere that may."""
    gateway = small_world.gateway(
        LOCALCLIP_ALLOWED_HOSTS="dub.example.org, *.team.example", LOCALCLIP_ALLOWED_ORIGINS="https://desk.example/"
    )

    def cancel(host: str, **headers: str) -> int:
        lines = "".join(f"\n{name.replace('_', '-')}: {value}" for name, value in headers.items())
        return raw(gateway, f"POST /api/tasks/x/cancel HTTP/1.1\nHost: {host}\nContent-Length: 0{lines}")[0]

    for host in (
        "DUB.example.org",
        "dub.example.org:443",
        "a.team.example",
        "localhost:1",
        "10.0.0.7:8080",
        "[::1]:80",
    ):
        assert cancel(host) == 404, host
    for host in ("example.org", "team.example", "xteam.example"):
        assert cancel(host) == 421, host
    assert cancel("dub.example.org", Origin="https://dub.example.org") == 404  # TLS ends at a proxy
    assert cancel("dub.example.org:443", Origin="https://dub.example.org") == 404
    assert cancel("dub.example.org", Origin="https://desk.example", Sec_Fetch_Site="cross-site") == 404
    assert cancel("dub.example.org", Origin="https://desk.example:444") == 403
    assert cancel("dub.example.org", Origin="https://a.team.example") == 403


def test_with_keys_every_name_is_good(keyed: Gateway) -> None:
    """A proxy's name need not be configured: a page under a name of its own has no key to send."""
    assert raw(keyed, "GET /api/tasks HTTP/1.1\nHost: any.example\nX-API-Key: ana-key-0123456789")[0] == 200
    assert raw(keyed, "GET /api/tasks HTTP/1.1\nHost: any.example")[0] == 401


def test_what_the_browser_says_of_the_scheme_counts() -> None:
    """A page that came in the clear does not speak for one that came by TLS, where we know that it did."""
    names = Names()
    assert names.trusts("https://a.example", "a.example", "http")
    assert not names.trusts("http://a.example", "a.example", "https")
    assert not names.trusts("file://", "a.example", "http")
    assert not names.trusts("https://a.example.evil", "a.example", "http")
