"""Jobs go out as slots get free."""

from typing import Any

from shared.testing import wait_until
from tests.services.gateway.conftest import Gateway, World

STAGE = "speaker_diarization"


def queue(gateway: Gateway) -> dict[str, Any]:
    """What whoever starts workers is told of the first stage."""
    answer = gateway.http.get(f"/metrics/queues/{STAGE}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_no_more_goes_out_than_workers_take(small_world: World) -> None:
    """One job with no worker, so that there is a reason to start one; as many as they take with one; all in the end."""
    gateway = small_world.gateway()
    tasks = [gateway.create('{"target_languages": ["es"]}', start=True)["task_id"] for _ in range(5)]
    expected = {"stage": STAGE, "ready": 4, "in_hand": 1, "open": 5, "slots": 0}
    wait_until(lambda: queue(gateway) == expected, 30, "not one job is out")
    small_world.workers(STUB_SLOTS="3", STUB_DELAY_S="12")
    three = expected | {"ready": 2, "in_hand": 3, "slots": 3}
    wait_until(lambda: queue(gateway) == three, 60, "not three jobs are out")
    assert f'localclip_worker_slots{{stage="{STAGE}"}} 3.0' in gateway.http.get("/metrics").text
    for task in tasks:
        gateway.wait_for(task, timeout_s=240)
    assert queue(gateway) == expected | {"ready": 0, "in_hand": 0, "open": 0, "slots": 3}
