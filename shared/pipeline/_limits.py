"""How far a spoken line may be bent to keep the picture fixed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FitLimits:
    """Tempo factors (1.0 = natural, larger is faster), the guard kept before the next line, the hole nobody misses.

    Up to `unmarked` nobody notices; up to `tight` a listener may; `maximum` is never passed and marks an overflow.
    `hole_s` of silence at the end of a slot, about a syllable, are no reason to change anything. Listening tests behind
    the field's figures put the accepted window at -10 %...+20 %.
    """

    slowest: float = 0.9
    unmarked: float = 1.2
    tight: float = 1.35
    maximum: float = 1.5
    guard_s: float = 0.05
    hole_s: float = 0.2
