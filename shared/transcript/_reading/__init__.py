"""Read subtitle files of every kind, and tell what was done to them."""

import re
from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict, Field

from shared.pipeline import ErrorCode, PermanentError
from shared.transcript._cues import Cue
from shared.transcript._reading._ass_text import read_ass
from shared.transcript._reading._decoding import decode
from shared.transcript._reading._limits import MAX_CUES, TooManyCues, limited
from shared.transcript._reading._lists import (
    LRC,
    MICRODVD,
    MPL2,
    read_json,
    read_lrc,
    read_microdvd,
    read_mpl2,
    read_tsv,
)
from shared.transcript._reading._markup import read_sami, read_ttml
from shared.transcript._reading._plain import has_inline_times
from shared.transcript._reading._remarks import Remark, RemarkKind, Remarks
from shared.transcript._reading._tidying import (
    in_order,
    one_language,
    short_enough,
    unrolled,
    with_apostrophes,
    with_lengths,
    without_repeats,
)
from shared.transcript._reading._timed import read_srt, read_vtt
from shared.transcript._reading._written import language_named, reads_like

__all__ = ["MAX_CUES", "Reading", "Remark", "RemarkKind", "Remarks", "TooManyCues", "read_subtitles", "reads_like"]

_FORMATS = "SRT, WebVTT, ASS, SSA, SBV, TTML, SAMI, MicroDVD, MPL2, LRC, or TSV and JSON of Whisper"
_HEAD = 4096
_FEWEST_ROWS = 8
"""From which on every second row can be empty by no chance."""
_ASS = re.compile(r"^\[(?:Script Info|Events|V4\+? Styles)\]", re.IGNORECASE | re.MULTILINE)
_OTHER_FILES = (
    (b"PK\x03\x04", "a ZIP archive or an office document: take the subtitle file out of it"),
    (b"\x1f\x8b", "a packed file (gzip): unpack it first"),
    (b"Rar!", "a packed file (RAR): unpack it first"),
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "a document in RTF: save it as plain text"),
    (b"\x00\x00\x01\xba", "subtitles as pictures (VobSub): convert them to text first"),
    (b"PG", "subtitles as pictures (Blu-ray SUP): convert them to text first"),
    (b"# VobSub", "the index of subtitles that are pictures (VobSub): convert them to text first"),
)


class Reading(BaseModel):
    """What a subtitle file holds, in time order, and what was repaired, merged or left out of it."""

    model_config = ConfigDict(frozen=True)

    cues: tuple[Cue, ...]
    format: str
    remarks: tuple[Remark, ...] = Field(default=(), description="by kind, with rows of the file")


def read_subtitles(data: bytes, language: str | None = None, frames_per_s: float | None = None) -> Reading:
    """Read a subtitle file in any format and encoding people have.

    `language`, where it is known, decides between encodings that a short text leaves open, and between languages in
    one file. `frames_per_s` is that of the video, for files that count frames.

    Raises:
        PermanentError: `subtitles_unreadable`, with the row where it can be named; TooManyCues.
    """
    for mark, what in _OTHER_FILES:
        if data.startswith(mark):
            raise PermanentError(ErrorCode.SUBTITLES_UNREADABLE, f"this is {what}")
    remarks = Remarks()
    text = decode(data, language, remarks)
    format_ = _format(text)
    cues = limited(_read(text, format_, language, frames_per_s, remarks), len(text))
    if not cues:
        raise PermanentError(ErrorCode.SUBTITLES_UNREADABLE, _no_cue(text, remarks))
    cues = without_repeats(in_order(with_apostrophes(cues, remarks), remarks), remarks)
    if format_ in ("srt", "vtt"):
        cues = unrolled(cues, remarks, word_times=has_inline_times(text))
    cues = one_language(cues, language, remarks)
    cues = with_lengths(list(short_enough(cues, remarks)), remarks)
    ordered = sorted(cues, key=lambda cue: (cue.start_s, cue.end_s))
    if language and (found := reads_like([cue.text for cue in ordered], language)):
        like, said = language_named(found), language_named(language)
        remarks.add(RemarkKind.READS_LIKE, detail=f"it reads like {like}, not like {said}: is it the right file?")
    return Reading(cues=tuple(ordered), format=format_, remarks=remarks.all())


def _format(text: str) -> str:
    """The format by what the file begins with; what is none of the others is read as SRT."""
    head = text[:_HEAD].lstrip()
    first = head.split("\n", 1)[0].strip()
    low = head[:200].lower()
    if first.startswith("WEBVTT"):
        return "vtt"
    if _ASS.search(head) or _ASS.search(text):
        return "ass"
    if low.startswith("<sami") or "<sync start" in head.lower():
        return "sami"
    if re.search(r"<(?:\w{1,20}:)?tt[\s>]", head):
        return "ttml"
    if head[:1] == "{" and MICRODVD.match(first):
        return "microdvd"
    if MPL2.match(first):
        return "mpl2"
    if head[:1] in ("{", "["):
        return "lrc" if any(LRC.match(row.strip()) for row in head.split("\n")) else "json"
    return "tsv" if first.lower().split("\t")[:2] == ["start", "end"] else "srt"


def _read(text: str, format_: str, language: str | None, frames_per_s: float | None, remarks: Remarks) -> Iterable[Cue]:
    rows = text.split("\n")
    match format_:
        case "vtt":
            return read_vtt(_single_spaced(rows, remarks), remarks)
        case "ass":
            return read_ass(rows, remarks)
        case "sami":
            return read_sami(text, language, remarks)
        case "ttml":
            return read_ttml(text, remarks)
        case "microdvd":
            return read_microdvd(rows, frames_per_s, remarks)
        case "mpl2":
            return read_mpl2(rows, remarks)
        case "lrc":
            return read_lrc(rows, remarks)
        case "tsv":
            return read_tsv(rows, remarks)
        case "json":
            return read_json(text, remarks)
        case _:
            return read_srt(_single_spaced(rows, remarks), remarks)


def _single_spaced(rows: Sequence[str], remarks: Remarks) -> Sequence[str]:
    """Every second row where the others are all empty, as two conversions of line ends leave a file."""
    if len(rows) < _FEWEST_ROWS or any(row.strip() for row in rows[1::2]) or not any("-->" in row for row in rows):
        return rows
    remarks.add(RemarkKind.DOUBLE_SPACED)
    remarks.stride = 2
    return rows[0::2]


def _no_cue(text: str, remarks: Remarks) -> str:
    """Why nothing was found, for people."""
    head = text[:_HEAD].lstrip().lower()
    if head.startswith(("<!doctype html", "<html")):
        return "this is a web page, not a subtitle file"
    found = {remark.kind: remark for remark in remarks.all()}
    if unreadable := found.get(RemarkKind.UNREADABLE):
        rows = text.split("\n")
        row = unreadable.rows[0] if unreadable.rows else 1
        shown = rows[row - 1].strip()[:60] if row <= len(rows) else ""
        return f"row {row}: the times cannot be read: {shown}"
    if RemarkKind.NO_TEXT in found:
        return "the subtitle file has times, but no text"
    return f"no cue with times is found; LocalClip reads {_FORMATS}"
