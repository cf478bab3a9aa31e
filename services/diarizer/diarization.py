"""The use case: from a video to its transcript, its speakers and what the editor draws."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from services.diarizer.engines import Engines, Recognizer, Report, Span, SpokenIn, Turn, VoiceActivity
from services.diarizer.ffmpeg import Video
from services.diarizer.labels import cast
from services.diarizer.lines import Draft, lines_of_captions, lines_of_words, number, within
from services.diarizer.picture.again import read_again
from services.diarizer.pieces import Cut, Noted, Pieces
from services.diarizer.products import Products, Sounds
from services.diarizer.profiles import pace
from services.diarizer.recording import Recording
from services.diarizer.settings import DiarizerSettings
from services.diarizer.sounds import Ears, Listened
from services.diarizer.source_text import SourceTexts, Text, compared, instead_of, is_worth_hearing, with_words
from services.diarizer.timing import compare
from shared.media import probe
from shared.messaging import (
    BEFORE_PIECES,
    CastVoice,
    DiarizeVideo,
    EngineChoice,
    EngineInfo,
    EngineUsed,
    JobContext,
    KeptEngines,
    ReadPicture,
)
from shared.observability import logger
from shared.pipeline import ErrorCode, LanguageInfo, PermanentError, language
from shared.spoken.chinese import words_in_script
from shared.storage import ObjectNotFound
from shared.transcript import (
    Cue,
    CueReading,
    PictureWords,
    Reading,
    Remark,
    Segment,
    Speaker,
    Timing,
    Transcript,
    as_written,
    understood,
)

NO_AUDIO = "The video has no audio track: there is nothing to dub."
SILENT = "The audio is silent: there is nothing to dub."
NO_SPEECH = "No speech was found in the audio: there is nothing to dub."
NO_WORDS = "Speech was heard, but no words were recognized: upload subtitles of the spoken language to dub it."
_FALLBACK_LANGUAGE = "en"

log = logger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What one run found and stored; `note` says why there is nothing to dub, or which of several tracks was used."""

    transcript: Transcript
    transcript_key: str
    note: str | None
    engines: tuple[EngineUsed, ...]
    cast: tuple[CastVoice, ...] = ()
    chosen: tuple[EngineChoice, ...] = ()


@dataclass(frozen=True)
class _Media:
    """The video and its sound, if it has any."""

    video: Video
    listened: Listened | None = None

    @property
    def sounds(self) -> Sounds | None:
        """The sound, if there is any."""
        return self.listened.sounds if self.listened else None


@dataclass(frozen=True)
class _Heard:
    """What listening found; an engine is listed when it was used."""

    language: str
    confidence: float | None = None
    assumed: bool = False
    lines: Sequence[Draft] = ()
    languages: Sequence[SpokenIn] = ()
    turns: Sequence[Turn] = ()
    note: str | None = None
    engines: tuple[EngineInfo, ...] = ()
    remarks: tuple[Remark, ...] = ()
    names: Mapping[int, str] = field(default_factory=dict)
    picture: PictureWords | None = None


def open_video(key: str, context: JobContext, most_s: float) -> Video:
    """The stored video, examined. Raises: PermanentError, for one that is missing, unreadable or longer than
    `most_s`."""
    try:
        path = context.store.local(key, context.workdir)
    except ObjectNotFound as error:
        raise PermanentError(ErrorCode.ARTIFACT_MISSING, "the uploaded video is gone; upload it again") from error
    container, facts = probe(path, context.cancel)
    if facts.duration_s > most_s:
        raise PermanentError(
            ErrorCode.MEDIA_TOO_LONG,
            f"the video lasts {facts.duration_s:.0f} s; at most {most_s:.0f} s are accepted here; cut it, or raise "
            "LOCALCLIP_MAX_DURATION_S",
        )
    return Video(path, container, facts)


class Diarization:
    """Runs one job after another with engines loaded once. Safe to repeat: products are stored under the job's attempt.

    The audio itself is not stored: no later stage reads it, and the video has it. `open_` loads a recognizer that a
    task keeps but that is not the one of `engines`.
    """

    def __init__(
        self,
        engines: Engines,
        settings: DiarizerSettings,
        open_: Callable[[EngineChoice], Recognizer | None] = lambda _: None,
    ) -> None:
        self._engines, self._settings = engines, settings
        self._recognizers = KeptEngines([engines.recognizer], open_)
        self.pieces = Pieces(self._recognizers, settings)

    def run(self, job: DiarizeVideo, context: JobContext) -> Outcome | Cut:
        """Find out who speaks when and what they say, and store it, or first cut the recording into pieces for other
        jobs.

        Raises:
            PermanentError: the video or the subtitles cannot be read, or the language cannot be recognized.
        """
        step = _Steps(context)
        spoken = self._spoken_language(job)
        step(0.0, 0.02, "Reading the video")(0.0)
        video = open_video(job.video_key, context, self._settings.max_duration_s)
        own_text = job.subtitles_key is not None and job.source_text in (None, "brought")
        planned = self.pieces.joined(job, context, self._engines.voice_activity.info)
        recognizer = planned or self._recognizers.of(None if own_text else job.kept)
        texts = SourceTexts(job, context, self._engines.picture_text)
        looking, reading = step(0.02, 0.05, "Looking for words in the picture"), step(0.05, 0.08, "Reading the picture")
        text = texts.find(video, spoken, recognizer.info, looking, reading)
        activity = planned.activity if planned else Noted(self._engines.voice_activity)
        media = self._read(job, context, text, step, recognizer, activity)
        if text.reading is None and media.listened and not _silence(media) and isinstance(activity, Noted):
            cut = self._cut(job, context, media.listened, text.spoken, recognizer, activity, step)
            if cut is not None:
                return cut
        text = texts.complete(text, step(0.16, 0.26, "Reading the picture"))
        heard, text = self._heard(job, media, text, recognizer, step)
        heard = replace(heard, note=" ".join(filter(None, (heard.note, text.note))) or None, picture=text.picture)
        made = self._store(Products(job, context, self._engines.embedder), media, heard, step)
        return replace(made, chosen=(recognizer.info.choice(),) if recognizer.info in heard.engines else ())

    def read_again(self, job: ReadPicture, context: JobContext) -> CueReading:
        """Read one subtitle in the picture again.

        Raises: PermanentError, if the video is gone or nothing here reads pictures.
        """
        engine = self._engines.picture_text
        if engine is None:
            raise PermanentError(
                ErrorCode.ENGINE_UNAVAILABLE, "nothing here reads words in the picture: pip install rapidocr"
            )
        video = open_video(job.video_key, context, self._settings.max_duration_s)
        return read_again(engine, video, job.box, (job.start_s, job.end_s), job.spoken, context.cancel)

    def _heard(
        self, job: DiarizeVideo, media: _Media, text: Text, recognizer: Recognizer, step: "_Steps"
    ) -> tuple["_Heard", Text]:
        """Who speaks, and what they say: from an existing text, else as recognized, unless the picture has a better
        text."""
        language_, silence = text.spoken or _FALLBACK_LANGUAGE, _silence(media)
        if silence or media.listened is None:
            heard = _Heard(language_, note=silence)
        else:
            if is_worth_hearing(text, recognizer.info):
                text = self._compared(media.listened, text, job, recognizer, step)
            words = text.reading.cues if text.reading else recognizer
            heard = self._listen(media.listened, text.spoken, job, words, step)
            text = compared(text, [word for line in heard.lines for word in line.words])
        if text.reading is None and (better := instead_of(heard.lines, heard.assumed, job, text)):
            text, heard = better, replace(heard, language=better.spoken or heard.language, confidence=None)
            heard = replace(heard, assumed=False, languages=(), note=None)
        if text.reading is None:
            return heard, text
        duration_s = media.video.facts.duration_s
        heard = _with_lines(heard, text.reading, duration_s, as_they_stand=job.captions == "as_written")
        if text.from_picture and text.picture:
            reader = (self._engines.picture_text.info,) if self._engines.picture_text else ()
            speech = media.listened.speech if media.listened else ()
            lines = with_words(heard.lines, text.picture, text.said, speech)
            heard = replace(heard, lines=lines, engines=(*reader, *heard.engines))
        return heard, text

    def _read(
        self,
        job: DiarizeVideo,
        context: JobContext,
        text: Text,
        step: "_Steps",
        recognizer: Recognizer,
        activity: VoiceActivity,
    ) -> _Media:
        """Extract the audio of the video and listen to it, with `recognizer` unless there is a text."""
        video, spoken = text.video, text.spoken
        if not video.facts.audio_codec:
            return _Media(video)
        if text.reading is None:
            require_language(spoken, recognizer.info)
        ears = Ears(video, context.workdir, activity, context.cancel)
        extracting, finding = step(0.08, 0.12, "Extracting the audio"), step(0.12, 0.16, "Finding speech")
        listened = ears.listen(spoken, job.audio_track, extracting, finding)
        return _Media(replace(video, facts=listened.facts), listened)

    def _cut(
        self,
        job: DiarizeVideo,
        context: JobContext,
        listened: Listened,
        spoken: str | None,
        recognizer: Recognizer,
        activity: Noted,
        step: "_Steps",
    ) -> Cut | None:
        cutting = step(0.16, BEFORE_PIECES, "Cutting the recording")
        sound = listened.sounds.speech
        return self.pieces.cut(job, context, sound, listened.speech, spoken, recognizer, activity.answers, cutting)

    def _spoken_language(self, job: DiarizeVideo) -> str | None:
        if job.subtitles_key and not job.source_language:
            raise PermanentError(
                ErrorCode.LANGUAGE_UNSUPPORTED,
                "subtitles do not say which language they are in: set the source language of the task",
            )
        code = job.source_language or self._settings.source_language
        return language(code).code if code else None

    def _listen(
        self,
        listened: Listened,
        spoken: str | None,
        job: DiarizeVideo,
        words: Sequence[Cue] | Recognizer,
        step: "_Steps",
    ) -> _Heard:
        """Find speakers and, unless there are cues, words."""
        engines, recording, speech = self._engines, listened.sounds.speech, listened.speech
        if not speech:
            note = listened.note or NO_SPEECH
            return _Heard(spoken or _FALLBACK_LANGUAGE, note=note, engines=(engines.voice_activity.info,))
        used = (engines.voice_activity.info, engines.diarizer.info)
        if isinstance(words, Sequence):
            turns = self._turns(recording, speech, job.num_speakers, step(0.5, 0.85, "Telling speakers apart"))
            return _Heard(spoken or _FALLBACK_LANGUAGE, turns=turns, note=listened.note, engines=used)
        hearing = step(0.26, 0.7, "Recognizing speech")
        found = self.pieces.recognize(words, recording, speech, spoken, hearing, job.hotwords)
        if found.language == "zh":
            found = replace(found, words=words_in_script(found.words, job.chinese))
        if not found.words:
            without = (words.info, engines.voice_activity.info)
            note = " ".join(filter(None, (NO_WORDS, listened.note)))
            return _Heard(found.language, note=note, engines=without)
        turns = self._turns(recording, speech, job.num_speakers, step(0.7, 0.85, "Telling speakers apart"))
        punctuated = words.punctuates
        lines = lines_of_words(
            found.words,
            turns,
            language(found.language),
            punctuated=punctuated,
            as_they_stand=job.captions == "as_written",
        )
        by = (words.info, *used)
        assumed = spoken is None and found.confidence is None
        taken = _taken_as(found.language, by[0]) if assumed else None
        said = " ".join(filter(None, (taken, listened.note))) or None
        return _Heard(found.language, found.confidence, assumed, lines, found.languages, turns, said, by)

    def _compared(
        self, listened: Listened, text: Text, job: DiarizeVideo, recognizer: Recognizer, step: "_Steps"
    ) -> Text:
        """The text in the picture, compared with what is heard."""
        if not listened.speech:
            return text
        hearing = step(0.26, 0.5, "Recognizing speech")
        sound = listened.sounds.speech
        found = self.pieces.recognize(recognizer, sound, listened.speech, text.spoken, hearing, job.hotwords)
        traditional = text.picture is not None and text.picture.script == "zh-Hant"
        words = words_in_script(found.words, "zh-Hant" if traditional else "zh-Hans")
        return compared(text, words if text.spoken == "zh" else found.words)

    def _turns(
        self, recording: Recording, speech: Sequence[Span], num_speakers: int | None, report: Report
    ) -> list[Turn]:
        turns = self._engines.diarizer.turns(recording, speech, num_speakers, report)
        found = len({turn.speaker for turn in turns})
        if num_speakers and found != num_speakers:
            log.warning("speakers_not_told_apart", asked=num_speakers, found=found)
        return turns

    def _store(self, products: Products, media: _Media, heard: _Heard, step: "_Steps") -> Outcome:
        """Store the products, the transcript last."""
        facts, speech = media.video.facts, media.listened.speech if media.listened else ()
        segments, speaker_ids = number(heard.lines, facts.duration_s, heard.languages)
        speakers = products.speakers(media.sounds, heard.turns, speaker_ids, step(0.85, 0.93, "Measuring voices"))
        names = {speaker_ids[one]: name for one, name in heard.names.items() if one in speaker_ids}
        speakers = tuple(who.model_copy(update={"name": names.get(who.id, who.name)}) for who in speakers)
        speakers = _paced(speakers, segments, language(heard.language))
        known = any(who.embedding for who in speakers)
        people = products.cast(step(0.93, 0.95, "Listening to the cast")) if known else ()
        save = step(0.95, 1.0, "Saving")
        save(0.0)
        products.peaks(media.listened.outline if media.listened else (), facts.duration_s)
        products.poster(media.video)
        save(0.8)
        transcript = Transcript(
            source_language=heard.language,
            source_language_confidence=heard.confidence,
            source_language_assumed=heard.assumed,
            media=facts,
            speakers=speakers,
            segments=segments,
            remarks=heard.remarks,
            picture=heard.picture,
            speech=tuple((round(span.start_s, 2), round(span.end_s, 2)) for span in speech) if media.listened else None,
            timing=_timing([line for line in heard.lines if line.is_spoken], speech, facts.duration_s),
        )
        key = products.transcript(transcript)
        save(1.0)
        log.info("transcript_ready", segments=len(segments), speakers=len(speakers), note=heard.note)
        return Outcome(transcript, key, heard.note, tuple(info.used() for info in heard.engines), people)


class _Steps:
    """Turns the progress of each step into the job's, and passes on that it was canceled."""

    def __init__(self, context: JobContext) -> None:
        self._context = context

    def __call__(self, start: float, end: float, message: str) -> Report:
        """A report for a step that takes the job from `start` to `end` (0 to 1)."""

        def report(part: float) -> None:
            self._context.cancel.check()
            self._context.progress(start + (end - start) * part, message)

        return report


def _timing(lines: Sequence[Draft], speech: Sequence[Span], duration_s: float) -> Timing | None:
    """Whether lines that a person timed are out of step with the speech; recognized ones have words and are not."""
    if any(line.words for line in lines):
        return None
    return compare([Span(line.start_s, line.end_s) for line in lines], speech, duration_s)


def _paced(speakers: Sequence[Speaker], segments: Sequence[Segment], spoken: LanguageInfo) -> tuple[Speaker, ...]:
    """The speakers with the pace of their segments."""
    own = {who.id: [segment for segment in segments if segment.speaker_id == who.id] for who in speakers}
    return tuple(who.model_copy(update={"pace": pace(own[who.id], spoken)}) for who in speakers)


def require_language(code: str | None, recognizer: EngineInfo) -> None:
    """Refuse a language that `recognizer` does not know.

    Raises:
        PermanentError: `language_unsupported`, naming what would make it possible.
    """
    if code is None or not recognizer.languages or code in recognizer.languages:
        return
    known = ", ".join(language(one).name for one in recognizer.languages)
    raise PermanentError(
        ErrorCode.LANGUAGE_UNSUPPORTED,
        f"the recognizer {recognizer.name} does not understand {language(code).name}, only {known}: {recognizer.hint}",
    )


def _with_lines(heard: _Heard, brought: Reading, duration_s: float, *, as_they_stand: bool) -> _Heard:
    """What was heard, with the provided lines in place of recognized ones."""
    cues, remarks = within(brought.cues, duration_s)
    captions = (as_written if as_they_stand else understood)(cues, language(heard.language))
    given = cast(captions, heard.turns)
    return _Heard(
        heard.language,
        lines=lines_of_captions(captions, given.speakers),
        turns=given.turns,
        note=heard.note if heard.turns else None,
        engines=heard.engines,
        remarks=(*brought.remarks, *remarks),
        names=given.names,
    )


def _taken_as(code: str, recognizer: EngineInfo) -> str:
    """A note on a language that nobody named and that no engine here could identify."""
    name = language(code).name
    return f"Taken as {name}: {recognizer.name} knows no other language. Set the source language if another is spoken."


def _silence(media: _Media) -> str | None:
    """Why there is nothing to listen to, if there is nothing."""
    if media.listened is None:
        return NO_AUDIO
    return SILENT if media.listened.silent else None
