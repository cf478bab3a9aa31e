"""A canceled job stops soon, reports nothing and leaves nothing behind."""

from typing import Any

import pytest

from shared.pipeline import Lane
from shared.testing import wait_until_async

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("language", [None, "es"])
async def test_running_job_stops(bench: Any, language: str | None) -> None:
    """A flag of the task or of the language reaches a running engine, which would not end without it."""
    worker = await bench.worker()
    job = await bench.send("file", epoch=3)
    await wait_until_async(lambda: bench.journal("written"), 60, "the job to be in the middle")
    await bench.cancel(job, language=language, epoch=3)
    await wait_until_async(lambda: worker.logged("job_canceled"), 60, "the job to stop")
    await bench.results(0)
    await wait_until_async(lambda: not bench.work_folders(), 60, "the temporary folder to go")
    assert bench.journal("end") == []
    assert await bench.dead() == []


async def test_queued_job_is_skipped(bench: Any) -> None:
    """A job that was canceled before its turn is not begun, in both lanes; others are."""
    canceled = await bench.send("done", number=1, epoch=1)
    await bench.send("done", number=1, epoch=1, lane=Lane.INTERACTIVE, shard="s0001")
    await bench.send("done", number=2, epoch=1)
    await bench.cancel(canceled, epoch=1)
    await bench.worker()
    (result,) = await bench.results(1)
    assert result.task_id == "task_002"
    assert len(bench.journal("begin")) == 1


async def test_job_after_the_flag_runs(bench: Any) -> None:
    """A flag concerns the jobs of its epoch and older ones; what was asked for afterwards runs."""
    job = await bench.send("done", number=1, epoch=2)
    await bench.cancel(job, epoch=1)
    await bench.cancel(job, language="fr", epoch=9)
    await bench.worker()
    await bench.results(1)


async def test_work_that_does_not_heed_stores_nothing(bench: Any) -> None:
    """An engine that comes back after the cancellation finds its store closed: no manifest, no result."""
    worker = await bench.worker()
    job = await bench.send("deaf")
    await bench.begun()
    await bench.cancel(job)
    await wait_until_async(lambda: worker.logged("job_canceled"), 60, "the job to end")
    await bench.results(0)
    assert list(bench.store.list("tasks/")) == []
