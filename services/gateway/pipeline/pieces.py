"""Recognition of a long recording: a job for each piece, and one that puts their words together."""

from services.gateway.db import Session
from services.gateway.db.tables import StageRun, Task
from services.gateway.pipeline.cut import diarize, row
from services.gateway.pipeline.rows import add_jobs, kept_back
from shared.messaging import (
    BEFORE_PIECES,
    OF_PIECES,
    RecognizeSpeech,
    SpeechCut,
    SpeechRecognized,
    speech_shard,
)

_JOIN = "join"


def recognize_pieces(session: Session, task: Task, run: StageRun, cut: SpeechCut) -> None:
    """Add a job for each piece of a recording that was cut; the run also waits for the one that joins them."""
    speech_s = sum(cut.pieces_s) or 1.0
    pieces = [
        RecognizeSpeech(
            task_id=task.task_id,
            language=run.language,
            shard=speech_shard(number),
            attempt=run.attempt,
            epoch=task.epoch,
            weight=max(OF_PIECES * seconds / speech_s, 1e-6),
            plan_key=cut.plan_key,
            piece=number,
        )
        for number, seconds in enumerate(cut.pieces_s)
    ]
    add_jobs(session, kept_back(session, task, [row(task, piece, run) for piece in pieces]))
    run.jobs_total += len(pieces) + 1


def join_pieces(session: Session, task: Task, run: StageRun, piece: SpeechRecognized) -> None:
    """Add the job that puts the words together, if `piece` was the last."""
    if run.jobs_done < run.jobs_total - 1:
        return
    weight = 1.0 - BEFORE_PIECES - OF_PIECES
    joining = {"shard": _JOIN, "plan_key": piece.plan_key, "weight": weight}
    job = row(task, diarize(session, task, run).model_copy(update=joining), run)
    session.add_all(kept_back(session, task, [job]))
