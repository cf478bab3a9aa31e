"""What the engines at hand can do, asked before work is accepted."""

import time
from collections.abc import Iterable

from faststream.nats import NatsBroker
from nats.errors import Error as NatsError
from nats.js.errors import APIError

from shared.messaging import EngineInfo, announced_engines, is_connected
from shared.pipeline import ErrorCode, PermanentError

_FRESH_S = 5.0


class Capabilities:
    """The announced engines, read from the broker at most every few seconds."""

    def __init__(self, broker: NatsBroker) -> None:
        self._broker = broker
        self._engines: tuple[EngineInfo, ...] = ()
        self._read_at = float("-inf")

    async def engines(self) -> tuple[EngineInfo, ...]:
        """The engines that work."""
        return tuple(engine for engine in await self.announced() if not engine.problem)

    def known(self) -> tuple[EngineInfo, ...]:
        """The engines that worked when they were last read; nothing is asked."""
        return tuple(engine for engine in self._engines if not engine.problem)

    async def announced(self) -> tuple[EngineInfo, ...]:
        """All engines, also those that their workers left out; what was known before while the broker is away."""
        if time.monotonic() - self._read_at > _FRESH_S and is_connected(self._broker):
            try:
                self._engines = await announced_engines(self._broker.connection.jetstream())
                self._read_at = time.monotonic()
            except (NatsError, APIError, TimeoutError):
                return self._engines
        return self._engines


def of_port(engines: Iterable[EngineInfo], port: str) -> list[EngineInfo]:
    """Engines behind one port."""
    return [engine for engine in engines if engine.port == port]


def assumed_source(engines: Iterable[EngineInfo], source: str | None) -> str | None:
    """The source language, if it is given or only one can be recognized."""
    recognized = {code for engine in of_port(engines, "recognizer") for code in engine.languages}
    return source or (next(iter(recognized)) if len(recognized) == 1 else None)


def check_possible(
    engines: Iterable[EngineInfo], source: str | None, target: str, *, subtitles: bool, translation: bool
) -> None:
    """Refuse what no engine at hand can do. Stages whose engines were never announced are not judged.

    `subtitles` and `translation` tell that a person brought the source text or the translation.

    Raises:
        PermanentError: `language_unsupported`, with what would make it possible.
    """
    engines = list(engines)
    recognizers = of_port(engines, "recognizer")
    if source and recognizers and not subtitles and not any(_speaks(engine, source) for engine in recognizers):
        raise _refusal(f"no speech recognizer here understands '{source}'", recognizers, "bring source subtitles")
    spoken = assumed_source(engines, source)
    translators = of_port(engines, "translator")
    same = spoken == target
    if spoken and translators and not (translation or same):
        able = any(not engine.pairs or (spoken, target) in engine.pairs for engine in translators)
        able = able or (spoken, target) in pairs_by_sound(engines)
        if not able:
            raise _refusal(f"no translator here does {spoken} → {target}", translators, "bring your own translation")
    voices = of_port(engines, "voice")
    if voices and not any(_speaks(engine, target) for engine in voices):
        raise _refusal(f"no voice here speaks '{target}'", voices, "install an engine that does")


def can_hear(engines: Iterable[EngineInfo], language: str) -> bool:
    """Whether an engine at hand can tell something of takes in `language` by listening to them."""
    engines = list(engines)
    recognizers, embedders = of_port(engines, "recognizer"), of_port(engines, "embedder")
    return any(_speaks(engine, language) for engine in recognizers) or any(one.judges_takes for one in embedders)


def pairs_by_sound(engines: Iterable[EngineInfo]) -> frozenset[tuple[str, str]]:
    """What an engine at hand translates from what is said."""
    return frozenset(pair for engine in of_port(engines, "speech_translator") for pair in engine.pairs)


def _speaks(engine: EngineInfo, language: str) -> bool:
    return not engine.languages or language in engine.languages


def _refusal(what: str, engines: list[EngineInfo], way_out: str) -> PermanentError:
    hints = [engine.hint for engine in engines if engine.hint]
    return PermanentError(ErrorCode.LANGUAGE_UNSUPPORTED, "; ".join([what, way_out, *dict.fromkeys(hints)]))
