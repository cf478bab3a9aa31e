"""What requests are made of and what answers mean: no socket, no clock."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from localclip_client.errors import ApiError, LocalClipError, ServerUnreachable, UnexpectedAnswerError, refusal

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
_NOTHING_WAS_DONE = (429, 503)
_PASSES = (*_NOTHING_WAS_DONE, 502, 504)
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


def at(*parts: str | int) -> str:
    """The address of something below `/api`."""
    return "/api/" + "/".join(quote(str(part), safe="") for part in parts)


def given(**parameters: Any) -> dict[str, Any]:
    """Parameters without those that were left out."""
    return {name: value for name, value in parameters.items() if value is not None}


def conditions(metadata: Mapping[str, str | int | float | bool] | None) -> dict[str, Any]:
    """What is looked for in the metadata of callers: dots lead into objects."""
    said = {True: "true", False: "false"}
    return {
        f"metadata.{path}": said[value] if isinstance(value, bool) else value
        for path, value in (metadata or {}).items()
    }


def as_model(model: type[M], answer: httpx.Response) -> M:
    """An answer as what it is. Raises: UnexpectedAnswerError."""
    return as_type(TypeAdapter(model), answer)


def as_list(model: type[M], answer: httpx.Response) -> tuple[M, ...]:
    """The same of a list."""
    return as_type(TypeAdapter(tuple[model, ...]), answer)  # type: ignore[valid-type]


def as_type(adapter: TypeAdapter[T], answer: httpx.Response) -> T:
    """The same of anything."""
    try:
        return adapter.validate_json(answer.content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UnexpectedAnswerError(
            f"{answer.request.url} answers what is not understood ({where or 'body'}: {first['msg']}); "
            "is it a gateway of LocalClip, and this client as new as it?"
        ) from error


def total_of(answer: httpx.Response, found: int) -> int:
    """How many there are in all, of an answer with a page."""
    return int(answer.headers.get("X-Total-Count", found))


@contextmanager
def reaching(server: str) -> Iterator[None]:
    """Turn transport failures into one that names the server."""
    try:
        yield
    except httpx.TransportError as error:
        reason = str(error) or type(error).__name__
        text = f"no answer from {server} ({reason}); is `localclip up` running there?"
        passing = not isinstance(error, httpx.UnsupportedProtocol)
        raise ServerUnreachable(text, sent=not isinstance(error, _NOT_SENT), passing=passing) from error
    except httpx.InvalidURL as error:
        text = f"'{server}' is not an address; write http://host:port"
        raise ServerUnreachable(text, passing=False) from error


def check(answer: httpx.Response) -> None:
    """Raises: ApiError, for anything but a success."""
    if answer.is_success:
        return
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        problem = {}
    detail = problem.get("detail") or problem.get("title") or f"HTTP {answer.status_code} {answer.reason_phrase}"
    code, errors = str(problem.get("code", "http_error")), problem.get("errors") or ()
    raise refusal(answer.status_code, code, str(detail), errors, _seconds(answer.headers.get("Retry-After")))


def passes(error: LocalClipError) -> bool:
    """Whether the same request may succeed a little later."""
    if isinstance(error, ApiError):
        return error.status in _PASSES or error.code == "request_in_progress"
    return isinstance(error, ServerUnreachable) and error.passing


def may_repeat(method: str, error: LocalClipError) -> bool:
    """Whether a request may be sent again without doing anything twice: POST has a key, PATCH has nothing."""
    if not passes(error):
        return False
    if method != "PATCH":
        return True
    if isinstance(error, ApiError):
        return error.status in _NOTHING_WAS_DONE
    return isinstance(error, ServerUnreachable) and not error.sent


def pause_s(attempt: int, error: LocalClipError) -> float:
    """How long to wait after so many attempts: what the gateway says, else longer each time, never all at once."""
    if isinstance(error, ApiError) and error.retry_after_s is not None:
        return min(error.retry_after_s, _LONGEST_PAUSE_S)
    longest = min(_FIRST_PAUSE_S * 2**attempt, _LONGEST_PAUSE_S)
    return random.uniform(longest / 2, longest)  # noqa: S311 (no secret)


def is_local(server: str) -> bool:
    """Whether a server is on this machine. Raises: ServerUnreachable, where that is no address."""
    with reaching(server):
        return httpx.URL(server).host in ("localhost", "127.0.0.1", "::1")
    return False


def _seconds(retry_after: str | None) -> float | None:
    """`Retry-After`, as seconds or a date."""
    if not retry_after:
        return None
    try:
        if retry_after.strip().isdigit():
            return float(retry_after)
        when = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    now = datetime.now(UTC) if when.tzinfo else datetime.now(UTC).replace(tzinfo=None)
    return max(0.0, (when - now).total_seconds())
