"""What cannot be carried is told with a code and put aside; what can be carried goes on."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from nats.js import JetStreamContext
from nats.js.api import StreamConfig

from services.gateway.db.engine import Database
from services.gateway.db.tables import JobRow, OutboxKind, OutboxRow, Task
from services.gateway.pipeline.cut import row
from shared.messaging import JobFailed, SourceLine, TranscriptReady, TranslateLines, fact, subjects
from shared.pipeline import ErrorCode, Stage
from shared.storage import DirectoryStore, keys, put_bytes
from shared.testing import wait_until
from shared.transcript import MediaFacts, Segment, Speaker, Transcript
from tests.services.gateway.conftest import Gateway, World
from tests.services.gateway.library.test_account import lines
from tests.services.gateway.operations.test_metrics import measured
from tests.services.gateway.pipeline.test_delivery import messages, on_broker

SPANISH = '{"target_languages": ["es"]}'
HUGE = b"1\n00:00:00,000 --> 00:00:00,900\n" + b"word " * 300_000 + b"\n\n2\n00:00:02,000 --> 00:00:02,900\ndos\n\n"


def sql(world: World, work: Callable[[sa.Connection], Any]) -> Any:
    """Do something with the database beside the gateway."""
    database = Database(world.database_url)
    try:
        with database.engine.begin() as connection:
            return work(connection)
    finally:
        database.close()


def scalar(world: World, statement: str) -> Any:
    return sql(world, lambda connection: connection.execute(sa.text(statement)).scalar())


def started_without_workers(world: World, **more: str) -> tuple[Gateway, str]:
    gateway = world.gateway(**more)
    task_id = str(gateway.create(SPANISH, start=True)["task_id"])
    wait_until(lambda: messages(world) == 1, 30, "no job is dispatched")
    return gateway, task_id


def test_a_line_too_large_for_a_message_fails_alone(world: World) -> None:
    """Four such subtitles, a window's worth: their other lines are dubbed, and another's video as well."""
    gateway = world.gateway()
    world.workers()
    large = [str(gateway.create(SPANISH, start=True, translation_es=HUGE)["task_id"]) for _ in range(4)]
    other = str(gateway.create(SPANISH, start=True)["task_id"])
    for task_id in (other, *large):
        gateway.wait_for(task_id, timeout_s=120)
    found = lines(gateway, large[0], "es")
    assert [(line["state"], line["error_code"]) for line in found] == [
        ("failed", "job_too_large"),
        ("dubbed", None),
        ("dubbed", None),
    ]
    assert "line s0000" in found[0]["error_message"]
    assert "shorten or split it" in found[0]["error_message"]


def test_a_job_the_broker_refuses_fails_with_a_code(small_world: World) -> None:
    """It is not tried for ever, and is done again once the broker takes it."""
    gateway = small_world.gateway()

    def limit(most: int) -> None:
        async def change(js: JetStreamContext) -> None:
            held: StreamConfig = (await js.stream_info(subjects.JOBS)).config
            held.max_msg_size = most
            await js.update_stream(held)

        on_broker(small_world, change)

    limit(100)
    task_id = gateway.create(SPANISH, start=True)["task_id"]
    task = gateway.wait_for(task_id, "failed")
    assert task["error_code"] == "job_refused"
    assert scalar(small_world, "SELECT count(*) FROM jobs WHERE state = 'ready'") == 0
    limit(-1)
    small_world.workers()
    gateway.http.post(f"/api/tasks/{task_id}/retry")
    gateway.wait_for(task_id, timeout_s=60)


def test_a_fact_the_broker_refuses_is_set_aside(world: World) -> None:
    """With its reason, told in the log of its task; the events of all tasks go on, its own as well."""
    gateway = world.gateway()
    task_id, other = (str(gateway.create(SPANISH)["task_id"]) for _ in range(2))
    told = fact("poison", task_id, "base", "task", "updated", {"text": "x" * 1_200_000})
    poison = OutboxRow(kind=OutboxKind.FACT, task_id=task_id, payload=told.model_dump_json())
    broken = OutboxRow(kind=OutboxKind.FACT, task_id="", payload="{}")
    for one in (poison, broken):
        fields = one.model_dump(exclude={"id"})
        sql(world, lambda connection, fields=fields: connection.execute(sa.insert(OutboxRow).values(**fields)))
    for one in (task_id, other):
        assert gateway.http.patch(f"/api/tasks/{one}", json={"num_speakers": 2}).status_code == 200
        gateway.http.delete(f"/api/tasks/{one}") if one == other else None
    aside = "SELECT count(*) FROM outbox WHERE set_aside_at IS NOT NULL"
    wait_until(lambda: scalar(world, aside) == 2, 60, "not set aside")
    wait_until(lambda: scalar(world, "SELECT count(*) FROM outbox") == 2, 30, "the others are not published")
    reason = scalar(world, "SELECT last_error FROM outbox WHERE payload <> '{}'")
    assert "MaxPayload" in reason
    logs = gateway.http.get(f"/api/tasks/{task_id}/logs").json()
    assert [entry["message"] for entry in logs if entry["stage"] == "events"] != []
    assert measured(gateway)['localclip_outbox{state="aside"}'] == 2


def test_a_result_that_cannot_be_recorded_fails_its_job(world: World) -> None:
    """After ten tries; others are recorded meanwhile, it is kept with the reason, and a person may try again."""
    gateway, task_id = started_without_workers(world, LOCALCLIP_RESULT_RETRY_S="0.05")
    double = Segment(id="s1", start_s=0, end_s=1, speaker_id="spk_1", text="twice")
    media = MediaFacts(container="mov", duration_s=60)
    transcript = Transcript(
        source_language="en", media=media, speakers=(Speaker(id="spk_1", name="A"),), segments=(double, double)
    )
    key = keys.processed(task_id, 1, "transcript.json")
    put_bytes(DirectoryStore(world.folder / "objects"), key, transcript.model_dump_json().encode())
    address = {"language": "base", "stage": Stage.DIARIZATION, "shard": "0", "attempt": 1}
    bad = TranscriptReady(task_id=task_id, **address, transcript_key=key, media=media, segments=2, speakers=1)
    other = str(gateway.create(SPANISH, start=True)["task_id"])
    good = JobFailed(task_id=other, **address, code=ErrorCode.MEDIA_UNREADABLE, message="as a worker says")

    async def publish(js: JetStreamContext) -> None:
        for result in (bad, good):
            await js.publish(subjects.results(result.stage), result.model_dump_json().encode())

    on_broker(world, publish)
    assert gateway.wait_for(other, "failed")["error_code"] == "media_unreadable"
    assert gateway.wait_for(task_id, "failed", timeout_s=90)["error_code"] == "result_unusable"
    wait_until(lambda: messages(world, subjects.RESULTS) == 0, 30, "it is delivered again")
    assert messages(world, subjects.DEAD) == 1
    world.workers()
    gateway.http.post(f"/api/tasks/{task_id}/retry")
    gateway.wait_for(task_id, timeout_s=60)


def test_many_jobs_of_one_stage_do_not_stop_the_others(world: World) -> None:
    """Five thousand translations wait; a new video is handed out all the same."""
    gateway = world.gateway()
    many = [_waiting(f"task_{number // 50}", str(number)) for number in range(5000)]
    tasks = [_task(f"task_{number}", "").model_dump(exclude={"id"}) for number in range(100)]

    def fill(connection: sa.Connection) -> None:
        connection.execute(sa.insert(Task), tasks)
        connection.execute(sa.insert(JobRow), [one.model_dump(exclude={"id"}) for one in many])

    sql(world, fill)
    task_id = str(gateway.create(SPANISH, start=True)["task_id"])
    state = f"SELECT state FROM jobs WHERE task_id = '{task_id}'"  # noqa: S608 (our own id)
    wait_until(lambda: scalar(world, state) == "dispatched", 60, "nothing is handed out")


def _task(task_id: str, owner: str) -> Task:
    return Task(
        task_id=task_id,
        owner=owner,
        video_filename="v.mp4",
        video_original_name="v.mp4",
        video_key=f"tasks/{task_id}/v.mp4",
        video_size=1,
    )


def _waiting(task_id: str, shard: str, stage: str | None = None, **more: Any) -> JobRow:
    line = SourceLine(segment_id="s1", text="text", speaker_id="spk_1", slot_s=1, max_chars=20)
    job = TranslateLines(
        task_id=task_id, language="es", shard=shard, attempt=1, source_language="en", lines=(line,), **more
    )
    made = row(_task(task_id, ""), job)
    made.stage = stage or made.stage
    return made


def test_one_deletion_that_fails_leaves_the_others(small_world: World) -> None:
    """Nor does a step of the sweep that fails keep it from what comes after."""
    gateway = small_world.gateway(LOCALCLIP_LISTENING_PATIENCE_S="0")
    stuck, slow, other = (str(gateway.create(SPANISH)["task_id"]) for _ in range(3))
    listening = _waiting(slow, "hear-0", Stage.DIARIZATION)
    listening.optional, listening.created_at = True, datetime(2026, 1, 1, tzinfo=UTC)
    listening.state = "dispatched"
    listening.dispatched_at = datetime.now(UTC)

    def prepare(connection: sa.Connection) -> None:
        connection.execute(sa.insert(JobRow).values(**listening.model_dump(exclude={"id"})))
        for name, when in (
            ("keep_task", f"DELETE ON tasks WHEN OLD.task_id = '{stuck}'"),
            ("keep_job", f"UPDATE ON jobs WHEN OLD.task_id = '{slow}'"),
        ):
            refuse = "BEGIN SELECT RAISE(ABORT, 'refused'); END"
            connection.execute(sa.text(f"CREATE TRIGGER {name} BEFORE {when} {refuse}"))

    sql(small_world, prepare)
    for task_id in (stuck, other):
        assert gateway.http.delete(f"/api/tasks/{task_id}").status_code == 204
    gone = f"SELECT count(*) FROM tasks WHERE task_id = '{other}'"  # noqa: S608 (our own id)
    wait_until(lambda: scalar(small_world, gone) == 0, 30, "the other is not erased")
    for failed in ("sweep_step_failed", "task_not_erased"):
        wait_until(lambda failed=failed: failed in gateway.service.log.read_text(), 30, f"not told: {failed}")
    scalar_stuck = f"SELECT count(*) FROM tasks WHERE task_id = '{stuck}'"  # noqa: S608 (our own id)
    assert scalar(small_world, scalar_stuck) == 1


def test_acknowledged_results_that_a_broker_kept_are_cleared(small_world: World) -> None:
    """A broker that comes back with messages it had removed, as versions before 2.10 do after a crash."""
    late = JobFailed(
        task_id="gone",
        language="es",
        stage=Stage.TRANSLATION,
        shard="0",
        attempt=1,
        code=ErrorCode.INTERNAL,
        message="",
    )
    gateway = small_world.gateway()
    gateway.service.end()

    async def publish(js: JetStreamContext) -> None:
        for _ in range(5):
            await js.publish(subjects.results(late.stage), late.model_dump_json().encode())

    on_broker(small_world, publish)
    small_world.nats.stop()
    (stored,) = (small_world.nats.store_dir / "streams").rglob(f"{subjects.RESULTS}/msgs")
    shutil.copytree(stored, small_world.folder / "kept")
    small_world.nats.start()
    gateway.service.start()
    gateway.wait_ready()
    wait_until(lambda: messages(small_world, subjects.RESULTS) == 0, 30, "not taken in")
    gateway.service.end()
    small_world.nats.stop()
    shutil.rmtree(stored)
    shutil.copytree(small_world.folder / "kept", stored)
    small_world.nats.start()
    assert messages(small_world, subjects.RESULTS) == 5

    async def floor(js: JetStreamContext) -> int:
        info = await js.consumer_info(subjects.RESULTS, "gateway")
        return info.ack_floor.stream_seq if info.ack_floor else 0

    assert on_broker(small_world, floor) == 5
    gateway.service.start()
    wait_until(lambda: messages(small_world, subjects.RESULTS) == 0, 30, "they stay")


def test_few_lines_go_ahead_and_many_wait_their_turn(small_world: World) -> None:
    """What one click means by a line or two is interactive, whatever follows from it as well; a language is not."""
    gateway = small_world.gateway()
    small_world.workers(STUB_SEGMENTS="20", STUB_HEARS="es")
    wait_until(lambda: len(gateway.http.get("/api/engines").json()) == 4, 30, "engines are not announced")
    task_id = str(gateway.create(SPANISH, start=True)["task_id"])
    gateway.wait_for(task_id, timeout_s=60)
    url = f"/api/tasks/{task_id}/languages/es"
    everything = [line["segment_id"] for line in lines(gateway, task_id, "es")]

    def lanes(shard: str) -> dict[str, int]:
        query = sa.text(f"SELECT lane, count(*) FROM jobs WHERE shard LIKE '{shard}' GROUP BY lane")  # noqa: S608
        return dict(sql(small_world, lambda connection: [tuple(one) for one in connection.execute(query)]))

    assert lanes("hear-0") == {"batch": 1}
    gateway.http.post(f"{url}/lines/{everything[0]}/dub")
    wait_until(lambda: lanes("hear-s%") == {"interactive": 1}, 30, "the line is not heard")
    assert lanes("line-%") == {"interactive": 1}
    assert gateway.http.post(f"{url}/dub", json={"segment_ids": everything}).json()["lines"] == 20
    assert lanes("line-%") == {"interactive": 1, "batch": 20}
