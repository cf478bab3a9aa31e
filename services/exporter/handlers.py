"""What the exporter reacts to."""

from collections.abc import Callable

from services.exporter.export import Export
from services.exporter.recipes import RecipeExport
from shared.messaging import ExportLanguage, JobContext, LanguageExported, RecipeRendered, RenderRecipe, address_of


def export(
    languages: Export, recipes: RecipeExport
) -> Callable[[ExportLanguage | RenderRecipe, JobContext], LanguageExported | RecipeRendered]:
    """The stage's handler: lines and takes in, the stored files and their report out."""

    def handle(job: ExportLanguage | RenderRecipe, context: JobContext) -> LanguageExported | RecipeRendered:
        if isinstance(job, RenderRecipe):
            made = recipes.run(job, context)
            return RecipeRendered(**address_of(job), export_id=job.export_id, files=made.files, report=made.report)
        outcome = languages.run(job, context)
        return LanguageExported(**address_of(job), files=outcome.files, report=outcome.report)

    return handle
