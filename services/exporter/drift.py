"""Whether a dub is still in sync at its end: the last take is searched for in the finished file."""

import numpy as np
import soundfile

from services.exporter.engines.base import RATE_HZ, Mixer
from services.exporter.lines import is_dubbed, take_span, take_start_s
from services.exporter.loudness import Samples
from shared.messaging import JobContext, TimelineLine
from shared.storage import ObjectNotFound

REACH_S = 0.25
_SHORTEST_S, _LONGEST_S = 0.3, 4.0
_ALIKE = 0.3
"""Correlation above which the take counts as found; with music under it, it is about 0.7."""


def drift_s(
    lines: tuple[TimelineLine, ...], made_at: str, track: int, length_s: float, mixer: Mixer, context: JobContext
) -> float | None:
    """How late the last take begins in audio track `track` of the file `made_at` in the work folder.

    None if no take is long enough or the last one cannot be recognized in the mix.
    """
    usable = [
        line
        for line in lines
        if is_dubbed(line) and (line.take_duration_s or 0) >= _SHORTEST_S and take_span(line).end_s <= length_s
    ]
    if not usable:
        return None
    last = max(usable, key=take_start_s)
    try:
        take = _samples(last, mixer, context)
    except (ObjectNotFound, soundfile.LibsndfileError):  # a finished track outlives its takes
        return None
    start_s = max(0.0, take_start_s(last) - REACH_S)
    heard = mixer.excerpt(context.workdir / made_at, track, start_s, len(take) / RATE_HZ + 2 * REACH_S, context.cancel)
    place = located(take, heard)
    return None if place is None else start_s + place / RATE_HZ - take_start_s(last)


def located(take: Samples, heard: Samples) -> int | None:
    """Sample number at which `take` begins in `heard`; None if nothing there resembles it."""
    if len(heard) < len(take) or not np.any(take):
        return None
    size = 1 << (len(heard) + len(take)).bit_length()
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(take, size))
    products = np.fft.irfft(spectrum, size)[: len(heard) - len(take) + 1]
    power = np.concatenate(([0.0], np.cumsum(np.square(heard, dtype=np.float64))))
    there = power[len(take) :] - power[: len(heard) - len(take) + 1]
    likeness = products / np.sqrt(np.maximum(there, 1e-12) * float(np.dot(take, take)))
    best = int(np.argmax(likeness))
    return best if likeness[best] >= _ALIKE else None


def _samples(line: TimelineLine, mixer: Mixer, context: JobContext) -> Samples:
    path = context.store.local(line.take_key or "", context.workdir)
    if soundfile.info(path).samplerate != RATE_HZ:
        target = context.workdir / f"{path.stem}.{RATE_HZ}.wav"
        if not target.exists():
            mixer.resample(path, target, context.cancel)
        path = target
    samples, _ = soundfile.read(path, int(_LONGEST_S * RATE_HZ), dtype="float32", always_2d=True)
    found: Samples = samples.mean(axis=1, dtype=np.float32)
    return found
