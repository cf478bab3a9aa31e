"""Publish so that it arrives, and arrives once."""

import asyncio

from faststream.exceptions import IncorrectState
from faststream.nats import NatsBroker
from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError
from nats.js.errors import APIError
from pydantic import BaseModel

from shared.observability import logger

PUBLISH_TIMEOUT_S = 5.0
_RETRY_S = 1.0
log = logger(__name__)


def is_connected(broker: NatsBroker) -> bool:
    """Whether the broker can be spoken to right now."""
    try:
        return broker.connection.is_connected
    except IncorrectState:  # never connected yet
        return False


async def publish_once(broker: NatsBroker, message: BaseModel, *, subject: str, stream: str, message_id: str) -> None:
    """Publish to a stream and wait for its acknowledgement.

    `message_id` lets the server drop a repetition. Raises: TimeoutError (it may have been stored all the same),
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
    """Publish again and again until the stream acknowledges; ends only by success or cancellation.

    Raises: MaxPayloadError: the message is larger than the broker takes, which no repetition changes.
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
