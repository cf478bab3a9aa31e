"""Subtitles that people provide, matched with the segments by time.

How captions were interpreted, which lines are left as they are, and what was repaired in the files.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from services.gateway.script.slots import Span
from shared.pipeline import BASE, language
from shared.transcript import (
    Cue,
    Decision,
    Remark,
    RemarkKind,
    Remarks,
    Timing,
    as_written,
    join_words,
    lay_over,
    understood,
)


def keeps_others(config: Mapping[str, Any]) -> bool:
    """Whether a task leaves lines in languages other than the video's as they are."""
    return config.get("other_languages") == "keep"


_MOST_LOOKED_AT = 50
"""How many spans before the end of a cue are looked at: nothing that lasts longer than fifty lines is a line."""

_NEAR_S = 1.0
"""How far a cue may be from a segment that no other cue belongs to."""
_ASIDE = 0.25
"""The share of a cue's time in a segment below which it is not spoken there if the segment has its own cue."""
_COVERED = 0.5
"""The share of a segment that a cue over several segments must cover for the segment to get part of its text."""


@dataclass(frozen=True)
class Matched:
    """Texts by segment, the cues that belong to no segment, and the spoken segments without a cue."""

    texts: dict[str, str]
    unmatched: tuple[Cue, ...] = ()
    without: tuple[str, ...] = ()


def match_cues(spans: Sequence[Span], cues: Sequence[Cue], code: str, *, as_they_stand: bool = False) -> Matched:
    """The cues of a translation into `code` for the segments of a video.

    Like those of the source, labels and descriptions are not spoken unless they are to be taken `as_they_stand`. Speech
    belongs to segments that somebody says, and everything else, such as sounds, to the others.
    """
    info = language(code)
    in_order = sorted(cues, key=lambda cue: cue.start_s)
    captions = (as_written if as_they_stand else understood)(in_order, info)
    said = _matched(
        [span for span in spans if span.omission is None], [one.cue for one in captions if one.is_spoken], code
    )
    rest = _matched(
        [span for span in spans if span.omission is not None], [one.cue for one in captions if not one.is_spoken], code
    )
    unmatched = sorted((*said.unmatched, *rest.unmatched), key=lambda cue: cue.start_s)
    return Matched(said.texts | rest.texts, tuple(unmatched), said.without)


def _matched(spans: Sequence[Span], cues: Sequence[Cue], code: str) -> Matched:
    """Match by time.

    A cue goes to the segment it overlaps most; several cues of a segment are joined in order, and one over several
    segments is divided among them by time. A cue outside all segments goes to one close by that has no cue, or to none:
    credits are not spoken over the last line. Only cues without any times are taken in order.
    """
    if not spans:
        return Matched({}, tuple(cues))
    if cues and all(cue.end_s <= cue.start_s for cue in cues) and len(cues) == len(spans):
        return Matched({span.segment_id: _one_line(cue.text) for span, cue in zip(spans, cues, strict=True)})
    nearest = _Nearest(spans)
    homes, beside = _homes(cues, nearest)
    unmatched: list[Cue] = []
    for cue, span in beside:
        if span.segment_id in homes or _gap(span, cue) > _NEAR_S:
            unmatched.append(cue)
        else:
            homes[span.segment_id] = [cue]
    texts = _texts(homes, nearest, code)
    without = tuple(span.segment_id for span in spans if span.segment_id not in texts)
    return Matched(texts, tuple(sorted(unmatched, key=lambda cue: cue.start_s)), without)


def _homes(cues: Sequence[Cue], nearest: "_Nearest") -> tuple[dict[str, list[Cue]], list[tuple[Cue, Span]]]:
    """The cues of each segment, and those outside all segments or barely inside one that has better cues."""
    homes: dict[str, list[Cue]] = defaultdict(list)
    beside: list[tuple[Cue, Span]] = []
    slight: list[tuple[Cue, Span]] = []
    for cue in cues:
        span = nearest.to(cue)
        shared_s = _overlap(span, cue)
        if shared_s <= 0:
            beside.append((cue, span))
        elif shared_s < _ASIDE * min(cue.end_s - cue.start_s, span.end_s - span.start_s):
            slight.append((cue, span))
        else:
            homes[span.segment_id].append(cue)
    for cue, span in slight:
        if span.segment_id in homes:
            beside.append((cue, span))
        else:
            homes[span.segment_id].append(cue)
    return dict(homes), beside


def _texts(homes: dict[str, list[Cue]], nearest: "_Nearest", code: str) -> dict[str, str]:
    """What each segment says; a cue that alone covers several segments is divided among them."""
    spaces = language(code).spaces
    texts: dict[str, str] = {}
    for segment_id, own in homes.items():
        texts[segment_id] = join_words([_one_line(cue.text) for cue in own], spaces=spaces)
        if len(own) > 1:
            continue
        (cue,) = own
        free = (span for span in nearest.covered(cue) if span.segment_id not in homes and span.segment_id not in texts)
        covered = sorted([nearest.to(cue), *free], key=lambda span: span.start_s)
        if len(covered) < 2:
            continue
        parts = lay_over(texts[segment_id], [span.end_s - span.start_s for span in covered], code, spaces=spaces)
        if parts:
            texts |= {span.segment_id: part for span, part in zip(covered, parts, strict=True)}
    return texts


class _Nearest:
    """Finds the span that a cue overlaps most, or the one whose middle is nearest, without looking at all of them."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._by_start = sorted(spans, key=lambda span: span.start_s)
        self._starts = [span.start_s for span in self._by_start]
        self._ends = list(accumulate((span.end_s for span in self._by_start), max))
        """For each span, the latest end among it and those before it."""
        self._by_middle = sorted(spans, key=_middle)
        self._middles = [_middle(span) for span in self._by_middle]

    def to(self, cue: Cue) -> Span:
        """The span for `cue`."""
        middle = bisect_left(self._middles, (cue.start_s + cue.end_s) / 2)
        candidates = [*self._overlapping(cue), *self._by_middle[max(0, middle - 1) : middle + 1]]
        return max(candidates, key=lambda span: (_overlap(span, cue), -_distance(span, cue)))

    def covered(self, cue: Cue) -> list[Span]:
        """The spans of which `cue` covers the greater part, in order."""
        found = [
            span for span in self._overlapping(cue) if _overlap(span, cue) >= _COVERED * (span.end_s - span.start_s)
        ]
        return sorted(found, key=lambda span: span.start_s)

    def _overlapping(self, cue: Cue) -> Iterator[Span]:
        last = bisect_left(self._starts, cue.end_s)
        for n in range(last - 1, max(-1, last - 1 - _MOST_LOOKED_AT), -1):
            if self._ends[n] <= cue.start_s:
                break
            yield self._by_start[n]


def _overlap(span: Span, cue: Cue) -> float:
    return max(0.0, min(span.end_s, cue.end_s) - max(span.start_s, cue.start_s))


def _gap(span: Span, cue: Cue) -> float:
    return max(0.0, cue.start_s - span.end_s, span.start_s - cue.end_s)


def _distance(span: Span, cue: Cue) -> float:
    return abs(_middle(span) - (cue.start_s + cue.end_s) / 2)


def _middle(span: Span) -> float:
    return (span.start_s + span.end_s) / 2


def _one_line(text: str) -> str:
    return " ".join(text.split())


_SURE = 0.8


def other_language(spoken: str | None, confidence: float | None, of_video: str) -> str | None:
    """The language of a line if it is certainly not the video's."""
    return spoken if spoken and spoken != of_video and (confidence or 0.0) >= _SURE else None


def is_unsaid(decisions: Iterable[str], language: str | None, *, keeps_others: bool) -> bool:
    """Whether a line is left as it is: nobody says it, or it is in another language and the task keeps such lines."""
    return omission(decisions) is not None or (keeps_others and language is not None)


def omission(decisions: Iterable[str]) -> Decision | None:
    """Why nobody says a line, if nobody does."""
    return next((one for one in map(Decision, decisions) if one.omits), None)


_KEY = "subtitle_remarks"
_TIMING = "subtitle_timing"
_OTHER = RemarkKind.READS_LIKE
_OF_A_MATCH = (RemarkKind.MATCHED_NOTHING, RemarkKind.LINES_WITHOUT)


def with_remarks(config: Mapping[str, Any], language: str, remarks: Sequence[Remark]) -> dict[str, Any]:
    """A stored configuration with the `remarks` on the file in `language` (`base`: the source text)."""
    kept = {**config.get(_KEY, {}), language: [remark.model_dump(mode="json") for remark in remarks]}
    return {**config, _KEY: {code: found for code, found in kept.items() if found}}


def remarks_of(config: Mapping[str, Any]) -> dict[str, list[Remark]]:
    """The remarks of a stored configuration, by language."""
    return {
        code: [Remark.model_validate(remark) for remark in remarks] for code, remarks in config.get(_KEY, {}).items()
    }


def with_match(config: Mapping[str, Any], language: str, matched: Matched) -> dict[str, Any]:
    """A stored configuration that also says which cues of the translation into `language` matched no line."""
    found = Remarks()
    for cue in matched.unmatched:
        found.add(RemarkKind.MATCHED_NOTHING, cue.row)
    for _ in matched.without:
        found.add(RemarkKind.LINES_WITHOUT)
    before = [remark for remark in remarks_of(config).get(language, []) if remark.kind not in _OF_A_MATCH]
    return with_remarks(config, language, [*before, *found.all()])


def reads_like(config: Mapping[str, Any], language: str) -> str:
    """The remark on source subtitles, or on a translation into `language`, that are in another language."""
    remarks = remarks_of(config)
    files = (("the source subtitles", BASE), (f"the translation '{language}'", language))
    found = [f"{file}: {one.text}" for file, code in files for one in remarks.get(code, []) if one.kind == _OTHER]
    return "; ".join(found)


def with_timing(config: Mapping[str, Any], timing: Timing | None) -> dict[str, Any]:
    """A stored configuration with, or without, the shift that would align the source subtitles with the speech."""
    rest = {name: value for name, value in config.items() if name != _TIMING}
    return rest if timing is None else {**rest, _TIMING: timing.model_dump(mode="json")}


def timing_of(config: Mapping[str, Any]) -> Timing | None:
    """The shift that would align the source subtitles with the speech; None if they are aligned."""
    return Timing.model_validate(config[_TIMING]) if config.get(_TIMING) else None
