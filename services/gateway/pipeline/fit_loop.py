"""Carry the fit loop of `fitting`: keep what was tried with a line, add the jobs that follow from it.

The line always holds the best take so far together with its text, so that whatever ends the loop early (an edit, a
cancellation, a job that fails) leaves a whole line. Jobs count for the voice run and are inserted by the transaction
that records the take before them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from services.gateway.db import Session
from services.gateway.db.tables import JobRow, LineRow, StageRun, Task
from services.gateway.pipeline import fitting
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.cut import row, spoken_right
from services.gateway.pipeline.fitting import MAX_ROUNDS, Ask, Keep, Speak, Spoken
from services.gateway.pipeline.kept_engines import keeping
from services.gateway.pipeline.units import FITTING_SHARE, REFIT, line_to_speak, sentences_of, unended_lines
from services.gateway.script import rows as script_rows
from services.gateway.script.script import glossary, media, roles, spans, told, view
from services.gateway.script.slots import Room, Span, rooms
from services.gateway.script.terms import held
from services.gateway.script.voices import Roles, with_needed
from shared.messaging import (
    JOB,
    CloneLines,
    JobFailed,
    LinesDubbed,
    LinesRewritten,
    LineTake,
    LineToRewrite,
    LineToSpeak,
    RewriteLines,
)
from shared.pipeline import FitLimits, LineState, Stage

_LIMITS = FitLimits()


def is_refit(job: JobRow) -> bool:
    """Whether `job` belongs to the loop, and not to the first pass over the lines."""
    return job.shard.startswith(REFIT)


def after_first_takes(session: Session, task: Task, run: StageRun, result: LinesDubbed) -> None:
    """Begin with the lines of a first pass; their takes are on them already."""
    loop = _open(session, task, run, [take.segment_id for take in result.lines])
    for take in result.lines:
        line = loop.lines.get(take.segment_id)
        if line is not None and take.take_key and line.take_revision == line.revision == take.revision:
            line.tried, line.rounds = [_entry(line.text or "", take)], 0
            _decide(loop, line)
    _follow(loop)


def after_refit(
    session: Session, task: Task, run: StageRun, job: JobRow, result: LinesDubbed | LinesRewritten | JobFailed
) -> None:
    """Go on with the lines of a job of the loop."""
    made = JOB.validate_json(job.payload)
    if not isinstance(made, RewriteLines | CloneLines):
        return
    loop = _open(session, task, run, [line.segment_id for line in made.lines])
    if isinstance(made, RewriteLines):
        _take_texts(loop, made, result)
    else:
        _take_takes(loop, made, result)
    _follow(loop)


@dataclass
class _Loop:
    """The `lines` of a voice run that a result is about, where all stand, and what is to be done next."""

    session: Session
    task: Task
    run: StageRun
    spans: Mapping[str, Span]
    rooms: Mapping[str, Room]
    lines: Mapping[str, LineRow]
    cast: Roles
    may_ask: bool
    speak: list[LineToSpeak] = field(default_factory=list)
    ask: list[LineToRewrite] = field(default_factory=list)
    round: int = 1

    @cached_property
    def unended(self) -> frozenset[str]:
        """Segments whose sentence goes on in the next one."""
        return unended_lines(list(self.spans.values()))

    @cached_property
    def parts(self) -> frozenset[str]:
        """Segments whose sentence is spoken over several lines."""
        omitted = {key for key, line in self.lines.items() if line.omitted}
        known = [span for span in self.spans.values() if span.segment_id not in omitted]
        long = (one for one in sentences_of(known, self.lines) if len(one.spans) > 1)
        return frozenset(span.segment_id for one in long for span in one.spans)


def _open(session: Session, task: Task, run: StageRun, named: Collection[str]) -> _Loop:
    places, segments = (
        script_rows.placed(session, task.task_id, run.language),
        script_rows.spoken(session, task.task_id),
    )
    cast = roles(session, task, segments, places)
    known = [cast.spoken(span) for span in spans(segments, places)]
    translation = pipeline_rows.newest_runs(session, [task.task_id])[task.task_id].get(
        (run.language, Stage.TRANSLATION)
    )
    return _Loop(
        session=session,
        task=task,
        run=run,
        spans={span.segment_id: span for span in known},
        rooms=rooms(known, media(task).duration_s),
        lines=script_rows.lines(session, task.task_id, run.language, named),
        cast=cast,
        may_ask=translation is not None and any(engine.get("rewrites") for engine in translation.engines),
    )


def _take_takes(loop: _Loop, asked: CloneLines, result: LinesDubbed | LinesRewritten | JobFailed) -> None:
    takes = {take.segment_id: take for take in result.lines} if isinstance(result, LinesDubbed) else {}
    for order in asked.lines:
        line = _still(loop, order)
        if line is None:
            continue
        take = takes.get(order.segment_id, LineTake(segment_id=order.segment_id))
        line.tried, line.rounds = [*line.tried, _entry(order.text, take)], line.rounds + 1
        line.version += 1
        if fitting.best(_spoken(line), loop.rooms[order.segment_id], _LIMITS).text == order.text:
            _replace(line, order.text, take)
        if isinstance(result, JobFailed):  # it was retried long enough: the export waits no longer for another text
            line.decision = f"{line.decision or ''}; another translation could not be spoken: {result.message}"
        else:
            _decide(loop, line)


def _take_texts(loop: _Loop, asked: RewriteLines, result: LinesDubbed | LinesRewritten | JobFailed) -> None:
    found = {line.segment_id: line.candidates for line in result.lines} if isinstance(result, LinesRewritten) else {}
    for order in asked.lines:
        line = _still(loop, order)
        if line is None:
            continue
        line.alternatives = list(dict.fromkeys([*line.alternatives, *found.get(order.segment_id, ())]))
        _decide(loop, line, asked_before=True)


def _still(loop: _Loop, order: LineToSpeak | LineToRewrite) -> LineRow | None:
    """The line of `order`, if it is what it was when the order was made."""
    line = loop.lines.get(order.segment_id)
    same = line is not None and line.revision == order.revision and order.segment_id in loop.rooms
    return line if line is not None and same and _may_change(line) else None


def _may_change(line: LineRow) -> bool:
    """No text of a person is ever replaced, nor a take that a person chose."""
    by_person = line.edited or line.provided is not None or line.origin not in ("engine", "sound")
    return not (by_person or line.pinned or line.omitted)


def _entry(text: str, take: LineTake) -> dict[str, Any]:
    return {"text": text, "natural_s": take.natural_s if take.take_key else None, "speed": take.speed, "fit": take.fit}


def _spoken(line: LineRow) -> list[Spoken]:
    return [Spoken(entry["text"], entry["natural_s"]) for entry in line.tried]


def _replace(line: LineRow, text: str, take: LineTake) -> None:
    """Give `line` another text with its take; whatever is under way for the text before no longer counts."""
    first = str(line.tried[0]["text"])
    line.alternatives = list(dict.fromkeys([*line.alternatives, first]))
    line.text = text
    line.revision += 1
    line.take_revision = line.revision
    line.state = LineState.DUBBED
    line.take_key, line.take_start_s, line.take_duration_s = take.take_key, take.start_s, take.duration_s
    line.natural_s, line.speed, line.fit = take.natural_s, take.speed, take.fit
    line.decision = fitting.explain(first, text, line.rounds, take.decision or "")
    line.error_code = line.error_message = None


def _decide(loop: _Loop, line: LineRow, *, asked_before: bool = False) -> None:
    if not _may_change(line):
        return
    room = loop.rooms[line.segment_id]
    may_ask = loop.may_ask and not asked_before
    match fitting.decide(_spoken(line), line.alternatives, room, _LIMITS, may_ask=may_ask):
        case Speak(text):
            goes_on = line.segment_id in loop.unended
            loop.speak.append(line_to_speak(loop.spans[line.segment_id], view(line), room, text, goes_on=goes_on))
            loop.round = max(loop.round, line.rounds + 1)
        case Ask(budget):
            loop.ask.append(
                LineToRewrite(
                    segment_id=line.segment_id,
                    source_text=loop.spans[line.segment_id].text,
                    text=line.text or "",
                    revision=line.revision,
                    natural_s=line.natural_s or 0.0,
                    room_s=room.with_gap_s(_LIMITS),
                    min_chars=budget.min_chars,
                    max_chars=budget.max_chars,
                    tried=tuple(entry["text"] for entry in line.tried),
                    is_part=line.segment_id in loop.parts,
                )
            )
            loop.round = max(loop.round, line.rounds + 1)
        case Keep(reason) if reason:
            line.decision = "; ".join(part for part in (line.decision, reason) if part)


def _follow(loop: _Loop) -> None:
    """Add the jobs for what was decided; their number in the run makes their names unique in it."""
    if not (loop.speak or loop.ask):
        return
    task_id, code, attempt = loop.task.task_id, loop.run.language, loop.run.attempt
    first = pipeline_rows.first_job(loop.session, loop.run)
    if first is None:
        raise LookupError(f"a voice run without a first job: {task_id} {code} {attempt}")
    total_weight = CloneLines.model_validate_json(first.payload).total_weight
    common = {"task_id": task_id, "language": code, "attempt": attempt, "total_weight": total_weight}
    if loop.speak:
        job = CloneLines(**common, **_share(loop, loop.speak), speakers=tuple(loop.cast.voices.values()))
        for one in spoken_right(loop.session, loop.task, [with_needed(job)]):
            _add(loop, one)
    if loop.ask:
        known = glossary(loop.session, loop.task, code)
        asking = RewriteLines(
            **common,
            **_share(loop, loop.ask),
            source_language=loop.task.source_language or "en",
            **told(loop.task, code),
            glossary=held(known, (line.source_text for line in loop.ask)),
        )
        for rewriting in keeping(loop.session, loop.task, [asking]):
            _add(loop, rewriting)


def _share(loop: _Loop, lines: Sequence[LineToSpeak] | Sequence[LineToRewrite]) -> dict[str, Any]:
    """What is special to the next job of the loop, which has `lines`."""
    return {
        "shard": f"{REFIT}{loop.round}-{loop.run.jobs_total}",
        "epoch": loop.task.epoch,
        "weight": FITTING_SHARE / (2 * MAX_ROUNDS) * len(lines),
        "lines": tuple(lines),
    }


def _add(loop: _Loop, job: CloneLines | RewriteLines) -> None:
    loop.session.add(row(loop.task, job, loop.run, optional=True))
    loop.run.jobs_total += 1
