"""The whole product on the sample video: what it adds to the engines' own time, and what four languages cost."""

import json
import sys
import time
from pathlib import Path

import httpx

from benchmarks.measure import folder
from localclip.sample import make_sample
from localclip.stack import Stack, StackOptions
from shared.testing import free_port

LANGUAGES = ("es", "fr", "de", "id")
RUNS = 3


def _subtitles(path: Path) -> Path:
    """A translation of the eight sentences, used for every language, so that the languages cost the same."""
    text = "Queremos visitar las montañas en el verano."
    cues = [f"{n + 1}\n00:00:{n * 3:02},000 --> 00:00:{n * 3 + 2:02},500\n{text}\n" for n in range(8)]
    path.write_text("\n".join(cues), encoding="utf-8")
    return path


def _dub(http: httpx.Client, video: Path, languages: tuple[str, ...], translation: Path | None) -> float:
    """Seconds from the request to the finished task."""
    config = json.dumps({"target_languages": languages, "source_language": "en", "num_speakers": 2})
    parts: list[tuple[str, tuple[str | None, bytes]]]
    parts = [("config", (None, config.encode())), ("start", (None, b"true"))]
    if translation:
        parts += [(f"translation_{code}", ("own.srt", translation.read_bytes())) for code in languages]
    parts.append(("video", (video.name, video.read_bytes())))
    began = time.perf_counter()
    task = http.post("/api/tasks", files=parts).raise_for_status().json()["task_id"]
    while True:
        status = http.get(f"/api/tasks/{task}").json()["status"]
        if status == "completed":
            return time.perf_counter() - began
        if status in ("failed", "canceled"):
            raise RuntimeError(f"the task ended {status}")
        time.sleep(0.05)


def _engine_seconds(data: Path) -> float:
    """Seconds spent inside the stages' own work so far, from the workers' logs."""
    total = 0.0
    for log in (data / "logs").glob("*.log"):
        for line in log.read_text(encoding="utf-8").splitlines():
            if '"job_done"' in line:
                total += json.loads(line)["seconds"]
    return total


def run() -> dict[str, object]:
    """The best of a few runs each, after one that warms everything up."""
    with folder() as path:
        video = make_sample(path / "sample.mp4")
        own = _subtitles(path / "own.srt")
        data = path / "data"
        stack = Stack(StackOptions(data=data, port=free_port(), isolated=True))
        with stack, httpx.Client(base_url=stack.url, timeout=60) as http:
            _dub(http, video, ("es",), None)
            overheads = []
            for _ in range(RUNS):
                before = _engine_seconds(data)
                wall = _dub(http, video, ("es",), None)
                overheads.append((wall, _engine_seconds(data) - before))
            one = min(_dub(http, video, ("es",), own) for _ in range(RUNS))
            four = min(_dub(http, video, LANGUAGES, own) for _ in range(RUNS))
    wall, engines = min(overheads)
    return {
        "name": "pipeline",
        "sample_wall_s": round(wall, 2),
        "engines_s": round(engines, 2),
        "overhead_ratio": round(wall / engines, 3),
        "one_language_s": round(one, 2),
        "four_languages_s": round(four, 2),
        "scaling_ratio": round(four / one, 2),
    }


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=2)
