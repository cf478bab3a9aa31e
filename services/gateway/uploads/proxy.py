"""Our own proxy, through which a foreign program reaches only the addresses that we would connect to ourselves."""

import asyncio
import base64
import hmac
import secrets
from collections.abc import Iterable, Sequence
from contextlib import aclosing, suppress
from types import TracebackType
from typing import Self

import h11
import httpcore

from shared.outside import Forbidden, GuardedNetwork, Network, check_url, guarded_pool

_CONNECT_S, _READ_S, _HEAD_S = 15.0, 30.0, 30.0
_CHUNK = 65_536
_MOST_SENT = 1024 * 1024
"""The most bytes of a request body: queries, never a file."""
_HELLO = b"\x16"
"""The first byte of TLS: a tunnel carries nothing else."""
_OF_ONE_HOP = (
    *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection"),
    *(b"te", b"trailer", b"transfer-encoding", b"upgrade"),
)
_Headers = list[tuple[bytes, bytes]]


class FilteringProxy:
    """Listens on loopback for clients that know its password, and checks the address that each connection leads to.

    Names are resolved here, and the address that was checked is the one connected to. `refused` is the first reason why
    something was not reached, `received` how many bytes have arrived; beyond `most` it passes on none.
    """

    def __init__(self, networks: Sequence[Network], most: int) -> None:
        self._networks, self._most = networks, most
        self._word = base64.b64encode(f"localclip:{(word := secrets.token_urlsafe(24))}".encode())
        self._login = f"localclip:{word}"
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self.refused: str | None = None
        self.received = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_CHUNK)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._server is not None  # noqa: S101 (it is entered)
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """Its URL, including the password."""
        return f"http://{self._login}@127.0.0.1:{self.port}"

    @property
    def is_spent(self) -> bool:
        """Whether more bytes than allowed have arrived."""
        return self.received > self._most

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one request; then the connection ends."""
        talk = h11.Connection(h11.SERVER, max_incomplete_event_size=_CHUNK)
        try:
            async with asyncio.timeout(_HEAD_S):
                request, body = await _asked(talk, reader)
            given = dict(request.headers).get(b"proxy-authorization", b"")
            if not hmac.compare_digest(given, b"Basic " + self._word):
                await _say(talk, writer, 407, [(b"proxy-authenticate", b"Basic")])
            elif request.method == b"CONNECT":
                await self._tunnel(talk, request.target.decode("latin-1"), reader, writer)
            else:
                await self._forward(talk, request, body, writer)
        except Forbidden as error:
            self.refused = self.refused or str(error)
            await _say(talk, writer, 403)
        except (httpcore.TimeoutException, TimeoutError):
            await _say(talk, writer, 504)
        except (httpcore.NetworkError, httpcore.ProtocolError):
            await _say(talk, writer, 502)
        except (h11.RemoteProtocolError, OSError):
            await _say(talk, writer, 400)
        finally:
            writer.close()

    async def _forward(
        self, talk: h11.Connection, request: h11.Request, body: bytes, writer: asyncio.StreamWriter
    ) -> None:
        """Forward an unencrypted request, which is allowed only into the operator's own networks."""
        url = request.target.decode("latin-1")
        check_url(url, self._networks)
        timeouts = {"connect": _CONNECT_S, "read": _READ_S, "write": _READ_S, "pool": _READ_S}
        async with (
            guarded_pool(self._networks, encrypted=False) as pool,
            pool.stream(
                request.method,
                url,
                headers=_handed_on(request.headers),
                content=body or None,
                extensions={"timeout": timeouts},
            ) as answer,
        ):
            headers = [*_handed_on(answer.headers), (b"connection", b"close")]
            writer.write(talk.send(h11.Response(status_code=answer.status, headers=headers)) or b"")
            async with aclosing(answer.aiter_stream()) as chunks:  # type: ignore[type-var]
                async for chunk in chunks:
                    if not self._may_pass(len(chunk)):
                        return
                    writer.write(talk.send(h11.Data(data=chunk)) or b"")
                    await writer.drain()
        writer.write(talk.send(h11.EndOfMessage()) or b"")
        await writer.drain()

    async def _tunnel(
        self, talk: h11.Connection, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """An encrypted connection: we see only where it goes, and how much arrives."""
        check_url(f"https://{target}/", self._networks)
        host, _, port = target.rpartition(":")
        network = GuardedNetwork(self._networks)
        stream = await network.connect_tcp(host.strip("[]"), int(port) if port.isdecimal() else 443, _CONNECT_S)
        try:
            writer.write(talk.send(h11.Response(status_code=200, headers=[])) or b"")
            first = talk.trailing_data[0] or await reader.read(_CHUNK)
            if not first.startswith(_HELLO):
                return
            await stream.write(first)
            up = asyncio.create_task(_pass_up(reader, stream))
            try:
                while (chunk := await stream.read(_CHUNK)) and self._may_pass(len(chunk)):
                    writer.write(chunk)
                    await writer.drain()
            finally:
                up.cancel()
                await asyncio.gather(up, return_exceptions=True)
        finally:
            await stream.aclose()

    def _may_pass(self, size: int) -> bool:
        self.received += size
        return not self.is_spent


async def _asked(talk: h11.Connection, reader: asyncio.StreamReader) -> tuple[h11.Request, bytes]:
    """A request with its body. Raises: h11.RemoteProtocolError."""
    request, body = None, bytearray()
    while True:
        event = talk.next_event()
        if event is h11.NEED_DATA:
            talk.receive_data(await reader.read(_CHUNK))
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > _MOST_SENT:
                raise h11.RemoteProtocolError("it sends a file")
        elif isinstance(event, h11.EndOfMessage) and request is not None:
            return request, bytes(body)
        else:
            raise h11.RemoteProtocolError("it ended before all had come")


async def _pass_up(reader: asyncio.StreamReader, stream: httpcore.AsyncNetworkStream) -> None:
    """Pass on data until the client disconnects; after that nobody would read the response."""
    try:
        while chunk := await reader.read(_CHUNK):
            await stream.write(chunk)
    finally:
        await stream.aclose()


async def _say(talk: h11.Connection, writer: asyncio.StreamWriter, status: int, headers: Iterable = ()) -> None:  # type: ignore[type-arg]
    """Send our own response, if none has begun."""
    if talk.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
        return
    with suppress(OSError, h11.LocalProtocolError):
        own = [*headers, (b"content-length", b"0"), (b"connection", b"close")]
        writer.write(talk.send(h11.Response(status_code=status, headers=own)) or b"")
        await writer.drain()


def _handed_on(headers: Iterable[tuple[bytes, bytes]]) -> _Headers:
    """The headers without hop-by-hop ones."""
    return [(name, value) for name, value in headers if name.lower() not in _OF_ONE_HOP]
