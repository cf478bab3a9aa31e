"""Judge an export from the outside: the file itself is measured, and the report is not trusted."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from localclip import ffmpeg
from localclip.results import LanguageResult
from localclip_client.models import Report
from shared.media import probe
from shared.pipeline import CancelToken, PermanentError, language

LOUDNESS_LUFS = -16.0
LOUDNESS_TOLERANCE_LU = 0.5
_SAME_ABOVE = 0.9
_RATE_HZ = 4000
_SOUND_SUFFIXES = frozenset({".m4a"})
"""Exports of audio alone: one track, and subtitles in separate files."""


@dataclass(frozen=True)
class Check:
    """One property of an export, and its measured value."""

    language: str
    name: str
    passed: bool
    found: str


def check_export(result: LanguageResult, original: Path, note: str | None = None) -> tuple[Check, ...]:
    """Check everything a viewer of the exported video relies on; `note` says why there is nothing to dub, if so."""
    video, report = result.video, result.report
    if video is None or report is None:
        return (Check(result.language, "export", False, result.reason or "no video"),)
    try:
        streams = ffmpeg.streams(video)
    except PermanentError as error:
        return (Check(result.language, "plays to its end", False, error.message),)
    audio = [stream for stream in streams if stream.get("codec_type") == "audio"]
    dubbed = report.lines_dubbed > 0
    checks: list[tuple[str, Callable[[], tuple[bool, str]]]] = [
        ("plays to its end", lambda: _plays(video)),
        ("length of the input", lambda: _length(video, original)),
        ("subtitles", lambda: _subtitles(streams, result)),
        ("report", lambda: _report(report)),
        ("lines", lambda: _lines(report, note)),
    ]
    shown = video.suffix not in _SOUND_SUFFIXES
    if dubbed:
        checks += [
            ("dub is the default audio", lambda: _tagged(audio, result.language)),
            ("loudness", lambda: _loudness(video)),
        ]
    if dubbed and shown:
        checks += [
            ("original is the second audio", lambda: (len(audio) > 1, f"{len(audio)} audio streams")),
            ("dub differs from the original", lambda: _differs(video, len(audio))),
        ]
    return tuple(Check(result.language, name, *_measured(measure)) for name, measure in checks)


def table(checks: tuple[Check, ...]) -> Table:
    """The checks for a terminal."""
    grid = Table(title="checks of the exported files", title_justify="left")
    for heading in ("language", "check", "result", "found"):
        grid.add_column(heading)
    for check in checks:
        word = "[green]passed[/green]" if check.passed else "[red]FAILED[/red]"
        grid.add_row(check.language, check.name, word, check.found)
    return grid


def _measured(measure: Callable[[], tuple[bool, str]]) -> tuple[bool, str]:
    try:
        return measure()
    except PermanentError as error:
        return False, error.message


def _plays(video: Path) -> tuple[bool, str]:
    ffmpeg.decodes(video)
    return True, "decoded without an error"


def _length(video: Path, original: Path) -> tuple[bool, str]:
    _, made = probe(video, CancelToken())
    _, source = probe(original, CancelToken())
    frame_s = 1 / (source.fps or 25)
    difference = made.duration_s - source.duration_s
    return abs(difference) <= frame_s + 1e-3, f"{made.duration_s:.3f} s, {difference / frame_s:+.2f} frames"


def _subtitles(streams: list[dict[str, Any]], result: LanguageResult) -> tuple[bool, str]:
    wanted = language(result.language).iso639_2
    tags = [_tag(stream) for stream in streams if stream.get("codec_type") == "subtitle"]
    files = {path.suffix for path in result.files if path.name.startswith("subtitles_")}
    inside = wanted in tags or (result.video is not None and result.video.suffix in _SOUND_SUFFIXES)
    good = {".srt", ".vtt"} <= files and (inside or result.report is None or result.report.lines_total == 0)
    return good, f"streams: {', '.join(tags) or 'none'}; files: {', '.join(sorted(files)) or 'none'}"


def _report(report: Report) -> tuple[bool, str]:
    failed = [name for name, value in report.checks.items() if value is False]
    return report.passed is True and not failed, ", ".join(failed) or "all its checks passed"


def _lines(report: Report, note: str | None) -> tuple[bool, str]:
    """A video without speech passes when the task says that it has none."""
    if report.lines_total == 0:
        return bool(note), note or "nothing was dubbed, and nothing says why"
    good = report.lines_dubbed > 0 and report.lines_failed == 0
    return good, f"{report.lines_dubbed} dubbed, {report.lines_failed} failed"


def _tagged(audio: list[dict[str, Any]], code: str) -> tuple[bool, str]:
    if not audio:
        return False, "no audio"
    default = bool(audio[0].get("disposition", {}).get("default"))
    return default and _tag(audio[0]) == language(code).iso639_2, f"{_tag(audio[0])}, default: {default}"


def _loudness(video: Path) -> tuple[bool, str]:
    level = ffmpeg.integrated_lufs(video)
    if level is None:
        return False, "silent"
    return abs(level - LOUDNESS_LUFS) <= LOUDNESS_TOLERANCE_LU, f"{level:.1f} LUFS, wanted {LOUDNESS_LUFS:.1f}"


def _differs(video: Path, streams: int) -> tuple[bool, str]:
    if streams < 2:
        return False, "no original to compare with"
    alike = abs(_correlation(ffmpeg.samples(video, 0, _RATE_HZ), ffmpeg.samples(video, 1, _RATE_HZ)))
    return alike < _SAME_ABOVE, f"correlation {alike:.2f}"


def _correlation(one: bytes, other: bytes) -> float:
    """Pearson's coefficient of two recordings; 1.0 for the same sound at any volume."""
    import numpy as np  # the client itself does without

    left, right = (np.frombuffer(data, dtype="<i2").astype(np.float64) for data in (one, other))
    length = min(len(left), len(right))
    left, right = left[:length], right[:length]
    power = float(np.sqrt(np.dot(left, left) * np.dot(right, right)))
    return float(np.dot(left, right)) / power if power else 1.0


def _tag(stream: dict[str, Any]) -> str:
    return str(stream.get("tags", {}).get("language", "und"))
