"""What happens to words in the picture: where and when they are covered, and what replaces them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from services.exporter.engines.base import Cover
from services.exporter.fonts import font_for
from services.exporter.source import Source
from services.exporter.subtitles import Second, layout
from shared.messaging import TimelineLine
from shared.pipeline import CancelToken, ErrorCode, LanguageInfo, PermanentError
from shared.transcript import (
    AssStyle,
    CoverWay,
    Cue,
    PictureBox,
    PictureCue,
    PictureEdits,
    PictureMode,
    PictureWords,
    Placed,
    PlacedText,
    limits_on,
    write_patches,
    write_placed,
)

_AROUND = 0.16  # of the height of a row: outlines and shadows extend beyond what is found
_FADE_S = 0.16
_MOST_FILLED = 1000
"""The most patches that are filled one by one, each by its own filter. More are blurred."""
_BLUR = 0.55  # of the height of a row
_SMALLEST, _LARGEST = 18.0, 140.0
_MIDDLE = 0.5
_WIDE_LETTERS = ("ja", "ko", "zh")
_HEIGHT = 1080


@dataclass(frozen=True)
class Patch:
    """An area of the picture that is covered for some time; all coordinates are even pixels."""

    start_s: float
    end_s: float
    left: int
    top: int
    width: int
    height: int
    way: CoverWay


@dataclass(frozen=True)
class Wanted:
    """What an export requests: for which words in the picture, in what way, with a person's changes."""

    words: PictureWords
    mode: PictureMode
    way: CoverWay
    edits: PictureEdits

    def report(self, patches: Sequence[Patch], localised: int) -> dict[str, object]:
        """What the report says about it."""
        cues = self.words.cues or ()
        sure = [cue.confidence for cue in cues]
        return {
            "mode": self.mode,
            "way": self.way,
            "language": self.words.language,
            "cues_read": len(cues),
            "confidence": round(sum(sure) / len(sure), 4) if sure else None,
            "patches_covered": len(patches),
            "cues_set": localised,
        }


def wanted(words: PictureWords | None, mode: PictureMode, way: CoverWay, edits: PictureEdits) -> Wanted | None:
    """What is to be done to the picture; None if it stays unchanged.

    Raises: PermanentError, `export_invalid`, if its subtitles were never read.
    """
    if mode == "original" or words is None or not (words.has_subtitles or edits.placed):
        return None
    if words.has_subtitles and words.cues is None:
        raise PermanentError(
            ErrorCode.EXPORT_INVALID,
            "the subtitles in the picture were not read yet, so nobody knows when to cover them: begin the task again "
            "from its first stage with `picture` in its export settings, or with source_text set to picture",
        )
    return Wanted(words, mode, way, edits)


def patches(asked: Wanted, source: Source) -> list[Patch]:
    """Every row of every cue with a margin, while it is shown; and what a person asked to be covered."""
    found = []
    for cue in asked.words.cues or ():
        edit = asked.edits.cues.get(cue.id)
        way = edit.cover if edit and edit.cover else asked.way
        if way == "off":
            continue
        before_s = _FADE_S if cue.fades else source.frame_s
        boxes = [edit.box] if edit and edit.box else [row.box for row in cue.rows]
        for box in boxes:
            around = 0.0 if edit and edit.box else _AROUND
            found.append(_patch(box, around, cue.start_s - before_s, cue.end_s + before_s, way, source))
    for text in asked.edits.placed:
        if (way := text.cover or asked.way) != "off":
            found.append(_patch(text.box, 0.0, text.start_s, text.end_s, way, source))
    return _affordable(found)


def cover(found: Sequence[Patch], source: Source, folder: Path) -> Cover | None:
    """`found` in the muxer's form, with the files it needs in `folder`; None if there is nothing to cover."""
    if not found:
        return None
    blurred = [patch for patch in found if patch.way == "blur" or (patch.way == "fill" and source.hdr)]
    bars = [patch for patch in found if patch.way == "bar"]
    filled = [patch for patch in found if patch not in blurred and patch not in bars]
    strip, mask = (0, 0, 0, 0), None
    if blurred:
        strip = _strip(blurred, source)
        mask = folder / "mask.ass"
        moved = [_timed(patch, -strip[0], -strip[1]) for patch in blurred]
        mask.write_text(write_patches(moved, strip[2:], "#FFFFFF"), encoding="utf-8")
    drawn = folder / "bars.ass" if bars else None
    if drawn:
        drawn.write_text(write_patches(map(_timed, bars), source.size, "#101010"), encoding="utf-8")
    sigma = max(2.0, _BLUR * median(patch.height for patch in found))
    areas = tuple((patch.start_s, patch.end_s, patch.left, patch.top, patch.width, patch.height) for patch in filled)
    return Cover(strip=strip, mask=mask, sigma=sigma, bars=drawn, filled=areas)


@dataclass(frozen=True)
class Setting:
    """What replaces the original: lines in one language, with another below if wanted."""

    lines: Sequence[TimelineLine]
    language: LanguageInfo
    second: Second | None = None


def localised(asked: Wanted, setting: Setting, source: Source, target: Path, cancel: CancelToken) -> int:
    """Write the lines as ASS in the place and style of the original; returns the number of cues."""
    size = _size(asked.words)
    style = AssStyle(size=size)
    wide = setting.language.code in _WIDE_LETTERS
    limits = limits_on(setting.language.subtitles, style, source.aspect, wide_letters=wide)
    cues = layout(setting.lines, replace(setting.language, subtitles=limits), source.length_s, setting.second)
    shown = [_placed(cue, asked.words, size) for cue in cues]
    if asked.way == "bar":
        shown = [replace(one, color="#FFFFFF", outline="#000000") for one in shown]
    shown += list(_titles(asked.edits.placed, setting.language.code))
    font = font_for(setting.language, None, cancel)
    below = font_for(setting.second.language, None, cancel) if setting.second else font
    target.write_text(write_placed(shown, font=font, second_font=below, aspect=source.aspect), encoding="utf-8")
    return len(shown)


@dataclass(frozen=True)
class Drawn:
    """What is done to the picture, and what the report says about it."""

    cover: Cover | None = None
    text: Path | None = None
    report: dict[str, object] | None = None

    @property
    def changes(self) -> bool:
        """Whether the picture is encoded again."""
        return self.cover is not None or self.text is not None


def draw(asked: Wanted, setting: Setting | None, source: Source, folder: Path, cancel: CancelToken) -> Drawn:
    """Prepare in `folder` what covers the words in the picture, and the `setting` that replaces them."""
    found, target, count = patches(asked, source), folder / "picture.ass", 0
    if asked.mode == "localised" and setting:
        count = localised(asked, setting, source, target, cancel)
    return Drawn(cover(found, source, folder), target if count else None, asked.report(found, count))


def _patch(box: PictureBox, around: float, start_s: float, end_s: float, way: CoverWay, source: Source) -> Patch:
    wide, high = source.size
    pad = around * box.h * high
    left, top = _even(box.x * wide - 1.5 * pad), _even(box.y * high - pad)
    right = min(wide // 2 * 2, _even(box.right * wide + 1.5 * pad + 1.9))
    bottom = min(high // 2 * 2, _even(box.bottom * high + pad + 1.9))
    return Patch(max(0.0, start_s), end_s, left, top, max(2, right - left), max(2, bottom - top), way)


def _even(place: float) -> int:
    return max(0, int(place) // 2 * 2)


def _affordable(found: list[Patch]) -> list[Patch]:
    if sum(patch.way == "fill" for patch in found) <= _MOST_FILLED:
        return found
    return [replace(patch, way="blur") if patch.way == "fill" else patch for patch in found]


def _strip(found: Sequence[Patch], source: Source) -> tuple[int, int, int, int]:
    """The bounds of all of `found`, with a margin to blur from: left, top, width, height."""
    high = source.size[1] // 2 * 2
    reach = _even(max(patch.height for patch in found))
    top = max(0, min(patch.top for patch in found) - reach)
    bottom = min(high, max(patch.top + patch.height for patch in found) + reach)
    return 0, top, source.size[0] // 2 * 2, bottom - top


def _timed(patch: Patch, right: int = 0, down: int = 0) -> tuple[float, float, int, int, int, int]:
    return patch.start_s, patch.end_s, patch.left + right, patch.top + down, patch.width, patch.height


def _size(words: PictureWords) -> float:
    """The size of the original's letters, which is the height of a detected row."""
    rows = [row.box.h for cue in words.cues or () for row in cue.rows]
    return min(_LARGEST, max(_SMALLEST, _HEIGHT * (median(rows) if rows else words.height or 0.05)))


def _placed(cue: Cue, words: PictureWords, size: float) -> Placed:
    """A cue in the place of the original at its time, or at the nearest time; the lower row keeps its place, or the
    upper one if subtitles are in the upper half.
    """
    original = _nearest(cue, words.cues or ())
    color, outline = (original.color, original.outline) if original else ("#FFFFFF", "#000000")
    box = original.box if original else words.band or PictureBox(x=0, y=0.85, w=1, h=0.08)
    if words.alignment == "left":
        return Placed(cue, box.x, box.bottom, "left", size, color, outline)
    middle = box.x + box.w / 2
    if box.y + box.h / 2 < _MIDDLE:
        return Placed(cue, middle, box.y, "top", size, color, outline)
    return Placed(cue, middle, box.bottom, "bottom", size, color, outline)


def _nearest(cue: Cue, originals: Sequence[PictureCue]) -> PictureCue | None:
    middle_s = (cue.start_s + cue.end_s) / 2
    return min(
        originals,
        key=lambda one: (max(one.start_s - middle_s, middle_s - one.end_s, 0.0), abs(one.start_s - cue.start_s)),
        default=None,
    )


def _titles(texts: Sequence[PlacedText], language: str) -> Iterator[Placed]:
    for text in texts:
        if said := text.texts.get(language):
            cue = Cue(start_s=text.start_s, end_s=text.end_s, text=said)
            rows = max(1, len(said.splitlines()))
            size = min(_LARGEST, max(_SMALLEST, _HEIGHT * text.box.h / rows))
            middle = text.box.x + text.box.w / 2, text.box.y + text.box.h / 2
            yield Placed(cue, *middle, "middle", size, text.color, "#000000")
