"""The server's side of a connection, with an application of our own behind it."""

import asyncio
import base64
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import psutil
import pytest
import uvicorn
from uvicorn.protocols.utils import ClientDisconnected

from services.gateway.web.connection import Connection
from shared.testing import wait_until_async

PERIOD_S = 0.6


class Quick(Connection):
    """Half a second instead of a minute, and 600 bytes in it."""

    period_s = PERIOD_S
    least_bytes = 600


Application = Callable[
    [dict[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]
]


@asynccontextmanager
async def served(application: Application) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
    """A server of `application`; gives a function that connects."""
    config = uvicorn.Config(
        application, port=0, http=Quick, lifespan="off", log_config=None, access_log=False, timeout_keep_alive=30
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve())
    await wait_until_async(lambda: server.started, 60, "the server does not start")
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield lambda: asyncio.open_connection("127.0.0.1", port)
    finally:
        server.should_exit = server.force_exit = True
        await running


async def answer(send: Callable[[Any], Awaitable[None]], body: bytes, status: int = 200) -> None:
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def at_leisure(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Looks at the body a while before it reads on, as when a store is slow; tells how long the body was."""
    size, more = 0, True
    while more:
        await asyncio.sleep(PERIOD_S / 2)
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message["body"]), message["more_body"]
    await answer(send, str(size).encode())


def post(size: int, more: bytes = b"") -> bytes:
    return b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%s\r\n" % (size, more)


async def test_a_slow_reader_behind_us_is_not_the_clients_fault() -> None:
    """The body is taken over several times the time allowed; the client, which sent all it could, is answered."""
    async with served(at_leisure) as connected:
        reader, writer = await connected()
        writer.write(post(2_000_000) + bytes(2_000_000))
        assert (await asyncio.wait_for(reader.readline(), 60)).startswith(b"HTTP/1.1 200")
        assert (await asyncio.wait_for(reader.readuntil(b"2000000"), 60)).endswith(b"2000000")
        writer.close()


async def test_who_waits_to_be_asked_is_not_slow() -> None:
    """`Expect: 100-continue`: the body is not sent before the application wants it."""

    async def thinks_first(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await asyncio.sleep(3 * PERIOD_S)
        await at_leisure(scope, receive, send)

    async with served(thinks_first) as connected:
        reader, writer = await connected()
        writer.write(post(5, b"Expect: 100-continue\r\n"))
        assert (await asyncio.wait_for(reader.readline(), 60)).startswith(b"HTTP/1.1 100")
        writer.write(b"12345")
        assert (await asyncio.wait_for(reader.readuntil(b" 200 "), 60)).endswith(b" 200 ")
        writer.close()


async def test_long_answers_and_idle_times_do_not_count() -> None:
    """Two requests at once, answered late one after the other; then a pause; then a third."""

    async def late(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await asyncio.sleep(3 * PERIOD_S)
        await answer(send, scope["path"].encode() + b".")

    async with served(late) as connected:
        reader, writer = await connected()
        writer.write(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n")
        for path in (b"/a.", b"/b."):
            await asyncio.wait_for(reader.readuntil(path), 60)
        await asyncio.sleep(3 * PERIOD_S)
        writer.write(b"GET /c HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.wait_for(reader.readuntil(b"/c."), 60)
        writer.close()


async def refuses(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers before the body is there, and never reads it."""
    await answer(send, b"no", 401)


@pytest.mark.parametrize(
    ("sent", "drop", "expected"),
    [
        (b"", b"", b""),
        (b"", b"\r\n", b""),
        (b"GET /", b"x", b"HTTP/1.1 408"),
        (b"GET / HTTP/1.1\r\nX: ", b"x", b"HTTP/1.1 408"),
        (post(99_999), b"x", b"HTTP/1.1 401"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\n", b"HTTP/1.1 401"),
    ],
    ids=["nothing", "line ends", "address", "header", "body after the answer", "line ends after the answer"],
)
async def test_slow_connections_end(sent: bytes, drop: bytes, expected: bytes) -> None:
    """At whatever point; what had to be said is said before."""
    async with served(refuses) as connected:
        reader, writer = await connected()
        writer.write(sent)
        reading = asyncio.create_task(reader.read())
        async with asyncio.timeout(60):
            while not reading.done():
                writer.write(drop)
                await asyncio.sleep(PERIOD_S / 10)
        assert reading.result()[: len(expected)] == expected
        assert bool(reading.result()) == bool(expected)
        writer.close()


async def test_the_application_is_told_that_the_client_is_gone() -> None:
    """It is in the middle of the body, and may clear away what it kept of it."""
    told: asyncio.Queue[str] = asyncio.Queue()

    async def reads(scope: dict[str, Any], receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "http.request":
            pass
        told.put_nowait(message["type"])
        await answer(send, b"not heard")

    async with served(reads) as connected:
        reader, writer = await connected()
        writer.write(post(99_999) + b"begin")
        answered = await asyncio.wait_for(reader.read(), 60)
        assert answered.startswith(b"HTTP/1.1 408")
        assert answered.count(b"HTTP/1.1") == 1
        assert b"application/problem+json" in answered
        assert await asyncio.wait_for(told.get(), 60) == "http.disconnect"
        writer.close()


LONG = 20_000_000
"""More than a system holds for a client that does not read."""


async def at_once(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The whole answer in one piece, as small files are sent."""
    await answer(send, bytes(LONG))


async def in_pieces(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """As large files are sent."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % LONG)]})
    for left in range(LONG // 1_000_000 - 1, -1, -1):
        await send({"type": "http.response.body", "body": bytes(1_000_000), "more_body": left > 0})


async def events(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Without an end, until the client is gone."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    gone = asyncio.ensure_future(told_gone(receive))
    while not gone.done():
        await send({"type": "http.response.body", "body": b"data: x\n" * 10_000, "more_body": True})
        await asyncio.sleep(PERIOD_S / 20)


async def told_gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@asynccontextmanager
async def unread(connected: Callable[[], Awaitable[Any]], more: bytes = b"") -> AsyncIterator[socket.socket]:
    """A connection on which a request was sent and nothing is read."""
    _, writer = await connected()
    address = writer.get_extra_info("peername")[:2]
    writer.close()
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.setblocking(False)
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_connect(line, address)
        await loop.sock_sendall(line, b"GET / HTTP/1.1\r\nHost: x\r\n" + more + b"\r\n")
        yield line
    finally:
        line.close()


def is_open(line: socket.socket) -> bool:
    """Whether the server, which is in this process, has its end of a connection."""
    here = line.getsockname()[1]
    mine = psutil.Process().net_connections("tcp")
    return any(one.raddr and one.raddr.port == here and one.status != "CLOSE" for one in mine)


@pytest.mark.parametrize("application", [at_once, in_pieces, events])
async def test_who_does_not_read_is_closed(application: Application) -> None:
    """Whether the answer is complete or not; nothing of it is held."""
    async with served(application) as connected, unread(connected) as line:
        await wait_until_async(lambda: is_open(line), 60, "it is not connected")
        await wait_until_async(lambda: not is_open(line), 60, "what nobody reads is held")


async def test_a_websocket_that_nobody_reads_is_closed() -> None:
    """As what it was before."""

    async def speaks(scope: dict[str, Any], receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await send({"type": "websocket.accept"})
        with contextlib.suppress(ClientDisconnected):
            await send({"type": "websocket.send", "bytes": bytes(LONG)})

    upgrade = (
        b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n"
        % base64.b64encode(bytes(16))
    )
    async with served(speaks) as connected, unread(connected, upgrade) as line:
        await wait_until_async(lambda: is_open(line), 60, "it is not connected")
        await wait_until_async(lambda: not is_open(line), 15, "what nobody reads is held")


async def test_an_answer_is_not_held_by_a_connection_that_is_closing() -> None:
    """The server closes it itself, after `Connection: close` or an idle time; that waits for the client."""

    async def last(scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"%d" % LONG), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": bytes(LONG)})

    async with served(last) as connected, unread(connected) as line:
        await wait_until_async(lambda: is_open(line), 60, "it is not connected")
        await wait_until_async(lambda: not is_open(line), 60, "what nobody reads is held")


@pytest.mark.parametrize("application", [at_once, in_pieces])
async def test_who_reads_slowly_gets_everything(application: Application) -> None:
    """Over several times the period, at a steady speed above the least."""
    async with served(application) as connected, unread(connected) as line:
        loop, began, size = asyncio.get_running_loop(), time.monotonic(), 0
        while time.monotonic() < began + 4 * PERIOD_S:
            size += len(await loop.sock_recv(line, 4096))
            await asyncio.sleep(PERIOD_S / 60)
        slowly = size
        while size < LONG and (came := await loop.sock_recv(line, 1_000_000)):
            size += len(came)
        assert slowly < LONG <= size


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


async def counts(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Tells how long the body was."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message["body"]), message["more_body"]
    await answer(send, str(size).encode())


@pytest.mark.parametrize(
    "sent",
    [b"GET /", b"GET / HTTP/1.1\r\nX: ", CHUNKED + b"2;x=", CHUNKED + b"2\r\nab\r\n0\r\nX: "],
    ids=["address", "header", "between chunks", "behind the body"],
)
async def test_headers_without_an_end_are_refused(sent: bytes) -> None:
    """Long before the parser has much to copy, however fast they come."""
    async with served(counts) as connected:
        reader, writer = await connected()
        writer.write(sent + b"x" * 2_000_000)
        answered = await asyncio.wait_for(reader.read(), 60)
        assert answered.startswith(b"HTTP/1.1 431")
        assert b"headers_too_large" in answered
        writer.close()


async def test_a_body_in_small_chunks_is_no_header() -> None:
    """However many there are."""
    async with served(counts) as connected:
        reader, writer = await connected()
        writer.write(CHUNKED + b"1\r\na\r\n" * 200_000 + b"0\r\n\r\n")
        assert (await asyncio.wait_for(reader.readuntil(b"200000"), 60)).startswith(b"HTTP/1.1 200")
        writer.close()
