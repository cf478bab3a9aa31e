"""What it costs to put one line of a long video right."""

import time
from pathlib import Path
from typing import Any

import httpx

_TEXT = "Esta frase es completamente nueva."
_PATIENCE_S = 900.0


def edit_one_line(http: httpx.Client, task: str, language: str, data: Path) -> dict[str, Any]:
    """Edit a line in the middle, dub it again, export again.

    `takes_made` counts new takes in the store; `redub_s` is the time until the line is ready, `export_speed` the
    length of the video ÷ the time of the export.
    """
    base = f"/api/tasks/{task}/languages/{language}"
    lines = http.get(f"{base}/lines").raise_for_status().json()
    line = lines[len(lines) // 2]
    before = _takes(data, task, language)
    edited = f"{base}/lines/{line['segment_id']}"
    http.patch(edited, json={"text": _TEXT}, headers={"If-Match": "*"}).raise_for_status()
    began = time.monotonic()
    http.post(f"{edited}/dub").raise_for_status()
    _until(lambda: http.get(edited).json()["state"] == "dubbed")
    redub_s = time.monotonic() - began
    began = time.monotonic()
    http.post(f"{base}/process", json={"stage": "export"}).raise_for_status()
    _until(lambda: http.get(f"/api/tasks/{task}").json()["language_status"][language]["status"] == "completed")
    export_s = time.monotonic() - began
    length_s = http.get(f"{base}/report").json()["length_s"]
    return {
        "takes_made": len(_takes(data, task, language) - before),
        "redub_s": round(redub_s, 2),
        "export_s": round(export_s, 1),
        "export_speed": round(length_s / export_s, 1),
    }


def _takes(data: Path, task: str, language: str) -> set[str]:
    folder = data / "objects" / "tasks" / task / "outputs" / language / "cloned_audio"
    return {path.name for path in folder.iterdir()}


def _until(done: Any) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError("the edit is not finished")
        time.sleep(0.05)
