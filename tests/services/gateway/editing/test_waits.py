"""What somebody waits for is told: whose turn it is, how many go first, and that no worker runs."""

import time
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, update

from services.gateway.db.tables import JobRow, JobState, now
from services.gateway.operations.waits import Place, place_of
from shared.messaging import WorkerSlots
from shared.pipeline import Stage
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


def test_stages_exports_and_wishes_wait_too(small_studio: Studio) -> None:
    """Each once, however many jobs it has."""
    small_studio.call("POST", "/process", 202, languages=["fr"], stage="voice_cloning")
    small_studio.call("POST", "/languages/es/lines/s0001/wish", 202, wish="shorter")
    made = small_studio.call("POST", "/exports", 202, audio=[{"kind": "dub", "language": "es"}])
    found = waits(small_studio)
    assert set(found) == {("stage", None), ("wish", "s0001"), ("export", None)}
    assert (found["stage", None]["language"], found["stage", None]["stage"]) == ("fr", "voice_cloning")
    assert found["export", None]["export_id"] == made["export_id"]
