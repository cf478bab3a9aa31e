"""SRT, WebVTT and SBV, and what people and programs make of them: rows of times, rows of text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from shared.transcript._cues import Cue, CueKind
from shared.transcript._reading._limits import MAX_CUES, TooManyCues
from shared.transcript._reading._plain import plain, voices
from shared.transcript._reading._remarks import RemarkKind, Remarks
from shared.transcript._reading._sharing import shared_out

_MOMENT = r"(-?)(?:(\d{1,4})\s?:\s?)?(\d{1,3})\s?:\s?(\d{1,2})(?:\s?([.,:;])\s?(\d{1,9}))?"
_ARROW = r"(-{1,3}\s?>|--?&gt;|[–—=]\s?>|→|-{2,3})"
_TIMES = re.compile(rf"(?:\d{{1,6}}\s+)?{_MOMENT}\s*{_ARROW}\s*{_MOMENT}(?!\d)(.*)")
_SBV_TIMES = re.compile(r"(\d{1,3}):(\d{2}):(\d{2})\.(\d{3}),(\d{1,3}):(\d{2}):(\d{2})\.(\d{3})")
_ONLY_TIMES = re.compile(r"[-\d\s:.,;>=–—→]+")
_SETTING = re.compile(r"(?:align|line|position|size|vertical|region|[XY][12]):\S*", re.IGNORECASE)
_NOTE = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
_TOP = re.compile(r"\{\\an[4-9]\}")
_FRAMES_PER_S = 25


@dataclass
class _Block:
    """A row of times, with the rows of text below it; without `span` the times cannot be read."""

    row: int
    span: tuple[float, float] | None
    text: list[str] = field(default_factory=list)


def read_srt(rows: Sequence[str], remarks: Remarks) -> Iterator[Cue]:
    """Cues of SRT or SBV: a row with two times begins one and ends the one before.

    The last row before that is the number of the next cue where an empty row stands above it, or where it goes on
    counting.
    """
    blocks = _srt_blocks(rows, remarks)
    number = _number(rows[blocks[0].row - 2]) if blocks and blocks[0].row > 1 else None
    for position, block in enumerate(blocks):
        if position + 1 < len(blocks):
            number = _drop_number(block.text, number)
        yield from _cues(block, remarks)


def _srt_blocks(rows: Sequence[str], remarks: Remarks) -> list[_Block]:
    blocks: list[_Block] = []
    for position, row in enumerate(rows):
        block = _times(row, position + 1, remarks)
        if block is None and _is_times(row, rows[position - 1] if position else ""):
            block = _Block(position + 1, None)
        if block is not None:
            blocks.append(block)
        elif blocks:
            blocks[-1].text.append(row)
    return blocks


def _drop_number(text: list[str], number: int | None) -> int | None:
    """Remove the number of the next cue from the end of this one's text; return it."""
    while len(text) > 1 and not text[-1].strip():  # an empty row may stand below the number too
        text.pop()
    found = _number(text[-1]) if text else None
    if found is None:
        return None if number is None else number + 1
    counts_on = number is not None and found == number + 1
    if counts_on or (len(text) > 1 and not text[-2].strip()) or (len(text) == 1 and number is not None):
        text.pop()
        return found
    return None if number is None else number + 1


def _number(row: str) -> int | None:
    row = row.strip()
    return int(row) if len(row) < 8 and row.isdecimal() else None


def read_vtt(rows: Sequence[str], remarks: Remarks) -> Iterator[Cue]:
    """Cues of WebVTT: an empty row ends one, a row of spaces does not; notes, styles and regions are left out."""
    blocks: list[_Block] = []
    loose: list[tuple[int, str]] = []  # outside of any cue: a name of the next one, or text that lost its cue
    inside = skipping = False
    number: int | None = None
    for position, row in enumerate(rows):
        block = None if skipping else _times(row, position + 1, remarks)
        if block is None and not skipping and _is_times(row, "" if inside else rows[max(0, position - 1)]):
            block = _Block(position + 1, None)
        if block is not None:
            if inside:
                number = _drop_counted(blocks[-1].text, number)
            elif loose and loose[-1][0] == position:
                number = _number(loose.pop()[1])
            _join(blocks, loose, remarks)
            blocks.append(block)
            inside = True
        elif not row:
            inside = skipping = False
        elif inside:
            blocks[-1].text.append(row)
        elif not skipping and _NOTE.match(row) and (position == 0 or not rows[position - 1].strip()):
            skipping = True
            remarks.add(RemarkKind.NOTE, position + 1)
        elif not skipping and row.strip():
            loose.append((position + 1, row))
    _join(blocks, loose, remarks)
    for block in blocks:
        yield from _cues(block, remarks)


def _drop_counted(text: list[str], number: int | None) -> int | None:
    """The same for WebVTT, where a number without an empty row above it is text unless it goes on counting."""
    if number is not None and text and _number(text[-1]) == number + 1:
        text.pop()
        return number + 1
    return None


def _join(blocks: Sequence[_Block], loose: list[tuple[int, str]], remarks: Remarks) -> None:
    """Give text that stands below an empty row to the cue above it; text above all cues is the head of the file."""
    for row, text in loose:
        if blocks:
            blocks[-1].text.append(text)
            remarks.add(RemarkKind.LOOSE_TEXT, row)
    loose.clear()


def _times(row: str, number: int, remarks: Remarks) -> _Block | None:
    """A block for a row of times."""
    if ":" not in row:
        return None
    row = row.strip()
    if sbv := _SBV_TIMES.fullmatch(row):
        hours, minutes, seconds, milliseconds, *last = sbv.groups()
        return _Block(number, (_seconds(hours, minutes, seconds, milliseconds), _seconds(*last)))
    found = _TIMES.match(row) if row[:1].isdigit() or row[:1] == "-" else None
    if found is None:
        return None
    first, arrow, second, rest = found.groups()[:6], found.group(7), found.groups()[7:13], found.group(14)
    if arrow != "-->" or first[4] not in (",", ".") or second[4] not in (",", "."):
        remarks.add(RemarkKind.ODD_TIMES, number)
    block = _Block(number, (_moment(first), _moment(second)))
    if not all(_SETTING.fullmatch(part) for part in rest.split()):
        remarks.add(RemarkKind.TEXT_BESIDE_TIMES, number)
        block.text.append(rest)
    return block


def _moment(parts: Sequence[str | None]) -> float:
    sign, hours, minutes, seconds, point, fraction = parts
    if point in (":", ";") and fraction and len(fraction) < 3:
        frames = int(fraction) / _FRAMES_PER_S
        found = _seconds(hours, minutes, seconds, "0") + min(frames, 0.999)
    else:
        found = _seconds(hours, minutes, seconds, fraction)
    return 0.0 if sign else found


def _seconds(hours: str | None, minutes: str | None, seconds: str | None, fraction: str | None) -> float:
    milliseconds = int((fraction or "0")[:3].ljust(3, "0"))
    return (int(hours or 0) * 3_600_000 + int(minutes or 0) * 60_000 + int(seconds or 0) * 1000 + milliseconds) / 1000


def _is_times(row: str, above: str) -> bool:
    """Whether a row that could not be read was meant for times."""
    if "->" not in row and "→" not in row:
        return False
    row = row.strip()
    return ":" in row and (_ONLY_TIMES.fullmatch(row) is not None or (_number(above) is not None and row[0].isdigit()))


def _cues(block: _Block, remarks: Remarks) -> Iterator[Cue]:
    if block.span is None:
        remarks.add(RemarkKind.UNREADABLE, block.row)
        return
    written = "\n".join(block.text)
    said: list[tuple[str, str]] = []
    for name, part in voices(written):
        if text := plain(part):
            said.append((name, text))
        if len(said) > MAX_CUES:  # they are made at once, to share the time
            raise TooManyCues
    if not said:
        remarks.add(RemarkKind.NO_TEXT, block.row)
        return
    kind = CueKind.SIGN if _TOP.match(written) and is_title(said[0][1]) else CueKind.SPEECH
    cues = [
        Cue(start_s=block.span[0], end_s=block.span[1], text=text, speaker=name, kind=kind, row=block.row)
        for name, text in said
    ]
    yield from shared_out(cues)


def is_title(text: str) -> bool:
    """Whether text looks like what stands in the picture: no small letters, no end of a sentence."""
    return any(one.isupper() for one in text) and not any(one.islower() for one in text) and text[-1] not in ".!?…"
