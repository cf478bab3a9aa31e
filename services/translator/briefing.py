"""Look at a whole video before its first line is translated: what it is about, and which terms to write
consistently."""

from services.translator.engines.base import Meter, Proposal, Translator, Whole
from shared.messaging import EngineUsed, JobContext, ProposeBrief
from shared.observability import logger
from shared.pipeline import Canceled, PipelineError
from shared.spoken.chinese import in_script

log = logger(__name__)


def propose_brief(
    engine: Translator, job: ProposeBrief, context: JobContext
) -> tuple[Proposal, tuple[EngineUsed, ...]]:
    """What `engine` proposes, and what was spent on it; nothing if it cannot or fails, since no line waits for that."""
    if engine.traits.propose is None:
        return Proposal(), ()
    context.progress(0.0, "looking at the whole video")
    meter = Meter()
    whole = Whole(job.source_language, job.language, job.lines, job.summary, job.known, meter)
    try:
        found = engine.traits.propose(whole, context.cancel)
    except Canceled:
        raise
    except PipelineError as error:
        log.warning("brief_failed", code=error.code, error=error.message)
        found = Proposal()
    if job.language == "zh":
        terms = (one.model_copy(update={"target": in_script(one.target or "", job.chinese)}) for one in found.terms)
        found = Proposal(found.summary, tuple(terms))
    return found, (engine.info.used(meter.usage),) if meter.usage else ()
