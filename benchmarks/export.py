"""The exporter beside one bare ffmpeg command that yields the same streams: wall time and peak memory.

    python -m benchmarks.export [--quick]

The bare command gets the voices as one track made beforehand, ducks with a side chain and levels with `loudnorm` in one
pass. `bare_fixed_gain` is a second yardstick: the same command with a gain known beforehand in place of `loudnorm`,
which measures and checks nothing. Memory is that of the process and its children, shared pages counted for each.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import soundfile

from benchmarks.measure import MemoryWatch, folder
from shared.messaging import ExportLanguage, JobContext, Timeline, TimelineLine
from shared.pipeline import LineState
from shared.storage import DirectoryStore, keys, put_bytes, put_file
from shared.transcript import Cue, MediaFacts, write_srt

TASK = "task_20250101_000000_0a1b2c3d"
RATE_HZ = 48_000
EVERY_S, TAKE_S, TAKES = 6.0, 4.0, 20
DUCK = "sidechaincompress=threshold=0.01:ratio=8:attack=100:release=400"


@dataclass(frozen=True)
class Case:
    """A length, a number of lines, and the folder with its material."""

    minutes: int
    lines: int
    path: Path

    @property
    def video(self) -> Path:
        """The original."""
        return self.path / "video.mp4"

    def starts_s(self) -> list[float]:
        """When the lines begin."""
        return [1.0 + number * EVERY_S for number in range(self.lines)]


def prepare(case: Case) -> None:
    """Make the video, the takes, the timeline, and for the bare command the voices as one track."""
    case.path.mkdir()
    minute = case.path / "minute.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=60"]
    sound = ["-f", "lavfi", "-i", "anoisesrc=color=pink:amplitude=0.2:sample_rate=48000:duration=60:seed=1", "-ac", "2"]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "128k"]
    _ffmpeg([*picture, *sound, *codecs, str(minute)])
    _ffmpeg(["-stream_loop", "-1", "-i", str(minute), "-c", "copy", "-t", str(case.minutes * 60), str(case.video)])
    minute.unlink()
    store = DirectoryStore(case.path / "store")
    takes = [_take(seed) for seed in range(TAKES)]
    lines = []
    for number, start_s in enumerate(case.starts_s()):
        path = case.path / "take.flac"
        soundfile.write(path, takes[number % TAKES], RATE_HZ, subtype="PCM_16")
        key = keys.take(TASK, "es", f"{number:040x}")
        put_file(store, key, path)
        lines.append(_line(number, start_s, key))
    facts = MediaFacts(container="mov", duration_s=case.minutes * 60)
    timeline = Timeline(task_id=TASK, language="es", source_language="en", media=facts, lines=tuple(lines))
    put_bytes(store, "tasks/timeline.json", timeline.model_dump_json().encode())
    put_file(store, keys.input_video(TASK, "video.mp4"), case.video)
    cues = [Cue(start_s=line.start_s, end_s=line.end_s, text=line.text) for line in lines]
    (case.path / "subtitles.srt").write_text(write_srt(cues), encoding="utf-8")
    _write_voices(case, takes)


def _ffmpeg(arguments: Sequence[str]) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], check=True)


def _take(seed: int) -> np.ndarray:
    """Noise with the rhythm of syllables, at about the level of a take."""
    times = np.arange(round(TAKE_S * RATE_HZ)) / RATE_HZ
    noise = np.convolve(np.random.default_rng(seed).normal(0, 0.2, len(times)), np.ones(16) / 16, "same")
    return (noise * (0.5 - 0.5 * np.cos(2 * np.pi * 4 * times))).astype(np.float32)


def _line(number: int, start_s: float, key: str) -> TimelineLine:
    return TimelineLine(
        segment_id=f"s{number:04}",
        speaker_id="a",
        start_s=start_s,
        end_s=start_s + TAKE_S,
        source_text="A line of the original.",
        text="Una línea del doblaje que se lee en dos filas, como casi todas.",
        state=LineState.DUBBED,
        take_key=key,
        take_start_s=start_s,
        take_duration_s=TAKE_S,
        speed=1.0,
        fit="natural",
    )


def _write_voices(case: Case, takes: Sequence[np.ndarray]) -> None:
    """All takes in their places, written piece by piece."""
    with soundfile.SoundFile(case.path / "voices.flac", "w", RATE_HZ, 1, "PCM_16") as file:
        file.write(np.zeros(RATE_HZ, np.float32))
        pause = np.zeros(round((EVERY_S - TAKE_S) * RATE_HZ), np.float32)
        for number in range(case.lines):
            file.write(takes[number % TAKES])
            file.write(pause)


def bare_command(case: Case, leveling: str) -> list[str]:
    """One ffmpeg command: duck, mix, level, encode, mux."""
    graph = (
        f"[0:a]aresample={RATE_HZ}[original];[1:a]asplit[voice][key];[original][key]{DUCK}[bed];"
        f"[bed][voice]amix=inputs=2:normalize=0:duration=first,{leveling},aresample={RATE_HZ}[dub]"
    )
    inputs = [case.video, case.path / "voices.flac", case.path / "subtitles.srt"]
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *(part for path in inputs for part in ("-i", str(path)))]
    command += ["-filter_complex", graph, "-map", "0:v", "-map", "[dub]", "-map", "0:a", "-map", "2:s"]
    command += ["-c", "copy", "-c:a:0", "aac", "-b:a:0", "192k", "-ac:a:0", "2", "-c:s", "mov_text"]
    return [*command, "-movflags", "+faststart", str(case.path / "bare.mp4")]


def export_command(case: Case) -> list[str]:
    """The exporter's handler in a process of its own, as a worker runs it."""
    return [sys.executable, "-m", "benchmarks.export", "--handle", str(case.path)]


def handle(path: Path) -> None:
    """Run one export on the material in `path`."""
    from services.exporter.engines import create_mixer
    from services.exporter.export import Export
    from services.exporter.handlers import export
    from services.exporter.recipes import RecipeExport
    from services.exporter.settings import ExporterSettings

    settings = ExporterSettings()
    job = ExportLanguage(
        task_id=TASK,
        language="es",
        attempt=1,
        video_key=keys.input_video(TASK, "video.mp4"),
        original_name="video.mp4",
        timeline_key="tasks/timeline.json",
    )
    workdir = path / "work"
    workdir.mkdir(exist_ok=True)
    mixer = create_mixer(settings)
    result = export(Export(mixer, settings), RecipeExport(mixer, settings))(
        job, JobContext(DirectoryStore(path / "store"), workdir)
    )
    figures = {name: result.report[name] for name in ("passed", "loudness", "length_difference_s", "overlap")}
    # apart from the sum: the mixing happens in this process, the tables of the containers lie in ffmpeg's
    for name, who in (("own_peak_mb", resource.RUSAGE_SELF), ("largest_child_peak_mb", resource.RUSAGE_CHILDREN)):
        figures[name] = round(resource.getrusage(who).ru_maxrss * 1024 / 1e6, 1)
    print(json.dumps(figures))


def measure(command: Sequence[str]) -> tuple[dict[str, float], str]:
    """Wall time, and the peak memory of the process tree; what it printed."""
    begun = time.monotonic()
    child = psutil.Popen(list(command), stdout=subprocess.PIPE)
    with MemoryWatch(child.pid) as watch:
        printed = child.stdout.read().decode()
        code = child.wait()
    wall_s = time.monotonic() - begun
    if code:
        raise SystemExit(f"{command[0]} failed with exit code {code}")
    return {"wall_s": round(wall_s, 2), "peak_mb": round(watch.peak / 1e6, 1)}, printed


def compare(case: Case) -> dict[str, Any]:
    """Measure everything on one case."""
    print(f"preparing {case.minutes} minutes, {case.lines} lines", file=sys.stderr)
    prepare(case)
    os.sync()
    found: dict[str, Any] = {"minutes": case.minutes, "lines": case.lines}
    found["exporter"], printed = measure(export_command(case))
    found["exporter"]["report"] = json.loads(printed)
    found["bare"], _ = measure(bare_command(case, "loudnorm=I=-16:TP=-1"))
    found["bare_fixed_gain"], _ = measure(bare_command(case, "volume=3dB,alimiter=limit=0.85:level=false"))
    for yardstick in ("bare", "bare_fixed_gain"):
        found[f"time_ratio_to_{yardstick}"] = round(found["exporter"]["wall_s"] / found[yardstick]["wall_s"], 3)
    print(json.dumps(found), file=sys.stderr)
    return found


def run(*, quick: bool = False) -> dict[str, object]:
    """Both sizes, and what becomes of time and memory between them."""
    sizes = ((1, 10), (10, 100)) if quick else ((10, 100), (120, 1200))
    with folder() as path:
        short, long = (compare(Case(minutes, lines, path / str(minutes))) for minutes, lines in sizes)
    ratios = {
        "time_short": short["time_ratio_to_bare"],
        "time_long": long["time_ratio_to_bare"],
        "memory_long_to_short": round(long["exporter"]["peak_mb"] / short["exporter"]["peak_mb"], 3),
        "memory_long_to_bare": round(long["exporter"]["peak_mb"] / long["bare"]["peak_mb"], 3),
    }
    return {"name": "export", "cases": [short, long], "ratios": ratios, "targets": {"time": 1.3}}


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description="Compare the exporter with one bare ffmpeg command.")
    parser.add_argument("--quick", action="store_true", help="1 and 10 minutes in place of 10 minutes and 2 hours")
    parser.add_argument("--handle", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.handle:
        handle(arguments.handle)
        return
    json.dump(run(quick=arguments.quick), sys.stdout, indent=2)


if __name__ == "__main__":
    main()
