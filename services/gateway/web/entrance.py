"""The checks on every request before a route sees it: where it comes from, who is asking, how much it may send.

Names and origins keep other web pages out.
"""

import asyncio
import contextlib
import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.settings import GatewaySettings
from services.gateway.web.keys import authenticate
from services.gateway.web.problems import BodyTooLarge, Problem, response

MAX_BODY_BYTES = 8 * 1024 * 1024
_LINGER_S = 2.0
_HEALTH = ("/healthz", "/readyz")  # used by probes, under any host name; they reveal nothing about anybody
_SAFE = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}

# Below /api without a key: what engines can do, and what has signed URLs: parts of an upload, and files.
_PUBLIC = (
    (("GET", "HEAD"), re.compile(r"/api/(languages|engines)")),
    (("PUT",), re.compile(r"/api/uploads/[^/]+/parts/[^/]+")),
    (("GET", "HEAD"), re.compile(r"/api/files/.+")),
)

# Files: these routes enforce their own limits while the body streams.
_OWN_LIMIT = (
    (("POST",), re.compile(r"/api/tasks/?|/api/clips|/api/glossary/import")),
    (("PUT",), re.compile(r"/api/uploads/[^/]+/parts/[^/]+|/api/tasks/[^/]+/languages/[^/]+/subtitles")),
)


def needs_key(method: str, path: str) -> bool:
    """Whether a path requires a key, if there are keys."""
    return path.split("/", 2)[1:2] in (["api"], ["ws"]) and not _among(_PUBLIC, method, path)


def has_own_limit(method: str, path: str) -> bool:
    """Whether a route accepts bodies larger than the limit for JSON."""
    return _among(_OWN_LIMIT, method, path)


def _among(rules: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...], method: str, path: str) -> bool:
    return any(method in methods and pattern.fullmatch(path) for methods, pattern in rules)


class Entrance:
    """Refuses what must not enter, tells the routes who is asking, and counts what is sent."""

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
    """Count a body of undeclared length: `receive` raises BodyTooLarge, and the response ends the connection."""
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
    """Add headers, so that no response is taken for another type of file or framed by a page of another origin."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            for name, value in _SAFE.items():
                headers.setdefault(name, value)
        await send(message)

    return guarded


def closing(receive: Receive, send: Send) -> Send:
    """Respond, then end the connection, but not so soon that a client that is still sending misses the response."""

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
    """Discard what still arrives, for a moment."""
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


_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.-]+)(?::([0-9]{1,5}))?")
_PORTS = {"http": "80", "ws": "80", "https": "443", "wss": "443"}
_READING = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Names:
    """The configured names and origins, and whether callers need a key."""

    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    keys_needed: bool = False

    def answers_to(self, host: str) -> bool:
        """Whether a request with this `Host` is meant for the gateway.

        IP addresses cannot be rebound, nor can the names of this machine. With keys, a page under a foreign name has no
        cookie to send, so every name is accepted while none is configured.
        """
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = found[1].lower().rstrip(".")
        if name == "localhost" or name.endswith(".localhost") or _is_address(name):
            return True
        if not self.hosts:
            return self.keys_needed
        return any(_matches(name, allowed) for allowed in self.hosts)

    def trusts(self, origin: str, host: str, scheme: str) -> bool:
        """Whether a page of `origin` may change something here; `scheme` is the request's, as far as it is known.

        Behind a proxy that terminates TLS we see http, so an https page of the same host is our own, but not vice
        versa.
        """
        if origin.lower() in self.origins:
            return True
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        if parts.scheme not in ("http", "https") or (scheme in ("https", "wss") and parts.scheme != "https"):
            return False
        return _without_port(parts.netloc, parts.scheme) == _without_port(host, parts.scheme)


def refusal(names: Names, connection: HTTPConnection) -> Problem | None:
    """Why this request is refused, judged by its declared origin and host."""
    headers = connection.headers
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not names.answers_to(hosts[0]):
        detail = "LocalClip does not answer to this host name; LOCALCLIP_ALLOWED_HOSTS names those it does"
        return Problem(421, "host_not_allowed", detail)
    if connection.scope["type"] == "http" and connection.scope["method"] in _READING:
        return None
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if origin is not None:
        configured = origin.lower() in names.origins
        fine = names.trusts(origin, hosts[0], connection.scope["scheme"]) and (site != "cross-site" or configured)
    else:  # a program, or a browser that declares the origin of the request by other means
        fine = site not in ("cross-site", "same-site")
    if fine:
        return None
    detail = "a page of another origin may change nothing here; LOCALCLIP_ALLOWED_ORIGINS names those that may"
    return Problem(403, "origin_not_allowed", detail)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _matches(name: str, allowed: str) -> bool:
    return allowed == "*" or name == allowed or (allowed.startswith("*.") and name.endswith(allowed[1:]))


def _without_port(host: str, scheme: str) -> str:
    return host.lower().removesuffix(f":{_PORTS[scheme]}")
