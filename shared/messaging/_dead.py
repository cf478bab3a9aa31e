"""Keep what could not be processed, with the reason, for a person to look at."""

import contextlib

from faststream.nats import NatsBroker
from nats.aio.msg import Msg
from pydantic import Field

from shared.messaging._jobs import Message
from shared.messaging._publishing import publish_until_stored
from shared.messaging._subjects import DEAD, JobSubject, dead, results
from shared.pipeline import ErrorCode, Stage

_BODY_BYTES = 128 * 1024
"""How much of a body is kept: escaped as JSON it may grow sixfold and must still fit into one message (1 MiB)."""


class DeadLetter(Message):
    """A message that ended in the DEAD stream; `body` is what was sent, as text, cut off where it is very long."""

    subject: str
    body: str
    deliveries: int
    code: ErrorCode
    reason: str


class DeliveriesSpent(Message):
    """nats-server's advisory `max_deliver`: a message was delivered as often as its consumer allows."""

    stream: str = Field(description="its stream, LOCALCLIP_JOBS")
    consumer: str = Field(description="the stage and lane it was delivered for")
    stream_seq: int = Field(description="its number in the stream, where it still lies")
    deliveries: int


async def bury(broker: NatsBroker, message: Msg, code: ErrorCode, reason: str) -> None:
    """Copy `message` to the DEAD stream; the caller removes the original afterwards."""
    await bury_copy(
        broker,
        subject=message.subject,
        body=message.data,
        sequence=message.metadata.sequence.stream,
        deliveries=message.metadata.num_delivered,
        code=code,
        reason=reason,
    )


async def bury_copy(
    broker: NatsBroker,
    *,
    subject: str,
    body: bytes,
    sequence: int,
    deliveries: int,
    code: ErrorCode,
    reason: str,
) -> None:
    """Store a dead letter under its subject and stream sequence, so that a repetition is dropped."""
    letter = DeadLetter(
        subject=subject,
        body=body[:_BODY_BYTES].decode("utf-8", "replace"),
        deliveries=deliveries,
        code=code,
        reason=reason[:2000],
    )
    await publish_until_stored(
        broker, letter, subject=dead(_stage(subject)), stream=DEAD, message_id=f"dead:{subject}:{sequence}"
    )


def _stage(subject: str) -> str:
    """The stage in the subject of a job or result."""
    with contextlib.suppress(ValueError):
        return str(JobSubject.parse(subject).stage)
    known = [str(stage) for stage in Stage if subject == results(stage)]
    return known[0] if known else "unknown"
