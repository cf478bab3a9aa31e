"""One subtitle read again, in the box that a person set."""

from collections import Counter
from collections.abc import Sequence

from services.diarizer.engines import Picture, PictureText, Place, Written
from services.diarizer.ffmpeg import Video
from services.diarizer.picture.following import joined
from services.diarizer.picture.frames import frames_between
from services.diarizer.picture.voting import vote
from services.diarizer.picture.wording import as_written, group_of
from shared.pipeline import CancelToken
from shared.transcript import CueReading, PictureBox

_FRAMES, _INSIDE = 5, 0.15
"""Share of a cue's time at its start and end in which it may be fading."""
_SURE = 0.4


def read_again(
    engine: PictureText,
    video: Video,
    box: PictureBox,
    span: tuple[float, float],
    spoken: str | None,
    cancel: CancelToken,
) -> CueReading:
    """What is written in `box` from one time to another, by the vote of some frames. Text that is hardly readable
    counts too: a person says that it is there. `spoken` tells which of two languages is the source.

    Raises: PermanentError, where the picture cannot be decoded.
    """
    margin_s = _INSIDE * (span[1] - span[0])
    pictures = frames_between(video, span[0] + margin_s, span[1] - margin_s, _FRAMES, cancel)
    found = [_rows(engine, _cut(picture, box)) for picture in pictures]
    rows = _voted([readings for readings in found if readings])
    said = [row for row in rows if spoken is None or group_of(row.text) in (_group(spoken), None)]
    said = said or rows
    other = [row.text for row in rows if row not in said]
    confidences: list[float] = []
    for row in said:
        confidences += [*([1.0] if confidences else []), *row.confidences]  # the break between rows is certain
    text = "\n".join(as_written(row.text) for row in said)
    return CueReading(box=box, text=text, second="\n".join(other), confidences=tuple(confidences))


def _group(language: str) -> str:
    return "asian" if language in ("zh", "ja", "ko") else "latin"


def _cut(picture: Picture, box: PictureBox) -> Picture:
    high, wide = picture.shape[:2]
    top, left = int(box.y * high), int(box.x * wide)
    return picture[top : max(top + 1, round(box.bottom * high)), left : max(left + 1, round(box.right * wide))]


def _rows(engine: PictureText, picture: Picture) -> tuple[Written, ...]:
    """The rows of a box, from top to bottom; if none is found, the whole box is one."""
    places = joined(engine.find(picture), picture.shape[1])
    rows = sorted(places, key=lambda place: place.level) or [Place(0, 0, picture.shape[1], picture.shape[0])]
    read = engine.read([picture[max(0, at.top) : at.bottom, max(0, at.left) : at.right] for at in rows])
    return tuple(row for row in read if row.text.strip() and row.confidence >= _SURE)


def _voted(readings: Sequence[tuple[Written, ...]]) -> list[Written]:
    if not readings:
        return []
    count, _ = Counter(map(len, readings)).most_common(1)[0]
    full = [reading for reading in readings if len(reading) == count]
    return [vote([reading[number] for reading in full]) for number in range(count)]
