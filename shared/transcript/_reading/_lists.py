"""Files with a row or an entry for each cue: MicroDVD, MPL2, LRC, and the TSV and JSON of Whisper and its kin."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from shared.pipeline import ErrorCode, PermanentError
from shared.transcript._cues import Cue
from shared.transcript._reading._ending import said_until
from shared.transcript._reading._limits import MAX_CUES, TooManyCues
from shared.transcript._reading._plain import plain
from shared.transcript._reading._remarks import RemarkKind, Remarks

MICRODVD = re.compile(r" ?\{ ?(\d{1,9}) ?\} ?\{ ?(\d{1,9})? ?\}(.*)")
MPL2 = re.compile(r" ?\[(\d{1,9})\] ?\[(\d{1,9})?\](.*)")
LRC = re.compile(r"\s*\[(\d{1,3}):(\d{1,2})(?:[.:](\d{1,3}))?\]")
_LRC_HEAD = re.compile(r"\[[a-z]{2,8}:.*\]\s*", re.IGNORECASE)
_LRC_OFFSET = re.compile(r"\[offset:\s?([+-]?\d{1,6})\s?\]", re.IGNORECASE)
_LRC_WORD = re.compile(r"<\d{1,3}:\d{1,2}(?:\.\d{1,3})?>")
_RATE = re.compile(r"\d{1,3}(?:\.\d{1,6})?")
_FRAMES_PER_S = 25.0


def read_microdvd(rows: Sequence[str], frames_per_s: float | None, remarks: Remarks) -> Iterator[Cue]:
    """Times in frames: at the rate in the first cue, else at `frames_per_s`, else at 25 a second, which is told."""
    rate = frames_per_s
    for number, row in enumerate(rows, 1):
        found = MICRODVD.match(row)
        if found is None:
            if row.strip():
                remarks.add(RemarkKind.UNREADABLE, number)
            continue
        first, last, text = int(found.group(1)), int(found.group(2) or 0), found.group(3)
        if first <= 1 and last <= 1 and _RATE.fullmatch(text.strip()) and float(text) > 0:
            rate = float(text)
            continue
        if rate is None:
            rate = _FRAMES_PER_S
            remarks.add(RemarkKind.FRAMES, number)
        yield from _cue(first / rate, last / rate, text.replace("|", "\n"), number, remarks)


def read_mpl2(rows: Sequence[str], remarks: Remarks) -> Iterator[Cue]:
    """Times in tenths of a second; a row of text in italics begins with a slash."""
    for number, row in enumerate(rows, 1):
        if found := MPL2.match(row):
            text = "\n".join(part.strip().removeprefix("/") for part in found.group(3).split("|"))
            yield from _cue(int(found.group(1)) / 10, int(found.group(2) or 0) / 10, text, number, remarks)
        elif row.strip():
            remarks.add(RemarkKind.UNREADABLE, number)


def read_lrc(rows: Sequence[str], remarks: Remarks) -> Iterator[Cue]:
    """Lyrics: a row is shown until the next begins; one with several times comes several times."""
    shown: list[tuple[float, str, int]] = []
    offset_s, texts = 0.0, 0
    for number, row in enumerate(rows, 1):
        row = row.strip()
        moments, place = [], 0
        if offset := _LRC_OFFSET.match(row):
            offset_s = int(offset.group(1)) / 1000
        while time := LRC.match(row, place):
            minutes, seconds, fraction = time.groups()
            moments.append(int(minutes) * 60 + int(seconds) + float(f"0.{fraction or 0}"))
            place = time.end()
        if not moments and row and not _LRC_HEAD.fullmatch(row):
            remarks.add(RemarkKind.UNREADABLE, number)
        said = plain(_LRC_WORD.sub("", row[place:])) if moments else ""
        texts += len(moments) if said else 0
        if texts > MAX_CUES:
            raise TooManyCues
        shown += [(max(0.0, moment - offset_s), said, number) for moment in moments]
    shown.sort(key=lambda one: one[0])
    for position, (start_s, text, number) in enumerate(shown):
        following_s = shown[position + 1][0] if position + 1 < len(shown) else None
        if text:
            yield Cue(start_s=start_s, end_s=said_until(text, start_s, following_s), text=text, row=number)


def read_tsv(rows: Sequence[str], remarks: Remarks) -> Iterator[Cue]:
    """Whisper's table: start and end in milliseconds, text."""
    for number, row in enumerate(rows[1:], 2):
        fields = row.split("\t", 2)
        if not row.strip():
            continue
        if len(fields) < 3 or not (fields[0].isdecimal() and fields[1].isdecimal()) or len(fields[0] + fields[1]) > 24:
            remarks.add(RemarkKind.UNREADABLE, number)
            continue
        yield from _cue(int(fields[0]) / 1000, int(fields[1]) / 1000, fields[2], number, remarks)


def read_json(text: str, remarks: Remarks) -> Iterator[Cue]:
    """Segments as Whisper, whisper.cpp and YouTube write them; a remark names their number in place of a row.

    Raises:
        PermanentError: `subtitles_unreadable`, when it is no JSON.
    """
    try:
        entries = _entries(json.loads(text))
    except (ValueError, RecursionError) as error:
        row = getattr(error, "lineno", 1)
        raise PermanentError(ErrorCode.SUBTITLES_UNREADABLE, f"row {row}: this is no JSON that can be read") from error
    for number, entry in enumerate(entries, 1):
        found = _span(entry) if isinstance(entry, dict) else None
        if found is None:
            remarks.add(RemarkKind.UNREADABLE, number)
            continue
        start_s, end_s, said = found
        speaker = entry.get("speaker")
        yield from _cue(start_s, end_s, said, number, remarks, speaker if isinstance(speaker, str) else "")


def _entries(document: Any) -> list[Any]:
    if isinstance(document, dict):
        document = next(
            (found for name in ("segments", "transcription", "events") if (found := document.get(name))), ()
        )
    return document if isinstance(document, list) else []


def _span(entry: dict[str, Any]) -> tuple[float, float, str] | None:
    """Start, end and text in one of the three forms."""
    if isinstance(entry.get("offsets"), dict):  # whisper.cpp
        start, end, scale = entry["offsets"].get("from"), entry["offsets"].get("to"), 1000
    elif "tStartMs" in entry:  # YouTube
        start, scale = entry["tStartMs"], 1000
        length = entry.get("dDurationMs", 0)
        end = start + length if _is_number(start) and _is_number(length) else None
    else:
        start, end, scale = entry.get("start"), entry.get("end"), 1
    text = entry.get("text")
    if text is None and isinstance(entry.get("segs"), list):
        parts = (one.get("utf8") for one in entry["segs"] if isinstance(one, dict))
        text = "".join(part for part in parts if isinstance(part, str))
    if not (_is_number(start) and _is_number(end) and isinstance(text, str)):
        return None
    return float(start) / scale, float(end) / scale, text


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12


def _cue(start_s: float, end_s: float, text: str, number: int, remarks: Remarks, speaker: str = "") -> Iterator[Cue]:
    said = plain(text)
    if not said:
        remarks.add(RemarkKind.NO_TEXT, number)
        return
    start_s, end_s = round(max(0.0, start_s), 3), round(max(0.0, end_s), 3)
    yield Cue(start_s=start_s, end_s=end_s, text=said, speaker=" ".join(plain(speaker).split())[:80], row=number)
