"""Long answers travel compressed: the script of a long video is megabytes of JSON, and about a sixth as gzip."""

import asyncio
import gzip
import re
from functools import partial

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_WORTH_IT = 16 * 1024
_AT_ONCE = 128 * 1024  # a longer body is compressed in a thread
_TAKES = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", re.IGNORECASE)  # a weight of 0 refuses (RFC 9110, 12.4.2)
_compress = partial(gzip.compress, compresslevel=3, mtime=0)  # a higher level takes twice as long for a tenth


def takes_gzip(headers: Headers) -> bool:
    """Whether a client accepts gzip."""
    return _TAKES.search(headers.get("accept-encoding", "")) is not None


class JsonCompression:
    """Compresses long JSON bodies for clients that accept gzip.

    Files pass as they are, since they are read in ranges and resumed (Starlette's GZipMiddleware would compress those
    that are text or JSON); so do streams of events, and what has an ETag, which names its bytes.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or not takes_gzip(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        start: Message | None = None

        async def compressed(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_json(message):
                start = message
                return
            if start is not None:
                head, start = start, None
                message = await _smaller(head, message)
                await send(head)
            await send(message)

        await self._app(scope, receive, compressed)


def _is_json(start: Message) -> bool:
    headers = Headers(raw=start.get("headers", []))
    kind = headers.get("content-type", "").partition(";")[0]
    is_file = "accept-ranges" in headers or "content-disposition" in headers
    return kind == "application/json" and not is_file and "etag" not in headers


async def _smaller(start: Message, message: Message) -> Message:
    """The first body message, compressed if it is all and worth it; the headers of `start` follow."""
    body: bytes = message.get("body", b"")
    headers = MutableHeaders(raw=start["headers"])
    headers.add_vary_header("Accept-Encoding")
    if message.get("more_body", False) or len(body) < _WORTH_IT:
        return message
    body = await asyncio.to_thread(_compress, body) if len(body) > _AT_ONCE else _compress(body)
    headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(len(body))
    return {**message, "body": body}
