"""What the exporter reacts to."""

from collections.abc import Callable

from services.exporter.export import Export
from shared.messaging import ExportLanguage, JobContext, LanguageExported


def export_language(export: Export) -> Callable[[ExportLanguage, JobContext], LanguageExported]:
    """The stage's handler: a timeline in, the stored files and their report out."""

    def handle(job: ExportLanguage, context: JobContext) -> LanguageExported:
        outcome = export.run(job, context)
        return LanguageExported(
            task_id=job.task_id,
            language=job.language,
            stage=job.stage(),
            shard=job.shard,
            attempt=job.attempt,
            files=outcome.files,
            report=outcome.report,
        )

    return handle
