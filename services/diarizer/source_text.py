"""What the source text of a video is taken from: a provided file, subtitles inside, the picture, or speech."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from services.diarizer.engines import PictureText, Report, Span
from services.diarizer.ffmpeg import Video
from services.diarizer.inside import choose_text, named, read_inside
from services.diarizer.lines import Draft
from services.diarizer.picture.heard import said_in, with_heard
from services.diarizer.picture.laying import spoken_span, spoken_times
from services.diarizer.picture.reading import Found, PictureReading
from shared.messaging import DiarizeVideo, EngineInfo, JobContext
from shared.observability import logger
from shared.pipeline import ErrorCode, PermanentError, language, language_of_tag
from shared.storage import ObjectNotFound, read_bytes
from shared.transcript import Cue, PictureCue, PictureWords, Reading, TextTrackFacts, Word, phrases, read_subtitles

_LONGEST_S = 900.0
"""The longest video whose subtitles are read without a request: reading takes at most a third of its length."""
_DOUBTFUL = 0.3
_ASIAN = ("zh", "ja")
log = logger(__name__)


@dataclass(frozen=True)
class Text:
    """The text of a video, None if speech is to be recognized; what is in the picture; a note for a person.

    `said` is what was recognized beside it, with the time of each word.
    """

    video: Video
    spoken: str | None
    reading: Reading | None = None
    picture: PictureWords | None = None
    note: str | None = None
    found: Found | None = None
    said: tuple[Word, ...] = ()

    @property
    def from_picture(self) -> bool:
        """Whether it was read from the picture."""
        return self.picture is not None and self.picture.used


class SourceTexts:
    """Finds the text for one job."""

    def __init__(self, job: DiarizeVideo, context: JobContext, engine: PictureText | None) -> None:
        self._job, self._context, self._engine = job, context, engine

    def find(self, video: Video, spoken: str | None, recognizer: EngineInfo, look: Report, read: Report) -> Text:
        """What the job requests, else the best available: a provided file, subtitles inside or in the picture if the
        recognizer does not understand the language, else speech.

        Raises: PermanentError, `subtitles_unreadable` where what is asked for is not there.
        """
        asked = self._job.source_text
        found = self._look(video, look)
        if found and (asked == "picture" or _is_understood_by_reading(found.words, spoken, recognizer)):
            found = self._read(video, found, spoken, read)
        text = Text(video, spoken, picture=found.words if found else None, found=found)
        if asked in (None, "brought") and self._job.subtitles_key:
            return replace(text, reading=self._brought(spoken, video))
        if asked == "brought":
            raise _missing("no subtitle file was brought", "upload one, or set source_text to heard")
        if asked == "picture":
            return _with_picture(text, way_out=self._way_out(spoken))
        if asked in (None, "inside"):
            text = self._inside(text, recognizer, needed=asked == "inside")
        picture = text.picture
        if text.reading is None and asked is None and picture and picture.cues:
            return _with_picture(text, f"{recognizer.name} does not understand {_name(picture)}")
        return text if text.reading else replace(text, note=_joined(text.note, _offer(text.picture)))

    def complete(self, text: Text, read: Report) -> Text:
        """`text` with the subtitles in the picture read, if that was not needed so far but is still useful."""
        found = text.found
        if found is None or found.band is None or (text.picture and text.picture.cues is not None):
            return text
        if not self._job.read_picture and text.video.facts.duration_s > _LONGEST_S:
            return text
        return replace(text, picture=self._read(text.video, found, text.spoken, read).words)

    def _look(self, video: Video, look: Report) -> Found | None:
        """What a sample of frames shows; None if no engine can read it. Undecodable video stops nothing."""
        if self._engine is None or not video.facts.video_codec:
            return None
        try:
            return PictureReading(self._engine, video, self._context.cancel).look(look)
        except PermanentError as error:
            self._go_on_after(error)
            return None

    def _read(self, video: Video, found: Found, spoken: str | None, read: Report) -> Found:
        if self._engine is None or found.band is None:
            return found
        try:
            words = PictureReading(self._engine, video, self._context.cancel).read(found, spoken, read)
        except PermanentError as error:
            self._go_on_after(error)
            return found
        return replace(found, words=words)

    def _go_on_after(self, error: PermanentError) -> None:
        if error.code not in (ErrorCode.TOOL_FAILED, ErrorCode.TOOL_TIMEOUT) or self._job.source_text == "picture":
            raise error
        log.warning("picture_not_read", error=error.message[:300])

    def _way_out(self, spoken: str | None) -> str:
        """What a person can do if no subtitles were found: they may be in letters that the engine does not know."""
        way_out = "bring them as a file, or set source_text to heard"
        info = self._engine.info if self._engine else None
        unknown = info and info.languages and spoken not in info.languages
        return f"{way_out}; {info.name}: {info.hint}" if info and unknown and info.hint else way_out

    def _brought(self, spoken: str | None, video: Video) -> Reading:
        try:
            data = read_bytes(self._context.store, self._job.subtitles_key or "")
        except ObjectNotFound as error:
            raise PermanentError(
                ErrorCode.ARTIFACT_MISSING, "the uploaded subtitles are gone; upload them again"
            ) from error
        return read_subtitles(data, spoken, video.facts.fps)

    def _inside(self, text: Text, recognizer: EngineInfo, *, needed: bool) -> Text:
        tracks, wanted = text.video.facts.text_tracks, self._job.text_track
        if needed and wanted is None:
            usable = (track.number for track in tracks if track.readable and not track.forced)
            wanted = next(usable, 1)
        inside = choose_text(tracks, text.spoken, wanted, recognizer)
        if inside.track is None:
            return replace(text, note=inside.note)
        spoken = text.spoken or _language_of(inside.track)
        reading = read_inside(text.video, inside.track, spoken, self._context.cancel)
        return replace(text, video=_using(text.video, inside.track), spoken=spoken, reading=reading, note=inside.note)


def instead_of(heard: Sequence[Draft], assumed: bool, job: DiarizeVideo, text: Text) -> Text | None:
    """The picture as the text, where speech was recognized so poorly in a language nobody named that its words are
    likely to be none; else None.
    """
    readable = text.picture is not None and text.picture.cues and not text.from_picture
    if job.source_text is not None or not assumed or not readable:
        return None
    known = sorted(word.probability for line in heard for word in line.words if word.probability is not None)
    if not known or fmean(known[: max(1, len(known) // 2)]) >= _DOUBTFUL:
        return None
    return _with_picture(replace(text, note=None), "recognition of the speech is poor")


def compared(text: Text, words: Sequence[Word]) -> Text:
    """`text` with what was recognized beside each cue in the picture, which mends letters that could hardly be read.

    If both say the same, the picture is no longer offered.
    """
    if text.picture is None or not text.picture.cues or not words:
        return text
    picture, text = with_heard(text.picture, words), replace(text, said=tuple(words))
    if text.from_picture:
        return replace(text, picture=picture, reading=_reading(picture))
    if picture.as_heard and (offer := _offer(picture)) and text.note:
        return replace(text, picture=picture, note=text.note.removesuffix(offer).strip() or None)
    return replace(text, picture=picture)


def is_worth_hearing(text: Text, recognizer: EngineInfo) -> bool:
    """Whether speech is recognized though the text is that in the picture: the engine has to understand it, and it
    should not take the better part of an hour for some letters.
    """
    understood = not recognizer.languages or text.spoken in recognizer.languages
    return text.from_picture and understood and text.video.facts.duration_s <= _LONGEST_S


def with_words(
    lines: Sequence[Draft], picture: PictureWords, said: Sequence[Word] = (), speech: Sequence[Span] = ()
) -> list[Draft]:
    """The lines phrase by phrase, each with the time it is said at and the sureness of its least sure letter.

    A line is as long as it is spoken, where that is less than its cue is shown. What was `said` and the `speech` found
    tell when, see `spoken_times`.
    """
    by_time = {(cue.start_s, cue.end_s): cue for cue in picture.cues or ()}
    spaces = picture.language not in _ASIAN
    return [
        _spoken(line, by_time.get((line.start_s, line.end_s)), said, speech, spaces=spaces) if line.is_spoken else line
        for line in lines
    ]


def _spoken(
    line: Draft, cue: PictureCue | None, said: Sequence[Word], speech: Sequence[Span], *, spaces: bool
) -> Draft:
    shown, text = Span(line.start_s, line.end_s), line.text.replace("\n", " ")
    pieces = phrases(text, spaces=spaces)
    times = spoken_times(pieces, shown, said_in(said, shown.start_s, shown.end_s), speech)
    sure = cue.confidences if cue and line.text.split() == cue.text.split() else ()
    words, at = [], 0
    for piece, time in zip(pieces, times, strict=True):
        least = min(sure[at : at + len(piece)], default=None)
        at += len(piece)
        if piece.strip():
            words.append(
                Word(
                    text=piece.strip(),
                    start_s=round(time.start_s, 3),
                    end_s=round(time.end_s, 3),
                    # squared: of letters that are 0.55 sure, every second one is wrong, which is where doubt begins
                    probability=None if least is None else round(min(1.0, least) ** 2, 4),
                )
            )
    span = spoken_span(times, shown)
    return replace(line, start_s=round(span.start_s, 3), end_s=round(span.end_s, 3), words=tuple(words))


def _with_picture(text: Text, why: str | None = None, way_out: str = "") -> Text:
    """Raises: PermanentError, `subtitles_unreadable` with `way_out` where there is nothing to read."""
    picture = text.picture
    if picture is None:
        raise _missing("nothing here reads words in the picture", "pip install rapidocr, or bring a subtitle file")
    if not picture.cues:
        raise _missing("no subtitles were found in the picture", way_out)
    reading = _reading(picture)
    count = f"{len(reading.cues)} cues, {sum(cue.confidence for cue in picture.cues) / len(picture.cues):.0%} sure"
    note = f"The text is that of the {_name(picture)} subtitles in the picture ({count})"
    used = picture.model_copy(update={"used": True})
    return replace(
        text,
        spoken=text.spoken or picture.language,
        reading=reading,
        picture=used,
        note=_joined(text.note, f"{note}, as {why}." if why else f"{note}."),
    )


def _reading(picture: PictureWords) -> Reading:
    cues = (Cue(start_s=cue.start_s, end_s=cue.end_s, text=cue.text) for cue in picture.cues or () if cue.text.strip())
    return Reading(cues=tuple(cues), format="picture")


def _is_understood_by_reading(words: PictureWords, spoken: str | None, recognizer: EngineInfo) -> bool:
    """Whether subtitles in the picture are in the spoken language, which the recognizer does not understand."""
    unknown = spoken is not None and bool(recognizer.languages) and spoken not in recognizer.languages
    return unknown and words.language == spoken


def _offer(picture: PictureWords | None) -> str | None:
    if picture is None or not picture.has_subtitles:
        return None
    return f"{_name(picture)} subtitles are in the picture: with source_text=picture they are used as the source text."


def _name(picture: PictureWords | None) -> str:
    return language(picture.language).name if picture and picture.language else "unknown"


def _missing(what: str, way_out: str) -> PermanentError:
    message = f"the source text is asked for from elsewhere than speech, but {what}: {way_out}"
    return PermanentError(ErrorCode.SUBTITLES_UNREADABLE, message)


def _joined(*notes: str | None) -> str | None:
    return " ".join(filter(None, notes)) or None


def _language_of(track: TextTrackFacts) -> str:
    """Raises: PermanentError, `language_unsupported` where neither the task nor the file tells the language."""
    if code := language_of_tag(track.language):
        return code
    raise PermanentError(
        ErrorCode.LANGUAGE_UNSUPPORTED,
        f"the file does not say which language {named(track)} are in: set the source language of the task",
    )


def _using(video: Video, used: TextTrackFacts) -> Video:
    tracks = tuple(track.model_copy(update={"used": track == used}) for track in video.facts.text_tracks)
    return replace(video, facts=video.facts.model_copy(update={"text_tracks": tracks}))
