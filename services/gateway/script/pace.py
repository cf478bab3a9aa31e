"""How fast the voices of a task speak, and how long a text may be."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil, floor
from statistics import median

from services.gateway.script.slots import Room
from shared.pipeline import FitLimits, language

ENOUGH_TAKES = 3
"""From so many takes on, a median is worth more than a table."""

_SHORTEST_S = 0.8  # in shorter takes, the soft edges weigh more than the speech
_FEWEST_CHARS = 8


@dataclass(frozen=True)
class Spoken:
    """A take at natural speed: its speaker, number of characters and length."""

    speaker_id: str
    chars: int
    natural_s: float


@dataclass(frozen=True)
class Pace:
    """Characters per second of a language, and of those speakers of whom enough was heard."""

    chars_per_s: float
    speakers: dict[str, float] = field(default_factory=dict)

    def of(self, speaker_id: str) -> float:
        """The best known value: the speaker's, otherwise the language's."""
        return self.speakers.get(speaker_id, self.chars_per_s)


def measure(target: str, spoken: Iterable[Spoken] = ()) -> Pace:
    """The pace of `target` as spoken in a task so far: the median of its takes, or a table's value while there are
    few."""
    rates: dict[str, list[float]] = defaultdict(list)
    for take in spoken:
        if take.natural_s >= _SHORTEST_S and take.chars:
            rates[take.speaker_id].append(take.chars / take.natural_s)
    everybody = [rate for own in rates.values() for rate in own]
    known = {who: median(own) for who, own in rates.items() if len(own) >= ENOUGH_TAKES}
    if len(everybody) < ENOUGH_TAKES:
        return Pace(language(target).spoken_chars_per_s)
    return Pace(median(everybody), known)


@dataclass(frozen=True)
class Budget:
    """The shortest and the longest text that fits at an unnoticeable tempo, in characters."""

    min_chars: int
    max_chars: int


def budget(room: Room, chars_per_s: float, limits: FitLimits) -> Budget:
    """How long the text of a line may be when its voice speaks `chars_per_s`."""
    most = max(_FEWEST_CHARS, floor(room.with_gap_s(limits) * chars_per_s * limits.unmarked))
    least = ceil(room.slot_s * chars_per_s * limits.slowest)
    return Budget(max(1, min(least, most)), most)
