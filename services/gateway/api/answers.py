"""Answer what a task asks before it goes on."""

from fastapi import APIRouter

from services.gateway.api.context import Engines, Parts, Who, locked_visible_task, visible_task
from services.gateway.api.possible import refuse_unless_possible
from services.gateway.api.problems import Problem, unprocessable
from services.gateway.api.reading import read_task
from services.gateway.api.schemas import TaskAnswer, TaskRead
from services.gateway.api.subtitles import read_brought
from services.gateway.database import queries
from services.gateway.database.asking import AlreadyAnswered, answer
from services.gateway.database.tables import Task
from services.gateway.planning.questions import question_of
from services.gateway.planning.remarks import with_remarks
from shared.pipeline import BASE
from shared.storage import keys, put_bytes

router = APIRouter(prefix="/api/tasks/{task_id}", tags=["work"])


@router.post("/answer", status_code=202, operation_id="answer_task")
def answer_task(task_id: str, body: TaskAnswer, parts: Parts, who: Who, engines: Engines) -> TaskRead:
    """Answer what the task waits for (`waiting_for`): go on as it is, say the language, or bring subtitles.

    The same answer twice is one. Raises: 409 `already_answered`, 422 where the answer is not whole or leads nowhere.
    """
    with parts.database.read() as session:
        task = visible_task(session, who, task_id)
        targets = [row.language for row in queries.languages(session, [task_id]).get(task_id, [])]
    spoken = _spoken(body, task)
    for target in targets if spoken else ():
        brought = body.subtitles is not None or "subtitles_key" in task.config
        own = target in task.config.get("translation_keys", {})
        refuse_unless_possible(engines, spoken, target, subtitles=brought, translation=own)
    reading = read_brought(body.subtitles, spoken, "/subtitles") if body.subtitles is not None else None
    key = None
    if body.subtitles is not None:
        key = keys.input_subtitles(task_id, BASE, "subtitles.srt")
        put_bytes(parts.store, key, body.subtitles)
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        try:
            is_new = answer(session, task, body.question_id, body.choice, spoken, key)
        except AlreadyAnswered as error:
            raise Problem(409, "already_answered", str(error)) from error
        if is_new and reading is not None:
            task.config = with_remarks(task.config, BASE, reading.remarks)
        session.flush()
        return read_task(session, parts.hub, task)


def _spoken(body: TaskAnswer, task: Task) -> str | None:
    """The language a person says it is; with subtitles the one they are in, by default what the task was taken for."""
    if body.choice == "continue":
        return None
    if body.choice == "language":
        if body.language is None:
            raise unprocessable("language_required", "name the language that is spoken", "/language")
        return body.language
    if body.subtitles is None:
        raise unprocessable("subtitles_required", "send the subtitle file in base64", "/subtitles")
    question = question_of(task.question)
    known: str | None = task.config.get("source_language") or (question.language if question else None)
    return body.language or known
