"""Have an engine speak lines so that one line cannot affect the others."""

from collections.abc import Iterator, Sequence

from services.cloner.audio import as_take
from services.cloner.engines import Audio, Fault, Sound, Speech, Synthesizer
from shared.observability import logger
from shared.pipeline import Canceled, CancelToken, ErrorCode, PermanentError, PipelineError

log = logger(__name__)

SILENT = Fault("the voice engine said nothing audible for this text")


def speak(engine: Synthesizer, speeches: Sequence[Speech], cancel: CancelToken) -> Iterator[tuple[int, Audio | Fault]]:
    """Synthesize in batches; yield a take (48 kHz, trimmed, level) or a fault for every index, in any order.

    Lines that an engine did not answer because something in the batch made it fail are requested once more, alone.

    Raises:
        Canceled: `cancel` was set.
        PermanentError: `engine_unavailable`, when the engine is no longer available.
    """
    size = engine.abilities.max_batch
    for first in range(0, len(speeches), size):
        cancel.check()
        part = speeches[first : first + size]
        open_ = set(range(len(part)))
        for index, outcome in _guarded(engine, part, cancel):
            open_.discard(index)
            yield first + index, _finish(outcome)
        for index in sorted(open_):
            cancel.check()
            yield first + index, _alone(engine, part[index], cancel)


def _finish(outcome: Sound | Fault) -> Audio | Fault:
    if isinstance(outcome, Fault):
        return outcome
    take = as_take(outcome)
    return SILENT if take is None else take


def _guarded(engine: Synthesizer, part: Sequence[Speech], cancel: CancelToken) -> Iterator[tuple[int, Sound | Fault]]:
    try:
        yield from engine.synthesize(part, cancel)
    except Exception as error:  # the line guard: models throw anything
        _give_up_on(error)
        log.warning("batch_broken", engine=engine.info.name, lines=len(part), exc_info=error)


def _alone(engine: Synthesizer, speech: Speech, cancel: CancelToken) -> Audio | Fault:
    try:
        for _, outcome in engine.synthesize((speech,), cancel):
            return _finish(outcome)
    except Exception as error:  # the line guard
        _give_up_on(error)
        log.warning("line_broken", engine=engine.info.name, exc_info=error)
        text = error.message if isinstance(error, PipelineError) else f"{type(error).__name__}: {error}"
        return Fault(f"{engine.info.name} failed on this line: {text}")
    return Fault(f"{engine.info.name} did not answer for this line")


def _give_up_on(error: Exception) -> None:
    """Re-raise errors that are not the fault of a line."""
    if isinstance(error, Canceled):
        raise error
    if isinstance(error, PermanentError) and error.code is ErrorCode.ENGINE_UNAVAILABLE:
        raise error
