"""What the use case needs from an engine that translates.

Engines block. They look at `cancel` while they work and raise Canceled when it is set.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from shared.messaging import EngineInfo
from shared.pipeline import CancelToken


@dataclass(frozen=True)
class Line:
    """A line to translate; `index` is its place in the shard, `max_chars` the length its translation should keep to."""

    index: int
    text: str
    max_chars: int


@dataclass(frozen=True)
class Passage:
    """Consecutive lines to translate and the source lines around them, which are only to be understood."""

    source: str
    target: str
    lines: tuple[Line, ...]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Translation:
    """What an engine makes of the line with the same `index`: one text or several, best first."""

    index: int
    candidates: tuple[str, ...]


@dataclass(frozen=True)
class Traits:
    """How an engine likes to be used.

    `stand_ins` are words it carries through unchanged in any sentence; they are put in place of what must not be
    translated. An engine without any gets the text around such terms piece by piece.
    """

    batch_lines: int
    n_best: int = 1
    uses_context: bool = False
    stand_ins: tuple[str, ...] = ()


class Translator(Protocol):
    """Renders lines of one language in another."""

    @property
    def info(self) -> EngineInfo:
        """What this engine is.

        `pairs` are those it translates, none listed means any; `rewrites`: asked once more for a line, with another
        `max_chars`, it may have other candidates.
        """
        ...

    @property
    def traits(self) -> Traits:
        """How to use this engine."""
        ...

    def names(self, found: Collection[str], source: str, target: str, cancel: CancelToken) -> frozenset[str]:
        """Of the capitalized words `found` inside sentences, those this engine should not be left to translate."""
        ...

    def translate(self, passage: Passage, cancel: CancelToken) -> list[Translation]:
        """Translate every line of `passage`, in any order, at most `traits.n_best` candidates each.

        Raises: PermanentError or TransientError, `engine_failed`, when it cannot; then no line counts as done.
        """
        ...

    def close(self) -> None:
        """Let go of processes and memory; a later call takes them again."""
        ...
