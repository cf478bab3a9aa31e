"""Parts of a text as one sound."""

import numpy as np

from services.cloner.engines._gluing import glue
from services.cloner.engines.base import Audio

RATE_HZ = 1000


def spoken(size: int, silence: int = 0) -> Audio:
    """`size` samples of a tone between `silence` samples each."""
    tone = (0.5 + 0.1 * np.sin(np.arange(size))).astype(np.float32)
    return np.pad(tone, silence)


def test_one_part_is_left_alone() -> None:
    """Its silence too: whoever asked trims it."""
    sound = spoken(100, 20)
    assert glue([sound], ["One."], RATE_HZ) is sound


def test_pauses_are_those_of_sentences_and_clauses() -> None:
    """Whatever silence the model left at its ends; shorter when spoken faster."""
    first, second, third = spoken(200, 300), spoken(100), spoken(100, 70)
    whole = glue([first, second, third], ["One.", "two,", "three."], RATE_HZ)
    kept = 30  # around each part, where it has that much
    assert len(whole) == (200 + 2 * kept) + 400 + 100 + 150 + (100 + 2 * kept)
    faster = glue([first, second, third], ["One.", "two,", "three."], RATE_HZ, tempo=2.0)
    assert len(whole) - len(faster) == 200 + 75


def test_a_silent_part_stays_as_it_is() -> None:
    """There is nothing to find in it."""
    assert len(glue([np.zeros(50, np.float32), spoken(10)], ["a,", "b."], RATE_HZ)) == 50 + 150 + 10
