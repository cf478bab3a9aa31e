"""What fails is tried again where that may help, reported where not, and never lost or repeated for ever."""

from typing import Any

import pytest

from shared.messaging import JobFailed, subjects
from shared.pipeline import ErrorCode
from shared.testing import wait_until_async
from tests.shared.messaging.conftest import SHORT_S

pytestmark = pytest.mark.anyio


async def test_transient_error_is_tried_again_after_a_delay(bench: Any) -> None:
    """The delays are the ones of the settings, and the job ends well."""
    worker = await bench.worker(LOCALCLIP_RETRY_DELAYS_S="[0.3, 0.9]")
    await bench.send("transient 2")
    (result,) = await bench.results(1)
    assert result.kind == "lines_translated"
    begun = [entry["at"] for entry in bench.journal("begin")]
    assert len(begun) == 3
    assert begun[1] - begun[0] >= 0.3
    assert begun[2] - begun[1] >= 0.9
    assert [entry["delay_s"] for entry in worker.logged("job_retried")] == [0.3, 0.9]
    assert await bench.dead() == []


@pytest.mark.parametrize(
    ("work", "code", "words"),
    [
        ("transient 99", ErrorCode.ENGINE_FAILED, "the engine is busy"),
        ("crash", ErrorCode.INTERNAL, "ValueError: a defect"),
        ("exit", ErrorCode.INTERNAL, "SystemExit"),
    ],
)
async def test_exhausted_tries_fail_the_job(bench: Any, work: str, code: ErrorCode, words: str) -> None:
    """After the last try the job is reported as failed and kept as a dead letter; the worker lives on."""
    await bench.worker(LOCALCLIP_MAX_TRIES="3")
    job = await bench.send(work)
    (result,) = await bench.results(1)
    assert isinstance(result, JobFailed)
    assert (result.code, result.key()) == (code, job.key())
    assert words in result.message
    assert len(bench.journal("begin")) == 3
    await wait_until_async(bench.dead, 60, "the dead letter")
    (letter,) = await bench.dead()
    assert (letter.subject, letter.deliveries, letter.code) == (str(job.subject()), 3, code)
    assert job == type(job).model_validate_json(letter.body)
    await bench.send("done", number=1)
    await bench.results(2)


async def test_permanent_error_fails_at_once(bench: Any) -> None:
    """What cannot succeed is not tried again, and is no dead letter: a person reads why."""
    await bench.worker()
    await bench.send("permanent")
    (result,) = await bench.results(1)
    assert isinstance(result, JobFailed)
    assert (result.code, result.message) == (ErrorCode.LANGUAGE_UNSUPPORTED, "this pair is impossible")
    assert len(bench.journal("begin")) == 1
    assert await bench.dead() == []


async def test_job_that_kills_its_workers_is_given_up(bench: Any) -> None:
    """No worker is left to tell of it, so the next one counts and reports `worker_lost`."""
    await bench.lease(SHORT_S)
    job = await bench.send("die")
    for _ in range(2):
        worker = await bench.worker(LOCALCLIP_MAX_TRIES="2")
        assert await bench.exited(worker) == -9
    await bench.worker(LOCALCLIP_MAX_TRIES="2")
    (result,) = await bench.results(1)
    assert isinstance(result, JobFailed)
    assert result.code is ErrorCode.WORKER_LOST
    assert len(bench.journal("begin")) == 2
    (letter,) = await bench.dead()
    assert letter.subject == str(job.subject())


async def test_unreadable_messages_are_put_aside(bench: Any) -> None:
    """A message that is no job goes to the dead letters with the reason, once, and the next job runs."""
    sound = (await bench.send("done", number=5)).model_dump_json()
    await bench.js.purge_stream(subjects.JOBS)
    bodies = {
        "localclip.jobs.translation.batch.task_1.es.0.1": b"not json",
        "localclip.jobs.translation.batch.task_2.es.0.1": b"\xff\xfe\x00" * 100_000,
        "localclip.jobs.translation.interactive.task_3.es.0.1": b'{"task_id": "task_3"}',
        "localclip.jobs.translation.batch.too.short": b"{}",
        "localclip.jobs.translation.batch.task_4.es.0.1": sound.encode(),  # under the address of another job
        "localclip.jobs.translation.batch.task/5.es.0.1": sound.replace("task_005", "task/5").encode(),
        "localclip.jobs.translation.batch.task_005.es.0.01": sound.encode(),
    }
    for subject, body in bodies.items():
        await bench.js.publish(subject, body, stream=subjects.JOBS)
    worker = await bench.worker()
    await bench.send("done", number=1)
    await bench.results(1)
    letters = await bench.dead()
    assert {letter.subject for letter in letters} == set(bodies)
    assert {letter.code for letter in letters} == {ErrorCode.MESSAGE_INVALID}
    assert all(letter.reason for letter in letters)
    assert len(worker.logged("job_unreadable")) == len(bodies)
    assert await bench.deliveries() == len(bodies) + 1


@pytest.mark.parametrize(("work", "words"), [("verbose", "RuntimeError: xxx"), ("nothing", "AttributeError")])
async def test_defect_of_an_engine_is_reported(bench: Any, work: str, words: str) -> None:
    """An error of megabytes must fit into a message, and a handler that returns nothing must not hang its worker."""
    await bench.worker(LOCALCLIP_MAX_TRIES="1")
    await bench.send(work)
    (result,) = await bench.results(1)
    assert isinstance(result, JobFailed)
    assert result.code is ErrorCode.INTERNAL
    assert result.message.startswith(words)
