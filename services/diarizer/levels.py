"""Amplify quiet audio to the level of ordinary speech before listening to it."""

from collections.abc import Sequence

import numpy as np

from services.diarizer.engines import Span
from services.diarizer.recording import Recording

SPEECH_DBFS, QUIET_DBFS = -23.0, -30.0
"""The target level of speech, and the level below which it is raised: good recordings stay unchanged."""
MOST_DB = 40.0
_FINDABLE_PEAK = 0.25  # -12 dBFS: from here on speech is found as it is
_LOUD_SHARE = 99.0  # percentile of peaks, so that a click is not decisive


def gain_to_find(outline: Sequence[float]) -> float:
    """How much louder sound with the peaks `outline` must become for speech in it to be found; 1 for most."""
    peak = float(np.percentile(outline, _LOUD_SHARE)) if len(outline) else 0.0
    return 1.0 if peak >= _FINDABLE_PEAK or peak <= 0 else min(_FINDABLE_PEAK / peak, 10 ** (MOST_DB / 20))


def gain_to_understand(recording: Recording, speech: Sequence[Span]) -> float:
    """How much louder the recording must become for its speech to be as loud as speech is; 1 unless it is quiet."""
    power = seconds = 0.0
    for span in speech:
        samples = recording.read(span.start_s, span.end_s)
        power += float(np.vdot(samples, samples))
        seconds += len(samples)
    if not power or not seconds:
        return 1.0
    level_db = 10 * np.log10(power / seconds)
    return 1.0 if level_db >= QUIET_DBFS else float(10 ** (min(SPEECH_DBFS - level_db, MOST_DB) / 20))
