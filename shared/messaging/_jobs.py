"""Requests to the stage workers. They contain text; media is passed by storage key."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from shared.messaging._brief import LineBrief
from shared.messaging._recipes import ExportRecipe, ExportSettings
from shared.messaging._subjects import JobSubject
from shared.pipeline import ChineseScript, Lane, LineState, Stage
from shared.transcript import Decision, MediaFacts, PictureBox, PictureEdits, SourceText


class Message(BaseModel):
    """Base of everything sent: immutable, and tolerant of fields a newer sender added."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class EngineChoice(Message):
    """An engine that a task keeps to; `model` and `digest` are empty where it has no weights, or nobody knows which."""

    port: str = Field(description="recognizer, translator or voice")
    engine: str
    model: str = Field(default="", description="name of its weights, or of the model of a service")
    digest: str = Field(default="", description="which bytes these weights are")
    marks: str = Field(
        default="", description="tells its takes from those of the engine before it; empty for the first of a task"
    )

    def is_same(self, other: "EngineChoice") -> bool:
        """Whether both say the same thing in the same way; what is known of only one of them makes no difference."""
        named = (self.port, self.engine) == (other.port, other.engine)
        same_model = not (self.model and other.model) or self.model == other.model
        return named and same_model and self._same_bytes(other)

    def _same_bytes(self, other: "EngineChoice") -> bool:
        schemes = {digest.rpartition(":")[0] for digest in (self.digest, other.digest)}
        return not (self.digest and other.digest) or len(schemes) > 1 or self.digest == other.digest


class Job(Message):
    """One unit of work, retry and scaling."""

    task_id: str
    language: str = Field(description="target language, or `base`")
    shard: str = Field(default="0", description="number of the shard in its stage, or the id of a line")
    attempt: int = Field(ge=1, description="attempt of the stage run; results of older attempts are ignored")
    lane: Lane = Lane.BATCH
    epoch: int = Field(default=0, description="a cancel flag of this epoch or a later one stops the job")
    weight: float = Field(default=1.0, gt=0, description="share of this job in its stage's progress")
    total_weight: float = Field(default=1.0, gt=0, description="sum of the weights of the stage's jobs")
    counts_for: Stage | None = Field(
        default=None, description="the stage whose progress this job is a part of; None: that of its own workers"
    )

    def stage(self) -> Stage:
        """The stage this kind of job belongs to."""
        return _STAGE_OF[type(self)]

    def subject(self) -> JobSubject:
        """The address of this job."""
        return JobSubject(self.stage(), self.lane, self.task_id, self.language, self.shard, self.attempt)

    def key(self) -> str:
        """`task:language:stage:shard:attempt`, the root of every message id of this job."""
        return f"{self.task_id}:{self.language}:{self.stage()}:{self.shard}:{self.attempt}"


class CastSample(Message):
    """A person of the account's cast whose sample is kept, and what described the voice so far."""

    cast_id: str
    sample_key: str
    embedding_model: str | None = None


class DiarizeVideo(Job):
    """Find out who speaks when and what they say."""

    kind: Literal["diarize_video"] = "diarize_video"
    video_key: str
    source_language: str | None = Field(default=None, description="None: the engine decides")
    num_speakers: int | None = Field(default=None, ge=1, le=20)
    audio_track: str | None = Field(
        default=None, description="audio tracks to listen to, by their numbers from 1 on: `2`, `1+2`; None: chosen"
    )
    text_track: int | None = Field(
        default=None, ge=1, description="subtitles inside the file that replace recognition, by number from 1 on"
    )
    source_text: SourceText | None = Field(
        default=None, description="what the source text is taken from; None: what was brought, else the best there is"
    )
    read_picture: bool = Field(
        default=False, description="subtitles in the picture are read in any case: an export covers them"
    )
    subtitles_key: str | None = Field(default=None, description="a person's own subtitles replace recognition")
    captions: Literal["understood", "as_written"] = Field(
        default="understood", description="whether labels, sounds, signs and capitals of subtitles are understood"
    )
    chinese: ChineseScript = Field(default="zh-Hans", description="the script that recognized Chinese is written in")
    hotwords: tuple[str, ...] = Field(
        default=(), description="names and terms that may be said, as they are written; the most important first"
    )
    cast: tuple[CastSample, ...] = Field(
        default=(), description="people whose voices are described again from their samples if another model did it"
    )
    kept: EngineChoice | None = Field(default=None, description="the recognizer this task keeps to; None: the best")
    plan_key: str | None = Field(
        default=None, description="where the plan lies of a recording that was cut; its pieces are recognized by now"
    )


class RecognizeSpeech(Job):
    """Recognize one piece of a long recording; see `speech_cut`."""

    kind: Literal["recognize_speech"] = "recognize_speech"
    plan_key: str
    piece: int = Field(ge=0)


BEFORE_PIECES, OF_PIECES = 0.2, 0.5
"""Shares of a stage's progress: what is done once its recording is cut, and what all pieces contribute together."""


def speech_shard(piece: int) -> str:
    """The shard of the job that recognizes a piece."""
    return f"speech-{piece}"


class ReadPicture(Job):
    """Read one subtitle in the picture again, in the box that a person set."""

    kind: Literal["read_picture"] = "read_picture"
    video_key: str
    cue_id: str
    box: PictureBox
    start_s: float = Field(ge=0)
    end_s: float = Field(gt=0)
    spoken: str | None = Field(default=None, description="the language spoken, where the subtitles are in two")


class SourceLine(Message):
    """A segment to translate."""

    segment_id: str
    text: str
    speaker_id: str
    slot_s: float = Field(ge=0, description="seconds the spoken translation may take")
    max_chars: int = Field(ge=1, description="length budget for the translation, in characters")
    provided: str | None = Field(default=None, description="a person's translation, taken as it is")
    span_s: float = Field(default=0.0, ge=0, description="how long the line is spoken")
    goes_on: bool = Field(default=False, description="its sentence goes on in the next line of the job")
    asked: bool = Field(default=True, description="false: only there to complete the sentence of a line that is asked")


class GlossaryTerm(Message):
    """A fixed rendering; `target` None means: leave the source term as it is."""

    source: str = Field(min_length=1, max_length=200)
    target: str | None = Field(default=None, max_length=200)


class Pronunciation(Message):
    """How a word of the target text is spoken: a voice gets `spoken` wherever `written` stands."""

    written: str = Field(min_length=1, max_length=200)
    spoken: str = Field(min_length=1, max_length=200)


class TranslateLines(Job):
    """Translate a shard of consecutive lines."""

    kind: Literal["translate_lines"] = "translate_lines"
    source_language: str
    chinese: ChineseScript = Field(default="zh-Hans", description="the script of a translation into Chinese")
    lines: tuple[SourceLine, ...]
    context_before: tuple[str, ...] = Field(default=(), description="source lines before the shard, oldest first")
    context_after: tuple[str, ...] = Field(default=(), description="source lines after the shard")
    glossary: tuple[GlossaryTerm, ...] = ()
    brief: LineBrief | None = Field(default=None, description="what the translator is told of the video")
    kept: EngineChoice | None = Field(default=None, description="the translator this language keeps to; None: the best")


class HeardSourceLine(SourceLine):
    """A segment to translate, and when it is said."""

    start_s: float = Field(ge=0)
    end_s: float = Field(ge=0)


class TranslateSpeech(Job):
    """Translate what is said in lines into English, from the sound: done where no translator here has the pair.

    What is written of them is not read.
    """

    kind: Literal["translate_speech"] = "translate_speech"
    source_language: str
    video_key: str
    audio_track: str | None = Field(default=None, description="as in `diarize_video`")
    lines: tuple[HeardSourceLine, ...]


Wish = Literal["shorter", "longer", "other"]
"""How a person wants a translation to be changed."""


class LineToRewrite(Message):
    """A translated line whose take does not fit: `max_chars` and `min_chars` bound what would fit at natural speed.

    `natural_s` is the measured length of `text` as spoken, `room_s` the time there is; `tried` were spoken before.
    """

    segment_id: str
    source_text: str
    text: str
    revision: int = 0
    natural_s: float = Field(gt=0)
    room_s: float = Field(ge=0)
    min_chars: int = Field(ge=1)
    max_chars: int = Field(ge=1)
    tried: tuple[str, ...] = ()
    is_part: bool = Field(
        default=False, description="of a sentence over several lines: translated by itself it would not fit the others"
    )
    wish: Wish | None = Field(
        default=None, description="a person asked: what is wanted of `text`, whether its take fits or not"
    )


class ProposeBrief(Job):
    """Sum up a video and propose terms for one target language, before its first line is translated."""

    kind: Literal["propose_brief"] = "propose_brief"
    source_language: str
    chinese: ChineseScript = "zh-Hans"
    lines: tuple[str, ...] = Field(description="what is said, in order; of a long video parts of it")
    summary: str = Field(default="", description="what the video is about, where that is known: none is asked for")
    known: tuple[str, ...] = Field(default=(), description="terms that are settled, in the source language")
    kept: EngineChoice | None = Field(default=None, description="what translates this language; None: the best")


class RewriteLines(Job):
    """Find other translations of lines, shorter or longer; best effort, an empty answer changes nothing.

    A job with a person's wish fails where the engine does: somebody waits to hear of it.
    """

    kind: Literal["rewrite_lines"] = "rewrite_lines"
    source_language: str
    chinese: ChineseScript = Field(default="zh-Hans", description="see `translate_lines`")
    lines: tuple[LineToRewrite, ...]
    glossary: tuple[GlossaryTerm, ...] = ()
    brief: LineBrief | None = Field(default=None, description="see `translate_lines`")
    kept: EngineChoice | None = Field(default=None, description="see `translate_lines`")


class SpeakerVoice(Message):
    """What a voice engine needs to know of a speaker."""

    speaker_id: str
    f0_hz: float | None = None
    pace: float = Field(default=1.0, gt=0, description="speaking rate ÷ that of ordinary speech")
    reference_key: str | None = None
    voice: str | None = Field(default=None, description="a stock voice chosen by a person; None: like the speaker")
    is_clip: bool = Field(default=False, description="the reference is a clip a person chose to speak like")
    aside: bool = Field(default=False, description="speaks single lines only; no speaker gives way to it")


class TakeToHear(Message):
    """A finished take to listen to again."""

    segment_id: str
    revision: int = 0
    text: str
    speaker_id: str
    take_key: str


class HearTakes(Job):
    """Listen to finished takes: what a recognizer understands of them, how much they sound like their speakers."""

    kind: Literal["hear_takes"] = "hear_takes"
    lines: tuple[TakeToHear, ...] = Field(description="in the order in which they are worth hearing")
    budget_s: float | None = Field(default=None, ge=0, description="how long to listen; None: to all of them")
    least: int = Field(default=0, ge=0, description="this many are listened to, however long it takes")
    speakers: tuple[SpeakerVoice, ...] = Field(default=(), description="with the reference clips to compare with")


class LineToSpeak(Message):
    """A line to synthesize and fit."""

    segment_id: str
    text: str
    speaker_id: str
    start_s: float = Field(ge=0)
    end_s: float = Field(ge=0)
    gap_s: float = Field(default=0.0, ge=0, description="silence after the line up to the next speech or the end")
    lead_s: float = Field(
        default=0.0, ge=0, description="silence before the line that it may begin in as a last resort"
    )
    revision: int = Field(default=0, description="given back with the take, which counts for this revision only")
    rendition: int = Field(default=0, ge=0, description="how often a person asked for the same to be said differently")
    goes_on: bool = Field(default=False, description="its sentence goes on in the next line: the voice does not end it")


class CloneLines(Job):
    """Speak a shard of lines in their speakers' voices, fitted to their slots."""

    kind: Literal["clone_lines"] = "clone_lines"
    lines: tuple[LineToSpeak, ...]
    speakers: tuple[SpeakerVoice, ...] = ()
    pronunciations: tuple[Pronunciation, ...] = ()
    kept: EngineChoice | None = Field(
        default=None, description="what speaks this language where nobody chose a voice; None: the best"
    )


class TimelineLine(Message):
    """A line as it is mixed: `take_key` None keeps the original audio there."""

    segment_id: str
    speaker_id: str
    start_s: float
    end_s: float
    source_text: str
    text: str
    state: LineState
    take_key: str | None = None
    take_start_s: float | None = None
    take_duration_s: float | None = None
    speed: float | None = Field(default=None, description="tempo factor of the take; 1.0 is natural")
    fit: str | None = Field(default=None, description="natural, tight or overflow")
    decision: str | None = Field(default=None, description="how the fit was reached, for people")
    rounds: int = Field(default=0, description="further texts that were spoken to make the line fit")
    edited: bool = False
    origin: str = Field(default="engine", description="who wrote the text: engine, sound, provided, memory or person")
    omitted: Decision | None = Field(default=None, description="what its caption is where nobody says it")
    error_rate: float | None = Field(default=None, description="of what was understood when the take was heard again")
    similarity: float | None = Field(default=None, description="of the take's voice to its speaker's, -1 to 1")
    error_code: str | None = None


class EngineUsage(Message):
    """What a metered engine, such as a chat endpoint, was asked for and what that costs at the prices set for it."""

    requests: int = 1
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0

    def __add__(self, other: "EngineUsage") -> "EngineUsage":
        """The sum of both."""
        return EngineUsage(
            requests=self.requests + other.requests,
            tokens_in=self.tokens_in + other.tokens_in,
            tokens_out=self.tokens_out + other.tokens_out,
            cost_usd=round(self.cost_usd + other.cost_usd, 9),
        )


class EngineUsed(Message):
    """An engine as it is named in reports."""

    stage: Stage
    name: str
    version: str
    licence: str
    commercial_use: bool
    model: str = Field(default="", description="name of its weights, or of the model of a service, where it has one")
    digest: str = Field(default="", description="which bytes these weights are, where that is known")
    rewrites: bool = Field(default=False, description="of a translator: it can be asked for shorter or longer texts")
    usage: EngineUsage | None = Field(default=None, description="of an engine that is paid by use; null for others")
    natural_error_rate: float | None = Field(
        default=None, description="of a listener: the share of natural speech in the language that it gets wrong"
    )

    def choice(self, port: str) -> EngineChoice:
        """The same in the form that a task keeps."""
        return EngineChoice(port=port, engine=self.name, model=self.model, digest=self.digest)


def merge_engines(used: Iterable[EngineUsed]) -> tuple[EngineUsed, ...]:
    """Each engine once, in the order of first use, with its total usage."""
    merged: dict[EngineUsed, EngineUsage | None] = {}
    natural: dict[EngineUsed, float] = {}
    for engine in used:
        bare = engine.model_copy(update={"usage": None, "natural_error_rate": None})
        before = merged.get(bare)
        merged[bare] = before + engine.usage if before and engine.usage else before or engine.usage
        if engine.natural_error_rate is not None:
            natural[bare] = engine.natural_error_rate
    return tuple(
        engine.model_copy(update={"usage": usage, "natural_error_rate": natural.get(engine)})
        for engine, usage in merged.items()
    )


class Timeline(Message):
    """Everything the export of one language needs; stored beside the job, not sent."""

    task_id: str
    language: str
    source_language: str
    media: MediaFacts
    lines: tuple[TimelineLine, ...] = ()
    engines: tuple[EngineUsed, ...] = ()


class ExportLanguage(Job):
    """Mix, mux and measure one language."""

    kind: Literal["export_language"] = "export_language"
    video_key: str
    original_name: str
    timeline_key: str
    transcript_key: str | None = Field(default=None, description="which says when speech is heard")
    settings: ExportSettings = ExportSettings()
    picture_edits: PictureEdits = PictureEdits()


class RecipeTimelines(Message):
    """What a recipe is made from: the timelines of its languages, and the original's lines as their own."""

    source: Timeline
    languages: tuple[Timeline, ...] = ()
    speakers: dict[str, str] = Field(default={}, description="their names, for timelines of editing programs")
    review: dict[str, dict[str, tuple[str, ...]]] = Field(
        default={}, description="why lines are worth a look, by language and segment, for the same"
    )
    unpublished: dict[str, str] = Field(
        default={}, description="why a language has no title and description of the recipe's `publication`"
    )


class RenderRecipe(Job):
    """Make the files of one export by recipe; `settings` are those of the dubs."""

    kind: Literal["render_recipe"] = "render_recipe"
    export_id: str
    video_key: str
    original_name: str
    timelines_key: str
    recipe: ExportRecipe
    settings: ExportSettings = ExportSettings()
    transcript_key: str | None = Field(default=None, description="which says what is written in the picture")
    picture_edits: PictureEdits = PictureEdits()


_STAGE_OF: dict[type[Job], Stage] = {
    DiarizeVideo: Stage.DIARIZATION,
    RecognizeSpeech: Stage.DIARIZATION,
    HearTakes: Stage.DIARIZATION,
    ReadPicture: Stage.DIARIZATION,
    TranslateSpeech: Stage.DIARIZATION,
    TranslateLines: Stage.TRANSLATION,
    ProposeBrief: Stage.TRANSLATION,
    RewriteLines: Stage.TRANSLATION,
    CloneLines: Stage.CLONING,
    ExportLanguage: Stage.EXPORT,
    RenderRecipe: Stage.EXPORT,
}

AnyJob = Annotated[
    DiarizeVideo
    | RecognizeSpeech
    | HearTakes
    | ReadPicture
    | TranslateSpeech
    | TranslateLines
    | ProposeBrief
    | RewriteLines
    | CloneLines
    | ExportLanguage
    | RenderRecipe,
    Field(discriminator="kind"),
]
JOB: TypeAdapter[AnyJob] = TypeAdapter(AnyJob)


def jobs_of(stage: Stage) -> tuple[type[Job], ...]:
    """The kinds of jobs the workers of `stage` take."""
    return tuple(kind for kind, of in _STAGE_OF.items() if of is stage)
