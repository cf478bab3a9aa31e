"""What the translator reacts to."""

from collections.abc import Callable

from services.translator.rewriting import ShardRewriting
from services.translator.translation import ShardTranslation
from shared.messaging import JobContext, LinesRewritten, LinesTranslated, RewriteLines, TranslateLines

TranslatorJob = TranslateLines | RewriteLines
TranslatorResult = LinesTranslated | LinesRewritten


def translate_lines(
    translation: ShardTranslation, rewriting: ShardRewriting
) -> Callable[[TranslatorJob, JobContext], TranslatorResult]:
    """The stage's handler: a shard of lines in, the same lines translated out, or other texts for them."""

    def handle(job: TranslatorJob, context: JobContext) -> TranslatorResult:
        address = {
            "task_id": job.task_id,
            "language": job.language,
            "stage": job.stage(),
            "shard": job.shard,
            "attempt": job.attempt,
        }
        match job:
            case TranslateLines():
                translated = translation.run(job, context)
                return LinesTranslated(**address, lines=translated.lines, engines=translated.engines)
            case RewriteLines():
                rewritten = rewriting.run(job, context)
                return LinesRewritten(**address, lines=rewritten.lines, engines=rewritten.engines)

    return handle
