"""What clients send and get of segments, lines, speakers, edits and engines."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, model_validator

from services.gateway.pipeline.gate import GateLimits
from services.gateway.pipeline.picture import AskedState
from services.gateway.pipeline.questions import OnDoubt
from services.gateway.pipeline.schemas import (
    AudioTracks,
    KeptEngine,
    SourceLanguage,
    Started,
    TargetLanguage,
    VoiceChoice,
    with_script,
)
from services.gateway.web.bodies import Written
from shared.messaging import Brief, ExportSettings, GlossaryTerm, Wish
from shared.pipeline import TARGET_LANGUAGES, ChineseScript, LineState
from shared.transcript import (
    CueEdit,
    CueReading,
    Decision,
    PictureBox,
    PictureEdits,
    PictureWords,
    PlacedText,
    Remark,
    SourceText,
)

SegmentId = Annotated[str, Field(max_length=40)]
LineText = Annotated[str, Field(min_length=1, max_length=2000)]


class EngineOffer(BaseModel):
    """What a task would begin with today, and what taking it does."""

    engine: str
    model: str
    digest: str
    error_percent: float | None = Field(
        description="words that come out wrong as measured (ja, zh, ko: characters); null: not measured"
    )
    does_again: str = Field(description="what would be done again, for a person")
    lines: int = Field(description="how many lines that are")


class TaskEngineRead(KeptEngine):
    """The same, whether it is still here, and what another would bring."""

    here: bool | None = Field(description="whether a worker has it or could open it; null: no worker was ever there")
    error_percent: float | None = Field(description="see `EngineOffer`")
    offer: EngineOffer | None = Field(description="null: the task keeps to what it would begin with today")


class UpgradeEngines(Written):
    """Which engines to change; `base` stands for what listened to the video, which is only changed when named."""

    languages: list[str] | None = Field(
        default=None, min_length=1, max_length=20, description="None: all target languages"
    )
    ports: list[Literal["recognizer", "translator", "voice"]] | None = Field(
        default=None, min_length=1, max_length=3, description="None: all of these languages"
    )


class TaskUpdate(Written):
    """Changes to a task's configuration; what is left out stays."""

    target_languages: list[TargetLanguage] | None = Field(default=None, max_length=len(TARGET_LANGUAGES))
    source_language: SourceLanguage | None = None
    captions: Literal["understood", "as_written"] | None = None
    chinese: ChineseScript | None = None
    num_speakers: int | None = Field(default=None, ge=1, le=20)
    audio_track: AudioTracks | None = None
    text_track: int | None = Field(default=None, ge=1, le=99)
    source_text: SourceText | None = None
    on_doubt: OnDoubt | None = None
    glossary: list[GlossaryTerm] | None = Field(default=None, max_length=500)
    brief: Brief | None = None
    other_languages: Literal["translate", "keep"] | None = None
    export_settings: ExportSettings | None = None
    gate: GateLimits | None = None

    @model_validator(mode="before")
    @classmethod
    def _scripts(cls, sent: Any) -> Any:
        return with_script(sent)


class StartedLines(Started):
    """Single lines are being done again."""

    lines: int


class SegmentRead(BaseModel):
    """A source line."""

    segment_id: str
    start_s: float
    end_s: float
    speaker_id: str
    text: str
    words: list[dict[str, Any]]
    written: str | None = Field(default=None, description="the text of the subtitle file, where a decision changed it")
    decisions: list[Decision] = Field(default=[], description="what its caption was taken for")
    language: str | None = Field(default=None, description="where a language other than the video's is surely spoken")
    version: int


class SegmentUpdate(Written):
    """An edit of a source line."""

    text: str | None = Field(default=None, min_length=1, max_length=2000)
    start_s: float | None = Field(default=None, ge=0)
    end_s: float | None = Field(default=None, ge=0)
    speaker_id: str | None = Field(default=None, max_length=40)


class AsWritten(Written):
    """Which decisions on captions are taken back; None: all."""

    decisions: list[Decision] | None = Field(default=None, min_length=1, max_length=len(Decision))


class SegmentNew(Written):
    """A source line to insert."""

    text: str = Field(min_length=1, max_length=2000)
    start_s: float = Field(ge=0)
    end_s: float = Field(ge=0)
    speaker_id: str = Field(max_length=40)


class SegmentSplit(Written):
    """Where a segment is cut in time, and where its texts are; what is not given is cut at a word near that."""

    at_s: float = Field(ge=0)
    text_at: int | None = Field(default=None, ge=1, le=2000, description="characters of the source text before the cut")
    texts: dict[TargetLanguage, tuple[LineText, LineText]] = Field(
        default={}, max_length=len(TARGET_LANGUAGES), description="both texts of a language"
    )


class SegmentShift(BaseModel):
    """Moves all source lines: each time times `rate`, plus `shift_s`."""

    shift_s: float = Field(default=0.0, ge=-86_400, le=86_400, description="seconds; negative: earlier")
    rate: float = Field(default=1.0, ge=0.5, le=2.0, description="25/23.976 for subtitles of a 25 fps copy, and so on")


class SegmentMerge(Written):
    """Segments that follow each other, in their order; the first stays."""

    segment_ids: list[SegmentId] = Field(min_length=2, max_length=100)


class SegmentParts(BaseModel):
    """The segments a segment became."""

    segments: list[SegmentRead]


class WishRead(BaseModel):
    """What a person asked the translator for and did not get, or not yet."""

    wish: Wish
    state: Literal["waiting", "failed", "nothing"] = Field(description="nothing: the translator knows no such text")
    code: str | None = None
    message: str | None = Field(default=None, description="why it failed")


class WishNew(Written):
    """How the text of a line should differ."""

    wish: Wish


class WishesRead(BaseModel):
    """What the translator of a language can be asked for."""

    wishes: list[Wish]
    translator: str | None = Field(description="None: none is at hand for this pair")


class LineRead(BaseModel):
    """A line: a segment in one target language, with its take and how it was fitted."""

    segment_id: str
    start_s: float
    end_s: float
    speaker_id: str
    source_text: str
    text: str | None
    state: LineState
    edited: bool
    origin: str = Field(
        description="who wrote the text: engine, sound (an engine, from what is said), provided, memory or person"
    )
    alternatives: list[str] = Field(description="the engine's other candidates, best first")
    rounds: int = Field(description="texts that were spoken before this one fitted")
    voice: VoiceChoice | None = Field(description="of this line alone; None: its speaker's")
    omitted: bool = Field(description="keeps the original audio: nobody says it, or by a person's wish")
    decisions: list[Decision] = Field(default=[], description="what the caption of its source was taken for")
    pinned: bool = Field(description="its take was chosen by a person")
    moved: bool = Field(description="times or speaker are this language's own, not the segment's")
    source_changed: bool = Field(description="the source line was edited after this was translated")
    take_key: str | None
    take_start_s: float | None
    take_duration_s: float | None
    natural_s: float | None
    speed: float | None
    fit: str | None
    decision: str | None
    heard: str | None = Field(description="what a recognizer understood of the take")
    error_rate: float | None = Field(description="share of the text that was understood wrong, where measured")
    similarity: float | None = Field(description="of the take's voice to its speaker's, -1 to 1, where measured")
    error_code: str | None
    error_message: str | None
    wish: WishRead | None = Field(default=None, description="another text that somebody asked the translator for")
    version: int


class LineUpdate(Written):
    """An edit of a line; null gives times, speaker or voice back to the segment and its speaker."""

    text: LineText | None = None
    start_s: float | None = Field(default=None, ge=0)
    end_s: float | None = Field(default=None, ge=0)
    speaker_id: str | None = Field(default=None, max_length=40)
    voice: VoiceChoice | None = None
    omitted: bool | None = Field(default=None, description="keep the original audio")
    pinned: bool | None = Field(default=None, description="keep this take when everything is dubbed again")


class LineChange(LineUpdate):
    """An edit of one of several lines."""

    segment_id: SegmentId
    version: int | None = Field(default=None, description="of the line that was edited; None: whatever it is")


class LineChanges(Written):
    """Edits of several lines that count as one."""

    lines: list[LineChange] = Field(min_length=1, max_length=5000)

    @model_validator(mode="after")
    def _each_line_once(self) -> Self:
        if len({line.segment_id for line in self.lines}) < len(self.lines):
            raise ValueError("name each line once")
        return self


class SubtitlePreview(BaseModel):
    """What bringing a subtitle file as a translation would do."""

    format: str
    cues: int
    cues_unmatched: int = Field(description="at whose time nobody says anything")
    lines: int = Field(description="lines of the video that somebody says")
    lines_matched: int
    lines_changed: int = Field(description="whose text would differ from now")
    lines_edited: int = Field(description="of these, lines that a person wrote")
    remarks: list[Remark] = Field(description="what would be repaired, merged or left out")


class Redub(Written):
    """Which lines to do again: those named, or all that are not as they should be."""

    only_stale: bool = False
    segment_ids: list[SegmentId] | None = Field(default=None, min_length=1, max_length=1000)

    @model_validator(mode="after")
    def _one_of_both(self) -> "Redub":
        if self.only_stale == (self.segment_ids is not None):
            raise ValueError("give either only_stale or segment_ids")
        return self


class TakeRead(BaseModel):
    """A take a line has had."""

    take_id: str
    text: str
    take_key: str
    duration_s: float
    natural_s: float | None
    speed: float | None
    fit: str | None
    decision: str | None
    created_at: datetime
    current: bool = Field(description="it is the one that is heard")
    url: str


class EditRead(BaseModel):
    """An edit of a task."""

    number: int
    kind: str
    summary: str
    undone: bool
    author: str
    created_at: datetime


class LineName(BaseModel):
    """Which line."""

    language: str
    segment_id: str


class EditUndone(BaseModel):
    """An edit that was undone or done again, and what it touched."""

    edit: EditRead
    segments: list[str]
    lines: list[LineName]


class SpeakerRead(BaseModel):
    """A speaker."""

    speaker_id: str
    name: str
    f0_hz: float | None
    speech_s: float
    voice: VoiceChoice | None
    has_sample: bool = Field(description="whether there is a clip of this voice to listen to")
    cast_id: str | None = Field(description="the known person this is, or seems to be until it is accepted")
    cast_name: str | None
    cast_similarity: float | None = Field(description="of the voice to that person's, -1 to 1")
    cast_accepted: bool
    version: int


class SpeakerUpdate(Written):
    """An edit of a speaker; `voice` None: like the speaker."""

    name: str | None = Field(default=None, min_length=1, max_length=80)
    voice: VoiceChoice | None = None


class SpeakerNew(Written):
    """A speaker that was not recognized."""

    name: str = Field(min_length=1, max_length=80)


class SpeakerMerge(Written):
    """Speakers that are one person: the lines of `from` become those of `into`."""

    from_: list[Annotated[str, Field(max_length=40)]] = Field(alias="from", min_length=1, max_length=50)
    into: str = Field(max_length=40)


class SpeakerAssign(Written):
    """Lines to give to a speaker."""

    segment_ids: list[SegmentId] = Field(min_length=1, max_length=5000)


class VoiceForSpeakers(Written):
    """One voice for several speakers, and for all their lines; None: each is spoken like themselves."""

    voice: VoiceChoice | None
    speaker_ids: list[Annotated[str, Field(max_length=40)]] | None = Field(
        default=None, max_length=1000, description="None: everybody"
    )


class VoiceRead(BaseModel):
    """A voice to choose from; a clip speaks every language that an engine can clone for."""

    kind: Literal["stock", "clip"]
    id: str
    name: str
    engine: str | None = None
    languages: list[str] = []
    title: str = Field(default="", description="what people call it; empty: nobody named it")
    f0_hz: float | None = Field(default=None, description="its pitch, where that is known")
    misheard: float | None = Field(
        default=None, description="share of its words that a listener gets wrong, where that was measured"
    )


class AuditionNew(Written):
    """A voice to hear, with the line of `segment_id` or, without one, with a sentence of the language.

    `voice` None: like the speaker of the line, or the first one, without a voice that was chosen.
    """

    voice: VoiceChoice | None = None
    segment_id: str | None = Field(default=None, min_length=1, max_length=40)


class AuditionRead(BaseModel):
    """A voice to listen to before it is chosen."""

    audition_id: str
    state: Literal["waiting", "ready", "failed"]
    url: str | None = Field(description="where to listen to it, once it is ready")


class ReviewReason(BaseModel):
    """Why a line is worth a look."""

    code: str
    text: str


class ReviewLine(LineRead):
    """A line worth a look: the score says how much, the first reason most."""

    language: str
    score: float
    issue: bool = Field(description="it counts among the `issues` of its language")
    reasons: list[ReviewReason]


class CueReadAgain(BaseModel):
    """A cue that a person had read again; nothing of the text changes by it."""

    state: AskedState
    box: PictureBox
    reading: CueReading | None = None
    error_code: str | None = None
    error_message: str | None = None


class TitleTranslation(BaseModel):
    """A title that a person had translated; nothing of the picture changes by it."""

    state: AskedState
    text: str | None = None
    error_code: str | None = None
    error_message: str | None = None


class PictureRead(BaseModel):
    """What is written in the picture, and what a person wants otherwise of it."""

    words: PictureWords | None
    edits: PictureEdits
    readings: dict[str, CueReadAgain] = Field(default={}, description="what was read again, by the id of a cue")
    translations: dict[str, dict[str, TitleTranslation]] = Field(
        default={}, description="of titles and signs, by language and by what they say"
    )


class CueToRead(Written):
    """Where a cue is read again."""

    box: PictureBox


class TitlesToTranslate(Written):
    """Which titles and signs are translated, by what they say, and into which language of the task."""

    language: str
    texts: list[str] = Field(min_length=1, max_length=500)


class PictureEditsWritten(Written):
    """What a person changes about the text in the picture; replaces what was said before."""

    cues: dict[str, CueEdit] = Field(default={}, max_length=5000, description="by the id of a cue")
    placed: list[PlacedText] = Field(default=[], max_length=500, description="titles that are covered and set again")
