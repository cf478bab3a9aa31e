"""Gets the next job from the two lanes of a stage, and never holds a job that it does not return.

A plain `fetch` per lane would not do: two of them at once may both get a job while only one slot is free, and a fetch
that timed out may leave a late job in its buffer, where its lease silently expires.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import StatusCode
from nats.js.errors import APIError

from shared.messaging._subjects import JOBS, job_consumer, job_filter
from shared.observability import logger
from shared.pipeline import Lane, Stage

_ANSWER_S = 2.0
_RELEASE_S = 2.0
_EMPTY = {StatusCode.NO_MESSAGES, StatusCode.REQUEST_TIMEOUT}
_ORDER = sorted(Lane, key=lambda lane: lane is not Lane.INTERACTIVE)

log = logger(__name__)

PutBack = Callable[[Msg], Awaitable[None]]


class JobFeed:
    """The next job of a stage: an interactive one if there is any, else one of the batch."""

    def __init__(self, client: Client, stage: Stage, put_back: PutBack) -> None:
        self._client, self._stage, self._put_back = client, stage, put_back
        self._arrivals: asyncio.Queue[Msg | None] = asyncio.Queue()
        self._awake = False

    async def next(self, wait_s: float) -> Msg | None:
        """Return the next job, or None when there was none for `wait_s` or `wake` was called.

        Raises: NatsError, APIError: the consumers are gone or the broker does not answer.
        """
        for lane in _ORDER:
            if (message := await self._ask(lane)) is not None:
                return message
        return await self._wait(wait_s)

    def wake(self) -> None:
        """End a running `next` early, and make later ones return without waiting."""
        self._awake = True
        self._arrivals.put_nowait(None)

    async def _ask(self, lane: Lane) -> Msg | None:
        """Take a job of `lane` that is already there."""
        # Old style uses its own inbox: the shared one finds its request by subject, and a job keeps its subject.
        answer = await self._client.request(self._next(lane), _pull(no_wait=True), timeout=_ANSWER_S, old_style=True)
        return None if _is_empty(answer) else answer

    async def _wait(self, wait_s: float) -> Msg | None:
        """Ask both lanes at once for a job within `wait_s`; the first reply wins."""
        if self._awake:
            return None
        inbox, self._arrivals = self._client.new_inbox(), asyncio.Queue()
        subscription = await self._client.subscribe(inbox, cb=self._arrivals.put)
        arrived: list[Msg] = []
        try:
            for lane in _ORDER:
                await self._client.publish(self._next(lane), _pull(expires=int(wait_s * 1e9)), reply=inbox)
            if (first := await self._first(wait_s)) is not None:
                arrived.append(first)
        finally:
            await self._release(subscription)
            arrived += self._rest()
            arrived.sort(key=lambda message: not message.subject.startswith(self._interactive))
            for surplus in arrived[1:]:
                await self._put_back(surplus)
        return arrived[0] if arrived else None

    async def _release(self, subscription: Subscription) -> None:
        """Without interest in the inbox, the server drops the open requests; what it sent before still arrives."""
        try:
            async with asyncio.timeout(_RELEASE_S):
                if self._client.is_connected:
                    await subscription.drain()  # type: ignore[no-untyped-call]
                else:
                    await subscription.unsubscribe()
        except (NatsError, OSError) as error:  # the broker is gone, and the requests with it
            log.debug("requests_not_released", error=repr(error))

    @property
    def _interactive(self) -> str:
        return job_filter(self._stage, Lane.INTERACTIVE).removesuffix(">")

    async def _first(self, wait_s: float) -> Msg | None:
        open_requests, reconnects = len(_ORDER), self._client.stats["reconnects"]
        deadline = asyncio.get_running_loop().time() + wait_s
        while open_requests and asyncio.get_running_loop().time() < deadline:
            try:
                async with asyncio.timeout(0.5):
                    answer = await self._arrivals.get()
            except TimeoutError:
                if self._client.stats["reconnects"] != reconnects:
                    return None  # a broker that restarted has forgotten the requests
                continue
            if answer is None:
                return None
            if not _is_empty(answer):
                return answer
            open_requests -= 1
        return None

    def _rest(self) -> list[Msg]:
        left: list[Msg] = []
        while not self._arrivals.empty():
            answer = self._arrivals.get_nowait()
            if answer is not None and JetStreamContext.is_status_msg(answer) is None:
                left.append(answer)
        return left

    def _next(self, lane: Lane) -> str:
        return f"$JS.API.CONSUMER.MSG.NEXT.{JOBS}.{job_consumer(self._stage, lane)}"


def _pull(**options: object) -> bytes:
    return json.dumps({"batch": 1, **options}).encode()


def _is_empty(answer: Msg) -> bool:
    """Whether the answer says that there is no job. Raises: APIError, for any other status."""
    status = JetStreamContext.is_status_msg(answer)
    if status is None:
        return False
    if status in _EMPTY:
        return True
    raise APIError.from_msg(answer)
