"""The jobs of a task: what is listed, and what stops with one that is canceled."""

from typing import Any

from sqlmodel import col, update

from services.gateway.db.tables import JobRow, JobState
from tests.services.gateway.editing.conftest import Studio


def jobs(studio: Studio, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = studio.call("GET", f"/jobs{query}")
    return found


def open_job(studio: Studio, **wanted: Any) -> dict[str, Any]:
    (found,) = (job for job in jobs(studio, "?status=pending") if wanted.items() <= job.items())
    return found


def test_all_jobs_of_a_task_are_listed_in_pages(studio: Studio) -> None:
    """Oldest first, with what they are; filtered by language and status; the total stands beside a page."""
    found = jobs(studio)
    assert [(job["language"], job["stage"], job["kind"]) for job in found[:1]] == [
        ("base", "speaker_diarization", "diarize_video")
    ]
    assert {job["status"] for job in found} == {"completed"}
    assert {job["language"] for job in jobs(studio, "?language=es")} == {"es"}
    assert [job["kind"] for job in jobs(studio, "?language=es")] == [
        "translate_lines",
        "clone_lines",
        "export_language",
    ]
    assert jobs(studio, "?status=pending") == jobs(studio, "?status=stale") == []
    page = studio.http.get(f"{studio.base}/jobs", params={"skip": 1, "limit": 2})
    assert (page.json(), page.headers["x-total-count"]) == (found[1:3], str(len(found)))


def test_a_job_that_its_stage_needs_stops_the_language(studio: Studio) -> None:
    """Only that language; `retry` begins again. Canceling it again changes nothing."""
    studio.call("POST", "/process", 202, languages=["es", "fr"], stage="translation")
    job = open_job(studio, language="es")
    canceled = studio.call("POST", f"/jobs/{job['id']}/cancel", 202)
    assert (canceled["status"], studio.status("es"), studio.status("fr")) == ("canceled", "canceled", "processing")
    before = studio.call("GET", "")["version"]
    assert studio.call("POST", f"/jobs/{job['id']}/cancel", 202) == canceled
    assert studio.call("GET", "")["version"] == before
    studio.work()
    assert studio.status("es") == "canceled"
    studio.call("POST", "/retry", 202)
    studio.work()
    assert "canceled" not in (studio.status("es"), studio.status("fr"))


def test_the_job_of_the_base_stage_stops_the_task(studio: Studio) -> None:
    """Every language waits for it."""
    studio.call("POST", "/languages/base/process", 202, stage="speaker_diarization")
    studio.call("POST", f"/jobs/{open_job(studio)['id']}/cancel", 202)
    assert studio.call("GET", "")["language_status"]["base"]["status"] == "canceled"
    assert jobs(studio, "?status=pending") == []


def test_a_stage_goes_on_without_an_optional_job(studio: Studio) -> None:
    """As it does when such a job fails."""
    studio.call("POST", "/process", 202, languages=["es"], stage="export")
    job = open_job(studio)
    with studio.database.write() as session:
        session.exec(update(JobRow).where(col(JobRow.id) == job["id"]).values(optional=True))
    studio.call("POST", f"/jobs/{job['id']}/cancel", 202)
    assert studio.call("GET", "")["language_status"]["es"]["stages"]["export"]["status"] == "completed"


def test_what_stands_alone_stops_alone(studio: Studio) -> None:
    """A line done again stays as it was, an export by recipe is canceled; the languages do not notice."""
    studio.call("POST", "/languages/es/lines/s0001/dub", 202)
    studio.call("POST", f"/jobs/{open_job(studio, shard='line-s0001')['id']}/cancel", 202)
    made = studio.call("POST", "/exports", 202, audio=[{"kind": "dub", "language": "fr"}])
    studio.call("POST", f"/jobs/{open_job(studio, kind='render_recipe')['id']}/cancel", 202)
    assert studio.call("GET", f"/exports/{made['export_id']}")["status"] == "canceled"
    assert (studio.status("fr"), jobs(studio, "?status=pending")) == ("completed", [])
    studio.call("POST", "/languages/es/lines/s0001/dub", 202)
    studio.work()
    assert studio.line("es", "s0001")["state"] == "dubbed"


def test_what_is_over_or_of_another_task_is_not_canceled(studio: Studio) -> None:
    """409 and 404."""
    (first, *_) = jobs(studio)
    assert studio.call("POST", f"/jobs/{first['id']}/cancel", 409)["code"] == "job_over"
    assert studio.call("POST", f"/jobs/{first['id'] + 10_000}/cancel", 404)["code"] == "not_found"
    with studio.database.write() as session:
        job = JobRow(task_id="task_20200101_000000_00000000", language="es", stage="export", shard="0", attempt=1)
        job.payload, job.state = "{}", JobState.READY
        session.add(job)
        session.flush()
        other = job.id
    assert studio.call("POST", f"/jobs/{other}/cancel", 404)["code"] == "not_found"


def test_an_export_that_one_person_waits_for_goes_before_those_of_many(small_studio: Studio) -> None:
    """By itself it is asked for by a click; who exports all says so."""
    for asked in ("", "?lane=batch"):
        small_studio.call("POST", f"/exports{asked}", 202, audio=[{"kind": "dub", "language": "fr"}])
    assert [job.lane for job in small_studio.open_jobs()] == ["interactive", "batch"]
