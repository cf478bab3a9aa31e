"""Which engine does the work: what those at hand can do, which one a task keeps to, and what another would bring."""

from collections.abc import Iterable
from dataclasses import dataclass

from shared.messaging import EngineChoice, EngineInfo
from shared.models import hearing, speaking
from shared.pipeline import ErrorCode, PermanentError

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


def is_among(kept: EngineChoice, engines: Iterable[EngineInfo]) -> bool:
    """Whether the engine that is kept to is one of `engines`."""
    return any(kept.is_same(engine.choice()) for engine in engines if not engine.problem)


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
    heard = any(_speaks(engine, source) for engine in recognizers) if source else True
    if source and recognizers and not subtitles and not (heard or _may_be_read(engines, source)):
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


def _may_be_read(engines: Iterable[EngineInfo], source: str) -> bool:
    """Whether an engine knows the letters of a language: subtitles in the picture may say what nobody understands."""
    return any(_speaks(engine, source) for engine in of_port(engines, "picture_text"))


def _speaks(engine: EngineInfo, language: str) -> bool:
    return not engine.languages or language in engine.languages


def _refusal(what: str, engines: list[EngineInfo], way_out: str) -> PermanentError:
    hints = [engine.hint for engine in engines if engine.hint]
    return PermanentError(ErrorCode.LANGUAGE_UNSUPPORTED, "; ".join([what, way_out, *dict.fromkeys(hints)]))
