"""Dub single lines again: a few ahead of all batch work, many in turn with it."""

from collections.abc import Collection, Iterable, Mapping

from services.gateway.db.tables import LineRow, SegmentRow, StageRun
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.cut import row, speech_jobs, translation_jobs
from services.gateway.pipeline.rows import add_jobs
from services.gateway.script.lines import line_shard
from services.gateway.script.script import Script
from services.gateway.script.voices import with_needed
from shared.pipeline import Lane, LineState, Stage, Status

_FEW_LINES = 16
"""The most that a person may wait for; more from a single click would block the interactive lane for everybody else."""


def outdated(script: Script) -> list[str]:
    """Segments whose lines are not as they should be: edited since their takes, or new since the language was dubbed.

    Lines that keep the original audio, or a take that a person chose, are as they should be.
    """
    dubbed = _runs(script).get((script.language, Stage.CLONING))
    states: set[str] = {LineState.STALE}
    if dubbed is not None and dubbed.status == Status.COMPLETED:
        states |= {LineState.PENDING, LineState.TRANSLATED}
    return [
        key
        for key in script.segments
        if (line := script.lines.get(key)) and line.state in states and not (line.omitted or line.pinned)
    ]


def _runs(script: Script) -> Mapping[tuple[str, Stage], StageRun]:
    return pipeline_rows.newest_runs(script.session, [script.task.task_id]).get(script.task.task_id, {})


def dub_again(script: Script, segment_ids: Iterable[str]) -> int:
    """Add a job for each of the lines, a few on the interactive lane, and return how many.

    A line without a text, or whose text an engine wrote for another source text, is translated first. A line that is
    already waiting is not added twice. A request by hand overrides a take that was pinned before. For a line that is as
    it should be, or that failed, an engine that can vary its speech makes another rendition.
    """
    lines, segments = script.lines, script.segments
    wanted = [key for key in dict.fromkeys(segment_ids) if key in lines and key in segments]
    shards = map(line_shard, wanted)
    pipeline_rows.cancel_jobs_of_lines(script.session, script.task.task_id, script.language, shards)
    for line in map(lines.__getitem__, wanted):
        line.dub_attempt += 1
        line.rendition += line.state in (LineState.DUBBED, LineState.FAILED)
        line.pinned = False
    script.session.flush()
    lane = Lane.INTERACTIVE if len(wanted) <= _FEW_LINES else Lane.BATCH
    first = [key for key in wanted if needs_translation(lines[key], segments[key])]
    _translate(script, first, lane)
    speak(script, [key for key in wanted if key not in set(first)], lane)
    return len(wanted)


def reopen(script: Script) -> None:
    """Let the next start of a language do only the lines that are not as they should be.

    The finished runs are marked as cut short, since a finished stage would be done again as a whole.
    """
    changed = outdated(script)
    if not changed:
        return
    runs = _runs(script)
    translating = any(needs_translation(script.lines[key], script.segments[key]) for key in changed)
    for stage in (Stage.TRANSLATION, Stage.CLONING) if translating else (Stage.CLONING,):
        run = runs.get((script.language, stage))
        if run is not None and run.status in (Status.COMPLETED, Status.STALE):
            run.status = Status.CANCELED
    script.session.flush()


def needs_translation(line: LineRow, segment: SegmentRow) -> bool:
    """Whether the text of a line is missing or belongs to another source text, and no person wrote it."""
    return not line.edited and (line.text is None or line.segment_revision != segment.revision)


def speak(script: Script, keys: Collection[str], lane: Lane) -> None:
    """Add a job for each of the lines `keys`."""
    rows = []
    for job in speech_jobs(script, 1, keys) if keys else ():
        for line in job.lines:
            alone = _alone(script.lines[line.segment_id], lane) | {"lines": (line,)}
            rows.append(row(script.task, with_needed(job.model_copy(update=alone))))
    add_jobs(script.session, rows)


def _translate(script: Script, keys: Collection[str], lane: Lane) -> None:
    """The same for a translation, which needs the pace and the neighbouring lines of the whole language."""
    rows = []
    for job in translation_jobs(script, 1, keys, alone=True) if keys else ():
        segment_id = next(line.segment_id for line in job.lines if line.asked)
        rows.append(row(script.task, job.model_copy(update=_alone(script.lines[segment_id], lane))))
    add_jobs(script.session, rows)


def _alone(line: LineRow, lane: Lane) -> dict[str, object]:
    alone = {"shard": line_shard(line.segment_id), "lane": lane, "attempt": line.dub_attempt}
    return alone | {"weight": 1.0, "total_weight": 1.0}
