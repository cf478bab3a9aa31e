"""Styled subtitles: Advanced SubStation Alpha, for files and for drawing into the picture."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

import pysubs2
from pydantic import BaseModel, ConfigDict, Field

from shared.pipeline import SubtitleLimits
from shared.transcript._cues import Cue

HEIGHT = 1080
"""Lengths of a style are those of a picture of this height, whatever its true one."""
_WIDE = 16 / 9
_SECOND_SIZE = 0.8
_SIDE_MARGIN = 0.05
_ALIGNMENTS = {
    "bottom": pysubs2.Alignment.BOTTOM_CENTER,
    "middle": pysubs2.Alignment.MIDDLE_CENTER,
    "top": pysubs2.Alignment.TOP_CENTER,
}
_COLOR = r"^#[0-9a-fA-F]{6}$"
_JOINER = "\u2060"


class AssStyle(BaseModel):
    """How styled subtitles look; lengths for a picture 1080 high."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    font: str | None = Field(default=None, max_length=80, pattern=r"^[^,\r\n{}\\]+$", description="None: one that fits")
    size: float = Field(default=54, ge=12, le=200)
    color: str = Field(default="#FFFFFF", pattern=_COLOR)
    outline_color: str = Field(default="#000000", pattern=_COLOR)
    outline: float = Field(default=3, ge=0, le=20, description="width of the outline")
    bold: bool = False
    position: Literal["bottom", "middle", "top"] = "bottom"
    margin: int = Field(default=54, ge=0, le=500, description="distance from the edge")


def write_ass(
    cues: Iterable[Cue], style: AssStyle, *, font: str, second_font: str | None = None, aspect: float = _WIDE
) -> str:
    """Render cues as ASS for a picture of `aspect` (width ÷ height); a second language stands below, smaller."""
    file = pysubs2.SSAFile()
    width = round(HEIGHT * aspect)
    file.info |= {"PlayResX": str(width), "PlayResY": str(HEIGHT), "WrapStyle": "0"}
    side = round(width * _SIDE_MARGIN)
    main = pysubs2.SSAStyle(
        fontname=font,
        fontsize=style.size,
        primarycolor=_color(style.color),
        outlinecolor=_color(style.outline_color),
        bold=style.bold,
        outline=style.outline,
        shadow=0,
        alignment=_ALIGNMENTS[style.position],
        marginl=side,
        marginr=side,
        marginv=style.margin,
    )
    second = replace(main, fontname=second_font or font, fontsize=round(style.size * _SECOND_SIZE, 1))
    file.styles = {"Default": main, "Second": second}
    for cue in cues:
        text = _escaped(cue.text)
        if cue.second:
            text += ("\\N" if text else "") + "{\\rSecond}" + _escaped(cue.second)
        event = pysubs2.SSAEvent(start=round(cue.start_s * 1000), end=round(cue.end_s * 1000), text=text)
        file.append(event)
    return file.to_string("ass")


def limits_on(limits: SubtitleLimits, style: AssStyle, aspect: float, *, wide_letters: bool) -> SubtitleLimits:
    """`limits` with rows no longer than fit on a picture of `aspect` in this style: an upright one holds less."""
    advance = style.size * (1.0 if wide_letters else 0.5)
    fits = int(HEIGHT * aspect * (1 - 2 * _SIDE_MARGIN) / advance)
    return replace(limits, row_chars=max(4, min(limits.row_chars, fits)))


def _escaped(text: str) -> str:
    """Rows of text that hold no commands, whatever a person wrote."""
    rows = (row.strip() for row in text.splitlines() if row.strip())
    return "\\N".join(row.replace("\\", "\\" + _JOINER).replace("{", "\\{").replace("}", "\\}") for row in rows)


def _color(hex_: str) -> pysubs2.Color:
    red, green, blue = (int(hex_[start : start + 2], 16) for start in (1, 3, 5))
    return pysubs2.Color(red, green, blue)
