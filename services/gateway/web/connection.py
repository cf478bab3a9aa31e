"""The server's side of an HTTP connection: closed if a client sends or reads too slowly, or sends endless headers."""

import asyncio
import json
import sys
from collections import deque
from http import HTTPStatus
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from shared.observability import logger

_LOOKS = 12
_LINGER_S = 1.0
log = logger(__name__)


class _Counting:
    """A transport that counts the bytes written to it."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.plain, self._written = transport, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plain, name)

    def write(self, data: bytes) -> None:
        """Write."""
        self._written += len(data)
        self.plain.write(data)

    def arrived(self) -> int:
        """The bytes that the client's system has taken so far; if the client does not read, it takes no more."""
        return self._written - self.plain.get_write_buffer_size() - _queued(self.plain)


def _queued(transport: asyncio.Transport) -> int:
    """The bytes that wait in our system, as far as it tells (Linux).

    It takes megabytes at once and then nothing until a third of them has arrived, which takes a slow client minutes.
    """
    if sys.platform != "linux":
        return 0
    import fcntl
    import termios

    try:
        told = fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
    except (OSError, ValueError):  # it is being closed
        return 0
    return int.from_bytes(told, sys.byteorder)


class Connection(HttpToolsProtocol):
    """Closes the connection if fewer than `least_bytes` moved in `period_s` in which the server waited for the client.

    It waits for bytes while a request is incomplete: before its first byte, in its headers, in its body. Time in which
    we do not read (the store is taking the last piece, a response is being sent), idle time between requests (the
    server has its own limit), event streams and WebSockets do not count.

    It waits to get rid of bytes while something lies in the transport, be it of a response, an event stream or a
    WebSocket: also after the last request, since a transport that is being closed keeps what it holds until that is
    read.
    """

    period_s = 60.0
    """As long as proxies wait (nginx: `send_timeout`); a phone that changes cells is back sooner.

    Long downloads have no more: whoever pauses a video or a download goes on with a `Range` request.
    """
    least_bytes = 60_000
    """1 kB/s: a tenth of a bad mobile network. At that speed the largest video would take a week."""

    most_head_bytes = 64 * 1024
    """The most consecutive bytes outside a body: URL and headers, and what is between and after chunks.

    The parser has no limit, and copies a value again for each piece of it that arrives: on the loop, before any key is
    checked. A read that begins a request, or contains part of a body, does not count.
    """

    _look: asyncio.TimerHandle | None = None
    _came = 0
    _arrived = 0
    _head = 0
    _mid_request = False
    _given_up = False
    _upgraded = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start watching the connection."""
        self._counting = _Counting(transport)
        super().connection_made(cast(asyncio.Transport, self._counting))
        self._each: deque[int] = deque(maxlen=_LOOKS)
        self._taken: deque[int] = deque(maxlen=_LOOKS)
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching it."""
        self._stop_looking()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count bytes; once the connection is given up, drop what still arrives."""
        self._came += len(data)
        if self._given_up:
            return
        self._head += len(data)
        super().data_received(data)
        if self._head > self.most_head_bytes and not self.transport.is_closing():
            self._give_up(_problem(431, "headers_too_large", f"more than {self.most_head_bytes} bytes of headers came"))

    def handle_websocket_upgrade(self) -> None:
        """From here on it is another protocol, which answers for what comes; what goes is still watched."""
        self._upgraded = True
        super().handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        """A request begins; each request is measured separately."""
        self._each.clear()
        self._mid_request, self._head = True, 0
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """The data is part of a body."""
        self._head = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The whole request is here."""
        self._each.clear()
        self._mid_request, self._head = False, 0
        super().on_message_complete()

    def _look_later(self) -> None:
        self._look = self.loop.call_later(self.period_s / _LOOKS, self._look_at_it)

    def _stop_looking(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None

    def _look_at_it(self) -> None:
        held = self.transport.get_write_buffer_size()
        if self._upgraded and self.transport.is_closing() and not held:  # the other protocol is told of the end
            return
        self._look_later()
        came, self._came = self._came, 0
        before, self._arrived = self._arrived, self._counting.arrived()
        if held:
            self._taken.append(self._arrived - before)
        else:
            self._taken.clear()
        if self._too_few(self._taken):
            log.info("slow_reader_closed", client=self.client[0] if self.client else None)
            self.transport.abort()  # `close` would wait for the client
        elif self._waits_for_client():
            self._each.append(came)
            if self._too_few(self._each):
                self._close_slow()

    def _too_few(self, each: deque[int]) -> bool:
        return len(each) == _LOOKS and sum(each) < self.least_bytes

    def _waits_for_client(self) -> bool:
        if self._given_up or self._upgraded or self.transport.is_closing():
            return False
        if self.flow.read_paused or self.timeout_keep_alive_task is not None:
            return False
        if not self._mid_request:  # a request is being answered, or none has begun: empty lines do not begin one
            return not self._answering()
        return not (self._answering() and self.cycle.waiting_for_100_continue)

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _close_slow(self) -> None:
        log.info("slow_client_closed", client=self.client[0] if self.client else None)
        said = f"less than {self.least_bytes} bytes came in {self.period_s:g} s; nothing of this request was kept"
        self._give_up(_problem(408, "too_slow", said))

    def _give_up(self, answer: bytes) -> None:
        if self.transport.get_write_buffer_size():  # a client that does not read would keep it closing forever
            self.transport.abort()
            return
        if self._mid_request and self._may_answer():
            self.transport.write(answer)
        if self._answering():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._given_up = True
        self.transport.write_eof()  # with an unread byte on closing, the client would lose the response
        self.loop.call_later(_LINGER_S, self.transport.close)

    def _may_answer(self) -> bool:
        """Whether the next response the client reads would be the one to the incomplete request."""
        return not self._answering() or (self.cycle.more_body and not self.cycle.response_started)


def _problem(status: int, code: str, detail: str) -> bytes:
    problem: dict[str, Any] = {
        "type": f"urn:localclip:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    body = json.dumps(problem).encode()
    head = b"content-type: application/problem+json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
    return STATUS_LINE[status] + head + body
