"""Run the benchmarks (all, or those named) and write `results.json` and the table in `README.md`.

`speech/hearing` runs one part of `speech` and keeps the others as they were measured before, `speech/speaking/flite`
one engine of it, and so does `orchestration/streams`; `picture/3` takes every third clip; `gpu` runs when named.
"""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.orchestration.table import render as render_orchestration
from benchmarks.picture.table import render as render_picture
from benchmarks.quality import table
from benchmarks.speech.table import merged, render_gpu
from benchmarks.speech.table import render as render_speech

HERE = Path(__file__).parent
ALL = (
    "pipeline",
    "export",
    "dispatch",
    "upload",
    "redub",
    "quality",
    "batching",
    "worker_memory",
    "lock",
    "speech",
    "fairness",
    "orchestration",
    "picture",
)
_BEGIN, _END = "<!-- table: made by `make bench` -->", "<!-- end of table -->"
_SPEECH_BEGIN = "<!-- speech: made by `make bench` -->"
_GPU_BEGIN = "<!-- gpu: made by `make bench` -->"
_ORCHESTRATION_BEGIN = "<!-- orchestration: made by `make bench` -->"
_PICTURE_BEGIN = "<!-- picture: made by `make bench` -->"
_QUALITY_BEGIN = "<!-- quality: made by `make bench` -->"


def rows(results: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """What was measured, the figure, its target, and whether it is met."""
    table: list[tuple[str, str, str, str]] = []

    def add(what: str, figure: float, target: float, unit: str = "×") -> None:
        table.append((what, f"{figure:g} {unit}", f"≤ {target:g} {unit}", "yes" if figure <= target else "**no**"))

    if pipeline := results.get("pipeline"):
        add("(1) wall time of the sample ÷ time inside engines and ffmpeg", pipeline["overhead_ratio"], 1.15)
        add("(2) four languages ÷ one", pipeline["scaling_ratio"], 2.5)
    if export := results.get("export"):
        ratios = export["ratios"]
        add("(3) export: time ÷ one bare ffmpeg command, 10 minutes, 100 lines", ratios["time_short"], 1.3)
        add("(3) export: time ÷ one bare ffmpeg command, 2 hours, 1 200 lines", ratios["time_long"], 1.3)
        add("(3) export: peak memory, 2 hours ÷ 10 minutes", ratios["memory_long_to_short"], 1.1)
    if dispatch := results.get("dispatch"):
        add("(4) job ready → handler start, p50 ÷ raw nats-py", dispatch["p50_ratio"], 2)
    if redub := results.get("redub"):
        add(f"(6) one line done again, {redub['ratio']:g} × eSpeak NG alone", redub["line_p50_s"], 3, "s")
    if batching := results.get("batching"):
        model = batching["model"]
        table += [
            _at_least(f"(7) translated lines per second, 32 at once ÷ one by one, {model}", batching["shard_ratio"], 3),
            _at_least("(7) the same, four jobs with one line each, side by side", batching["jobs_ratio"], 1.5),
        ]
    if memory := results.get("worker_memory"):
        add(f"(8) memory of a translation worker after {memory['jobs']} jobs ÷ after 100", memory["ratio"], 1.1)
    if lock := results.get("lock"):
        what = f"{lock['lines']} lines × {lock['languages']} languages ÷ one bare insert of the lines"
        add(f"(9) longest write lock: a transcript of {what}", lock["ratios"]["transcript"], 6)
        add("(9) longest write lock: the same processed again", lock["ratios"]["process"], 6)
    if fairness := results.get("fairness"):
        clips, films, owners = fairness["clips"], fairness["films"], fairness["owners"]
        add("(10) a hundred equal clips: mean completion ÷ the last one's", clips["mean_ratio"], 0.6)
        add("(10) the first of them ÷ a clip alone", clips["first_ratio"], 2)
        add("(10) a clip behind three films ÷ alone + a running job of theirs per stage", films["ratio"], 1)
        add("(10) a clip beside 300 of another owner ÷ alone + a running job per stage", owners["ratio"], 1)
        add(f"(10) one look at {fairness['look']['ready']} ready jobs", fairness["look"]["p50_ms"], 5, "ms")
    if upload := results.get("upload"):
        add(
            f"(5) growth of the gateway's memory for {upload['size_gb']:g} GB",
            upload["gateway_rss_growth_mib"],
            64,
            "MiB",
        )
    return table


def _at_least(what: str, figure: float, target: float) -> tuple[str, str, str, str]:
    return (what, f"{figure:g} ×", f"≥ {target:g} ×", "yes" if figure >= target else "**no**")


def render(results: dict[str, Any]) -> str:
    """The table as Markdown."""
    lines = ["| what | measured | target | met |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in rows(results)]
    return "\n".join(lines)


def _replaced(text: str, begin: str, made: str) -> str:
    """`text` with what stands between `begin` and the next end mark made anew."""
    head, _, rest = text.partition(begin)
    _, _, tail = rest.partition(_END)
    return f"{head}{begin}\n{made}\n{_END}{tail}"


def main() -> None:
    """Measure, keep what was measured before for the rest, and write both files."""
    stored = HERE / "results.json"
    results: dict[str, Any] = json.loads(stored.read_text(encoding="utf-8")) if stored.exists() else {}
    for name in sys.argv[1:] or ALL:
        sys.stdout.write(f"{name} ...\n")
        sys.stdout.flush()
        package, _, part = name.partition("/")
        command = [sys.executable, "-m", f"benchmarks.{package}", *([part] if part else [])]
        done = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        before = results.get(package, {})
        results[package] = merged(before, done) if "/" in part else before | done if part else done
        results["machine"] = {"cores": os.cpu_count(), "python": platform.python_version()}
        stored.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    _write(results)
    sys.stdout.write(render(results) + "\n")


def _write(results: dict[str, Any]) -> None:
    """Make the tables of the page anew."""
    page = HERE / "README.md"
    text = _replaced(page.read_text(encoding="utf-8"), _BEGIN, render(results))
    if quality := results.get("quality"):
        text = _replaced(text, _QUALITY_BEGIN, table.render(quality))
    if speech := results.get("speech"):
        text = _replaced(text, _SPEECH_BEGIN, render_speech(speech))
    if gpu := results.get("gpu"):
        text = _replaced(text, _GPU_BEGIN, render_gpu(gpu))
    if orchestration := results.get("orchestration"):
        text = _replaced(text, _ORCHESTRATION_BEGIN, render_orchestration(orchestration))
    if picture := results.get("picture"):
        text = _replaced(text, _PICTURE_BEGIN, render_picture(picture))
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
