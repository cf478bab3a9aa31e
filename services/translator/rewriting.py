"""Find other texts for lines: from the engine, for another length or a person's wish, or by condensing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from services.translator.condense import condense
from services.translator.engines.base import Translator, Wished
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
from shared.pipeline import ErrorCode, PermanentError, TransientError

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
        """Look for texts that were not tried yet, each nearer to the wanted length, or to the wish, than the line's.

        Raises: PermanentError, if somebody waits for a wish and the engine fails.
        """
        wished = {index: Wished(line.text, line.wish, line.tried) for index, line in enumerate(job.lines) if line.wish}
        engine_run = EngineRun(self._engine, _as_translation(job), context, wished)
        size = max(1, self._engine.traits.batch_lines)
        lines: list[RewrittenLine] = []
        for start in range(0, len(job.lines), size):
            context.cancel.check()
            numbers = range(start, min(start + size, len(job.lines)))
            whole = [number for number in numbers if number in wished or not job.lines[number].is_part]
            offered = self._wished(engine_run, whole) if wished else self._ask(engine_run, whole)
            offered = {number: offered.get(number, ()) for number in numbers}
            for index, texts in offered.items():
                lines.append(_rewritten(job.lines[index], texts, job.language, engine_run.kept(index)))
            context.progress(len(lines) / len(job.lines), f"line {len(lines)} of {len(job.lines)}")
        return Rewritten(tuple(lines), (engine_run.used(),) if self._engine.info.rewrites else ())

    def _wished(self, engine_run: EngineRun, indices: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """What the engine offers; nothing is postponed, since a person can ask again."""
        if not self._engine.info.rewrites:
            return {}
        try:
            found = engine_run.candidates(indices)
        except TransientError as error:
            raise PermanentError(error.code, error.message) from error
        for texts in found.values():
            if not isinstance(texts, tuple):
                raise PermanentError(texts.code, texts.message)
        return {index: texts for index, texts in found.items() if isinstance(texts, tuple)}

    def _ask(self, engine_run: EngineRun, indices: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """What the engine offers for lines, by their order; nothing for a line on which it fails, which keeps its
        text."""
        if not self._engine.info.rewrites or not indices:
            return dict.fromkeys(indices, ())
        try:
            found = engine_run.candidates(indices)
        except (PermanentError, TransientError) as error:
            log.warning("lines_not_rewritten", lines=len(indices), code=error.code, error=error.message)
            if len(indices) == 1 or error.code is ErrorCode.ENGINE_UNAVAILABLE:
                return dict.fromkeys(indices, ())
            return {index: texts for one in indices for index, texts in self._ask(engine_run, [one]).items()}
        return {index: texts if isinstance(texts := found[index], tuple) else () for index in indices}


def _rewritten(line: LineToRewrite, offered: Sequence[str], language: str, kept: Sequence[str]) -> RewrittenLine:
    texts = (*offered, line.text)
    found = [*texts, *(shorter for text in texts for shorter in condense(text, language, kept))]
    candidates = tuple((as_wished if line.wish else nearer)(found, line))[:MOST_CANDIDATES]
    return RewrittenLine(segment_id=line.segment_id, revision=line.revision, candidates=candidates)


def nearer(found: Iterable[str], line: LineToRewrite) -> Iterator[str]:
    """Those of `found` that were not tried and are nearer to the wanted length than the line's text, in the given
    order."""
    seen = {*line.tried, line.text}
    for text in found:
        if text not in seen and _off(text, line) < _off(line.text, line):
            seen.add(text)
            yield text


def as_wished(found: Iterable[str], line: LineToRewrite) -> Iterator[str]:
    """Those of `found` that are new and as the person wants, in the given order."""
    seen, size = {*line.tried, line.text}, len(line.text)
    for text in found:
        fits = len(text) < size if line.wish == "shorter" else len(text) > size if line.wish == "longer" else True
        if text and fits and text not in seen:
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
    return TranslateLines(
        **fields, source_language=job.source_language, lines=lines, glossary=job.glossary, brief=job.brief
    )
