"""`Idempotency-Key`: whose it is, what it stands for, and what becomes of it when a gateway dies."""

import asyncio
import hashlib
import random
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from signal import SIGKILL
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlmodel import select
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from services.gateway.db.engine import Database, DatabaseBusy
from services.gateway.db.tables import IdempotencyRow, now
from services.gateway.web import claims
from services.gateway.web.idempotency import IdempotencyMiddleware, _Content
from services.gateway.web.keys import Caller
from services.gateway.web.threads import Turns
from shared.testing import ServerUnavailable, nats_server, wait_until, wait_until_async
from tests.services.gateway.conftest import VIDEO, Gateway, World
from tests.services.gateway.pipeline.test_tasks import problem

ANA, BO = "ana-key-0123456789", "bo-key-0123456789"
OTHER_VIDEO = VIDEO[:-1] + b"\x01"


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with two accounts."""
    folder = tmp_path_factory.mktemp("keyed")
    try:
        with nats_server(folder / "nats") as server:
            world = World(folder, server, f"sqlite:///{folder}/localclip.db")
            yield world.gateway(LOCALCLIP_API_KEYS=f"ana:{ANA},bo:{BO}")
            world.close()
    except ServerUnavailable as why:
        pytest.skip(str(why))


def upload(gateway: Gateway, key: str, video: bytes = VIDEO, **headers: str) -> httpx.Response:
    """Send a video; the form's boundary is another each time."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return gateway.http.post("/api/tasks", files={"video": ("a.mp4", video)}, headers={"Idempotency-Key": key, **named})


def test_a_key_belongs_to_the_account(keyed: Gateway) -> None:
    """Whatever carried the API key: the cookie of another is another account, a header of the same is not."""
    first = upload(keyed, "mine", Cookie=f"localclip_key={ANA}").json()["task_id"]
    assert upload(keyed, "mine", Cookie=f"localclip_key={BO}").json()["task_id"] != first
    for headers in ({"Cookie": f"localclip_key={ANA}"}, {"Authorization": f"Bearer {ANA}"}, {"X_API_Key": ANA}):
        again = upload(keyed, "mine", **headers)
        assert (again.json()["task_id"], again.headers["idempotency-replayed"]) == (first, "true")


def test_who_has_no_key_leaves_nothing(keyed: Gateway) -> None:
    """A refused request does not spoil the key for its owner."""
    assert problem(upload(keyed, "poison", OTHER_VIDEO)) == (401, "unauthorized")
    answer = upload(keyed, "poison", X_API_Key=ANA)
    assert answer.status_code == 201
    assert "idempotency-replayed" not in answer.headers


def test_another_video_of_the_same_length_is_not_dropped(keyed: Gateway) -> None:
    """The content counts, in the smallest thing: it is refused, and has a key of its own then."""
    first = upload(keyed, "video", X_API_Key=ANA)
    assert problem(upload(keyed, "video", OTHER_VIDEO, X_API_Key=ANA)) == (422, "idempotency_key_reused")
    assert problem(upload(keyed, "video", VIDEO + b"more", X_API_Key=ANA)) == (422, "idempotency_key_reused")
    assert upload(keyed, "video", X_API_Key=ANA).json() == first.json()
    assert upload(keyed, "video-2", OTHER_VIDEO, X_API_Key=ANA).status_code == 201


def test_another_address_or_query_is_another_request(keyed: Gateway) -> None:
    """The same body elsewhere is not the same."""
    headers = {"Idempotency-Key": "where", "X-API-Key": ANA}
    body = {"filename": "a.mp4", "size": 5}
    assert keyed.http.post("/api/uploads", json=body, headers=headers).status_code == 201
    for url in ("/api/uploads?x=1", "/api/clips", "/api/tasks"):
        assert problem(keyed.http.post(url, json=body, headers=headers)) == (422, "idempotency_key_reused")


def test_a_refused_request_may_be_sent_again_as_it_should_be(keyed: Gateway) -> None:
    """An answer that tells of the body counts for that body only."""
    assert problem(upload(keyed, "typo", b"no video", X_API_Key=ANA)) == (415, "media_unsupported")
    again = upload(keyed, "typo", b"no video", X_API_Key=ANA)
    assert problem(again) == (415, "media_unsupported")
    assert again.headers["idempotency-replayed"] == "true"
    assert problem(upload(keyed, "typo", VIDEO, X_API_Key=ANA)) == (422, "idempotency_key_reused")


def test_the_same_request_twice_at_once_counts_once(world: World) -> None:
    """Whichever gateway and however fast: one task, and 409 or the same answer for the others."""
    gateways = [world.gateway()]
    if world.database_url.startswith("postgresql"):
        gateways.append(world.gateway())
    with ThreadPoolExecutor(8) as at_once:
        answers = list(at_once.map(lambda number: upload(gateways[number % len(gateways)], "race"), range(8)))
    made = {answer.json()["task_id"] for answer in answers if answer.status_code == 201}
    others = {problem(answer) for answer in answers if answer.status_code != 201}
    assert len(made) == 1
    assert others <= {(409, "request_in_progress")}
    assert gateways[0].http.get("/api/tasks").headers["x-total-count"] == "1"
    assert upload(gateways[-1], "race").json()["task_id"] == made.pop()


def test_a_gateway_that_dies_gives_the_key_up(world: World) -> None:
    """Until its lease is over the key is busy; then the next one who asks is answered."""
    dying = world.gateway()
    head, half = _half_a_request(dying)
    url = dying.http.base_url
    with closing(socket.create_connection((url.host, url.port or 80))) as line:
        line.sendall(head + half)
        wait_until(lambda: _claimed(world.database_url), 20, "nothing is claimed")
        assert problem(upload(dying, "half")) == (409, "request_in_progress")
        dying.service.end(SIGKILL)
    _lease(world.database_url, timedelta(hours=1))  # however long the next one takes to start
    heir = world.gateway()
    busy = upload(heir, "half")
    assert problem(busy) == (409, "request_in_progress")
    assert busy.headers["retry-after"] == "2"
    _lease(world.database_url, -timedelta(seconds=1))
    assert upload(heir, "half").status_code == 201
    assert upload(heir, "half").headers["idempotency-replayed"] == "true"
    assert heir.http.get("/api/tasks").headers["x-total-count"] == "1"


def _half_a_request(gateway: Gateway) -> tuple[bytes, bytes]:
    made = gateway.http.build_request("POST", "/api/tasks", files={"video": ("a.mp4", VIDEO)})
    body = made.read()
    lines = [f"Host: {gateway.http.base_url.host}", "Idempotency-Key: half", f"Content-Length: {len(body)}"]
    lines.append(f"Content-Type: {made.headers['content-type']}")
    return ("POST /api/tasks HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode(), body[:200]


def _claimed(url: str) -> bool:
    database = Database(url)
    with database.read() as session:
        found = session.connection().execute(sa.select(IdempotencyRow.key)).first()
    database.close()
    return found is not None


def _lease(url: str, left: timedelta) -> None:
    """Let all leases have so much time left."""
    database = Database(url)
    with database.write() as session:
        session.connection().execute(sa.update(IdempotencyRow).values(leased_until=now() + left))
    database.close()


def test_a_claim_has_one_holder(database_url: str) -> None:
    """Who renews it keeps it; who lost it neither renews nor answers nor frees it."""
    database = Database(database_url)
    database.migrate()
    assert claims.claim(database, "k", "f", "first") is None
    known = claims.claim(database, "k", "f", "second")
    assert known is not None
    assert (known.holder, known.status) == ("first", None)
    _lease(database_url, -timedelta(seconds=1))
    assert claims.renew(database, "k", "first")
    assert claims.claim(database, "k", "f", "second") is not None
    _lease(database_url, -timedelta(seconds=1))
    assert claims.claim(database, "k", "f", "second") is None
    assert not claims.renew(database, "k", "first")
    claims.release(database, "k", "first")
    claims.settle(database, IdempotencyRow(key="k", fingerprint="f", holder="first", status=201))
    late = claims.claim(database, "k", "f", "third")
    assert late is not None
    assert (late.holder, late.status) == ("second", None)
    claims.settle(database, IdempotencyRow(key="k", fingerprint="f", holder="second", status=202))
    _lease(database_url, -timedelta(seconds=1))
    answered = claims.claim(database, "k", "f", "third")
    assert answered is not None
    assert answered.status == 202
    database.close()


def test_a_key_that_a_busy_database_kept_is_given_free_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody who was refused has to wait for the lease to run out."""
    database = Database(f"sqlite:///{tmp_path / 'gateway.db'}")
    database.migrate()
    release, refused = claims.release, iter([DatabaseBusy("held"), DatabaseBusy("held")])

    def busy_twice(*arguments: Any) -> None:
        for error in refused:
            raise error
        release(*arguments)

    monkeypatch.setattr(claims, "release", busy_twice)

    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("busy", 503)(scope, receive, send)

    async def post() -> None:
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/api/glossary/import",
            "headers": [(b"idempotency-key", b"k")],
            "app": SimpleNamespace(state=SimpleNamespace(turns=Turns(5))),
            "state": {"caller": Caller(owner=None)},
        }
        await IdempotencyMiddleware(refuse, database)(scope, _nothing_more, _unheard)
        await wait_until_async(lambda: asyncio.to_thread(_is_empty, database), 20, "the key is kept")

    asyncio.run(post())
    assert next(refused, None) is None
    database.close()


async def _nothing_more() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _unheard(message: Message) -> None:
    """Nobody listens."""


def _is_empty(database: Database) -> bool:
    with database.read() as session:
        return session.exec(select(IdempotencyRow)).first() is None


def content(boundary: bytes, chunks: list[bytes]) -> _Content:
    """A form of this boundary that has passed in `chunks`."""
    kind = b"multipart/form-data; boundary=" + boundary
    passed = _Content({"type": "http", "headers": [(b"content-type", kind)]}, _nothing)
    for number, chunk in enumerate(chunks, 1):
        passed._take(chunk, is_last=number == len(chunks))
    return passed


async def _nothing() -> Message:
    raise AssertionError("the test gives it what there is")


def hashed_as_before(boundary: bytes, body: bytes) -> tuple[str, int]:
    """What keys that are stored already were made with: a form without its boundaries, part by part."""
    *parts, rest = body.split(boundary)
    whole = b"".join(part + b"--" for part in parts) + rest
    return hashlib.blake2b(b"multipart/form-data" + whole, digest_size=32).hexdigest(), len(whole)


@pytest.mark.parametrize("seed", range(300))
def test_a_form_is_hashed_without_its_boundary(seed: int) -> None:
    """However it is cut into chunks, also where a boundary is one letter or is repeated in itself."""
    chance = random.Random(seed)
    boundary = bytes(chance.choices(b"ab", k=chance.randint(1, 5)))
    body = bytes(chance.choices(b"abc-", weights=(4, 4, 1, 1), k=chance.randint(0, 200)))
    cuts = sorted(chance.choices(range(len(body) + 1), k=chance.randint(0, 12)))
    chunks = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    passed = content(boundary, chunks)
    assert (passed.digest(), passed.size) == hashed_as_before(boundary, body)


def test_a_boundary_of_one_letter_is_no_work_for_each_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chunk is counted in two steps, however many boundaries are in it."""
    counted: list[int] = []
    count = _Content._count
    monkeypatch.setattr(_Content, "_count", lambda self, data: (counted.append(len(data)), count(self, data))[1])
    passed = content(b"a", [b"a" * 100_000, b"a" * 100_000])
    assert (len(counted), passed.size) == (4, 400_000)
