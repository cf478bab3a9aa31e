"""What clients send and get of uploads in parts."""

from datetime import datetime
from typing import Annotated

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

from services.gateway.batches.schemas import FileOrAddress
from services.gateway.pipeline.schemas import TargetLanguage, TaskConfig
from services.gateway.web.bodies import Written
from shared.pipeline import TARGET_LANGUAGES


class UploadCreate(Written):
    """A video that is going to arrive in parts."""

    filename: str = Field(min_length=1, max_length=500)
    size: int = Field(gt=0, le=2**53, description="bytes")
    content_type: str | None = Field(default=None, max_length=200, description="not trusted; the content counts")
    head: Base64Bytes | None = Field(
        default=None, max_length=4096, description="the first kilobyte: what is no video is refused before it is sent"
    )
    batch_id: str | None = Field(default=None, max_length=40, description="it is the video of a row of this batch")
    row: int = Field(default=1, ge=1, le=2**31 - 1, description="which one")


class TaskOfSource(Written):
    """A task whose video the gateway fetches itself."""

    model_config = ConfigDict(str_strip_whitespace=True)

    source_url: str | None = Field(
        default=None, min_length=1, max_length=2000, description="https; http only within LOCALCLIP_ALLOWED_NETWORKS"
    )
    source_key: str | None = Field(
        default=None, min_length=1, max_length=700, description="a key below LOCALCLIP_SOURCE_PREFIX instead"
    )
    source_page: str | None = Field(
        default=None,
        min_length=1,
        max_length=2000,
        description="or a page, whose video yt-dlp fetches, where the operator turned that on (LOCALCLIP_YTDLP)",
    )
    filename: str = Field(
        default="", max_length=500, description="what it is called; by default the end of its address, or its title"
    )
    subtitles: FileOrAddress | None = Field(
        default=None, description="the source text: an address, or `s3:` and a key; with `source_key` a key alone"
    )
    translations: dict[TargetLanguage, FileOrAddress] = Field(
        default={}, max_length=len(TARGET_LANGUAGES), description="the same by target language"
    )
    config: TaskConfig = TaskConfig()
    start: bool = Field(default=False, description="process all target languages as soon as it has come")


class PartRead(BaseModel):
    """A part that has arrived; once the parts are joined, `etag` is that of the whole video."""

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


class PartsWanted(Written):
    """Parts to get addresses for."""

    part_numbers: list[Annotated[int, Field(ge=1, le=1000)]] = Field(min_length=1, max_length=100)


class PartAddress(BaseModel):
    """Where to PUT a part; relative addresses are the gateway's own."""

    part_number: int
    url: str
    size: int
    expires_at: int = Field(description="seconds since 1970")


class SentFile(Written):
    """A small file in a JSON body."""

    filename: str = Field(min_length=1, max_length=500)
    data: Base64Bytes


class UploadComplete(Written):
    """What the task is to become; with `start` all its languages are processed at once."""

    config: TaskConfig = TaskConfig()
    start: bool = False
    strict: bool = Field(
        default=False,
        description="refuse it where one of its languages cannot be dubbed here, as a form is refused; else those that "
        "can be are begun, and the others wait for what they need",
    )
    batch_id: str | None = Field(
        default=None, max_length=40, description="it is the video of a row of this batch, which says what becomes of it"
    )
    row: int = Field(default=1, ge=1, le=2**31 - 1, description="which one")
    files: dict[str, SentFile] = Field(
        default={},
        max_length=20,
        description="subtitles that come with it: `subtitles` (what is said), `translation_<language>`",
    )
