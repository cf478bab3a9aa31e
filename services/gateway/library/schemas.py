"""What clients send and get of an account: glossary, memory, cast, clips, settings."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from services.gateway.pipeline.schemas import Settings, SourceLanguage, TargetLanguage, VoiceChoice
from services.gateway.web.bodies import Written


class _Schema(Written):
    model_config = ConfigDict(str_strip_whitespace=True)


class TermWrite(_Schema):
    """A glossary term; `target_language` None: for all of them, `target` None: it is not translated."""

    source_language: SourceLanguage
    target_language: TargetLanguage | None = None
    source: str = Field(min_length=1, max_length=200)
    target: str | None = Field(default=None, min_length=1, max_length=200)
    pronunciation: str | None = Field(
        default=None, min_length=1, max_length=200, description="how a voice is to read the target text"
    )


class TermRead(BaseModel):
    """A glossary term."""

    term_id: str
    source_language: str
    target_language: str | None
    source: str
    target: str | None
    pronunciation: str | None
    version: int
    created_at: datetime


class Imported(BaseModel):
    """What an import did."""

    added: int
    updated: int
    unchanged: int


class MemoryRead(BaseModel):
    """A translation a person settled, and how many lines took it over."""

    id: int
    source_language: str
    target_language: str
    source: str
    text: str
    uses: int
    updated_at: datetime


class SettingsRead(Settings):
    """The settings, and their version."""

    model_config = ConfigDict(extra="ignore")

    version: int


class CastKeep(_Schema):
    """Keep a speaker of a task for later tasks; `name` None: as the task has it."""

    task_id: str = Field(max_length=80)
    speaker_id: str = Field(max_length=40)
    name: str | None = Field(default=None, min_length=1, max_length=80)


class CastUpdate(_Schema):
    """An edit of a cast member; `voice` None: like the person's own clip."""

    name: str | None = Field(default=None, min_length=1, max_length=80)
    voice: VoiceChoice | None = None


class CastRead(BaseModel):
    """A person known from earlier tasks."""

    cast_id: str
    name: str
    f0_hz: float | None
    voice: VoiceChoice | None
    episodes: int
    has_sample: bool
    recognizable: bool = Field(description="whether the voice was measured, so that it can be proposed again")
    outdated: bool = Field(
        default=False,
        description="an engine of before measured the voice and no sample is kept: proposed again once a speaker of a "
        "new task is said to be this person",
    )
    version: int
    created_at: datetime
    updated_at: datetime


class CastDecision(_Schema):
    """Say who a speaker is; None: no known person."""

    cast_id: str | None = Field(max_length=40)


class ClipRead(BaseModel):
    """A reference clip."""

    clip_id: str
    name: str
    duration_s: float
    consent: bool
    created_at: datetime
