"""Hold the export of a language against the task's gate."""

from sqlmodel import Session

from services.gateway.database import queries
from services.gateway.database.jobs import view
from services.gateway.database.tables import Task, TaskLanguage
from services.gateway.planning.doubt import DOUBTFUL
from services.gateway.planning.gate import GateLimits, judge
from services.gateway.planning.questions import went_on
from services.gateway.planning.remarks import reads_like
from shared.messaging import ExportSettings


def judge_language(session: Session, task: Task, row: TaskLanguage) -> None:
    """Set `gate` from the report at hand and the lines as they are now; None without a report."""
    if row.report is None:
        row.gate = None
        return
    lines = [view(line) for line in queries.lines(session, task.task_id, row.language).values()]
    settings = ExportSettings.model_validate(task.config.get("export_settings", {}))
    limits = GateLimits.model_validate(task.config.get("gate", {}))
    gate = judge(
        row.report,
        lines,
        limits,
        settings.loudness_lufs,
        doubtful=queries.doubtful_segments(session, task.task_id, DOUBTFUL),
        reads_like=reads_like(task.config, row.language),
        accepted=went_on(task.question),
        outdated=row.exported_version != row.content_version,
    )
    row.gate = gate.model_dump(mode="json")


def judge_again(session: Session, task: Task, language: str) -> None:
    """The same after a change of lines, where there is a verdict that could be wrong now."""
    row = queries.language(session, task.task_id, language)
    if row is not None and row.report is not None:
        session.flush()
        judge_language(session, task, row)
