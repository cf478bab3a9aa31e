"""What the use case needs from an engine that translates.

Engines block. They check `cancel` while they work and raise Canceled when it is set.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Protocol

from shared.messaging import EngineInfo, EngineUsage, GlossaryTerm, LineBrief, Wish
from shared.pipeline import CancelToken, PipelineError

WRITTEN_ALIKE = ("IBM", "BMW", "NATO", "UEFA", "MTV", "AMD", "SAP", "HBO")
"""Stand-ins for engines with world knowledge: written alike in every language offered, without endings."""


@dataclass(frozen=True)
class Wished:
    """A person wants the translation `text` of a line changed; `known` are texts that would not be new."""

    text: str
    wish: Wish
    known: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """A line to translate; `index` is its place in the shard, `max_chars` the length its translation should keep to.

    `wished` is for engines that rewrite.
    """

    index: int
    text: str
    max_chars: int
    wished: Wished | None = None


@dataclass
class Meter:
    """What a metered engine has spent on one job so far; free engines do not touch it."""

    usage: EngineUsage | None = None

    def add(self, usage: EngineUsage) -> None:
        """Count one more request."""
        self.usage = usage if self.usage is None else self.usage + usage


@dataclass(frozen=True)
class Passage:
    """Consecutive lines to translate and the surrounding source lines, which are only context.

    `glossary` holds the terms of these lines, for engines whose traits say that they use it; `brief` is for those that
    understand it. What the engine spends, including on unusable answers, is added to `meter`.
    """

    source: str
    target: str
    lines: tuple[Line, ...]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    glossary: tuple[GlossaryTerm, ...] = ()
    brief: LineBrief | None = None
    meter: Meter = field(default_factory=Meter, compare=False)


@dataclass(frozen=True)
class Translation:
    """What an engine makes of the line with the same `index`: one text or several, best first, or why it has none."""

    index: int
    candidates: tuple[str, ...] = ()
    error: PipelineError | None = None


@dataclass(frozen=True)
class Whole:
    """What is said in a whole video, or in parts of a long one; `summary` and `known` are settled and not requested."""

    source: str
    target: str
    lines: tuple[str, ...]
    summary: str = ""
    known: tuple[str, ...] = ()
    meter: Meter = field(default_factory=Meter, compare=False)


@dataclass(frozen=True)
class Proposal:
    """What a video is about, and terms that should be written consistently."""

    summary: str = ""
    terms: tuple[GlossaryTerm, ...] = ()


Propose = Callable[[Whole, CancelToken], Proposal]
"""Blocks. Raises: PermanentError, TransientError, as `translate` does."""


@dataclass(frozen=True)
class Traits:
    """How an engine is best used.

    `stand_ins` are words it carries through unchanged in any sentence; they replace what must not be translated. An
    engine without any gets the text around such terms piece by piece. One that `uses_glossary` first gets the lines as
    they are together with the terms; only a line in which it lost a term is requested with stand-ins. One that
    `knows_names` writes names as in the target language, in its script; for others they stay unchanged. `propose` looks
    at a whole video before its lines, if the engine can; its info says so too. `parallel_jobs`: how many jobs one
    process should do at a time, for engines that batch across jobs or wait for others.
    """

    batch_lines: int
    n_best: int = 1
    uses_context: bool = False
    uses_glossary: bool = False
    knows_names: bool = False
    stand_ins: tuple[str, ...] = ()
    parallel_jobs: int = 1
    propose: Propose | None = None


class Translator(Protocol):
    """Renders lines of one language in another."""

    @property
    def info(self) -> EngineInfo:
        """What this engine is.

        `pairs` are those it translates, an empty list means any; `rewrites`: a repeated request for a line with another
        `max_chars` may give other candidates.
        """
        ...

    @property
    def traits(self) -> Traits:
        """How to use this engine."""
        ...

    def names(self, found: Collection[str], source: str, target: str, cancel: CancelToken) -> frozenset[str]:
        """Those of the capitalized words `found` inside sentences that this engine should not translate.

        Not called for an engine that knows names.
        """
        ...

    def translate(self, passage: Passage, cancel: CancelToken) -> list[Translation]:
        """Translate every line of `passage`, in any order, at most `traits.n_best` candidates each.

        Raises:
            PermanentError, TransientError: `engine_failed` when it cannot; then no line counts as done and each is
            requested alone. `engine_unavailable` when it cannot be used now: the job is postponed or ends.
        """
        ...

    def close(self) -> None:
        """Release processes, connections and memory."""
        ...
