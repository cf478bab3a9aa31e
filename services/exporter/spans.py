"""Stretches of time and the few things done with sets of them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Span(NamedTuple):
    """From `start_s` up to `end_s`."""

    start_s: float
    end_s: float


def union(spans: Iterable[Span], bridge_s: float = 0.0) -> list[Span]:
    """Merge what touches, overlaps or is less than `bridge_s` apart; empty spans vanish."""
    merged: list[Span] = []
    for span in sorted(span for span in spans if span.end_s > span.start_s):
        if merged and (span.start_s <= merged[-1].end_s or span.start_s - merged[-1].end_s < bridge_s):
            merged[-1] = Span(merged[-1].start_s, max(merged[-1].end_s, span.end_s))
        else:
            merged.append(span)
    return merged


def without(spans: Sequence[Span], holes: Sequence[Span]) -> list[Span]:
    """`spans` outside `holes`; both are unions."""
    left: list[Span] = []
    first = 0
    for span in spans:
        start_s = span.start_s
        while first < len(holes) and holes[first].end_s <= start_s:
            first += 1
        for hole in holes[first:]:
            if hole.start_s >= span.end_s:
                break
            if hole.start_s > start_s:
                left.append(Span(start_s, hole.start_s))
            start_s = max(start_s, hole.end_s)
        if start_s < span.end_s:
            left.append(Span(start_s, span.end_s))
    return left


def total_s(spans: Iterable[Span]) -> float:
    """Seconds covered by spans that do not overlap."""
    return sum(span.end_s - span.start_s for span in spans)
