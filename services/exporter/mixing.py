"""Sound that streams by in blocks: the original measured, mixed with the voices, brought to its levels."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

import numpy as np

from services.exporter.ducking import DuckCurve
from services.exporter.engines.base import CHANNELS, FRAME_BYTES, RATE_HZ, Mixer
from services.exporter.limiter import CELL, MARGIN, limited
from services.exporter.loudness import Levels, LoudnessMeter, Samples
from services.exporter.source import Source
from services.exporter.spans import Span
from services.exporter.takes import Voices
from shared.pipeline import CancelToken

BLOCK = 2 * RATE_HZ
"""Frames handled at once; a multiple of the limiter's cell."""

Report = Callable[[float], None]


def speech_loudness(
    source: Source, spans: Sequence[Span], mixer: Mixer, cancel: CancelToken, report: Report
) -> float | None:
    """Loudness of the original audio within `spans` (a union), in LUFS; None where it is silent."""
    meter, places = LoudnessMeter(RATE_HZ), [(round(s * RATE_HZ), round(e * RATE_HZ)) for s, e in spans]
    first = 0
    with mixer.decode(source, cancel) as pipe:
        for start, block in _blocks(pipe):
            cancel.check()
            report(start / RATE_HZ / source.length_s)
            while first < len(places) and places[first][1] <= start:
                first += 1
            for begin, end in places[first:]:
                if begin >= start + len(block):
                    break
                meter.add(block[max(0, begin - start) : end - start])
    return meter.lufs()


def mix(bed: IO[bytes] | None, sink: IO[bytes], frames: int, curve: DuckCurve, voices: Voices) -> Iterator[int]:
    """Write `frames` frames of the mix to `sink`, yielding how many are done.

    `bed` is raw original audio, which may end early or late; None: there is none. It passes untouched where the curve
    is at full level and nobody speaks.
    """
    for start in range(0, frames, BLOCK):
        count = min(BLOCK, frames - start)
        block = np.zeros((count, CHANNELS), np.float32)
        if bed is not None:
            data = bed.read(count * FRAME_BYTES)
            whole = len(data) // FRAME_BYTES
            block[:whole] = np.frombuffer(data, "<f4", whole * CHANNELS).reshape(-1, CHANNELS)
        gains = curve.gains(start, count)
        if gains is not None:
            block *= gains[:, None]
        voices.add_to(block, start)
        sink.write(block.astype("<f4", copy=False).data)
        yield start + count
    while bed is not None and bed.read(BLOCK * FRAME_BYTES):
        continue


def level(mixed: Path, sink: IO[bytes], levels: Levels) -> Iterator[int]:
    """Write the mix with `levels` applied to `sink`, yielding how many frames are done."""
    gain, ceiling = np.float32(10 ** (levels.gain_db / 20)), 10 ** (levels.ceiling_dbtp / 20)
    frames = mixed.stat().st_size // FRAME_BYTES
    with mixed.open("rb") as file:
        for start in range(0, frames, BLOCK):
            count = min(BLOCK, frames - start)
            window = _window(file, start, count + -count % CELL)
            window *= gain
            sink.write(limited(window, ceiling)[:count].astype("<f4", copy=False).data)
            yield start + count


def _window(file: IO[bytes], start: int, count: int) -> Samples:
    """Frames `start - MARGIN` to `start + count + MARGIN`, silence outside the file."""
    window = np.zeros((count + 2 * MARGIN, CHANNELS), np.float32)
    first = max(0, start - MARGIN)
    file.seek(first * FRAME_BYTES)
    place = first - (start - MARGIN)
    data = file.read((len(window) - place) * FRAME_BYTES)
    found = np.frombuffer(data, "<f4").reshape(-1, CHANNELS)
    window[place : place + len(found)] = found
    return window


def _blocks(pipe: IO[bytes]) -> Iterator[tuple[int, Samples]]:
    start = 0
    while data := pipe.read(BLOCK * FRAME_BYTES):
        whole = len(data) // FRAME_BYTES
        yield start, np.frombuffer(data, "<f4", whole * CHANNELS).reshape(-1, CHANNELS)
        start += whole
