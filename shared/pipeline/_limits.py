"""How far a spoken line may be adapted so that the picture need not change."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FitLimits:
    """Tempo factors (1.0 = natural, larger is faster), the gap kept before the next line, the pause nobody notices.

    A difference of up to `inaudible` cannot be heard (Quené 2007 puts the just noticeable difference of speech tempo at
    5 %), up to `unmarked` nobody notices it, up to `tight` a listener may; `maximum` is never exceeded and marks an
    overflow. `hole_s` of silence at the end of a slot, about a syllable, is no reason to change anything. Listening
    tests in the literature put the accepted range at -10 %...+20 %.
    """

    slowest: float = 0.9
    inaudible: float = 1.05
    unmarked: float = 1.2
    tight: float = 1.35
    maximum: float = 1.5
    guard_s: float = 0.05
    hole_s: float = 0.2
