"""Have a translator look at the whole video before its first line, and keep what it proposes."""

from collections.abc import Collection, Sequence

from services.gateway.db import Session
from services.gateway.db.tables import SegmentRow, StageRun, Task
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.engines import is_among
from services.gateway.pipeline.facts import tell
from services.gateway.pipeline.kept_engines import announced, keeping
from services.gateway.pipeline.proposals import FEWEST_LINES, excerpt, with_proposal
from services.gateway.pipeline.units import BRIEF
from services.gateway.script.script import brief, chinese, glossary
from shared.messaging import BriefProposed, ProposeBrief
from shared.pipeline import BASE


def brief_job(
    session: Session,
    task: Task,
    run: StageRun,
    segments: Sequence[SegmentRow],
    todo: Collection[str],
) -> ProposeBrief | None:
    """The job that comes before the lines `todo` are translated.

    None where it was there before, nobody wants it, the translator of this language cannot, or there are few lines.
    """
    told, source = brief(task), task.source_language or "en"
    if not told.propose or source == run.language or len(todo) < FEWEST_LINES:
        return None
    if pipeline_rows.has_job(session, task.task_id, run.language, BRIEF):
        return None
    job = ProposeBrief(
        task_id=task.task_id,
        language=run.language,
        shard=BRIEF,
        attempt=run.attempt,
        epoch=task.epoch,
        weight=0.001,
        total_weight=len(todo),
        source_language=source,
        chinese=chinese(task),
        lines=excerpt([one.text for one in segments]),
        summary=told.summary,
        known=tuple(term.source for term in glossary(session, task, run.language))[:200],
    )
    (job,) = keeping(session, task, [job])
    able = [engine for engine in announced(session) if engine.port == "translator" and engine.proposes]
    return job if job.kept is not None and is_among(job.kept, able) else None


def take_proposal(session: Session, task: Task, proposed: BriefProposed) -> None:
    """Keep what a person can still change, and tell whoever follows the task."""
    before, known = brief(task), glossary(session, task, proposed.language)
    after = with_proposal(before, proposed.language, proposed.summary, proposed.terms, [term.source for term in known])
    if after != before:
        task.config = {**task.config, "brief": after.model_dump(mode="json")}
        tell(session, task, BASE, "task", "updated", changed=["brief"])
