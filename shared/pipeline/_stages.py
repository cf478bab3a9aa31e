"""The stage graph: what runs once per task, what runs per language, what waits for what."""

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """A step of a dub; the names are part of the API and of every subject."""

    DIARIZATION = "speaker_diarization"
    TRANSLATION = "translation"
    CLONING = "voice_cloning"
    EXPORT = "export"


class Lane(StrEnum):
    """Queue of a job: a person waiting for one line overtakes the batch."""

    BATCH = "batch"
    INTERACTIVE = "interactive"


class Status(StrEnum):
    """State of a task, a language or a stage run. `STALE`: an edit outdated the export of a language."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"
    STALE = "stale"


class LineState(StrEnum):
    """State of a line, which says what it still needs.

    `PENDING` needs a translation, `TRANSLATED` a take, `DUBBED` nothing; `STALE` was edited after its take;
    `FAILED` keeps the original audio until a person or a retry mends it. `OMITTED` keeps it because nobody says the
    line or a person wished so; clients see it in place of the state the line would have.
    """

    PENDING = "pending"
    TRANSLATED = "translated"
    DUBBED = "dubbed"
    STALE = "stale"
    FAILED = "failed"
    OMITTED = "omitted"

    @property
    def is_unspoken(self) -> bool:
        """Whether the line's current text was never spoken: an export has its previous text, or nothing."""
        return self in (LineState.PENDING, LineState.TRANSLATED, LineState.STALE)


@dataclass(frozen=True)
class StageSpec:
    """How one stage is cut into jobs: `shard_lines` lines per job, or one job when None."""

    stage: Stage
    per_language: bool
    requires: Stage | None
    shard_lines: int | None
    weight: float  # share of the language's overall progress


GRAPH: tuple[StageSpec, ...] = (
    StageSpec(Stage.DIARIZATION, per_language=False, requires=None, shard_lines=None, weight=0.25),
    StageSpec(Stage.TRANSLATION, per_language=True, requires=Stage.DIARIZATION, shard_lines=32, weight=0.15),
    StageSpec(Stage.CLONING, per_language=True, requires=Stage.TRANSLATION, shard_lines=32, weight=0.35),
    StageSpec(Stage.EXPORT, per_language=True, requires=Stage.CLONING, shard_lines=None, weight=0.25),
)


def language_stages() -> tuple[Stage, ...]:
    """Stages that run once per target language, in order."""
    return tuple(spec.stage for spec in GRAPH if spec.per_language)


def next_stage(stage: Stage) -> Stage | None:
    """The stage that waits for `stage`, or None after the last."""
    return next((spec.stage for spec in GRAPH if spec.requires == stage), None)


def stages_through(goal: Stage) -> tuple[Stage, ...]:
    """All stages up to and including `goal`, in order."""
    order = tuple(spec.stage for spec in GRAPH)
    return order[: order.index(goal) + 1]
