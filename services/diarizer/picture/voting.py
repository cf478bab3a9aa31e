"""What a cue says, by the vote of the frames it was read in."""

from collections import defaultdict
from collections.abc import Sequence

from services.diarizer.engines import Written


def vote(readings: Sequence[Written]) -> Written:
    """The text most readings agree on, letter by letter; the confidence in a letter depends on its readings and their
    number.

    Readings of another length than most do not count for single letters. A confident reading counts more than two poor
    ones.
    """
    weights: dict[int, float] = defaultdict(float)
    for reading in readings:
        weights[len(reading.text)] += reading.confidence**3
    if not weights:
        return Written("", ())
    length = max(weights, key=lambda size: weights[size])
    voters = [reading for reading in readings if len(reading.text) == length and len(reading.confidences) == length]
    letters, confidences = [], []
    for place in range(length if voters else 0):
        votes: dict[str, float] = defaultdict(float)
        for voter in voters:
            votes[voter.text[place]] += voter.confidences[place]
        best = max(votes, key=lambda letter: votes[letter])
        letters.append(best)
        confidences.append(round(votes[best] / len(voters), 4))
    return Written("".join(letters), tuple(confidences))
