"""What clients send and get of tasks and their work."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Base64Bytes,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    model_validator,
)

from services.gateway.pipeline.gate import GateLimits, GateReason
from services.gateway.pipeline.questions import Choice, OnDoubt, Question
from services.gateway.web.bodies import Written
from shared.messaging import Brief, ExportSettings, GlossaryTerm
from shared.pipeline import (
    SOURCE_LANGUAGES,
    TARGET_LANGUAGES,
    ChineseScript,
    Stage,
    Status,
    chinese_script,
    one_script,
)
from shared.transcript import MediaFacts, Remark, SourceText, Timing


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

_METADATA_BYTES = 4096


def _small(metadata: dict[str, JsonValue]) -> dict[str, JsonValue]:
    size = len(json.dumps(metadata, ensure_ascii=False, allow_nan=False).encode())
    if size > _METADATA_BYTES:
        raise ValueError(f"metadata has at most {_METADATA_BYTES} bytes as JSON, not {size}")
    return metadata


Metadata = Annotated[
    dict[str, JsonValue],
    AfterValidator(_small),
    Field(description="yours: kept, never read, and told with every fact of a language or task; at most 4 kB as JSON"),
]
StopAfter = Literal[Stage.DIARIZATION, Stage.TRANSLATION, Stage.CLONING]

AudioTracks = Annotated[
    str,
    Field(pattern=r"^[1-9]\d?(\+[1-9]\d?){0,7}$", max_length=40, examples=["2", "1+2"]),
    BeforeValidator(lambda sent: str(sent) if isinstance(sent, int) and not isinstance(sent, bool) else sent),
]
"""Audio tracks by their numbers from 1 on; those joined by a plus are heard together."""


class TaskConfig(Written):
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
    num_speakers: int | None = Field(default=None, ge=1, le=20, description="helps to tell speakers apart")
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
    source_text: SourceText | None = Field(
        default=None,
        description="what the source text is taken from: recognized speech, subtitles in the picture, a subtitle track "
        "inside the file, a file that was brought. None: what was brought, else the best there is",
    )
    on_doubt: OnDoubt = Field(
        default="continue",
        description="what happens when the transcript is doubtful as a whole: `ask` waits for an answer, `continue` "
        "goes on and says so in the note, `fail` ends the task",
    )
    other_languages: Literal["translate", "keep"] = Field(
        default="translate",
        description="lines surely spoken in a language other than the video's: translated like all, or left "
        "as they are. A change is an edit of these lines",
    )
    glossary: list[GlossaryTerm] = Field(default=[], max_length=500)
    brief: Brief = Field(
        default=Brief(), description="what translators are told; a change counts for what is translated from then on"
    )
    export_settings: ExportSettings = ExportSettings()
    gate: GateLimits = Field(default=GateLimits(), description="what a language has to reach to have no issues")
    stop_after: StopAfter | None = Field(
        default=None, description="each language waits after this stage until it is approved; None: it goes through"
    )
    metadata: Metadata = Field(default={})

    @model_validator(mode="before")
    @classmethod
    def _scripts(cls, sent: Any) -> Any:
        return with_script(sent)


_NAMED_IN = ("target_languages", "languages", "translations")


def with_script(sent: Any) -> Any:
    """`sent` with Chinese that was named with script or region as `zh`, and the script where nobody says another.

    A target's script goes before that of the source. Raises: ValueError, where targets name both scripts.
    """
    if not isinstance(sent, dict):
        return sent
    changed, targets = dict(sent), []
    for name in _NAMED_IN:
        named = sent.get(name)
        if isinstance(named, dict):
            targets += [code for code in named if isinstance(code, str)]
            changed[name] = {_plain(code): value for code, value in named.items()}
        elif isinstance(named, list) and all(isinstance(code, str) for code in named):
            targets += named
            changed[name] = list(dict.fromkeys(map(_plain, named)))
    script = one_script(targets)
    if isinstance(spoken := sent.get("source_language"), str):
        changed["source_language"] = _plain(spoken)
        script = script or chinese_script(spoken)
    return {"chinese": script, **changed} if script else changed


def _plain(code: Any) -> Any:
    return "zh" if isinstance(code, str) and chinese_script(code) else code


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
    waiting_for: Literal["doubtful_source", "approval"] | None = Field(
        default=None, description="it is pending until the question of the task is answered, or until it is approved"
    )
    approved_by: str | None = Field(default=None, description="who let it go on after `stop_after`")
    approved_at: datetime | None = None
    error_code: str | None = None
    error_message: str | None = None
    stages: dict[str, dict[str, Any]] = Field(default={}, description="status and progress of each stage")


class LanguageOutcome(BaseModel):
    """What became of a language so far, in few words."""

    status: Status
    gate: Literal["passed", "failed"] | None = None
    gate_reasons: list[str] = Field(default=[], description="codes; the task tells them in full")
    error_code: str | None = None
    error_message: str | None = None


class KeptEngine(BaseModel):
    """An engine that a language of the task keeps to; `base` for what listened to the video."""

    language: str
    port: Literal["recognizer", "translator", "voice"]
    engine: str
    model: str = Field(description="name of its weights, or of the model of a service; empty where it has none")
    digest: str = Field(description="which bytes these weights are; empty where that is not known")


class SourceRead(BaseModel):
    """Where the video of a task is fetched from, and how far that is."""

    address: str = Field(description="a URL, or `s3:` and a key")
    state: Literal["fetching", "failed", "canceled"]
    received: int = Field(description="bytes")
    size: int | None = Field(description="None where the other side does not say")
    attempts: int = Field(description="that failed since the last bytes came")
    next_at: datetime = Field(description="when it is tried next, where one failed")
    error_code: str | None
    error_message: str | None


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
    nothing_to_dub: bool = Field(
        default=False, description="no line was found in the video, as `note` says: its exports are the original"
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
    source: SourceRead | None = Field(default=None, description="the video is not here yet: it is fetched")
    batch_id: str | None = Field(default=None, description="the batch it came with, and its row there")
    batch_row: int | None = None
    error_code: str | None
    error_message: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class ProcessRequest(Written):
    """Bring a language up to and including `stage`; a stage already done is done again."""

    stage: Stage = Stage.EXPORT
    dub_changed: bool = Field(
        default=False,
        description="first speak the lines that were edited or added and not spoken since, and only those",
    )


class ProcessTask(ProcessRequest):
    """The same for several languages; None: all target languages of the task."""

    languages: list[TargetLanguage] | None = Field(default=None, min_length=1, max_length=len(TARGET_LANGUAGES))
    chinese: ChineseScript | None = Field(
        default=None,
        description="as `chinese` of the task, which it changes; `zh-Hant` among the languages says it, too",
    )

    @model_validator(mode="before")
    @classmethod
    def _scripts(cls, sent: Any) -> Any:
        return with_script(sent)


class CancelTask(Written):
    """What to stop; None: everything."""

    languages: list[TargetLanguage] | None = Field(default=None, min_length=1, max_length=len(TARGET_LANGUAGES))


class Approval(Written):
    """Let a language go on after the stop of its task."""

    model_config = ConfigDict(str_strip_whitespace=True)

    by: str | None = Field(
        default=None, min_length=1, max_length=120, description="who says so; the account where nobody is named"
    )


class TaskAnswer(Written):
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


class VoiceChoice(Written):
    """Whose voice speaks: a stock voice by name, another speaker of the task, or an uploaded clip, by id."""

    kind: Literal["stock", "speaker", "clip"]
    id: str = Field(min_length=1, max_length=80)


class JobRead(BaseModel):
    """A unit of work of a task: a stage of a language, or a piece of one."""

    id: int
    language: str
    stage: Stage = Field(description="whose workers do it")
    kind: str
    status: Status
    shard: str = Field(description="which piece of the stage")
    attempt: int
    optional: bool = Field(description="its stage can finish without it")
    created_at: datetime
    started_at: datetime | None = Field(description="when it was handed out last")
    finished_at: datetime | None


class Settings(Written):
    """What new tasks begin with where the upload leaves something out."""

    model_config = ConfigDict(str_strip_whitespace=True)

    default_languages: list[TargetLanguage] = Field(default=[], max_length=20)
    num_speakers: int | None = Field(default=None, ge=1, le=20)
    brief: Brief = Field(default=Brief(), description="what translators are told")
    chinese: ChineseScript = Field(default="zh-Hans", description="the script of Chinese")
    export_settings: ExportSettings = ExportSettings()
    gate: GateLimits = GateLimits()
    auto_cast: bool = Field(default=False, description="known voices get their names and voices without asking")
