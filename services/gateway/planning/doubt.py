"""How sure a recognizer was of a line: by its worst words, which a mean over all of them hides.

Measured with sentences that were read aloud: lines with every word right come to 0.33 and more with PocketSphinx and
0.7 with Whisper, lines with a fifth of the words wrong to 0.19-0.48 (0.59 with Whisper: such a line may go unseen),
speech of another language to less than 0.1.
"""

from collections.abc import Iterable, Mapping
from math import ceil
from statistics import fmean
from typing import Any

DOUBTFUL = 0.3
"""A line that is less sure than that is worth reading."""
_WORST_SHARE = 4


def sureness(words: Iterable[Mapping[str, Any]]) -> float | None:
    """The mean probability of the worst quarter of the words; None where the recognizer told none."""
    known = sorted(word["probability"] for word in words if word.get("probability") is not None)
    return round(fmean(known[: ceil(len(known) / _WORST_SHARE)]), 4) if known else None
