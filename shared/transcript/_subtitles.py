"""Subtitle files in and out."""

import codecs
import html
import re

import pysubs2
from charset_normalizer import from_bytes
from pydantic import BaseModel, ConfigDict

from shared.pipeline import ErrorCode, PermanentError


class Cue(BaseModel):
    """One subtitle event; rows of `text` are separated by a line feed, `second` is the same in another language."""

    model_config = ConfigDict(frozen=True)

    start_s: float
    end_s: float
    text: str
    second: str = ""

    def shown(self) -> str:
        """All that is read, one language below the other."""
        return f"{self.text}\n{self.second}" if self.second else self.text


_FORMATS = {"srt", "vtt", "ass", "ssa"}
_ENCODING_OF = {"ko": "cp949", "ja": "cp932", "zh": "gb18030"}
_ENCODINGS = ["cp1252", "cp949", "cp932", "euc_jp", "gb18030", "big5"]
"""What the languages offered were written in before UTF-8; guessing among all encodings there are fails more often."""
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_TIMES = re.compile(r"\d:\d\d[:.,].*-->")
_OVERRIDE = re.compile(r"\{\\[^}]*\}")


def read_subtitles(data: bytes, language: str | None = None) -> list[Cue]:
    """Parse SRT, WebVTT or ASS in any common encoding; cues come back in time order, markup removed.

    `language`, where it is known, decides between encodings that a short text leaves open.

    Raises:
        PermanentError: `subtitles_unreadable` when no cue can be read.
    """
    text = _decode(data, language)
    try:
        format_ = pysubs2.formats.autodetect_format(text)
        if format_ not in _FORMATS:
            raise PermanentError(ErrorCode.SUBTITLES_UNREADABLE, "not a subtitle file in SRT, VTT or ASS format")
        events = pysubs2.SSAFile.from_string(_numbered(text, format_), format_=format_)
    except (pysubs2.exceptions.Pysubs2Error, ValueError, LookupError, OverflowError) as error:
        raise PermanentError(
            ErrorCode.SUBTITLES_UNREADABLE, f"not a subtitle file (SRT, VTT or ASS): {error}"
        ) from error
    cues = [
        Cue(start_s=max(0, event.start) / 1000, end_s=event.end / 1000, text=text)
        for event in events
        if not event.is_comment and event.end > max(0, event.start) and (text := _plain(event, format_))
    ]
    if not cues:
        raise PermanentError(ErrorCode.SUBTITLES_UNREADABLE, "the subtitle file holds no cue")
    return sorted(cues, key=lambda cue: (cue.start_s, cue.end_s))


def _numbered(text: str, format_: str) -> str:
    """Give every cue a number, and put one behind the last.

    The parser takes digits before the times of the next cue, or before the end, for a number (pysubs2 1.8.1): without
    this a cue that ends with a row of digits would lose it. Identifiers and notes of WebVTT it would take for text.
    """
    if format_ == "vtt":
        blocks = (
            block.split("\n") for block in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").replace("\r", "\n"))
        )
        starts = ((block, next((n for n, row in enumerate(block) if "-->" in row), None)) for block in blocks)
        cues = ["\n".join(["1", *block[start:]]) for block, start in starts if start is not None and start < 2]
        return "\n\n".join(["WEBVTT", *cues, "1\n"])
    if format_ != "srt":
        return text
    rows: list[str] = []
    for row in text.splitlines():
        if _TIMES.search(row) and not (rows and rows[-1].strip().isdigit() and not "".join(rows[-2:-1]).strip()):
            rows += ["", "1"]
        rows.append(row)
    return "\n".join([*rows, "", "1", ""])


def _plain(event: pysubs2.SSAEvent, format_: str) -> str:
    if format_ in ("ass", "ssa"):
        return event.plaintext.strip()
    # Braces are text in the other formats, but for the override tags that found their way from ASS into SRT.
    rows = _OVERRIDE.sub("", event.text).replace("\\h", " ").split("\\N")
    text = _rows("\n".join(rows))
    return html.unescape(text) if format_ == "vtt" else text


def write_srt(cues: list[Cue]) -> str:
    """Render cues as SubRip."""
    return "\n".join(_block(number, cue, ",", _rows(cue.shown())) for number, cue in enumerate(cues, 1))


def write_vtt(cues: list[Cue]) -> str:
    """Render cues as WebVTT."""
    blocks = [
        _block(number, cue, ".", html.escape(_rows(cue.shown()), quote=False)) for number, cue in enumerate(cues, 1)
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def _block(number: int, cue: Cue, point: str, text: str) -> str:
    return f"{number}\n{_time(cue.start_s, point)} --> {_time(cue.end_s, point)}\n{text}\n"


def _time(seconds: float, point: str) -> str:
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02}{point}{milliseconds % 1000:03}"


def _rows(text: str) -> str:
    """An empty row would end the cue."""
    return "\n".join(row.strip() for row in text.splitlines() if row.strip())


def _decode(data: bytes, language: str | None) -> str:
    for encoding in _candidates(data, language):
        try:
            return data.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
    best = from_bytes(data, cp_isolation=_ENCODINGS).best() or from_bytes(data).best()
    if best is None:
        raise PermanentError(
            ErrorCode.SUBTITLES_UNREADABLE, "the text encoding is not recognized; save the file as UTF-8"
        )
    return str(best)


def _candidates(data: bytes, language: str | None) -> list[str]:
    """Encodings to try in turn, none of which takes text of another one for its own."""
    marked = [encoding for mark, encoding in _BOMS if data.startswith(mark)]
    # Every other byte of the numbers and arrows of a file in UTF-16 is zero.
    zeros = [encoding for encoding, first in (("utf-16-le", 1), ("utf-16-be", 0)) if data[first:40:2].count(0) > 10]
    own = [_ENCODING_OF.get(language, "cp1252")] if language else []
    return [*marked, *zeros, "utf-8", *own]
