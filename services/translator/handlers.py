"""What the translator reacts to."""

from collections.abc import Callable

from services.translator.engines import Translator
from services.translator.rewriting import ShardRewriting
from services.translator.translation import ShardTranslation, needs_engine
from shared.messaging import JobContext, KeptEngines, LinesRewritten, LinesTranslated, RewriteLines, TranslateLines

TranslatorJob = TranslateLines | RewriteLines
TranslatorResult = LinesTranslated | LinesRewritten


def translate_lines(engines: KeptEngines[Translator]) -> Callable[[TranslatorJob, JobContext], TranslatorResult]:
    """The stage's handler: a shard of lines in, the same lines translated out, or other texts for them.

    Each by the engine that its task keeps to.
    """

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
                engine = engines.of(job.kept) if needs_engine(job) else engines.of(None)
                translated = ShardTranslation(engine).run(job, context)
                chosen = (engine.info.choice(),) if translated.engines else ()
                return LinesTranslated(**address, lines=translated.lines, engines=translated.engines, chosen=chosen)
            case RewriteLines():
                rewritten = ShardRewriting(engines.of(job.kept)).run(job, context)
                return LinesRewritten(**address, lines=rewritten.lines, engines=rewritten.engines)

    return handle
