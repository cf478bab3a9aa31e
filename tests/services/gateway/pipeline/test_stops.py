"""A task stops after a stage until each language is approved."""

import pytest

from services.gateway.pipeline.board import Board, Run
from services.gateway.pipeline.stops import by_goal, may_go_to
from shared.pipeline import Stage, Status
from shared.testing import wait_until
from tests.services.gateway.conftest import VIDEO, Gateway, World
from tests.services.gateway.hooks.test_webhooks import LOOPBACK, Receiver, make, receiver

__all__ = ["receiver"]
AT_STOP = '{"target_languages": ["es", "fr"], "stop_after": "translation", "metadata": {"episode": "7"}}'


def _board(status: Status) -> Board:
    return Board({("es", Stage.TRANSLATION): Run("es", Stage.TRANSLATION, 1, status)})


@pytest.mark.parametrize(
    ("asked", "status", "approved", "expected"),
    [
        (Stage.EXPORT, Status.PENDING, False, Stage.TRANSLATION),
        (Stage.EXPORT, Status.COMPLETED, False, None),
        (Stage.EXPORT, Status.STALE, False, Stage.TRANSLATION),
        (Stage.EXPORT, Status.COMPLETED, True, Stage.EXPORT),
        (Stage.TRANSLATION, Status.COMPLETED, False, Stage.TRANSLATION),
        (Stage.DIARIZATION, Status.COMPLETED, False, Stage.DIARIZATION),
    ],
)
def test_a_language_goes_as_far_as_its_stop(asked: Stage, status: Status, approved: bool, expected: Stage) -> None:
    """What is asked beyond it becomes the stop, and nothing once the stop is reached and nobody approved."""
    board = _board(status)
    assert may_go_to(board, "es", asked, Stage.TRANSLATION, approved=approved) == expected
    assert may_go_to(board, "es", asked, None, approved=False) == asked
    assert by_goal(board, ["es"], asked, Stage.TRANSLATION, ["es"] if approved else []) == {expected: ["es"]}


def _waits(gateway: Gateway, task_id: str, language: str) -> bool:
    return bool(gateway.task(task_id)["language_status"][language]["waiting_for"] == "approval")


def test_each_language_waits_and_goes_on_when_it_is_approved(world: World, receiver: Receiver) -> None:
    """Translated and nothing more; who approved and when is kept and told, with what the caller had to say of it."""
    gateway, _ = world.gateway(**LOOPBACK), world.workers()
    make(gateway, receiver, "language.*")
    task_id = gateway.create(AT_STOP, start=True)["task_id"]
    url = f"/api/tasks/{task_id}"
    wait_until(lambda: _waits(gateway, task_id, "es") and _waits(gateway, task_id, "fr"), 60, "nothing waits")
    task = gateway.task(task_id)
    assert (task["status"], task["waiting_for"]) == ("pending", None)
    assert task["language_status"]["es"]["stages"]["voice_cloning"] == {"status": "pending", "progress": 0}
    refused = gateway.http.post(f"{url}/process", json={"languages": ["es"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "approval_required")
    assert gateway.http.post(f"{url}/process", json={}).status_code == 409
    approved = gateway.http.post(f"{url}/languages/es/approve", json={"by": "Ann"})
    assert approved.status_code == 202, approved.text
    again = gateway.http.post(f"{url}/languages/es/approve", json={"by": "Bob"})
    assert again.json()["language_status"]["es"]["approved_by"] == "Ann"
    done = lambda: gateway.task(task_id)["language_status"]["es"]["status"] == "completed"  # noqa: E731
    wait_until(done, 60, "the rest does not run")
    assert _waits(gateway, task_id, "fr")
    assert gateway.http.post(f"{url}/process", json={"languages": ["es"]}).status_code == 202
    assert gateway.http.post(f"{url}/languages/fr/approve").json()["language_status"]["fr"]["approved_by"]
    gateway.wait_for(task_id)
    wait_until(lambda: receiver.types().count("language.completed") >= 2, 60, "the end was not told")
    told = receiver.events()
    waiting = [event["data"] for event in told if event["type"] == "localclip.language.waiting"]
    assert {one["language"] for one in waiting} == {"es", "fr"}
    assert {one["stop_after"] for one in waiting} == {"translation"}
    assert next(one["data"]["by"] for one in told if one["type"] == "localclip.language.approved") == "Ann"
    ends = [event["data"] for event in told if event["type"] == "localclip.language.completed"]
    assert all(one["metadata"] == {"episode": "7"} and one["video_original_name"] == "my video.mp4" for one in ends)


def test_what_does_not_wait_cannot_be_approved(small_world: World) -> None:
    """Not before the stop, not without one; metadata beyond 4 kB is refused with the upload."""
    gateway = small_world.gateway()
    for config in (AT_STOP, '{"target_languages": ["es"]}'):
        task_id = gateway.create(config)["task_id"]
        answer = gateway.http.post(f"/api/tasks/{task_id}/languages/es/approve")
        assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_approve")
    large = '{"metadata": {"text": "%s"}}' % ("x" * 5000)
    refused = gateway.http.post("/api/tasks", files=[("config", (None, large)), ("video", ("a.mp4", VIDEO))])
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_config")


def test_a_stop_after_the_base_stage_holds_every_language(small_world: World) -> None:
    """The transcript is there, nothing is translated; a language that is added later waits as well."""
    gateway, _ = small_world.gateway(), small_world.workers()
    config = '{"target_languages": ["es"], "stop_after": "speaker_diarization"}'
    task_id = gateway.create(config, start=True)["task_id"]
    wait_until(lambda: _waits(gateway, task_id, "es"), 60, "it does not wait")
    added = gateway.http.post(f"/api/tasks/{task_id}/process", json={"languages": ["fr"]})
    assert added.status_code == 202, added.text
    assert added.json()["language_status"]["fr"]["waiting_for"] == "approval"
    for language in ("es", "fr"):
        gateway.http.post(f"/api/tasks/{task_id}/languages/{language}/approve")
    task = gateway.wait_for(task_id)
    assert task["language_status"]["base"]["stages"]["speaker_diarization"]["attempt"] == 1


def test_a_language_at_its_stop_can_be_canceled_and_waits_again_when_it_is_tried_again(small_world: World) -> None:
    """One that was sent there, and one that was added when the stop was reached; nobody else is asked any more."""
    gateway, _ = small_world.gateway(), small_world.workers()
    config = '{"target_languages": ["es"], "stop_after": "speaker_diarization"}'
    task_id = gateway.create(config, start=True)["task_id"]
    url = f"/api/tasks/{task_id}"
    wait_until(lambda: _waits(gateway, task_id, "es"), 60, "it does not wait")
    gateway.http.post(f"{url}/process", json={"languages": ["fr"]}).raise_for_status()
    for language in ("es", "fr"):
        canceled = gateway.http.post(f"{url}/languages/{language}/cancel")
        assert canceled.status_code == 202, canceled.text
        state = canceled.json()["language_status"][language]
        assert (state["status"], state["waiting_for"]) == ("canceled", None)
    assert gateway.task(task_id)["status"] == "canceled"
    again = gateway.http.post(f"{url}/retry")
    assert again.status_code == 202, again.text
    assert _waits(gateway, task_id, "es")
    assert _waits(gateway, task_id, "fr")
    assert gateway.task(task_id)["language_status"]["es"]["stages"]["translation"]["status"] == "pending"
    gateway.http.post(f"{url}/languages/es/cancel").raise_for_status()
    gateway.http.post(f"{url}/languages/fr/approve").raise_for_status()
    wait_until(lambda: gateway.task(task_id)["language_status"]["fr"]["status"] == "completed", 60, "fr does not go on")
    assert gateway.task(task_id)["language_status"]["es"]["status"] == "canceled"
