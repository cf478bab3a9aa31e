"""Give a person's own cues to the segments they belong to."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

from services.gateway.planning.slots import Span
from shared.transcript import Cue

_MOST_LOOKED_AT = 50
"""Spans before the end of a cue: what lasts longer than fifty lines is no line."""


def texts_by_segment(spans: Sequence[Span], cues: Sequence[Cue]) -> dict[str, str]:
    """Text for each segment, by segment id.

    As many cues as segments are taken in order: the usual case of a translated copy of the source subtitles.
    Otherwise a cue goes to the segment it overlaps most, or the nearest one; several cues of a segment are joined in
    order. Segments without a cue are missing from the answer.
    """
    if len(cues) == len(spans):
        return {span.segment_id: _one_line(cue.text) for span, cue in zip(spans, cues, strict=True)}
    if not spans:
        return {}
    found: dict[str, list[str]] = {}
    nearest = _Nearest(spans)
    for cue in cues:
        found.setdefault(nearest.to(cue).segment_id, []).append(_one_line(cue.text))
    return {segment_id: " ".join(texts) for segment_id, texts in found.items()}


class _Nearest:
    """Finds the span that a cue overlaps most, or the one whose middle is nearest, without looking at all of them."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._by_start = sorted(spans, key=lambda span: span.start_s)
        self._starts = [span.start_s for span in self._by_start]
        self._ends = list(accumulate((span.end_s for span in self._by_start), max))
        """Of each span and those before it the last end."""
        self._by_middle = sorted(spans, key=_middle)
        self._middles = [_middle(span) for span in self._by_middle]

    def to(self, cue: Cue) -> Span:
        """The span for `cue`."""
        return max(self._candidates(cue), key=lambda span: (_overlap(span, cue), -_distance(span, cue)))

    def _candidates(self, cue: Cue) -> Iterator[Span]:
        last = bisect_left(self._starts, cue.end_s)
        for n in range(last - 1, max(-1, last - 1 - _MOST_LOOKED_AT), -1):
            if self._ends[n] <= cue.start_s:
                break
            yield self._by_start[n]
        middle = bisect_left(self._middles, (cue.start_s + cue.end_s) / 2)
        yield from self._by_middle[max(0, middle - 1) : middle + 1]


def _overlap(span: Span, cue: Cue) -> float:
    return max(0.0, min(span.end_s, cue.end_s) - max(span.start_s, cue.start_s))


def _distance(span: Span, cue: Cue) -> float:
    return abs(_middle(span) - (cue.start_s + cue.end_s) / 2)


def _middle(span: Span) -> float:
    return (span.start_s + span.end_s) / 2


def _one_line(text: str) -> str:
    return " ".join(text.split())
