"""Dialogues made on the spot, whose every word and time is known."""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

from shared.transcript import Cue, write_srt

RATE_HZ = 48_000
FPS = 25
_LEAD_S, _TAIL_S = 1.0, 1.5
_PHRASES = Path(__file__).with_name("phrases.json")
_SHORT, _LONG = 24, 56

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Case:
    """A dialogue: who takes part, how fast they speak, what lies between two lines.

    `stretch` is flite's duration stretch (1.0 is its normal pace), `pauses_s` the time between the end of a line and
    the start of the next, in turn; negative: they overlap. `length_s` 0: every phrase once. `music_db` is RMS.
    """

    name: str
    voices: tuple[str, ...]
    pauses_s: tuple[float, ...] = (0.6,)
    stretch: float = 1.0
    phrases: str = "all"
    length_s: float = 75.0
    music_db: float | None = None


@dataclass(frozen=True)
class Said:
    """One line as it was spoken."""

    voice: str
    text: str
    start_s: float
    end_s: float


CASES: tuple[Case, ...] = (
    Case("two speakers", ("slt", "rms")),
    Case("one narrator", ("rms",), (0.8, 0.4)),
    Case("long monologue", ("slt",), (0.12, 0.2), phrases="long", length_s=150.0),
    Case("fast speech", ("rms", "slt"), (0.4,), stretch=0.75),
    Case("slow speech", ("slt", "awb"), (0.7,), stretch=1.35),
    Case("three speakers", ("slt", "rms", "awb"), (0.5, 0.9)),
    Case("four speakers", ("slt", "rms", "awb", "kal16"), (0.5,)),
    Case("overlapping pair", ("slt", "rms"), (-0.5, 0.7)),
    Case("overlapping three, fast", ("rms", "slt", "awb"), (-0.4, 0.3, 0.5), stretch=0.85),
    Case("interjections", ("slt", "rms"), (0.3,), phrases="short", length_s=45.0),
    Case("long sentences", ("awb", "slt"), (0.5,), phrases="long"),
    Case("quick exchange", ("rms", "slt"), (0.08,)),
    Case("sparse", ("slt", "rms"), (3.0, 6.0)),
    Case("music bed", ("rms", "slt"), (0.6, 1.5), music_db=-24.0),
    Case("forty minutes", ("slt", "rms"), (0.5, 0.9, 0.3, 1.4), length_s=2400.0, music_db=-35.0),
)


@cache
def phrases() -> dict[str, dict[str, list[str]]]:
    """Translations of every English phrase by language: the natural one, a shorter, a longer."""
    return {entry.pop("en"): entry for entry in json.loads(_PHRASES.read_text(encoding="utf-8"))}


def make(case: Case, folder: Path) -> tuple[Path, Path, tuple[Said, ...]]:
    """Write the video of `case` and its source subtitles; return both and what is said in it."""
    said, voices = _say(case)
    seconds = round((said[-1].end_s + _TAIL_S) * FPS) / FPS
    sound = np.zeros(round(seconds * RATE_HZ), np.float32)
    for line, samples in zip(said, voices, strict=True):
        start = round(line.start_s * RATE_HZ)
        sound[start : start + len(samples)] += samples[: len(sound) - start]
    if case.music_db is not None:
        sound += _music(len(sound), case.music_db)
    stem = case.name.replace(" ", "-").replace(",", "")
    video, subtitles = folder / f"{stem}.mp4", folder / f"{stem}.srt"
    _write_video(sound, seconds, video)
    cues = [Cue(start_s=line.start_s, end_s=line.end_s, text=line.text) for line in said]
    subtitles.write_text(write_srt(cues), encoding="utf-8")
    return video, subtitles, said


def _say(case: Case) -> tuple[tuple[Said, ...], list[Samples]]:
    said: list[Said] = []
    voices: list[Samples] = []
    at = _LEAD_S
    pauses = cycle(case.pauses_s)
    for voice, text in zip(cycle(case.voices), _texts(case), strict=False):
        samples = speak(voice, text, case.stretch)
        said.append(Said(voice, text, at, at + len(samples) / RATE_HZ))
        voices.append(samples)
        at = said[-1].end_s + next(pauses)
        if at > case.length_s:
            break
    return tuple(said), voices


def _texts(case: Case) -> Iterator[str]:
    known = list(phrases())
    if case.phrases == "short":
        short = [text for text in known if len(text) <= _SHORT]
        known = [text for pair in zip(cycle(short), known, strict=False) for text in pair]
    elif case.phrases == "long":
        known = [text for text in known if len(text) >= _LONG]
    return islice(cycle(known), 100_000)


@cache
def speak(voice: str, text: str, stretch: float) -> Samples:
    """`text` in a flite voice, silence cut off, at -20 dB RMS."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        command = ["flite", "-voice", voice, "--setf", f"duration_stretch={stretch}", "-t", text, "-o", file.name]
        subprocess.run(command, check=True)
        samples, rate_hz = soundfile.read(file.name, dtype="float32")
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    samples = samples[loud[0] : loud[-1] + 1]
    resampled = np.asarray(resample_poly(samples, RATE_HZ // 1000, rate_hz // 1000), np.float32)
    return resampled * np.float32(0.1 / np.sqrt(np.mean(resampled**2)))


def _music(count: int, rms_db: float) -> Samples:
    """A slow chord with a second voice, which separates from speech by ear and stays put in the meters."""
    time = np.arange(count, dtype=np.float32) / RATE_HZ
    tones = sum(np.sin(2 * np.pi * pitch * time) for pitch in (110.0, 164.81, 220.0, 277.18))
    music = np.asarray(tones * (0.6 + 0.4 * np.sin(2 * np.pi * time / 8)), np.float32)
    return music * np.float32(10 ** (rms_db / 20) / np.sqrt(np.mean(music**2)))


def _write_video(sound: Samples, seconds: float, target: Path) -> None:
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        soundfile.write(file.name, np.column_stack([sound, sound]), RATE_HZ, subtype="PCM_16")
        picture = f"testsrc=size=320x180:rate={FPS}:duration={seconds}"
        inputs = ["-f", "lavfi", "-i", picture, "-i", file.name, "-shortest"]
        codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-c:a", "aac", "-b:a", "192k"]
        subprocess.run(["ffmpeg", "-v", "error", "-y", *inputs, *codecs, str(target)], check=True)
