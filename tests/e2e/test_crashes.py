"""Killing any process in the middle loses nothing and does nothing twice."""

import asyncio
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import nats
import pytest

from shared.testing import wait_until
from tests.e2e.conftest import Product, running

CONFIG = '{"target_languages": ["es"], "source_language": "en", "num_speakers": 2}'
# Who is killed, one after the other, while which stage of one task runs.
ROUNDS = {
    "workers": [
        ("diarizer", "base", "speaker_diarization"),
        ("translator", "es", "translation"),
        ("cloner", "es", "voice_cloning"),
        ("exporter", "es", "export"),
    ],
    "gateway": [("gateway", "base", "speaker_diarization"), ("gateway", "es", "voice_cloning")],
    "broker": [
        ("progress", "base", "speaker_diarization"),
        ("nats-server", "base", "speaker_diarization"),
        ("nats-server", "es", "export"),
    ],
}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A stack of its own, on which everything is killed in turn."""
    with running(tmp_path_factory.mktemp("crashes")) as found:
        yield found


def outcome(product: Product, task_id: str) -> dict[str, Any]:
    """Everything that must be the same after a crash."""
    lines = [
        {
            name: line[name]
            for name in ("segment_id", "start_s", "end_s", "speaker_id", "source_text", "text", "state", "speed", "fit")
        }
        for line in product.lines(task_id, "es")
    ]
    takes = [line["take_key"].rsplit("/", 1)[-1] for line in product.lines(task_id, "es")]
    video = product.data / "export.mp4"
    video.write_bytes(product.artifact(task_id, "es", "export_es.mp4"))
    return {
        "lines": lines,
        "takes": takes,
        "objects": product.objects(task_id),
        "picture_and_sound": decoded(video),
        "subtitles": product.artifact(task_id, "es", "subtitles_es.srt"),
        "runs": runs(product, task_id),
    }


def decoded(video: Path) -> list[str]:
    """Hashes of the decoded picture and of both audio tracks."""
    command = ["ffmpeg", "-v", "error", "-i", str(video), "-map", "0:v", "-map", "0:a", "-f", "streamhash", "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def runs(product: Product, task_id: str) -> dict[str, int]:
    """How often each stage was completed, as everybody was told."""
    logs = product.http.get(f"/api/tasks/{task_id}/logs").json()
    found: dict[str, int] = {}
    for entry in logs:
        if entry["status"] == "completed":
            found[entry["stage"]] = found.get(entry["stage"], 0) + 1
    return found


@pytest.fixture(scope="module")
def undisturbed(product: Product, exchange: Path) -> dict[str, Any]:
    """What comes out when nothing dies."""
    task_id = product.create(exchange, CONFIG)
    product.wait_for(task_id, timeout_s=240)
    return without_id(outcome(product, task_id), task_id)


def without_id(value: dict[str, Any], task_id: str) -> dict[str, Any]:
    """The outcome with the task's name taken out of its keys, and with it the hash of a dub track made of such keys."""
    names = [re.sub(r"/dub/[0-9a-f]{40}/", "/dub/HASH/", name.replace(task_id, "TASK")) for name in value["objects"]]
    return {**value, "objects": names}


@pytest.mark.parametrize("victims", ROUNDS.values(), ids=ROUNDS)
def test_kill_9_changes_nothing(
    product: Product, exchange: Path, undisturbed: dict[str, Any], victims: list[tuple[str, str, str]]
) -> None:
    """After each restart the task goes on to the same result, every stage counted once, nothing left over."""
    task_id = product.create(exchange, CONFIG)
    for victim, language, stage in victims:
        product.wait_for_stage(task_id, language, stage)
        product.kill(victim)
    product.wait_for(task_id, timeout_s=180)
    assert without_id(outcome(product, task_id), task_id) == undisturbed
    wait_until(lambda: not product.temporary_files(), 60, f"left over: {product.temporary_files()}")
    wait_until(lambda: not open_messages(product), 60, "messages are left in the queue")


def open_messages(product: Product) -> int:
    """Messages in the work queues."""

    async def count() -> int:
        login = product.stack.broker_login("gateway")
        client = await nats.connect(login["NATS_URL"], user=login["NATS_USER"], password=login["NATS_PASSWORD"])
        try:
            js = client.jetstream()
            states = [(await js.stream_info(name)).state.messages for name in ("LOCALCLIP_JOBS", "LOCALCLIP_RESULTS")]
            return sum(states)
        finally:
            await client.close()

    return asyncio.run(count())


def test_gateway_dies_between_commit_and_publish(product: Product, exchange: Path, undisturbed: dict[str, Any]) -> None:
    """The job is committed while the broker is away, and the gateway is killed before it can publish."""
    product.kill("nats-server")
    task_id = product.create(exchange, CONFIG)
    product.kill("gateway")
    product.wait_for(task_id, timeout_s=180)
    assert without_id(outcome(product, task_id), task_id) == undisturbed


def test_cancel_reaches_a_running_engine(product: Product, exchange: Path) -> None:
    """The worker lets go in the middle; a retry then completes."""
    log = product.data / "logs" / "diarizer.log"
    before = log.read_text().count("job_canceled")
    task_id = product.create(exchange, CONFIG)
    product.wait_for_stage(task_id, "base", "speaker_diarization")
    wait_until(lambda: product.temporary_files(), 60, "the engine does not start")
    product.http.post(f"/api/tasks/{task_id}/cancel").raise_for_status()
    wait_until(lambda: not product.temporary_files(), 60, "the engine goes on")
    wait_until(lambda: log.read_text().count("job_canceled") > before, 60, "it went on to its end")
    assert product.task(task_id)["status"] == "canceled"
    product.http.post(f"/api/tasks/{task_id}/retry").raise_for_status()
    product.wait_for(task_id)


@pytest.mark.parametrize(("language", "stage"), [("base", "speaker_diarization"), ("es", "export")])
def test_deleting_in_mid_flight_leaves_nothing(product: Product, exchange: Path, language: str, stage: str) -> None:
    """No object, no row, no message, no temporary file; the API forgets it at once."""
    task_id = product.create(exchange, CONFIG)
    product.wait_for_stage(task_id, language, stage)
    assert product.http.delete(f"/api/tasks/{task_id}").status_code == 204
    assert product.http.get(f"/api/tasks/{task_id}").status_code == 404
    wait_until(lambda: not any(product.rows(task_id).values()), 60, f"rows are left: {product.rows(task_id)}")
    assert product.objects(task_id) == []
    assert not (product.data / "objects" / "tasks" / task_id).exists()
    wait_until(lambda: not product.temporary_files(), 60, "temporary files are left")
    wait_until(lambda: not open_messages(product), 60, "messages are left in the queue")


def test_events_are_resumed_across_a_gateway_restart(product: Product, exchange: Path) -> None:
    """A client that comes back with its last event id misses nothing and sees nothing twice."""
    task_id = product.create(exchange, CONFIG, start=False)
    seen: list[tuple[int, str]] = []

    def listen(stop_after: str) -> None:
        headers = {"Last-Event-ID": str(seen[-1][0])} if seen else {}
        with product.http.stream("GET", f"/api/tasks/{task_id}/events", headers=headers, timeout=60) as stream:
            stream.raise_for_status()
            if not seen:
                product.http.post(f"/api/tasks/{task_id}/process", json={})
            for event, number in events_of(stream):
                if number is not None and event != "hello":
                    seen.append((number, event))
                if event == stop_after:
                    return

    listen("speaker_diarization.completed")
    product.kill("gateway")

    def answers() -> bool:
        try:
            return product.http.get("/readyz?all=true").status_code == 200
        except httpx.HTTPError:
            return False

    wait_until(answers, 60, "the gateway does not come back")
    listen("task.completed")
    numbers = [number for number, _ in seen]
    assert numbers == sorted(set(numbers))
    names = [name for _, name in seen]
    for stage in ("speaker_diarization", "translation", "voice_cloning", "export"):
        assert names.count(f"{stage}.started") == 1
        assert names.count(f"{stage}.completed") == 1


def events_of(stream: httpx.Response) -> Iterator[tuple[str, int | None]]:
    """Names and ids of server-sent events."""
    name, number = "", None
    for line in stream.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("id: "):
            number = int(line.removeprefix("id: "))
        elif not line and name:
            yield name, number
            name, number = "", None
