"""The use case: whether subtitles are burned into a video, and what they say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.diarizer.engines import Picture, PictureText, Place, Report
from services.diarizer.ffmpeg import Video
from services.diarizer.picture.cues import Text, bilingual, main_group, tidied
from services.diarizer.picture.finding import Band, Seen, Title, find_band, find_titles
from services.diarizer.picture.following import Follower, Rows, Shown
from services.diarizer.picture.frames import Frame, Strip, frames, pairs
from services.diarizer.picture.looks import colors
from services.diarizer.picture.wording import as_written, chinese_script, group_of, language_written
from shared.observability import logger
from shared.pipeline import SOURCE_LANGUAGES, CancelToken
from shared.transcript import PictureBox, PictureCue, PictureRow, PictureTitle, PictureWords

_SAMPLE, _APART_S, _EVERY_S = 14, 0.2, 0.5
_MOST_ROWS = 8
_FASTEST = 30.0
_ABOVE, _BELOW = 2.3, 1.4  # of the height of a row, beside the known ones
log = logger(__name__)


@dataclass(frozen=True)
class Found:
    """The findings in a sample of frames; `shape` is their height and width."""

    words: PictureWords
    band: Band | None = None
    shape: tuple[int, int] = (0, 0)


class PictureReading:
    """Looks at one video."""

    def __init__(self, engine: PictureText, video: Video, cancel: CancelToken) -> None:
        self._engine, self._video, self._cancel = engine, video, cancel

    def look(self, report: Report) -> Found:
        """Find burned-in subtitles, titles and signs in a sample of frames: a few seconds of work.

        Raises: PermanentError, where the picture cannot be decoded.
        """
        duration_s = self._video.facts.duration_s
        count = max(4, min(_SAMPLE, int(duration_s / _EVERY_S)))
        moments = [duration_s * (number + 0.5) / count for number in range(count)]
        seen: list[Seen] = []
        looked, shape = 0, (0, 0)
        for one, other in pairs(self._video, moments, _APART_S, self._cancel):
            seen += self._rows(moments.index(one.at_s), one, other)
            looked, shape = looked + 1, one.pixels.shape[:2]
            report(looked / count)
        band = find_band(seen, looked) if looked else None
        titles = tuple(
            PictureTitle(
                first_s=round(title.first_s, 2),
                last_s=round(title.last_s, 2),
                text=title.text,
                box=_box_of(title),
                language=language_written([title.text]),
            )
            for title in find_titles(seen, band)
        )
        words = self._described(band, titles)
        log.info("picture_looked_at", frames=looked, subtitles=words.language, titles=len(titles))
        return Found(words, band if words.language else None, shape)

    def read(self, found: Found, spoken: str | None, report: Report) -> PictureWords:
        """Read all subtitles of a band. `spoken` tells which of two languages is that of the speech."""
        band, (high, wide) = found.band, found.shape
        if band is None:
            return found.words
        top = max(0.0, band.levels[0] - _ABOVE * band.height)
        strip = Strip(top, min(1.0, band.levels[-1] + _BELOW * band.height))
        rate = min(_FASTEST, self._video.facts.fps or _FASTEST)
        levels = tuple((level - top) * high for level in band.levels)
        rows = Rows(levels, band.height * high, wide, band.anchor * wide, band.alignment == "center")
        follower = Follower(self._engine, rows, rate)
        texts = [_text(shown, rate) for shown in follower.follow(self._pictures(rate, strip, report))]
        return _with_cues(found, tidied(texts), spoken, top)

    def _pictures(self, rate: float, strip: Strip, report: Report) -> Iterator[Picture]:
        duration_s = max(0.1, self._video.facts.duration_s)
        for number, frame in enumerate(frames(self._video, rate, strip, self._cancel)):
            if number % 50 == 0:
                report(min(1.0, frame.at_s / duration_s))
            yield frame.pixels

    def _rows(self, number: int, one: Frame, other: Frame) -> list[Seen]:
        """The rows of a frame; those that are elsewhere in a second one, a moment later, are moving."""
        places = sorted(self._engine.find(one.pixels), key=lambda place: place.left - place.right)[:_MOST_ROWS]
        later = self._engine.find(other.pixels) if places else []
        moving = [_moves(place, later) for place in places]
        standing = [place for place, moves in zip(places, moving, strict=True) if not moves]
        read = self._engine.read([one.pixels[at.top : at.bottom, at.left : at.right] for at in standing])
        known = dict(zip(standing, read, strict=True))
        high, wide = one.pixels.shape[:2]
        return [
            Seen(
                number,
                one.at_s,
                place.left / wide,
                place.top / high,
                (place.right - place.left) / wide,
                place.height / high,
                known[place].text if place in known else "",
                known[place].confidence if place in known else 0.0,
                moves,
            )
            for place, moves in zip(places, moving, strict=True)
        ]

    def _described(self, band: Band | None, titles: tuple[PictureTitle, ...]) -> PictureWords:
        info = self._engine.info
        language = _language(band.texts) if band else None
        if band is None or language not in SOURCE_LANGUAGES:
            return PictureWords(titles=titles, engine=info.name)
        top = max(0.0, band.levels[0] - band.height / 2)
        bottom = min(1.0, band.levels[-1] + band.height / 2)
        return PictureWords(
            language=language,
            script=chinese_script([text for text in band.texts if group_of(text) == "asian"])
            if language == "zh"
            else None,
            band=PictureBox(x=0, y=round(top, 4), w=1, h=round(bottom - top, 4)),
            height=round(band.height, 4),
            alignment=band.alignment,
            titles=titles,
            engine=info.name,
        )


def _moves(place: Place, later: Sequence[Place]) -> bool:
    """Whether the text there a moment later begins and ends elsewhere."""
    level = [one for one in later if abs(one.level - place.level) < 0.4 * place.height]
    touching = [one for one in level if min(one.right, place.right) > max(one.left, place.left)]
    reach = 0.6 * place.height
    stays = any(abs(one.left - place.left) < reach and abs(one.right - place.right) < reach for one in touching)
    changed = any(abs(one.middle - place.middle) < reach for one in touching)
    return bool(touching) and not stays and not changed


def _box_of(title: Title) -> PictureBox:
    x, y = max(0.0, title.x), max(0.0, title.y)
    return PictureBox(x=round(x, 4), y=round(y, 4), w=round(min(title.w, 1 - x), 4), h=round(min(title.h, 1 - y), 4))


def _language(texts: Sequence[str]) -> str | None:
    """The language of the East Asian rows, if there are any: Latin ones beside them are the second language."""
    asian = [text for text in texts if group_of(text) == "asian"]
    latin = [text for text in texts if group_of(text) == "latin"]
    return language_written(asian if len(asian) > 1 or not latin else latin)


def _text(shown: Shown, rate: float) -> Text:
    letters, outline = colors(shown.color)
    return Text(
        round(shown.first / rate, 3),
        round((shown.last + 1) / rate, 3),
        shown.rows,
        shown.texts(),
        letters,
        outline,
        shown.fades,
    )


def _with_cues(found: Found, texts: Sequence[Text], spoken: str | None, top: float) -> PictureWords:
    two = bilingual(texts)
    main = main_group(texts, spoken) if two else None
    cues = tuple(_cue(number, text, main, found.shape, top) for number, text in enumerate(texts, start=1))
    words = found.words
    language = language_written([cue.text for cue in cues]) or words.language
    second = language_written([cue.second for cue in cues]) if two else None
    script = chinese_script([cue.text for cue in cues]) if language == "zh" else None
    changes = {"cues": cues, "language": language, "second_language": second, "script": script}
    return words.model_copy(update=changes)


def _cue(number: int, text: Text, main: str | None, shape: tuple[int, int], top: float) -> PictureCue:
    high, wide = shape
    rows: list[PictureRow] = []
    said: list[str] = []
    other: list[str] = []
    confidences: list[float] = []
    for place, written in zip(text.places, text.rows, strict=True):
        x, y = max(0, place.left) / wide, top + max(0, place.top) / high
        box = PictureBox(
            x=round(x, 4),
            y=round(y, 4),
            w=round(min(1 - x, (place.right - place.left) / wide), 4),
            h=round(min(1 - y, place.height / high), 4),
        )
        rows.append(PictureRow(box=box, text=written.text, confidence=round(min(written.confidences), 4)))
        if main is None or group_of(written.text) in (main, None):
            said.append(as_written(written.text))
            confidences += [*([1.0] if confidences else []), *written.confidences]
        else:
            other.append(written.text)
    return PictureCue(
        id=f"p{number:04d}",
        start_s=text.start_s,
        end_s=text.end_s,
        text="\n".join(said),
        second="\n".join(other),
        confidences=tuple(confidences),
        rows=tuple(rows),
        color=text.color,
        outline=text.outline,
        fades=text.fades,
    )
