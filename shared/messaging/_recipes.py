"""What an export consists of: tracks, subtitles, files. Nothing in a recipe is dubbed again."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.bounds import Bounded
from shared.transcript import AssStyle, CoverWay, PictureMode

EVERY = "*"
"""Stands for every finished language of a task."""
SOURCE = "source"
"""Stands for the language spoken in the original."""

RecipeLanguage = Annotated[str, Field(pattern=r"^(\*|source|[a-z]{2,3})$")]


class ExportSettings(BaseModel):
    """How the dub is mixed; the defaults are those of online platforms."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    loudness_lufs: float = Field(default=-16.0, ge=-31, le=-9, description="integrated loudness of the dub track")
    true_peak_dbtp: float = Field(default=-1.0, ge=-9, le=0)
    duck_db: float = Field(default=-14.0, ge=-60, le=0, description="level of the original under speech")
    container: Literal["auto", "mp4", "mkv"] = "auto"
    keep_original: bool = Field(default=True, description="keep the original audio as second track")
    sdh: bool = Field(default=False, description="subtitles tell of sounds and music too, for the hard of hearing")
    picture: PictureMode = Field(
        default="original",
        description="subtitles burned into the original: left, covered, or covered and set in the new language",
    )
    cover: CoverWay = Field(default="blur", description="how they are covered")
    picture_second: bool = Field(default=False, description="`localised`: the source language stands below")


class _Part(Bounded):
    """Unlike other messages a recipe knows no fields it does not understand: leaving one out makes another file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AudioTrack(_Part):
    """One track of sound.

    `dub` is the finished dub of a language, `original` the original; `voices` are the voices of a language alone and
    `bed` what lies under them, so that both add up to the dub. A `bed` without a language is the original without its
    voices, which takes a separator.
    """

    kind: Literal["dub", "original", "bed", "voices"]
    language: RecipeLanguage | None = Field(default=None, description="`*` stands for every finished language")
    title: str | None = Field(default=None, min_length=1, max_length=80, description="None: named by its language")
    default: bool = Field(default=False, description="what players choose; the first track if none is marked")
    per_speaker: bool = Field(default=False, description="a file for each speaker; voices only")

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        if self.kind in ("dub", "voices") and self.language in (None, SOURCE):
            raise ValueError(f"name the language of the {self.kind}")
        if self.kind == "original" and self.language is not None:
            raise ValueError("the original has the language it has; leave `language` out")
        if self.per_speaker and self.kind != "voices":
            raise ValueError("only voices come per speaker")
        return self


class SubtitleText(_Part):
    """What subtitles say: a language, and below it another one if they are bilingual."""

    language: RecipeLanguage = Field(description="a language of the task, `source`, or `*` for every finished one")
    second: RecipeLanguage | None = Field(default=None, description="shown below, in the same cues")
    sdh: bool = Field(default=False, description="tell of sounds and music too, for the hard of hearing")


class SubtitleTrack(SubtitleText):
    """A soft subtitle track."""

    title: str | None = Field(default=None, min_length=1, max_length=80)
    default: bool = False


class BurnIn(SubtitleText):
    """Subtitles drawn into the picture, which is encoded again for them."""

    style: AssStyle = AssStyle()


class RecipePicture(_Part):
    """What becomes of subtitles that are burned into the original."""

    mode: PictureMode = "covered"
    cover: CoverWay = "blur"
    language: RecipeLanguage | None = Field(default=None, description="what is set in their place")
    second: RecipeLanguage | None = Field(default=None, description="shown below, in the same cues")

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        if (self.mode == "localised") is (self.language is None):
            raise ValueError("name the language that is set in the picture, where it is localised and only there")
        return self


class SubtitleFile(SubtitleText):
    """A subtitle file of its own."""

    format: Literal["srt", "vtt", "ass", "ttml"] = "srt"
    style: AssStyle = Field(default=AssStyle(), description="of ASS files")


class EditTimeline(_Part):
    """A timeline for an editing program (OpenTimelineIO), with every take as a sound file of its own."""

    language: RecipeLanguage

    @model_validator(mode="after")
    def _is_dubbed(self) -> Self:
        if self.language == SOURCE:
            raise ValueError("a timeline is of a dubbed language")
        return self


class PublishedText(_Part):
    """What a video is published with in one language."""

    title: str = Field(default="", max_length=1000)
    description: str = Field(default="", max_length=20_000)


class Publication(PublishedText):
    """The title and the description of the original, to be translated; as long as platforms take them."""

    title: str = Field(default="", max_length=100)
    description: str = Field(default="", max_length=5000, description="empty: the summary of the brief")
    texts: dict[Annotated[str, Field(pattern="^[a-z]{2,3}$")], PublishedText] = Field(
        default={}, max_length=40, description="by language; what is not given is translated"
    )


class ExportRecipe(_Part):
    """What to make of a dubbed task.

    `video` is one file with the picture and any number of tracks; `audio` and `stems` are a sound file for each track
    (stems at the levels they have in the dub), `subtitles` only files. Sidecar files go along with all of them.
    """

    kind: Literal["video", "audio", "stems", "subtitles"] = "video"
    name: str = Field(
        default="", max_length=80, description="what the files are called after; empty: the video and the preset"
    )
    audio: tuple[AudioTrack, ...] = Field(default=(), max_length=40)
    subtitles: tuple[SubtitleTrack, ...] = Field(default=(), max_length=40)
    burn: BurnIn | None = None
    picture: RecipePicture | None = Field(default=None, description="subtitles burned into the original; None: left")
    sidecars: tuple[SubtitleFile, ...] = Field(default=(), max_length=60)
    timelines: tuple[EditTimeline, ...] = Field(
        default=(), max_length=20, description="for editing programs: `.otio`, with each take as a WAV file; `bundle`"
    )
    container: Literal["auto", "mp4", "mkv"] = "auto"
    audio_format: Literal["wav", "flac", "mp3", "m4a"] = Field(
        default="wav", description="of `audio` and `stems`; m4a is AAC"
    )
    publication: Publication | None = Field(
        default=None, description="a text file with title and description for each dubbed language"
    )
    bundle: bool = Field(default=False, description="all files in one ZIP archive")
    settings: ExportSettings | None = Field(default=None, description="levels of the dubs; None: the task's")

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.kind == "video" and not (self.audio or self.subtitles or self.burn or self.picture):
            raise ValueError("a video needs a track, or subtitles to burn in")
        if self.kind in ("audio", "stems") and not self.audio:
            raise ValueError(f"'{self.kind}' needs audio tracks")
        if self.kind == "subtitles" and not self.sidecars:
            raise ValueError("'subtitles' needs sidecars")
        if self.burn and self.picture and self.picture.mode == "localised":
            raise ValueError("subtitles are burned in once: leave out `burn`, or localise nothing")
        if self.kind != "video" and (self.subtitles or self.burn or self.picture):
            raise ValueError("subtitle tracks and burned-in subtitles need a video; use sidecars")
        if self.kind == "subtitles" and self.audio:
            raise ValueError("'subtitles' has no audio tracks")
        if self.kind == "stems" and self.audio_format in ("mp3", "m4a"):
            raise ValueError(f"stems that add up are not {self.audio_format.upper()}; choose wav or flac")
        if self.publication and not any(self.dubs()):
            raise ValueError("title and description are those of a dub; add its track")
        if self.timelines and not (self.kind == "video" and self.bundle):
            raise ValueError("a timeline names the video and the takes beside it: make it of a video, with `bundle`")
        for tracks in (self.audio, self.subtitles):
            if sum(track.default for track in tracks if track.language != EVERY) > 1:
                raise ValueError("one track of a kind is the default")
        return self

    def dubs(self) -> Iterator[tuple[str, str | None]]:
        """The languages of all audio except the original, and their places in the recipe."""
        heard = ((number, track) for number, track in enumerate(self.audio) if track.kind != "original")
        yield from ((f"/audio/{number}/language", track.language) for number, track in heard)
        yield from ((f"/timelines/{number}/language", one.language) for number, one in enumerate(self.timelines))

    def texts(self) -> Iterator[tuple[str, SubtitleText]]:
        """Everything with text, and its place in the recipe."""
        yield from ((f"/subtitles/{number}", text) for number, text in enumerate(self.subtitles))
        yield from ((f"/sidecars/{number}", text) for number, text in enumerate(self.sidecars))
        if self.burn:
            yield "/burn", self.burn
        if self.picture and self.picture.language:
            yield "/picture", SubtitleText(language=self.picture.language, second=self.picture.second)


def expanded(recipe: ExportRecipe, languages: Sequence[str]) -> ExportRecipe:
    """`recipe` with `*` replaced by `languages`, in their order; of several defaults, only the first remains.

    Raises:
        ValueError: `*` cannot be burned in as more than one language, nor expand to none.
    """

    def several(tracks: Sequence[_Part]) -> Iterator[_Part]:
        for track in tracks:
            if getattr(track, "language", None) != EVERY:
                yield track
                continue
            for number, language in enumerate(languages):
                change: dict[str, object] = {"language": language}
                if number and getattr(track, "default", False):
                    change["default"] = False
                if getattr(track, "second", None) == language:  # the same text is not shown twice
                    change["second"] = None
                yield track.model_copy(update=change)

    burn = recipe.burn
    if burn and burn.language == EVERY:
        if len(languages) != 1:
            raise ValueError("one language can be burned in; name it")
        burn = burn.model_copy(update={"language": languages[0]})
    if any(text.second == EVERY for _, text in recipe.texts()):
        raise ValueError("name the second language")
    picture = recipe.picture
    if picture and picture.language == EVERY:
        if len(languages) != 1:
            raise ValueError("one language can be set in the picture; name it")
        picture = picture.model_copy(update={"language": languages[0]})
    fields = recipe.model_dump(exclude={"audio", "subtitles", "sidecars", "timelines", "burn", "picture"})
    lists = {name: tuple(several(getattr(recipe, name))) for name in ("audio", "subtitles", "sidecars", "timelines")}
    return ExportRecipe.model_validate({**fields, **lists, "burn": burn, "picture": picture})
