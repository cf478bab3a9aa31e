"""The OpenAPI document: what FastAPI knows about the routes, plus every refusal before and inside them."""

import re
import threading
from functools import cache
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.web.entrance import needs_key
from services.gateway.web.fixed import Fixed, as_json
from services.gateway.web.problems import MEDIA_TYPE

PATH = "/openapi.json"
_PROBLEM = {
    "title": "Problem",
    "description": "An error, as RFC 9457 has it.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "instance"],
    "properties": {
        "type": {"type": "string", "description": "urn:localclip:problem:<code>"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "for people"},
        "code": {"type": "string", "description": "for programs; it does not change"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail", "code"],
                "properties": {name: {"type": "string"} for name in ("pointer", "detail", "code")},
            },
        },
    },
}
_MEANINGS = {
    400: "The body is cut off or malformed",
    401: "No API key, or one that is not known",
    403: "From another origin, or a signed address that is no longer valid",
    404: "There is no such thing, or it is another account's",
    409: "Not possible in the current state",
    412: "Changed meanwhile: `If-Match` names another version",
    413: "The body is too large",
    415: "The body's type is not accepted",
    416: "The file has no such range",
    421: "Addressed by a host name that LocalClip does not answer to",
    422: "Not valid; `errors` points at the fields",
    428: "`If-Match` is missing",
    500: "A defect",
    503: "Database, broker or object store do not answer; try again later",
}
_OF_FILES = {206: "The range that was asked for", 304: "Not changed", 307: "To the object store"}
_HEALTH = ("/healthz", "/readyz")
_VERSIONED = re.compile(r".*/(segments|lines|speakers)/\{\w+\}(/split)?|.*/choose")
_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "localclip_key"},
}


def install(app: FastAPI) -> None:
    """Make `app.openapi()` describe every status that may be returned, and serve it at `PATH`."""
    described = app.openapi
    making = threading.Lock()

    def complete() -> dict[str, Any]:
        with making:
            if app.openapi_schema is None:
                _complete(described())
            return described()

    @cache
    def written() -> Fixed:
        return as_json(complete())

    def document(request: Request) -> Response:  # a plain function: the first request must not block the event loop
        return written().answer(request, {"Cache-Control": "no-cache"})

    app.openapi = complete  # type: ignore[method-assign]
    app.add_route(PATH, document, include_in_schema=False)


def _complete(document: dict[str, Any]) -> None:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own shape, which is never used here
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    components["securitySchemes"] = _SCHEMES
    components["responses"] = {f"Problem{status}": _answer(status) for status in _MEANINGS}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if needs_key(method.upper(), path):
                operation["security"] = [{name: []} for name in _SCHEMES]
            if _is_file(method, operation) and "{" in path:
                operation["responses"] |= {str(status): {"description": words} for status, words in _OF_FILES.items()}
            for status in refusals(method, path, operation):
                operation["responses"][str(status)] = {"$ref": f"#/components/responses/Problem{status}"}


def _answer(status: int) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": _MEANINGS[status], "content": content}


def refusals(method: str, path: str, operation: dict[str, Any]) -> list[int]:
    """The statuses above 399 that an operation may return, judged by its method, path and parameters."""
    found = {500} if path in _HEALTH else {421, 500}
    if not path.startswith("/api"):
        return sorted(found | ({422} if operation.get("parameters") else set()))
    found |= {503}
    writes = method != "get"
    body = operation.get("requestBody", {}).get("content", {"*/*": {}} if method == "put" else {})
    if needs_key(method.upper(), path):
        found |= {401}
    if "{" in path or (writes and body):  # what is in the path, or what a body names
        found |= {404}
    if operation.get("parameters") or writes:
        found |= {422}
    if writes:
        found |= {403, 409}
    if body:
        found |= {400, 413}
    if set(body) - {"application/json"} or path.startswith("/api/uploads"):
        found |= {415}
    if method in ("patch", "put", "delete"):
        found |= {412}
    if writes and _VERSIONED.fullmatch(path):
        found |= {412, 428}
    if _is_file(method, operation):
        found |= {409, 416}
    if path.startswith("/api/files"):
        found |= {403}
    return sorted(found)


def _is_file(method: str, operation: dict[str, Any]) -> bool:
    content = operation["responses"].get("200", {}).get("content", {})
    return method == "get" and not {"application/json", "text/event-stream"} & set(content)
