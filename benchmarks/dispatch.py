"""From job ready to handler start, and jobs per second: the whole way through gateway and worker runtime, beside a
bare nats-py publisher and pull consumer on the same server with the same stream settings."""

import asyncio
import json
import sys
import time
from pathlib import Path

import nats
from faststream.nats import NatsBroker
from nats.aio.msg import Msg

from benchmarks.measure import broker, folder, percentiles
from services.gateway.background.dispatch import Dispatcher
from services.gateway.background.loops import Wake, repeat
from services.gateway.database.engine import Database
from services.gateway.database.jobs import row
from shared.messaging import (
    BrokerSettings,
    JobContext,
    LinesTranslated,
    TranslateLines,
    Worker,
    WorkerSettings,
    connect_options,
    provision,
    subjects,
)
from shared.pipeline import Lane, Stage
from shared.storage import DirectoryStore
from shared.testing import wait_until_async

JOBS = 300
BURST = 500
EVERY_S = 0.03


def _job(number: int) -> TranslateLines:
    return TranslateLines(
        task_id=f"task_{number:06}", language="es", attempt=1, source_language="en", lines=(), lane=Lane.BATCH
    )


async def _raw(url: str) -> dict[str, float]:
    """nats-py alone: publish, pull one, acknowledge."""
    client = await nats.connect(url)
    js = client.jetstream()
    await provision(js)
    subscription = await js.pull_subscribe_bind(
        subjects.job_consumer(Stage.TRANSLATION, Lane.BATCH), stream=subjects.JOBS
    )
    started: dict[str, float] = {}
    total = JOBS + BURST

    async def consume() -> None:
        while len(started) < total:
            for message in await subscription.fetch(1, timeout=30):
                started[message.subject] = time.perf_counter()
                await message.ack_sync()

    consumer = asyncio.create_task(consume())
    sent: dict[str, float] = {}
    for number in range(JOBS):
        job = _job(number)
        sent[str(job.subject())] = time.perf_counter()
        await js.publish(str(job.subject()), job.model_dump_json().encode(), headers={"Nats-Msg-Id": job.key()})
        await asyncio.sleep(EVERY_S)
    await wait_until_async(lambda: len(started) >= JOBS, 60, "jobs are missing")
    waits = [started[subject] - at for subject, at in sent.items()]
    began = time.perf_counter()
    for number in range(JOBS, total):
        job = _job(number)
        await js.publish(str(job.subject()), job.model_dump_json().encode(), headers={"Nats-Msg-Id": job.key()})
    await consumer
    rate = BURST / (time.perf_counter() - began)
    await client.close()
    return {**percentiles(waits), "jobs_per_s": round(rate, 1)}


async def _ours(url: str, path: Path) -> dict[str, float]:
    """Job rows committed to the database, dispatched, and handled by a worker that does nothing."""
    started: dict[str, float] = {}
    reported: set[str] = set()

    def handle(job: TranslateLines, _: JobContext) -> LinesTranslated:
        started[job.task_id] = time.perf_counter()
        fields = {"task_id": job.task_id, "language": "es", "stage": Stage.TRANSLATION, "shard": "0", "attempt": 1}
        return LinesTranslated(**fields, lines=())

    store = DirectoryStore(path / "objects")
    database = Database(f"sqlite:///{path}/bench.db")
    database.migrate()
    broker_ = NatsBroker(url, logger=None, **connect_options())
    await broker_.connect()
    await provision(broker_.connection.jetstream())
    wake = Wake()
    database.on_commit.append(wake.set)
    dispatcher = Dispatcher(database, broker_, store, window=10_000)
    worker = Worker(
        Stage.TRANSLATION, handle, store, BrokerSettings(nats_url=url), WorkerSettings(work_dir=path / "tmp", grace_s=0)
    )
    tasks = [asyncio.create_task(repeat("dispatch", dispatcher.turn, wake, 0.5)), asyncio.create_task(worker.run())]

    async def note(message: Msg) -> None:
        reported.add(json.loads(message.data)["task_id"])

    await broker_.connection.subscribe("localclip.results.>", cb=note)
    await asyncio.sleep(2)
    ready: dict[str, float] = {}
    for number in range(JOBS):
        job = _job(number)
        with database.write() as session:
            session.add(row(job))
            session.commit()
            ready[job.task_id] = time.perf_counter()
        await asyncio.sleep(EVERY_S)
    await wait_until_async(lambda: len(reported) >= JOBS, 60, "results are missing")
    waits = [started[task] - at for task, at in ready.items()]
    began = time.perf_counter()
    with database.write() as session:
        session.add_all(row(_job(number)) for number in range(JOBS, JOBS + BURST))
    await wait_until_async(lambda: len(reported) >= JOBS + BURST, 120, "results are missing")
    rate = BURST / (time.perf_counter() - began)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await broker_.stop()
    database.close()
    return {**percentiles(waits), "jobs_per_s": round(rate, 1)}


def run() -> dict[str, object]:
    """Both ways on fresh servers."""
    with folder() as path:
        with broker(path / "raw") as url:
            raw = asyncio.run(_raw(url))
        with broker(path / "ours") as url:
            ours = asyncio.run(_ours(url, path))
    return {
        "name": "dispatch",
        "jobs": JOBS,
        "burst": BURST,
        "raw": raw,
        "localclip": ours,
        "p50_ratio": round(ours["p50_ms"] / raw["p50_ms"], 2),
        "throughput_ratio": round(ours["jobs_per_s"] / raw["jobs_per_s"], 2),
    }


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=2)
