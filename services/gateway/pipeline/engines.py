"""Which engine does the work: what the available ones can do, which one a task keeps, and what another would change."""

from collections.abc import Iterable
from dataclasses import dataclass

from shared.messaging import EngineChoice, EngineInfo
from shared.models import hearing, speaking
from shared.pipeline import ErrorCode, PermanentError

TO_TRANSLATE = 0
"""As the source revision of a line: another translator is to translate it, whatever its source says."""


def first_choice(
    engines: Iterable[EngineInfo], port: str, language: str, source: str | None = None
) -> EngineChoice | None:
    """What a task would start with now; None if no announced engine can do it.

    The engines of a port are announced best first. A recognizer needs to know `language`, a translator the pair from
    `source`.
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
    """Whether the engine that a task keeps is one of `engines`."""
    return any(kept.is_same(engine.choice()) for engine in engines if not engine.problem)


def is_here(engines: Iterable[EngineInfo], kept: EngineChoice) -> bool | None:
    """Whether a worker has the engine, or could load it; None while no worker of its port has ever been there."""
    known = [engine for engine in engines if engine.port == kept.port]
    if not known:
        return None
    if any(kept.is_same(engine.choice()) for engine in known if not engine.problem):
        return True
    others = [other for engine in known for other in engine.others]
    return any(other.model == kept.model if kept.model else other.engine == kept.engine for other in others)


def upgraded(choice: EngineChoice) -> EngineChoice:
    """`choice` in place of another, marked so that its takes differ from earlier ones."""
    known_by = (choice.engine, choice.model, choice.digest)
    return choice.model_copy(update={"marks": " ".join(part for part in known_by if part)[:160]})


@dataclass(frozen=True)
class Counts:
    """How many lines of a language an upgrade would redo, and how much of a person's work would be lost."""

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
    """The share of what it says or hears that is wrong, if measured."""
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
    """The source language, if it is given or if only one can be recognized."""
    recognized = {code for engine in of_port(engines, "recognizer") for code in engine.languages}
    return source or (next(iter(recognized)) if len(recognized) == 1 else None)


def check_possible(
    engines: Iterable[EngineInfo], source: str | None, target: str, *, subtitles: bool, translation: bool
) -> None:
    """Refuse what no available engine can do. Stages whose engines were never announced are not checked.

    `subtitles` and `translation` say that a person provided the source text or the translation.

    Raises:
        PermanentError: `language_unsupported`, with what would make it possible.
    """
    engines = list(engines)
    recognizers = of_port(engines, "recognizer")
    heard = any(_speaks(engine, source) for engine in recognizers) if source else True
    if source and recognizers and not subtitles and not (heard or _may_be_read(engines, source)):
        readers = of_port(engines, "picture_text")
        what = f"no speech recognizer here understands '{source}'"
        raise _refusal(what, [*recognizers, *readers], "bring source subtitles")
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


def check_translator(engines: Iterable[EngineInfo], source: str, target: str, way_out: str) -> None:
    """Refuse a pair that no translator at hand has. Where none was ever announced, none is judged.

    Raises:
        PermanentError: `language_unsupported`, with `way_out` and what would make it possible.
    """
    translators = of_port(engines, "translator")
    if translators and first_choice(translators, "translator", target, source) is None:
        raise _refusal(f"no translator here does {source} → {target}", translators, way_out)


def can_hear(engines: Iterable[EngineInfo], language: str) -> bool:
    """Whether an available engine can judge takes in `language` by listening to them."""
    engines = list(engines)
    recognizers, embedders = of_port(engines, "recognizer"), of_port(engines, "embedder")
    return any(_speaks(engine, language) for engine in recognizers) or any(one.judges_takes for one in embedders)


def pairs_by_sound(engines: Iterable[EngineInfo]) -> frozenset[tuple[str, str]]:
    """The pairs that an available engine translates directly from speech."""
    return frozenset(pair for engine in of_port(engines, "speech_translator") for pair in engine.pairs)


def _may_be_read(engines: Iterable[EngineInfo], source: str) -> bool:
    """Whether an engine reads the script of a language: subtitles in the picture may provide what no recognizer
    understands."""
    return any(_speaks(engine, source) for engine in of_port(engines, "picture_text"))


def _speaks(engine: EngineInfo, language: str) -> bool:
    return not engine.languages or language in engine.languages


def _refusal(what: str, engines: list[EngineInfo], way_out: str) -> PermanentError:
    hints = [engine.hint for engine in engines if engine.hint]
    return PermanentError(ErrorCode.LANGUAGE_UNSUPPORTED, "; ".join([what, way_out, *dict.fromkeys(hints)]))
