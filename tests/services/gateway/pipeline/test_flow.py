"""From upload to export through real messages, on both databases."""

import signal

import pytest

from shared.testing import wait_until
from tests.services.gateway.conftest import Gateway, World


def test_a_task_goes_through_all_stages(world: World) -> None:
    """Two languages are processed; lines, files, report and logs are there."""
    gateway = world.gateway()
    world.workers(STUB_SEGMENTS="70")
    task_id = gateway.create('{"target_languages": ["es", "fr"]}', start=True)["task_id"]
    task = gateway.wait_for(task_id)
    assert task["source_language"] == "en"
    assert {code: state["progress"] for code, state in task["language_status"].items()} == {
        "base": 100,
        "es": 100,
        "fr": 100,
    }
    lines = gateway.http.get(f"/api/tasks/{task_id}/languages/fr/lines").json()
    assert len(lines) == 70
    assert [line["text"] for line in lines][:2] == ["[fr] line 0", "[fr] line 1"]
    assert {line["state"] for line in lines} == {"dubbed"}
    export = gateway.http.get(f"/api/tasks/{task_id}/artifacts/fr/export_fr.mp4")
    assert export.text.splitlines()[69] == "[fr] line 69"
    assert gateway.http.get(f"/api/tasks/{task_id}/languages/fr/report").json()["lines_total"] == 70
    logged = gateway.http.get(f"/api/tasks/{task_id}/logs").json()
    assert [(entry["stage"], entry["status"]) for entry in logged][:2] == [
        ("speaker_diarization", "started"),
        ("speaker_diarization", "completed"),
    ]


def test_stages_can_be_asked_for_one_by_one(small_world: World) -> None:
    """The first version's way: each stage by its own call; the status word is pending in between."""
    gateway = small_world.gateway()
    small_world.workers()
    task_id = gateway.create('{"target_languages": ["es"]}')["task_id"]

    def ask(language: str, stage: str) -> None:
        url = f"/api/tasks/{task_id}/languages/{language}/process"
        answer = gateway.http.post(url, json={"stage": stage})
        assert answer.status_code == 202, answer.text
        assert answer.json()["message"] == f"Started {stage} for {language}"

        def done() -> bool:
            return bool(gateway.task(task_id)["language_status"][language]["stages"][stage]["status"] == "completed")

        wait_until(done, 60, f"{stage} does not complete")

    ask("base", "speaker_diarization")
    ask("es", "translation")
    assert gateway.http.get(f"/api/tasks/{task_id}/languages/es/lines").json()[0]["state"] == "translated"
    assert gateway.task(task_id)["status"] == "pending"
    ask("es", "voice_cloning")
    ask("es", "export")
    assert gateway.wait_for(task_id)["language_status"]["es"]["status"] == "completed"


def test_a_failed_stage_can_be_retried(small_world: World) -> None:
    """The reason is kept with its code; a retry of unchanged input fails the same way."""
    gateway = small_world.gateway()
    small_world.workers()
    video = b"\x00\x00\x00\x20ftypisom" + b"please fail" * 200
    task_id = gateway.create('{"target_languages": ["es"]}', video, start=True)["task_id"]
    task = gateway.wait_for(task_id, "failed")
    assert (task["error_code"], task["error_message"]) == ("media_unreadable", "asked to fail")
    assert task["language_status"]["es"]["status"] == "failed"
    assert gateway.http.post(f"/api/tasks/{task_id}/retry").status_code == 202

    def second_attempt() -> bool:
        stage = gateway.task(task_id)["language_status"]["base"]["stages"]["speaker_diarization"]
        return bool(stage["status"] == "failed" and stage["attempt"] == 2)

    wait_until(second_attempt, 60, "no second attempt")


def test_edits_make_exactly_the_affected_lines_stale(small_world: World) -> None:
    """A source edit reaches that line in all languages; a voice reaches the speaker's lines; nothing else changes."""
    gateway = small_world.gateway()
    small_world.workers()
    task_id = gateway.create('{"target_languages": ["es", "fr"]}', start=True)["task_id"]
    gateway.wait_for(task_id)
    base = f"/api/tasks/{task_id}"

    def stale(language: str) -> list[str]:
        lines = gateway.http.get(f"{base}/languages/{language}/lines").json()
        return [line["segment_id"] for line in lines if line["state"] == "stale"]

    segment = gateway.http.get(f"{base}/segments/s0001")
    assert gateway.http.patch(f"{base}/segments/s0001", json={"text": "new"}).status_code == 428
    answer = gateway.http.patch(
        f"{base}/segments/s0001", json={"text": "new"}, headers={"If-Match": segment.headers["etag"]}
    )
    assert answer.status_code == 200, answer.text
    assert (stale("es"), stale("fr")) == (["s0001"], ["s0001"])
    assert gateway.task(task_id)["language_status"]["es"]["status"] == "stale"
    conflict = gateway.http.patch(
        f"{base}/segments/s0001", json={"text": "newer"}, headers={"If-Match": segment.headers["etag"]}
    )
    assert (conflict.status_code, conflict.json()["code"]) == (412, "version_conflict")
    gateway.http.patch(
        f"{base}/speakers/spk_1", json={"voice": {"kind": "stock", "id": "other"}}, headers={"If-Match": "*"}
    )
    assert stale("es") == ["s0000", "s0001", "s0002"]
    gateway.http.post(f"{base}/process", json={"languages": ["es"], "stage": "translation"})
    wait_until(lambda: stale("es") != [] and _text(gateway, base) == "[es] new", 60, "not translated again")
    gateway.http.post(f"{base}/process", json={"languages": ["es"]})
    wait_until(lambda: gateway.task(task_id)["language_status"]["es"]["status"] == "completed", 60, "not exported")
    assert stale("es") == []


def _text(gateway: Gateway, base: str) -> str:
    return str(gateway.http.get(f"{base}/languages/es/lines/s0001").json()["text"])


def test_one_line_is_dubbed_on_the_interactive_lane(small_world: World) -> None:
    """The edited line gets a take while a long batch is waiting; no other line is touched."""
    gateway = small_world.gateway()
    workers = small_world.workers()
    task_id = gateway.create('{"target_languages": ["es"]}', start=True)["task_id"]
    gateway.wait_for(task_id)
    workers.end(signal.SIGKILL)
    for _ in range(5):
        gateway.create('{"target_languages": ["es"]}', start=True)
    small_world.workers(STUB_DELAY_S="0.5")
    url = f"/api/tasks/{task_id}/languages/es/lines/s0001"
    before = gateway.http.get(f"/api/tasks/{task_id}/languages/es/lines").json()
    answer = gateway.http.patch(url, json={"text": "mejor"}, headers={"If-Match": "*"}).json()
    assert (answer["state"], answer["edited"]) == ("stale", True)
    assert gateway.http.post(f"{url}/dub").status_code == 202
    wait_until(lambda: gateway.http.get(url).json()["state"] == "dubbed", 60, "not dubbed")
    after = gateway.http.get(f"/api/tasks/{task_id}/languages/es/lines").json()
    assert [a["segment_id"] for a, b in zip(after, before, strict=True) if a != b] == ["s0001"]
    assert gateway.task(task_id)["language_status"]["es"]["status"] == "stale"


def test_a_person_translation_is_used_and_kept(small_world: World) -> None:
    """Lines a person brought are not translated, and a language without translator becomes possible."""
    gateway = small_world.gateway()
    small_world.workers()
    wait_until(lambda: len(gateway.http.get("/api/engines").json()) == 4, 60, "engines are not announced")
    cues = b"".join(f"{n + 1}\n00:00:0{2 * n},000 --> 00:00:0{2 * n},900\nzeile {n}\n\n".encode() for n in range(3))
    task_id = gateway.create('{"target_languages": ["de"], "source_language": "en"}', translation_de=cues, start=True)[
        "task_id"
    ]
    gateway.wait_for(task_id)
    lines = gateway.http.get(f"/api/tasks/{task_id}/languages/de/lines").json()
    assert [line["text"] for line in lines] == ["zeile 0", "zeile 1", "zeile 2"]
    refused = gateway.http.post(f"/api/tasks/{task_id}/process", json={"languages": ["ja"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "language_unsupported")
    gateway.http.patch(f"/api/tasks/{task_id}", json={"target_languages": ["de", "es", "ja"]})
    begun = gateway.http.post(f"/api/tasks/{task_id}/process", json={})
    states = {code: state["status"] for code, state in begun.json()["language_status"].items()}
    assert (begun.status_code, states["es"], states["ja"]) == (202, "processing", "pending")


def test_a_translation_brought_to_a_finished_language_is_dubbed_by_the_next_start(small_world: World) -> None:
    """The export is not made of lines that wait for their new texts; what the file leaves out stays as it is."""
    gateway = small_world.gateway()
    small_world.workers()
    task_id = gateway.create('{"target_languages": ["es"]}', start=True)["task_id"]
    gateway.wait_for(task_id)
    url = f"/api/tasks/{task_id}/languages/es"
    before = gateway.http.get(f"{url}/lines").json()
    brought = b"1\n00:00:00,000 --> 00:00:00,900\nlo de una persona\n"
    assert gateway.http.put(f"{url}/subtitles", content=brought).status_code == 200
    assert gateway.task(task_id)["language_status"]["es"]["status"] == "stale"
    assert gateway.http.post(f"/api/tasks/{task_id}/process", json={"languages": ["es"]}).status_code == 202
    gateway.wait_for(task_id)
    after = gateway.http.get(f"{url}/lines").json()
    assert [(line["text"], line["origin"], line["state"]) for line in after] == [
        ("lo de una persona", "provided", "dubbed"),
        ("[es] line 1", "engine", "dubbed"),
        ("[es] line 2", "engine", "dubbed"),
    ]
    assert [line["take_key"] for line in after[1:]] == [line["take_key"] for line in before[1:]]


def test_canceling_and_retrying(small_world: World) -> None:
    """Queued and running work stops; a retry goes on from there."""
    gateway = small_world.gateway()
    small_world.workers(STUB_DELAY_S="1")
    task_id = gateway.create('{"target_languages": ["es"]}', start=True)["task_id"]
    assert gateway.http.post(f"/api/tasks/{task_id}/cancel").json()["status"] == "canceled"
    assert gateway.http.post(f"/api/tasks/{task_id}/retry").status_code == 202
    gateway.wait_for(task_id)
    assert gateway.http.post(f"/api/tasks/{task_id}/retry").json()["code"] == "nothing_to_retry"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_two_gateways_share_one_database(postgres: str, small_world: World, number: signal.Signals) -> None:
    """Either answers for every task; when the leader ends, the other goes on."""
    small_world.database_url = postgres
    first, second = small_world.gateway(), small_world.gateway()
    small_world.workers(STUB_DELAY_S="0.3")
    tasks = [gateway.create('{"target_languages": ["es"]}', start=True)["task_id"] for gateway in (first, second)]
    assert first.task(tasks[1])["task_id"] == tasks[1]
    first.service.end(number)
    for task_id in tasks:
        second.wait_for(task_id)
