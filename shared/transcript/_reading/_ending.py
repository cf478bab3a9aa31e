"""When a cue ends whose file says only where it begins."""

_SLOWEST_CHARS_PER_S = 3.0
_LEAST_S, _MOST_S = 1.5, 7.0


def said_until(text: str, start_s: float, following_s: float | None = None) -> float:
    """When a cue ends whose file says only where it begins: with the next, and no later than slow speech would.

    What is said after that belongs to no cue, and is told as lost.
    """
    at_most_s = start_s + min(_MOST_S, max(_LEAST_S, len(text) / _SLOWEST_CHARS_PER_S))
    return at_most_s if following_s is None else min(following_s, at_most_s)
