"""What an account keeps takes part in the work: memory, glossary, settings, gate and review list."""

from contextlib import closing
from typing import Any

from services.gateway.db.engine import Database
from services.gateway.pipeline.cut import timeline
from services.gateway.script import rows as script_rows
from services.gateway.script.script import Script
from shared.testing import wait_until
from tests.services.gateway.conftest import VIDEO, Gateway, World

ANY = {"If-Match": "*"}


def lines(gateway: Gateway, task_id: str, language: str = "es") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = gateway.http.get(f"/api/tasks/{task_id}/languages/{language}/lines").json()
    return found


def dubbed(gateway: Gateway, config: str = '{"target_languages": ["es"]}') -> str:
    task_id = str(gateway.create(config, start=True)["task_id"])
    gateway.wait_for(task_id)
    return task_id


def test_an_edited_line_comes_back_in_the_next_task(world: World) -> None:
    """Marked as from the memory and counted; an edit of it is a person's again, a forgotten one the engine's."""
    gateway = world.gateway()
    world.workers()
    first = dubbed(gateway)
    assert [line["origin"] for line in lines(gateway, first)] == ["engine"] * 3
    edited = gateway.http.patch(
        f"/api/tasks/{first}/languages/es/lines/s0001", json={"text": "línea uno"}, headers=ANY
    ).json()
    assert (edited["origin"], edited["edited"]) == ("person", True)
    second = dubbed(gateway)
    found = lines(gateway, second)
    assert [(line["text"], line["origin"]) for line in found][:2] == [
        ("[es] line 0", "engine"),
        ("línea uno", "memory"),
    ]
    assert not found[1]["edited"]
    (entry,) = gateway.http.get("/api/memory", params={"q": "LINE 1"}).json()
    assert (entry["source"], entry["text"], entry["uses"]) == ("line 1", "línea uno", 1)
    gateway.http.patch(f"/api/tasks/{second}/languages/es/lines/s0001", json={"text": "otra"}, headers=ANY)
    (entry,) = gateway.http.get("/api/memory").json()
    assert entry["text"] == "otra"
    assert gateway.http.delete(f"/api/memory/{entry['id']}").status_code == 204
    assert gateway.http.delete(f"/api/memory/{entry['id']}").status_code == 404
    assert {line["origin"] for line in lines(gateway, dubbed(gateway))} == {"engine"}


def test_a_translation_a_person_brought_comes_before_the_memory(small_world: World) -> None:
    """It is for this very video."""
    gateway = small_world.gateway()
    small_world.workers()
    first = dubbed(gateway)
    gateway.http.patch(f"/api/tasks/{first}/languages/es/lines/s0000", json={"text": "x"}, headers=ANY)
    cues = b"".join(f"{n + 1}\n00:00:{2 * n:02},000 --> 00:00:{2 * n:02},900\nlinea {n}\n\n".encode() for n in range(3))
    made = gateway.create('{"target_languages": ["es"]}', start=True, translation_es=cues)
    gateway.wait_for(made["task_id"])
    assert [(line["text"], line["origin"]) for line in lines(gateway, made["task_id"])] == [
        (f"linea {n}", "provided") for n in range(3)
    ]


def test_new_tasks_begin_with_the_settings(gateway: Gateway) -> None:
    """Where the upload says nothing; what it says counts."""
    settings = {
        "default_languages": ["es", "fr"],
        "num_speakers": 2,
        "export_settings": {"loudness_lufs": -20},
        "gate": {"max_p95_speed": 1.2},
    }
    answer = gateway.http.put("/api/settings", json=settings, headers=ANY)
    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
    late = gateway.http.put("/api/settings", json={}, headers={"If-Match": '"0"'})
    assert late.status_code == 412
    try:
        config = gateway.create("{}")["config"]
        assert (config["target_languages"], config["num_speakers"]) == (["es", "fr"], 2)
        assert config["export_settings"]["loudness_lufs"] == -20
        assert (config["gate"]["max_p95_speed"], config["gate"]["max_failed_lines"]) == (1.2, 0)
        config = gateway.create('{"target_languages": ["de"], "num_speakers": null}')["config"]
        assert (config["target_languages"], config["num_speakers"]) == (["de"], None)
    finally:
        gateway.http.put("/api/settings", json={})
    assert gateway.create("{}", VIDEO)["config"]["target_languages"] == []


def test_lines_worth_a_look_are_listed_over_all_languages(world: World) -> None:
    """As many as each language counts; the gate judges again when its limits change."""
    gateway = world.gateway()
    world.workers()
    task_id = dubbed(gateway, '{"target_languages": ["es", "fr"]}')
    review = f"/api/tasks/{task_id}/review"
    assert gateway.http.get(review).json() == []
    state = gateway.task(task_id)["language_status"]["es"]
    assert (state["gate_passed"], state["gate"], state["gate_reasons"], state["issues"]) == (True, "passed", [], 0)
    gateway.http.patch(f"/api/tasks/{task_id}/segments/s0002", json={"text": "new"}, headers=ANY)
    gateway.http.patch(f"/api/tasks/{task_id}/languages/fr/lines/s0001", json={"text": "neuf"}, headers=ANY)
    answer = gateway.http.get(review, params={"limit": 2})
    assert answer.headers["x-total-count"] == "3"
    assert [(line["language"], line["segment_id"]) for line in answer.json()] == [("es", "s0002"), ("fr", "s0002")]
    assert [reason["code"] for reason in answer.json()[0]["reasons"]] == ["stale", "source_changed"]
    states = gateway.task(task_id)["language_status"]
    assert (states["es"]["issues"], states["fr"]["issues"]) == (1, 2)
    told = [(reason["code"], reason["lines"]) for reason in states["fr"]["gate_reasons"]]
    assert (states["fr"]["gate"], told) == ("failed", [("unspoken_edits", ["s0001", "s0002"]), ("export_older", [])])
    limits = {"min_overlap": 0.5, "max_failed_lines": None, "max_unspoken_lines": None, "current_export": False}
    gateway.http.patch(f"/api/tasks/{task_id}", json={"gate": limits})
    report = gateway.http.get(f"/api/tasks/{task_id}/languages/es/report").json()
    assert report["gate"]["passed"] is True
    assert "overlap" in report["gate"]["unmeasured"]


def test_source_lines_the_recognizer_doubts_fail_the_gate_until_they_are_read(small_world: World) -> None:
    """By their worst words; a text that a person wrote is in no doubt, and undoing that brings it back."""
    gateway = small_world.gateway()
    small_world.workers(STUB_SURE="0.1")
    task_id = dubbed(gateway)
    state = gateway.task(task_id)["language_status"]["es"]
    told = [(reason["code"], reason["lines_total"]) for reason in state["gate_reasons"]]
    assert (state["status"], state["gate"], told) == ("completed", "failed", [("doubtful_source", 3)])
    review = gateway.http.get(f"/api/tasks/{task_id}/review", params={"minor": True}).json()
    assert [reason["code"] for line in review for reason in line["reasons"]] == ["doubtful_source"] * 3
    for segment_id in ("s0000", "s0001"):
        gateway.http.patch(f"/api/tasks/{task_id}/segments/{segment_id}", json={"text": "read"}, headers=ANY)
    codes = [reason["code"] for reason in gateway.task(task_id)["language_status"]["es"]["gate_reasons"]]
    assert codes == ["unspoken_edits", "export_older"]
    gateway.http.post(f"/api/tasks/{task_id}/undo")
    gateway.http.post(f"/api/tasks/{task_id}/undo")
    codes = [reason["code"] for reason in gateway.task(task_id)["language_status"]["es"]["gate_reasons"]]
    assert codes == ["export_older", "doubtful_source"]


def test_subtitles_and_voice_of_a_file_never_differ(small_world: World) -> None:
    """A line edited and not spoken since keeps the text of its take in an export, whose gate says so."""
    gateway = small_world.gateway()
    small_world.workers()
    task_id = dubbed(gateway)
    before = [line["text"] for line in lines(gateway, task_id)]
    gateway.http.patch(f"/api/tasks/{task_id}/languages/es/lines/s0001", json={"text": "otra"}, headers=ANY)
    with closing(Database(f"sqlite:///{small_world.folder / 'localclip.db'}")) as database, database.read() as session:
        task = script_rows.task(session, task_id)
        assert task is not None
        exported = [line.text for line in timeline(Script(session, task, "es")).lines]
    assert exported == before
    assert [line["text"] for line in lines(gateway, task_id)] == [before[0], "otra", before[2]]
    reasons = gateway.task(task_id)["language_status"]["es"]["gate_reasons"]
    assert [reason["code"] for reason in reasons] == ["unspoken_edits", "export_older"]


def test_the_fact_of_a_finished_language_carries_the_verdict(small_world: World) -> None:
    """So that automation need not ask again."""
    gateway = small_world.gateway()
    small_world.workers()
    task_id = dubbed(gateway)

    def told() -> dict[str, Any] | None:
        with gateway.http.stream("GET", f"/api/tasks/{task_id}/events", params={"last_event_id": "1"}) as answer:
            for row in answer.iter_lines():
                if row.startswith("data:") and "language.completed" in row:
                    return {"row": row}
                if "heartbeat" in row:
                    return None
        return None

    found = wait_until(told, 60, "the fact is not told")
    assert found is not None
    assert '"gate":{"passed":true' in found["row"].replace(" ", "")
