"""The language of a recording, from what some stretches of it sound like."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Guess:
    """A language and its probability, 0 to 1; None if it was not guessed."""

    language: str
    confidence: float | None


def elect(votes: Sequence[tuple[float, Sequence[tuple[str, float]]]]) -> Guess:
    """The language with the most of `votes`: (weight, the probability of each language) of a stretch."""
    tally: dict[str, float] = {}
    for weight, ranking in votes:
        for code, probability in ranking:
            tally[code] = tally.get(code, 0.0) + weight * probability
    winner = max(tally, key=lambda code: tally[code])
    return Guess(winner, round(tally[winner] / sum(weight for weight, _ in votes), 3))
