"""The way into the product for a client that does not give up: another gateway, another try, the same key."""

import asyncio
import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

_WAIT_S = 0.5
_TRY_LATER = (408, 425, 429)
_PATIENCE_S = 150.0
"""How long one request may go without an answer: longer than anything is held by a process that died."""


class NoAnswerError(Exception):
    """A request was never answered, whatever the client did."""


@dataclass
class Door:
    """Requests to any of the gateways; `errors` counts what was answered in place of an answer."""

    urls: list[str]
    http: httpx.AsyncClient
    errors: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    _turn: "itertools.count[int]" = field(default_factory=itertools.count)

    async def ask(self, method: str, path: str, *, key: str | None = None, **what: Any) -> httpx.Response:
        """The answer, at last. A POST comes with its `key`, so that however often it is sent it is done once.

        Raises: NoAnswerError.
        """
        headers = {**what.pop("headers", {}), **({"Idempotency-Key": key} if key else {})}
        until = time.monotonic() + _PATIENCE_S
        while True:
            url = self.urls[next(self._turn) % len(self.urls)] + path
            self.requests += 1
            try:
                answer = await self.http.request(method, url, headers=headers, **what)
            except httpx.HTTPError as error:
                reason = type(error).__name__
            else:
                if not _is_for_later(answer):
                    return answer
                reason = f"{answer.status_code} {_code(answer)}"
            self.errors[reason] += 1
            if time.monotonic() > until:
                raise NoAnswerError(f"{method} {path}: {reason} for {_PATIENCE_S:.0f} s")
            await asyncio.sleep(_WAIT_S)


def _is_for_later(answer: httpx.Response) -> bool:
    if answer.status_code == 409:
        return _code(answer) == "request_in_progress"
    return answer.status_code >= 500 or answer.status_code in _TRY_LATER or _code(answer) == "upload_cut_off"


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("code", ""))
    except (ValueError, AttributeError):
        return ""
