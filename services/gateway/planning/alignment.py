"""Give a person's own cues to the segments they belong to."""

from collections.abc import Sequence

from services.gateway.planning.slots import Span
from shared.transcript import Cue


def texts_by_segment(spans: Sequence[Span], cues: Sequence[Cue]) -> dict[str, str]:
    """Text for each segment, by segment id.

    As many cues as segments are taken in order: the usual case of a translated copy of the source subtitles.
    Otherwise a cue goes to the segment it overlaps most, or the nearest one; several cues of a segment are joined in
    order. Segments without a cue are missing from the answer.
    """
    if len(cues) == len(spans):
        return {span.segment_id: _one_line(cue.text) for span, cue in zip(spans, cues, strict=True)}
    found: dict[str, list[str]] = {}
    for cue in cues:
        if not spans:
            break
        best = max(spans, key=lambda span: (_overlap(span, cue), -_distance(span, cue)))
        found.setdefault(best.segment_id, []).append(_one_line(cue.text))
    return {segment_id: " ".join(texts) for segment_id, texts in found.items()}


def _overlap(span: Span, cue: Cue) -> float:
    return max(0.0, min(span.end_s, cue.end_s) - max(span.start_s, cue.start_s))


def _distance(span: Span, cue: Cue) -> float:
    return abs((span.start_s + span.end_s) / 2 - (cue.start_s + cue.end_s) / 2)


def _one_line(text: str) -> str:
    return " ".join(text.split())
