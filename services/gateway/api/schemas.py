"""What clients send and get."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Base64Bytes, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from services.gateway.planning.gate import GateLimits
from services.gateway.planning.gate_reasons import GateReason
from services.gateway.planning.questions import Choice, OnDoubt, Question
from shared.messaging import Brief, ExportRecipe, ExportSettings, GlossaryTerm
from shared.pipeline import SOURCE_LANGUAGES, TARGET_LANGUAGES, ChineseScript, LineState, Stage, Status
from shared.transcript import Decision, MediaFacts, Remark, Timing


def _known_target(code: str) -> str:
    if code not in TARGET_LANGUAGES:
        raise ValueError(f"'{code}' is not offered; choose from {', '.join(TARGET_LANGUAGES)}")
    return code


def _known_source(code: str) -> str:
    if code not in SOURCE_LANGUAGES:
        raise ValueError(f"'{code}' is not known; choose from {', '.join(SOURCE_LANGUAGES)}")
    return code


TargetLanguage = Annotated[str, AfterValidator(_known_target)]
SourceLanguage = Annotated[str, AfterValidator(_known_source)]


SegmentId = Annotated[str, Field(max_length=40)]
LineText = Annotated[str, Field(min_length=1, max_length=2000)]


AudioTracks = Annotated[
    str,
    Field(pattern=r"^[1-9]\d?(\+[1-9]\d?){0,7}$", max_length=40, examples=["2", "1+2"]),
    BeforeValidator(lambda sent: str(sent) if isinstance(sent, int) and not isinstance(sent, bool) else sent),
]
"""Audio tracks by their numbers from 1 on; those joined by a plus are heard together."""


_MOST_FIELDS = 100


class Written(BaseModel):
    """What clients send: an object with as many fields as one can have, each of them known."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _few_fields(cls, sent: Any) -> Any:
        """One error for too many: the framework takes a second on the event loop for 50 000 that are not known."""
        if isinstance(sent, dict) and len(sent) > _MOST_FIELDS:
            raise ValueError(f"an object has at most {_MOST_FIELDS} fields here")
        return sent


class _Schema(Written):
    model_config = ConfigDict(allow_inf_nan=False)


class TaskConfig(_Schema):
    """What a task is to become."""

    target_languages: list[TargetLanguage] = Field(default=[], max_length=len(TARGET_LANGUAGES))
    source_language: SourceLanguage | None = Field(default=None, description="None: recognized or assumed")
    captions: Literal["understood", "as_written"] = Field(
        default="understood", description="whether labels, sounds, signs and capitals of subtitles are understood"
    )
    chinese: ChineseScript = Field(
        default="zh-Hans",
        description="the script of recognized Chinese and of translations into it; what is brought stays as it is. A "
        "language sent as `zh-Hans`, `zh-Hant` or a tag such as `zh-TW` says it as well",
    )
    num_speakers: int | None = Field(default=None, ge=1, le=20, description="helps telling speakers apart")
    audio_track: AudioTracks | None = Field(
        default=None,
        description="audio tracks to listen to, from 1 on: `2`, or `1+2` together; None: LocalClip chooses",
    )
    text_track: int | None = Field(
        default=None,
        ge=1,
        le=99,
        description="subtitles inside the file that are the source text, by number from 1 on",
    )
    on_doubt: OnDoubt = Field(
        default="continue",
        description="what happens when the transcript is doubtful as a whole: `ask` waits for an answer, `continue` "
        "goes on and says so in the note, `fail` ends the task",
    )
    other_languages: Literal["translate", "keep"] = Field(
        default="translate",
        description="lines in which surely another language is spoken than in the video: translated like all, or left "
        "as they are. A change is an edit of these lines",
    )
    glossary: list[GlossaryTerm] = Field(default=[], max_length=500)
    brief: Brief = Field(
        default=Brief(), description="what translators are told; a change counts for what is translated from then on"
    )
    export_settings: ExportSettings = ExportSettings()
    gate: GateLimits = Field(default=GateLimits(), description="what a language has to reach to have no issues")

    @model_validator(mode="before")
    @classmethod
    def _scripts(cls, sent: Any) -> Any:
        return with_script(sent) if isinstance(sent, dict) else sent


_SCRIPTS: dict[str, ChineseScript] = {"zh-hans": "zh-Hans", "zh-cn": "zh-Hans", "zh-sg": "zh-Hans"}
_SCRIPTS |= {"zh-hant": "zh-Hant", "zh-tw": "zh-Hant", "zh-hk": "zh-Hant", "zh-mo": "zh-Hant"}


def with_script(sent: dict[str, Any]) -> dict[str, Any]:
    """`sent` with Chinese that was named with script or region as `zh`, and the script where nobody says another."""
    scripts: list[ChineseScript] = []

    def plain(code: Any) -> Any:
        script = _SCRIPTS.get(code.lower().replace("_", "-")) if isinstance(code, str) else None
        scripts.extend([script] if script else [])
        return "zh" if script else code

    changed = dict(sent)
    if "source_language" in sent:
        changed["source_language"] = plain(sent["source_language"])
    if isinstance(sent.get("target_languages"), list):
        changed["target_languages"] = [plain(code) for code in sent["target_languages"]]
    return {"chinese": scripts[-1], **changed} if scripts else changed


class LanguageStatus(BaseModel):
    """How far one language is; `base` stands for the work done once per task."""

    status: Status
    progress: int = Field(ge=0, le=100)
    stage: Stage | None = None
    message: str = ""
    eta_seconds: float | None = None
    issues: int = Field(default=0, description="lines on the review list")
    gate_passed: bool | None = Field(default=None, description="of the newest export; None: there is none")
    gate: Literal["passed", "failed"] | None = Field(
        default=None, description="the same in a word; a language that fails it is completed all the same"
    )
    gate_reasons: list[GateReason] = Field(
        default=[], description="why it did not pass and what would mend it, the gravest first"
    )
    brought: bool = Field(default=False, description="a person brought its translation as subtitles")
    waiting_for: Literal["doubtful_source"] | None = Field(
        default=None, description="it is pending until the question of the task is answered"
    )
    error_code: str | None = None
    error_message: str | None = None
    stages: dict[str, dict[str, Any]] = Field(default={}, description="status and progress of each stage")


class KeptEngine(BaseModel):
    """An engine that a language of the task keeps to; `base` for what listened to the video."""

    language: str
    port: Literal["recognizer", "translator", "voice"]
    engine: str
    model: str = Field(description="name of its weights, or of the model of a service; empty where it has none")
    digest: str = Field(description="which bytes these weights are; empty where that is not known")


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


class TaskRead(BaseModel):
    """A task."""

    id: int
    task_id: str
    video_filename: str
    video_original_name: str
    video_size: int
    status: Status
    language_status: dict[str, LanguageStatus]
    config: TaskConfig
    media: MediaFacts | None
    source_language: str | None
    waiting_for: Question | None = Field(
        default=None, description="the task is pending until this is answered (`POST .../answer`)"
    )
    note: str | None = Field(
        description="what a person should know: why there is nothing to dub, which of several audio tracks were "
        "listened to, which language was assumed, what is doubtful about the transcript"
    )
    subtitle_remarks: dict[str, list[Remark]] = Field(
        default={}, description="what was repaired, merged or left out of the subtitle files that were brought"
    )
    engines: list[KeptEngine] = Field(
        default=[], description="what the task keeps to, whatever better engines come later; see `.../engines`"
    )
    subtitle_timing: Timing | None = Field(
        default=None,
        description="source subtitles lie beside the speech: what `POST .../segments/shift` would put them over it",
    )
    error_code: str | None
    error_message: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class TaskUpdate(_Schema):
    """Changes to a task's configuration; what is left out stays."""

    target_languages: list[TargetLanguage] | None = Field(default=None, max_length=len(TARGET_LANGUAGES))
    source_language: SourceLanguage | None = None
    captions: Literal["understood", "as_written"] | None = None
    chinese: ChineseScript | None = None
    num_speakers: int | None = Field(default=None, ge=1, le=20)
    audio_track: AudioTracks | None = None
    text_track: int | None = Field(default=None, ge=1, le=99)
    on_doubt: OnDoubt | None = None
    glossary: list[GlossaryTerm] | None = Field(default=None, max_length=500)
    brief: Brief | None = None
    other_languages: Literal["translate", "keep"] | None = None
    export_settings: ExportSettings | None = None
    gate: GateLimits | None = None


class UploadCreate(_Schema):
    """A video that is going to arrive in parts."""

    filename: str = Field(min_length=1, max_length=500)
    size: int = Field(gt=0, le=2**53, description="bytes")
    content_type: str | None = Field(default=None, max_length=200, description="not trusted; the content counts")
    head: Base64Bytes | None = Field(
        default=None, max_length=4096, description="the first kilobyte: what is no video is refused before it is sent"
    )


class PartRead(BaseModel):
    """A part that has arrived."""

    part_number: int
    size: int
    etag: str


class UploadRead(BaseModel):
    """An upload in parts, and what of it has arrived."""

    upload_id: str
    filename: str
    size: int
    part_size: int
    parts: int
    arrived: list[PartRead]
    created_at: datetime


class PartsWanted(_Schema):
    """Parts to get addresses for."""

    part_numbers: list[Annotated[int, Field(ge=1, le=1000)]] = Field(min_length=1, max_length=100)


class PartAddress(BaseModel):
    """Where to PUT a part; relative addresses are the gateway's own."""

    part_number: int
    url: str
    size: int
    expires_at: int = Field(description="seconds since 1970")


class UploadComplete(_Schema):
    """What the task is to become; with `start` all its languages are processed at once."""

    config: TaskConfig = TaskConfig()
    start: bool = False


class ProcessRequest(_Schema):
    """Bring a language up to and including `stage`; a stage already done is done again."""

    stage: Stage = Stage.EXPORT
    dub_changed: bool = Field(
        default=False,
        description="first speak the lines that were edited or added and not spoken since, and only those",
    )


class ProcessTask(ProcessRequest):
    """The same for several languages; None: all target languages of the task."""

    languages: list[TargetLanguage] | None = Field(default=None, min_length=1)


class CancelTask(_Schema):
    """What to stop; None: everything."""

    languages: list[TargetLanguage] | None = Field(default=None, min_length=1)


class TaskAnswer(_Schema):
    """The answer to what a task waits for."""

    choice: Choice = Field(description="`continue` as it is; hear it again in `language`; take `subtitles` instead")
    question_id: str | None = Field(default=None, max_length=60, description="of the question that is meant")
    language: SourceLanguage | None = Field(default=None, description="what is spoken, also what subtitles are in")
    subtitles: Base64Bytes | None = Field(default=None, description="a subtitle file of any format, in base64")


class Started(BaseModel):
    """Work was accepted."""

    message: str
    task_id: str
    language: str
    stage: Stage


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
    language: str | None = Field(default=None, description="where surely another is spoken than in the video")
    version: int


class SegmentUpdate(_Schema):
    """An edit of a source line."""

    text: str | None = Field(default=None, min_length=1, max_length=2000)
    start_s: float | None = Field(default=None, ge=0)
    end_s: float | None = Field(default=None, ge=0)
    speaker_id: str | None = Field(default=None, max_length=40)


class AsWritten(_Schema):
    """Which decisions on captions are taken back; None: all."""

    decisions: list[Decision] | None = Field(default=None, min_length=1)


class SegmentNew(_Schema):
    """A source line to insert."""

    text: str = Field(min_length=1, max_length=2000)
    start_s: float = Field(ge=0)
    end_s: float = Field(ge=0)
    speaker_id: str = Field(max_length=40)


class SegmentSplit(_Schema):
    """Where a segment is cut in time, and where its texts are; what is not given is cut at a word near that."""

    at_s: float = Field(ge=0)
    text_at: int | None = Field(default=None, ge=1, le=2000, description="characters of the source text before the cut")
    texts: dict[TargetLanguage, tuple[LineText, LineText]] = Field(default={}, description="both texts of a language")


class SegmentShift(BaseModel):
    """Moves all source lines: each time times `rate`, plus `shift_s`."""

    shift_s: float = Field(default=0.0, ge=-86_400, le=86_400, description="seconds; negative: earlier")
    rate: float = Field(default=1.0, ge=0.5, le=2.0, description="25/23.976 for subtitles of a 25 fps copy, and so on")


class SegmentMerge(_Schema):
    """Segments that follow each other, in their order; the first stays."""

    segment_ids: list[SegmentId] = Field(min_length=2, max_length=100)


class SegmentParts(BaseModel):
    """The segments a segment became."""

    segments: list[SegmentRead]


class VoiceChoice(_Schema):
    """Whose voice speaks: a stock voice by name, another speaker of the task, or an uploaded clip, by id."""

    kind: Literal["stock", "speaker", "clip"]
    id: str = Field(min_length=1, max_length=80)


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
    version: int


class LineUpdate(_Schema):
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


class LineChanges(_Schema):
    """Edits of several lines that count as one."""

    lines: list[LineChange] = Field(min_length=1, max_length=5000)


class SubtitlePreview(BaseModel):
    """What bringing a subtitle file as a translation would do."""

    format: str
    cues: int
    cues_unmatched: int = Field(description="at whose time nobody says anything")
    lines: int = Field(description="lines of the video that somebody says")
    lines_matched: int
    lines_changed: int = Field(description="that would have another text than now")
    lines_edited: int = Field(description="of these, lines that a person wrote")
    remarks: list[Remark] = Field(description="what would be repaired, merged or left out")


class Redub(_Schema):
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


class SpeakerUpdate(_Schema):
    """An edit of a speaker; `voice` None: like the speaker."""

    name: str | None = Field(default=None, min_length=1, max_length=80)
    voice: VoiceChoice | None = None


class SpeakerNew(_Schema):
    """A speaker that was not recognized."""

    name: str = Field(min_length=1, max_length=80)


class SpeakerMerge(_Schema):
    """Speakers that are one person: the lines of `from` become those of `into`."""

    from_: list[Annotated[str, Field(max_length=40)]] = Field(alias="from", min_length=1, max_length=50)
    into: str = Field(max_length=40)


class SpeakerAssign(_Schema):
    """Lines to give to a speaker."""

    segment_ids: list[SegmentId] = Field(min_length=1, max_length=5000)


class VoiceRead(BaseModel):
    """A voice to choose from; a clip speaks every language that an engine can clone for."""

    kind: Literal["stock", "clip"]
    id: str
    name: str
    engine: str | None = None
    languages: list[str] = []


class Artifact(BaseModel):
    """A file of a task."""

    language: str
    name: str
    size: int
    media_type: str
    etag: str
    url: str


class ExportFile(BaseModel):
    """A file of an export by recipe."""

    name: str
    size: int
    media_type: str
    url: str


class ExportedLanguage(BaseModel):
    """What a language in an export by recipe was when it was made, and whether its lines are the same now."""

    state: Literal["current", "older"] = Field(description="`older` than its lines, from the start or by now")
    lines_unspoken: int = Field(description="edited or added before the export and not spoken: they are not in it")
    lines_failed: int
    gate: Literal["passed", "failed"] | None


class ExportRead(BaseModel):
    """An export by recipe."""

    export_id: str
    status: Status
    progress: int = Field(ge=0, le=100)
    message: str = ""
    recipe: ExportRecipe
    files: list[ExportFile]
    languages: dict[str, ExportedLanguage] = Field(default={}, description="the state of each language in it")
    report: dict[str, Any] | None
    error_code: str | None
    error_message: str | None
    created_at: datetime
    finished_at: datetime | None


class PresetRead(BaseModel):
    """A recipe to begin with."""

    name: str
    title: str
    description: str
    recipe: ExportRecipe


class LogRead(BaseModel):
    """A line of the processing log."""

    language: str
    stage: str
    status: str
    progress: int
    message: str | None
    created_at: datetime


class JobRead(BaseModel):
    """A unit of work of a task: a stage of a language, or a piece of one."""

    id: int
    language: str
    stage: Stage = Field(description="whose workers do it")
    kind: str
    status: Status
    shard: str = Field(description="which piece of the stage")
    attempt: int
    optional: bool = Field(description="its stage comes to its end without it")
    created_at: datetime
    started_at: datetime | None = Field(description="when it was handed out last")
    finished_at: datetime | None


class LanguageService(BaseModel):
    """What does something for a language, how well, and what would make it better."""

    engine: str = Field(description="the engine, or the name of its weights; empty: nothing here does")
    error_percent: float | None = Field(
        description="words that come out wrong as measured (ja, zh, ko: characters): of a voice those misheard, of a "
        "recognizer those misunderstood; null: not measured"
    )
    poor: bool = Field(description="little is understood")
    better: str = Field(description="the command that makes it better; empty: this is the best there is")


class LanguageRead(BaseModel):
    """A language LocalClip offers."""

    code: str
    name: str
    native_name: str
    is_target: bool
    voices: list[str] = Field(description="voice engines at hand that speak it")
    translated_from: list[str] = Field(description="source languages an engine at hand translates from")
    translated_from_sound: list[str] = Field(
        description="source languages that an engine at hand translates from what is said, if no translator does"
    )
    understood_by: LanguageService = Field(description="what hears this language in a video")
    spoken_by: LanguageService = Field(description="what speaks it in a dub, where nobody chose a voice")


class Health(BaseModel):
    """Whether the gateway can work; `workers` counts those waiting for a job, by stage."""

    status: str
    checks: dict[str, bool]
    workers: dict[str, int] = {}
    engines_left_out: dict[str, str] = Field(
        default={}, description="port and name of engines that could not be loaded, and why"
    )
