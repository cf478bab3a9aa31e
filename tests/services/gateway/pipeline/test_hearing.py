"""Finished takes are heard again, where somebody understands the language, and nobody waits for it in vain."""

import json
from typing import Any

from shared.testing import wait_until
from tests.services.gateway.conftest import Gateway, World
from tests.services.gateway.library.test_account import ANY, lines
from tests.services.gateway.pipeline.test_delivery import execute
from tests.services.gateway.pipeline.test_fit_loop import LONG, PACE, SHORT

BOTH = '{"target_languages": ["es", "fr"]}'


def dubbed(gateway: Gateway, timeout_s: float = 60, **files: bytes) -> str:
    wait_until(lambda: len(gateway.http.get("/api/engines").json()) == 4, 60, "engines are not announced")
    task_id = str(gateway.create(BOTH, start=True, **files)["task_id"])
    gateway.wait_for(task_id, timeout_s=timeout_s)
    return task_id


def figures(gateway: Gateway, task_id: str, language: str) -> list[tuple[Any, Any]]:
    return [(line["heard"], line["error_rate"]) for line in lines(gateway, task_id, language)]


def cues(*texts: str) -> bytes:
    return b"".join(
        f"{n + 1}\n00:00:{2 * n:02},000 --> 00:00:{2 * n:02},900\n{text}\n\n".encode() for n, text in enumerate(texts)
    )


def test_a_dub_is_heard_where_it_is_understood(world: World) -> None:
    """Spanish by this recognizer; French is not sent. What was misheard is on the review list and in the gate."""
    gateway = world.gateway()
    world.workers(STUB_HEARS="es", STUB_SEGMENTS="3")
    task_id = dubbed(gateway, translation_es=cues("uno", "garbled", "tres"))
    assert figures(gateway, task_id, "es") == [("uno", 0.0), ("garbled", 0.9), ("tres", 0.0)]
    assert figures(gateway, task_id, "fr") == [(None, None)] * 3
    review = gateway.http.get(f"/api/tasks/{task_id}/review").json()
    assert [(line["language"], line["segment_id"], line["reasons"][0]["code"]) for line in review] == [
        ("es", "s0001", "misheard")
    ]
    state = gateway.task(task_id)["language_status"]["es"]
    assert (state["issues"], state["gate_passed"]) == (1, True)
    gateway.http.patch(f"/api/tasks/{task_id}", json={"gate": {"max_line_error_rate": 0.5}})
    state = gateway.task(task_id)["language_status"]
    assert (state["es"]["gate_passed"], state["fr"]["gate_passed"]) == (False, True)


def test_a_line_dubbed_again_is_heard_again(small_world: World) -> None:
    """Its old figures went with its old take."""
    gateway = small_world.gateway()
    small_world.workers(STUB_HEARS="es")
    task_id = dubbed(gateway)
    url = f"/api/tasks/{task_id}/languages/es/lines/s0001"
    gateway.http.patch(url, json={"text": "garbled"}, headers=ANY)
    gateway.http.post(f"{url}/dub")
    wait_until(lambda: gateway.http.get(url).json()["error_rate"] == 0.9, 60, "not heard again")
    assert gateway.http.get(url).json()["state"] == "dubbed"


def test_a_dub_goes_on_without_listeners_that_fail(small_world: World) -> None:
    """The language completes, its figures stay unknown."""
    gateway = small_world.gateway()
    small_world.workers(STUB_HEARS="es")
    task_id = dubbed(gateway, translation_es=cues("uno", "deaf", "tres"))
    assert gateway.task(task_id)["status"] == "completed"
    assert figures(gateway, task_id, "es") == [(None, None)] * 3


def test_a_dub_does_not_wait_long_to_be_heard(small_world: World) -> None:
    """A listener that is busy is given up, and its late word is ignored."""
    gateway = small_world.gateway(LOCALCLIP_LISTENING_PATIENCE_S="2")
    small_world.workers(STUB_HEARS="es", STUB_HEAR_DELAY_S="200")
    task_id = dubbed(gateway, timeout_s=150)
    assert figures(gateway, task_id, "es") == [(None, None)] * 3
    assert gateway.http.get(f"/api/tasks/{task_id}/languages/es/report").status_code == 200


def test_takes_are_heard_once_they_are_final(small_world: World) -> None:
    """After the loop that fits them, whose texts are what is compared; the run counts all of it."""
    gateway = small_world.gateway()
    small_world.workers(STUB_HEARS="es", STUB_TEXTS=json.dumps([LONG]), STUB_REWRITES=json.dumps([SHORT]), **PACE)
    wait_until(lambda: len(gateway.http.get("/api/engines").json()) == 4, 60, "engines are not announced")
    task_id = str(gateway.create('{"target_languages": ["es"]}', start=True)["task_id"])
    gateway.wait_for(task_id, timeout_s=60)
    assert figures(gateway, task_id, "es") == [(SHORT, 0.0)] * 3
    made = execute(small_world, "SELECT stage, shard, state FROM jobs WHERE run_stage = 'voice_cloning' ORDER BY id")
    assert [tuple(job) for job in made] == [
        ("voice_cloning", "0", "done"),
        ("translation", "fit-1-1", "done"),
        ("voice_cloning", "fit-1-2", "done"),
        ("speaker_diarization", "hear-0", "done"),
    ]
    assert execute(small_world, "SELECT jobs_total, jobs_done FROM stage_runs WHERE stage = 'voice_cloning'") == [
        (4, 4)
    ]


def test_a_sample_is_heard_and_the_rest_on_demand(small_world: World) -> None:
    """The report and the gate say of how many; whoever asks for all gets it once, and is judged by it."""
    gateway = small_world.gateway()
    small_world.workers(STUB_HEARS="es", STUB_SEGMENTS="20", STUB_HURRIED="1")
    task_id = dubbed(gateway, translation_es=cues(*["uno"] * 19, "garbled"))
    heard = [rate for _, rate in figures(gateway, task_id, "es") if rate is not None]
    assert heard == [0.0] * 12
    url = f"/api/tasks/{task_id}/languages/es"
    report = gateway.http.get(f"{url}/report").json()
    assert (report["gate"]["lines_heard"], report["gate"]["lines_spoken"]) == (12, 20)
    answer = gateway.http.post(f"{url}/listen")
    assert (answer.status_code, answer.json()["lines"]) == (202, 8)
    wait_until(lambda: gateway.http.get(f"{url}/report").json()["gate"]["lines_heard"] == 20, 60, "not heard")
    assert figures(gateway, task_id, "es")[19] == ("garbled", 0.9)
    again = gateway.http.post(f"{url}/listen")
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_hear")
    foreign = gateway.http.post(f"/api/tasks/{task_id}/languages/fr/listen")
    assert (foreign.status_code, foreign.json()["code"]) == (409, "nothing_to_hear")
