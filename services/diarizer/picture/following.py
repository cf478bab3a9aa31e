"""Follows the subtitles of a band from frame to frame: a text is read when it appears, and watched until it disappears.

Rows are searched for a few times a second. In between, the strokes of the text show in which frame it appeared and
disappeared: comparing them costs a thousandth of reading.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from services.diarizer.engines import Picture, PictureText, Place, Written
from services.diarizer.picture.finding import same_text
from services.diarizer.picture.strokes import Gray, is_still, likeness, luma, opacity, strokes
from services.diarizer.picture.voting import vote

LOOKS_PER_S = 5.0
_KEPT_S = 0.8
_READ_AGAIN_S = 0.8
_MOST_READINGS = 5
_SAME, _OTHER = 0.55, 0.2
"""Likeness from which on two frames show the same text, and below which they do not; between them it is read."""
_SHOWN = 0.3
"""Opacity from which on text counts as shown."""
_WHOLE = 0.7
"""Opacity below which it is fading in or out."""
_GAP, _PAD = 2.0, 0.25  # of the height of a row
_ADJACENT = (0.8, 1.8)


@dataclass(frozen=True)
class Rows:
    """Where subtitles are in a strip, in its pixels."""

    levels: tuple[float, ...]
    height: float
    width: int
    anchor: float
    centred: bool

    def of(self, places: Sequence[Place]) -> tuple[Place, ...]:
        """Those of `places` that are rows of subtitles, pieces of a row put together, from top to bottom."""
        rows = [row for row in joined(places, _GAP * self.height) if self._fits(row)]
        main = [row for row in rows if self._is_known(row)]
        beside = [row for row in rows if row not in main and any(self._is_next(row, one) for one in main)]
        return tuple(sorted((*main, *beside), key=lambda row: row.level))

    def _fits(self, row: Place) -> bool:
        inside = row.left > 0.008 * self.width and row.right < 0.992 * self.width
        place = row.middle if self.centred else row.left
        return inside and 0.5 < row.height / self.height < 1.8 and abs(place - self.anchor) < 0.1 * self.width

    def _is_known(self, row: Place) -> bool:
        return any(abs(row.level - level) < 0.45 * self.height for level in self.levels)

    def _is_next(self, row: Place, main: Place) -> bool:
        return _ADJACENT[0] < abs(row.level - main.level) / self.height < _ADJACENT[1]


def joined(places: Sequence[Place], gap: float) -> list[Place]:
    """Pieces of a row that are less than `gap` apart put together."""
    found: list[Place] = []
    for place in sorted(places, key=lambda one: one.left):
        for number, row in enumerate(found):
            level = abs(row.level - place.level) < 0.4 * min(row.height, place.height)
            if level and place.left - row.right < gap:
                edges = min(row.left, place.left), min(row.top, place.top)
                ends = max(row.right, place.right), max(row.bottom, place.bottom)
                found[number] = Place(*edges, *ends, max(row.score, place.score))
                break
        else:
            found.append(place)
    return found


@dataclass
class Shown:
    """A text being tracked; frames are numbers, including the last one."""

    rows: tuple[Place, ...]
    known: Gray
    color: npt.NDArray[np.float32]
    seen: int
    first: int = 0
    last: int = 0
    looks: int = 1
    fades: bool = False
    readings: list[tuple[Written, ...]] = field(default_factory=list)
    read_at: int = 0

    def texts(self) -> tuple[Written, ...]:
        """What its rows say."""
        full = [reading for reading in self.readings if len(reading) == len(self.rows)]
        return tuple(vote([reading[number] for reading in full]) for number in range(len(self.rows) if full else 0))


class Follower:
    """Goes through the frames of a strip, `rate` a second."""

    def __init__(self, engine: PictureText, rows: Rows, rate: float) -> None:
        self._engine, self._rows, self._rate = engine, rows, rate
        self._step = max(1, round(rate / LOOKS_PER_S))
        self._kept: deque[tuple[int, npt.NDArray[np.uint8]]] = deque(maxlen=max(self._step + 2, round(rate * _KEPT_S)))
        self._open: Shown | None = None
        self._looked: npt.NDArray[np.uint8] | None = None
        self._places: tuple[Place, ...] = ()
        self._free_from, self._number = 0, -1

    def follow(self, pictures: Iterator[Picture]) -> Iterator[Shown]:
        """The texts, each once it has disappeared."""
        picture: Picture | None = None
        for self._number, picture in enumerate(pictures):
            self._kept.append((self._number, luma(picture)))
            if self._number % self._step == 0:
                yield from self._look(picture)
        if picture is not None and self._number % self._step:
            yield from self._look(picture)
        if self._open:
            self._open.last = self._number
            yield self._open

    def _look(self, picture: Picture) -> Iterator[Shown]:
        gray = self._kept[-1][1]
        if self._looked is None or not is_still(gray, self._looked):
            self._places, self._looked = self._rows.of(self._engine.find(picture)), gray
        rows, now = self._places, self._open
        if now and self._still_shows(now, picture, gray, rows):
            return
        came = self._begin(picture, gray, rows) if rows else None
        if now:
            self._end(now, came)
            yield now
        if came:
            self._date(came)
        self._open = came

    def _still_shows(self, now: Shown, picture: Picture, gray: npt.NDArray[np.uint8], rows: Sequence[Place]) -> bool:
        """Whether the current text is still there; doubtful cases are read."""
        seen = self._strokes(gray, now.rows)
        like = likeness(seen, now.known)
        covered = all(any(_overlap(row, one) for one in now.rows) for row in rows)
        if not rows:
            return like >= _OTHER and opacity(seen, now.known) >= _SHOWN
        if covered and len(rows) == len(now.rows) and like >= _SAME:
            self._take(now, picture, seen, rows)
            return True
        if not covered or len(rows) != len(now.rows) or like < _OTHER:
            return False
        read = self._read(picture, now.rows)
        if not _agree(read, now.readings[-1]):
            return False
        now.readings.append(read)
        self._take(now, picture, seen, rows)
        return True

    def _take(self, now: Shown, picture: Picture, seen: Gray, rows: Sequence[Place]) -> None:
        """Add a frame to what is known about a text: the background averages out, the strokes stay."""
        share = 1 / (now.looks + 1)
        now.known += (seen - now.known) * share
        now.color += (_cut(picture, _around(now.rows)).astype(np.float32) - now.color) * share
        now.looks, now.seen = now.looks + 1, self._number
        due = (self._number - now.read_at) / self._rate >= _READ_AGAIN_S or now.looks == 2
        if due and len(now.readings) < _MOST_READINGS:
            now.readings.append(self._read(picture, rows))
            now.read_at = self._number

    def _begin(self, picture: Picture, gray: npt.NDArray[np.uint8], rows: tuple[Place, ...]) -> Shown:
        color = _cut(picture, _around(rows)).astype(np.float32)
        return Shown(
            rows,
            self._strokes(gray, rows),
            color,
            seen=self._number,
            first=self._number,
            last=self._number,
            readings=[self._read(picture, rows)],
            read_at=self._number,
        )

    def _date(self, came: Shown) -> None:
        """Find the frame in which a text appeared: going back from where it was seen, as long as its strokes are
        there."""
        for number, gray in reversed(self._kept):
            if number < self._free_from:
                break
            strong = opacity(self._strokes(gray, came.rows), came.known)
            if number < came.seen and strong < _SHOWN:
                break
            came.first, came.fades = number, strong < _WHOLE

    def _end(self, now: Shown, came: Shown | None) -> None:
        """Find the last frame of a text; if another replaced it, each frame belongs to the one it shows more of."""
        now.last, fading = now.seen, False
        for number, gray in self._kept:
            if number <= now.seen:
                continue
            left = opacity(self._strokes(gray, now.rows), now.known)
            taken = opacity(self._strokes(gray, came.rows), came.known) if came else 0.0
            if left < _SHOWN or left < taken:
                break
            now.last, fading = number, left < _WHOLE
        now.fades = now.fades or fading
        self._free_from = now.last + 1

    def _strokes(self, gray: npt.NDArray[np.uint8], rows: Sequence[Place]) -> Gray:
        return strokes(_cut(gray, _around(rows)), round(self._rows.height / 2))

    def _read(self, picture: Picture, rows: Sequence[Place]) -> tuple[Written, ...]:
        return tuple(self._engine.read([_cut(picture, row) for row in rows]))


def _around(rows: Sequence[Place]) -> Place:
    return Place(
        min(row.left for row in rows),
        min(row.top for row in rows),
        max(row.right for row in rows),
        max(row.bottom for row in rows),
    )


def _cut(picture: npt.NDArray[np.uint8], place: Place) -> npt.NDArray[np.uint8]:
    return picture[max(0, place.top) : place.bottom, max(0, place.left) : place.right]


def _overlap(one: Place, other: Place) -> bool:
    wide = min(one.right, other.right) - max(one.left, other.left)
    level = abs(one.level - other.level) < 0.5 * min(one.height, other.height)
    return level and wide > 0.6 * (one.right - one.left)


def _agree(one: Sequence[Written], other: Sequence[Written]) -> bool:
    pairs = zip(one, other, strict=False)
    return len(one) == len(other) and all(same_text(a.text, b.text) for a, b in pairs)
