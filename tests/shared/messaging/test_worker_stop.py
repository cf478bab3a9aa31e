"""SIGTERM loses nothing and lets nobody wait: finish in time or hand the job back at once, then exit 0."""

import asyncio
from typing import Any

import pytest

from shared.messaging import subjects
from shared.pipeline import Lane, Stage
from shared.storage import keys
from shared.testing import wait_until_async
from tests.shared.messaging.conftest import SHORT_S

pytestmark = pytest.mark.anyio


async def test_idle_worker_exits(bench: Any) -> None:
    """A worker that waits for jobs does not wait for the end of its request, be it minutes away."""
    worker = await bench.worker(FETCH_S="600", LOCALCLIP_GRACE_S="600")
    consumer = subjects.job_consumer(Stage.TRANSLATION, Lane.BATCH)

    async def is_waiting() -> bool:
        return bool((await bench.js.consumer_info(subjects.JOBS, consumer)).num_waiting)

    await wait_until_async(is_waiting, 60, "the worker to wait for a job")
    worker.terminate()
    assert await bench.exited(worker) == 0


async def test_job_is_finished_within_grace(bench: Any) -> None:
    """A job that ends within the grace period is finished, reported and acknowledged; no other is begun."""
    heard = await bench.heartbeats()
    worker = await bench.worker(LOCALCLIP_GRACE_S="60")
    await bench.send("until go", number=1)
    await bench.begun()
    await bench.send("done", number=2)
    worker.terminate()
    await wait_until_async(lambda: heard and heard[-1].slots == 0, 60, "the worker to say that it stops")
    bench.go()
    assert await bench.exited(worker) == 0
    assert [entry["event"] for entry in bench.journal()] == ["begin", "end"]
    await bench.worker()
    await bench.results(2)
    assert len(bench.journal("begin")) == 2


@pytest.mark.parametrize("work", ["file", "block 60"])
async def test_job_is_handed_back_at_once(bench: Any, work: str) -> None:
    """What does not end in time goes to another worker long before its lease runs out, heeding or not."""
    await bench.lease(600)
    first = await bench.worker(LOCALCLIP_GRACE_S="0.2", LOCALCLIP_ABANDON_S="0.5")
    await bench.send(work)
    await bench.begun()
    second = await bench.worker()
    first.terminate()
    assert await bench.exited(first) == 0
    begun = await bench.begun(2)
    assert begun[-1]["pid"] == second.pid
    assert bench.journal("end") == []
    assert [folder for folder in bench.work_folders() if f"-{first.pid}-" in folder.name] == []


async def test_handing_back_is_no_try(bench: Any) -> None:
    """A deployment that restarts its workers again and again does not fail a job that never had its time."""
    await bench.send("until go")
    for count in range(1, 4):
        worker = await bench.worker(LOCALCLIP_GRACE_S="0", LOCALCLIP_MAX_TRIES="1")
        await bench.begun(count)
        worker.terminate()
        assert await bench.exited(worker) == 0
    bench.go()
    await bench.worker(LOCALCLIP_MAX_TRIES="1")
    (result,) = await bench.results(1)
    assert result.kind == "lines_translated"
    assert await bench.deliveries() == 4


async def test_worker_without_broker_exits(bench: Any) -> None:
    """A worker that has never seen its broker, and one that has lost it, exit in order."""
    connected = await bench.worker()
    bench.server.kill()
    waiting = await bench.worker(ready=False)
    await wait_until_async(lambda: _ignores_nothing(waiting), 60, "the second worker to be up")
    await asyncio.sleep(0.5)
    for worker in (connected, waiting):
        worker.terminate()
        assert await bench.exited(worker) == 0


def _ignores_nothing(worker: Any) -> bool:
    """Whether the worker has its signal handlers: before that, SIGTERM ends any process."""
    with open(f"/proc/{worker.pid}/status") as status:
        caught = next(line for line in status if line.startswith("SigCgt")).split()[1]
    return bool(int(caught, 16) & (1 << 14))


async def test_job_survives_a_stop_without_broker(bench: Any) -> None:
    """A job that ends without a broker, and whose worker is stopped then, is reported from its manifest by the next."""
    await bench.lease(SHORT_S)
    worker = await bench.worker(LOCALCLIP_GRACE_S="0.2", LOCALCLIP_ABANDON_S="0.2")
    job = await bench.send("until go")
    await bench.begun()
    bench.server.kill()
    bench.go()
    manifest = keys.manifest(job.task_id, "es", Stage.TRANSLATION, "0", 1)
    await wait_until_async(lambda: [i for i in bench.store.list("tasks/") if i.key == manifest], 60, "the manifest")
    worker.terminate()
    assert await bench.exited(worker) == 0
    bench.server.start()
    await bench.worker()
    await bench.results(1)
    assert [entry["event"] for entry in bench.journal()] == ["begin", "end"]
