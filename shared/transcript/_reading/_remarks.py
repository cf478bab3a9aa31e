"""What a reader of subtitles did to a file beside reading it."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

_MOST_ROWS = 20

Action = Literal["repaired", "merged", "left_out", "noticed"]


class RemarkKind(StrEnum):
    """What was the matter."""

    ENCODING = "encoding"
    BAD_BYTES = "bad_bytes"
    TWICE_ENCODED = "twice_encoded"
    LOST_APOSTROPHE = "lost_apostrophe"
    DOUBLE_SPACED = "double_spaced"
    ODD_TIMES = "odd_times"
    TEXT_BESIDE_TIMES = "text_beside_times"
    UNREADABLE = "unreadable"
    NO_LENGTH = "no_length"
    ORDER = "order"
    FRAMES = "frames"
    LOOSE_TEXT = "loose_text"
    ROLLING = "rolling"
    REPEATED = "repeated"
    NO_TEXT = "no_text"
    NOTE = "note"
    DRAWING = "drawing"
    OTHER_LANGUAGE = "other_language"
    TOO_LONG = "too_long"
    PAST_END = "past_end"
    AFTER_END = "after_end"
    MATCHED_NOTHING = "matched_nothing"
    LINES_WITHOUT = "lines_without"
    READS_LIKE = "reads_like"


_WORDS: dict[RemarkKind, tuple[Action, str]] = {
    RemarkKind.ENCODING: ("repaired", "not UTF-8: read as another encoding"),
    RemarkKind.BAD_BYTES: ("repaired", "bytes that are not UTF-8 were read as what they most likely are"),
    RemarkKind.TWICE_ENCODED: ("repaired", "letters that were encoded twice were put right"),
    RemarkKind.LOST_APOSTROPHE: ("repaired", "a question mark within a word is an apostrophe that an encoding lost"),
    RemarkKind.DOUBLE_SPACED: ("repaired", "every second row is empty: taken for damage"),
    RemarkKind.ODD_TIMES: ("repaired", "times are written in another way than the format asks for"),
    RemarkKind.TEXT_BESIDE_TIMES: ("repaired", "text stands in the row of the times"),
    RemarkKind.UNREADABLE: ("left_out", "the times cannot be read, so its text is left out"),
    RemarkKind.NO_LENGTH: ("repaired", "it ends where it begins or before: it got the time its text takes"),
    RemarkKind.ORDER: ("repaired", "it stands after later cues: put in the order of time"),
    RemarkKind.FRAMES: ("repaired", "times are in frames without a rate: 25 a second were assumed"),
    RemarkKind.LOOSE_TEXT: ("merged", "text without times was taken for the rest of the cue above"),
    RemarkKind.ROLLING: ("merged", "rolling captions: what was shown before is not said again"),
    RemarkKind.REPEATED: ("merged", "the same cue again"),
    RemarkKind.NO_TEXT: ("left_out", "it has no text"),
    RemarkKind.NOTE: ("left_out", "a note, a style or a comment"),
    RemarkKind.DRAWING: ("left_out", "a drawing, no text"),
    RemarkKind.OTHER_LANGUAGE: ("left_out", "another language of the same file"),
    RemarkKind.TOO_LONG: ("repaired", "more than 2000 characters: cut at the ends of sentences"),
    RemarkKind.PAST_END: ("repaired", "it goes on after the end of the video: it ends there"),
    RemarkKind.AFTER_END: ("left_out", "it begins after the end of the video"),
    RemarkKind.MATCHED_NOTHING: ("left_out", "at its time nobody says anything that it could translate"),
    RemarkKind.LINES_WITHOUT: ("repaired", "lines of the video have no text here: an engine translates them"),
    RemarkKind.READS_LIKE: ("noticed", "it reads like another language than it is said to be in"),
}


class Remark(BaseModel):
    """One kind of thing that was noticed, repaired, merged or left out, and in which rows of the file."""

    model_config = ConfigDict(frozen=True)

    kind: RemarkKind
    action: Action
    text: str = Field(description="what was done, for people")
    count: int = Field(description="how often")
    rows: tuple[int, ...] = Field(default=(), description=f"the first {_MOST_ROWS} rows of the file; none: all of it")


class Remarks:
    """Collects remarks, one for each kind."""

    def __init__(self) -> None:
        self._rows: dict[RemarkKind, list[int]] = {}
        self._counts: dict[RemarkKind, int] = {}
        self._details: dict[RemarkKind, str] = {}
        self.stride = 1  # rows of the file for each row that is counted

    def add(self, kind: RemarkKind, row: int = 0, *, detail: str = "") -> None:
        """Say that something of this `kind` was done in `row`; `detail` replaces the usual words."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        rows = self._rows.setdefault(kind, [])
        if row and len(rows) < _MOST_ROWS:
            rows.append((row - 1) * self.stride + 1)
        if detail:
            self._details[kind] = detail

    def all(self) -> tuple[Remark, ...]:
        """What was said, in the order of the kinds."""
        return tuple(
            Remark(
                kind=kind,
                action=_WORDS[kind][0],
                text=self._details.get(kind) or _WORDS[kind][1],
                count=self._counts[kind],
                rows=tuple(sorted(self._rows[kind])),
            )
            for kind in RemarkKind
            if kind in self._counts
        )
