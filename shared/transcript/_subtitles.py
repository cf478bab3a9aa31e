"""Subtitle files out: SRT and WebVTT."""

import html

from shared.transcript._cues import Cue


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
