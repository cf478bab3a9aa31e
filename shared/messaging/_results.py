"""What workers report to the gateway: one message per job, completed or failed."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from shared.messaging._jobs import EngineChoice, EngineUsed, GlossaryTerm, Message
from shared.messaging._subjects import Addressed, address_of
from shared.pipeline import ErrorCode, Stage
from shared.transcript import CueReading, MediaFacts, Word


class JobResult(Message):
    """The end of one job, addressed like the job itself."""

    task_id: str
    language: str
    stage: Stage
    shard: str
    attempt: int
    chosen: tuple[EngineChoice, ...] = Field(
        default=(), description="engines that did the work where nobody chose others: the task keeps to them"
    )

    def key(self) -> str:
        """The job's key."""
        return f"{self.task_id}:{self.language}:{self.stage}:{self.shard}:{self.attempt}"


class CastVoice(Message):
    """A person of the cast, described again from the kept sample."""

    cast_id: str
    embedding: tuple[float, ...]
    embedding_model: str


class TranscriptReady(JobResult):
    """Speakers and segments are in the transcript at `transcript_key`."""

    kind: Literal["transcript_ready"] = "transcript_ready"
    transcript_key: str
    media: MediaFacts
    segments: int
    speakers: int
    note: str | None = Field(
        default=None, description="why there is nothing to dub, or which of several audio tracks were listened to"
    )
    engines: tuple[EngineUsed, ...] = ()
    cast: tuple[CastVoice, ...] = Field(
        default=(), description="people of the job's cast whom another model had described, or none"
    )


class SpeechCut(JobResult):
    """The recording takes one worker too long: other jobs recognize its pieces, and a last one puts them together."""

    kind: Literal["speech_cut"] = "speech_cut"
    plan_key: str
    pieces_s: tuple[float, ...] = Field(description="seconds of speech in each piece")


class LanguageHeard(Message):
    """A stretch and the language heard in it."""

    start_s: float
    end_s: float
    language: str
    confidence: float


class SpeechRecognized(JobResult):
    """The words of one piece, at their times in the whole recording."""

    kind: Literal["speech_recognized"] = "speech_recognized"
    plan_key: str
    words: tuple[Word, ...]
    languages: tuple[LanguageHeard, ...] = ()


class TranslatedLine(Message):
    """A translation, or why there is none."""

    segment_id: str
    text: str | None
    alternatives: tuple[str, ...] = Field(default=(), description="the engine's other candidates, best first")
    provided: bool = False
    from_sound: bool = Field(default=False, description="translated from what is said, not from what is written of it")
    error_code: ErrorCode | None = None
    error_message: str | None = None


class LinesTranslated(JobResult):
    """Every line of a translation shard."""

    kind: Literal["lines_translated"] = "lines_translated"
    lines: tuple[TranslatedLine, ...]
    engines: tuple[EngineUsed, ...] = ()


class BriefProposed(JobResult):
    """What a translator made of a whole video; both empty where it could not."""

    kind: Literal["brief_proposed"] = "brief_proposed"
    summary: str = ""
    terms: tuple[GlossaryTerm, ...] = ()
    engines: tuple[EngineUsed, ...] = ()


class RewrittenLine(Message):
    """Other texts for a line, those nearest to its meaning first."""

    segment_id: str
    revision: int = 0
    candidates: tuple[str, ...] = ()


class LinesRewritten(JobResult):
    """What was found for lines that did not fit."""

    kind: Literal["lines_rewritten"] = "lines_rewritten"
    lines: tuple[RewrittenLine, ...]
    engines: tuple[EngineUsed, ...] = ()


class LineTake(Message):
    """A take and where it is placed, or why there is none."""

    segment_id: str
    revision: int = 0
    take_key: str | None = None
    start_s: float | None = None
    duration_s: float | None = Field(default=None, description="length as placed, after fitting")
    natural_s: float | None = Field(default=None, description="length at natural speed, silence trimmed")
    speed: float | None = None
    fit: Literal["natural", "tight", "overflow"] | None = None
    decision: str | None = Field(default=None, description="how the fit was reached, for people")
    error_code: ErrorCode | None = None
    error_message: str | None = None


class LinesDubbed(JobResult):
    """Every line of a voice shard."""

    kind: Literal["lines_dubbed"] = "lines_dubbed"
    lines: tuple[LineTake, ...]
    engines: tuple[EngineUsed, ...] = ()


class HeardLine(Message):
    """What was heard in a take; None where no engine could tell.

    `error_rate` counts wrong words ÷ words of the text (characters in scripts without spaces), after normalization.
    """

    segment_id: str
    revision: int = 0
    heard: str | None = None
    error_rate: float | None = None
    similarity: float | None = None


class TakesHeard(JobResult):
    """The takes of a listening job that its time was enough for, and why figures are missing if they are."""

    kind: Literal["takes_heard"] = "takes_heard"
    lines: tuple[HeardLine, ...]
    engines: tuple[EngineUsed, ...] = ()
    no_error_rate: str | None = None
    no_similarity: str | None = None


class PictureReadAgain(JobResult):
    """What one subtitle in the picture says, read in the box that a person set."""

    kind: Literal["picture_read_again"] = "picture_read_again"
    cue_id: str
    reading: CueReading


class ExportedFile(Message):
    """One file of an export: `name` is what a person downloads."""

    name: str
    key: str
    size: int
    media_type: str


class LanguageExported(JobResult):
    """The files of an export and its measured report."""

    kind: Literal["language_exported"] = "language_exported"
    files: tuple[ExportedFile, ...]
    report: dict[str, object]


class RecipeRendered(JobResult):
    """The files of an export by recipe and what was measured of them."""

    kind: Literal["recipe_rendered"] = "recipe_rendered"
    export_id: str
    files: tuple[ExportedFile, ...]
    report: dict[str, object]


class JobFailed(JobResult):
    """The job ended without a product."""

    kind: Literal["job_failed"] = "job_failed"
    code: ErrorCode
    message: str
    canceled: bool = False


Result = Annotated[
    TranscriptReady
    | SpeechCut
    | SpeechRecognized
    | TakesHeard
    | PictureReadAgain
    | LinesTranslated
    | BriefProposed
    | LinesRewritten
    | LinesDubbed
    | LanguageExported
    | RecipeRendered
    | JobFailed,
    Field(discriminator="kind"),
]
RESULT: TypeAdapter[Result] = TypeAdapter(Result)


def failed(job: Addressed, code: ErrorCode, message: str, *, canceled: bool = False) -> JobFailed:
    """The failed result of `job`."""
    return JobFailed(**address_of(job), code=code, message=message[:2000], canceled=canceled)
