"""Carry the fit loop of `fitting`: keep what was tried with a line, add the jobs that follow from it.

The line always holds the best take so far together with its text, so that whatever ends the loop early (an edit, a
cancellation, a job that fails) leaves a complete line. Jobs count for the voice run and are inserted by the transaction
that records the previous take.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from services.gateway.db import Session
from services.gateway.db.tables import JobKind, JobRow, LineRow, StageRun, Task
from services.gateway.pipeline import fitting
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.cut import row, spoken_right
from services.gateway.pipeline.fitting import MAX_ROUNDS, Ask, Keep, Speak, Spoken
from services.gateway.pipeline.kept_engines import keeping
from services.gateway.pipeline.units import FITTING_SHARE, line_to_speak, sentences_of, unended_lines
from services.gateway.script.script import Script
from services.gateway.script.takes import show
from services.gateway.script.voices import with_needed
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
    """Whether `job` belongs to the loop rather than to the first pass over the lines."""
    return job.kind == JobKind.REWRITE_LINES or (job.kind == JobKind.CLONE_LINES and job.optional)


def after_first_takes(script: Script, run: StageRun, result: LinesDubbed) -> None:
    """Begin with the lines of a first pass; their takes are on them already."""
    loop = _open(script, run)
    for take in result.lines:
        line = loop.script.lines.get(take.segment_id)
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
    named = [line.segment_id for line in made.lines]
    loop = _open(Script(session, task, run.language, named), run)
    if isinstance(made, RewriteLines):
        _take_texts(loop, made, result)
    else:
        _take_takes(loop, made, result)
    _follow(loop)


@dataclass
class _Loop:
    """The lines of a voice run that a result concerns, and what to do next."""

    script: Script
    run: StageRun
    may_ask: bool
    speak: list[LineToSpeak] = field(default_factory=list)
    ask: list[LineToRewrite] = field(default_factory=list)
    round: int = 1

    @cached_property
    def unended(self) -> frozenset[str]:
        """Segments whose sentence goes on in the next one."""
        return unended_lines(list(self.script.heard.values()))

    @cached_property
    def parts(self) -> frozenset[str]:
        """Segments whose sentence is spoken over several lines."""
        lines = self.script.lines
        omitted = {key for key, line in lines.items() if line.omitted}
        known = [span for key, span in self.script.heard.items() if key not in omitted]
        long = (one for one in sentences_of(known, lines) if len(one.spans) > 1)
        return frozenset(span.segment_id for one in long for span in one.spans)


def _open(script: Script, run: StageRun) -> _Loop:
    task_id = script.task.task_id
    translation = pipeline_rows.newest_runs(script.session, [task_id])[task_id].get((run.language, Stage.TRANSLATION))
    may_ask = translation is not None and any(engine.get("rewrites") for engine in translation.engines)
    return _Loop(script, run, may_ask)


def _take_takes(loop: _Loop, asked: CloneLines, result: LinesDubbed | LinesRewritten | JobFailed) -> None:
    takes = {take.segment_id: take for take in result.lines} if isinstance(result, LinesDubbed) else {}
    for order in asked.lines:
        line = _still(loop, order)
        if line is None:
            continue
        take = takes.get(order.segment_id, LineTake(segment_id=order.segment_id))
        line.tried, line.rounds = [*line.tried, _entry(order.text, take)], line.rounds + 1
        line.version += 1
        if fitting.best(_spoken(line), loop.script.rooms[order.segment_id], _LIMITS).text == order.text:
            _replace(line, order.text, take)
        if isinstance(result, JobFailed):  # it was retried often enough: the export no longer waits for another text
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
    """The line of `order`, if it has not changed since the order was made."""
    line = loop.script.lines.get(order.segment_id)
    same = line is not None and line.revision == order.revision and order.segment_id in loop.script.rooms
    return line if line is not None and same and _may_change(line) else None


def _may_change(line: LineRow) -> bool:
    """A person's text is never replaced, nor a take that a person chose."""
    by_person = line.edited or line.provided is not None or line.origin not in ("engine", "sound")
    return not (by_person or line.pinned or line.omitted)


def _entry(text: str, take: LineTake) -> dict[str, Any]:
    return {"text": text, "natural_s": take.natural_s if take.take_key else None, "speed": take.speed, "fit": take.fit}


def _spoken(line: LineRow) -> list[Spoken]:
    return [Spoken(entry["text"], entry["natural_s"]) for entry in line.tried]


def _replace(line: LineRow, text: str, take: LineTake) -> None:
    """Give `line` another text with its take; jobs in progress for the previous text no longer count."""
    first = str(line.tried[0]["text"])
    line.alternatives = list(dict.fromkeys([*line.alternatives, first]))
    line.text = text
    line.revision += 1
    line.take_revision = line.revision
    line.state = LineState.DUBBED
    show(line, take, take.start_s)
    line.decision = fitting.explain(first, text, line.rounds, take.decision or "")
    line.error_code = line.error_message = None


def _decide(loop: _Loop, line: LineRow, *, asked_before: bool = False) -> None:
    if not _may_change(line):
        return
    room = loop.script.rooms[line.segment_id]
    may_ask = loop.may_ask and not asked_before
    match fitting.decide(_spoken(line), line.alternatives, room, _LIMITS, may_ask=may_ask):
        case Speak(text):
            goes_on = line.segment_id in loop.unended
            loop.speak.append(line_to_speak(loop.script.heard[line.segment_id], line, room, text, goes_on=goes_on))
            loop.round = max(loop.round, line.rounds + 1)
        case Ask(budget):
            loop.ask.append(
                LineToRewrite(
                    segment_id=line.segment_id,
                    source_text=loop.script.heard[line.segment_id].text,
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
    script, run = loop.script, loop.run
    task_id, code, attempt = script.task.task_id, run.language, run.attempt
    first = pipeline_rows.first_job(script.session, run)
    if first is None:
        raise LookupError(f"a voice run without a first job: {task_id} {code} {attempt}")
    total_weight = CloneLines.model_validate_json(first.payload).total_weight
    common = {"task_id": task_id, "language": code, "attempt": attempt, "total_weight": total_weight}
    if loop.speak:
        job = CloneLines(**common, **_share(loop, loop.speak), speakers=tuple(loop.script.roles.voices.values()))
        for one in spoken_right(script, [with_needed(job)]):
            _add(loop, one)
    if loop.ask:
        asking = RewriteLines(
            **common,
            **_share(loop, loop.ask),
            source_language=script.spoken_language,
            **script.told,
            glossary=script.glossary.within(line.source_text for line in loop.ask),
        )
        for rewriting in keeping(script.session, script.task, [asking]):
            _add(loop, rewriting)


def _share(loop: _Loop, lines: Sequence[LineToSpeak] | Sequence[LineToRewrite]) -> dict[str, Any]:
    """The fields that are specific to the loop's next job, which has `lines`."""
    return {
        "shard": f"fit-{loop.round}-{loop.run.jobs_total}",
        "epoch": loop.script.task.epoch,
        "weight": FITTING_SHARE / (2 * MAX_ROUNDS) * len(lines),
        "lines": tuple(lines),
    }


def _add(loop: _Loop, job: CloneLines | RewriteLines) -> None:
    loop.script.session.add(row(loop.script.task, job, loop.run, optional=True))
    loop.run.jobs_total += 1
