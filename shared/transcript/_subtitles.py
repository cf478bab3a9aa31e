"""Subtitle files in and out."""

import pysubs2
from charset_normalizer import from_bytes
from pydantic import BaseModel, ConfigDict

from shared.pipeline import ErrorCode, PermanentError


class Cue(BaseModel):
    """One subtitle event; rows of `text` are separated by a line feed."""

    model_config = ConfigDict(frozen=True)

    start_s: float
    end_s: float
    text: str


def read_subtitles(data: bytes) -> list[Cue]:
    """Parse SRT, WebVTT or ASS in any common encoding; cues come back in time order, markup removed.

    Raises:
        PermanentError: `subtitles_unreadable` when no cue can be read.
    """
    text = _decode(data)
    try:
        events = pysubs2.SSAFile.from_string(text)
    except (pysubs2.exceptions.Pysubs2Error, ValueError, IndexError) as error:
        raise PermanentError(
            ErrorCode.SUBTITLES_UNREADABLE, f"not a subtitle file (SRT, VTT or ASS): {error}"
        ) from error
    cues = [
        Cue(start_s=event.start / 1000, end_s=event.end / 1000, text=event.plaintext.strip())
        for event in events
        if not event.is_comment and event.plaintext.strip() and event.end > event.start
    ]
    if not cues:
        raise PermanentError(ErrorCode.SUBTITLES_UNREADABLE, "the subtitle file holds no cue")
    return sorted(cues, key=lambda cue: (cue.start_s, cue.end_s))


def write_srt(cues: list[Cue]) -> str:
    """Render cues as SubRip."""
    return _render(cues, "srt")


def write_vtt(cues: list[Cue]) -> str:
    """Render cues as WebVTT."""
    return _render(cues, "vtt")


def _render(cues: list[Cue], format_: str) -> str:
    document = pysubs2.SSAFile()
    for cue in cues:
        event = pysubs2.SSAEvent(start=round(cue.start_s * 1000), end=round(cue.end_s * 1000))
        event.plaintext = cue.text
        document.append(event)
    return document.to_string(format_)


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        best = from_bytes(data).best()
        if best is None:
            raise PermanentError(
                ErrorCode.SUBTITLES_UNREADABLE, "the text encoding is not recognized; save the file as UTF-8"
            ) from None
        return str(best)
