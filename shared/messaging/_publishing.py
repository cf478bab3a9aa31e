"""Publish messages reliably and exactly once."""

import asyncio

from faststream.exceptions import IncorrectState
from faststream.nats import NatsBroker
from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError
from nats.js.errors import APIError, BadRequestError
from pydantic import BaseModel

from shared.observability import logger

PUBLISH_TIMEOUT_S = 5.0
MAX_MESSAGE_BYTES = 1024 * 1024
"""The largest message the broker accepts, including headers (`max_payload` in deploy/nats.conf)."""

MAX_BODY_BYTES = MAX_MESSAGE_BYTES - 64 * 1024
"""The most of our own messages: the rest is for headers and for what a stream adds."""

_STREAM_FULL = 10077
_ONE_OPEN = "per subject exceeded"
_OTHER_STREAM = 10060
_RETRY_S = 1.0
log = logger(__name__)


def is_connected(broker: NatsBroker) -> bool:
    """Whether the broker is reachable right now."""
    try:
        return broker.connection.is_connected
    except IncorrectState:  # never connected yet
        return False


def is_open_already(error: Exception) -> bool:
    """Whether the stream refused a message because it already has one with its subject: as good as published.

    A stream that is full as a whole refuses with the same code.
    """
    full = isinstance(error, APIError) and error.err_code == _STREAM_FULL
    return full and _ONE_OPEN in (getattr(error, "description", None) or "")


def is_refusal(error: Exception) -> bool:
    """Whether the broker will never accept this particular message, while it accepts others.

    False: it is unavailable, full, or not set up, which is no message's fault.
    """
    if isinstance(error, MaxPayloadError):
        return True
    return isinstance(error, BadRequestError) and error.err_code != _OTHER_STREAM


async def publish_stored(broker: NatsBroker, body: bytes, *, subject: str, stream: str, message_id: str) -> int:
    """`publish_once` for a stored message, which is sent unchanged. Returns its sequence number in the stream."""
    stored = await broker.connection.jetstream().publish(
        subject, body, stream=stream, timeout=PUBLISH_TIMEOUT_S, headers={"Nats-Msg-Id": message_id}
    )
    return stored.seq


async def publish_once(broker: NatsBroker, message: BaseModel, *, subject: str, stream: str, message_id: str) -> None:
    """Publish to a stream and wait for its acknowledgement.

    `message_id` lets the server drop a repetition. Raises: TimeoutError (it may have been stored nevertheless),
    NatsError, APIError.
    """
    await broker.publish(
        message,
        subject,
        stream=stream,
        timeout=PUBLISH_TIMEOUT_S,
        headers={"Nats-Msg-Id": message_id},
    )


async def publish_until_stored(
    broker: NatsBroker, message: BaseModel, *, subject: str, stream: str, message_id: str
) -> None:
    """Publish repeatedly until the stream acknowledges; ends only by success or cancellation.

    Raises: MaxPayloadError: the message is larger than the broker accepts, which repetition cannot change.
    """
    while True:
        try:
            await publish_once(broker, message, subject=subject, stream=stream, message_id=message_id)
        except MaxPayloadError:
            raise
        except (TimeoutError, NatsError, APIError, OSError) as error:
            log.warning("publish_retried", subject=subject, message_id=message_id, error=repr(error))
            await asyncio.sleep(_RETRY_S)
        else:
            return
