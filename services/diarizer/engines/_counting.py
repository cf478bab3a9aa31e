"""How many speakers there are: agglomeration of pause-delimited pieces under the Bayesian information criterion.

Chen and Gopalakrishnan, "Speaker, environment and channel change detection and clustering via the BIC" (1998), with a
pitch term added. The penalty was fitted on nine recordings; the count was right in four of them, so a given number of
speakers is always better.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.diarizer.engines._features import SpeechFrames
from services.diarizer.engines.base import Report

_DIMENSIONS = 12
_PENALTY = 2.25
_RIDGE = 0.05 * np.eye(_DIMENSIONS)
_PIECE_FRAMES = 250
_SHORTEST_FRAMES = 40
_MOST_PIECES = 150  # pairs grow with the square; long recordings are sampled evenly
_PITCH_FRAMES = 15


@dataclass(frozen=True)
class _Cluster:
    """Sufficient statistics of a set of frames."""

    frames: int
    total: NDArray[np.float64]
    outer: NDArray[np.float64]
    log_pitch: NDArray[np.float32]
    cost: float
    pitch_cost: float


def count_speakers(frames: SpeechFrames, at_most: int, report: Report) -> int:
    """Merge pieces of speech while that pays, and return how many clusters are left, at least 1."""
    clusters = {number: _measure(frames, piece) for number, piece in enumerate(_pieces(frames))}
    gains: dict[tuple[int, int], float] = {}
    for late in clusters:
        report(0.5 * late / len(clusters))
        gains.update({(late, early): _merge_cost(clusters[late], clusters[early]) for early in range(late)})
    pieces = len(clusters)
    while len(clusters) > 1:
        report(1 - 0.5 * len(clusters) / pieces)
        (late, early), cost = min(gains.items(), key=lambda gain: gain[1])
        if cost > 0 and len(clusters) <= at_most:
            break
        clusters[early] = _merged(clusters[early], clusters.pop(late))
        gains = {pair: gain for pair, gain in gains.items() if late not in pair and early not in pair}
        gains.update(
            {
                (max(early, other), min(early, other)): _merge_cost(clusters[early], clusters[other])
                for other in clusters
                if other != early
            }
        )
    return max(1, len(clusters))


def _pieces(frames: SpeechFrames) -> list[NDArray[np.intp]]:
    """Runs of frames without a pause, cut to at most 2.5 s."""
    pauses = np.flatnonzero(np.diff(frames.index) > 1) + 1
    pieces = [
        piece
        for run in np.split(np.arange(len(frames)), pauses)
        for piece in np.array_split(run, max(1, -(-len(run) // _PIECE_FRAMES)))
        if len(piece) >= _SHORTEST_FRAMES
    ]
    if len(pieces) <= _MOST_PIECES:
        return pieces
    return [pieces[number] for number in np.linspace(0, len(pieces) - 1, _MOST_PIECES).astype(int)]


def _measure(frames: SpeechFrames, piece: NDArray[np.intp]) -> _Cluster:
    cepstra = frames.cepstra[piece, :_DIMENSIONS].astype(np.float64)
    log_pitch = frames.log_pitch[piece][frames.voiced[piece]]
    return _cluster(len(piece), cepstra.sum(axis=0), cepstra.T @ cepstra, log_pitch)


def _cluster(
    frames: int, total: NDArray[np.float64], outer: NDArray[np.float64], log_pitch: NDArray[np.float32]
) -> _Cluster:
    mean = total / frames
    covariance = outer / frames - np.outer(mean, mean) + _RIDGE
    cost = 0.5 * frames * float(np.linalg.slogdet(covariance)[1])
    return _Cluster(frames, total, outer, log_pitch, cost, _pitch_cost(log_pitch))


def _pitch_cost(log_pitch: NDArray[np.float32]) -> float:
    if not len(log_pitch):
        return 0.0
    spread = 1.48 * float(np.median(np.abs(log_pitch - np.median(log_pitch))))
    return len(log_pitch) * float(np.log(max(0.06, spread)))


def _merged(one: _Cluster, other: _Cluster) -> _Cluster:
    log_pitch = np.concatenate([one.log_pitch, other.log_pitch])
    return _cluster(one.frames + other.frames, one.total + other.total, one.outer + other.outer, log_pitch)


def _merge_cost(one: _Cluster, other: _Cluster) -> float:
    """Description length of the two as one, less that of both apart; negative: one speaker explains them better."""
    both = _merged(one, other)
    parameters = _DIMENSIONS + _DIMENSIONS * (_DIMENSIONS + 1) / 2
    cost = both.cost - one.cost - other.cost - _PENALTY * 0.5 * parameters * float(np.log(both.frames))
    if min(len(one.log_pitch), len(other.log_pitch)) > _PITCH_FRAMES:
        cost += both.pitch_cost - one.pitch_cost - other.pitch_cost
    return cost
