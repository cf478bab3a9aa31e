"""Recognize known voices among the speakers of a new video."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum, hypot

Vector = Sequence[float]


@dataclass(frozen=True)
class Heard:
    """A speaker's voice, and the cosine from which its model considers two vectors one voice."""

    model: str
    vector: Vector
    same_voice: float


@dataclass(frozen=True)
class Known:
    """The voice of a cast member, averaged over `episodes` videos."""

    model: str
    vector: Vector
    episodes: int = 1


@dataclass(frozen=True)
class Proposal:
    """Who a speaker seems to be."""

    cast_id: str
    similarity: float


def similarity(one: Vector, other: Vector) -> float:
    """The cosine of two vectors; 0 where it is undefined: different dimensions, or a zero vector."""
    lengths = hypot(*one) * hypot(*other)
    if len(one) != len(other) or not lengths:
        return 0.0
    return fsum(a * b for a, b in zip(one, other, strict=True)) / lengths


def bettered(known: Known | None, heard: Known, current: str | None) -> Known:
    """What is known about a person after one more video in which `heard` was their voice.

    Vectors of two models are never mixed: if the models differ, the vector of the `current` one counts.
    """
    if known is None or (known.model != heard.model == current):
        return heard
    return blended(known, heard.vector) if known.model == heard.model else known


def propose(speakers: Mapping[str, Heard], cast: Mapping[str, Known]) -> dict[str, Proposal]:
    """The best match of each speaker that is good enough, by speaker.

    Nobody plays two parts: the most similar pair is taken first, and then both are out of the running.
    """
    pairs = sorted(
        (
            (-similarity(heard.vector, known.vector), speaker_id, cast_id)
            for speaker_id, heard in speakers.items()
            for cast_id, known in cast.items()
            if heard.model == known.model
        )
    )
    found: dict[str, Proposal] = {}
    taken: set[str] = set()
    for negative, speaker_id, cast_id in pairs:
        if -negative < speakers[speaker_id].same_voice or speaker_id in found or cast_id in taken:
            continue
        found[speaker_id] = Proposal(cast_id, round(-negative, 4))
        taken.add(cast_id)
    return found


def blended(known: Known, vector: Vector) -> Known:
    """The mean over one more video, at unit length."""
    mean = [known.episodes * a + b for a, b in zip(known.vector, vector, strict=True)]
    length = hypot(*mean) or 1.0
    return Known(known.model, tuple(round(value / length, 5) for value in mean), known.episodes + 1)
