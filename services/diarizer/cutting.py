"""Where a long recording is cut so that several workers recognize it: at its longest pauses."""

from collections.abc import Sequence
from itertools import pairwise

from services.diarizer.engines import Span

_FULL = 2 / 3
"""Share of the longest piece from which on it may end, at the longest pause that follows."""
_EDGE_S = 1.0
"""How much of the silence around a piece is heard with it, if there is so much."""


def pieces_of(speech: Sequence[Span], longest_s: float) -> list[list[Span]]:
    """Divide `speech` in order; a piece has at most `longest_s` of it, or a single longer stretch."""
    pieces: list[list[Span]] = []
    waiting: list[Span] = []
    for span in speech:
        while waiting and _seconds(waiting) + span.duration_s > longest_s:
            at = _best_cut([*waiting, span], longest_s)
            pieces.append(waiting[:at])
            waiting = waiting[at:]
        waiting.append(span)
    return [*pieces, waiting] if waiting else pieces


def sound_of(pieces: Sequence[Sequence[Span]], number: int, duration_s: float) -> Span:
    """The audio of piece `number`: up to half the way to its neighbours."""
    piece = pieces[number]
    before_s = pieces[number - 1][-1].end_s if number else -piece[0].start_s
    after_s = pieces[number + 1][0].start_s if number + 1 < len(pieces) else 2 * duration_s - piece[-1].end_s
    return Span(
        piece[0].start_s - min(_EDGE_S, max(0.0, piece[0].start_s - before_s) / 2),
        piece[-1].end_s + min(_EDGE_S, max(0.0, after_s - piece[-1].end_s) / 2),
    )


def _best_cut(spans: Sequence[Span], longest_s: float) -> int:
    """How many of `spans` make a piece: up to the longest pause after which it is full enough, or all but the last."""
    best, longest_pause_s, filled_s = len(spans) - 1, -1.0, 0.0
    for number, (before, after) in enumerate(pairwise(spans), start=1):
        filled_s += before.duration_s
        pause_s = after.start_s - before.end_s
        if filled_s >= _FULL * longest_s and pause_s > longest_pause_s:
            best, longest_pause_s = number, pause_s
    return best


def _seconds(spans: Sequence[Span]) -> float:
    return sum(span.duration_s for span in spans)
