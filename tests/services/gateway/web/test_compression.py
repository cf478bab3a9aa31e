"""Long JSON answers travel as gzip; nothing else is touched."""

import json
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response, StreamingResponse

from services.gateway.web.compression import JsonCompression
from tests.services.gateway.conftest import Gateway, lone_gateway

LINES = [{"segment_id": f"seg_{number:04d}", "text": f"What is said in line {number}."} for number in range(3000)]
GZIP, PLAIN = {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "identity"}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway without a task."""
    with lone_gateway(tmp_path_factory.mktemp("compression")) as gateway:
        yield gateway


def _app() -> FastAPI:
    app = FastAPI()
    app.add_middleware(JsonCompression)

    @app.get("/lines")
    def lines(first: int = 3000) -> Response:
        return JSONResponse(LINES[:first])

    @app.get("/versioned")
    def versioned() -> Response:
        return JSONResponse(LINES, headers={"ETag": '"1"'})

    @app.get("/file")
    def file() -> Response:
        return JSONResponse(LINES, headers={"Accept-Ranges": "bytes"})

    @app.get("/stream")
    def stream() -> Response:
        async def parts() -> AsyncIterator[str]:
            for line in LINES:
                yield json.dumps(line)

        return StreamingResponse(parts(), media_type="application/json")

    @app.get("/broken")
    def broken() -> Response:
        raise ValueError

    return app


@pytest.mark.parametrize("first", [3000, 500])
async def test_long_json_is_compressed_for_who_takes_it(first: int) -> None:
    """Both sizes, in a thread and at once: the same content, and its length is that of what travels."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(_app()), base_url="http://test") as client:
        async with client.stream("GET", f"/lines?first={first}", headers=GZIP) as answer:
            travelled = [chunk async for chunk in answer.aiter_raw()]
        plain = await client.get(f"/lines?first={first}", headers=PLAIN)
        again = await client.get(f"/lines?first={first}", headers=GZIP)
    assert (answer.headers["content-encoding"], answer.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert int(answer.headers["content-length"]) == sum(map(len, travelled)) < len(plain.content) / 4
    assert "content-encoding" not in plain.headers
    assert again.json() == plain.json() == LINES[:first]


@pytest.mark.parametrize(
    ("accepted", "sent"),
    [
        ("br, gzip;q=0.5", "gzip"),
        ("GZIP", "gzip"),
        ("gzip;q=0", None),
        ("gzip; q=0.00, br", None),
        ("identity", None),
    ],
)
async def test_a_weight_of_zero_refuses(accepted: str, sent: str | None) -> None:
    """RFC 9110 on Accept-Encoding."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(_app()), base_url="http://test") as client:
        answer = await client.get("/lines", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == sent
    assert answer.json() == LINES


@pytest.mark.parametrize("path", ["/lines?first=10", "/versioned", "/file", "/stream"])
async def test_the_rest_travels_as_it_is(path: str) -> None:
    """What is short, has an ETag of its bytes, is read in ranges, or is sent bit by bit."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(_app()), base_url="http://test") as client:
        answer, plain = [await client.get(path, headers=headers) for headers in (GZIP, PLAIN)]
    assert "content-encoding" not in answer.headers
    assert answer.content == plain.content != b""


async def test_a_failure_is_still_an_answer() -> None:
    """Nothing was sent yet when a route fails."""
    transport = httpx.ASGITransport(_app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.get("/broken", headers=GZIP)).status_code == 500


def test_the_gateway_compresses_its_answers(alone: Gateway) -> None:
    """The API's own description is its longest answer while there is no task."""
    answer, plain = (alone.http.get("/openapi.json", headers=headers) for headers in (GZIP, PLAIN))
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < len(plain.content) / 4
    assert answer.json() == plain.json()
