"""Hold the export of a language against the task's gate."""

from sqlmodel import Session

from services.gateway.database import queries
from services.gateway.database.jobs import view
from services.gateway.database.tables import Task, TaskLanguage
from services.gateway.planning.gate import GateLimits, judge
from shared.messaging import ExportSettings


def judge_language(session: Session, task: Task, row: TaskLanguage) -> None:
    """Set `gate` from the report at hand; None without one."""
    if row.report is None:
        row.gate = None
        return
    lines = [view(line) for line in queries.lines(session, task.task_id, row.language).values()]
    settings = ExportSettings.model_validate(task.config.get("export_settings", {}))
    limits = GateLimits.model_validate(task.config.get("gate", {}))
    row.gate = judge(row.report, lines, limits, settings.loudness_lufs).model_dump(mode="json")
