"""What the diarizer reacts to."""

from collections.abc import Callable

from services.diarizer.diarization import Diarization
from shared.messaging import DiarizeVideo, JobContext, TranscriptReady


def diarize_video(diarization: Diarization) -> Callable[[DiarizeVideo, JobContext], TranscriptReady]:
    """The stage's handler: a video in, the key of its transcript out."""

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
        )

    return handle
