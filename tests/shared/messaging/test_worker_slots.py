"""A worker with several slots does as many jobs at a time, each as carefully as one alone."""

from typing import Any

import pytest

from shared.messaging import JobFailed
from shared.pipeline import Lane, Stage
from shared.testing import wait_until_async

pytestmark = pytest.mark.anyio


async def test_as_many_jobs_at_a_time_as_slots(bench: Any) -> None:
    """In one process, each once; the next begins when a slot is free, interactive ones first."""
    worker = await bench.worker(SLOTS="3")
    for number, name in enumerate(("go0", "go", "go")):
        await bench.send(f"until {name}", number=number)
    await bench.begun(3)
    await bench.send("done", number=4)
    await bench.send("done", number=5, lane=Lane.INTERACTIVE)
    bench.go("go0")
    await bench.begun(5)  # in the one free slot
    bench.go()
    await bench.results(5)
    events = [(entry["event"], entry["job"][5:8]) for entry in bench.journal()]
    assert sorted(events[:3]) == [("begin", "000"), ("begin", "001"), ("begin", "002")]
    assert events[3][0] == "end"  # not more than three at a time
    assert [job for event, job in events if event == "begin"][3] == "005"
    assert {entry["pid"] for entry in bench.journal()} == {worker.pid}
    assert len(worker.logged("worker_ready")) == 1
    assert bench.work_folders() == []


async def test_jobs_side_by_side_do_not_touch_each_other(bench: Any) -> None:
    """One fails, one is canceled, one ends well."""
    worker = await bench.worker(SLOTS="3")
    await bench.send("permanent", number=1)
    canceled = await bench.send("until never", number=2)
    await bench.send("until go", number=3)
    await bench.begun(3)
    await bench.cancel(canceled)
    await wait_until_async(lambda: worker.logged("job_canceled"), 60, "the second job to be canceled")
    bench.go()
    results = {result.task_id: result for result in await bench.results(2)}
    assert isinstance(results["task_001"], JobFailed)
    assert set(results) == {"task_001", "task_003"}


async def test_a_stopping_worker_hands_back_every_job(bench: Any) -> None:
    """Another one does them at once, and no try is counted."""
    first = await bench.worker(SLOTS="2", LOCALCLIP_GRACE_S="0.2")
    for number in range(2):
        await bench.send("until go", number=number)
    await bench.begun(2)
    first.terminate()
    assert await bench.exited(first) == 0
    second = await bench.worker(SLOTS="2")
    await bench.begun(4)
    bench.go()
    await bench.results(2)
    assert [entry["pid"] for entry in bench.journal("end")] == [second.pid] * 2
    assert [entry["tries"] for entry in second.logged("job_started")] == [1, 1]


async def test_every_slot_comes_through_the_loss_of_the_broker(bench: Any) -> None:
    """Both take jobs again afterwards."""
    worker = await bench.worker(SLOTS="2")
    bench.server.kill()
    bench.server.start()
    await bench.broker_is_back()
    await wait_until_async(lambda: _is_connected(bench), 60, "the broker")
    for number in range(2):
        await bench.send("until go", number=number)
    await bench.begun(2)
    bench.go()
    await bench.results(2)
    assert [entry["event"] for entry in bench.journal()] == ["begin", "begin", "end", "end"]
    assert {entry["pid"] for entry in bench.journal()} == {worker.pid}


async def test_a_worker_says_that_it_lives_until_it_stops(bench: Any) -> None:
    """As soon as it is ready, again after a loss of the broker, and that it takes nothing more when it is stopped."""
    heard = await bench.heartbeats()
    worker = await bench.worker(SLOTS="2")
    await wait_until_async(lambda: heard, 60, "the worker says nothing")
    bench.server.kill()
    bench.server.start()
    await bench.broker_is_back()
    heard.clear()
    await wait_until_async(lambda: heard, 60, "the worker says nothing after the broker was away")
    assert {(one.stage, one.slots) for one in heard} == {(Stage.TRANSLATION, 2)}
    worker.terminate()
    assert await bench.exited(worker) == 0
    await wait_until_async(lambda: heard[-1].slots == 0, 60, "it does not say that it stops")
    assert len({one.worker for one in heard}) == 1


def _is_connected(bench: Any) -> bool:
    return bool(bench.client.is_connected)
