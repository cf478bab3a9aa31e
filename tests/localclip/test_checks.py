"""The demo's checks pass a good export and catch each way it can be wrong."""

from dataclasses import replace
from pathlib import Path

import pytest

from localclip.checks import check_export
from localclip.ffmpeg import integrated_lufs, run_ffmpeg
from localclip.results import LanguageResult
from localclip_client import Status
from localclip_client.models import Report

REPORT = Report(lines_total=2, lines_dubbed=2, checks={"length": True}, passed=True)
CUES = "1\n00:00:00,500 --> 00:00:02,000\nHola\n"


def voice(seconds: float, pitch: int, gain: str = "0dB") -> tuple[str, ...]:
    """Bursts of a tone, as input options."""
    source = (
        f"sine=frequency={pitch}:duration={seconds}:sample_rate=48000,volume='gt(sin(8*t),0)':eval=frame,volume={gain}"
    )
    return "-f", "lavfi", "-i", source


def export(
    folder: Path, *, seconds: float = 4.0, language: str = "spa", pitch: int = 300, lufs: float = -16.0
) -> LanguageResult:
    """A dubbed video of a tone, the original tone beside it, and subtitles."""
    subtitles = folder / "subtitles_es.srt"
    subtitles.write_text(CUES)
    (folder / "subtitles_es.vtt").write_text("WEBVTT\n")
    video = folder / "export_es.mp4"
    run_ffmpeg(
        *("-f", "lavfi", "-i", f"testsrc=size=160x120:rate=25:duration={seconds}"),
        *voice(seconds, pitch),
        *voice(seconds, 500),
        *("-i", str(subtitles), "-map", "0", "-map", "1", "-map", "2", "-map", "3"),
        *("-filter:a:0", f"loudnorm=I={lufs}:TP=-1:LRA=7:linear=false", "-ar", "48000", "-ac", "2"),
        *("-c:v", "libx264", "-c:a", "aac", "-c:s", "mov_text", "-metadata:s:a:0", f"language={language}"),
        *("-metadata:s:s:0", "language=spa", "-disposition:a:0", "default", "-disposition:a:1", "0", str(video)),
    )
    level = integrated_lufs(video)
    assert level is not None
    if abs(level - lufs) > 0.1:  # what loudnorm missed on a signal this short
        fixed = folder / "fixed.mp4"
        options = ("-map", "0", "-c", "copy", "-c:a:0", "aac", "-filter:a:0", f"volume={lufs - level}dB")
        run_ffmpeg("-i", str(video), *options, str(fixed))
        fixed.replace(video)
    return LanguageResult("es", Status.COMPLETED, (video, subtitles, folder / "subtitles_es.vtt"), REPORT)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds."""
    path = tmp_path_factory.mktemp("original") / "original.mp4"
    picture = ("-f", "lavfi", "-i", "testsrc=size=160x120:rate=25:duration=4")
    run_ffmpeg(*picture, *voice(4, 500), "-c:v", "libx264", "-c:a", "aac", str(path))
    return path


def failures(result: LanguageResult, original: Path) -> list[str]:
    return [check.name for check in check_export(result, original) if not check.passed]


def test_a_good_export_passes_every_check(tmp_path: Path, original: Path) -> None:
    """Nine of them, with figures."""
    checks = check_export(export(tmp_path), original)
    assert [check for check in checks if not check.passed] == []
    assert len(checks) == 9
    assert all(check.found for check in checks)


@pytest.mark.parametrize(
    ("wrong", "caught"),
    [
        ({"seconds": 4.12}, ["length of the input"]),
        ({"language": "fra"}, ["dub is the default audio"]),
        ({"pitch": 500}, ["dub differs from the original"]),
        ({"lufs": -17.0}, ["loudness"]),
    ],
)
def test_a_wrong_export_is_caught(tmp_path: Path, original: Path, wrong: dict[str, object], caught: list[str]) -> None:
    """By the check meant for it, and by no other."""
    assert failures(export(tmp_path, **wrong), original) == caught  # type: ignore[arg-type]


def test_a_cut_off_file_does_not_pass(tmp_path: Path, original: Path) -> None:
    """Whatever else is measured, it does not play to its end."""
    result = export(tmp_path)
    assert result.video is not None
    data = result.video.read_bytes()
    result.video.write_bytes(data[: len(data) * 2 // 3])
    assert "plays to its end" in failures(result, original)


def test_a_report_that_did_not_pass_fails_the_export(tmp_path: Path, original: Path) -> None:
    """The exporter's own doubts count."""
    doubtful = replace(
        export(tmp_path), report=REPORT.model_copy(update={"checks": {"length": False}, "passed": False})
    )
    found = [check for check in check_export(doubtful, original) if not check.passed]
    assert [(check.name, check.found) for check in found] == [("report", "length")]


def test_a_language_without_a_video_fails_with_its_reason(original: Path) -> None:
    """One line says why."""
    result = LanguageResult("es", Status.FAILED, reason="engine_failed: it broke")
    assert [(check.passed, check.found) for check in check_export(result, original)] == [
        (False, "engine_failed: it broke")
    ]


def test_nothing_to_dub_passes_only_when_the_task_says_why(tmp_path: Path, original: Path) -> None:
    """Silence that was not explained is a failure."""
    made = export(tmp_path)
    silent = replace(made, report=Report(passed=True))
    assert failures(silent, original) == ["lines"]
    explained = check_export(silent, original, "no speech was found")
    assert [(check.passed, check.found) for check in explained if check.name == "lines"] == [
        (True, "no speech was found")
    ]


def test_a_line_that_failed_fails_the_demo(tmp_path: Path, original: Path) -> None:
    """The demo's sample has no excuse."""
    incomplete = replace(export(tmp_path), report=REPORT.model_copy(update={"lines_dubbed": 1, "lines_failed": 1}))
    assert failures(incomplete, original) == ["lines"]
