"""What is sent on the broker, each channel with its type: the gateway's own facts, and those that it only documents."""

from typing import Any

from faststream.nats import NatsBroker
from faststream.nats.publisher.usecase import LogicPublisher

from shared.messaging import (
    PUBLISH_TIMEOUT_S,
    AnyFact,
    DeadLetter,
    Fact,
    JobSubject,
    RawProgress,
    jobs_of,
    subjects,
)
from shared.pipeline import Stage


class Channels:
    """The publishers of a broker, declared before it starts; the AsyncAPI document is made from them.

    Jobs are stored in the database in the form they are sent, and every service writes dead letters: those channels,
    and the others that the gateway does not publish to through here, are declared for the document.
    """

    def __init__(self, broker: NatsBroker) -> None:
        self._facts: LogicPublisher = broker.publisher(
            f"{subjects.EVENTS_PREFIX}.{subjects.ANY_FACT}",
            timeout=PUBLISH_TIMEOUT_S,
            schema=AnyFact,
            title="events",
            description="Facts for everyone, CloudEvents 1.0 (stream LOCALCLIP_EVENTS); the data of a `progress` fact "
            "is `Progress`, that of the end of a language, a task or a batch `LanguageEnded`, `TaskEnded` or "
            "`BatchEnded`, and of files that were copied into a bucket `BatchDelivered`.",
        )
        broker.publisher(
            f"{subjects.LIVE_PREFIX}.{subjects.ANY_FACT}",
            schema=AnyFact,
            title="live",
            description="The same facts as they are stored, with their number in the header `Nats-Sequence` "
            "(core NATS); nothing tells what was missed.",
        )
        for stage in Stage:
            broker.publisher(
                JobSubject.template(stage),
                schema=_any_of(jobs_of(stage)),
                title=f"jobs_{stage}",
                description=f"Work queue of {stage} (stream LOCALCLIP_JOBS).",
            )
        broker.publisher(
            subjects.ANY_DEAD,
            schema=DeadLetter,
            title="dead",
            description="What could not be processed (stream LOCALCLIP_DEAD).",
        )
        broker.publisher(
            subjects.ANY_RAW_PROGRESS,
            schema=RawProgress,
            title="raw_progress",
            description="Unreliable progress of single workers (core NATS).",
        )

    async def tell(self, fact: Fact) -> int:
        """Publish a fact, which the stream stores once; returns its sequence number.

        Raises: TimeoutError (it may have been stored nevertheless), NatsError, APIError.
        """
        name = {"Nats-Msg-Id": f"fact:{fact.id}"}
        stored = await self._facts.publish(
            fact, fact.subject, headers=name, correlation_id=fact.id, stream=subjects.EVENTS
        )
        return stored.seq


def _any_of(kinds: tuple[type[Any], ...]) -> Any:
    """The union of several kinds."""
    found: Any = kinds[0]
    for kind in kinds[1:]:
        found = found | kind
    return found
