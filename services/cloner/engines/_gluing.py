"""Join separately spoken parts of a text into one sound."""

from collections.abc import Sequence

import numpy as np

from services.cloner.engines.base import Audio

_PAUSE_S = {".": 0.4, "!": 0.4, "?": 0.4, "。": 0.4, "！": 0.4, "？": 0.4}
_SHORT_PAUSE_S = 0.15
_QUIET = 0.01  # of the peak, -40 dB
_KEPT_S = 0.03  # around the speech: soft consonants are below the threshold


def glue(sounds: Sequence[Audio], texts: Sequence[str], rate_hz: int, tempo: float = 1.0) -> Audio:
    """`sounds` with a natural pause between them: that of a sentence or of a clause, shorter at a higher `tempo`."""
    if len(sounds) == 1:
        return sounds[0]
    parts: list[Audio] = []
    for sound, text in zip(sounds, texts, strict=True):
        pause_s = _PAUSE_S.get(text[-1:], _SHORT_PAUSE_S) / tempo
        parts += [_bare(sound, rate_hz), np.zeros(round(pause_s * rate_hz), np.float32)]
    return np.concatenate(parts[:-1])


def _bare(sound: Audio, rate_hz: int) -> Audio:
    """`sound` without the silence around it, whose length is random."""
    level = np.abs(sound)
    loud = np.flatnonzero(level > _QUIET * float(level.max(initial=0.0)))
    if not len(loud):
        return sound
    kept = round(_KEPT_S * rate_hz)
    return sound[max(0, int(loud[0]) - kept) : int(loud[-1]) + 1 + kept]
