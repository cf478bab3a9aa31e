"""Find other texts for lines whose takes do not fit: what the engine offers for another length, what is condensed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.translator.condense import condense
from services.translator.engines.base import Translator
from services.translator.translation import EngineRun
from shared.messaging import (
    EngineUsed,
    JobContext,
    LineToRewrite,
    RewriteLines,
    RewrittenLine,
    SourceLine,
    TranslateLines,
)
from shared.observability import logger
from shared.pipeline import PermanentError, TransientError

MOST_CANDIDATES = 6
log = logger(__name__)


@dataclass(frozen=True)
class Rewritten:
    """Every line of the job, in its order, and the engine if it was asked."""

    lines: tuple[RewrittenLine, ...]
    engines: tuple[EngineUsed, ...] = ()


class ShardRewriting:
    """The second use case of the stage. Best effort: a line for which nothing is found has no candidates."""

    def __init__(self, engine: Translator) -> None:
        self._engine = engine

    def run(self, job: RewriteLines, context: JobContext) -> Rewritten:
        """Look for texts that are not those tried, each nearer to the wanted length than the line's text."""
        engine_run = EngineRun(self._engine, _as_translation(job), context)
        lines = []
        for index, line in enumerate(job.lines):
            context.cancel.check()
            texts = (*self._ask(engine_run, index), line.text)
            kept = engine_run.kept(index)
            found = [*texts, *(shorter for text in texts for shorter in condense(text, job.language, kept))]
            candidates = tuple(nearer(found, line))[:MOST_CANDIDATES]
            lines.append(RewrittenLine(segment_id=line.segment_id, revision=line.revision, candidates=candidates))
            context.progress((index + 1) / len(job.lines), f"line {index + 1} of {len(job.lines)}")
        return Rewritten(tuple(lines), (self._engine.info.used(),) if self._engine.info.rewrites else ())

    def _ask(self, engine_run: EngineRun, index: int) -> tuple[str, ...]:
        if not self._engine.info.rewrites:
            return ()
        try:
            return engine_run.candidates([index])[index]
        except (PermanentError, TransientError) as error:  # the line keeps the text it has
            log.warning("line_not_rewritten", code=error.code, error=error.message)
            return ()


def nearer(found: Iterable[str], line: LineToRewrite) -> Iterator[str]:
    """Of `found`, what was not tried and is nearer to the wanted length than the line's text, in the order given."""
    seen = {*line.tried, line.text}
    for text in found:
        if text not in seen and _off(text, line) < _off(line.text, line):
            seen.add(text)
            yield text


def _off(text: str, line: LineToRewrite) -> int:
    """Characters by which `text` is too long or too short."""
    return max(len(text) - line.max_chars, line.min_chars - len(text), 0)


def _as_translation(job: RewriteLines) -> TranslateLines:
    """The lines to be translated once more, each with its length."""
    fields = job.model_dump(include={"task_id", "language", "shard", "attempt", "lane", "epoch"})
    lines = tuple(
        SourceLine(
            segment_id=line.segment_id,
            text=line.source_text,
            speaker_id="",
            slot_s=line.room_s,
            max_chars=line.max_chars,
        )
        for line in job.lines
    )
    return TranslateLines(**fields, source_language=job.source_language, lines=lines, glossary=job.glossary)
