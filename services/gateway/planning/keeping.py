"""Which engine a task keeps to, whether it is still here, and what another would bring: pure decisions."""

from collections.abc import Iterable
from dataclasses import dataclass

from shared.messaging import EngineChoice, EngineInfo
from shared.models import hearing, speaking

TO_TRANSLATE = 0
"""As the source revision of a line: whatever its source says, another translator is to translate it."""


def first_choice(
    engines: Iterable[EngineInfo], port: str, language: str, source: str | None = None
) -> EngineChoice | None:
    """What a task would begin with now; None where nothing announced can do it.

    Engines of a port are announced the best first. A recognizer is asked for its `language`, a translator for the pair
    from `source`.
    """
    for engine in engines:
        if engine.port == port and not engine.problem and _can(engine, language, source):
            return engine.choice()
    return None


def _can(engine: EngineInfo, language: str, source: str | None) -> bool:
    if engine.port == "translator":
        return not engine.pairs or source is None or (source, language) in engine.pairs
    return not engine.languages or language in engine.languages


def is_here(engines: Iterable[EngineInfo], kept: EngineChoice) -> bool | None:
    """Whether a worker has the engine, or could open it; None while no worker of its port was ever there."""
    known = [engine for engine in engines if engine.port == kept.port]
    if not known:
        return None
    if any(kept.is_same(engine.choice()) for engine in known if not engine.problem):
        return True
    others = [other for engine in known for other in engine.others]
    return any(other.model == kept.model if kept.model else other.engine == kept.engine for other in others)


def upgraded(choice: EngineChoice) -> EngineChoice:
    """`choice` in the place of another: its takes are told from those that were made before."""
    known_by = (choice.engine, choice.model, choice.digest)
    return choice.model_copy(update={"marks": " ".join(part for part in known_by if part)[:160]})


@dataclass(frozen=True)
class Counts:
    """Lines of a language that an upgrade would have done again, and what of a person's work would be lost."""

    translated: int = 0
    spoken: int = 0
    edits: int = 0


def effect(port: str, counts: Counts) -> str:
    """What an upgrade does again, for a person."""
    if port == "recognizer":
        lost = f"; {_many(counts.edits, 'edit')} of it would be lost" if counts.edits else ""
        return f"the whole video is listened to again: every line, translation and take is made anew{lost}"
    if port == "translator":
        return f"{_many(counts.translated, 'line')} would be translated and spoken again; texts of people stay"
    return f"{_many(counts.spoken, 'line')} would be spoken again; takes that a person pinned stay"


def error_percent(choice: EngineChoice, language: str) -> float | None:
    """How much of what it says or hears goes wrong, where that was measured."""
    if choice.port == "voice":
        return speaking(language, choice.engine).error_percent
    if choice.port == "recognizer":
        return hearing(language, choice.model or choice.engine).error_percent
    return None


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
