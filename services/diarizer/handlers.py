"""What the diarizer reacts to."""

from collections.abc import Callable

from services.diarizer.diarization import Diarization
from services.diarizer.interpreting import Interpreting
from services.diarizer.listening import Listening
from services.diarizer.pieces import Cut, Pieces, spans_of
from shared.messaging import (
    DiarizeVideo,
    HearTakes,
    Job,
    JobContext,
    JobResult,
    LinesTranslated,
    PictureReadAgain,
    ReadPicture,
    RecognizeSpeech,
    SpeechCut,
    SpeechRecognized,
    TakesHeard,
    TranscriptReady,
    TranslateSpeech,
    address_of,
)


def dispatch(
    diarization: Diarization, listening: Listening, interpreting: Interpreting
) -> Callable[[Job, JobContext], JobResult]:
    """The worker's handler: each kind of job to its use case."""
    diarize, recognize = diarize_video(diarization), recognize_speech(diarization.pieces)
    hear, interpret = hear_takes(listening), translate_speech(interpreting)
    reread = read_picture(diarization)

    def handle(job: Job, context: JobContext) -> JobResult:
        match job:
            case DiarizeVideo():
                return diarize(job, context)
            case RecognizeSpeech():
                return recognize(job, context)
            case HearTakes():
                return hear(job, context)
            case TranslateSpeech():
                return interpret(job, context)
            case ReadPicture():
                return reread(job, context)
            case _:
                raise TypeError(f"not a job of this stage: {type(job).__name__}")

    return handle


def diarize_video(diarization: Diarization) -> Callable[[DiarizeVideo, JobContext], TranscriptReady | SpeechCut]:
    """A video in, the key of its transcript out, or the plan by which others recognize it first."""

    def handle(job: DiarizeVideo, context: JobContext) -> TranscriptReady | SpeechCut:
        outcome = diarization.run(job, context)
        if isinstance(outcome, Cut):
            return SpeechCut(**address_of(job), plan_key=outcome.plan_key, pieces_s=outcome.pieces_s)
        return TranscriptReady(
            **address_of(job),
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


def recognize_speech(pieces: Pieces) -> Callable[[RecognizeSpeech, JobContext], SpeechRecognized]:
    """A piece of a recording in, its words out."""

    def handle(job: RecognizeSpeech, context: JobContext) -> SpeechRecognized:
        heard = pieces.hear(job, context)
        return SpeechRecognized(
            **address_of(job), plan_key=job.plan_key, words=heard.words, languages=spans_of(heard.languages)
        )

    return handle


def hear_takes(listening: Listening) -> Callable[[HearTakes, JobContext], TakesHeard]:
    """Takes in, what is understood of them out."""

    def handle(job: HearTakes, context: JobContext) -> TakesHeard:
        heard = listening.run(job, context)
        return TakesHeard(
            **address_of(job),
            lines=heard.lines,
            engines=heard.engines,
            no_error_rate=heard.no_error_rate,
            no_similarity=heard.no_similarity,
        )

    return handle


def read_picture(diarization: Diarization) -> Callable[[ReadPicture, JobContext], PictureReadAgain]:
    """A box and a time in, what is written there out."""

    def handle(job: ReadPicture, context: JobContext) -> PictureReadAgain:
        return PictureReadAgain(**address_of(job), cue_id=job.cue_id, reading=diarization.read_again(job, context))

    return handle


def translate_speech(interpreting: Interpreting) -> Callable[[TranslateSpeech, JobContext], LinesTranslated]:
    """Lines in, what is said in them in English out."""

    def handle(job: TranslateSpeech, context: JobContext) -> LinesTranslated:
        interpreted = interpreting.run(job, context)
        return LinesTranslated(
            **address_of(job),
            lines=interpreted.lines,
            engines=interpreted.engines,
        )

    return handle
