"""Distinguish speakers: a small trained encoder counts them and says who speaks, resegmentation when.

Its accuracy, with the number counted and given, is in benchmarks/README.md.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import SpectralClustering

from services.diarizer.engines._counting import are_two, voices_in
from services.diarizer.engines._features import SpeechFrames, speech_frames
from services.diarizer.engines._resegmentation import SEED, Labels, mixture, resegment
from services.diarizer.engines.base import Report, Span, Turn
from services.diarizer.pitch import HOP_S
from services.diarizer.recording import Recording
from shared.messaging import EngineInfo
from shared.pipeline import Stage
from shared.voices import VoiceEncoder

_FEWEST_FRAMES = 50
_MOST_SPEAKERS = 10
_WINDOW, _HOP = 150, 25
_MOST_WINDOWS = 2000  # the affinity matrix grows with the square
_BACKGROUND = 16
_BACKGROUND_FRAMES = 60_000
_RELEVANCE = 8.0
_PITCH_WEIGHT = 0.3
_LITTLE_S = 30.0
"""Less speech than this is too little for mixtures of each speaker's sounds."""
_SLIVER = 20  # frames; no turn is shorter where voices meet: it would be the edge of a word


class ClusteringDiarizer:
    """Voices of a speaker encoder, Gaussian mixtures with a Viterbi path.

    Where the encoder hears too few voices: MAP supervectors of 1.5 s windows and spectral clustering.
    """

    def __init__(self) -> None:
        self._encoder = VoiceEncoder()

    @property
    def info(self) -> EngineInfo:
        """What this engine is."""
        return EngineInfo(
            stage=Stage.DIARIZATION,
            port="diarizer",
            name="clustering",
            version="3",
            licence="Apache-2.0",
            commercial_use=True,
            hint="give the number of speakers where you know it, above all for quick exchanges without pauses",
        )

    def turns(
        self, recording: Recording, speech: Sequence[Span], num_speakers: int | None, report: Report
    ) -> list[Turn]:
        """Cluster the speech; less than half a second of it is one speaker's."""
        frames = speech_frames(recording, speech, lambda part: report(0.4 * part))
        alone = [Turn(span.start_s, span.end_s, 0) for span in speech]
        if len(frames) < _FEWEST_FRAMES or num_speakers == 1:
            return alone
        voices = voices_in(recording, speech, self._encoder, lambda part: report(0.4 + 0.3 * part))
        middles = voices.middles(num_speakers, _MOST_SPEAKERS)
        if len(middles) >= max(2, num_speakers or 0):
            turns = voices.turns(recording, speech, self._encoder, middles, lambda part: report(0.7 + 0.1 * part))
            if sum(span.duration_s for span in speech) < _LITTLE_S:
                report(1.0)
                return turns
            labels = _speakers(frames, turns)
        else:  # they talk without pauses, frames may distinguish them
            labels = _cluster(frames, num_speakers or 2, lambda part: report(0.7 + 0.1 * part))
        labels = resegment(frames, labels, lambda part: report(0.8 + 0.15 * part))
        turns = _turns(frames, labels)
        one = not num_speakers and len(middles) < 2
        if one and not are_two(recording, turns, self._encoder, lambda: report(0.95)):
            turns = alone
        report(1.0)
        return turns


def _speakers(frames: SpeechFrames, turns: Sequence[Turn]) -> Labels:
    """The speaker of every frame."""
    starts = [turn.start_s for turn in turns]
    at = np.searchsorted(starts, (frames.index + 0.5) * HOP_S, side="right") - 1
    return np.array([turn.speaker for turn in turns])[np.maximum(at, 0)]


def _cluster(frames: SpeechFrames, count: int, report: Report) -> Labels:
    """The speaker of every frame: that of the window with the nearest middle."""
    hop = max(_HOP, len(frames) // _MOST_WINDOWS)
    starts = np.arange(0, max(1, len(frames) - _WINDOW // 2), hop)
    count = min(count, max(1, len(starts) - 1))
    if count == 1:
        return np.zeros(len(frames), np.int64)
    vectors = _supervectors(frames, starts, report)
    squares = (vectors**2).sum(axis=1)
    distance = np.maximum(squares[:, None] + squares - 2 * vectors @ vectors.T, 0)
    affinity = np.exp(-distance / max(float(np.median(distance)), 1e-9))
    clustering = SpectralClustering(count, affinity="precomputed", random_state=SEED, assign_labels="cluster_qr")
    found: Labels = clustering.fit_predict(affinity).astype(np.int64)
    nearest = np.rint((np.arange(len(frames)) - _WINDOW / 2) / hop).astype(np.int64)
    return found[np.clip(nearest, 0, len(starts) - 1)]


def _supervectors(frames: SpeechFrames, starts: NDArray[np.int64], report: Report) -> NDArray[np.float64]:
    """How each window's sounds differ from the average: one row of adapted mixture means and pitch per window."""
    step = max(1, len(frames) // _BACKGROUND_FRAMES)
    background = mixture(min(_BACKGROUND, len(frames) // 3), 1e-3, 50).fit(frames.cepstra[::step])
    scale = np.sqrt(background.weights_[:, None] / background.covariances_)
    log_pitch = frames.log_pitch[frames.voiced]
    middle, spread = (float(np.median(log_pitch)), float(log_pitch.std()) + 1e-3) if len(log_pitch) else (0.0, 1.0)
    rows: list[NDArray[np.float64]] = []
    pitches: list[float] = []
    for number, start in enumerate(starts):
        if number % 100 == 0:
            report(number / len(starts))
        window = slice(start, start + _WINDOW)
        share = background.predict_proba(frames.cepstra[window])
        weight = share.sum(axis=0)[:, None]
        means = (share.T @ frames.cepstra[window] + _RELEVANCE * background.means_) / (weight + _RELEVANCE)
        rows.append(((means - background.means_) * scale).ravel())
        voiced = frames.log_pitch[window][frames.voiced[window]]
        pitches.append(_PITCH_WEIGHT * (float(np.median(voiced)) - middle) / spread if len(voiced) > 5 else 0.0)
    vectors = np.array(rows)
    vectors /= vectors.std() * np.sqrt(vectors.shape[1]) + 1e-9
    return np.column_stack([vectors, pitches])


def _turns(frames: SpeechFrames, labels: Labels) -> list[Turn]:
    """Runs of frames of one speaker without a pause."""
    pauses = np.diff(frames.index) > 1
    for run in _runs(pauses | (np.diff(labels) != 0)):
        if len(run) < _SLIVER:
            labels[run] = _neighbour(labels, pauses, run)
    return [
        Turn(
            round(int(frames.index[run[0]]) * HOP_S, 3),
            round((int(frames.index[run[-1]]) + 1) * HOP_S, 3),
            int(labels[run[0]]),
        )
        for run in _runs(pauses | (np.diff(labels) != 0))
    ]


def _runs(borders: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    return np.split(np.arange(len(borders) + 1), np.flatnonzero(borders) + 1)


def _neighbour(labels: Labels, pauses: NDArray[np.bool_], run: NDArray[np.intp]) -> int:
    """The speaker to whom a run that is too short for a turn belongs: an adjacent one, else its own."""
    before, after = run[0] - 1, run[-1] + 1
    if before >= 0 and not pauses[before]:
        return int(labels[before])
    if after < len(labels) and not pauses[after - 1]:
        return int(labels[after])
    return int(labels[run[0]])
