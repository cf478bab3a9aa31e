"""ASS and SSA: dialogue, signs, karaoke, drawings.

Read row by row and by the `Format:` row of the file: one bad row costs no other, and every remark has its row.
"""

import re
from collections.abc import Iterator, Sequence

from shared.transcript._cues import Cue, CueKind
from shared.transcript._reading._plain import rows as without_empty_rows
from shared.transcript._reading._remarks import RemarkKind, Remarks
from shared.transcript._reading._timed import is_title

_FORMAT = "layer, start, end, style, name, marginl, marginr, marginv, effect, text"
_TIME = re.compile(r"\s*(-?)(\d{1,4}):(\d{1,2}):(\d{1,2})(?:[.,:](\d{1,3}))?\s*")
_BRACES = re.compile(r"(\{[^{}]*\})")
_OPENING, _CLOSING = "\x01", "\x02"  # stand for braces that are text
_DRAWING = re.compile(r"\\p(\d{1,3})")
_PLACED = re.compile(r"\\(?:pos|move|org)\s?\(")
_AWAY = re.compile(r"\\an?(?:[4-9]|1[01])\b|\\a[4-9]")
_SUNG = re.compile(r"\\[kK][fot]?\d")
_SIGN_STYLE = re.compile(r"sign|title|caption|screen|typeset|note|credit", re.IGNORECASE)
_SONG_STYLE = re.compile(r"karaoke|song|lyric|romaji|^op$|^ed$|opening|ending", re.IGNORECASE)


def read_ass(text_rows: Sequence[str], remarks: Remarks) -> Iterator[Cue]:
    """Cues of all dialogue rows."""
    columns = _columns(_FORMAT)
    inside = False
    for number, row in enumerate(text_rows, 1):
        if row.startswith("["):
            inside = row.strip().lower() == "[events]"
        key, _, value = row.partition(":")
        match key.strip().lower():
            case "format" if inside:
                columns = _columns(value)
            case "comment":
                remarks.add(RemarkKind.NOTE, number)
            case "dialogue":
                fields = dict(zip(columns, value.split(",", len(columns) - 1), strict=False))
                yield from _cue(fields, number, remarks)


def _columns(row: str) -> list[str]:
    names = [name.strip().lower() for name in row.split(",")]
    return ["name" if name == "actor" else name for name in names]


def _cue(fields: dict[str, str], number: int, remarks: Remarks) -> Iterator[Cue]:
    start, end = (_TIME.fullmatch(fields.get(name, "")) for name in ("start", "end"))
    if start is None or end is None:
        remarks.add(RemarkKind.UNREADABLE, number)
        return
    written = fields.get("text", "")
    text, drawn = _without_commands(written)
    if not text:
        remarks.add(RemarkKind.DRAWING if drawn else RemarkKind.NO_TEXT, number)
        return
    yield Cue(
        start_s=_seconds(start),
        end_s=_seconds(end),
        text=text,
        speaker=" ".join(fields.get("name", "").split())[:80],
        kind=_kind(fields, written, text),
        row=number,
    )


def _kind(fields: dict[str, str], written: str, text: str) -> CueKind:
    style, effect = fields.get("style", "").strip(), fields.get("effect", "").strip().lower()
    if _SUNG.search(written) or effect in ("fx", "karaoke") or _SONG_STYLE.search(style):
        return CueKind.SONG
    if fields.get("name", "").strip():
        return CueKind.SPEECH
    if _PLACED.search(written) or _SIGN_STYLE.search(style) or (_AWAY.search(written) and is_title(text)):
        return CueKind.SIGN
    return CueKind.SPEECH


def _without_commands(written: str) -> tuple[str, bool]:
    """The text alone, and whether something of it was a drawing."""
    parts, drawing, drawn = [], False, False
    for part in _BRACES.split(written.replace("\\{", _OPENING).replace("\\}", _CLOSING)):
        if part.startswith("{") and part.endswith("}"):
            for scale in _DRAWING.findall(part):
                drawing = int(scale) > 0
        elif not drawing:
            parts.append(part)
        elif part.strip():
            drawn = True
    text = "".join(parts).replace("\\h", " ").replace("\\n", "\n").replace("\\N", "\n").replace("\u2060", "")
    text = text.replace(_OPENING, "{").replace(_CLOSING, "}")
    return without_empty_rows(text), drawn


def _seconds(found: re.Match[str]) -> float:
    sign, hours, minutes, seconds, fraction = found.groups()
    milliseconds = int((fraction or "0").ljust(3, "0"))
    total = (int(hours) * 3600 + int(minutes) * 60 + int(seconds)) * 1000 + milliseconds
    return 0.0 if sign else total / 1000
