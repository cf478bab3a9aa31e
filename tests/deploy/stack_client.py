"""What a person and a browser do with a stack: upload, wait, listen."""

import contextlib
import subprocess
import threading
from pathlib import Path
from typing import Any

import httpx

from localclip.sample import make_sample
from localclip_client.events import read_events
from shared.testing import wait_until
from tests.deploy.test_composition import new_env

DONE = ("completed", "failed", "canceled", "stale")


def new_variables() -> dict[str, str]:
    """An `.env` with fresh secrets, and patience shorter than a deployment's."""
    return {**new_env(), "TASK_QUEUE_WORKERS": "4", "LOCALCLIP_RESEND_AFTER_S": "20"}


def exchange_of(folder: Path, sample: Path | None = None) -> Path:
    """The first sentences of the sample video, for what is done many times over."""
    sample = sample or make_sample(folder / "dialogue.mp4")
    path = folder / "exchange.mp4"
    cut = ["ffmpeg", "-v", "error", "-i", str(sample), "-t", "9.3", "-c:v", "libx264", "-preset", "ultrafast"]
    subprocess.run([*cut, "-c:a", "aac", str(path)], check=True)
    return path


def upload(http: httpx.Client, video: Path, config: dict[str, Any]) -> str:
    """Send a video in parts, straight to the object store where it can be reached, and start it."""
    data = video.read_bytes()
    begun = http.post("/api/uploads", json={"filename": video.name, "size": len(data)}).json()
    wanted = list(range(1, begun["parts"] + 1))
    addresses = http.post(f"/api/uploads/{begun['upload_id']}/parts", json={"part_numbers": wanted}).json()
    for number, address in enumerate(addresses):
        part = data[number * begun["part_size"] :][: begun["part_size"]]
        httpx.put(str(http.base_url.join(address["url"])), content=part).raise_for_status()  # without the API key
    body = {"config": config, "start": True}
    done = http.post(f"/api/uploads/{begun['upload_id']}/complete", json=body)
    assert done.status_code == 201, done.text
    return str(done.json()["task_id"])


def wait_for(http: httpx.Client, task_id: str, timeout_s: float = 420) -> dict[str, Any]:
    """The completed task."""

    def ended() -> dict[str, Any] | None:
        with contextlib.suppress(httpx.TransportError):
            task = http.get(f"/api/tasks/{task_id}").json()
            return task if task["status"] in DONE else None
        return None

    task = wait_until(ended, timeout_s, f"{task_id} does not end")
    assert task is not None
    assert task["status"] == "completed", task
    return task


class Listener:
    """A client of the event stream of one gateway."""

    def __init__(self, http: httpx.Client) -> None:
        self.facts: list[tuple[str, str, str]] = []
        self.said_hello = threading.Event()
        self._http, self._stop = http, threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        assert self.said_hello.wait(20)

    def _listen(self) -> None:
        with self._http.stream("GET", "/api/events", timeout=30) as stream:
            for event in read_events(stream.iter_raw()):
                self.said_hello.set()
                if event.is_fact:
                    self.facts.append((str(event.id), event.event, str(event.data.get("subject", ""))))
                if self._stop.is_set():
                    return

    def end(self) -> None:
        """Stop with the next heartbeat."""
        self._stop.set()
        self._thread.join(20)
