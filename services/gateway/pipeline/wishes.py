"""A person wants the text of a line shorter, longer or different: the translator is asked ahead of all batch work."""

from collections.abc import Callable
from math import ceil, floor
from typing import Any

from services.gateway.db import Session
from services.gateway.db.tables import JobRow, LineRow, Task
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.cut import row
from services.gateway.pipeline.kept_engines import keeping
from services.gateway.pipeline.outdating import tell_line
from services.gateway.pipeline.rows import add_jobs
from services.gateway.script import rows as script_rows
from services.gateway.script.pace import Budget, budget
from services.gateway.script.script import Script
from services.gateway.script.slots import Room
from shared.messaging import JobFailed, LinesRewritten, LineToRewrite, Result, RewriteLines, Wish
from shared.pipeline import FitLimits, Lane

GRANT = "grant"
"""The key under which a session holds how to grant a wish: as an edit, which the pipeline knows nothing about."""
Grant = Callable[[Session, Task, LineRow, str, dict[str, Any]], None]
WAITING, FAILED, NOTHING = "waiting", "failed", "nothing"
_LIMITS = FitLimits()
_SHORTER, _LONGER = 0.85, 1.3
"""Times the characters of the text: what anyone would call shorter or longer."""


def is_wish(job: JobRow) -> bool:
    """Whether a person waits for the texts of `job`, and not the fit loop."""
    return job.shard.startswith(_SHARD)


def ask(script: Script, segment_id: str, wish: Wish, by: str) -> None:
    """Ask the translator for another text of a line that has one. The same wish asked twice is asked once."""
    line = script.lines[segment_id]
    known = line.wish or {}
    if known.get("state") == WAITING and (known["wish"], known["revision"]) == (wish, line.revision):
        return
    session, task, shard = script.session, script.task, _SHARD + segment_id
    pipeline_rows.cancel_jobs_of_lines(session, task.task_id, script.language, [shard])
    before = pipeline_rows.newest_job(session, task.task_id, script.language, shard)
    source = script.segments[segment_id].text
    job = RewriteLines(
        task_id=task.task_id,
        language=script.language,
        shard=shard,
        attempt=1 + (before.attempt if before else 0),
        epoch=task.epoch,
        lane=Lane.INTERACTIVE,
        weight=1.0,
        total_weight=1.0,
        source_language=script.spoken_language,
        lines=(_order(script, line, source, wish),),
        glossary=script.glossary.within([source]),
        **script.told,
    )
    add_jobs(session, [row(task, one) for one in keeping(session, task, [job])])
    line.wish = {"wish": wish, "state": WAITING, "revision": line.revision, "by": by}
    tell_line(session, task, line, "updated")


def _order(script: Script, line: LineRow, source: str, wish: Wish) -> LineToRewrite:
    span, text = script.spans[line.segment_id], line.text or ""
    room = script.rooms.get(line.segment_id) or Room(span.start_s, span.end_s, 0.0, 0.0)
    rate = script.pace().of(span.speaker_id)
    bounds = _bounds(wish, len(text), budget(room, rate, _LIMITS))
    return LineToRewrite(
        segment_id=line.segment_id,
        source_text=source,
        text=text,
        revision=line.revision,
        natural_s=line.natural_s or max(0.1, len(text) / rate),
        room_s=room.with_gap_s(_LIMITS),
        min_chars=bounds.min_chars,
        max_chars=bounds.max_chars,
        tried=tuple(other for other in line.alternatives if other != text) if wish == "other" else (),
        wish=wish,
    )


def _bounds(wish: Wish, size: int, fits: Budget) -> Budget:
    """How long the new text may be: what fits, as far as that agrees with the wish."""
    if wish == "shorter":
        return Budget(1, max(1, min(fits.max_chars, floor(size * _SHORTER))))
    if wish == "longer":
        return Budget(size + 1, max(fits.max_chars, ceil(size * _LONGER)))
    return Budget(1, max(fits.max_chars, size))


def take_wish(session: Session, task: Task, job: JobRow, result: Result) -> None:
    """Grant a wish with the first text that meets it, as one edit, or keep the reason why there is none.

    A line that has another text by now keeps it.
    """
    line = script_rows.line(session, task.task_id, job.language, job.shard.removeprefix(_SHARD))
    if line is None or not line.wish:
        return
    asked = line.wish
    line.wish = None
    if isinstance(result, JobFailed):
        if not result.canceled:
            line.wish = asked | {"state": FAILED, "code": result.code, "message": result.message}
    elif isinstance(result, LinesRewritten) and line.revision == asked["revision"]:
        found = [text for answer in result.lines for text in answer.candidates if text != line.text]
        if found:
            before = [line.text] if line.text else []
            line.alternatives = list(dict.fromkeys([*line.alternatives, *before, *found]))
            grant: Grant = session.info[GRANT]
            grant(session, task, line, found[0], asked)
        else:
            line.wish = asked | {"state": NOTHING}
    tell_line(session, task, line, "updated")


_SHARD = "wish-"
