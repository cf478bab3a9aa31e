"""Whether text in a sample of frames is subtitles, and where: decided from rows alone.

Subtitles change but stay in place. Text that never changes is a logo or a sign, moving text is a ticker, counting text
is a clock, and text that appears once somewhere is a title. Lengths are fractions of the picture, 0 to 1.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from statistics import median
from typing import Literal

_SURE, _READABLE = 0.6, 0.8
_EDGE = 0.004
_HIGHEST = 0.2
_SAME_LEVEL, _NEXT_LEVEL = 0.4, 1.9  # of the height of a row
_ALIGNED, _MOSTLY = 0.07, 0.7
_SAME_TEXT = 0.7
_ALWAYS = 0.6
_LETTERS = 0.5
_CLOCK = re.compile(r"^\W*(?:REC|LIVE)?\W*\d{1,2}[:.]\d{2}([:.]\d{2})*\W*$", re.IGNORECASE)


@dataclass(frozen=True)
class Seen:
    """A row of text in one frame of the sample."""

    frame: int
    at_s: float
    x: float
    y: float
    w: float
    h: float
    text: str
    confidence: float
    moves: bool = False

    @property
    def middle(self) -> float:
        """Where it is from left to right."""
        return self.x + self.w / 2

    @property
    def level(self) -> float:
        """Where it is from top to bottom."""
        return self.y + self.h / 2


@dataclass(frozen=True)
class Band:
    """Where subtitles are: the middles of their rows from top to bottom, the height of one, how they are aligned."""

    levels: tuple[float, ...]
    height: float
    alignment: Literal["center", "left"]
    anchor: float
    """The middle of centred text, the left edge of other text."""
    texts: tuple[str, ...]
    share: float
    """The share of the sample's frames with subtitles."""


@dataclass(frozen=True)
class Title:
    """Text in the picture that is no subtitle."""

    first_s: float
    last_s: float
    x: float
    y: float
    w: float
    h: float
    text: str


def same_text(one: str, other: str, least: float = _SAME_TEXT) -> bool:
    """Whether two readings are of the same text."""
    return one == other or SequenceMatcher(None, one, other, autojunk=False).ratio() >= least


def find_band(seen: Sequence[Seen], frames: int) -> Band | None:
    """Where the subtitles are among `seen`, in a sample of `frames`; None if nothing behaves like subtitles."""
    rows = [row for row in seen if _could_be(row)]
    clusters = [_changing(cluster, frames) for cluster in _levels(rows)]
    judged = [(_variety(cluster), cluster) for cluster in clusters if _is_aligned(cluster)]
    judged = [(variety, cluster) for variety, cluster in judged if variety > 1]
    if not judged:
        return None
    _, main = max(judged, key=lambda one: (one[0], median(row.level for row in one[1])))
    return _band(main, [cluster for cluster in clusters if cluster is not main], frames)


def find_titles(seen: Sequence[Seen], band: Band | None) -> list[Title]:
    """Other clearly readable texts, each once with its place."""
    found: list[list[Seen]] = []
    for row in seen:
        is_other = row.confidence >= _READABLE and _stands(row) and _is_worded(row.text)
        if not is_other or (band and in_band(row, band)):
            continue
        same = next((group for group in found if _near(group[0], row) and same_text(group[0].text, row.text)), None)
        if same:
            same.append(row)
        else:
            found.append([row])
    return [_title(group) for group in found]


def in_band(row: Seen, band: Band) -> bool:
    """Whether a row is where the subtitles are."""
    near = any(abs(row.level - level) < _SAME_LEVEL * band.height for level in band.levels)
    return near and 0.5 < row.h / band.height < 1.8


def _could_be(row: Seen) -> bool:
    return _stands(row) and row.h < _HIGHEST and row.confidence >= _SURE and _is_worded(row.text)


def _stands(row: Seen) -> bool:
    """Whether it stays in place and is not cut off by an edge, unlike a ticker."""
    return not row.moves and row.x > _EDGE and row.x + row.w < 1 - _EDGE


def _is_worded(text: str) -> bool:
    """Whether it is mostly letters, and not a clock."""
    letters = sum(letter.isalpha() for letter in text)
    return letters >= _LETTERS * len(text.replace(" ", "")) and letters > 0 and not _CLOCK.match(text)


def _levels(rows: Sequence[Seen]) -> list[list[Seen]]:
    """Rows of about the same height at about the same level together, the most frequent level first."""
    clusters: list[list[Seen]] = []
    for row in sorted(rows, key=lambda row: (row.level, row.h)):
        for cluster in clusters:
            height = median(one.h for one in cluster)
            close = abs(median(one.level for one in cluster) - row.level) < _SAME_LEVEL * height
            if close and 0.6 < row.h / height < 1.6:
                cluster.append(row)
                break
        else:
            clusters.append([row])
    return sorted(clusters, key=len, reverse=True)


def _changing(cluster: Sequence[Seen], frames: int) -> list[Seen]:
    """A level without the texts that are shown for most of the video."""
    kept = []
    for row in cluster:
        same = [one.frame for one in cluster if same_text(one.text, row.text)]
        if frames < 4 or max(same) - min(same) + 1 < _ALWAYS * frames:
            kept.append(row)
    return kept


def _variety(cluster: Sequence[Seen]) -> int:
    """How many different texts a level has."""
    different: list[str] = []
    for row in cluster:
        if not any(same_text(row.text, text) for text in different):
            different.append(row.text)
    return len(different)


def _is_aligned(cluster: Sequence[Seen]) -> bool:
    return bool(cluster) and max(_aligned_share(cluster, row) for row in ("center", "left")) >= _MOSTLY


def _aligned_share(cluster: Sequence[Seen], alignment: str) -> float:
    places = [row.middle if alignment == "center" else row.x for row in cluster]
    return sum(abs(place - median(places)) < _ALIGNED for place in places) / len(places)


def _spread(places: Sequence[float]) -> float:
    return median(abs(place - median(places)) for place in places)


def _band(main: Sequence[Seen], others: Sequence[Sequence[Seen]], frames: int) -> Band:
    height = median(row.h for row in main)
    centred = _spread([row.middle for row in main]) <= _spread([row.x for row in main])
    anchor = median(row.middle if centred else row.x for row in main)
    members, levels = list(main), [median(row.level for row in main)]
    for cluster in others:
        fit = [row for row in cluster if abs((row.middle if centred else row.x) - anchor) < _ALIGNED]
        if not fit or len(fit) < _MOSTLY * len(cluster):
            continue
        level = median(row.level for row in fit)
        shares_frames = {row.frame for row in fit} & {row.frame for row in main}
        if shares_frames and abs(level - levels[0]) < _NEXT_LEVEL * height:
            levels.append(level)
            members += fit
    texts = Counter(row.text for row in members)
    share = len({row.frame for row in members}) / frames
    return Band(tuple(sorted(levels)), height, "center" if centred else "left", anchor, tuple(texts), share)


def _near(one: Seen, other: Seen) -> bool:
    return abs(one.level - other.level) < one.h and abs(one.middle - other.middle) < max(one.w, other.w) / 2


def _title(group: Sequence[Seen]) -> Title:
    best = max(group, key=lambda row: row.confidence)
    times = [row.at_s for row in group]
    return Title(min(times), max(times), best.x, best.y, best.w, best.h, best.text)
