"""`/metrics`: what to monitor, in the Prometheus text format."""

import asyncio
from collections.abc import Iterable

from fastapi import APIRouter, Response
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import APIError
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from pydantic import BaseModel, Field

from services.gateway.db import SQLAlchemyError
from services.gateway.db.tables import JobState
from services.gateway.operations import rows as operations_rows
from services.gateway.pipeline.parts import Gateway, Parts
from shared.messaging import is_connected, subjects
from shared.pipeline import Lane, Stage

router = APIRouter(tags=["system"])
_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class _Measured:
    """The current measurements, in the form that the exposition needs."""

    def __init__(self, gauges: Iterable[Metric]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterable[Metric]:
        """Everything, once."""
        return self._gauges


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"localclip_{name}", text, value=value)


def _gauges(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    """A gauge with its values, each with its labels."""
    return GaugeMetricFamily(f"localclip_{name}", text, labels=labels)


@router.get("/metrics", operation_id="metrics", response_class=Response)
async def metrics(parts: Parts) -> Response:
    """Tasks, jobs, queues, workers, dead letters. What cannot be asked at the moment is missing, and `up` is 0."""
    gauges = [*await asyncio.to_thread(_of_the_database, parts), *await _of_the_broker(parts)]
    listening = _gauge("event_streams", "Clients that listen to live events at this gateway.", parts.audience.clients())
    text = generate_latest(_Measured([listening, *_of_this_process(parts), *gauges]))
    return Response(text, media_type=_MEDIA_TYPE)


class QueueLength(BaseModel):
    """How much a stage has to do now, for whoever starts and stops its workers."""

    stage: Stage
    ready: int = Field(description="jobs that wait for a free slot")
    in_hand: int = Field(description="jobs that are in the broker's queue or with a worker")
    open: int = Field(description="both together")
    slots: int = Field(description="jobs that the live workers take at a time")


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


def _of_this_process(parts: Gateway) -> list[Metric]:
    slots = _gauges("worker_slots", "Jobs that the workers alive take at a time.", "stage")
    for stage in Stage:
        slots.add_metric([stage], sum(parts.workers.of(stage)))
    return [
        _gauge(
            "loop_stood_seconds", "Longest time the event loop stood in the last five minutes.", parts.stood.seconds()
        ),
        _gauge(
            "write_held_seconds", "Longest write transaction of the last five minutes.", parts.database.held.seconds()
        ),
        slots,
    ]


def _of_the_database(parts: Gateway) -> list[Metric]:
    try:
        with parts.database.read() as session:
            statuses, open_jobs = operations_rows.tasks_by_status(session), operations_rows.jobs_by_state(session)
            waits, aside = operations_rows.outbox_counts(session)
    except SQLAlchemyError:
        return [_database_up(0)]
    tasks = _gauges("tasks", "Tasks by status.", "status")
    for status, count in statuses:
        tasks.add_metric([status], count)
    jobs = _gauges(
        "jobs_open", "Jobs by stage: ready waits for its turn, dispatched is in the queue or in hand.", "stage", "state"
    )
    for stage, state, count in open_jobs:
        jobs.add_metric([stage, state], count)
    outbox = _gauges("outbox", "Facts to publish: waiting, or aside because the broker refuses them.", "state")
    outbox.add_metric(["waiting"], waits)
    outbox.add_metric(["aside"], aside)
    return [_database_up(1), tasks, jobs, outbox]


def _database_up(up: float) -> Metric:
    return _gauge("database_up", "Whether the database answers.", up)


async def _of_the_broker(parts: Gateway) -> list[Metric]:
    try:
        gauges = await _queues(parts.broker.connection.jetstream()) if is_connected(parts.broker) else []
    except (NatsError, APIError, TimeoutError):
        gauges = []
    return [_gauge("broker_up", "Whether the broker answers.", 1 if gauges else 0), *gauges]


async def _queues(js: JetStreamContext) -> list[Metric]:
    waiting = _gauges("queue_waiting", "Jobs in the queue that no worker has taken.", "stage", "lane")
    held = _gauges("queue_held", "Jobs in the hands of workers.", "stage", "lane")
    idle = _gauges("workers_idle", "Workers that wait for a job of the batch lane.", "stage")
    again = _gauges("queue_redelivered", "Jobs in hand that were delivered before.", "stage", "lane")
    for stage in Stage:
        for lane in Lane:
            info = await js.consumer_info(subjects.JOBS, subjects.job_consumer(stage, lane))
            waiting.add_metric([stage, lane], info.num_pending or 0)
            held.add_metric([stage, lane], info.num_ack_pending or 0)
            again.add_metric([stage, lane], info.num_redelivered or 0)
            if lane is Lane.BATCH:
                idle.add_metric([stage], info.num_waiting or 0)
    text = "Messages in a stream; those of LOCALCLIP_DEAD are jobs and results given up."
    stored = _gauges("stream_messages", text, "stream")
    for stream in (subjects.JOBS, subjects.RESULTS, subjects.EVENTS, subjects.DEAD):
        stored.add_metric([stream], (await js.stream_info(stream)).state.messages)
    return [waiting, held, again, idle, stored]
