"""Dub every dialogue to every language the embedded engines can, and measure; prints JSON."""

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any

import httpx

from benchmarks.measure import folder
from benchmarks.quality import field
from benchmarks.quality.dialogues import CASES, Case, make
from benchmarks.quality.editing import edit_one_line
from benchmarks.quality.figures import figures
from benchmarks.quality.listening import drift_s, stretched_s
from benchmarks.quality.phrasebook import install
from localclip.stack import Stack, StackOptions
from localclip_client import Client, NewTask
from shared.testing import free_port

LANGUAGES = ("es", "fr")
TRANSLATORS = ("phrasebook", "apertium")
WAYS = {"concatenated": field.concatenated, "capped": field.capped, "chunked": field.chunked}
_LONGEST_S = 3600.0


@contextmanager
def product(data: Path, packages: Path, translator: str) -> Iterator[Client]:
    """The whole product with `translator`; its engines come from `packages` too."""
    before = dict(os.environ)
    os.environ["LOCALCLIP_TRANSLATOR"] = translator
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(packages), before.get("PYTHONPATH")]))
    try:
        with Stack(StackOptions(data=data, port=free_port(), isolated=True)) as stack, Client(stack.url) as client:
            yield client
    finally:
        os.environ.clear()
        os.environ.update(before)


def dub(client: Client, case: Case, video: Path, subtitles: Path) -> tuple[str, float]:
    """Dub one video to all languages; return its task and the seconds it took."""
    began = time.monotonic()
    new = NewTask(video, LANGUAGES, "en", num_speakers=len(case.voices), subtitles=subtitles)
    task = client.create(new).task_id
    while time.monotonic() - began < _LONGEST_S:
        found = client.task(task)
        if found.status == "completed":
            return task, time.monotonic() - began
        if found.status in ("failed", "canceled"):
            raise RuntimeError(f"{case.name}: {found.status}, {found.error_message}")
        time.sleep(0.2)
    raise TimeoutError(case.name)


def measured(http: httpx.Client, task: str, language: str) -> dict[str, Any]:
    """Our figures of one dub, and those of the other ways on its takes."""
    answer = http.get(f"/api/tasks/{task}/languages/{language}/lines").raise_for_status().json()
    dubbed = [line for line in answer if line["take_key"]]
    report = http.get(f"/api/tasks/{task}/languages/{language}/report").raise_for_status().json()
    length_s = float(report["length_s"])
    lines = [field.Line(one["start_s"], one["end_s"], one["speaker_id"], one["natural_s"]) for one in dubbed]
    placed = {one["id"]: one for one in report["lines"]}
    heard = [placed[one["segment_id"]] for one in dubbed]
    ours = [field.Placed(one["start_s"], one["start_s"] + one["length_s"], one["speed"]) for one in heard]
    found: dict[str, Any] = {"localclip": figures(lines, ours)}
    for name, way in WAYS.items():
        found[name] = figures(lines, way(lines, length_s, stretched_s))
    found["failed"] = len(answer) - len(dubbed)
    found["report"] = {
        key: report.get(key)
        for key in ("loudness", "length_difference_s", "nonspeech_residual_db", "passed", "bed_leakage_db")
    }
    return found


def run_case(client: Client, http: httpx.Client, case: Case, path: Path) -> dict[str, Any]:
    """One dialogue in all languages."""
    video, subtitles, said = make(case, path)
    task, seconds = dub(client, case, video, subtitles)
    found: dict[str, Any] = {
        "lines": len(said),
        "length_s": round(said[-1].end_s, 1),
        "wall_s": round(seconds, 1),
        "overlapping_s": round(sum(max(0.0, one.end_s - two.start_s) for one, two in pairwise(said)), 1),
        "languages": {language: measured(http, task, language) for language in LANGUAGES},
    }
    if case.length_s > 1000:
        found["drift_s"] = {language: drift_s(http, task, language, path) for language in LANGUAGES}
        found["edit"] = edit_one_line(http, task, LANGUAGES[0])
    http.delete(f"/api/tasks/{task}").raise_for_status()
    return found


def summary(cases: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Every way over all dialogues and languages, each line counting once."""
    found = {}
    for way in ("localclip", *WAYS):
        each = [figures for case in cases.values() for one in case["languages"].values() for figures in [one[way]]]
        lines = sum(one["lines"] for one in each)
        found[way] = {
            "in_window_share": round(sum(one["in_window_share"] * one["lines"] for one in each) / lines, 4),
            "beyond_1_5": sum(one["beyond_1_5"] for one in each),
            "p95_speed": round(mean(one["p95_speed"] for one in each), 3),
            "max_speed": max(one["max_speed"] for one in each),
            "overlap": round(mean(one["overlap"] for one in each), 4),
            "self_overlap_s": round(sum(one["self_overlap_s"] for one in each), 2),
            "late_s": max(one["late_s"] for one in each),
            "drift_at_end_s": max((one["drift_at_end_s"] for one in each), key=abs),
        }
    return found


def run(names: Sequence[str] = ()) -> dict[str, Any]:
    """All dialogues, or those named, with every translator."""
    chosen = [case for case in CASES if not names or case.name in names]
    results: dict[str, Any] = {"name": "quality"}
    with folder() as path:
        packages = install(path / "packages")
        for translator in TRANSLATORS:
            data = path / translator
            with (
                product(data, packages, translator) as client,
                httpx.Client(base_url=client.server, timeout=600) as http,
            ):
                cases = {case.name: _told(translator, run_case(client, http, case, path), case) for case in chosen}
            results[translator] = {"cases": cases, "summary": summary(cases)}
    return results


def _told(translator: str, found: dict[str, Any], case: Case) -> dict[str, Any]:
    """Say on stderr how a dialogue came out: all of them take the better part of an hour."""
    figures = {name: one["localclip"] for name, one in found["languages"].items()}
    sys.stderr.write(f"{translator}, {case.name}: {json.dumps(figures)}\n")
    return found


if __name__ == "__main__":
    json.dump(run(sys.argv[1:]), sys.stdout, indent=2)
