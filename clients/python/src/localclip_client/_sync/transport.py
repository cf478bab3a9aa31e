# Made of `_async` by `make generate`: change it there.
"""Requests of one gateway: keys against doing twice, tries again, refusals as errors."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import httpx

from localclip_client import _wire
from localclip_client._waiting import sleep
from localclip_client.errors import LocalClipError, NotFoundError
from localclip_client.models import Health

RETRIES = 4
ANSWER_S = 60.0
_READY_S = 5.0


class SyncTransport:
    """Speaks to one gateway; every method may raise ApiError, ServerUnreachable or UnexpectedAnswerError."""

    def __init__(
        self, server: str, api_key: str | None = None, *, retries: int = RETRIES, answer_s: float = ANSWER_S
    ) -> None:
        """`retries`: how often a request is sent again after one that failed in passing; longer pauses each time."""
        self.server = server.rstrip("/")
        self._retries = retries
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        # Proxies of the environment are for the internet, and a gateway is mostly on this machine.
        self._http = httpx.Client(
            base_url=self.server, headers=headers, timeout=answer_s, trust_env=not _wire.is_local(self.server)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ready(self) -> tuple[bool, Health]:
        """Ask once whether the gateway and all it works with answer, and how many workers wait."""
        with _wire.reaching(self.server):
            answer = self._http.get("/readyz", params={"all": True}, timeout=_READY_S)
        try:
            return answer.status_code == 200, Health.model_validate_json(answer.content)
        except ValueError:
            return False, Health()

    def _get(self, address: str, **options: Any) -> httpx.Response:
        return self._ask("GET", address, **options)

    def _post(self, address: str, key: str | None = None, **options: Any) -> httpx.Response:
        """POST once, however often it is sent: `key`, or one drawn for this call, tells the repetitions."""
        headers = {"Idempotency-Key": key or uuid.uuid4().hex, **options.pop("headers", {})}
        return self._ask("POST", address, headers=headers, **options)

    def _delete(self, address: str) -> None:
        """Delete; what an earlier try of this call removed is not missed."""
        tries = 0

        def once() -> httpx.Response:
            nonlocal tries
            tries += 1
            return self._once("DELETE", address)

        try:
            self._patiently("DELETE", once)
        except NotFoundError:
            if tries == 1:
                raise

    def _ask(self, method: str, address: str, **options: Any) -> httpx.Response:
        def once() -> httpx.Response:
            return self._once(method, address, **options)

        return self._patiently(method, once)

    def _patiently(self, method: str, once: Callable[[], Any]) -> httpx.Response:
        """Ask until there is an answer, or no hope."""
        attempt = 0
        while True:
            try:
                answer: httpx.Response = once()
            except LocalClipError as error:
                if attempt >= self._retries or not _wire.may_repeat(method, error):
                    raise
                pause_s = _wire.pause_s(attempt, error)
            else:
                return answer
            attempt += 1
            sleep(pause_s)

    def _once(self, method: str, address: str, **options: Any) -> httpx.Response:
        """Raises: ApiError, ServerUnreachable."""
        with _wire.reaching(self.server):
            answer = self._http.send(self._request(method, address, **options))
        _wire.check(answer)
        return answer

    @contextmanager
    def _opened(self, address: str, headers: Mapping[str, str], **options: Any) -> Iterator[httpx.Response]:
        """An answer that is read as it comes. Raises: ApiError, ServerUnreachable, also while it is read."""
        with _wire.reaching(self.server):
            request = self._request("GET", address, headers=headers, **options)
            answer = self._http.send(request, stream=True)
            try:
                if not answer.is_success:
                    answer.read()
                _wire.check(answer)
                yield answer
            finally:
                answer.close()

    def _request(self, method: str, address: str, **options: Any) -> httpx.Request:
        """The key is for the gateway alone: signed addresses may lead elsewhere."""
        request = self._http.build_request(method, address, **options)
        mine = self._http.base_url
        if (request.url.scheme, request.url.host, request.url.port) != (mine.scheme, mine.host, mine.port):
            request.headers.pop("Authorization", None)
        return request
