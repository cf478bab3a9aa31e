"""One request to a chat endpoint with OpenAI's protocol, repeated until it is answered or hopeless.

Plain HTTP, without the `openai` package: a single POST is all that is needed, services differ in exactly the details
that a client library hides (which errors are permanent, how answers can be constrained), and a canceled job has to stop
waiting at once.
"""

import asyncio
import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx

from shared.observability import logger
from shared.pipeline import ErrorCode, PermanentError, TransientError

TRIES = 5
_LONGEST_PAUSE_S = 60.0
"""If a service asks for a longer wait than this, the job goes back to the queue."""
_AGAIN = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.CONFLICT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
    529,  # overloaded, at some services
}
_ELSEWHERE = {
    HTTPStatus.MOVED_PERMANENTLY,
    HTTPStatus.FOUND,
    HTTPStatus.TEMPORARY_REDIRECT,
    HTTPStatus.PERMANENT_REDIRECT,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
}
_NO_CREDIT = ("insufficient_quota", "billing_hard_limit", "credit balance")
_ABOUT_FORMAT = ("response_format", "json_schema", "json_object", "structured output")
_EXCERPT = 300

Json = dict[str, Any]
log = logger(__name__)


@dataclass(frozen=True)
class Endpoint:
    """Where a model is served."""

    url: str
    model: str
    key: str = ""
    timeout_s: float = 120.0
    concurrency: int = 4
    pause_s: float = 1.0
    """Seconds before the second try; doubled before each further one."""
    line_s: float = 60.0
    """How long a repeated request for a single line may take."""


@dataclass(frozen=True)
class Answer:
    """What the model said and what that cost; `refusal` says why it said nothing."""

    text: str
    tokens_in: int
    tokens_out: int
    refusal: str = ""


class Chat:
    """A model behind an endpoint. Used on one event loop only."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._client = httpx.AsyncClient(
            base_url=endpoint.url,
            headers={"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {},
            timeout=httpx.Timeout(endpoint.timeout_s, connect=min(10.0, endpoint.timeout_s)),
            limits=httpx.Limits(max_connections=endpoint.concurrency),
        )
        self._slots = asyncio.Semaphore(endpoint.concurrency)
        self._formats = ["json_schema", "json_object", "text"]

    async def ask(self, messages: list[Json], schema: Json, within_s: float | None = None) -> Answer:
        """The model's answer, in the shape of `schema` as far as the service can enforce it.

        A request that is not answered in time is repeated, but not one with its own deadline, `within_s`.

        Raises:
            PermanentError: `engine_unavailable` when key, credit, URL or model are wrong; `engine_failed` when the
            service refuses this request, or misses its deadline. TransientError: `engine_unavailable` when the service
            does not answer for long.
        """
        tried, reason = 0, ""
        while tried < TRIES:
            shape = self._formats[0]
            try:
                response = await self._post(messages, schema, shape, within_s)
            except (httpx.TransportError, TimeoutError) as error:
                if within_s is not None and isinstance(error, TimeoutError | httpx.ReadTimeout):
                    raise PermanentError(ErrorCode.ENGINE_FAILED, f"no answer within {within_s:g} s") from error
                reason, wanted_s = f"{type(error).__name__} {error}".strip(), None
            else:
                if response.is_success:
                    return _read(response)
                if self._learns_from(response, shape):
                    continue
                if not _is_passing(response):
                    raise self._explained(response)
                reason, wanted_s = _said(response), _retry_after(response.headers)
            tried += 1
            await self._pause(tried, reason, wanted_s)
        raise self._silent(reason)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _post(self, messages: list[Json], schema: Json, shape: str, within_s: float | None) -> httpx.Response:
        body: Json = {"model": self._endpoint.model, "messages": messages}
        if shape == "json_schema":
            body["response_format"] = {
                "type": shape,
                "json_schema": {"name": "translations", "strict": True, "schema": schema},
            }
        elif shape == "json_object":
            body["response_format"] = {"type": shape}
        limit_s = min(self._endpoint.timeout_s, within_s or self._endpoint.timeout_s)
        async with self._slots, asyncio.timeout(limit_s):  # a drip of bytes resets httpx's own limit
            return await self._client.post("chat/completions", json=body)

    def _learns_from(self, response: httpx.Response, shape: str) -> bool:
        """Whether the service refused only the constraint on answers; later requests omit it."""
        if response.status_code not in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY) or shape == "text":
            return False
        if not any(word in response.text.lower() for word in _ABOUT_FORMAT):
            return False
        if self._formats[0] == shape:  # not yet learned beside this question
            del self._formats[0]
            log.warning("answer_format_not_supported", format=shape, next=self._formats[0])
        return True

    async def _pause(self, tried: int, reason: str, wanted_s: float | None) -> None:
        if tried >= TRIES:
            return
        if wanted_s is not None and wanted_s > _LONGEST_PAUSE_S:
            raise self._silent(f"{reason}; it asks for {wanted_s:.0f} s of patience")
        backoff_s = min(_LONGEST_PAUSE_S, self._endpoint.pause_s * 2 ** (tried - 1))
        pause_s = wanted_s if wanted_s is not None else backoff_s * random.uniform(0.75, 1.25)  # noqa: S311 (spread)
        log.warning("chat_retried", tried=tried, reason=reason, pause_s=round(pause_s, 2))
        await asyncio.sleep(pause_s)

    def _silent(self, reason: str) -> TransientError:
        return TransientError(
            ErrorCode.ENGINE_UNAVAILABLE, f"the translation service at {self._endpoint.url} does not answer: {reason}"
        )

    def _explained(self, response: httpx.Response) -> PermanentError:
        """What a person can do about an answer that will not change."""
        said, where = _said(response), self._endpoint.url
        match response.status_code:
            case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
                text = (
                    f"{where} does not accept the key ({said}); set LOCALCLIP_OPENAI_API_KEY to one that is valid there"
                )
            case status if status in _ELSEWHERE:
                text = (
                    f"{where} has no model '{self._endpoint.model}' or is not the base URL of an OpenAI-compatible "
                    f"service ({said}); set LOCALCLIP_OPENAI_URL, up to and with /v1, and LOCALCLIP_OPENAI_MODEL"
                )
            case HTTPStatus.PAYMENT_REQUIRED | HTTPStatus.TOO_MANY_REQUESTS:
                text = f"the account at {where} has no credit left ({said}); add credit, or use another service"
            case _:
                return PermanentError(ErrorCode.ENGINE_FAILED, f"{where} does not take the question: {said}")
        return PermanentError(ErrorCode.ENGINE_UNAVAILABLE, text)


def _is_passing(response: httpx.Response) -> bool:
    """Whether the same request may succeed later."""
    if any(word in response.text for word in _NO_CREDIT):
        return False
    return response.status_code in _AGAIN or response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR


def _said(response: httpx.Response) -> str:
    """The service's own message, shortened."""
    text = response.text
    try:
        error = json.loads(text)["error"]
        text = error if isinstance(error, str) else str(error["message"])
    except (ValueError, KeyError, TypeError):
        pass
    return f"{response.status_code} {' '.join(text.split())[:_EXCERPT]}".strip()


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, given as a number or a date."""
    wanted = headers.get("retry-after", "")
    try:
        return max(0.0, float(wanted))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(wanted).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def _read(response: httpx.Response) -> Answer:
    """Read a completion; an invalid one reads as an empty text."""
    try:
        document = json.loads(response.content)
        choice = document["choices"][0]
        message = choice["message"]
        text, refusal = message.get("content") or "", message.get("refusal") or ""
        filtered = choice.get("finish_reason") == "content_filter"
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        log.warning("completion_unreadable", body=response.text[:_EXCERPT])
        return Answer("", 0, 0)
    return Answer(str(text), *_usage(document), refusal=str(refusal) or ("content filter" if filtered else ""))


def _usage(document: Json) -> tuple[int, int]:
    usage = document.get("usage")
    if not isinstance(usage, dict):
        return 0, 0
    counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    tokens_in, tokens_out = (count if isinstance(count, int) else 0 for count in counts)
    return tokens_in, tokens_out
