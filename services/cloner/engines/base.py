"""What the use case needs from engines that speak.

Engines block. They work on lists, so that one with a large model can fill its batch; results carry the index of their
request. What an engine can do is data.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from shared.messaging import EngineInfo, StockVoiceInfo
from shared.pipeline import CancelToken

Audio = NDArray[np.float32]
"""Mono samples in [-1, 1]."""


@dataclass(frozen=True)
class Sound:
    """What an engine said."""

    samples: Audio
    sample_rate_hz: int


@dataclass(frozen=True)
class Fault:
    """Why a line could not be spoken, in a sentence for a person."""

    message: str


@dataclass(frozen=True)
class StockVoice:
    """A voice included in an engine; a person may choose it by `name`.

    `low_hz` to `high_hz` is its tuning range; `f0_hz` is where it sounds best. `reserve_st`: by how many semitones this
    voice must match better to be preferred to one with reserve 0. `languages`: those it speaks; empty: all of its
    engine. `misheard`: the share of its words that are misheard; None: not measured. `title` is its name for people.
    """

    name: str
    f0_hz: float
    low_hz: float
    high_hz: float
    reserve_st: float = 0.0
    languages: tuple[str, ...] = ()
    misheard: float | None = None
    title: str = ""

    @property
    def told(self) -> StockVoiceInfo:
        """What is announced about it."""
        return StockVoiceInfo(
            name=self.name,
            title=self.title,
            f0_hz=round(self.f0_hz, 1),
            languages=self.languages,
            misheard=self.misheard,
        )

    def speaks(self, code: str) -> bool:
        """Whether it is a voice for this language."""
        return not self.languages or code in self.languages


@dataclass(frozen=True)
class Abilities:
    """What an engine can do; rates are tempo factors it speaks at natively, 1.0 is natural, equal means: no choice.

    `sample_rate_hz` is nominal: each sound states its own. `clones`: it imitates a reference clip and then needs no
    stock voice. `joins_short_lines`: it is unreliable with a word or two, and short lines are better spoken together.
    `aims`: of several tries it returns the one whose length is nearest to `Speech.target_s`. `varies`: it can vary the
    same text, see `Speech.rendition`. `keeps_open`: it can leave a sentence open, see `Speech.goes_on`.
    """

    languages: tuple[str, ...]
    sample_rate_hz: int
    max_chars: int
    slowest: float = 1.0
    fastest: float = 1.0
    max_batch: int = 1
    voices: tuple[StockVoice, ...] = ()
    clones: bool = False
    joins_short_lines: bool = False
    aims: bool = False
    varies: bool = False
    keeps_open: bool = False


@dataclass(frozen=True)
class Voice:
    """How one speaker sounds: a stock voice tuned to a pitch, or a clip to imitate.

    `key` stands for everything that changes the sound; equal keys sound alike. `pace` is how fast this speaker
    naturally speaks, 1.0 is average; an engine that clones takes it from the clip.
    """

    key: str
    name: str | None = None
    f0_hz: float | None = None
    pace: float = 1.0
    reference: Path | None = None


@dataclass(frozen=True)
class Speech:
    """One thing to say: plain text, no markup.

    `target_s` is the length that fits the picture best; a different `rendition` varies the same text. `goes_on`: the
    sentence continues in the next line, so the voice does not fall at the end.
    """

    text: str
    language: str
    voice: Voice
    rate: float = 1.0
    target_s: float | None = None
    rendition: int = 0
    goes_on: bool = False


class Synthesizer(Protocol):
    """Speaks."""

    @property
    def info(self) -> EngineInfo:
        """What this engine is; `voices` are the names of its stock voices."""
        ...

    @property
    def abilities(self) -> Abilities:
        """What it can do."""
        ...

    def synthesize(self, batch: Sequence[Speech], cancel: CancelToken) -> Iterator[tuple[int, Sound | Fault]]:
        """Speak at most `abilities.max_batch` texts; yield each result with its index, in any order.

        May raise anything when a line makes it fail: whatever was not answered is requested again, one by one.

        Raises:
            Canceled: `cancel` was set.
        """
        ...
