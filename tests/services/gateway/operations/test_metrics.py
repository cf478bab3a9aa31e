"""What a gateway tells those who watch it."""

import re

from shared.testing import wait_until
from tests.services.gateway.conftest import Gateway, World

_SAMPLE = re.compile(r'^(localclip_\w+)(?:\{((?:\w+="[^"]*",?)*)\})? (\S+)$')


def measured(gateway: Gateway) -> dict[str, float]:
    """Every sample by name and labels; whatever is no sample or comment is an error."""
    answer = gateway.http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = {}
    for line in answer.text.splitlines():
        if not line.startswith("# "):
            sample = _SAMPLE.match(line)
            assert sample is not None, line
            found[f"{sample[1]}{{{sample[2]}}}" if sample[2] else sample[1]] = float(sample[3])
    return found


def test_a_task_is_seen_on_its_way(world: World) -> None:
    """In the queue, with nobody to take it; then done, with workers waiting for more."""
    gateway = world.gateway()
    task_id = gateway.create('{"target_languages": ["es"]}', start=True)["task_id"]
    queued = 'localclip_queue_waiting{lane="batch",stage="speaker_diarization"}'
    handed_out = 'localclip_jobs_open{stage="speaker_diarization",state="dispatched"}'
    wait_until(lambda: measured(gateway).get(queued) == 1, 60, "the job is not seen in the queue")
    wait_until(lambda: measured(gateway).get(handed_out) == 1, 60, "the job is not marked")
    found = measured(gateway)
    assert found['localclip_tasks{status="processing"}'] == 1
    assert found['localclip_workers_idle{stage="speaker_diarization"}'] == 0
    assert found['localclip_stream_messages{stream="LOCALCLIP_DEAD"}'] == 0
    world.workers()
    gateway.wait_for(task_id)
    idle = 'localclip_workers_idle{stage="speaker_diarization"}'
    wait_until(lambda: measured(gateway).get(idle) == 1, 60, "the idle worker is not seen")
    found = measured(gateway)
    assert found['localclip_tasks{status="completed"}'] == 1
    assert not [name for name in found if name.startswith("localclip_jobs_open")]


def test_listeners_are_counted_and_a_lost_broker_is_told(small_world: World) -> None:
    """What cannot be asked is missing rather than zero."""
    gateway = small_world.gateway()
    assert measured(gateway)["localclip_event_streams"] == 0
    with gateway.http.stream("GET", "/api/events") as stream:
        lines = stream.iter_lines()  # held: the connection ends with it
        next(lines)
        wait_until(lambda: measured(gateway)["localclip_event_streams"] == 1, 60, "the listener is not counted")
    small_world.nats.kill()
    wait_until(lambda: measured(gateway)["localclip_broker_up"] == 0, 60, "the outage is not told")
    found = measured(gateway)
    assert found["localclip_database_up"] == 1
    assert not [name for name in found if "queue" in name]
