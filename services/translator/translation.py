"""Translate a shard of lines: what a person settled stays, the engine does the rest, one bad line spoils no other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.translator.condense import condense
from services.translator.engines.base import Line, Passage, Translator
from services.translator.names import find_names
from services.translator.protection import Piece, Terms, clean, cut, mask, piecewise, unmask
from services.translator.typography import finish
from shared.messaging import EngineUsed, JobContext, SourceLine, TranslatedLine, TranslateLines
from shared.observability import logger
from shared.pipeline import ErrorCode, PermanentError, PipelineError, TransientError

CONTEXT_LINES = 3
log = logger(__name__)


@dataclass(frozen=True)
class Outcome:
    """Every line of a shard, in the shard's order, and the engine if it was needed."""

    lines: tuple[TranslatedLine, ...]
    engines: tuple[EngineUsed, ...] = ()


class ShardTranslation:
    """The use case of the translation stage."""

    def __init__(self, engine: Translator) -> None:
        self._engine = engine

    def run(self, job: TranslateLines, context: JobContext) -> Outcome:
        """Translate the lines of `job`.

        Raises:
            PermanentError: `language_unsupported` when the pair is impossible and a person brought nothing.
            TransientError: `engine_failed` when the engine fails on every one of several lines.
        """
        done = {index: line for index, source in enumerate(job.lines) if (line := settled(source, job)) is not None}
        todo = [index for index in range(len(job.lines)) if index not in done]
        if todo and (refusal := self._refusal(job)):
            if not any(line.provided for line in done.values()):
                raise refusal
            done |= {index: _unable(job.lines[index], refusal) for index in todo}
            todo = []
        if todo:
            done |= EngineRun(self._engine, job, context).translate(todo)
        context.progress(1.0, f"{len(job.lines)} lines")
        lines = tuple(done[index] for index in range(len(job.lines)))
        return Outcome(lines, (self._engine.info.used(),) if todo else ())

    def _refusal(self, job: TranslateLines) -> PermanentError | None:
        info = self._engine.info
        pair = (job.source_language, job.language)
        if not info.pairs or pair in info.pairs:
            return None
        return PermanentError(
            ErrorCode.LANGUAGE_UNSUPPORTED, f"{info.name} does not translate {pair[0]} → {pair[1]} here; {info.hint}"
        )


def settled(line: SourceLine, job: TranslateLines) -> TranslatedLine | None:
    """The result of a line that needs no engine: a person's own, the same language, or nothing to translate."""
    if line.provided is not None:
        return TranslatedLine(segment_id=line.segment_id, text=line.provided, provided=True)
    text = clean(line.text)
    if job.source_language == job.language or not any(character.isalpha() for character in text):
        return TranslatedLine(segment_id=line.segment_id, text=text)
    return None


def choose(candidates: Sequence[str], condensed: Sequence[str], max_chars: int) -> str:
    """The first candidate within the length budget, else one condensed to it, else the shortest candidate."""
    within = (text for text in (*candidates, *condensed) if len(text) <= max_chars)
    return next(within, min(candidates, key=len))


class EngineRun:
    """Lines of one shard on their way through the engine."""

    def __init__(self, engine: Translator, job: TranslateLines, context: JobContext) -> None:
        self._engine, self._job, self._context = engine, job, context
        self._texts = [clean(line.text) for line in job.lines]
        self._terms = Terms(job.source_language, job.glossary, self._names())

    def translate(self, todo: Sequence[int]) -> dict[int, TranslatedLine]:
        """The lines numbered `todo`, in batches of the size the engine likes."""
        done: dict[int, TranslatedLine] = {}
        size = max(1, self._engine.traits.batch_lines)
        for start in range(0, len(todo), size):
            self._context.cancel.check()
            done |= self._batch(todo[start : start + size])
            self._context.progress(len(done) / len(todo), f"line {len(done)} of {len(todo)}")
        failures = [line for line in done.values() if line.error_code is ErrorCode.ENGINE_FAILED]
        if len(failures) == len(done) > 1:
            raise TransientError(
                ErrorCode.ENGINE_FAILED, f"no line could be translated; the first error: {failures[0].error_message}"
            )
        return done

    def _batch(self, indices: Sequence[int]) -> dict[int, TranslatedLine]:
        """A batch at once or, when the engine fails, line by line."""
        try:
            found = self.candidates(indices)
        except (PermanentError, TransientError) as error:
            if len(indices) > 1:
                log.warning("batch_failed", lines=len(indices), code=error.code, error=error.message)
                return {index: line for one in indices for index, line in self._batch([one]).items()}
            line = self._job.lines[indices[0]]
            log.warning("line_failed", segment=line.segment_id, code=error.code, error=error.message)
            return {indices[0]: _unable(line, error)}
        return {index: self._line(index, texts) for index, texts in found.items()}

    def _line(self, index: int, candidates: Sequence[str]) -> TranslatedLine:
        """The candidate within the budget; the others, and what can be condensed of the best, are its alternatives."""
        line = self._job.lines[index]
        condensed = condense(candidates[0], self._job.language, self.kept(index))
        text = choose(candidates, condensed, line.max_chars)
        others = dict.fromkeys(other for other in (*candidates, *condensed) if other != text)
        return TranslatedLine(segment_id=line.segment_id, text=text, alternatives=tuple(others))

    def kept(self, index: int) -> tuple[str, ...]:
        """What must stand in every text of the line: names, glossary targets."""
        return tuple(piece.fixed for piece in cut(self._texts[index], self._terms) if piece.fixed)

    def candidates(self, indices: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """Every text the engine has for the lines numbered `indices`, best first, with nothing lost that is fixed.

        Raises: PermanentError or TransientError, `engine_failed`.
        """
        pieces = {index: cut(self._texts[index], self._terms) for index in indices}
        masked = {index: mask(pieces[index], self._engine.traits.stand_ins) for index in indices}
        answers = self._ask({index: line.text for index, line in masked.items() if line is not None})
        texts: dict[int, tuple[str, ...]] = {}
        for index in indices:
            line = masked[index]
            found = (unmask(text, line) for text in answers.get(index, ())) if line is not None else ()
            kept = _unchanged(pieces[index])
            candidates = [self._finish(text, self._texts[index], kept) for text in found if text]
            texts[index] = tuple(dict.fromkeys(candidates)) or (self._piecewise(index),)
        return texts

    def _piecewise(self, index: int) -> str:
        """Translate around the fixed terms and numbers, which the engine did not carry through."""
        text = self._texts[index]
        pieces: list[Piece] = cut(text, self._terms, numbers=True)
        log.debug("line_in_pieces", segment=self._job.lines[index].segment_id, pieces=len(pieces))
        joined = piecewise(pieces, lambda part: self._finish(self._ask({index: part})[index][0], part, ()))
        return self._finish(joined, text, _unchanged(pieces))

    def _ask(self, texts: dict[int, str]) -> dict[int, tuple[str, ...]]:
        """Ask the engine for `texts` of lines and check that it answers each of them once.

        Raises: PermanentError or TransientError, `engine_failed`.
        """
        if not texts:
            return {}
        first, last = min(texts), max(texts)
        passage = Passage(
            source=self._job.source_language,
            target=self._job.language,
            lines=tuple(Line(index, text, self._job.lines[index].max_chars) for index, text in texts.items()),
            before=(*self._job.context_before, *self._texts[:first])[-CONTEXT_LINES:],
            after=(*self._texts[last + 1 :], *self._job.context_after)[:CONTEXT_LINES],
        )
        answers = self._engine.translate(passage, self._context.cancel)
        found = {answer.index: answer.candidates for answer in answers}
        if len(answers) != len(texts) or found.keys() != texts.keys() or not all(found.values()):
            raise PermanentError(
                ErrorCode.ENGINE_FAILED, f"the engine answered {len(answers)} of {len(texts)} lines asked for"
            )
        return found

    def _names(self) -> frozenset[str]:
        job = self._job
        found = find_names((*job.context_before, *self._texts, *job.context_after), job.source_language)
        if not found.likely:
            return found.certain
        return found.certain | self._engine.names(found.likely, job.source_language, job.language, self._context.cancel)

    def _finish(self, text: str, source_text: str, kept: Iterable[str]) -> str:
        return finish(text, source_text, self._job.language, tuple(kept))


def _unchanged(pieces: Iterable[Piece]) -> list[str]:
    return [piece.fixed for piece in pieces if piece.fixed and piece.keeps_case]


def _unable(line: SourceLine, error: PipelineError) -> TranslatedLine:
    return TranslatedLine(segment_id=line.segment_id, text=None, error_code=error.code, error_message=error.message)
