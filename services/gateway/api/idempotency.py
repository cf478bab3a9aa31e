"""`Idempotency-Key`: a repeated POST gets the first answer and does nothing."""

import asyncio
import base64
import hashlib
from collections.abc import MutableMapping
from typing import Any

from sqlalchemy.exc import IntegrityError
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.api.problems import Problem, busy, response
from services.gateway.database.engine import Database, DatabaseBusy
from services.gateway.database.tables import IdempotencyRow
from shared.observability import logger

log = logger(__name__)
_MAX_JSON = 1024 * 1024
_KEPT_HEADERS = ("content-type", "location", "etag")


class IdempotencyMiddleware:
    """Remembers answers below 500 for a day, by API key, path and `Idempotency-Key`."""

    def __init__(self, app: ASGIApp, database: Database) -> None:
        self._app, self._database = app, database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        key = headers.get("idempotency-key")
        if not key or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if len(key) > 200:
            problem = Problem(422, "invalid_idempotency_key", "Idempotency-Key has more than 200 characters")
            await response(request, problem)(scope, receive, send)
            return
        body, receive = await _peek(headers, receive)
        caller = headers.get("authorization", "") + headers.get("x-api-key", "")
        row_key = hashlib.sha256(f"{caller}\n{scope['path']}\n{key}".encode()).hexdigest()
        fingerprint = hashlib.sha256(body).hexdigest()
        try:
            known = await asyncio.to_thread(self._claim, row_key, fingerprint)
        except DatabaseBusy:
            await response(request, busy())(scope, receive, send)
            return
        if known is None:
            await self._answer(row_key, scope, receive, send)
        else:
            await self._repeat(known, fingerprint, request, receive, send)

    async def _answer(self, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and keep the answer before the client has all of it: it may repeat the request at once."""
        status, headers, body, kept = 500, {}, bytearray(), False

        async def keep(message: Message) -> None:
            nonlocal status, headers, kept
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = _kept(message)
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    kept = True
                    await asyncio.to_thread(self._finish, key, status, headers, bytes(body))
            await send(message)

        try:
            await self._app(scope, receive, keep)
        finally:
            if not kept:
                await asyncio.to_thread(self._finish, key, 500, {}, b"")

    async def _repeat(
        self, known: IdempotencyRow, fingerprint: str, request: Request, receive: Receive, send: Send
    ) -> None:
        problem: Problem | None = None
        if known.fingerprint != fingerprint:
            problem = Problem(422, "idempotency_key_reused", "this Idempotency-Key came with another request before")
        elif known.status is None:
            problem = Problem(409, "request_in_progress", "the first request with this Idempotency-Key is not done yet")
        if problem:
            await response(request, problem)(request.scope, receive, send)
            return
        headers = [(name.encode(), value.encode()) for name, value in known.headers.items()]
        headers.append((b"idempotency-replayed", b"true"))
        await send({"type": "http.response.start", "status": known.status, "headers": headers})
        await send({"type": "http.response.body", "body": base64.b64decode(known.body)})

    def _claim(self, key: str, fingerprint: str) -> IdempotencyRow | None:
        """None when the request is the first with this key."""
        try:
            with self._database.write() as session:
                found = session.get(IdempotencyRow, key)
                if found is None:
                    session.add(IdempotencyRow(key=key, fingerprint=fingerprint))
                return found
        except IntegrityError:  # another gateway was faster
            with self._database.read() as session:
                return session.get(IdempotencyRow, key)

    def _finish(self, key: str, status: int, headers: dict[str, str], body: bytes) -> None:
        """What was asked is done whether its answer can be kept or not."""
        try:
            self._keep(key, status, headers, body)
        except DatabaseBusy as error:
            log.warning("answer_not_kept", status=status, why=str(error))

    def _keep(self, key: str, status: int, headers: dict[str, str], body: bytes) -> None:
        with self._database.write() as session:
            row = session.get(IdempotencyRow, key)
            if row is None:
                return
            if status >= 500 or status in (400, 408, 409, 413, 429):
                session.delete(row)  # worth another try with the same key
                return
            row.status, row.headers, row.body = status, headers, base64.b64encode(body).decode()


def _kept(message: MutableMapping[str, Any]) -> dict[str, str]:
    pairs = ((name.decode().lower(), value.decode("latin-1")) for name, value in message.get("headers", []))
    return {name: value for name, value in pairs if name in _KEPT_HEADERS}


async def _peek(headers: Headers, receive: Receive) -> tuple[bytes, Receive]:
    """The body of a small JSON request, given back unread; uploads are told apart by their length."""
    if "json" not in headers.get("content-type", ""):
        return headers.get("content-length", "").encode(), receive
    body = bytearray()
    more = True
    while more and len(body) <= _MAX_JSON:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": bytes(body), "more_body": more}

    return bytes(body), again
