"""Guards for models that sample speech randomly: when to accept the result, and what to do otherwise.

They sometimes miss the end of a text, or add sounds after it. A draw is accepted if the model itself ended it within
the length expected from the text; otherwise another is made from a new seed.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Protocol, TypeVar

from services.cloner.engines.base import Speech
from shared.pipeline import language

ROUNDS = 3
"""How often a line is drawn before it is given up."""

SHORTEST = 0.25
"""Share of the expected length; anything shorter has swallowed words."""

_LONGEST = 2.5
_BREATH_S = 1.0  # short texts vary more: a name alone may take as long as three words
_DIGITS = re.compile(r"\d")


class Drawn(Protocol):
    """One sample of a text; `ended`: the model ended it by itself."""

    @property
    def length_s(self) -> float: ...
    @property
    def ended(self) -> bool: ...


SomeDrawn = TypeVar("SomeDrawn", bound=Drawn)


def expected_s(text: str, code: str, pace: float = 1.0) -> float:
    """Seconds that `text` takes in ordinary speech at `pace`; a digit counts as a word or a syllable."""
    spoken = language(code)
    letters = len(text) + len(_DIGITS.findall(text)) * (3 if spoken.spoken_chars_per_s > 10 else 1)
    return letters / spoken.spoken_chars_per_s / pace


def longest_s(expected: float) -> float:
    """Beyond this a draw has failed and is not continued."""
    return max(_LONGEST * expected, expected + _BREATH_S)


def nearest(drawn: Iterable[SomeDrawn], expected: float, target_s: float | None) -> SomeDrawn | None:
    """The acceptable draw whose length is nearest to the target, or to the expected length if there is none."""
    aim = expected if target_s is None else target_s
    good = [one for one in drawn if one.ended and SHORTEST * expected <= one.length_s <= longest_s(expected)]
    return min(good, key=lambda one: abs(one.length_s - aim), default=None)


def seed_of(speech: Speech, text: str, draw: int) -> int:
    """The seed of a draw: the same line sounds the same whenever it is spoken, and at every tempo."""
    told = "\0".join((speech.voice.key, speech.language, text, str(speech.rendition), str(draw)))
    return int.from_bytes(hashlib.sha256(told.encode()).digest()[:7])
