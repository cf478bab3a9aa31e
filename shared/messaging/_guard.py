"""What happens to a message that a subscriber takes: middlewares, so that handlers contain only their own work."""

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from faststream import BaseMiddleware, ContextRepo
from faststream.message import StreamMessage
from faststream.nats import NatsBroker
from faststream.nats.message import NatsMessage
from nats.aio.msg import Msg
from pydantic import ValidationError

from shared.messaging._dead import bury
from shared.messaging._subjects import address_of
from shared.observability import bind_job, logger
from shared.pipeline import ErrorCode

MOST_TRIES = 10
"""A message that fails so often through its own fault is set aside."""

_LONGEST = 30
"""Times the first delay, after which a message is tried again."""
T = TypeVar("T")
Next = Callable[[Any], Awaitable[Any]]
log = logger(__name__)


class Tries:
    """Counts failures by key, within this process: a restart resets the count."""

    def __init__(self) -> None:
        self._failed: dict[Hashable, int] = {}

    def failed(self, key: Hashable) -> bool:
        """Count a failure; return whether it was the last one tolerated."""
        count = self._failed.pop(key, 0) + 1
        if count >= MOST_TRIES:
            return True
        self._failed[key] = count
        return False

    def over(self, key: Hashable) -> None:
        """Forget what has ended."""
        self._failed.pop(key, None)


def reads(read: Callable[[bytes], T]) -> Callable[[StreamMessage[Any]], Awaitable[T]]:
    """The decoder of a subscriber whose messages are parsed by `read`, directly from JSON.

    Without it, FastStream creates a dictionary first, which takes about twice as long for a long message.
    """

    async def decode(message: StreamMessage[Any]) -> T:
        return read(message.body)

    return decode


@dataclass(frozen=True)
class Guard:
    """The middleware of subscribers whose messages must not get lost: each is settled here, exactly one way.

    - handled: acknowledged, which is after the commit of whatever the handler did
    - unreadable: set aside as a dead letter
    - failed: handed back, to be redelivered with growing delays
    - failed ten times through its own fault, that is with an error that is not `passing`: set aside, and `given_up` is
      called

    Subscribers need `AckPolicy.MANUAL`, and a decoder made by `reads`.
    """

    broker: NatsBroker
    retry_s: float
    passing: Callable[[Exception], bool]
    code: ErrorCode
    given_up: Callable[[Any, Exception], Awaitable[None]] | None = None
    tries: Tries = field(default_factory=Tries)

    def __call__(self, msg: Any, /, *, context: ContextRepo) -> "_Guarded":
        """Called by FastStream for each message."""
        return _Guarded(msg, context=context, guard=self)

    async def settle(self, call_next: Next, message: NatsMessage) -> None:
        """Call the handler and settle the message."""
        raw = message.raw_message
        try:
            body = await message.decode()
        except ValidationError as error:
            log.warning("message_unreadable", subject=raw.subject, error=str(error))
            await bury(self.broker, raw, ErrorCode.MESSAGE_INVALID, str(error))
            await message.reject()
            return
        with bind_job(**_named(body)):
            try:
                await call_next(message)
            except Exception as error:  # the message guard: it stays in the stream until it can be handled
                log.exception("message_not_handled", subject=raw.subject)
                await self._again_or_never(message, raw, body, error)
            else:
                self.tries.over(raw.metadata.sequence.stream)
                await message.ack_sync()

    async def _again_or_never(self, message: NatsMessage, raw: Msg, body: Any, error: Exception) -> None:
        metadata = raw.metadata
        if self.passing(error) or not self.tries.failed(metadata.sequence.stream):
            await message.nack(delay=self.retry_s * min(2 ** (metadata.num_delivered - 1), _LONGEST))
            return
        await bury(self.broker, raw, self.code, f"{type(error).__name__}: {error}")
        if self.given_up is not None:
            await self.given_up(body, error)
        log.error("message_set_aside", subject=raw.subject)
        await message.reject()


class _Guarded(BaseMiddleware):
    """One message on its way through a guard."""

    def __init__(self, msg: Any, /, *, context: ContextRepo, guard: Guard) -> None:
        super().__init__(msg, context=context)
        self._guard = guard

    async def consume_scope(self, call_next: Next, msg: StreamMessage[Any]) -> Any:
        """Around decoding and handler."""
        await self._guard.settle(call_next, msg)  # type: ignore[arg-type]  # of a broker of NATS


class SkipsUnreadable(BaseMiddleware):
    """The middleware of subscribers to repeated messages: unreadable ones are skipped and logged."""

    async def consume_scope(self, call_next: Next, msg: StreamMessage[Any]) -> Any:
        """Around decoding and handler."""
        try:
            await msg.decode()
        except ValidationError as error:
            log.warning("message_unreadable", subject=msg.raw_message.subject, error=str(error))
            return None
        return await call_next(msg)


def _named(body: Any) -> dict[str, Any]:
    """The fields on every log line about a job's message."""
    if not hasattr(body, "shard"):
        return {}
    address = address_of(body)
    return {"task": address.pop("task_id"), "job": address.pop("shard"), **address}
