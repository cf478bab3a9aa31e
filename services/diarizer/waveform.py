"""The outline of the sound, for drawing it."""

from collections.abc import Callable, Sequence

import numpy as np

from services.diarizer.recording import Recording

PEAKS_PER_S = 20
_BLOCK_S = 60.0


def peaks(recording: Recording, report: Callable[[float], None]) -> list[float]:
    """The loudest sample, 0 to 1, of every twentieth of a second from the start of the recording."""
    bucket = recording.sample_rate_hz // PEAKS_PER_S
    found: list[float] = []
    for start_s, end_s in recording.blocks(_BLOCK_S):
        report(start_s / recording.duration_s)
        samples = np.abs(recording.read(start_s, end_s))
        samples = np.pad(samples, (0, -len(samples) % bucket))
        found += [round(float(peak), 3) for peak in samples.reshape(-1, bucket).max(axis=1)]
    return found


def peaks_document(found: Sequence[float], duration_s: float) -> dict[str, object]:
    """The content of `peaks.json`: `peaks` is one channel in wavesurfer.js's form, `[peaks]` beside `duration_s`."""
    return {"peaks_per_s": PEAKS_PER_S, "duration_s": round(duration_s, 3), "peaks": list(found)}
