"""Whose voice it is, by the small trained encoder included in the code.

Measured by `python -m benchmarks.voices` on generated voices; the table and its limits are in docs/cast.md.
"""

from collections.abc import Sequence

import numpy as np

from services.diarizer.engines.base import Report, Span
from services.diarizer.pitch import pitch
from services.diarizer.recording import Recording, Samples
from shared.messaging import EngineInfo
from shared.pipeline import Stage
from shared.voices import VoiceEncoder

_FEWEST_VOICED = 100
_LONGEST_S = 60.0


class EncoderEmbedder:
    """The vector of the GE2E encoder over what somebody says."""

    model = VoiceEncoder.model
    same_voice = 0.85
    """Between pieces of 15 people: at least .87 for the same person, at most .84 for two."""

    def __init__(self) -> None:
        self._encoder = VoiceEncoder()

    @property
    def info(self) -> EngineInfo:
        """What this engine is."""
        return EngineInfo(
            stage=Stage.DIARIZATION,
            port="embedder",
            name="ge2e",
            version="1",
            licence="Apache-2.0",
            commercial_use=True,
            hint="the embedding of pyannote.audio also judges how much a dub sounds like its speaker",
        )

    def embed(self, recording: Recording, spans: Sequence[Span], report: Report) -> tuple[float, ...] | None:
        """Describe the voice heard in `spans`, from at most a minute of it; None for less than a second of voice."""
        parts = _parts(recording, spans, report)
        if sum(int((pitch(part) > 0).sum()) for part in parts) < _FEWEST_VOICED:
            return None
        (vector,) = self._encoder.embed([np.concatenate(parts)], report)
        return tuple(round(float(value), 5) for value in vector)


def _parts(recording: Recording, spans: Sequence[Span], report: Report) -> list[Samples]:
    parts: list[Samples] = []
    read_s = 0.0
    for number, span in enumerate(spans):
        report(number / len(spans))
        if read_s >= _LONGEST_S:
            break
        parts.append(recording.read(span.start_s, min(span.end_s, span.start_s + _LONGEST_S - read_s)))
        read_s += span.duration_s
    return parts
