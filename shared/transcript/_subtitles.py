"""Subtitle files in and out."""

import codecs
import contextlib
import html
import re
from collections.abc import Iterable, Iterator, Sequence

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


MAX_CUES = 50_000
"""Of a file; a whole day of speech has fewer."""

_ENCODING_OF = {"ko": "cp949", "ja": "cp932", "zh": "gb18030"}
_ENCODINGS = ["cp1252", "cp949", "cp932", "euc_jp", "gb18030", "big5"]
"""What the languages offered were written in before UTF-8; guessing among all encodings there are fails more often."""
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SAMPLE = 32 * 1024
"""Bytes an encoding is guessed from; guessing from 5 MB takes a minute."""

# No pattern looks further from one place than from the next: a file of one sign repeated takes no longer than another.
_SRT_TIME = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})[.,](\d{1,3})")
_VTT_TIME = re.compile(r"(?:(\d{0,4}):)?(\d{2}):(\d{2})\.(\d{2,3})")
_VTT_BLOCKS = re.compile(r"\n[ \t]*\n")
_ASS = re.compile(r"V4\+ Styles", re.IGNORECASE)
_SSA = re.compile(r"V4 Styles", re.IGNORECASE)
_ASS_ROW = re.compile(r"^(?:Dialogue|Comment|Style):", re.MULTILINE)
_TAG = re.compile(r"< ?/? ?[a-zA-Z][^<>]*>")
_BRACES = re.compile(r"\{[^{}]*\}")
_OVERRIDE = re.compile(r"\{\\[^{}]*\}")


class TooManyCues(PermanentError):  # noqa: N818 (says what is the matter)
    """More than `MAX_CUES`."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.SUBTITLES_UNREADABLE, f"the subtitle file holds more than {MAX_CUES} cues")


def read_subtitles(data: bytes, language: str | None = None) -> list[Cue]:
    """Parse SRT, WebVTT or ASS in any common encoding; cues come back in time order, markup removed.

    `language`, where it is known, decides between encodings that a short text leaves open.

    Raises:
        PermanentError: `subtitles_unreadable` when no cue can be read; TooManyCues.
    """
    text = _decode(data, language)
    if _ASS.search(text):
        cues = _ass(text, "ass")
    elif _SSA.search(text):
        cues = _ass(text, "ssa")
    elif text.lstrip().startswith("WEBVTT"):
        cues = _vtt(text)
    else:
        cues = [Cue(start_s=start, end_s=end, text=text) for start, end, text in _cues(text.splitlines(), _SRT_TIME)]
    if not cues:
        raise PermanentError(ErrorCode.SUBTITLES_UNREADABLE, "no cue of a subtitle file in SRT, VTT or ASS is found")
    return sorted(cues, key=lambda cue: (cue.start_s, cue.end_s))


def _ass(text: str, format_: str) -> list[Cue]:
    if sum(1 for _ in _ASS_ROW.finditer(text)) > MAX_CUES:
        raise TooManyCues
    try:
        events = pysubs2.SSAFile.from_string(text, format_=format_)
    except (pysubs2.exceptions.Pysubs2Error, ValueError, LookupError, OverflowError) as error:
        raise PermanentError(
            ErrorCode.SUBTITLES_UNREADABLE, f"not a subtitle file (SRT, VTT or ASS): {error}"
        ) from error
    return [
        Cue(start_s=max(0, event.start) / 1000, end_s=event.end / 1000, text=text)
        for event in events
        if not event.is_comment and event.end > max(0, event.start) and (text := _plain_ass(event.text))
    ]


def _plain_ass(text: str) -> str:
    """What pysubs2 1.8.1 calls plain text; its own takes time squared where a brace is never closed."""
    return _BRACES.sub("", text).replace("\\h", " ").replace("\\n", "\n").replace("\\N", "\n").strip()


def _vtt(text: str) -> list[Cue]:
    """A block is a cue when its first or second row has its times; other blocks are notes and styles."""
    rows: list[str] = []
    for block in _VTT_BLOCKS.split(text.replace("\r\n", "\n").replace("\r", "\n")):
        found = block.split("\n")
        start = next((n for n, row in enumerate(found[:2]) if "-->" in row), None)
        rows += found[start:] if start is not None else ()
    return [Cue(start_s=start, end_s=end, text=_unescaped(text)) for start, end, text in _cues(rows, _VTT_TIME)]


def _unescaped(text: str) -> str:
    try:
        return html.unescape(text)
    except ValueError:  # a character number of thousands of digits
        return text


def _cues(rows: Iterable[str], time: re.Pattern[str]) -> Iterator[tuple[float, float, str]]:
    """Times and text of cues: a row with two times begins one, and ends the one before, whose last row is the number
    of the next where an empty row stands above it.

    Raises:
        TooManyCues: of those that have times.
    """
    found = 0
    span: tuple[float, float] | None = None
    text: list[str] = []
    for row in rows:
        times = time.findall(row) if ":" in row else ()
        if len(times) != 2:
            text.append(row)
            continue
        if span is not None:
            yield from _cue(span, _without_number(text))
        found += 1
        if found > MAX_CUES:
            raise TooManyCues
        span, text = (_seconds(times[0]), _seconds(times[1])), []
    if span is not None:
        yield from _cue(span, text)


def _cue(span: tuple[float, float], rows: Sequence[str]) -> Iterator[tuple[float, float, str]]:
    # Braces are text but for the override tags that found their way from ASS into SRT.
    plain = _OVERRIDE.sub("", _TAG.sub("", "\n".join(rows))).replace("\\h", " ").replace("\\N", "\n")
    text = _rows(plain)
    if text and span[0] < span[1]:
        yield (*span, text)


def _without_number(rows: list[str]) -> list[str]:
    numbered = len(rows) > 1 and rows[-1].strip().isdigit() and not rows[-2].strip()
    return rows[:-1] if numbered else rows


def _seconds(parts: tuple[str, str, str, str]) -> float:
    hours, minutes, seconds, fraction = parts
    milliseconds = int(fraction.ljust(3, "0"))
    return (int(hours or 0) * 3_600_000 + int(minutes) * 60_000 + int(seconds) * 1000 + milliseconds) / 1000


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
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode(encoding).removeprefix("\ufeff")
    sample = _sample(data)
    for guessed in (from_bytes(sample, cp_isolation=_ENCODINGS), from_bytes(sample)):
        for match in guessed:
            with contextlib.suppress(UnicodeDecodeError):  # the sample was, the rest is not
                return data.decode(match.encoding).removeprefix("\ufeff")
    raise PermanentError(ErrorCode.SUBTITLES_UNREADABLE, "the text encoding is not recognized; save the file as UTF-8")


def _sample(data: bytes) -> bytes:
    """Of a large file the first rows that tell encodings apart: those with more than ASCII."""
    if len(data) <= _SAMPLE:
        return data
    telling = b"".join(row for row in data.splitlines(keepends=True) if not row.isascii())
    return telling[: telling.rfind(b"\n", 0, _SAMPLE) + 1] or telling[:_SAMPLE]


def _candidates(data: bytes, language: str | None) -> list[str]:
    """Encodings to try in turn, none of which takes text of another one for its own."""
    marked = [encoding for mark, encoding in _BOMS if data.startswith(mark)]
    # Every other byte of the numbers and arrows of a file in UTF-16 is zero.
    zeros = [encoding for encoding, first in (("utf-16-le", 1), ("utf-16-be", 0)) if data[first:40:2].count(0) > 10]
    own = [_ENCODING_OF.get(language, "cp1252")] if language else []
    return [*marked, *zeros, "utf-8", *own]
