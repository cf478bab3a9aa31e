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

from benchmarks.measure import broker, folder, percentiles, process
from services.gateway.db.engine import Database
from services.gateway.db.tables import Task
from services.gateway.pipeline.cut import row
from services.gateway.pipeline.dispatch import Dispatcher
from services.gateway.pipeline.loops import Leadership, Wake, ended, repeat
from services.gateway.pipeline.workers import Workers
from services.gateway.web.threads import Threads
from shared.messaging import (
    RESULT,
    BrokerSettings,
    LinesTranslated,
    TranslateLines,
    connect_options,
    provision,
    subjects,
)
from shared.observability import configure_logging
from shared.pipeline import Lane, Stage
from shared.storage import DirectoryStore
from shared.testing import wait_until_async

JOBS = 300
BURST = 500
EVERY_S = 0.05


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
    """Job rows committed to the database, dispatched, and handled by a worker process that does nothing."""
    started: dict[str, float] = {}
    database = Database(f"sqlite:///{path}/bench.db")
    database.migrate()
    client = NatsBroker(url, **connect_options(BrokerSettings(nats_url=url)))
    await client.connect()
    await provision(client.connection.jetstream())
    wake = Wake()
    database.on_commit.append(wake.set)
    threads, workers, leadership = Threads(), Workers(), Leadership(database)
    workers.listen(client)
    await client.start()
    dispatcher = Dispatcher(database, client, DirectoryStore(path / "objects"), threads, workers)
    leading = asyncio.create_task(leadership.keep())
    loop = asyncio.create_task(repeat("dispatch", dispatcher.turn, wake, 0.5, leadership))

    task = Task(task_id="task", video_filename="v", video_original_name="v", video_key="k", video_size=1)

    async def note(message: Msg) -> None:
        result = RESULT.validate_json(message.data)
        assert isinstance(result, LinesTranslated)
        started[result.task_id] = float(result.lines[0].text or "nan")

    await client.connection.subscribe("localclip.results.>", cb=note)
    environment = {"NATS_URL": url, "UPLOAD_DIR": str(path / "objects"), "LOCALCLIP_WORK_DIR": str(path / "tmp")}
    with process([sys.executable, "-m", "benchmarks.idle_worker"], environment):
        ready: dict[str, float] = {}
        for number in range(-1, JOBS):  # the first waits for the worker to come up and is not counted
            with database.write() as session:
                session.add(row(task, _job(number + 1)))
                session.commit()
                ready[f"task_{number + 1:06}"] = time.monotonic()
            await asyncio.sleep(EVERY_S)
            if number == -1:
                await wait_until_async(lambda: started, 30, "the worker does not start")
        await wait_until_async(lambda: len(started) > JOBS, 60, "results are missing")
        waits = [started[task] - at for task, at in ready.items() if task != "task_000000"]
        began = time.monotonic()
        with database.write() as session:
            session.add_all(row(task, _job(JOBS + 1 + number)) for number in range(BURST))
        await wait_until_async(lambda: len(started) > JOBS + BURST, 120, "results are missing")
        rate = BURST / (time.monotonic() - began)
    for running in (loop, leading):
        await ended(running)
    threads.close()
    await client.stop()
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
    configure_logging("benchmark", "WARNING")
    json.dump(run(), sys.stdout, indent=2)
