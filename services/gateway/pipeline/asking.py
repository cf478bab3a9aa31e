"""Ask a person about a doubtful transcript, and take the answer."""

from services.gateway.db import Session
from services.gateway.db.tables import StageRun, Task
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.board import request
from services.gateway.pipeline.facts import log_stage, tell
from services.gateway.pipeline.gate import GateLimits
from services.gateway.pipeline.questions import Choice, Question, question_of, unsettled
from services.gateway.pipeline.steps import carry_out
from services.gateway.pipeline.transcripts import Prepared
from services.gateway.script.doubt import doubts, sounds_like
from shared.pipeline import BASE, ErrorCode, Stage


class AlreadyAnswered(Exception):  # noqa: N818 (a state of the task, not a mistake)
    """Somebody else gave another answer, or there is no such question; the message says which."""


def ask(session: Session, task: Task, run: StageRun, prepared: Prepared) -> None:
    """Do what the task's `on_doubt` says if its new transcript is doubtful as a whole.

    The doubt becomes a question, a note, or the failure of the run. What a person settled before is not asked again.
    """
    before, task.question = question_of(task.question), None
    limits = GateLimits.model_validate(task.config.get("gate", {}))
    sure = [row["sureness"] for row in prepared.segments]
    found = doubts(prepared.transcript, sure, limits.max_doubtful_share)
    found = unsettled(found, before, prepared.transcript.source_language)
    if not found:
        return
    question = Question(
        question_id=f"{Stage.DIARIZATION}-{run.attempt}",
        reasons=found,
        language=prepared.transcript.source_language,
        sounds_like=sounds_like(prepared.transcript),
    )
    match task.config.get("on_doubt") or "continue":
        case "ask":
            task.question = question.model_dump(mode="json")
            tell(session, task, BASE, "task", "waiting", waiting_for=task.question)
            log_stage(session, task, BASE, Stage.DIARIZATION, "waiting", question.text)
        case "fail":
            run.jobs_done, run.jobs_failed = run.jobs_done - 1, run.jobs_failed + 1
            run.error_code, run.error_message = ErrorCode.DOUBTFUL_SOURCE, f"{question.text} {question.mend}"
        case _:
            went_on = f"{question.text} It was dubbed all the same (on_doubt: continue). {question.mend}"
            task.note = " ".join(filter(None, (task.note, went_on)))


def answer(
    session: Session, task: Task, question_id: str | None, choice: Choice, spoken: str | None, subtitles_key: str | None
) -> bool:
    """Take an answer and go on; False if the same answer was given before.

    `continue` goes on with what was recognized. A language (`spoken`) or subtitles start another run of the base stage,
    and the languages in progress follow it.

    Raises: AlreadyAnswered.
    """
    question = question_of(task.question)
    if question is None or question_id not in (None, question.question_id):
        raise AlreadyAnswered("this task asks nothing" if question is None else "the task asks something else by now")
    if question.answer is not None:
        if (question.answer, question.answer_language) != (choice, spoken):
            raise AlreadyAnswered(f"the question was answered with '{question.answer}' already")
        return False
    task.question = question.model_copy(update={"answer": choice, "answer_language": spoken}).model_dump(mode="json")
    if spoken is not None:
        task.config = {**task.config, "source_language": spoken}
    if subtitles_key is not None:
        task.config = {**task.config, "subtitles_key": subtitles_key}
    told = {"question_id": question.question_id, "choice": choice, "source_language": spoken}
    tell(session, task, BASE, "task", "answered", **told)
    steps = [] if choice == "continue" else request(pipeline_rows.board(session, task), [BASE], Stage.DIARIZATION)
    carry_out(session, task, steps)
    return True
