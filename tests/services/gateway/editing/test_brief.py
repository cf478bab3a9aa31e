"""The brief of a task and of an account."""

from pathlib import Path

from sqlmodel import select

from services.gateway.db.tables import LineRow
from shared.messaging import LineBrief
from tests.services.gateway.editing.conftest import Studio, open_studio
from tests.services.gateway.pipeline.test_chinese_script import begun

BRIEF = {"tone": "warm", "languages": {"es": {"address": "formal", "forbidden": ["cosa"]}}}


def test_a_change_counts_when_somebody_translates_again(studio: Studio) -> None:
    """Nothing is outdated by it; jobs of then carry it, each for its language."""
    before = studio.state()
    config = studio.call("PATCH", "", brief=BRIEF)["config"]
    assert config["brief"]["languages"]["es"] == {"address": "formal", "forbidden": ["cosa"], "terms": []}
    assert studio.state() == before
    assert (studio.status("es"), studio.open_jobs()) == ("completed", [])
    for language in ("es", "fr"):
        studio.call("POST", f"/languages/{language}/process", 202, stage="translation")
    studio.work()
    told = {job.language: job.brief for job in studio.translated}
    assert told == {
        "es": LineBrief(tone="warm", address="formal", forbidden=("cosa",)),
        "fr": LineBrief(tone="warm"),
    }


def test_what_goes_against_it_is_listed(small_studio: Studio) -> None:
    """Also what a person wrote; it is no issue that keeps a language from passing."""
    small_studio.call("PATCH", "", brief=BRIEF)
    with small_studio.database.write() as session:
        rows = session.exec(select(LineRow).where(LineRow.language == "es").order_by(LineRow.segment_id)).all()
        rows[0].text, rows[1].text = "una cosa", "¿y tú?"
    listed = small_studio.call("GET", "/review?minor=true")
    assert [(line["segment_id"], [reason["code"] for reason in line["reasons"]]) for line in listed] == [
        ("s0000", ["forbidden_word"]),
        ("s0001", ["other_register"]),
    ]
    assert small_studio.call("GET", "/review") == []


def test_new_tasks_begin_with_that_of_the_account(sqlite_url: str, tmp_path: Path) -> None:
    """Unless they bring their own; what is no brief is refused with its place."""
    studio = open_studio(sqlite_url, tmp_path)
    studio.http.put("/api/settings", json={"brief": BRIEF}).raise_for_status()
    begun(studio)
    assert studio.call("GET", "")["config"]["brief"]["tone"] == "warm"
    begun(studio, brief={"tone": "dry"})
    assert studio.call("GET", "")["config"]["brief"] == {
        "instructions": "",
        "audience": "",
        "tone": "dry",
        "summary": "",
        "summary_proposed": False,
        "propose": True,
        "languages": {},
    }
    wrong = studio.http.patch(studio.base, json={"brief": {"languages": {"es": {"address": "royal"}}}})
    assert wrong.status_code == 422
    assert "/brief/languages/es/address" in wrong.text
    studio.database.close()
