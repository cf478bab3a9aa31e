"""`Idempotency-Key`: a repeated POST gets the first answer and does nothing.

A key belongs to an account, however its API key was sent. A repeat must be the same request: method, URL and content.
Content is hashed as it streams, in both requests, so a video is never held in memory.

A gateway that dies leaves a claim whose lease expires, and the repeat is then handled as if it were the first: work
that this would duplicate stores its answer in its own transaction (`claims.keep`).
"""

import asyncio
import base64
import contextlib
import hashlib
import json
import secrets
from dataclasses import replace
from typing import Any

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.db import SQLAlchemyError
from services.gateway.db.engine import Database, DatabaseBusy
from services.gateway.db.tables import IdempotencyRow
from services.gateway.web import claims
from services.gateway.web.entrance import closing
from services.gateway.web.keys import Caller
from services.gateway.web.problems import BodyTooLarge, Problem, busy, response
from services.gateway.web.threads import Turns, turns
from shared.observability import logger

_RENEW_S = claims.LEASE.total_seconds() / 3
_REST_S = 2.0
_AGAIN_S = 1.0
_WORTH_ANOTHER_TRY = (400, 401, 403, 408, 409, 413, 429)
log = logger(__name__)


class IdempotencyMiddleware:
    """Remembers answers below 500 for a day."""

    def __init__(self, app: ASGIApp, database: Database) -> None:
        self._app, self._database = app, database
        self._releasing: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        key = Headers(scope=scope).get("idempotency-key") if scope["type"] == "http" else None
        caller: Caller | None = scope.get("state", {}).get("caller")
        if not key or scope["method"] != "POST" or caller is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if len(key) > 200:
            problem = Problem(422, "invalid_idempotency_key", "Idempotency-Key has more than 200 characters")
            await response(request, problem)(scope, receive, send)
            return
        row = IdempotencyRow(
            key=_digest(caller.account, key),
            fingerprint=_digest(scope["method"], scope["path"], scope.get("query_string", b"").decode("latin-1")),
            holder=secrets.token_hex(16),
        )
        try:
            known = await turns(request).run(claims.claim, self._database, row.key, row.fingerprint, row.holder or "")
        except DatabaseBusy:
            await response(request, busy())(scope, receive, send)
            return
        if known is None:
            await self._answer(row, caller, scope, receive, send)
        else:
            await _repeat(known, row.fingerprint, request, receive, send)

    async def _answer(self, row: IdempotencyRow, caller: Caller, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and store the answer before the client has all of it, since it may repeat the request at once."""
        content, body, is_settled = _Content(scope, receive), bytearray(), False
        claim = claims.Claim(row.key, row.holder or "", lambda: _status(scope), content.known)
        scope["state"]["caller"] = replace(caller, claim=claim)

        async def keep(message: Message) -> None:
            nonlocal is_settled
            if message["type"] == "http.response.start":
                row.status, row.headers = message["status"], _kept(message)
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    row.body = base64.b64encode(body).decode()
                    await self._settle(row, content, turns(Request(scope)))
                    is_settled = True
            await send(message)

        renewing = asyncio.create_task(self._renew(row))
        try:
            await self._app(scope, content.receive, keep)
        finally:
            renewing.cancel()
            if not is_settled:
                await self._release(row)

    async def _settle(self, row: IdempotencyRow, content: "_Content", turns: Turns) -> None:
        status = row.status or 500
        try:
            if status < 500 and status not in _WORTH_ANOTHER_TRY:
                await content.read_rest()
                if content.is_whole or status < 400:  # a refusal of an unknown body is not an answer to store
                    row.content, row.content_size = content.digest(), content.size
                    await turns.run(claims.settle, self._database, row)
                    return
        except SQLAlchemyError:  # the work is done nevertheless, and the client must know
            log.exception("answer_not_kept", status=status)
            return
        await self._release(row)

    async def _release(self, row: IdempotencyRow) -> None:
        """Free the key; if the database is busy, after the response, since a repeat would otherwise wait for the lease
        to expire."""
        if not await self._is_released(row):
            task = asyncio.create_task(self._release_later(row))
            self._releasing.add(task)
            task.add_done_callback(self._releasing.discard)

    async def _release_later(self, row: IdempotencyRow) -> None:
        for _ in range(int(claims.LEASE.total_seconds() / _AGAIN_S)):
            await asyncio.sleep(_AGAIN_S)
            if await self._is_released(row):
                return

    async def _is_released(self, row: IdempotencyRow) -> bool:
        try:
            await asyncio.to_thread(claims.release, self._database, row.key, row.holder or "")
        except SQLAlchemyError as error:
            log.warning("key_not_released", error=type(error).__name__)
            return False
        return True

    async def _renew(self, row: IdempotencyRow) -> None:
        while True:
            await asyncio.sleep(_RENEW_S)
            try:
                if not await asyncio.to_thread(claims.renew, self._database, row.key, row.holder or ""):
                    return
            except SQLAlchemyError as error:
                log.warning("claim_not_renewed", error=type(error).__name__)


def _status(scope: Scope) -> int:
    """The status of the route's successful response."""
    return getattr(scope.get("route"), "status_code", None) or 200


async def _repeat(known: IdempotencyRow, fingerprint: str, request: Request, receive: Receive, send: Send) -> None:
    reused = Problem(422, "idempotency_key_reused", "this Idempotency-Key came with another request before")
    busy = Problem(
        409,
        "request_in_progress",
        "the first request with this Idempotency-Key is not done yet",
        headers={"Retry-After": "2"},
    )
    content = _Content(request.scope, receive, at_most=known.content_size)
    if known.fingerprint != fingerprint:
        problem = reused
    elif known.status is None:
        problem = busy
    else:
        await content.read_rest(timeout_s=None)
        if content.is_cut_off:
            return
        if content.is_whole and known.content in (content.digest(), None):
            await _replay(known, send)
            return
        problem = reused
    answer = response(request, problem)
    await answer(request.scope, receive, send if content.is_whole else closing(receive, send))


async def _replay(known: IdempotencyRow, send: Send) -> None:
    headers = [(name.encode(), value.encode()) for name, value in known.headers.items()]
    headers.append((b"idempotency-replayed", b"true"))
    body = base64.b64decode(known.body)
    if body:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": known.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _Content:
    """Hashes a body as it passes; a form's boundary, which differs in every request, does not count."""

    def __init__(self, scope: Scope, receive: Receive, at_most: int | None = None) -> None:
        kind, options = parse_options_header(Headers(scope=scope).get("content-type", ""))
        self._boundary = options.get(b"boundary", b"") if kind == b"multipart/form-data" else b""
        self._hash = hashlib.blake2b(kind, digest_size=32)
        self._receive, self._at_most, self._left = receive, at_most, b""
        self.size = 0
        self.is_whole = self.is_cut_off = False

    async def receive(self) -> Message:
        """The next message, included in the hash."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._take(message.get("body", b""), is_last=not message.get("more_body", False))
        else:
            self.is_cut_off = not self.is_whole
        return message

    async def read_rest(self, timeout_s: float | None = _REST_S) -> None:
        """Read what is unread; gives up on a slow client, a body that is too large, and one longer than `at_most`."""
        with contextlib.suppress(TimeoutError, BodyTooLarge):
            async with asyncio.timeout(timeout_s):
                while not (self.is_whole or self.is_cut_off):
                    await self.receive()
                    if self._at_most is not None and self.size > self._at_most:
                        return

    def digest(self) -> str:
        """The hash of everything received."""
        return self._hash.hexdigest()

    def known(self) -> tuple[str, int] | None:
        """Hash and size, once it is whole."""
        return (self.digest(), self.size) if self.is_whole else None

    def _take(self, data: bytes, *, is_last: bool) -> None:
        if self._boundary:
            *parts, rest = (self._left + data).split(self._boundary)
            if parts:  # counted together: a boundary may be one letter, and a body nothing else
                self._count(b"--".join([*parts, b""]))
            kept = 0 if is_last else min(len(rest), len(self._boundary) - 1)  # a boundary may begin in it
            data, self._left = rest[: len(rest) - kept], rest[len(rest) - kept :]
        self._count(data)
        self.is_whole = self.is_whole or is_last

    def _count(self, data: bytes) -> None:
        self._hash.update(data)
        self.size += len(data)


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _kept(message: Message) -> dict[str, str]:
    pairs: list[tuple[bytes, bytes]] = message.get("headers", [])
    decoded: Any = ((name.decode().lower(), value.decode("latin-1")) for name, value in pairs)
    return {name: value for name, value in decoded if name in claims.KEPT_HEADERS}
