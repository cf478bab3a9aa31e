"""SIGTERM loses nothing and lets nobody wait: finish in time or hand the job back at once, then exit 0."""

import asyncio
import time
from typing import Any

import pytest

from shared.testing import wait_until_async

pytestmark = pytest.mark.anyio


async def test_idle_worker_exits(bench: Any) -> None:
    """A worker that waits for jobs does not wait for the end of its request, which takes 5 s."""
    worker = await bench.worker()
    worker.terminate()
    assert await bench.exited(worker, 4.5) == 0


async def test_job_is_finished_within_grace(bench: Any) -> None:
    """A job that ends within the grace period is finished, reported and acknowledged; no other is begun."""
    worker = await bench.worker()
    await bench.send("work 1.5", number=1)
    await bench.begun()
    await bench.send("done", number=2)
    worker.terminate()
    assert await bench.exited(worker) == 0
    assert [entry["event"] for entry in bench.journal()] == ["begin", "end"]
    await bench.worker()
    await bench.results(2)
    assert len(bench.journal("begin")) == 2


@pytest.mark.parametrize("work", ["file 60", "block 60"])
async def test_job_is_handed_back_at_once(bench: Any, work: str) -> None:
    """What does not end in time goes to another worker long before its lease runs out, heeding or not."""
    first = await bench.worker(LOCALCLIP_GRACE_S="0.2", LOCALCLIP_ABANDON_S="0.5", NATS_ACK_WAIT_S="60")
    await bench.send(work)
    await bench.begun()
    second = await bench.worker(NATS_ACK_WAIT_S="60")
    stopped = time.time()
    first.terminate()
    assert await bench.exited(first) == 0
    begun = await bench.begun(2)
    assert begun[-1]["pid"] == second.pid
    assert begun[-1]["at"] - stopped < 10
    assert bench.journal("end") == []
    assert [folder for folder in bench.work_folders() if f"-{first.pid}-" in folder.name] == []


async def test_handing_back_is_no_try(bench: Any) -> None:
    """A deployment that restarts its workers again and again does not fail a job that never had its time."""
    await bench.send("work 1")
    for count in range(1, 4):
        worker = await bench.worker(LOCALCLIP_GRACE_S="0", LOCALCLIP_MAX_TRIES="1")
        await bench.begun(count)
        worker.terminate()
        assert await bench.exited(worker) == 0
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
        assert await bench.exited(worker, 30) == 0


def _ignores_nothing(worker: Any) -> bool:
    """Whether the worker has its signal handlers: before that, SIGTERM ends any process."""
    with open(f"/proc/{worker.pid}/status") as status:
        caught = next(line for line in status if line.startswith("SigCgt")).split()[1]
    return bool(int(caught, 16) & (1 << 14))


async def test_job_survives_a_stop_without_broker(bench: Any) -> None:
    """A job that ends without a broker, and whose worker is stopped then, is reported from its manifest by the next."""
    worker = await bench.worker(LOCALCLIP_GRACE_S="2", LOCALCLIP_ABANDON_S="0.2")
    await bench.send("work 1")
    await bench.begun()
    bench.server.kill()
    worker.terminate()
    assert await bench.exited(worker) == 0
    bench.server.start()
    await bench.worker()
    await bench.results(1)
    assert [entry["event"] for entry in bench.journal()] == ["begin", "end"]
