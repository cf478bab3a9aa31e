"""Cut a stage of a language into jobs that are small enough for a message; what a job is, as its shard tells."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from services.gateway.script.lines import Line
from services.gateway.script.pace import Pace, budget
from services.gateway.script.slots import Room, Span, Take, apart, arrange, rooms
from shared.messaging import (
    MAX_BODY_BYTES,
    CloneLines,
    EngineUsed,
    GlossaryTerm,
    Job,
    LinesDubbed,
    LinesTranslated,
    LineTake,
    LineToSpeak,
    Result,
    SourceLine,
    SpeakerVoice,
    Timeline,
    TimelineLine,
    TranslatedLine,
    TranslateLines,
    address_of,
    failed,
)
from shared.pipeline import GRAPH, ErrorCode, FitLimits, LineState, Stage
from shared.transcript import MediaFacts, Said, going_on, is_ended

CONTEXT_LINES = 3
FITTING_SHARE = 0.15
"""Share of a voice run's progress that is reserved for lines spoken again because their first text did not fit."""

_SHARD_LINES = {spec.stage: spec.shard_lines for spec in GRAPH}


def translate_jobs(
    task_id: str,
    target: str,
    attempt: int,
    epoch: int,
    source: str,
    spans: Sequence[Span],
    lines: Mapping[str, Line],
    duration_s: float,
    glossary: tuple[GlossaryTerm, ...],
    pace: Pace,
    *,
    recalled: Mapping[str, str] | None = None,
    alone: bool = False,
    unspoken: Collection[str] = (),
) -> Iterator[TranslateLines]:
    """Jobs for every line that no person wrote; `lines` are those to translate, `pace` is the target's.

    `recalled` are texts from the translation memory, used where nobody provided one.

    No sentence is split between two jobs; lines of it that are not to be translated are included to complete it.
    `alone`: a job for each line. `unspoken` are segments that nobody says; a sentence continues across them.
    """
    room = rooms(spans, duration_s)
    provided = dict(recalled or {}) | {key: one.provided for key, one in lines.items() if one.provided is not None}
    position = {span.segment_id: index for index, span in enumerate(spans)}
    todo = sentences_of([span for span in spans if span.segment_id not in unspoken], lines)
    todo += [Sentence((span,), (span,)) for span in spans if span.segment_id in unspoken and span.segment_id in lines]
    if alone:
        todo = [Sentence(one.spans, (asked,)) for one in todo for asked in one.asked]
    total = sum(len(one.asked) for one in todo)
    most = 1 if alone else _most(Stage.TRANSLATION, spans)

    def size(sentence: Sentence) -> int:
        brought = (provided.get(span.segment_id) for span in sentence.asked)
        return sum(size_of_text(span.text) for span in sentence.spans) + sum(map(size_of_text, brought))

    for number, shard in enumerate(batches(todo, most, size, lambda one: len(one.spans))):
        first, last = position[shard[0].spans[0].segment_id], position[shard[-1].spans[-1].segment_id]
        yield TranslateLines(
            task_id=task_id,
            language=target,
            shard=str(number),
            attempt=attempt,
            epoch=epoch,
            weight=sum(len(one.asked) for one in shard),
            total_weight=total,
            source_language=source,
            lines=tuple(line for one in shard for line in _source_lines(one, provided, room, pace)),
            context_before=tuple(span.text[-CONTEXT_CHARS:] for span in spans[max(0, first - CONTEXT_LINES) : first]),
            context_after=tuple(span.text[:CONTEXT_CHARS] for span in spans[last + 1 : last + 1 + CONTEXT_LINES]),
            glossary=glossary,
        )


@dataclass(frozen=True)
class Sentence:
    """Consecutive lines that are one sentence, and those of them that are `asked` for."""

    spans: tuple[Span, ...]
    asked: tuple[Span, ...]


def sentences_of(spans: Sequence[Span], wanted: Collection[str]) -> list[Sentence]:
    """The sentences that hold any of the `wanted` segments, in order."""
    ends = going_on([Said(span.text, span.start_s, span.end_s, span.speaker_id) for span in spans])
    found: list[Sentence] = []
    start = 0
    for index, goes_on in enumerate(ends):
        if goes_on:
            continue
        own = tuple(spans[start : index + 1])
        start = index + 1
        if asked := tuple(span for span in own if span.segment_id in wanted):
            found.append(Sentence(own, asked))
    return found


def _source_lines(
    sentence: Sentence, provided: Mapping[str, str], room: Mapping[str, Room], pace: Pace
) -> Iterator[SourceLine]:
    asked = {span.segment_id for span in sentence.asked}
    limits = FitLimits()
    for span in sentence.spans:
        own = room[span.segment_id]
        is_asked = span.segment_id in asked
        yield SourceLine(
            segment_id=span.segment_id,
            text=span.text,
            speaker_id=span.speaker_id,
            slot_s=own.with_gap_s(limits),
            max_chars=budget(own, pace.of(span.speaker_id), limits).max_chars,
            provided=provided.get(span.segment_id) if is_asked else None,
            span_s=max(0.0, span.end_s - span.start_s),
            goes_on=span is not sentence.spans[-1],
            asked=is_asked,
        )


def clone_jobs(
    task_id: str,
    target: str,
    attempt: int,
    epoch: int,
    spans: Sequence[Span],
    lines: Mapping[str, Line],
    speakers: Mapping[str, SpeakerVoice],
    duration_s: float,
) -> Iterator[CloneLines]:
    """Jobs for every line with a text; `lines` are those to speak."""
    room = rooms(spans, duration_s)
    todo = [span for span in spans if span.segment_id in lines and lines[span.segment_id].text]
    total_weight = max(1.0, len(todo) * (1 + FITTING_SHARE))
    unended = unended_lines(spans)

    def size(span: Span) -> int:
        return size_of_text(lines[span.segment_id].text)

    for number, shard in enumerate(batches(todo, _most(Stage.CLONING, todo), size)):
        yield CloneLines(
            task_id=task_id,
            language=target,
            shard=str(number),
            attempt=attempt,
            epoch=epoch,
            weight=len(shard),
            total_weight=total_weight,
            lines=tuple(
                line_to_speak(span, lines[span.segment_id], room[span.segment_id], goes_on=span.segment_id in unended)
                for span in shard
            ),
            speakers=tuple(speakers.values()),
        )


def unended_lines(spans: Sequence[Span]) -> frozenset[str]:
    """Segments whose sentence goes on in the next one."""
    ends = going_on([Said(span.text, span.start_s, span.end_s, span.speaker_id) for span in spans])
    return frozenset(span.segment_id for span, goes_on in zip(spans, ends, strict=True) if goes_on)


def line_to_speak(span: Span, line: Line, room: Room, text: str | None = None, *, goes_on: bool = False) -> LineToSpeak:
    """The order to speak a line, or another `text` in its place; a text that ends with punctuation does not continue in
    the next line."""
    spoken = text or line.text or ""
    return LineToSpeak(
        segment_id=span.segment_id,
        text=spoken,
        speaker_id=span.speaker_id,
        start_s=room.start_s,
        end_s=room.end_s,
        gap_s=room.gap_s,
        lead_s=room.lead_s,
        revision=line.revision,
        rendition=line.rendition,
        goes_on=goes_on and not is_ended(spoken),
    )


def timeline(
    task_id: str,
    target: str,
    source: str,
    media: MediaFacts,
    spans: Sequence[Span],
    lines: Mapping[str, Line],
    engines: tuple[EngineUsed, ...],
    heard: Mapping[str, str] | None = None,
) -> Timeline:
    """The document an export is made from; an outdated take is still better than none.

    `heard` are the spoken texts of lines that were edited after their takes: the subtitles and voice of a file never
    differ.
    """
    known = [span for span in spans if span.segment_id in lines]
    texts = {key: one.text or "" for key, one in lines.items()} | dict(heard or {})
    made = [_timeline_line(span, lines[span.segment_id], texts[span.segment_id]) for span in known]
    own = {span.segment_id: span for span in apart(known)}
    takes = {line.segment_id: _take(line, own[line.segment_id]) for line in made if line.omitted is None}
    places = arrange(list(takes.values()))
    for number, line in enumerate(made):
        if line.omitted is not None:
            continue
        take, place = takes[line.segment_id], places[line.segment_id]
        if line.take_key is not None and (place.start_s, place.duration_s) != (take.start_s, take.duration_s):
            decision = "; ".join(part for part in (line.decision, place.note) if part)
            made[number] = line.model_copy(
                update={"take_start_s": place.start_s, "take_duration_s": place.duration_s, "decision": decision}
            )
    return Timeline(
        task_id=task_id, language=target, source_language=source, media=media, engines=engines, lines=tuple(made)
    )


def _take(line: TimelineLine, span: Span) -> Take:
    start_s, duration_s = span.start_s, span.end_s - span.start_s
    if line.take_key is None:
        return Take(line.segment_id, line.speaker_id, start_s, duration_s, fixed=True)
    start_s = start_s if line.take_start_s is None else line.take_start_s
    duration_s = duration_s if line.take_duration_s is None else line.take_duration_s
    return Take(line.segment_id, line.speaker_id, start_s, duration_s)


def source_timeline(task_id: str, source: str, media: MediaFacts, spans: Sequence[Span]) -> Timeline:
    """The lines of the original as they were spoken."""
    lines = tuple(
        TimelineLine(
            segment_id=span.segment_id,
            speaker_id=span.speaker_id,
            start_s=span.start_s,
            end_s=span.end_s,
            source_text=span.text,
            text=span.text,
            state=LineState.PENDING,
            omitted=span.omission,
        )
        for span in spans
    )
    return Timeline(task_id=task_id, language=source, source_language=source, media=media, lines=lines)


def _timeline_line(span: Span, line: Line, text: str) -> TimelineLine:
    kept = line.omitted or line.state == LineState.FAILED  # the original audio is heard
    return TimelineLine(
        segment_id=span.segment_id,
        speaker_id=span.speaker_id,
        start_s=span.start_s,
        end_s=span.end_s,
        source_text=span.text,
        text=text,
        state=LineState(line.state),
        take_key=None if kept else line.take_key,
        take_start_s=line.take_start_s,
        take_duration_s=line.take_duration_s,
        speed=line.speed,
        fit=line.fit,
        decision=line.decision,
        rounds=line.rounds,
        edited=line.edited,
        origin=line.origin,
        omitted=span.omission,
        error_rate=line.error_rate,
        similarity=line.similarity,
        error_code=line.error_code,
    )


def _most(stage: Stage, spans: Sequence[Span]) -> int:
    return _SHARD_LINES[stage] or max(1, len(spans))


T = TypeVar("T")

LINES_BYTES = MAX_BODY_BYTES // 2
"""For the lines of a job; the rest of a message is for their context, terms and voices."""

CONTEXT_CHARS = 1000
"""For each neighbouring line: enough to tell what it is about."""


def batches(
    items: Sequence[T], most: int, size_of: Callable[[T], int], count_of: Callable[[T], int] = lambda _: 1
) -> Iterator[Sequence[T]]:
    """`items` in order, in batches of at most `most`, fewer if they are large; an item that is too large stays alone.

    `count_of` says for how many an item counts.
    """
    first, held, counted = 0, 0, 0
    for index, item in enumerate(items):
        size, count = size_of(item), count_of(item)
        if index > first and (counted + count > most or held + size > LINES_BYTES):
            yield items[first:index]
            first, held, counted = index, 0, 0
        held += size
        counted += count
    if first < len(items):
        yield items[first:]


def size_of_text(*texts: str | None) -> int:
    """Bytes that a line with `texts` takes in a message, where everything but ASCII is escaped."""
    return 400 + sum(len(json.dumps(text)) for text in texts if text)


def too_large(job: Job, size: int) -> Result:
    """The result of a `job` whose `size` in bytes exceeds any message."""
    reason = f"too much text for one job ({size // 1024} kB of at most {MAX_BODY_BYTES // 1024}): shorten or split it"
    return refused(job, ErrorCode.JOB_TOO_LARGE, reason)


def refused(job: Job, code: ErrorCode, reason: str) -> Result:
    """The result of a `job` that cannot be sent: if it has a single line, that line fails and the others go on."""
    match job:
        case TranslateLines(lines=(line,)):
            text = TranslatedLine(segment_id=line.segment_id, text=None, **_error(line.segment_id, code, reason))
            return LinesTranslated(**address_of(job), lines=(text,))
        case CloneLines(lines=(line,)):
            error = _error(line.segment_id, code, reason)
            take = LineTake(segment_id=line.segment_id, revision=line.revision, **error)
            return LinesDubbed(**address_of(job), lines=(take,))
    return failed(job, code, reason)


def _error(segment_id: str, code: ErrorCode, reason: str) -> dict[str, object]:
    return {"error_code": code, "error_message": f"line {segment_id}: {reason}"}
