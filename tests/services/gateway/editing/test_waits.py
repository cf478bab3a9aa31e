"""What somebody waits for is told: whose turn it is, how many go first, and that no worker runs."""

import time
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlmodel import col, select, update

from services.gateway.db.engine import Database
from services.gateway.db.tables import JobRow, JobState, now
from services.gateway.operations.waits import Place, place_of
from services.gateway.pipeline.dispatch import Dispatcher, Foreseen
from services.gateway.pipeline.fair_share import Ledger
from services.gateway.web.threads import Threads
from shared.messaging import WorkerSlots
from shared.pipeline import Lane, Stage
from tests.services.gateway.editing.conftest import Studio


@pytest.mark.parametrize(
    ("before", "slots", "typical_s", "place"),
    [
        (0, 1, 4.0, Place(0, 0.0)),
        (1, 1, 4.0, Place(1, 4.0)),
        (1, 2, 4.0, Place(0, 0.0)),
        (5, 2, 4.0, Place(4, 8.0)),
        (3, 1, None, Place(3, None)),
        (3, 0, 4.0, Place(3, None)),
    ],
)
def test_the_place_of_a_job(before: int, slots: int, typical_s: float | None, place: Place) -> None:
    """As many are done at a time as there are slots; without a worker nothing is foretold."""
    assert place_of(before, slots, typical_s) == place


def waits(studio: Studio) -> dict[tuple[str, str | None], dict[str, Any]]:
    return {(one["what"], one["segment_id"]): one for one in studio.call("GET", "/waits")}


def hand_out(studio: Studio, **of: object) -> None:
    """As the dispatcher does."""
    with studio.database.write() as session:
        chosen = [col(getattr(JobRow, name)) == value for name, value in of.items()]
        session.exec(update(JobRow).where(*chosen).values(state=JobState.DISPATCHED, dispatched_at=now()))


def test_a_line_waits_for_a_worker_then_for_another_line(studio: Studio) -> None:
    """Listening and finished work is nobody's wait; how long others took lately tells how long it will be."""
    assert waits(studio) == {}
    for segment_id in ("s0000", "s0001"):
        studio.call("POST", f"/languages/es/lines/{segment_id}/dub", 202)
    alone = waits(studio)["line", "s0001"]
    assert (alone["state"], alone["workers"], alone["seconds"]) == ("no_worker", 0, None)
    workers = studio.http.app.state.gateway.workers  # type: ignore[attr-defined]
    said = WorkerSlots(worker="w1", stage=Stage.CLONING, slots=1)
    workers._heard = {"w1": (said, time.monotonic())}
    with studio.database.write() as session:  # what was dubbed before took three seconds a job
        ended = (col(JobRow.state) == JobState.DONE, col(JobRow.stage) == Stage.CLONING)
        session.exec(update(JobRow).where(*ended).values(finished_at=now(), dispatched_at=now() - timedelta(seconds=3)))
    hand_out(studio, shard="line-s0000")
    first, second = waits(studio)["line", "s0000"], waits(studio)["line", "s0001"]
    assert (first["state"], first["ahead"]) == ("at_work", 0)
    assert (second["state"], second["ahead"], round(second["seconds"])) == ("queued", 1, 3)
    hand_out(studio, shard="line-s0001")  # one more than the worker takes lies in the queue
    assert waits(studio)["line", "s0001"]["state"] == "queued"


def test_a_place_in_the_queue_is_by_the_share_of_each_owner(studio: Studio) -> None:
    """Hundreds of somebody else's jobs that came before do not go before ours, but every second one."""
    with studio.database.write() as session:
        for number in range(300):
            place = {"task_id": f"film{number}", "language": "es", "shard": "0", "attempt": 1, "owner": "film"}
            session.add(JobRow(**place, stage=Stage.CLONING, payload="{}", task_order=-300 + number))
    took(studio, seconds=60, ago=timedelta(hours=1))
    studio.call("POST", "/process", 202, languages=["es"], stage="voice_cloning")
    workers = studio.http.app.state.gateway.workers  # type: ignore[attr-defined]
    workers._heard = {"w1": (WorkerSlots(worker="w1", stage=Stage.CLONING, slots=1), time.monotonic())}
    assert waits(studio)["stage", None]["ahead"] == 1
    jobs = took(studio, seconds=60, ago=timedelta())
    assert 0 < jobs < 299
    assert waits(studio)["stage", None]["ahead"] == jobs + 1, "ours had its share"


def took(studio: Studio, seconds: float, ago: timedelta) -> int:
    """Say when the batch jobs of the studio's voice ended, and how long each took; answers with how many there are."""
    ended = (col(JobRow.state) == JobState.DONE, col(JobRow.stage) == Stage.CLONING)
    times = {"finished_at": now() - ago, "dispatched_at": now() - ago - timedelta(seconds=seconds)}
    with studio.database.write() as session:
        return session.execute(update(JobRow).where(*ended).values(**times, lane=Lane.BATCH)).rowcount


def test_every_ready_job_is_told_the_place_it_gets(sqlite_url: str) -> None:
    """By what the dispatcher hands out: three owners, clips and films, and a person's click before all."""
    database = Database(sqlite_url)
    database.migrate()
    with database.write() as session:
        for number in range(90):
            owner = ("ann", "ann", "bob", "cid")[number % 4]
            place = {"task_id": f"t{number}", "language": "es", "shard": "0", "attempt": 1, "owner": owner}
            lane = Lane.INTERACTIVE if number == 77 else Lane.BATCH
            rank = {"task_order": number // 5, "steps_left": number % 3, "left_s": float(number * 37 % 90)}
            session.add(JobRow(**place, **rank, stage=Stage.CLONING, lane=lane, payload="{}"))
    slots = cast(Any, SimpleNamespace(of=lambda _: [90]))
    with database.read() as session:
        foreseen = Foreseen(session, Ledger())
        told = {job.id: foreseen.before(job) for job in session.exec(select(JobRow)).all()}
    out = Dispatcher(database, cast(Any, None), cast(Any, None), Threads(), slots).choose()
    assert [told[job.id] for job in out] == list(range(90))
    database.close()


def test_stages_exports_and_wishes_wait_too(small_studio: Studio) -> None:
    """Each once, however many jobs it has."""
    small_studio.call("POST", "/process", 202, languages=["fr"], stage="voice_cloning")
    small_studio.call("POST", "/languages/es/lines/s0001/wish", 202, wish="shorter")
    made = small_studio.call("POST", "/exports", 202, audio=[{"kind": "dub", "language": "es"}])
    found = waits(small_studio)
    assert set(found) == {("stage", None), ("wish", "s0001"), ("export", None)}
    assert (found["stage", None]["language"], found["stage", None]["stage"]) == ("fr", "voice_cloning")
    assert found["export", None]["export_id"] == made["export_id"]
