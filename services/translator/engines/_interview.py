"""From questions to checked translations: unusable answers of a chat model are requested once more, line by line."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from services.translator.engines._chat import Answer, Chat
from services.translator.engines._plausible import fault
from services.translator.engines._questions import CANDIDATES, SCHEMA, Question, cut_questions, read_candidates
from services.translator.engines._whole import ABOUT, about, read_proposal
from services.translator.engines.base import Line, Meter, Proposal, Translation, Whole
from shared.messaging import EngineUsage, forbidden_in
from shared.observability import logger
from shared.pipeline import ErrorCode, PermanentError, language

T = TypeVar("T")

LINES_EACH = 12
"""Lines of one request: enough to be understood together, few enough that small models keep count."""

_Found = tuple[str, ...] | str
"""The usable candidates of a line, or what is wrong with its answer."""

log = logger(__name__)


@dataclass(frozen=True)
class Interview:
    """One passage's questions to a model; prices are US dollars for a million tokens.

    `line_s` is how long the answer to a repeated request for a line may take.
    """

    chat: Chat
    meter: Meter
    price_in: float = 0.0
    price_out: float = 0.0
    line_s: float = 60.0

    async def translate(self, question: Question) -> list[Translation]:
        """Translate in requests of a few lines each, as many at a time as the chat allows. Raises: see `Chat.ask`."""
        parts = await _together(self._part(part) for part in cut_questions(question, LINES_EACH))
        return [translation for part in parts for translation in part]

    async def propose(self, whole: Whole, within_s: float) -> Proposal:
        """What the model proposes for a whole video; nothing if its answer is unusable. Raises: see `Chat.ask`."""
        answer = await self.chat.ask(about(whole), ABOUT, within_s)
        self._count(answer, len(whole.lines))
        if answer.refusal:
            log.warning("brief_refused", reason=answer.refusal)
            return Proposal()
        try:
            return read_proposal(answer.text, whole)
        except ValueError as error:
            log.warning("brief_unreadable", error=str(error))
            return Proposal()

    async def _part(self, question: Question) -> list[Translation]:
        found = await self._ask(question)
        bad = [line for line, answer in found.items() if isinstance(answer, str)]
        if bad:
            log.warning("lines_asked_again", lines=len(bad), of=len(found), reason=found[bad[0]])
            singles = {single.lines[0]: single for single in cut_questions(question, 1)}
            again = await _together(self._alone(replace(singles[line], complaint=str(found[line]))) for line in bad)
            for answers in again:
                found |= answers
        return [_translation(line, answer) for line, answer in found.items()]

    async def _alone(self, question: Question) -> dict[Line, _Found]:
        """Request a single line: one on which the model gets stuck fails, and does not hold up others for long."""
        return await self._ask(question, self.line_s)

    async def _ask(self, question: Question, within_s: float | None = None) -> dict[Line, _Found]:
        try:
            answer = await self.chat.ask(question.messages(), SCHEMA, within_s)
        except PermanentError as error:
            if error.code is ErrorCode.ENGINE_UNAVAILABLE:
                raise
            return dict.fromkeys(question.lines, error.message)
        self._count(answer, len(question.lines))
        if answer.refusal:
            return dict.fromkeys(question.lines, f"the model refused: {answer.refusal}")
        try:
            texts = read_candidates(answer.text, [line.index for line in question.lines])
        except ValueError as error:
            return dict.fromkeys(question.lines, f"the answer was not the JSON asked for: {error}")
        return {line: usable(texts.get(line.index), line, question) for line in question.lines}

    def _count(self, answer: Answer, lines: int) -> None:
        cost = (answer.tokens_in * self.price_in + answer.tokens_out * self.price_out) / 1e6
        usage = EngineUsage(tokens_in=answer.tokens_in, tokens_out=answer.tokens_out, cost_usd=cost)
        self.meter.add(usage)
        log.info("chat_answered", lines=lines, **usage.model_dump(exclude={"requests"}))


def usable(texts: Sequence[str] | None, line: Line, question: Question) -> _Found:
    """Those of `texts` without a detectable fault, or the first fault."""
    if texts is None:
        return "the line was not answered, or twice"
    faults = {text.strip(): fault(text, line.text, question.target) or _against(text, question) for text in texts}
    if good := tuple(text for text, wrong in faults.items() if wrong is None):
        return good[:CANDIDATES]
    return next((wrong for wrong in faults.values() if wrong), "no candidate")


def _against(text: str, question: Question) -> str | None:
    """What `text` contains that the brief forbids."""
    forbidden = question.brief.forbidden if question.brief else ()
    word = forbidden_in(text, forbidden, spaces=language(question.target).spaces)
    return f"it has the forbidden word '{word}'" if word else None


def _translation(line: Line, answer: _Found) -> Translation:
    if isinstance(answer, tuple):
        return Translation(line.index, answer)
    error = PermanentError(ErrorCode.ENGINE_FAILED, f"the model gave no translation: {answer}")
    return Translation(line.index, error=error)


async def _together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All results in order; the first failure stops the others and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
