"""A doubtful transcript is asked about, by whoever wants to be asked, and the answer is taken once."""

import base64
import json
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from shared.testing import wait_until
from tests.services.gateway.conftest import Gateway, World
from tests.services.gateway.pipeline.test_delivery import execute

POOR = {"STUB_SURE": "0.1"}
CUES = b"1\n00:00:00,000 --> 00:00:01,000\nbrought\n\n"


def doubtful(gateway: Gateway, on_doubt: str | None = "ask", **config: Any) -> str:
    """A started task of two languages."""
    config |= {"target_languages": ["es", "fr"], **({"on_doubt": on_doubt} if on_doubt else {})}
    return str(gateway.create(json.dumps(config), start=True)["task_id"])


def asked(gateway: Gateway, task_id: str) -> dict[str, Any]:
    """The task once it waits."""
    wait_until(lambda: gateway.task(task_id)["waiting_for"], 60, "it asks nothing")
    return gateway.task(task_id)


def answer(gateway: Gateway, task_id: str, choice: str, **more: Any) -> Any:
    return gateway.http.post(f"/api/tasks/{task_id}/answer", json={"choice": choice, **more})


def known_voices(gateway: Gateway) -> bool:
    """Whether the gateway knows what the workers can do."""
    return any(one["voices"] for one in gateway.http.get("/api/languages").json())


def facts(gateway: Gateway, task_id: str) -> list[str]:
    """Names of the task's own facts so far."""
    names = []
    with gateway.http.stream("GET", f"/api/tasks/{task_id}/events", params={"last_event_id": "0"}) as stream:
        for row in stream.iter_lines():
            if row.startswith("event: heartbeat"):
                return names
            if row.startswith("event: task."):
                names.append(row.removeprefix("event: "))
    return names


def test_a_doubtful_transcript_waits_for_an_answer_and_goes_on_with_it(world: World) -> None:
    """Pending, with no job out; the same answer twice at once is one, another is refused, a kill loses nothing."""
    gateway = world.gateway()
    world.workers(**POOR)
    task_id = doubtful(gateway)
    task = asked(gateway, task_id)
    question = task["waiting_for"]
    assert (task["status"], task["note"], question["answer"]) == ("pending", None, None)
    assert [one["code"] for one in question["reasons"]] == ["poor_recognition"]
    assert question["choices"] == ["continue", "language", "subtitles"]
    states = {code: (one["status"], one["waiting_for"]) for code, one in task["language_status"].items()}
    waits = ("pending", "doubtful_source")
    assert states == {"base": ("completed", None), "es": waits, "fr": waits}
    open_jobs = [job for job in gateway.http.get(f"/api/tasks/{task_id}/jobs").json() if job["status"] == "processing"]
    assert open_jobs == []

    gateway.service.end(signal.SIGKILL)
    gateway.service.start()
    gateway.wait_ready()
    assert gateway.task(task_id)["waiting_for"] == question
    other = answer(gateway, task_id, "continue", question_id="another")
    assert (other.status_code, other.json()["code"]) == (409, "already_answered")
    with ThreadPoolExecutor(4) as pool:
        same = [pool.submit(answer, gateway, task_id, "continue", question_id=question["question_id"]) for _ in "1234"]
    assert [one.result().status_code for one in same] == [202] * 4
    late = answer(gateway, task_id, "language", language="en")
    assert (late.status_code, late.json()["code"]) == (409, "already_answered")
    task = gateway.wait_for(task_id)
    assert task["waiting_for"] is None
    assert [one["gate"] for one in task["language_status"].values()] == [None, "passed", "passed"]  # it was accepted
    gate = gateway.http.get(f"/api/tasks/{task_id}/languages/es/report").json()["gate"]
    assert [(one["figure"], one["value"]) for one in gate["accepted"]] == [("doubtful.share", 1.0)]
    names = facts(gateway, task_id)
    assert (names.count("task.waiting"), names.count("task.answered")) == (1, 1)
    assert answer(gateway, task_id, "continue").status_code == 202


def test_another_language_is_heard_again_and_not_asked_about_twice(small_world: World) -> None:
    """It sounds like Chinese; who says so is asked about recognition only, if about anything."""
    gateway = small_world.gateway()
    small_world.workers(STUB_SURE="0.9", STUB_SOUNDS_LIKE="zh")
    task_id = doubtful(gateway)
    question = asked(gateway, task_id)["waiting_for"]
    assert ([one["code"] for one in question["reasons"]], question["sounds_like"]) == (["other_language"], "zh")
    missing = answer(gateway, task_id, "language")
    assert (missing.status_code, missing.json()["code"]) == (422, "language_required")
    wait_until(lambda: known_voices(gateway), 60, "the engines are not known")
    impossible = answer(gateway, task_id, "language", language="zh")
    assert (impossible.status_code, impossible.json()["code"]) == (422, "language_unsupported")
    assert gateway.task(task_id)["waiting_for"] == question
    assert answer(gateway, task_id, "language", language="en").status_code == 202  # whoever says so knows
    task = gateway.wait_for(task_id)
    assert (task["source_language"], task["config"]["source_language"]) == ("en", "en")
    assert task["language_status"]["base"]["stages"]["speaker_diarization"]["attempt"] == 2
    reasons = task["language_status"]["es"]["gate_reasons"]
    assert [one["code"] for one in reasons] == ["doubtful_source"]


def test_subtitles_take_the_place_of_what_was_recognized(small_world: World) -> None:
    """In the language the task was taken for where nobody says otherwise; a damaged file changes nothing."""
    gateway = small_world.gateway()
    small_world.workers(**POOR)
    task_id = doubtful(gateway)
    asked(gateway, task_id)
    assert answer(gateway, task_id, "subtitles").json()["code"] == "subtitles_required"
    damaged = answer(gateway, task_id, "subtitles", subtitles=base64.b64encode(b"nothing").decode())
    assert (damaged.status_code, gateway.task(task_id)["waiting_for"] is None) == (422, False)
    sent = base64.b64encode(CUES).decode()
    assert answer(gateway, task_id, "subtitles", subtitles=sent).status_code == 202
    other = base64.b64encode(CUES + b" and more").decode()
    assert answer(gateway, task_id, "subtitles", language="fr", subtitles=other).json()["code"] == "already_answered"
    ((config,),) = execute(small_world, "SELECT config FROM tasks")
    used = small_world.folder / "objects" / json.loads(config)["subtitles_key"]
    assert used.read_bytes() == CUES, "a file that was refused took the place of the one that is used"
    task = gateway.wait_for(task_id)
    assert task["config"]["source_language"] == "en"
    assert [one["gate"] for one in task["language_status"].values()] == [None, "passed", "passed"]


@pytest.mark.parametrize(("on_doubt", "status"), [(None, "completed"), ("fail", "failed")])
def test_nobody_is_asked_where_the_answer_is_known_in_advance(
    small_world: World, on_doubt: str | None, status: str
) -> None:
    """Going on, the default, is told in the note and fails the gate; failing tells what would mend it."""
    gateway = small_world.gateway()
    small_world.workers(**POOR)
    task = gateway.wait_for(doubtful(gateway, on_doubt), status)
    assert task["waiting_for"] is None
    if on_doubt is None:
        assert "the recognizer was unsure of 3 of 3 lines. It was dubbed all the same" in task["note"]
        assert task["language_status"]["es"]["gate"] == "failed"
    else:
        assert (task["error_code"], task["note"]) == ("doubtful_source", None)
        assert "Bring subtitles" in task["error_message"]
    nothing = answer(gateway, task["task_id"], "continue")
    assert (nothing.status_code, nothing.json()["code"]) == (409, "already_answered")


def test_a_task_that_waits_can_be_stopped_and_waits_again_when_it_is_tried_again(small_world: World) -> None:
    """The question stays; what is stopped does not wait."""
    gateway = small_world.gateway()
    small_world.workers(**POOR)
    task_id = doubtful(gateway)
    asked(gateway, task_id)
    stopped = gateway.http.post(f"/api/tasks/{task_id}/cancel").json()
    assert (stopped["status"], stopped["waiting_for"]) == ("canceled", None)
    again = gateway.http.post(f"/api/tasks/{task_id}/retry").json()
    assert (again["status"], again["waiting_for"]["kind"]) == ("pending", "doubtful_source")
