"""Refine who speaks when: a voice model per speaker, then the best path through all frames."""

import warnings
from functools import partial

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from services.diarizer.engines._features import SpeechFrames
from services.diarizer.engines.base import Report

SEED = 0
_ROUNDS = 4
_SWITCH = 60.0  # log-likelihood a change of speaker must gain
_FEWEST_FRAMES = 60
_MOST_FRAMES = 30_000
_REPORT_FRAMES = 50_000

Labels = NDArray[np.int64]

# The rounds are few on purpose: the models are rough, and are fitted again in every pass.
warnings.filterwarnings("ignore", category=ConvergenceWarning, module="sklearn.mixture")


def mixture(components: int, ridge: float, rounds: int = 30) -> GaussianMixture:
    """A Gaussian mixture with diagonal covariances, deterministic."""
    return GaussianMixture(components, covariance_type="diag", random_state=SEED, reg_covar=ridge, max_iter=rounds)


def resegment(frames: SpeechFrames, labels: Labels, report: Report) -> Labels:
    """Move the borders between speakers to where their voices change; speakers with almost no speech are removed."""
    for number in range(_ROUNDS):
        report(number / _ROUNDS)
        speakers = [speaker for speaker in np.unique(labels) if (labels == speaker).sum() >= _FEWEST_FRAMES]
        if len(speakers) < 2:
            return np.zeros_like(labels)
        columns = []
        for position, speaker in enumerate(speakers):
            report((number + 0.5 * position / len(speakers)) / _ROUNDS)
            columns.append(_likelihood(frames, labels == speaker))
        path = _best_path(np.stack(columns, axis=1), partial(_within, report, number))
        moved = np.array(speakers)[path]
        if (moved == labels).all():
            break
        labels = moved
    return labels


def _within(report: Report, number: int, part: float) -> None:
    report((number + 0.5 + 0.5 * part) / _ROUNDS)


def _likelihood(frames: SpeechFrames, own: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How well every frame fits the speaker whose frames are `own`."""
    cepstra = frames.cepstra[own]
    model = mixture(min(8, max(1, len(cepstra) // 40)), 5e-2).fit(cepstra[:: max(1, len(cepstra) // _MOST_FRAMES)])
    likelihood: NDArray[np.float64] = model.score_samples(frames.cepstra)
    log_pitch = frames.log_pitch[own & frames.voiced]
    if len(log_pitch) > 20:
        middle = np.median(log_pitch)
        spread = max(0.08, 1.48 * float(np.median(np.abs(log_pitch - middle))))
        distance = (frames.log_pitch[frames.voiced] - middle) / spread
        # a tenth of the frames may have any pitch: octave errors happen
        likelihood[frames.voiced] += np.logaddexp(np.log(0.8 / spread) - 0.5 * distance**2, np.log(0.1))
    return likelihood


def _best_path(likelihood: NDArray[np.float64], report: Report) -> Labels:
    """Viterbi with a penalty for every change of speaker."""
    count, speakers = likelihood.shape
    stay = np.arange(speakers)
    came_from = np.zeros((count, speakers), np.int8)
    score = likelihood[0].copy()
    for frame in range(1, count):
        if frame % _REPORT_FRAMES == 0:
            report(frame / count)
        best = score.max() - _SWITCH
        came_from[frame] = np.where(score >= best, stay, score.argmax())
        score = np.maximum(score, best) + likelihood[frame]
    path = np.zeros(count, np.int64)
    path[-1] = score.argmax()
    for frame in range(count - 1, 0, -1):
        path[frame - 1] = came_from[frame, path[frame]]
    return path
