"""Long recordings in parts: where they are cut, and which speakers of different parts are the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from services.diarizer.engines.base import Span

Vector = NDArray[np.float64]
Local = tuple[int, int]
"""A speaker of one window: (number of the window, number of the speaker in it)."""

_TARGET, _SLACK = 0.8, 0.1  # shares of the longest: how long windows should be, and how far a cut may be moved


def windows_of(speech: Sequence[Span], duration_s: float, longest_s: float) -> list[Span]:
    """Cover the recording with windows of about the same length, cut in the middle of long pauses."""
    if duration_s <= longest_s:
        return [Span(0.0, duration_s)]
    count = int(np.ceil(duration_s / (_TARGET * longest_s)))
    pauses = [Span(before.end_s, after.start_s) for before, after in pairwise(speech)]
    slack_s = _SLACK * longest_s
    cuts = [_cut_near(number * duration_s / count, slack_s, pauses) for number in range(1, count)]
    return [Span(start_s, end_s) for start_s, end_s in pairwise([0.0, *cuts, duration_s])]


def _cut_near(at_s: float, slack_s: float, pauses: Sequence[Span]) -> float:
    """The middle of the longest pause around `at_s`, else `at_s` itself."""
    near = [pause for pause in pauses if pause.start_s <= at_s + slack_s and pause.end_s >= at_s - slack_s]
    if not near:
        return at_s
    longest = max(near, key=lambda pause: pause.duration_s)
    return float(np.clip((longest.start_s + longest.end_s) / 2, at_s - slack_s, at_s + slack_s))


@dataclass(frozen=True)
class Bounds:
    """How many speakers there are."""

    fewest: int = 1
    most: int | None = None

    @classmethod
    def exactly(cls, count: int) -> "Bounds":
        """Neither more nor fewer."""
        return cls(count, count)


@dataclass
class _Voice:
    members: list[Local]
    total: Vector  # sum of unit vectors, each as long as its speaker speaks


def same_speakers(voices: Mapping[Local, tuple[Vector, float]], alike: float, bounds: Bounds) -> dict[Local, int]:
    """Number the speakers of all windows: those of different windows with similar voices get the same number.

    `voices` are embeddings and seconds of speech. The most similar are joined first, down to the cosine `alike` and to
    `bounds.fewest`; below that only as long as there are more than `bounds.most`. Two of one window are never joined.
    An unknown voice (zeros, or NaN) resembles no other.
    """
    found = [_Voice([local], seconds * _unit(vector)) for local, (vector, seconds) in voices.items()]
    while len(found) > bounds.fewest:
        pair = _nearest(found)
        if pair is None:
            break
        cosine, one, other = pair
        if cosine < alike and (bounds.most is None or len(found) <= bounds.most):
            break
        joined = _Voice([*found[one].members, *found[other].members], found[one].total + found[other].total)
        found = [voice for number, voice in enumerate(found) if number not in (one, other)] + [joined]
    found.sort(key=lambda voice: min(voice.members))
    return {local: number for number, voice in enumerate(found) for local in voice.members}


def _nearest(found: Sequence[_Voice]) -> tuple[float, int, int] | None:
    """The two most similar voices that may be joined, and their cosine; None if no two may be."""
    best: tuple[float, int, int] | None = None
    for one in range(len(found)):
        for other in range(one + 1, len(found)):
            if {window for window, _ in found[one].members} & {window for window, _ in found[other].members}:
                continue
            cosine = float(_unit(found[one].total) @ _unit(found[other].total))
            if best is None or cosine > best[0]:
                best = cosine, one, other
    return best


def _unit(vector: Vector) -> Vector:
    length = float(np.linalg.norm(vector))
    return vector / length if np.isfinite(length) and length > 0 else np.zeros_like(vector, dtype=np.float64)
