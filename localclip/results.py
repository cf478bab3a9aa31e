"""Download what a task made, and show it as a table."""

import textwrap
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from localclip.errors import LocalClipError
from localclip.pairing import file_name
from localclip.view import seconds_text
from localclip_client import Client, Status, Task
from localclip_client.models import Artifact, Miss, Report

_LONGEST_REASON = 80
_WANTED = ("export_", "subtitles_", "report_")


@dataclass(frozen=True)
class LanguageResult:
    """The end of one language: its files and report, or why there are none."""

    language: str
    status: Status
    files: tuple[Path, ...] = ()
    report: Report | None = None
    reason: str = ""

    @property
    def video(self) -> Path | None:
        """The dubbed video."""
        return next((path for path in self.files if path.name.startswith("export_")), None)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        gate = self.report.gate if self.report else None
        return {
            "language": self.language,
            "status": self.status,
            "passed": gate.passed if gate else None,
            "gate_reasons": gate.reasons if gate else (),
            "files": self.files,
            "reason": self.reason or None,
        }


def finished_files(artifacts: Sequence[Artifact], language: str) -> list[Artifact]:
    """The files a person wants in a language: the dub, its subtitles, its report."""
    return [item for item in artifacts if item.language == language and item.name.startswith(_WANTED)]


def refuse_unfinished(task: Task, languages: Sequence[str]) -> None:
    """Raises: LocalClipError, with the reason of each language that is not done."""
    if not languages:
        raise LocalClipError(f"no language of {task.task_id} is done")
    reasons = []
    for code in languages:
        state = task.language_status.get(code)
        if state is None:
            reasons.append(f"{code}: it is no target of this task")
        elif state.status is not Status.COMPLETED:
            reasons.append(f"{code}: {missing(task, code).reason}")
    if reasons:
        raise LocalClipError(f"not finished: {'; '.join(reasons)}")


def already_there(client: Client, task: Task, languages: Sequence[str], folder: Path) -> list[str]:
    """Which of the files that `fetch` would write are in the folder."""
    artifacts = client.artifacts(task.task_id)
    names = [Path(item.name).name for code in languages for item in finished_files(artifacts, code)]
    return [name for name in names if (folder / name).exists()]


def fetch(client: Client, task: Task, languages: tuple[str, ...], folder: Path) -> tuple[LanguageResult, ...]:
    """Download the files of every completed language into `folder`."""
    artifacts = client.artifacts(task.task_id)
    results = []
    for language in languages:
        status = task.language_status.get(language)
        if status is None or status.status is not Status.COMPLETED:
            results.append(missing(task, language))
            continue
        folder.mkdir(parents=True, exist_ok=True)
        mine = finished_files(artifacts, language)
        files = tuple(client.download(task.task_id, item, folder / Path(item.name).name) for item in mine)
        results.append(LanguageResult(language, status.status, files, client.report(task.task_id, language)))
    return tuple(results)


def fetch_named(
    artifacts: Iterable[Artifact],
    languages: Container[str],
    out: Path,
    where: Path,
    download: Callable[[Artifact, Path], object],
) -> list[str]:
    """Have the results in `languages` downloaded below `out`, named after the video `where`; return the names."""
    found = []
    for file in artifacts:
        if file.language not in languages or not file.name.startswith(_WANTED):
            continue
        target = out / where.parent / file_name(where.name, file.name, file.language)
        target.parent.mkdir(parents=True, exist_ok=True)
        download(file, target)
        found.append(target.relative_to(out).as_posix())
    return found


def missing(task: Task, language: str) -> LanguageResult:
    """A language that was not made, with the reason."""
    status = task.language_status.get(language)
    base = task.language_status.get("base")
    word = status.status if status else task.status
    if word is Status.STALE:
        return LanguageResult(language, word, reason="it was changed since it was mixed: process it first")
    for found in (status, base):
        if found and found.error_message:
            return LanguageResult(language, word, reason=f"{found.error_code}: {found.error_message}")
    if language in task.at_stop:
        return LanguageResult(language, word, reason=f"waits: localclip approve {task.task_id} {language}")
    reason = f"{task.error_code}: {task.error_message}" if task.error_message else str(word)
    return LanguageResult(language, word, reason=reason)


def table(task: Task, results: tuple[LanguageResult, ...]) -> Table:
    """Language, lines, fit, duration, loudness, what else was measured, file."""
    grid = Table(title=task.video_original_name, title_justify="left")
    for heading, justify in (("language", "left"), ("lines", "right"), ("fit", "left"), ("duration", "right")):
        grid.add_column(heading, justify="right" if justify == "right" else "left")
    grid.add_column("loudness", justify="right")
    grid.add_column("measured")
    grid.add_column("gate")
    grid.add_column("file", overflow="fold")
    for result in results:
        if result.report is None:
            reason = textwrap.shorten(result.reason, _LONGEST_REASON, placeholder=" …")  # told in full after the table
            grid.add_row(result.language, "", f"[red]{result.status}[/red]", "", "", "", "", escape(reason))
            continue
        duration = task.media.duration_s + (result.report.length_difference_s or 0.0) if task.media else None
        file = str(result.video) if result.video else "no video"
        grid.add_row(
            result.language,
            lines_text(result.report),
            fit_text(result.report),
            seconds_text(duration),
            loudness_text(result.report),
            measured_text(result.report),
            gate_text(result.report),
            file,
        )
    return grid


def lines_text(report: Report) -> str:
    """Lines dubbed, and how many failed if any did."""
    failed = f", {report.lines_failed} failed" if report.lines_failed else ""
    return f"{report.lines_dubbed}/{report.lines_total}{failed}"


def fit_text(report: Report) -> str:
    """The shares of natural, tight and overflowing lines."""
    speed = report.speed
    shares = (("natural", speed.natural_share), ("tight", speed.tight_share), ("overflow", speed.overflow_share))
    return ", ".join(f"{share:.0%} {word}" for word, share in shares if share) or "-"


def measured_text(report: Report) -> str:
    """Overlap with the original's speech, evenness of the lines, wrong words or letters, drift at the end."""
    words = report.wer or report.cer
    told = (
        ("overlap", report.overlap, "{:.0%}"),
        ("speech lost", report.speech_lost.share if report.speech_lost else None, "{:.0%}"),
        ("spread", report.loudness.spread_lu, "{:.1f} LU"),
        ("errors", words.get("mean") if words else None, "{:.0%}" + _heard_text(words)),
        ("drift", None if report.drift_s is None else abs(report.drift_s) * 1000, "{:.0f} ms"),
    )
    return ", ".join(f"{name} {shape.format(value)}" for name, value, shape in told if value is not None) or "-"


def _heard_text(words: Mapping[str, float] | None) -> str:
    """For how many lines errors were measured, if not for all."""
    heard, of = (int(words.get(name, 0)) for name in ("lines", "of")) if words else (0, 0)
    return f" of {heard} heard, {of} spoken" if heard < of else ""


def gate_text(report: Report) -> str:
    """Whether the language passed, else the figures that did not."""
    if report.gate is None:
        return "-"
    accepted = "".join(f", accepted: {miss_text(miss)}" for miss in report.gate.accepted)
    told = "passed" if report.gate.passed else ", ".join(miss_text(miss) for miss in report.gate.misses)
    return told + accepted


def miss_text(miss: Miss) -> str:
    """A figure with its limit; a check has none."""
    if isinstance(miss.value, bool):
        return f"{miss.figure} failed"
    return f"{miss.figure} {miss.value:g} {'>' if miss.value > miss.limit else '<'} {miss.limit:g}"


def loudness_text(report: Report) -> str:
    """Integrated loudness."""
    value = report.loudness.integrated_lufs
    return "-" if value is None else f"{value:.1f} LUFS"
