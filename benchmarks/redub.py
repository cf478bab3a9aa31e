"""A person waits for one line: from the request on a warm product to the line being ready, beside eSpeak NG alone."""

import json
import statistics
import subprocess
import sys
import time

import httpx

from benchmarks.measure import folder
from localclip.sample import make_sample
from localclip.stack import Stack, StackOptions
from localclip_client import Client, NewTask
from shared.testing import free_port

_TEXTS = "Mañana vamos a la playa con {} amigos."
_NUMBERS = ("dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve")


def _alone(text: str) -> float:
    """Seconds eSpeak NG takes for the bare line."""
    began = time.perf_counter()
    command = ["espeak-ng", "-v", "es", "-b", "1", "--stdin", "--stdout"]
    subprocess.run(command, input=text.encode(), stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def _again(http: httpx.Client, line: str, text: str) -> float:
    """Seconds from asking for the line to its new take."""
    http.patch(line, json={"text": text}, headers={"If-Match": "*"}).raise_for_status()
    began = time.perf_counter()
    http.post(f"{line}/dub").raise_for_status()
    while http.get(line).json()["state"] != "dubbed":
        time.sleep(0.01)
    return time.perf_counter() - began


def run() -> dict[str, object]:
    """Every run speaks a text that was never spoken; the first is not counted."""
    with folder() as path:
        video = make_sample(path / "sample.mp4")
        stack = Stack(StackOptions(data=path / "data", port=free_port(), isolated=True))
        with stack, Client(stack.url) as client, httpx.Client(base_url=stack.url, timeout=60) as http:
            task = client.create(NewTask(video, ["es"], "en", num_speakers=2)).task_id
            while client.task(task).status not in ("completed", "failed"):
                time.sleep(0.2)
            line = f"/api/tasks/{task}/languages/es/lines/{client.lines(task, 'es')[0].segment_id}"
            texts = [_TEXTS.format(number) for number in _NUMBERS]
            _again(http, line, "Esto calienta la voz.")
            times = [_again(http, line, text) for text in texts]
            bare = [_alone(text) for text in texts]
    return {
        "name": "redub",
        "runs": len(texts),
        "line_p50_s": round(statistics.median(times), 3),
        "line_max_s": round(max(times), 3),
        "espeak_alone_p50_s": round(statistics.median(bare), 4),
        "ratio": round(statistics.median(times) / statistics.median(bare), 1),
    }


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=2)
