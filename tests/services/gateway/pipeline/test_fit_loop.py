"""From a take that does not fit to another text and back, through real messages, jobs and crashes."""

import json
import signal
from typing import Any

import pytest
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from shared.messaging import JobFailed, LinesDubbed, LinesRewritten, LineTake, RewrittenLine, subjects
from shared.pipeline import ErrorCode, Stage
from shared.testing import wait_until
from tests.services.gateway.conftest import Gateway, World
from tests.services.gateway.pipeline.test_delivery import execute, on_broker, report

# Three segments last a second with silence after them, of which 0.65 s may be borrowed: at 20 characters a second and
# 1.2 times their speed that is room for 39 characters.
LONG, MEDIUM, SHORT = "l" * 70, "m" * 60, "s" * 33
PACE = {"STUB_CHARS_PER_S": "20", "STUB_VIDEO_S": "5.7"}
LEASE = {"NATS_ACK_WAIT_S": "4"}
RUN = "SELECT jobs_total, jobs_done, status FROM stage_runs WHERE stage = 'voice_cloning'"


def texts(*given: str) -> str:
    return json.dumps(given)


def lines_of(gateway: Gateway, task_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = gateway.http.get(f"/api/tasks/{task_id}/languages/es/lines").json()
    return found


def jobs(world: World) -> list[tuple[str, str, str]]:
    """Stage, shard and state of the jobs of the loop, in order."""
    return [tuple(row) for row in execute(world, "SELECT stage, shard, state FROM jobs WHERE shard LIKE 'fit%'")]


def tried(world: World) -> list[tuple[int, int]]:
    """Rounds and number of texts spoken of each line."""
    rows = execute(world, "SELECT rounds, tried FROM lines ORDER BY segment_id")
    return [(rounds, len(json.loads(entries))) for rounds, entries in rows]


def dubbed(world: World, **stub: str) -> tuple[Gateway, str]:
    """A task gone through all stages."""
    gateway = world.gateway()
    world.workers(**PACE, **stub)
    task_id = gateway.create('{"target_languages": ["es"]}', start=True)["task_id"]
    gateway.wait_for(task_id, timeout_s=60)
    return gateway, task_id


def test_a_line_that_is_too_long_gets_the_shorter_text(world: World) -> None:
    """One the translator had offered already, in one round, without asking it again."""
    gateway, task_id = dubbed(world, STUB_TEXTS=texts(LONG, SHORT))
    for line in lines_of(gateway, task_id):
        assert (line["text"], line["fit"], line["state"], line["edited"]) == (SHORT, "natural", "dubbed", False)
        assert line["decision"].startswith("round 1: shorter translation chosen (70 → 33 characters), ")
    if "sqlite" in world.database_url:
        assert jobs(world) == [("voice_cloning", "fit-1-1", "done")]
        assert tried(world) == [(1, 2)] * 3
    export = gateway.http.get(f"/api/tasks/{task_id}/artifacts/es/export_es.mp4")
    assert export.text.splitlines() == [SHORT] * 3


def test_the_translator_is_asked_when_it_offered_nothing(small_world: World) -> None:
    """The jobs count for the voice run, whose progress never goes back; the translation is not heard of again."""
    small_world.progress()
    gateway, task_id = dubbed(small_world, STUB_TEXTS=texts(LONG), STUB_REWRITES=texts(LONG, SHORT), STUB_DELAY_S="1")
    assert {line["text"] for line in lines_of(gateway, task_id)} == {SHORT}
    assert jobs(small_world) == [("translation", "fit-1-1", "done"), ("voice_cloning", "fit-1-2", "done")]
    assert execute(small_world, "SELECT jobs_total, jobs_done FROM stage_runs WHERE stage = 'voice_cloning'") == [
        (3, 3)
    ]
    told = wait_until(lambda: _ended(progress_events(small_world, task_id)), 60, "the last progress is not told")
    cloning = [progress for stage, progress in told if stage == Stage.CLONING]
    assert cloning == sorted(cloning)
    assert any(0 < progress < 100 for progress in cloning)
    translation = [progress for stage, progress in told if stage == Stage.TRANSLATION]
    assert translation == sorted(translation)
    assert translation.count(100) == 1


def progress_events(world: World, task_id: str) -> list[tuple[str, int]]:
    """Stage and percentage of every progress event of `es`, in order."""

    async def read(js: JetStreamContext) -> list[tuple[str, int]]:
        found, sequence = [], 1
        while True:
            try:
                message = await js.get_msg(
                    subjects.EVENTS,
                    seq=sequence,
                    subject=f"{subjects.EVENTS_PREFIX}.{task_id}.es.*.progress",
                    next=True,
                )
            except NotFoundError:
                return found
            data = json.loads(message.data or b"{}")["data"]
            found.append((data["stage"], data["progress"]))
            sequence = (message.seq or 0) + 1

    return list(on_broker(world, read))


def _ended(told: list[tuple[str, int]]) -> list[tuple[str, int]] | None:
    return told if (Stage.EXPORT, 100) in told else None


def test_after_three_rounds_the_best_take_counts(small_world: World) -> None:
    """The line still overflows, says how much was tried, and a person finds it among the issues."""
    offered = texts("a" * 62, "b" * 60, "c" * 58, "d" * 56)
    gateway, task_id = dubbed(small_world, STUB_TEXTS=texts(LONG), STUB_REWRITES=offered)
    for line in lines_of(gateway, task_id):
        assert (line["text"], line["fit"]) == ("c" * 58, "overflow")
        assert line["decision"].startswith("round 3: shorter translation chosen (70 → 58 characters), ")
        assert line["decision"].endswith("no shorter translation fits better (3 tried)")
    assert tried(small_world) == [(3, 4)] * 3
    assert [stage for stage, _, _ in jobs(small_world)] == ["translation", "voice_cloning"] * 3
    assert gateway.task(task_id)["language_status"]["es"]["issues"] == 3


def test_no_text_is_better_than_a_worse_one(small_world: World) -> None:
    """What is foretold to be no better is not spoken at all."""
    gateway, task_id = dubbed(small_world, STUB_TEXTS=texts(MEDIUM, LONG), STUB_REWRITES=texts(LONG))
    assert {line["text"] for line in lines_of(gateway, task_id)} == {MEDIUM}
    assert jobs(small_world) == [("translation", "fit-1-1", "done")]


def test_no_other_text_costs_no_job(small_world: World) -> None:
    """An engine that offers nothing and cannot be asked is left alone."""
    gateway, task_id = dubbed(small_world, STUB_TEXTS=texts(LONG))
    assert {line["fit"] for line in lines_of(gateway, task_id)} == {"overflow"}
    assert all("no shorter translation is known" in line["decision"] for line in lines_of(gateway, task_id))
    assert jobs(small_world) == []


def test_no_text_of_a_person_is_replaced(small_world: World) -> None:
    """Neither a translation that was brought nor a line that was edited, however long."""
    gateway = small_world.gateway()
    small_world.workers(**PACE, STUB_TEXTS=texts(SHORT, "x" * 30), STUB_REWRITES=texts("y" * 30))
    cues = f"1\n00:00:00,000 --> 00:00:00,900\n{LONG}\n\n".encode()
    task_id = gateway.create('{"target_languages": ["es"]}', translation_es=cues, start=True)["task_id"]
    gateway.wait_for(task_id)
    brought = [(line["text"], line["fit"]) for line in lines_of(gateway, task_id)]
    assert brought == [(LONG, "overflow"), (SHORT, "natural"), (SHORT, "natural")]
    url = f"/api/tasks/{task_id}/languages/es/lines/s0001"
    gateway.http.patch(url, json={"text": MEDIUM}, headers={"If-Match": "*"})
    gateway.http.post(f"/api/tasks/{task_id}/process", json={"languages": ["es"], "stage": "voice_cloning"})
    wait_until(lambda: gateway.http.get(url).json()["state"] == "dubbed", 60, "not dubbed")
    assert gateway.http.get(url).json()["text"] == MEDIUM
    assert jobs(small_world) == []


@pytest.mark.parametrize("victim", ["workers", "both"])
def test_a_crash_between_rounds_loses_nothing(small_world: World, victim: str) -> None:
    """Whoever dies while the second job of the loop is under way, the line ends with the same text."""
    gateway = small_world.gateway(**LEASE)
    stub = {**PACE, **LEASE, "STUB_TEXTS": texts(LONG), "STUB_REWRITES": texts(LONG, SHORT)}
    workers = small_world.workers(**stub, STUB_HOLD="rewrite_lines")
    task_id = gateway.create('{"target_languages": ["es"]}', start=True)["task_id"]
    wait_until(lambda: [job[2] for job in jobs(small_world)] == ["dispatched"], 60, "the loop does not begin")
    workers.end(signal.SIGKILL)
    if victim == "both":
        gateway.service.end(signal.SIGKILL)
        gateway.service.start()
        gateway.wait_ready()
    small_world.workers(**stub)
    gateway.wait_for(task_id, timeout_s=90)
    assert {line["text"] for line in lines_of(gateway, task_id)} == {SHORT}
    assert tried(small_world) == [(1, 2)] * 3


def in_the_loop(world: World) -> tuple[Gateway, str]:
    """A task whose voice run waits for a rewriting that nobody does."""
    gateway = world.gateway(**LEASE)
    stub = {**PACE, **LEASE, "STUB_TEXTS": texts(LONG), "STUB_REWRITES": texts(SHORT)}
    workers = world.workers(**stub, STUB_HOLD="rewrite_lines")
    task_id = gateway.create('{"target_languages": ["es"]}', start=True)["task_id"]
    wait_until(lambda: jobs(world), 60, "the loop does not begin")
    workers.end(signal.SIGKILL)
    return gateway, task_id


def test_results_of_the_loop_count_once(small_world: World) -> None:
    """A rewriting that comes twice makes one job; a take that comes twice is one round."""
    gateway, task_id = in_the_loop(small_world)
    address = {"task_id": task_id, "language": "es", "attempt": 1}
    revision = execute(small_world, "SELECT revision FROM lines WHERE segment_id = 's0001'")[0][0]
    found = RewrittenLine(segment_id="s0001", revision=revision, candidates=(SHORT,))
    rewritten = LinesRewritten(**address, stage=Stage.TRANSLATION, shard="fit-1-1", lines=(found,))
    report(small_world, rewritten, rewritten)
    assert [job[:2] for job in jobs(small_world)] == [("translation", "fit-1-1"), ("voice_cloning", "fit-1-2")]
    take = LineTake(
        segment_id="s0001", revision=revision, take_key="k", start_s=2.0, duration_s=1.65, natural_s=1.65, speed=1.0,
        fit="natural", decision="natural speed",
    )  # fmt: skip
    spoken = LinesDubbed(**address, stage=Stage.CLONING, shard="fit-1-2", lines=(take,))
    report(small_world, spoken, spoken, rewritten)
    line = gateway.http.get(f"/api/tasks/{task_id}/languages/es/lines/s0001").json()
    assert (line["text"], line["take_key"]) == (SHORT, "k")
    assert line["decision"] == "round 1: shorter translation chosen (70 → 33 characters), natural speed"
    assert tried(small_world) == [(0, 1), (1, 2), (0, 1)]
    assert execute(small_world, RUN) == [(3, 3, "completed")]


def test_an_edit_ends_the_loop_of_its_line(small_world: World) -> None:
    """What was found for the old text no longer counts."""
    gateway, task_id = in_the_loop(small_world)
    url = f"/api/tasks/{task_id}/languages/es/lines/s0001"
    gateway.http.patch(url, json={"text": "mine"}, headers={"If-Match": "*"})
    small_world.workers(**PACE, **LEASE, STUB_REWRITES=texts(SHORT))
    gateway.wait_for(task_id, timeout_s=60)
    line = gateway.http.get(url).json()
    assert (line["text"], line["state"], line["edited"]) == ("mine", "stale", True)
    assert [one["text"] for one in lines_of(gateway, task_id)] == [SHORT, "mine", SHORT]


def test_a_text_that_cannot_be_spoken_ends_the_loop(small_world: World) -> None:
    """The line keeps its take and says why no other was tried."""
    gateway, task_id = in_the_loop(small_world)
    address = {"task_id": task_id, "language": "es", "attempt": 1}
    rows = execute(small_world, "SELECT segment_id, revision FROM lines ORDER BY segment_id")
    found = tuple(RewrittenLine(segment_id=key, revision=revision, candidates=(SHORT,)) for key, revision in rows)
    report(small_world, LinesRewritten(**address, stage=Stage.TRANSLATION, shard="fit-1-1", lines=found))
    message = "the voice is gone"
    lost = JobFailed(**address, stage=Stage.CLONING, shard="fit-1-2", code=ErrorCode.ENGINE_FAILED, message=message)
    report(small_world, lost, lost)
    assert execute(small_world, RUN) == [(3, 3, "completed")]
    for line in lines_of(gateway, task_id):
        assert (line["text"], line["state"], line["error_code"]) == (LONG, "dubbed", None)
        assert line["decision"].endswith(f"; another translation could not be spoken: {message}")


def test_a_failed_job_of_the_loop_fails_nothing(small_world: World) -> None:
    """The lines keep the takes they have, and the language goes on to its export."""
    gateway, task_id = in_the_loop(small_world)
    address = {"task_id": task_id, "language": "es", "attempt": 1, "stage": Stage.TRANSLATION, "shard": "fit-1-1"}
    report(small_world, JobFailed(**address, code=ErrorCode.ENGINE_FAILED, message="no more words"))
    small_world.workers(**PACE, **LEASE)
    gateway.wait_for(task_id, timeout_s=60)
    assert {(line["text"], line["state"]) for line in lines_of(gateway, task_id)} == {(LONG, "dubbed")}
