"""What the translator reacts to."""

from collections.abc import Callable

from services.translator.translation import ShardTranslation
from shared.messaging import JobContext, LinesTranslated, TranslateLines


def translate_lines(translation: ShardTranslation) -> Callable[[TranslateLines, JobContext], LinesTranslated]:
    """The stage's handler: a shard of lines in, the same lines translated out."""

    def handle(job: TranslateLines, context: JobContext) -> LinesTranslated:
        outcome = translation.run(job, context)
        return LinesTranslated(
            task_id=job.task_id,
            language=job.language,
            stage=job.stage(),
            shard=job.shard,
            attempt=job.attempt,
            lines=outcome.lines,
            engines=outcome.engines,
        )

    return handle
