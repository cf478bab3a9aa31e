"""The broker crashes, comes back, or loses its disk."""

import asyncio
import shutil
from typing import Any

import pytest

from shared.messaging import provision, subjects
from shared.pipeline import Lane, Stage
from shared.storage import keys
from shared.testing import wait_until_async
from tests.shared.messaging.conftest import PLAN

pytestmark = pytest.mark.anyio


async def test_broker_crash_during_a_job(bench: Any) -> None:
    """kill -9 of the broker while a job runs: when it is back before the job's time is up, the job ends once."""
    await bench.lease(60)  # the other worker gets the job when the broker has heard nothing of it for so long
    await asyncio.gather(bench.worker(), bench.worker())
    await bench.send("until go")
    await bench.begun()
    bench.server.kill()
    bench.server.start()
    await bench.broker_is_back()
    bench.go()
    await bench.results(1)
    assert len(bench.journal("end")) == 1


async def test_job_ends_while_the_broker_is_down(bench: Any) -> None:
    """The report waits for the broker, arrives once, and the next job is taken."""
    await bench.worker()
    job = await bench.send("until go")
    await bench.begun()
    bench.server.kill()
    bench.go()
    manifest = keys.manifest(job.task_id, "es", Stage.TRANSLATION, "0", 1)
    await wait_until_async(lambda: [i for i in bench.store.list("tasks/") if i.key == manifest], 60, "the manifest")
    bench.server.start()
    await bench.results(1)
    await bench.send("done", number=1)
    await bench.results(2)
    assert len(bench.journal("begin")) == 2


async def test_idle_workers_survive_a_crash(bench: Any) -> None:
    """Workers that wait for jobs when the broker crashes take the next one soon after its restart."""
    await asyncio.gather(bench.worker(), bench.worker())
    bench.server.kill()
    bench.server.start()
    await bench.broker_is_back()
    for number in range(4):
        await bench.send("work 0.2", number=number)
    await bench.results(4)
    assert len(bench.journal("begin")) == 4


async def test_worker_started_before_its_broker(bench: Any) -> None:
    """The order of starting does not matter."""
    bench.server.stop()
    worker = await bench.worker(ready=False)
    await asyncio.sleep(1.5)
    bench.server.start()
    await wait_until_async(lambda: worker.logged("worker_ready"), 60, "the worker to be ready")
    await bench.send("done")
    await bench.results(1)


async def test_lost_disk_is_set_up_again(bench: Any) -> None:
    """A worker waits at a broker that comes back empty until the gateway has set it up, and goes on."""
    worker = await bench.worker()
    bench.server.kill()
    shutil.rmtree(bench.server.store_dir / "streams")
    bench.server.start()
    await wait_until_async(lambda: worker.logged("waiting_for_the_gateway"), 60, "the worker to miss the streams")
    await bench.broker_is_back()
    await provision(bench.js, PLAN)
    await wait_until_async(lambda: len(worker.logged("worker_ready")) == 2, 60, "the worker to find them")
    await bench.send("done")
    await bench.results(1)


async def test_deleted_consumer_is_made_again(bench: Any) -> None:
    """A durable that vanished under a running worker does not leave it asking in silence."""
    worker = await bench.worker()
    consumer = subjects.job_consumer(Stage.TRANSLATION, Lane.BATCH)
    await bench.js.delete_consumer(subjects.JOBS, consumer)
    await wait_until_async(lambda: worker.logged("waiting_for_the_gateway"), 60, "the worker to miss it")
    await provision(bench.js, PLAN)
    await bench.send("done")
    await bench.results(1)
