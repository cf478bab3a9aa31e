"""Translate a shard of lines: what a person settled stays, the engine does the rest, one bad line does not affect
others.

The engine gets sentences, not lines; the translation of a sentence is divided among its lines by their times.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.translator.condense import condense
from services.translator.engines.base import Line, Meter, Passage, Translator, Wished
from services.translator.figures import written
from services.translator.names import find_names
from services.translator.protection import (
    Piece,
    Terms,
    clean,
    cut,
    fixed_terms,
    holds_terms,
    mask,
    piecewise,
    unmask,
)
from services.translator.typography import finish
from shared.messaging import EngineUsed, JobContext, SourceLine, TranslatedLine, TranslateLines, forbidden_in
from shared.observability import logger
from shared.pipeline import ErrorCode, PermanentError, PipelineError, TransientError, language
from shared.transcript import lay_over

CONTEXT_LINES = 3
_SLOWLY = 1.3
"""As a multiple of ordinary speech: nobody speaks during the rest of a line that is shown for longer."""
log = logger(__name__)


@dataclass(frozen=True)
class Outcome:
    """Every line of a shard, in order, and the engine if it was needed."""

    lines: tuple[TranslatedLine, ...]
    engines: tuple[EngineUsed, ...] = ()


class ShardTranslation:
    """The use case of the translation stage."""

    def __init__(self, engine: Translator) -> None:
        self._engine = engine

    def run(self, job: TranslateLines, context: JobContext) -> Outcome:
        """Translate the lines of `job`.

        Raises:
            PermanentError: `language_unsupported` when the pair is impossible and a person provided nothing.
            TransientError: `engine_failed` when the engine fails on every one of several lines.
            PermanentError, TransientError: `engine_unavailable` when it cannot be used at all.
        """
        asked = [index for index, line in enumerate(job.lines) if line.asked]
        done = {index: line for index in asked if (line := settled(job.lines[index], job)) is not None}
        todo = [index for index in asked if index not in done]
        if todo and (refusal := self._refusal(job)):
            if not any(line.provided for line in done.values()):
                raise refusal
            done |= {index: _unable(job.lines[index], refusal) for index in todo}
            todo = []
        engines: tuple[EngineUsed, ...] = ()
        if todo:
            sentences = Sentences(self._engine, job, context)
            done |= sentences.translate(todo)
            engines = (sentences.used(),)
        context.progress(1.0, f"{len(asked)} lines")
        return Outcome(tuple(done[index] for index in asked), engines)

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


def needs_engine(job: TranslateLines) -> bool:
    """Whether anything in `job` is not settled already."""
    return any(line.asked and settled(line, job) is None for line in job.lines)


class Sentences:
    """The sentences of a shard on their way through the engine and back to their lines."""

    def __init__(self, engine: Translator, job: TranslateLines, context: JobContext) -> None:
        self._engine, self._job, self._context = engine, job, context
        self._groups = sentence_runs(job.lines)
        whole = tuple(_whole([job.lines[index] for index in group], job.source_language) for group in self._groups)
        self._run = EngineRun(engine, job.model_copy(update={"lines": whole}), context)

    def used(self) -> EngineUsed:
        """The engine, and what was spent on it."""
        return self._run.used()

    def translate(self, todo: Sequence[int]) -> dict[int, TranslatedLine]:
        """The lines numbered `todo`. A line whose sentence has fewer words than lines is translated by itself."""
        wanted = set(todo)
        numbers = [number for number, group in enumerate(self._groups) if wanted.intersection(group)]
        done: dict[int, TranslatedLine] = {}
        single: list[int] = []
        for number, whole in self._run.translate(numbers).items():
            parts = self._laid_back(number, whole)
            own = wanted.intersection(self._groups[number])
            done |= {index: parts[index] for index in own if index in parts}
            single += [index for index in own if index not in parts]
        if single:
            done |= EngineRun(self._engine, self._job, self._context).translate(sorted(single))
        return done

    def _laid_back(self, number: int, whole: TranslatedLine) -> dict[int, TranslatedLine]:
        """The lines of a sentence, by their numbers in the shard; none if there are too few words for them."""
        group = self._groups[number]
        if len(group) == 1:
            return {group[0]: whole}
        lines = [self._job.lines[index] for index in group]
        if whole.text is None:
            return {
                index: whole.model_copy(update={"segment_id": line.segment_id})
                for index, line in zip(group, lines, strict=True)
            }
        spoken = language(self._job.language)
        shares = [_said_s(line, self._job.source_language) for line in lines]
        parts = lay_over(whole.text, shares, spoken.code, spaces=spoken.spaces) or []
        kept = self._run.kept(number)
        return {
            index: self._part(line, text, kept)
            for index, line, text in zip(group, lines, parts, strict=False)  # no parts at all with too few words
        }

    def _part(self, line: SourceLine, text: str, kept: tuple[str, ...]) -> TranslatedLine:
        """A part of a sentence; the sentence's other candidates are no alternatives, since they would not fit the
        neighbouring lines."""
        condensed = condense(text, self._job.language, kept)
        chosen = choose((text,), condensed, line.max_chars)
        others = tuple(other for other in dict.fromkeys((text, *condensed)) if other != chosen)
        return TranslatedLine(segment_id=line.segment_id, text=chosen, alternatives=others)


def sentence_runs(lines: Sequence[SourceLine]) -> list[tuple[int, ...]]:
    """The numbers of the lines of each sentence."""
    runs: list[tuple[int, ...]] = []
    start = 0
    for index, line in enumerate(lines):
        if not line.goes_on or index == len(lines) - 1:
            runs.append(tuple(range(start, index + 1)))
            start = index + 1
    return runs


def _whole(lines: Sequence[SourceLine], source: str) -> SourceLine:
    """The lines of a sentence as one."""
    if len(lines) == 1:
        return lines[0]
    space = " " if language(source).spaces else ""
    return lines[0].model_copy(
        update={
            "text": space.join(clean(line.text) for line in lines),
            "slot_s": sum(line.slot_s for line in lines),
            "max_chars": sum(line.max_chars for line in lines) + len(lines) - 1,
            "provided": None,
        }
    )


def _said_s(line: SourceLine, source: str) -> float:
    """The longest time in which a line's words are said: a caption may be shown for longer."""
    shown_s = line.span_s or line.slot_s
    return min(shown_s, _SLOWLY * len(clean(line.text)) / language(source).spoken_chars_per_s)


def choose(candidates: Sequence[str], condensed: Sequence[str], max_chars: int) -> str:
    """The first candidate within the length budget, else one condensed to it, else the shortest candidate."""
    within = (text for text in (*candidates, *condensed) if len(text) <= max_chars)
    return next(within, min(candidates, key=len))


class EngineRun:
    """Lines of one shard on their way through the engine."""

    def __init__(
        self,
        engine: Translator,
        job: TranslateLines,
        context: JobContext,
        wished: Mapping[int, Wished] | None = None,
    ) -> None:
        self._engine, self._job, self._context = engine, job, context
        self._wished = wished or {}
        self._texts = [clean(line.text) for line in job.lines]
        self._terms = Terms(job.source_language, job.glossary, self._names())
        self._meter = Meter()

    def used(self) -> EngineUsed:
        """The engine, and what this run has spent on it so far."""
        return self._engine.info.used(self._meter.usage)

    def translate(self, todo: Sequence[int]) -> dict[int, TranslatedLine]:
        """The lines numbered `todo`, in batches of the engine's preferred size."""
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
        """Translate a batch at once or, if the engine fails, line by line."""
        try:
            found = self.candidates(indices)
        except (PermanentError, TransientError) as error:
            if error.code is ErrorCode.ENGINE_UNAVAILABLE:
                raise
            if len(indices) > 1:
                log.warning("batch_failed", lines=len(indices), code=error.code, error=error.message)
                return {index: line for one in indices for index, line in self._batch([one]).items()}
            return {indices[0]: self._failed(indices[0], error)}
        return {
            index: self._failed(index, texts) if isinstance(texts, PipelineError) else self._line(index, texts)
            for index, texts in found.items()
        }

    def _failed(self, index: int, error: PipelineError) -> TranslatedLine:
        line = self._job.lines[index]
        log.warning("line_failed", segment=line.segment_id, code=error.code, error=error.message)
        return _unable(line, error)

    def _line(self, index: int, candidates: Sequence[str]) -> TranslatedLine:
        """The candidate within the budget; the others, and condensed forms of the best, are its alternatives."""
        line = self._job.lines[index]
        candidates = self._allowed(candidates)
        condensed = condense(candidates[0], self._job.language, self.kept(index))
        text = choose(candidates, condensed, line.max_chars)
        others = dict.fromkeys(other for other in (*candidates, *condensed) if other != text)
        return TranslatedLine(segment_id=line.segment_id, text=text, alternatives=tuple(others))

    def _allowed(self, candidates: Sequence[str]) -> Sequence[str]:
        """Those without a word that the brief forbids; all of them if each has one, which the review list reports."""
        forbidden, spaces = self._job.brief.forbidden if self._job.brief else (), language(self._job.language).spaces
        return [text for text in candidates if not forbidden_in(text, forbidden, spaces=spaces)] or candidates

    def kept(self, index: int) -> tuple[str, ...]:
        """What must be in every text of the line: names, glossary targets."""
        return tuple(piece.fixed for piece in cut(self._texts[index], self._terms) if piece.fixed)

    def candidates(self, indices: Sequence[int]) -> dict[int, tuple[str, ...] | PipelineError]:
        """Every text the engine has for the lines numbered `indices`, best first, with all fixed pieces intact.

        Raises: PermanentError or TransientError, `engine_failed` or `engine_unavailable`.
        """
        found = self._with_glossary(indices) if self._engine.traits.uses_glossary else {}
        rest = [index for index in indices if index not in found]
        return {**found, **self._with_stand_ins(rest)}

    def _with_glossary(self, indices: Sequence[int]) -> dict[int, tuple[str, ...] | PipelineError]:
        """Request the lines as they are; a line is missing if no candidate has all its terms."""
        answers = self._ask({index: self._texts[index] for index in indices})
        found: dict[int, tuple[str, ...] | PipelineError] = {}
        for index, answer in answers.items():
            if isinstance(answer, PipelineError):
                found[index] = answer
                continue
            pieces = cut(self._texts[index], self._terms)
            texts = self._finished(answer, index, pieces)
            if kept := tuple(text for text in texts if holds_terms(text, pieces)):
                found[index] = kept
        return found

    def _with_stand_ins(self, indices: Sequence[int]) -> dict[int, tuple[str, ...] | PipelineError]:
        """Request the lines with stand-ins for fixed pieces, or the text around them if that does not work."""
        pieces = {index: cut(self._texts[index], self._terms) for index in indices}
        masked = {index: mask(pieces[index], self._engine.traits.stand_ins) for index in indices}
        answers = self._ask({index: line.text for index, line in masked.items() if line is not None})
        found: dict[int, tuple[str, ...] | PipelineError] = {}
        for index in indices:
            line, answer = masked[index], answers.get(index, ())
            if isinstance(answer, PipelineError):
                found[index] = answer
                continue
            texts = [unmask(text, line) for text in answer] if line is not None else []
            found[index] = self._finished(filter(None, texts), index, pieces[index]) or (self._piecewise(index),)
        return found

    def _finished(self, texts: Iterable[str], index: int, pieces: Sequence[Piece]) -> tuple[str, ...]:
        """Typeset, without duplicates."""
        kept = _unchanged(pieces)
        return tuple(dict.fromkeys(self._finish(text, self._texts[index], kept) for text in texts))

    def _piecewise(self, index: int) -> str:
        """Translate around the fixed terms and numbers, which the engine did not carry through."""
        text = self._texts[index]
        pieces: list[Piece] = cut(text, self._terms, numbers=True)
        log.debug("line_in_pieces", segment=self._job.lines[index].segment_id, pieces=len(pieces))
        joined = piecewise(pieces, lambda part: self._part(index, part))
        return self._finish(joined, text, _unchanged(pieces))

    def _part(self, index: int, part: str) -> str:
        answer = self._ask({index: part})[index]
        if isinstance(answer, PipelineError):
            raise answer
        return self._finish(answer[0], part, ())

    def _ask(self, texts: dict[int, str]) -> dict[int, tuple[str, ...] | PipelineError]:
        """Have the engine translate `texts` of lines and check that it answers each of them once.

        Raises: PermanentError or TransientError, `engine_failed` or `engine_unavailable`.
        """
        if not texts:
            return {}
        first, last = min(texts), max(texts)
        passage = Passage(
            source=self._job.source_language,
            target=self._job.language,
            lines=tuple(
                Line(index, text, self._job.lines[index].max_chars, self._wished.get(index))
                for index, text in texts.items()
            ),
            before=(*self._job.context_before, *self._texts[:first])[-CONTEXT_LINES:],
            after=(*self._texts[last + 1 :], *self._job.context_after)[:CONTEXT_LINES],
            glossary=tuple(dict.fromkeys(term for text in texts.values() for term in fixed_terms(text, self._terms))),
            brief=self._job.brief,
            meter=self._meter,
        )
        answers = self._engine.translate(passage, self._context.cancel)
        found = {answer.index: answer.candidates or answer.error for answer in answers}
        answered = {index: answer for index, answer in found.items() if answer}
        if len(answers) != len(texts) or answered.keys() != texts.keys():
            raise PermanentError(
                ErrorCode.ENGINE_FAILED, f"the engine answered {len(answers)} of {len(texts)} lines asked for"
            )
        return answered

    def _names(self) -> frozenset[str]:
        job = self._job
        if self._engine.traits.knows_names:
            return frozenset()
        found = find_names((*job.context_before, *self._texts, *job.context_after), job.source_language)
        if not found.likely:
            return found.certain
        return found.certain | self._engine.names(found.likely, job.source_language, job.language, self._context.cancel)

    def _finish(self, text: str, source_text: str, kept: Iterable[str]) -> str:
        text = finish(text, source_text, self._job.language, tuple(kept))
        return written(text, source_text, self._job.source_language, self._job.language)


def _unchanged(pieces: Iterable[Piece]) -> list[str]:
    return [piece.fixed for piece in pieces if piece.fixed and piece.keeps_case]


def _unable(line: SourceLine, error: PipelineError) -> TranslatedLine:
    return TranslatedLine(segment_id=line.segment_id, text=None, error_code=error.code, error_message=error.message)
