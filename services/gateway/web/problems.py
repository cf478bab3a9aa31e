"""Errors as RFC 9457 problem documents with a stable `code`."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from services.gateway.db import DataError
from services.gateway.db.engine import DatabaseBusy
from services.gateway.web.wording import without_machine
from shared.observability import logger
from shared.storage import StorageError, StoreFull

MEDIA_TYPE = "application/problem+json"
_MOST_ERRORS, _LONGEST = 100, 500
"""Limits on what a response repeats of a request: a body of 8 MiB can have half a million errors, or one of that
length."""
log = logger(__name__)


class Problem(Exception):  # noqa: N818 (a problem document, not only an error)
    """A response that reports an error."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: list[dict[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.errors, self.headers = errors, headers


class BodyTooLarge(HTTPException):
    """413, raised while a body is read: FastAPI lets its own exceptions through and reports others as bad JSON."""

    code = "body_too_large"
    words = "the body is larger than 8 MiB"

    def __init__(self) -> None:
        super().__init__(413, self.words)


def not_found(what: str) -> Problem:
    """404 for a task, language, segment..."""
    return Problem(404, "not_found", f"{what} does not exist")


def unprocessable(code: str, detail: str, pointer: str) -> Problem:
    """422 that points to the field."""
    return Problem(422, code, detail, [{"pointer": pointer, "detail": detail, "code": code}])


def invalid(what: str, errors: Sequence[Any]) -> Problem:
    """422 for input of the wrong form: each field, as reported by pydantic."""
    fields = [
        {
            "pointer": _pointer(entry["loc"])[:_LONGEST],
            "detail": str(entry["msg"])[:_LONGEST],
            "code": str(entry["type"]),
        }
        for entry in errors[:_MOST_ERRORS]
    ]
    return Problem(422, "invalid_request", f"the {what} is not valid", fields)


def document(problem: Problem, instance: str) -> dict[str, Any]:
    """The document; `instance` is the URL that was requested."""
    body: dict[str, Any] = {
        "type": f"urn:localclip:problem:{problem.code}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": without_machine(problem.detail),
        "code": problem.code,
        "instance": instance,
    }
    if problem.errors:
        body["errors"] = [{**entry, "detail": without_machine(entry["detail"])} for entry in problem.errors]
    return body


def response(request: Request, problem: Problem) -> JSONResponse:
    """The same as a response."""
    body = document(problem, request.url.path)
    return _Document(body, problem.status, headers=dict(problem.headers or {}), media_type=MEDIA_TYPE)


class _Document(JSONResponse):
    """JSON that may repeat what was sent: a lone surrogate, which UTF-8 cannot encode, is shown as `?`."""

    def render(self, content: Any) -> bytes:
        """The bytes."""
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def busy() -> Problem:
    """503 while the database is busy."""
    detail = "the database is busy with other work; nothing was changed, try again"
    return Problem(503, "database_busy", detail, headers={"Retry-After": "2"})


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem document."""

    async def on_problem(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Problem)  # noqa: S101 (registered for this class)
        return response(request, error)

    async def on_invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        return response(request, invalid("request", error.errors()))

    async def on_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101
        code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_").replace("-", "_")
        if isinstance(error, BodyTooLarge):
            code = error.code
        return response(request, Problem(error.status_code, code, str(error.detail), headers=error.headers))

    async def on_storage(request: Request, error: Exception) -> JSONResponse:
        log.error("store_failed", path=request.url.path, exc_info=error)
        full = isinstance(error, StoreFull)
        detail = (
            "the object store is full: delete tasks" if full else "the object store does not answer; try again later"
        )
        return response(request, Problem(503, "storage_unavailable", detail, headers={"Retry-After": "5"}))

    async def on_busy(request: Request, error: Exception) -> JSONResponse:
        log.warning("database_busy", path=request.url.path, why=str(error))
        return response(request, busy())

    async def on_unkept(request: Request, _: Exception) -> JSONResponse:
        detail = "the request holds a character that cannot be kept, such as NUL or half a surrogate pair"
        return response(request, Problem(422, "invalid_request", detail))

    async def on_cut_off(request: Request, _: Exception) -> JSONResponse:  # nobody reads it; it is not a defect
        return response(request, Problem(400, "upload_cut_off", "the connection ended before the body was complete"))

    app.add_exception_handler(ClientDisconnect, on_cut_off)
    app.add_exception_handler(DatabaseBusy, on_busy)

    async def on_defect(request: Request, _: Exception) -> JSONResponse:  # the server logs it with its traceback
        return response(request, Problem(500, "internal", "something unexpected went wrong; the log tells what"))

    app.add_exception_handler(Exception, on_defect)
    app.add_exception_handler(DataError, on_unkept)
    app.add_exception_handler(UnicodeEncodeError, on_unkept)  # pydantic 2 meets a lone surrogate
    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(StorageError, on_storage)


def _pointer(location: tuple[int | str, ...]) -> str:
    where = [str(part) for part in location]
    if where and where[0] in ("body", "command"):
        where = where[1:]
    return "/" + "/".join(where)
