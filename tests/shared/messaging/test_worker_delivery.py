"""Each job runs to its end once, whoever dies on the way: on a real broker, with workers as processes."""

import asyncio
from typing import Any

import pytest

from shared.messaging import EngineInfo, LinesTranslated, RawProgress, TranslatedLine, announced_engines
from shared.pipeline import Lane, Stage
from shared.storage import keys, put_bytes
from shared.testing import wait_until_async
from tests.shared.messaging.conftest import SHORT_S

pytestmark = pytest.mark.anyio


async def test_lease_is_kept_longer_than_ack_wait(bench: Any) -> None:
    """Jobs that outlast their lease are run once, be their engine attentive or deaf, although a worker is waiting."""
    await bench.lease(4)
    await asyncio.gather(bench.worker(), bench.worker(), bench.worker())
    jobs = [await bench.send("work 6", number=1), await bench.send("block 6", number=2)]
    results = await bench.results(2)
    assert {result.key() for result in results} == {job.key() for job in jobs}
    assert all(isinstance(result, LinesTranslated) for result in results)
    assert [entry["event"] for entry in bench.journal()] == ["begin", "begin", "end", "end"]


async def test_two_workers_share_without_running_twice(bench: Any) -> None:
    """Many jobs over both lanes are each begun once, and both workers take part."""
    await asyncio.gather(bench.worker(), bench.worker())
    for number in range(30):
        work = "until go" if number < 2 else "work 0.1"  # so both have one, however busy the machine is
        await bench.send(work, number=number, lane=Lane.INTERACTIVE if number % 5 == 0 else Lane.BATCH)
    await bench.begun(2)
    bench.go()
    await bench.results(30)
    begun = bench.journal("begin")
    assert len({entry["job"] for entry in begun}) == len(begun) == 30
    assert {entry["pid"] for entry in begun} == {worker.pid for worker in bench.workers}


async def test_killed_worker_is_replaced(bench: Any) -> None:
    """kill -9 in the middle of a job: the other worker finishes it, and it is reported once."""
    await bench.lease(SHORT_S)
    workers = await asyncio.gather(bench.worker(), bench.worker())
    await bench.send("file")
    (begun,) = await bench.begun()
    first, second = sorted(workers, key=lambda worker: bool(worker.pid != begun["pid"]))
    await wait_until_async(lambda: bench.journal("written"), 60, "the first worker to be in the middle")
    first.kill()
    bench.go()
    await bench.results(1)
    assert [entry["pid"] for entry in bench.journal("begin")] == [first.pid, second.pid]
    assert [entry["pid"] for entry in bench.journal("end")] == [second.pid]


async def test_folders_of_a_killed_worker_are_removed(bench: Any) -> None:
    """What a killed worker left in its temporary folder goes when the next one starts."""
    first = await bench.worker()
    await bench.send("file")
    await wait_until_async(lambda: bench.journal("written"), 60, "the worker to be in the middle")
    first.kill()
    assert len(bench.work_folders()) == 1
    second = await bench.worker(ready=False)
    await wait_until_async(lambda: second.logged("abandoned_folders_removed"), 60, "the next worker to clean up")
    assert [folder for folder in bench.work_folders() if f"-{first.pid}-" in folder.name] == []


async def test_manifest_without_report(bench: Any) -> None:
    """A worker died after its manifest and before its report: the next one reports just that and does no work."""
    line = TranslatedLine(segment_id="s0001", text="from before")
    made = LinesTranslated(
        task_id="task_000", language="es", stage=Stage.TRANSLATION, shard="0", attempt=1, lines=(line,)
    )
    manifest = keys.manifest("task_000", "es", Stage.TRANSLATION, "0", 1)
    put_bytes(bench.store, manifest, made.model_dump_json().encode())
    await bench.worker()
    await bench.send("crash")
    assert await bench.results(1) == [made]
    assert bench.journal() == []


async def test_finished_job_is_not_done_again(bench: Any) -> None:
    """A job that comes again after its end does no work, and its second report does not arrive."""
    worker = await bench.worker()
    job = await bench.send("done")
    await bench.results(1)
    await bench.publish(job)
    await wait_until_async(lambda: worker.logged("job_already_done"), 60, "the second delivery")
    await bench.results(1)
    assert len(bench.journal("begin")) == 1


async def test_interactive_lane_overtakes(bench: Any) -> None:
    """A person's line is next, however long the batch is."""
    await bench.send("until go", number=1)
    for number in range(2, 6):
        await bench.send("done", number=number)
    await bench.worker()
    await bench.begun()
    await bench.send("done", number=9, lane=Lane.INTERACTIVE)
    bench.go()
    await bench.results(6)
    order = [entry["job"].split(":")[0] for entry in bench.journal("begin")]
    assert order.index("task_009") == 1


async def test_busy_worker_holds_no_second_job(bench: Any) -> None:
    """A job goes to the idle worker at once, although the busy one has waited for it longer."""
    busy = await bench.worker()
    await bench.send("until never", number=1)
    await bench.begun()
    idle = await bench.worker()
    for number in range(2, 8):
        await bench.send("done", number=number, lane=Lane.INTERACTIVE if number % 2 else Lane.BATCH)
        begun = await bench.begun(number)
        assert begun[-1]["pid"] == idle.pid != busy.pid
    assert await bench.deliveries() == 7


async def test_storm_in_both_lanes(bench: Any) -> None:
    """Jobs that come while another is taken are each run once, and none is reported as lost."""
    await bench.worker(LOCALCLIP_MAX_TRIES="2")
    await bench.send("done", number=999)
    for number in range(40):
        await bench.send("done", number=number, lane=Lane.INTERACTIVE)
        await bench.send("done", number=100 + number)
    results = await bench.results(81)
    assert {result.kind for result in results} == {"lines_translated"}
    assert len(bench.journal("begin")) == 81


async def test_engines_are_announced(bench: Any) -> None:
    """What a worker can do is known before its first job and after its end."""
    worker = await bench.worker()
    engines = await announced_engines(bench.js)
    assert [(engine.name, engine.pairs) for engine in engines] == [("journal", (("en", "es"),))]
    worker.kill()
    assert await announced_engines(bench.js) == engines
    assert all(isinstance(engine, EngineInfo) for engine in engines)


async def test_progress_is_told_of_the_stage_a_job_counts_for(bench: Any) -> None:
    """A job that is part of another stage's run does not wake a stage that is over."""
    told: list[tuple[str, RawProgress]] = []

    async def listen(message: Any) -> None:
        told.append((message.subject, RawProgress.model_validate_json(message.data)))

    await bench.client.subscribe("localclip.progress.>", cb=listen)
    await bench.worker()
    await bench.send("done", counts_for=Stage.CLONING)
    await wait_until_async(lambda: told and told[-1][1].fraction == 1.0, 60, "the job to be told as done")
    assert {(subject, word.stage) for subject, word in told} == {
        ("localclip.progress.task_000.es.voice_cloning", Stage.CLONING)
    }
    (result,) = await bench.results(1)
    assert result.stage is Stage.TRANSLATION


async def test_progress_is_told(bench: Any) -> None:
    """Progress comes over core NATS with the weight of its shard, not too often, never falls, and ends at one."""
    told: list[RawProgress] = []

    async def listen(message: Any) -> None:
        told.append(RawProgress.model_validate_json(message.data))

    await bench.client.subscribe("localclip.progress.>", cb=listen)
    await bench.worker()
    await bench.send("until go", weight=2.0, total_weight=8.0)
    await wait_until_async(lambda: told, 60, "the job to be told as half done")
    bench.go()
    await wait_until_async(lambda: told[-1].fraction == 1.0, 60, "the job to be told as done")
    assert list(dict.fromkeys(word.fraction for word in told)) == [0.5, 1.0]  # words and number may come one by one
    assert {(word.task_id, word.shard, word.weight, word.total_weight) for word in told} == {
        ("task_000", "0", 2.0, 8.0)
    }
    told.clear()
    await bench.send("work 1", number=1)  # says some fifty times how far it is
    await wait_until_async(lambda: told and told[-1].fraction == 1.0, 60, "the next job to be told as done")
    fractions = [word.fraction for word in told]
    assert fractions == sorted(fractions)
    assert len(told) <= 9
