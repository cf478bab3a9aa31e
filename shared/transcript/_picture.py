"""Words in the picture: what is written there, where, and from when to when.

Places are parts of the picture as players show it, 0 to 1 from its left and its top; times are seconds from the start.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.bounds import Bounded

SourceText = Literal["heard", "picture", "inside", "brought"]
"""What the source text is taken from: recognized speech, subtitles in the picture, a subtitle track inside the file, or
a file that a person brought."""
_COLOR = r"^#[0-9A-F]{6}$"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class PictureBox(_Frozen):
    """A part of the picture."""

    x: float = Field(ge=0, le=1)
    y: float = Field(ge=0, le=1)
    w: float = Field(gt=0, le=1)
    h: float = Field(gt=0, le=1)

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.w

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.h


class PictureRow(_Frozen):
    """A row of a cue."""

    box: PictureBox
    text: str
    confidence: float = Field(ge=0, le=1, description="of its least sure letter")


class PictureCue(_Frozen):
    """A subtitle that is burned in. Of two languages `text` is the one spoken, `second` the other."""

    id: str
    start_s: float = Field(ge=0)
    end_s: float = Field(ge=0)
    text: str
    second: str = ""
    confidences: tuple[float, ...] = Field(default=(), description="of each letter of `text`")
    rows: tuple[PictureRow, ...]
    color: str = Field(default="#FFFFFF", pattern=_COLOR)
    outline: str = Field(default="#000000", pattern=_COLOR)
    fades: bool = Field(default=False, description="fades in or out: it is there a little longer than it can be read")
    heard: str = Field(default="", description="what was recognized meanwhile, where the language is understood here")

    @property
    def box(self) -> PictureBox:
        """What holds all rows."""
        x, y = min(row.box.x for row in self.rows), min(row.box.y for row in self.rows)
        right, bottom = max(row.box.right for row in self.rows), max(row.box.bottom for row in self.rows)
        return PictureBox(x=x, y=y, w=min(1 - x, right - x), h=min(1 - y, bottom - y))

    @property
    def confidence(self) -> float:
        """Of the cue as a whole: the mean over its letters."""
        return sum(self.confidences) / len(self.confidences) if self.confidences else 0.0


class CueReading(_Frozen):
    """What a cue says where it was read again, in a box that a person set."""

    box: PictureBox
    text: str
    second: str = ""
    confidences: tuple[float, ...] = Field(default=(), description="of each letter of `text`")


CoverWay = Literal["blur", "fill", "bar"]
"""How text in the picture is covered: blurred, filled from what is around it, or put under a bar."""
PictureMode = Literal["original", "covered", "localised"]


class CueEdit(_Frozen):
    """What a person changes about a cue."""

    box: PictureBox | None = Field(default=None, description="what is covered; None: where it was read")
    cover: CoverWay | Literal["off"] | None = Field(default=None, description="None: like the rest")


class PlacedText(Bounded, _Frozen):
    """A title or sign that is covered and set again, as a person wants it."""

    start_s: float = Field(ge=0)
    end_s: float = Field(gt=0)
    box: PictureBox
    cover: CoverWay | Literal["off"] | None = Field(default=None, description="None: as the subtitles")
    texts: dict[str, str] = Field(
        default={}, max_length=40, description="what is set there, by language; none: only covered"
    )
    color: str = Field(default="#FFFFFF", pattern=_COLOR)


class PictureEdits(_Frozen):
    """What a person changes about the text in the picture."""

    cues: dict[str, CueEdit] = Field(default={}, max_length=5000, description="by the id of a cue")
    placed: tuple[PlacedText, ...] = Field(default=(), max_length=500)


class PictureTitle(_Frozen):
    """Text on the screen that is no subtitle; the times are when it was first and last seen."""

    first_s: float
    last_s: float
    box: PictureBox
    text: str
    language: str | None = Field(default=None, description="the language its letters show; None: they show none")


class PictureWords(_Frozen):
    """What is written in the picture of a video.

    `language` is that of the subtitles, None without any; `cues` is None while nobody read them.
    """

    language: str | None = None
    script: str | None = Field(default=None, description="of Chinese: zh-Hans or zh-Hant")
    second_language: str | None = None
    band: PictureBox | None = Field(default=None, description="where the subtitles are")
    height: float | None = Field(default=None, description="of a row")
    alignment: Literal["center", "left"] = "center"
    cues: tuple[PictureCue, ...] | None = None
    titles: tuple[PictureTitle, ...] = ()
    used: bool = Field(default=False, description="the cues are the text that is spoken")
    as_heard: bool = Field(default=False, description="what was read is what was heard, so neither need be preferred")
    engine: str = ""

    @property
    def has_subtitles(self) -> bool:
        """Whether subtitles are burned in."""
        return self.language is not None
