"""What is promised of a mix, measured by ffmpeg's own meters on finished files."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from shared.messaging import TimelineLine
from tests.services.exporter.conftest import RATE_HZ, Bench, MakeVideo, Samples, hear, hear_sound, level_db

STARTS = (1.0, 4.0, 7.0, 10.0, 13.0, 16.0)
LENGTHS = (1.5, 0.45, 1.0, 0.3, 1.5, 0.6)
LEVELS_DB = (0.0, -3.0, 4.0, -2.0, 3.0, -4.0)


def speech(duration_s: float, seed: int, level_db_: float) -> Samples:
    """Noise with the rhythm of syllables."""
    times = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    noise = np.convolve(np.random.default_rng(seed).normal(0, 0.2, len(times)), np.ones(16) / 16, "same")
    shape = 0.6 - 0.4 * np.cos(2 * np.pi * 5 * times)
    return (noise * shape * 10 ** (level_db_ / 20)).astype(np.float32)


def lines(bench: Bench) -> list[TimelineLine]:
    """Long and short lines of two speakers, 8 dB apart."""
    parts = zip(STARTS, LENGTHS, LEVELS_DB, strict=True)
    return [
        bench.line(start, start + length, speech(length, number, level), speaker_id="ab"[number % 2])
        for number, (start, length, level) in enumerate(parts)
    ]


@pytest.fixture
def video(make_video: MakeVideo) -> Path:
    """Eighteen seconds of quiet music, kept without loss."""
    sound = "anoisesrc=color=pink:amplitude=0.05:seed=3"
    return make_video(".mkv", 18.0, sound=sound, options=["-c:a", "flac"])


def meter_lufs(path: Path, start_s: float, length_s: float) -> float:
    """Loudness of a stretch by ebur128, as often as it takes to fill its gate."""
    graph = (
        f"atrim={start_s}:{start_s + length_s},asetpts=N/SR/TB,aloop=loop=40:size={round(length_s * RATE_HZ)},ebur128"
    )
    command = ["ffmpeg", "-nostats", "-i", str(path), "-map", "0:a:0", "-af", graph, "-f", "null", "-"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", told)[-1])


def stats(path: Path, start_s: float, end_s: float, name: str) -> float:
    """A figure of astats over a stretch."""
    graph = f"atrim={start_s}:{end_s},astats=metadata=0"
    command = ["ffmpeg", "-nostats", "-i", str(path), "-map", "0:a:0", "-af", graph, "-f", "null", "-"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    return float(re.findall(rf"{name}: (-?[\d.]+)", told)[-1])


def test_lines_of_all_lengths_and_speakers_are_equally_loud(bench: Bench, video: Path) -> None:
    """Takes 8 dB apart, 0.3 to 1.5 s long, are within 1 LU of each other in the finished mix."""
    made = bench.render(video, {"es": lines(bench)}, {"kind": "audio", "audio": [{"kind": "dub", "language": "es"}]})
    sound = made.file("talk.es.wav")
    found = [meter_lufs(sound, start, length) for start, length in zip(STARTS, LENGTHS, strict=True)]
    assert max(found) - min(found) < 1.0, found


def test_the_report_agrees_with_the_meter(bench: Bench, video: Path) -> None:
    """Line by line within 1 LU, and the spread over all."""
    run = bench.run(video, lines(bench), container="mkv")
    told = [line["lufs"] for line in run.report["lines"]]
    found = [meter_lufs(run.video, start, length) for start, length in zip(STARTS, LENGTHS, strict=True)]
    assert told == pytest.approx(found, abs=1.0)
    assert run.report["loudness"]["spread_lu"] < 1.0
    assert run.report["loudness"]["voice_spread_lu"] < 0.1


def test_between_lines_the_original_is_fully_back_and_does_not_pump(bench: Bench, video: Path) -> None:
    """From release to attack the level is that of the original, window by window, by astats."""
    made = bench.render(video, {"es": lines(bench)}, {"kind": "audio", "audio": [{"kind": "dub", "language": "es"}]})
    gain_db = made.report["audio"][0]["gain_db"]
    for start, length, following in zip(STARTS, LENGTHS, STARTS[1:], strict=False):
        for moment in np.arange(start + length + 0.41, following - 0.36, 0.2):
            now, was = (stats(path, moment, moment + 0.2, "RMS level dB") for path in (made.file("talk.es.wav"), video))
            assert now - was == pytest.approx(gain_db, abs=0.05)


def test_passages_without_speech_are_the_original_at_another_level(bench: Bench, video: Path) -> None:
    """Less than -50 dB apart before AAC, by the best constant gain, and as the report tells; nothing clips."""
    recipe = {"kind": "audio", "audio": [{"kind": "dub", "language": "es"}], "audio_format": "flac"}
    made = bench.render(video, {"es": lines(bench)}, recipe)
    heard, original = hear_sound(made.file("talk.es.flac")), hear(video)
    free = np.ones(len(heard), bool)
    for start, length in zip(STARTS, LENGTHS, strict=True):
        free[int((start - 0.16) * RATE_HZ) : int((start + length + 0.41) * RATE_HZ)] = False
    now, was = heard[free].astype(np.float64), original[: len(heard)][free].astype(np.float64)
    gain = float(np.vdot(now, was) / np.vdot(was, was))
    assert level_db((now / gain - was).astype(np.float32)) < level_db(was.astype(np.float32)) - 80
    assert made.report["audio"][0]["nonspeech_residual_db"] < -50
    assert made.report["audio"][0]["gain_db"] == pytest.approx(20 * np.log10(gain), abs=0.01)
    assert stats(made.file("talk.es.flac"), 0, 18, "Peak level dB") <= -1


def test_limiting_loud_music_shows_in_the_figure(bench: Bench, make_video: MakeVideo) -> None:
    """Music that has to be limited to reach the target is not the original any more, and the report says so."""
    video = make_video(".mkv", 6.0, sound="aevalsrc=exprs=0.05*sin(440*2*PI*t)+0.9*lt(mod(t\\,0.5)\\,0.001)")
    report = bench.run(video, [bench.line(1, 2, speech(1, 1, 0))], container="mkv", loudness_lufs=-12).report
    assert report["nonspeech_residual_db"] > -30


def test_leakage_is_what_lies_under_the_voices(bench: Bench, video: Path) -> None:
    """6 dB deeper ducking is 6 dB less of the original's energy under speech."""
    some = [bench.line(2, 4, speech(2, 1, 0))]
    shallow, deep = (
        bench.run(video, some, container="mkv", duck_db=duck).report["bed_leakage_db"] for duck in (-8, -14)
    )
    assert shallow - deep == pytest.approx(6, abs=0.1)
