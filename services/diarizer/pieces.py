"""Recognition of a long recording by several jobs: cut it, hear one piece, put the words of all together.

Findings before the cut are stored in a plan, so that the joining job repeats none of the work: it runs as for a short
recording, with engines that answer from the plan.
"""

import hashlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import soundfile
from pydantic import BaseModel, ConfigDict

from services.diarizer.cutting import pieces_of, sound_of
from services.diarizer.engines import Recognition, Recognizer, Report, Span, SpokenIn, VoiceActivity
from services.diarizer.recording import SPEECH_RATE_HZ, Recording
from services.diarizer.settings import DiarizerSettings
from shared.messaging import (
    RESULT,
    DiarizeVideo,
    EngineInfo,
    JobContext,
    KeptEngines,
    LanguageHeard,
    RecognizeSpeech,
    SpeechRecognized,
    speech_shard,
)
from shared.observability import logger
from shared.pipeline import ErrorCode, PermanentError
from shared.storage import ObjectNotFound, keys, put_bytes, put_file, read_bytes
from shared.transcript import Word

JOB_S = 120.0
"""The longest a job should take."""
_LEAST_S, _MOST_S = 30.0, 1800.0
_WORTH_IT = 1.5
"""As a multiple of one job's work: recordings that are barely longer are not cut."""

_SOUNDS = "speech/sounds/"
Spans = tuple[tuple[float, float], ...]
log = logger(__name__)


class Piece(BaseModel):
    """A part of the recording: where it begins, and when speech is heard in it, from there."""

    model_config = ConfigDict(frozen=True)

    sound_key: str
    start_s: float
    speech: Spans


class Plan(BaseModel):
    """What was found before the cut. `activity` are the answers of the engine that finds speech, in their order."""

    model_config = ConfigDict(frozen=True)

    language: str
    confidence: float | None
    recognizer: EngineInfo
    punctuates: bool
    hotwords: tuple[str, ...]
    activity: tuple[Spans, ...]
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Cut:
    """A recording that other jobs recognize: where the plan is stored, and the seconds of speech in each piece."""

    plan_key: str
    pieces_s: tuple[float, ...]


class Noted:
    """An engine that finds speech, and its results so far."""

    def __init__(self, engine: VoiceActivity) -> None:
        self._engine = engine
        self.answers: list[Spans] = []

    @property
    def info(self) -> EngineInfo:
        """See `VoiceActivity`."""
        return self._engine.info

    def speech(self, recording: Recording, report: Report) -> list[Span]:
        """See `VoiceActivity`."""
        found = self._engine.speech(recording, report)
        self.answers.append(tuple((span.start_s, span.end_s) for span in found))
        return found


class Planned:
    """Both engines as recorded in a plan: the same calls in the same order return the same results at once."""

    def __init__(self, plan: Plan, found: Recognition, activity: EngineInfo) -> None:
        self._found, self._activity, self._answers = found, activity, list(plan.activity)
        self.info, self.punctuates = plan.recognizer, plan.punctuates

    @property
    def activity(self) -> "_PlannedActivity":
        """The engine that finds speech."""
        return _PlannedActivity(self._activity, self._answers)

    def recognize(
        self,
        recording: Recording,
        speech: Sequence[Span],
        language: str | None,
        report: Report,
        hotwords: Sequence[str] = (),
    ) -> Recognition:
        """See `Recognizer`."""
        return self._found

    def recognize_each(self, recordings: Sequence[Recording], language: str, report: Report) -> list[tuple[Word, ...]]:
        """See `Recognizer`."""
        raise NotImplementedError("a plan knows one recording")

    def find_language(self, recording: Recording, speech: Sequence[Span]) -> tuple[str, float | None]:
        """See `Recognizer`."""
        return self._found.language, self._found.confidence


class _PlannedActivity:
    def __init__(self, info: EngineInfo, answers: list[Spans]) -> None:
        self.info, self._answers = info, answers

    def speech(self, recording: Recording, report: Report) -> list[Span]:
        return [Span(*span) for span in self._answers.pop(0)]


class Pieces:
    """Cuts what would take one worker too long, based on how fast this one has been so far."""

    def __init__(self, recognizers: KeptEngines[Recognizer], settings: DiarizerSettings) -> None:
        self._recognizers, self._settings = recognizers, settings
        self._lock = threading.Lock()
        self._speech_s = self._took_s = 0.0

    def recognize(
        self,
        recognizer: Recognizer,
        recording: Recording,
        speech: Sequence[Span],
        language: str | None,
        report: Report,
        hotwords: Sequence[str],
    ) -> Recognition:
        """Recognize and remember how long it took."""
        began = time.monotonic()
        found = recognizer.recognize(recording, speech, language, report, hotwords)
        if not isinstance(recognizer, Planned):
            with self._lock:
                self._speech_s += sum(span.duration_s for span in speech)
                self._took_s += time.monotonic() - began
        return found

    def longest_s(self) -> float:
        """Seconds of speech for one job."""
        if self._settings.recognition_job_s is not None:
            return self._settings.recognition_job_s
        with self._lock:
            speed = self._speech_s / self._took_s if self._took_s > 1.0 else 1.0
        return min(max(JOB_S * speed, _LEAST_S), _MOST_S)

    def cut(
        self,
        job: DiarizeVideo,
        context: JobContext,
        recording: Recording,
        speech: Sequence[Span],
        spoken: str | None,
        recognizer: Recognizer,
        activity: Sequence[Spans],
        report: Report,
    ) -> Cut | None:
        """Store the pieces of a long recording and their plan; None if one job can do it all."""
        longest_s = self.longest_s()
        if sum(span.duration_s for span in speech) <= _WORTH_IT * longest_s:
            return None
        shares = pieces_of(speech, longest_s)
        if len(shares) < 2:
            return None
        report(0.0)
        language, confidence = (spoken, None) if spoken else recognizer.find_language(recording, speech)
        pieces = []
        for number, share in enumerate(shares):
            sound = sound_of(shares, number, recording.duration_s)
            pieces.append(self._stored(job, context, recording, sound, share))
            report((number + 1) / len(shares))
        plan = Plan(
            language=language,
            confidence=confidence,
            recognizer=recognizer.info,
            punctuates=recognizer.punctuates,
            hotwords=job.hotwords,
            activity=tuple(activity),
            pieces=tuple(pieces),
        )
        data = plan.model_dump_json().encode()
        key = keys.processed(job.task_id, job.attempt, f"speech/{hashlib.sha256(data).hexdigest()[:16]}.json")
        put_bytes(context.store, key, data)
        log.info("recording_cut", pieces=len(pieces), longest_s=round(longest_s))
        return Cut(key, tuple(round(sum(span.duration_s for span in share), 3) for share in shares))

    def hear(self, job: RecognizeSpeech, context: JobContext) -> Recognition:
        """Recognize one piece; times are those of the whole recording.

        Raises: PermanentError, `artifact_missing`, or as the recognizer does.
        """
        plan = read_plan(context, job.plan_key)
        piece = plan.pieces[job.piece]
        recording = _opened(context, piece.sound_key)
        recognizer = self._recognizers.of(plan.recognizer.choice())

        def report(part: float) -> None:
            context.cancel.check()
            context.progress(part, "Recognizing speech")

        speech = [Span(*span) for span in piece.speech]
        found = self.recognize(recognizer, recording, speech, plan.language, report, plan.hotwords)
        return Recognition(
            found.language,
            tuple(
                word.model_copy(
                    update={
                        "start_s": round(word.start_s + piece.start_s, 3),
                        "end_s": round(word.end_s + piece.start_s, 3),
                    }
                )
                for word in found.words
            ),
            None,
            tuple(
                SpokenIn(one.start_s + piece.start_s, one.end_s + piece.start_s, one.language, one.confidence)
                for one in found.languages
            ),
        )

    def joined(self, job: DiarizeVideo, context: JobContext, activity: EngineInfo) -> Planned | None:
        """The engines of a recording whose pieces are recognized; None for one that was not cut.

        The audio of the pieces is removed: their words are in the manifests of their jobs.
        """
        if job.plan_key is None:
            return None
        plan = read_plan(context, job.plan_key)
        words: list[Word] = []
        languages: list[SpokenIn] = []
        for number in range(len(plan.pieces)):
            heard = _recognized(job, context, number)
            words += heard.words
            languages += [SpokenIn(one.start_s, one.end_s, one.language, one.confidence) for one in heard.languages]
        context.store.delete(keys.processed(job.task_id, job.attempt, _SOUNDS))
        return Planned(plan, Recognition(plan.language, tuple(words), plan.confidence, tuple(languages)), activity)

    def _stored(
        self, job: DiarizeVideo, context: JobContext, recording: Recording, sound: Span, share: Sequence[Span]
    ) -> Piece:
        path = context.workdir / "piece.flac"
        soundfile.write(path, recording.pcm(sound.start_s, sound.end_s), SPEECH_RATE_HZ)
        key = keys.processed(job.task_id, job.attempt, f"{_SOUNDS}{sound.start_s:.3f}-{sound.end_s:.3f}.flac")
        put_file(context.store, key, path)
        path.unlink()
        return Piece(
            sound_key=key,
            start_s=sound.start_s,
            speech=tuple((span.start_s - sound.start_s, span.end_s - sound.start_s) for span in share),
        )


def spans_of(languages: Sequence[SpokenIn]) -> tuple[LanguageHeard, ...]:
    """Languages as a result carries them."""
    return tuple(
        LanguageHeard(start_s=one.start_s, end_s=one.end_s, language=one.language, confidence=one.confidence)
        for one in languages
    )


def read_plan(context: JobContext, key: str) -> Plan:
    """Raises: PermanentError, `artifact_missing`."""
    try:
        return Plan.model_validate_json(read_bytes(context.store, key))
    except ObjectNotFound as error:
        raise _gone() from error


def _opened(context: JobContext, key: str) -> Recording:
    try:
        path = context.store.local(key, context.workdir)
    except ObjectNotFound as error:
        raise _gone() from error
    samples, _ = soundfile.read(path, dtype="int16")
    sound = context.workdir / "piece.pcm"
    sound.write_bytes(samples.astype("<i2").tobytes())
    return Recording(sound)


def _recognized(job: DiarizeVideo, context: JobContext, number: int) -> SpeechRecognized:
    where = keys.manifest(job.task_id, job.language, job.stage(), speech_shard(number), job.attempt)
    try:
        found = RESULT.validate_json(read_bytes(context.store, where))
    except ObjectNotFound as error:
        raise _gone() from error
    if not isinstance(found, SpeechRecognized):
        raise _gone()
    return found


def _gone() -> PermanentError:
    return PermanentError(ErrorCode.ARTIFACT_MISSING, "a part of the recognition is gone; start the stage again")
