"""The engines that tasks keep: a better one today changes nothing in a task that began with another."""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from shared.messaging._engines import EngineInfo
from shared.messaging._jobs import EngineChoice
from shared.observability import logger
from shared.pipeline import ErrorCode, PermanentError, PipelineError

log = logger(__name__)


class _Engine(Protocol):
    @property
    def info(self) -> EngineInfo: ...


E = TypeVar("E", bound=_Engine)


class KeptEngines(Generic[E]):
    """Engines of one port: the available ones, and others that are loaded when a task that keeps them first needs them.

    Loaded engines stay loaded, since a worker may serve an old task line by line.
    """

    def __init__(self, here: Sequence[E], open_: Callable[[EngineChoice], E | None]) -> None:
        """`open_` may raise PermanentError, and returns None for an unknown engine."""
        self._here, self._own, self._open = list(here), len(here), open_
        self._lock = threading.Lock()

    def of(self, kept: EngineChoice | None, able: Callable[[E], bool] = lambda _: True) -> E:
        """The engine that a task keeps; if it keeps none, the first that is `able`, or the first.

        Blocking: weights may be loaded.

        Raises:
            PermanentError: `engine_gone`, with the way out.
        """
        if kept is None:
            return next(filter(able, self._here[: self._own]), self._here[0])
        with self._lock:
            for engine in self._here:
                if kept.is_same(engine.info.choice()):
                    return engine
            engine = self._opened(kept)
            self._here.append(engine)
            return engine

    def opened(self) -> tuple[E, ...]:
        """Everything that is loaded now."""
        with self._lock:
            return tuple(self._here)

    def _opened(self, kept: EngineChoice) -> E:
        try:
            engine = self._open(kept)
        except PipelineError as error:
            raise gone(kept, error.message) from error
        if engine is None:
            raise gone(kept, "it is not installed")
        if not kept.is_same(engine.info.choice()):
            raise gone(kept, "other weights lie in its place")
        log.info("kept_engine_opened", port=kept.port, engine=kept.engine, model=kept.model)
        return engine


def gone(kept: EngineChoice, why: str) -> PermanentError:
    """The error for a task whose engine is no longer available."""
    named = kept.engine if kept.model in ("", kept.engine) else f"{kept.engine} ({kept.model})"
    return PermanentError(
        ErrorCode.ENGINE_GONE,
        f"this task keeps to the {kept.port} {named} that it began with, which is not here any more: {why}. Bring it "
        "back, or change the task to what is here now (in the editor under Engines, or with `localclip engines`)",
    )
