"""Objects of the store as responses, whole or in ranges."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import BinaryIO, Protocol
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from services.gateway.web.problems import Problem, not_found
from services.gateway.web.threads import Threads
from shared.storage import ObjectInfo, ObjectNotFound, UploadStore

_CHUNK = 1024 * 1024
_EXPIRES = timedelta(hours=1)
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
"""With more digits than any file size it is not a range; invalid ranges are ignored (RFC 9110, 14.2)."""


class Serving(Protocol):
    """What files are served from."""

    store: UploadStore
    threads: Threads


def serve(parts: Serving, request: Request, key: str, name: str, media_type: str, download: bool = False) -> Response:
    """An object with `Range`, `If-Range` and `If-None-Match`; it is looked up when the response is sent.

    A download is redirected to the S3 service if browsers can reach it. Sending raises: Problem 404, 416.
    """
    return _Stored(parts, request, key, name, media_type, download=download)


class _Stored(Response):
    """Queries the store in the transfer threads, so that a hanging store does not keep plain routes waiting."""

    def __init__(
        self, parts: Serving, request: Request, key: str, name: str, media_type: str, *, download: bool
    ) -> None:
        super().__init__(media_type=media_type)
        self._parts, self._request, self._key = parts, request, key
        self._name, self._download = name, download

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        await (await self._answer())(scope, receive, send)

    async def _answer(self) -> Response:
        store, request, transfer = self._parts.store, self._request, self._parts.threads.transfer
        try:
            info = await transfer(store.stat, self._key)
        except ObjectNotFound:
            raise not_found("the file") from None
        headers = self._described(info)
        if _matches(request.headers.get("if-none-match"), info):
            return Response(status_code=304, headers=headers)
        if self._download and request.method == "GET":
            url = await transfer(store.read_url, self._key, _EXPIRES, self._name, self.media_type)
            if url:
                return RedirectResponse(url, 307, {"Cache-Control": "no-store"})
        start, end = _span(request, info) or (0, info.size - 1)
        length, status = end - start + 1, 200
        if length < info.size:
            status, headers["Content-Range"] = 206, f"bytes {start}-{end}/{info.size}"
        headers["Content-Length"] = str(length)
        if request.method == "HEAD" or length == 0:
            return Response(status_code=status, headers=headers, media_type=self.media_type)
        source = await transfer(store.open, self._key, start, length)
        return StreamingResponse(_chunks(self._parts, source), status, headers, self.media_type)

    def _described(self, info: ObjectInfo) -> dict[str, str]:
        kind = "attachment" if self._download else "inline"
        return {
            "ETag": f'"{info.etag}"',
            "Accept-Ranges": "bytes",
            "Content-Disposition": f"{kind}; filename*=UTF-8''{quote(self._name)}",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-cache",
        }


async def _chunks(parts: Serving, source: BinaryIO) -> AsyncIterator[bytes]:
    try:
        while chunk := await parts.threads.transfer(source.read, _CHUNK):
            yield chunk
    finally:
        await asyncio.shield(parts.threads.transfer(source.close))


def _matches(header: str | None, info: ObjectInfo) -> bool:
    if header is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in tags or f'"{info.etag}"' in tags


def _span(request: Request, info: ObjectInfo) -> tuple[int, int] | None:
    """The first and last byte requested; None for the whole. Raises: Problem 416."""
    wanted = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if not wanted or wanted.groups() == ("", ""):
        return None
    if_range = request.headers.get("if-range")
    if if_range is not None and if_range.strip() != f'"{info.etag}"':
        return None
    first, last = wanted.groups()
    start = int(first) if first else max(0, info.size - int(last))
    end = min(int(last), info.size - 1) if first and last else info.size - 1
    if start > end or start >= info.size:
        raise Problem(
            416,
            "range_not_satisfiable",
            "the range lies outside the file",
            headers={"Content-Range": f"bytes */{info.size}"},
        )
    return start, end
