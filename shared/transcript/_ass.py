"""Styled subtitles: Advanced SubStation Alpha, for files and for drawing into the picture."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
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


@dataclass(frozen=True)
class Placed:
    """A cue at a place of its own: `x` and `y`, parts of the picture, are where its `anchor` is.

    `size` is for a picture 1080 high. Anchors: `bottom` and `top` in the middle of a row, `left` below on the left.
    """

    cue: Cue
    x: float
    y: float
    anchor: Literal["bottom", "top", "left", "middle"]
    size: float
    color: str
    outline: str


_ANCHORS = {"left": 1, "bottom": 2, "middle": 5, "top": 8}


def write_placed(cues: Iterable[Placed], *, font: str, second_font: str | None = None, aspect: float = _WIDE) -> str:
    """Render cues as ASS, each at its own place, in its own size and colors; a second language below, smaller."""
    file = pysubs2.SSAFile()
    width = round(HEIGHT * aspect)
    file.info |= {"PlayResX": str(width), "PlayResY": str(HEIGHT), "WrapStyle": "0"}
    side = round(width * _SIDE_MARGIN / 2)
    main = pysubs2.SSAStyle(fontname=font, shadow=0, marginl=side, marginr=side)
    file.styles = {"Default": main, "Second": replace(main, fontname=second_font or font)}
    for one in cues:
        look = f"\\1c{_ass_color(one.color)}\\3c{_ass_color(one.outline)}\\bord{max(1.5, one.size / 18):.1f}"
        place = f"\\an{_ANCHORS[one.anchor]}\\pos({one.x * width:.0f},{one.y * HEIGHT:.0f})"
        text = f"{{{place}{look}\\fs{one.size:.0f}}}" + _escaped(one.cue.text)
        if one.cue.second:
            small = f"{{\\rSecond{look}\\fs{one.size * _SECOND_SIZE:.0f}}}"
            text += ("\\N" if one.cue.text else "") + small + _escaped(one.cue.second)
        start, end = round(one.cue.start_s * 1000), round(one.cue.end_s * 1000)
        file.append(pysubs2.SSAEvent(start=start, end=end, text=text, layer=1))
    return file.to_string("ass")


def write_patches(patches: Iterable[tuple[float, float, int, int, int, int]], size: tuple[int, int], color: str) -> str:
    """Render filled rectangles as ASS for a picture of `size` pixels: start and end, left, top, width and height."""
    file = pysubs2.SSAFile()
    file.info |= {"PlayResX": str(size[0]), "PlayResY": str(size[1])}
    file.styles = {"Default": pysubs2.SSAStyle(shadow=0, outline=0, primarycolor=_color(color))}
    for start_s, end_s, left, top, width, height in patches:
        shape = f"m 0 0 l {width} 0 {width} {height} 0 {height}"
        text = f"{{\\an7\\pos({left},{top})\\bord0\\p1}}{shape}"
        file.append(pysubs2.SSAEvent(start=round(start_s * 1000), end=round(end_s * 1000), text=text))
    return file.to_string("ass")


def _ass_color(hex_: str) -> str:
    return f"&H{hex_[5:7]}{hex_[3:5]}{hex_[1:3]}&"
