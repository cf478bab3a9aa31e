"""`/metrics`: what there is to watch, in the text format of Prometheus."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from fastapi import APIRouter, Response
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import APIError
from pydantic import BaseModel, Field

from services.gateway.db import SQLAlchemyError
from services.gateway.db.tables import JobState
from services.gateway.operations import rows as operations_rows
from services.gateway.pipeline.parts import Gateway, Parts
from shared.messaging import is_connected, subjects
from shared.pipeline import Lane, Stage

router = APIRouter(tags=["system"])
_MEDIA_TYPE = "text/plain; version=0.0.4"


@dataclass
class Gauge:
    """One measurement by labels, as it is at this moment."""

    name: str
    help: str
    values: list[tuple[Mapping[str, str], float]] = field(default_factory=list)

    def set(self, value: float, **labels: str) -> None:
        """Add a value."""
        self.values.append((labels, value))

    def lines(self) -> Iterator[str]:
        """The exposition format."""
        yield f"# HELP localclip_{self.name} {self.help}"
        yield f"# TYPE localclip_{self.name} gauge"
        for labels, value in self.values:
            named = ",".join(f'{label}="{text}"' for label, text in labels.items())
            yield f"localclip_{self.name}{f'{{{named}}}' if named else ''} {value:g}"


@router.get("/metrics", operation_id="metrics", response_class=Response)
async def metrics(parts: Parts) -> Response:
    """Tasks, jobs, queues, workers, dead letters. What cannot be asked at the moment is missing, and `up` is 0."""
    gauges = [*await asyncio.to_thread(_of_the_database, parts), *await _of_the_broker(parts)]
    streams = Gauge("event_streams", "Clients that listen to live events at this gateway.")
    streams.set(parts.audience.clients())
    return Response(_text([streams, *_of_this_process(parts), *gauges]), media_type=_MEDIA_TYPE)


class QueueLength(BaseModel):
    """How much a stage has to do now, for whoever starts and stops its workers."""

    stage: Stage
    ready: int = Field(description="jobs that wait for a free slot")
    in_hand: int = Field(description="jobs that are in the broker's queue or with a worker")
    open: int = Field(description="both together")
    slots: int = Field(description="jobs that the workers alive take at a time")


@router.get("/metrics/queues/{stage}", operation_id="queue_length")
async def queue_length(parts: Parts, stage: Stage) -> QueueLength:
    """Open jobs of a stage, such as KEDA's `metrics-api` scaler reads them; like `/metrics` it needs no key."""
    ready, in_hand = await asyncio.to_thread(_open_jobs, parts, stage)
    return QueueLength(
        stage=stage, ready=ready, in_hand=in_hand, open=ready + in_hand, slots=sum(parts.workers.of(stage))
    )


def _open_jobs(parts: Gateway, stage: Stage) -> tuple[int, int]:
    with parts.database.read() as session:
        counts = {state: count for of, state, count in operations_rows.jobs_by_state(session) if of == stage}
    return counts.get(JobState.READY, 0), counts.get(JobState.DISPATCHED, 0)


def _of_this_process(parts: Gateway) -> list[Gauge]:
    stood = Gauge("loop_stood_seconds", "Longest time the event loop stood in the last five minutes.")
    stood.set(parts.stood.seconds())
    held = Gauge("write_held_seconds", "Longest write transaction of the last five minutes.")
    held.set(parts.database.held.seconds())
    slots = Gauge("worker_slots", "Jobs that the workers alive take at a time.")
    for stage in Stage:
        slots.set(sum(parts.workers.of(stage)), stage=stage)
    return [stood, held, slots]


def _text(gauges: Iterable[Gauge]) -> str:
    return "\n".join(line for gauge in gauges for line in gauge.lines()) + "\n"


def _of_the_database(parts: Gateway) -> list[Gauge]:
    up = Gauge("database_up", "Whether the database answers.")
    tasks = Gauge("tasks", "Tasks by status.")
    outbox = Gauge("outbox", "Facts to publish: waiting, or aside because the broker refuses them.")
    jobs = Gauge("jobs_open", "Jobs by stage: ready waits for its turn, dispatched is in the queue or in hand.")
    try:
        with parts.database.read() as session:
            statuses, open_jobs = operations_rows.tasks_by_status(session), operations_rows.jobs_by_state(session)
            waits, aside = operations_rows.outbox_counts(session)
    except SQLAlchemyError:
        up.set(0)
        return [up]
    up.set(1)
    for status, count in statuses:
        tasks.set(count, status=status)
    for stage, state, count in open_jobs:
        jobs.set(count, stage=stage, state=state)
    outbox.set(waits, state="waiting")
    outbox.set(aside, state="aside")
    return [up, tasks, jobs, outbox]


async def _of_the_broker(parts: Gateway) -> list[Gauge]:
    up = Gauge("broker_up", "Whether the broker answers.")
    try:
        gauges = await _queues(parts.broker.connection.jetstream()) if is_connected(parts.broker) else []
    except (NatsError, APIError, TimeoutError):
        gauges = []
    up.set(1 if gauges else 0)
    return [up, *gauges]


async def _queues(js: JetStreamContext) -> list[Gauge]:
    waiting = Gauge("queue_waiting", "Jobs in the queue that no worker has taken.")
    held = Gauge("queue_held", "Jobs in the hands of workers.")
    asking = Gauge("workers_idle", "Workers that wait for a job of the batch lane.")
    again = Gauge("queue_redelivered", "Jobs in hand that were delivered before.")
    for stage in Stage:
        for lane in Lane:
            info = await js.consumer_info(subjects.JOBS, subjects.job_consumer(stage, lane))
            waiting.set(info.num_pending or 0, stage=stage, lane=lane)
            held.set(info.num_ack_pending or 0, stage=stage, lane=lane)
            again.set(info.num_redelivered or 0, stage=stage, lane=lane)
            if lane is Lane.BATCH:
                asking.set(info.num_waiting or 0, stage=stage)
    stored = Gauge("stream_messages", "Messages in a stream; those of LOCALCLIP_DEAD are jobs and results given up.")
    for stream in (subjects.JOBS, subjects.RESULTS, subjects.EVENTS, subjects.DEAD):
        stored.set((await js.stream_info(stream)).state.messages, stream=stream)
    return [waiting, held, again, asking, stored]
