"""What no translator here can is translated from sound, where an engine can do that, and is marked."""

from services.gateway.pipeline.by_sound import EDITED
from shared.testing import wait_until
from tests.services.gateway.conftest import World
from tests.services.gateway.pipeline.test_delivery import execute

ASKED = '{"target_languages": ["es", "de"], "source_language": "en"}'
JOBS = "SELECT language, stage, shard, state FROM jobs WHERE run_stage = 'translation' ORDER BY id"


def test_a_pair_that_no_translator_has_is_translated_from_sound(world: World) -> None:
    """German here; Spanish, which the translator has, is not. Lines, report and languages say so."""
    gateway = world.gateway()
    world.workers(STUB_SOUND="de")
    wait_until(lambda: len(gateway.http.get("/api/engines").json()) == 5, 60, "engines are not announced")
    offered = {one["code"]: one for one in gateway.http.get("/api/languages").json()}
    assert (offered["de"]["translated_from"], offered["de"]["translated_from_sound"]) == ([], ["en"])
    assert (offered["es"]["translated_from"], offered["es"]["translated_from_sound"]) == (["en"], [])
    task_id = str(gateway.create(ASKED, start=True)["task_id"])
    gateway.wait_for(task_id, timeout_s=60)
    url = f"/api/tasks/{task_id}/languages"
    told = {code: gateway.http.get(f"{url}/{code}/lines").json() for code in ("de", "es")}
    assert [(line["text"], line["origin"]) for line in told["de"]] == [
        ("heard at 0 s", "sound"),
        ("heard at 2 s", "sound"),
        ("heard at 4 s", "sound"),
    ]
    assert {line["origin"] for line in told["es"]} == {"engine"}
    made = sorted(tuple(job) for job in execute(world, JOBS)) if "sqlite" in world.database_url else []
    assert made in (
        [],
        [
            ("de", "speaker_diarization", "0", "done"),
            ("de", "translation", "0", "failed"),
            ("es", "translation", "0", "done"),
        ],
    )


def test_an_edited_line_is_not_translated_from_sound(small_world: World) -> None:
    """What is said is no longer what is written: the line says what to do, and keeps the text it had."""
    gateway = small_world.gateway()
    small_world.workers(STUB_SOUND="de")
    wait_until(lambda: len(gateway.http.get("/api/engines").json()) == 5, 60, "engines are not announced")
    task_id = str(gateway.create(ASKED, start=True)["task_id"])
    gateway.wait_for(task_id, timeout_s=60)
    edited, line = f"/api/tasks/{task_id}/segments/s0001", f"/api/tasks/{task_id}/languages/de/lines"
    answer = gateway.http.patch(edited, json={"text": "something else"}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    assert gateway.http.post(f"{line}/s0001/dub").status_code == 202
    wait_until(lambda: gateway.http.get(f"{line}/s0001").json()["state"] == "failed", 60, "not refused")
    refused = gateway.http.get(f"{line}/s0001").json()
    assert (refused["error_code"], refused["error_message"]) == ("language_unsupported", EDITED)
    assert refused["text"] == "heard at 2 s"
    assert gateway.http.post(f"{line}/s0000/dub").status_code == 202
    wait_until(lambda: gateway.http.get(f"{line}/s0000").json()["state"] == "dubbed", 60, "not dubbed")
    gateway.http.post(f"/api/tasks/{task_id}/process", json={"languages": ["de"], "stage": "translation"})
    wait_until(lambda: gateway.task(task_id)["language_status"]["de"]["status"] != "processing", 60, "not done again")
    texts = [one["text"] for one in gateway.http.get(line).json()]
    assert texts == ["heard at 0 s", "heard at 2 s", "heard at 4 s"]
