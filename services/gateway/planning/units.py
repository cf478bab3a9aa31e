"""Cut a stage of a language into jobs."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from shared.messaging import (
    CloneLines,
    EngineUsed,
    GlossaryTerm,
    LineToSpeak,
    SourceLine,
    SpeakerVoice,
    Timeline,
    TimelineLine,
    TranslateLines,
)
from shared.pipeline import GRAPH, FitLimits, LineState, Stage, language
from shared.transcript import MediaFacts

CONTEXT_LINES = 3
_SHARD_LINES = {spec.stage: spec.shard_lines for spec in GRAPH}


@dataclass(frozen=True)
class Span:
    """When a segment is spoken, and by whom."""

    segment_id: str
    start_s: float
    end_s: float
    speaker_id: str
    text: str


@dataclass(frozen=True)
class LineView:
    """What is known of a line when jobs are made."""

    segment_id: str
    text: str | None
    provided: str | None
    edited: bool
    state: LineState
    revision: int
    take_key: str | None = None
    take_start_s: float | None = None
    take_duration_s: float | None = None
    speed: float | None = None
    fit: str | None = None
    decision: str | None = None
    rounds: int = 0
    origin: str = "engine"
    omitted: bool = False
    pinned: bool = False
    error_rate: float | None = None
    similarity: float | None = None
    error_code: str | None = None


def gaps(spans: Sequence[Span], duration_s: float) -> dict[str, float]:
    """Silence after each span that its line may borrow: up to the next speech of anyone, or the end of the video.

    Nothing while somebody else still speaks.
    """
    ordered = sorted(spans, key=lambda span: span.start_s)
    starts = [span.start_s for span in ordered]
    latest = list(accumulate((span.end_s for span in ordered), max))
    found: dict[str, float] = {}
    for span in ordered:
        following = bisect_left(starts, span.end_s)
        somebody_goes_on = latest[following - 1] > span.end_s
        limit = starts[following] if following < len(starts) else duration_s
        found[span.segment_id] = 0.0 if somebody_goes_on else max(0.0, limit - span.end_s)
    return found


def length_budget(span: Span, gap_s: float, target: str, limits: FitLimits) -> tuple[float, int]:
    """Seconds and characters the translation of `span` may take at a tempo nobody notices."""
    slot_s = span.end_s - span.start_s + max(0.0, gap_s - limits.guard_s)
    chars = slot_s * language(target).spoken_chars_per_s * limits.unmarked
    return slot_s, max(8, round(chars))


def translate_jobs(
    task_id: str,
    target: str,
    attempt: int,
    epoch: int,
    source: str,
    spans: Sequence[Span],
    lines: Mapping[str, LineView],
    duration_s: float,
    glossary: tuple[GlossaryTerm, ...],
) -> Iterator[TranslateLines]:
    """Jobs for every line that no person wrote; `lines` are those to translate."""
    borrowable = gaps(spans, duration_s)
    todo = [span for span in spans if span.segment_id in lines]
    position = {span.segment_id: index for index, span in enumerate(spans)}
    for number, shard in enumerate(_shards(todo, Stage.TRANSLATION)):
        first, last = position[shard[0].segment_id], position[shard[-1].segment_id]
        yield TranslateLines(
            task_id=task_id,
            language=target,
            shard=str(number),
            attempt=attempt,
            epoch=epoch,
            weight=len(shard),
            total_weight=len(todo),
            source_language=source,
            lines=tuple(
                _source_line(span, lines[span.segment_id], borrowable[span.segment_id], target) for span in shard
            ),
            context_before=tuple(span.text for span in spans[max(0, first - CONTEXT_LINES) : first]),
            context_after=tuple(span.text for span in spans[last + 1 : last + 1 + CONTEXT_LINES]),
            glossary=glossary,
        )


def _source_line(span: Span, line: LineView, gap_s: float, target: str) -> SourceLine:
    slot_s, max_chars = length_budget(span, gap_s, target, FitLimits())
    return SourceLine(
        segment_id=span.segment_id,
        text=span.text,
        speaker_id=span.speaker_id,
        slot_s=slot_s,
        max_chars=max_chars,
        provided=line.provided,
    )


def clone_jobs(
    task_id: str,
    target: str,
    attempt: int,
    epoch: int,
    spans: Sequence[Span],
    lines: Mapping[str, LineView],
    speakers: Mapping[str, SpeakerVoice],
    duration_s: float,
) -> Iterator[CloneLines]:
    """Jobs for every line with a text; `lines` are those to speak."""
    borrowable = gaps(spans, duration_s)
    todo = [span for span in spans if span.segment_id in lines and lines[span.segment_id].text]
    for number, shard in enumerate(_shards(todo, Stage.CLONING)):
        yield CloneLines(
            task_id=task_id,
            language=target,
            shard=str(number),
            attempt=attempt,
            epoch=epoch,
            weight=len(shard),
            total_weight=len(todo),
            lines=tuple(_line_to_speak(span, lines[span.segment_id], borrowable[span.segment_id]) for span in shard),
            speakers=tuple(speakers.values()),
        )


def line_shard(segment_id: str) -> str:
    """The shard token of a single line."""
    return f"line-{segment_id}"


def _line_to_speak(span: Span, line: LineView, gap_s: float) -> LineToSpeak:
    return LineToSpeak(
        segment_id=span.segment_id,
        text=line.text or "",
        speaker_id=span.speaker_id,
        start_s=span.start_s,
        end_s=span.end_s,
        gap_s=gap_s,
        revision=line.revision,
    )


def timeline(
    task_id: str,
    target: str,
    source: str,
    media: MediaFacts,
    spans: Sequence[Span],
    lines: Mapping[str, LineView],
    engines: tuple[EngineUsed, ...],
) -> Timeline:
    """The document an export is made from; an outdated take is still better than none."""
    return Timeline(
        task_id=task_id,
        language=target,
        source_language=source,
        media=media,
        engines=engines,
        lines=tuple(_timeline_line(span, lines[span.segment_id]) for span in spans if span.segment_id in lines),
    )


def _timeline_line(span: Span, line: LineView) -> TimelineLine:
    kept = line.omitted or line.state is LineState.FAILED  # the original audio is heard
    return TimelineLine(
        segment_id=span.segment_id,
        speaker_id=span.speaker_id,
        start_s=span.start_s,
        end_s=span.end_s,
        source_text=span.text,
        text=line.text or "",
        state=line.state,
        take_key=None if kept else line.take_key,
        take_start_s=line.take_start_s,
        take_duration_s=line.take_duration_s,
        speed=line.speed,
        fit=line.fit,
        decision=line.decision,
        rounds=line.rounds,
        edited=line.edited,
        origin=line.origin,
        error_rate=line.error_rate,
        similarity=line.similarity,
        error_code=line.error_code,
    )


def _shards(spans: Sequence[Span], stage: Stage) -> Iterator[Sequence[Span]]:
    size = _SHARD_LINES[stage] or max(1, len(spans))
    for start in range(0, len(spans), size):
        yield spans[start : start + size]
