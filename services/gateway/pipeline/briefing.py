"""Have a translator look at the whole video before its first line, and keep what it proposes."""

from collections.abc import Collection

from services.gateway.db.tables import JobKind, StageRun
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.engines import is_among
from services.gateway.pipeline.facts import tell
from services.gateway.pipeline.kept_engines import announced, keeping
from services.gateway.pipeline.proposals import FEWEST_LINES, excerpt, with_proposal
from services.gateway.script.script import Script, brief, chinese
from shared.messaging import BriefProposed, ProposeBrief
from shared.pipeline import BASE


def brief_job(script: Script, run: StageRun, todo: Collection[str]) -> ProposeBrief | None:
    """The job that comes before the lines `todo` are translated.

    None if it was added before, nobody wants it, the translator of this language cannot do it, or there are few lines.
    """
    session, task, told = script.session, script.task, brief(script.task)
    if not told.propose or script.spoken_language == run.language or len(todo) < FEWEST_LINES:
        return None
    if pipeline_rows.has_job(session, task.task_id, run.language, JobKind.PROPOSE_BRIEF):
        return None
    job = ProposeBrief(
        task_id=task.task_id,
        language=run.language,
        shard="brief",
        attempt=run.attempt,
        epoch=task.epoch,
        weight=0.001,
        total_weight=len(todo),
        source_language=script.spoken_language,
        chinese=chinese(task),
        lines=excerpt([one.text for one in script.segments.values()]),
        summary=told.summary,
        known=tuple(term.source for term in script.glossary)[:200],
    )
    (job,) = keeping(session, task, [job])
    able = [engine for engine in announced(session) if engine.port == "translator" and engine.proposes]
    return job if job.kept is not None and is_among(job.kept, able) else None


def take_proposal(script: Script, proposed: BriefProposed) -> None:
    """Keep the proposal, which a person can still change, and notify whoever follows the task."""
    task, before = script.task, brief(script.task)
    known = [term.source for term in script.glossary]
    after = with_proposal(before, proposed.language, proposed.summary, proposed.terms, known)
    if after != before:
        task.config = {**task.config, "brief": after.model_dump(mode="json")}
        tell(script.session, task, BASE, "task", "updated", changed=["brief"])
