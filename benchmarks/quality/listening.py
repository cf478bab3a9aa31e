"""What can only be told from the sound itself: where a take is in the finished file, how long a stretch comes out."""

import subprocess
from functools import cache
from pathlib import Path

import httpx
import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmarks.quality.dialogues import RATE_HZ, phrases, speak

_AROUND_S = 1.0


@cache
def stretched_s(natural_s: float, speed: float) -> float:
    """Seconds that ffmpeg's `atempo` makes of `natural_s` of speech at `speed`, counted in samples."""
    if speed == 1.0:
        return natural_s
    speech = np.resize(speak("slt", next(iter(phrases())), 1.0), round(natural_s * RATE_HZ))
    steps = []
    left = speed
    while left > 2.0:
        steps.append("atempo=2.0")
        left /= 2.0
    steps.append(f"atempo={left:.6f}")
    raw = ["-f", "f32le", "-ar", str(RATE_HZ), "-ac", "1"]
    command = ["ffmpeg", "-v", "error", *raw, "-i", "pipe:0", "-af", ",".join(steps), *raw, "pipe:1"]
    made = subprocess.run(command, input=speech.tobytes(), stdout=subprocess.PIPE, check=True).stdout
    return len(made) / 4 / RATE_HZ


def drift_s(http: httpx.Client, task: str, language: str, folder: Path) -> float:
    """How far the last take lies in the exported file from where its segment begins, by cross-correlation."""
    lines = http.get(f"/api/tasks/{task}/languages/{language}/lines").raise_for_status().json()
    last = [line for line in lines if line["take_key"]][-1]
    takes = f"/api/tasks/{task}/languages/{language}/lines/{last['segment_id']}/takes"
    current = next(take for take in http.get(takes).raise_for_status().json() if take["current"])
    take = folder / "take.flac"
    take.write_bytes(http.get(current["url"]).raise_for_status().content)
    export = folder / f"export_{language}.mp4"
    address = f"/api/tasks/{task}/artifacts/{language}/{export.name}"
    with http.stream("GET", address) as answer, export.open("wb") as sink:
        for chunk in answer.iter_bytes():
            sink.write(chunk)
    spoken, _ = soundfile.read(take, dtype="float32")
    from_s = max(0.0, last["start_s"] - _AROUND_S)
    heard = _decode(export, from_s, len(spoken) / RATE_HZ + 2 * _AROUND_S)
    size = 1 << (len(heard) + len(spoken)).bit_length()
    match = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(spoken, size)))[: len(heard)]
    return round(float(from_s + int(match.argmax()) / RATE_HZ - last["start_s"]), 4)


def _decode(video: Path, from_s: float, length_s: float) -> NDArray[np.float32]:
    """The dub track around a moment; decoded from its start, because seeking in AAC is not exact to the sample."""
    cut = f"atrim=start={from_s}:duration={length_s}"
    command = ["ffmpeg", "-v", "error", "-i", str(video), "-map", "0:a:0", "-af", cut, "-f", "f32le"]
    command += ["-ar", str(RATE_HZ), "-ac", "1", "pipe:1"]
    return np.frombuffer(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout, np.float32)
