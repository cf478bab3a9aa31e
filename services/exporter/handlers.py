"""What the exporter reacts to."""

from collections.abc import Callable
from typing import Any

from services.exporter.export import Export
from services.exporter.recipes import RecipeExport
from shared.messaging import ExportLanguage, JobContext, LanguageExported, RecipeRendered, RenderRecipe


def export(
    languages: Export, recipes: RecipeExport
) -> Callable[[ExportLanguage | RenderRecipe, JobContext], LanguageExported | RecipeRendered]:
    """The stage's handler: lines and takes in, the stored files and their report out."""

    def handle(job: ExportLanguage | RenderRecipe, context: JobContext) -> LanguageExported | RecipeRendered:
        address: dict[str, Any] = {
            "task_id": job.task_id,
            "language": job.language,
            "stage": job.stage(),
            "shard": job.shard,
            "attempt": job.attempt,
        }
        if isinstance(job, RenderRecipe):
            made = recipes.run(job, context)
            return RecipeRendered(**address, export_id=job.export_id, files=made.files, report=made.report)
        outcome = languages.run(job, context)
        return LanguageExported(**address, files=outcome.files, report=outcome.report)

    return handle
