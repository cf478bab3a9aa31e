"""What every request passes before a route sees it: where it comes from, who is asking, how much it may send.

All of it is judged by the headers, before a byte of the body is read, so a refused request costs nothing.
"""

import asyncio
import contextlib
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.api.context import authenticate
from services.gateway.api.origins import Names, refusal
from services.gateway.api.problems import BodyTooLarge, Problem, response
from services.gateway.settings import GatewaySettings

MAX_BODY_BYTES = 8 * 1024 * 1024
_LINGER_S = 2.0
_HEALTH = ("/healthz", "/readyz")  # asked by probes, under whatever name they know us; they tell nothing of anybody
_SAFE = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}

# Below /api without a key: what engines can do, and parts of an upload, whose address is signed.
_PUBLIC = (
    (("GET", "HEAD"), re.compile(r"/api/(languages|engines)")),
    (("PUT",), re.compile(r"/api/uploads/[^/]+/parts/[^/]+")),
)
# Files: these routes watch limits of their own while the body streams.
_OWN_LIMIT = (
    (("POST",), re.compile(r"/api/tasks/?|/api/clips|/api/glossary/import")),
    (("PUT",), re.compile(r"/api/uploads/[^/]+/parts/[^/]+|/api/tasks/[^/]+/languages/[^/]+/subtitles")),
)


def needs_key(method: str, path: str) -> bool:
    """Whether an address is for those with a key only, where there are keys."""
    return path.split("/", 2)[1:2] in (["api"], ["ws"]) and not _among(_PUBLIC, method, path)


def has_own_limit(method: str, path: str) -> bool:
    """Whether a route takes larger bodies than JSON has."""
    return _among(_OWN_LIMIT, method, path)


def _among(rules: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...], method: str, path: str) -> bool:
    return any(method in methods and pattern.fullmatch(path) for methods, pattern in rules)


class Entrance:
    """Refuses what must not come in, tells the routes who is asking, and counts what is sent."""

    def __init__(self, app: ASGIApp, settings: GatewaySettings) -> None:
        self._app = app
        self._keys = settings.keys()
        self._names = Names(settings.host_names(), settings.origins(), bool(self._keys))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            self._admit(scope)
        except Problem as problem:
            await _refuse(problem, scope, receive, _guarded(send))
            return
        if scope["type"] == "websocket" or has_own_limit(scope["method"], scope["path"]):
            await self._app(scope, receive, _guarded(send))
            return
        receive, send = _counted(receive, _guarded(send))
        await self._app(scope, receive, send)

    def _admit(self, scope: Scope) -> None:
        """Raises: Problem 421, 403, 401, 413."""
        connection, path = HTTPConnection(scope), scope["path"]
        problem = refusal(self._names, connection) if path not in _HEALTH else None
        if problem is not None:
            raise problem
        method = scope["method"] if scope["type"] == "http" else "GET"
        if needs_key(method, path):
            scope.setdefault("state", {})["caller"] = authenticate(connection, self._keys)
        announced = connection.headers.get("content-length", "")
        if announced.isdecimal() and int(announced[:20]) > MAX_BODY_BYTES and not has_own_limit(method, path):
            raise Problem(413, BodyTooLarge.code, BodyTooLarge.words)


def _counted(receive: Receive, send: Send) -> tuple[Receive, Send]:
    """Count a body whose length was not told: `receive` raises BodyTooLarge, and the answer ends the connection."""
    size = 0
    closed = closing(receive, send)

    async def count() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MAX_BODY_BYTES:
            raise BodyTooLarge
        return message

    async def answer(message: Message) -> None:
        await (closed if size > MAX_BODY_BYTES else send)(message)

    return count, answer


def _guarded(send: Send) -> Send:
    """No answer is taken for another kind of file, nor shown inside a page of another origin."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            for name, value in _SAFE.items():
                headers.setdefault(name, value)
        await send(message)

    return guarded


def closing(receive: Receive, send: Send) -> Send:
    """Answer, then end the connection, but not so soon that a client who is still sending misses the answer."""

    async def close(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(raw=message.setdefault("headers", []))["Connection"] = "close"
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            await send({**message, "more_body": True})
            await _linger(receive)
            message = {"type": "http.response.body", "body": b""}
        await send(message)

    return close


async def _linger(receive: Receive) -> None:
    """Throw away what still arrives, for a moment."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_S):
            while (await receive()).get("more_body", False):
                pass


async def _refuse(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 4000 + problem.status, "reason": problem.detail})
        return
    headers = Headers(scope=scope)
    is_sending = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
    waits = "expect" in headers  # and sends nothing when refused
    if is_sending:
        send = closing(_nothing if waits else receive, send)
    await response(Request(scope), problem)(scope, receive, send)


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
