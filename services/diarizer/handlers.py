"""What the diarizer reacts to."""

from collections.abc import Callable

from services.diarizer.diarization import Diarization
from services.diarizer.interpreting import Interpreting
from services.diarizer.listening import Listening
from shared.messaging import (
    DiarizeVideo,
    HearTakes,
    Job,
    JobContext,
    JobResult,
    LinesTranslated,
    TakesHeard,
    TranscriptReady,
    TranslateSpeech,
)


def dispatch(
    diarization: Diarization, listening: Listening, interpreting: Interpreting
) -> Callable[[Job, JobContext], JobResult]:
    """The worker's handler: each kind of job to its use case."""
    diarize, hear, interpret = diarize_video(diarization), hear_takes(listening), translate_speech(interpreting)

    def handle(job: Job, context: JobContext) -> JobResult:
        match job:
            case DiarizeVideo():
                return diarize(job, context)
            case HearTakes():
                return hear(job, context)
            case TranslateSpeech():
                return interpret(job, context)
            case _:
                raise TypeError(f"not a job of this stage: {type(job).__name__}")

    return handle


def diarize_video(diarization: Diarization) -> Callable[[DiarizeVideo, JobContext], TranscriptReady]:
    """A video in, the key of its transcript out."""

    def handle(job: DiarizeVideo, context: JobContext) -> TranscriptReady:
        outcome = diarization.run(job, context)
        return TranscriptReady(
            task_id=job.task_id,
            language=job.language,
            stage=job.stage(),
            shard=job.shard,
            attempt=job.attempt,
            transcript_key=outcome.transcript_key,
            media=outcome.transcript.media,
            segments=len(outcome.transcript.segments),
            speakers=len(outcome.transcript.speakers),
            note=outcome.note,
            engines=outcome.engines,
            cast=outcome.cast,
            chosen=outcome.chosen,
        )

    return handle


def hear_takes(listening: Listening) -> Callable[[HearTakes, JobContext], TakesHeard]:
    """Takes in, what is understood of them out."""

    def handle(job: HearTakes, context: JobContext) -> TakesHeard:
        heard = listening.run(job, context)
        return TakesHeard(
            task_id=job.task_id,
            language=job.language,
            stage=job.stage(),
            shard=job.shard,
            attempt=job.attempt,
            lines=heard.lines,
            engines=heard.engines,
            no_error_rate=heard.no_error_rate,
            no_similarity=heard.no_similarity,
        )

    return handle


def translate_speech(interpreting: Interpreting) -> Callable[[TranslateSpeech, JobContext], LinesTranslated]:
    """Lines in, what is said in them in English out."""

    def handle(job: TranslateSpeech, context: JobContext) -> LinesTranslated:
        interpreted = interpreting.run(job, context)
        return LinesTranslated(
            task_id=job.task_id,
            language=job.language,
            stage=job.stage(),
            shard=job.shard,
            attempt=job.attempt,
            lines=interpreted.lines,
            engines=interpreted.engines,
        )

    return handle
