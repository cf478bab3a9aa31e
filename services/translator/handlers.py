"""What the translator reacts to."""

from collections.abc import Callable

from services.translator.briefing import propose_brief
from services.translator.engines import Translator
from services.translator.rewriting import ShardRewriting
from services.translator.translation import ShardTranslation, needs_engine
from shared.messaging import (
    BriefProposed,
    JobContext,
    KeptEngines,
    LinesRewritten,
    LinesTranslated,
    ProposeBrief,
    RewriteLines,
    RewrittenLine,
    TranslatedLine,
    TranslateLines,
    address_of,
)
from shared.pipeline import ChineseScript
from shared.spoken.chinese import in_script

TranslatorJob = TranslateLines | RewriteLines | ProposeBrief
TranslatorResult = LinesTranslated | LinesRewritten | BriefProposed


def translate_lines(engines: KeptEngines[Translator]) -> Callable[[TranslatorJob, JobContext], TranslatorResult]:
    """The stage's handler: a shard of lines in, the same lines translated out, or other texts for them.

    Before the first of them, a whole video may come in, and a summary goes out.

    Each job is done by the engine that its task keeps.
    """

    def handle(job: TranslatorJob, context: JobContext) -> TranslatorResult:
        match job:
            case TranslateLines():
                engine = engines.of(job.kept, _has(job)) if needs_engine(job) else engines.of(None)
                translated = ShardTranslation(engine).run(job, context)
                chosen = (engine.info.choice(),) if translated.engines else ()
                lines = tuple(_in_script(line, job) for line in translated.lines)
                return LinesTranslated(**address_of(job), lines=lines, engines=translated.engines, chosen=chosen)
            case ProposeBrief():
                made, used = propose_brief(engines.of(job.kept, _has(job)), job, context)
                return BriefProposed(**address_of(job), summary=made.summary, terms=made.terms, engines=used)
            case RewriteLines():
                rewritten = ShardRewriting(engines.of(job.kept, _has(job))).run(job, context)
                found = rewritten.lines
                if job.language == "zh":
                    found = tuple(_rewritten_in_script(line, job.chinese) for line in found)
                return LinesRewritten(**address_of(job), lines=found, engines=rewritten.engines)

    return handle


def _rewritten_in_script(line: RewrittenLine, script: ChineseScript) -> RewrittenLine:
    return line.model_copy(update={"candidates": tuple(in_script(text, script) for text in line.candidates)})


def _in_script(line: TranslatedLine, job: TranslateLines) -> TranslatedLine:
    """Convert an engine's Chinese to the script the task asks for; text that a person provided stays."""
    if job.language != "zh" or line.provided or line.text is None:
        return line
    others = tuple(in_script(text, job.chinese) for text in line.alternatives)
    return line.model_copy(update={"text": in_script(line.text, job.chinese), "alternatives": others})


def _has(job: TranslatorJob) -> Callable[[Translator], bool]:
    """Whether an engine has the pair of `job`."""
    pair = (job.source_language, job.language)
    return lambda engine: not engine.info.pairs or pair in engine.info.pairs
