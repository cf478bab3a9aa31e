"""Start, stop and repeat work; answer the question a task asks before it goes on."""

from collections.abc import Sequence

from fastapi import APIRouter, Request

from services.gateway.db import Session
from services.gateway.db.tables import Task
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.again import reopen
from services.gateway.pipeline.asking import AlreadyAnswered, answer
from services.gateway.pipeline.canceling import cancel
from services.gateway.pipeline.parts import Engines, Gateway, Parts, known_language, locked_visible_task, visible_task
from services.gateway.pipeline.possible import refuse_unless_possible
from services.gateway.pipeline.questions import question_of
from services.gateway.pipeline.reading import read_task
from services.gateway.pipeline.schemas import (
    Approval,
    CancelTask,
    ProcessRequest,
    ProcessTask,
    Started,
    TaskAnswer,
    TaskRead,
)
from services.gateway.pipeline.starting import approve, retry, start
from services.gateway.script.cues import with_remarks
from services.gateway.script.script import Script
from services.gateway.web.bodies import named_by_content, read_brought
from services.gateway.web.claims import keep
from services.gateway.web.keys import Caller, Who
from services.gateway.web.problems import Problem, not_found, unprocessable
from services.gateway.web.threads import turns
from shared.messaging import EngineInfo
from shared.pipeline import BASE, TARGET_LANGUAGES, Stage
from shared.storage import keys, put_bytes
from shared.transcript import Reading

router = APIRouter(prefix="/api/tasks/{task_id}", tags=["work"])


@router.post("/process", status_code=202, operation_id="process_task")
def process_task(task_id: str, body: ProcessTask, parts: Parts, who: Who, engines: Engines) -> TaskRead:
    """Bring languages up to a stage; all target languages when none are named. New ones are added to the task.

    Where none are named, one that is not possible yet waits, say for its translation, and holds up no other.
    """
    languages = _checked(task_id, body.languages, engines, parts, who)
    return _process(task_id, languages, body, parts, who)


@router.post("/languages/{language}/process", status_code=202, operation_id="process_language")
def process_language(
    task_id: str, language: str, body: ProcessRequest, parts: Parts, who: Who, engines: Engines
) -> Started:
    """Bring one language up to a stage. `base` stands for the work done once per task."""
    if language == BASE and body.stage is not Stage.DIARIZATION:
        raise unprocessable("stage_per_language", f"'{body.stage}' runs per language, not for 'base'", "/stage")
    if language != BASE and language not in TARGET_LANGUAGES:
        raise not_found(f"language '{language[:20]}'")
    if language == BASE:
        languages: Sequence[str] = [BASE]
        with parts.database.read() as session:
            visible_task(session, who, task_id)
    else:
        languages = _checked(task_id, [language], engines, parts, who)
    what = f"Started {body.stage} for {language}"
    started = Started(message=what, task_id=task_id, language=language, stage=body.stage)
    _process(task_id, languages, body, parts, who, started)
    return started


@router.post("/cancel", status_code=202, operation_id="cancel_task")
def cancel_task(task_id: str, parts: Parts, who: Who, body: CancelTask | None = None) -> TaskRead:
    """Stop work; what is finished stays. Running engines stop within two seconds."""
    return _cancel(task_id, body.languages if body else None, parts, who)


@router.post("/languages/{language}/cancel", status_code=202, operation_id="cancel_language")
def cancel_language(task_id: str, language: str, parts: Parts, who: Who) -> TaskRead:
    """Stop one language."""
    return _cancel(task_id, [language], parts, who)


@router.post("/languages/{language}/approve", status_code=202, operation_id="approve_language")
def approve_language(task_id: str, language: str, parts: Parts, who: Who, body: Approval | None = None) -> TaskRead:
    """Let a language go on that waits after the stage its task stops after (`stop_after`); the rest then runs.

    One that was approved is answered as it is. Raises: 409 `nothing_to_approve` where it is not at its stop.
    """
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        row = known_language(session, task, language)
        by = (body.by if body else None) or who.owner or "anonymous"
        if row.approved_at is None and not approve(session, task, row, by):
            raise Problem(409, "nothing_to_approve", f"'{language}' does not wait for approval")
        session.flush()
        return keep(session, who.claim, read_task(session, parts.audience, task))


@router.post("/retry", status_code=202, operation_id="retry_task")
def retry_task(task_id: str, parts: Parts, who: Who) -> TaskRead:
    """Try again what failed or was canceled; what is done is kept.

    Raises: 409 `nothing_to_retry`.
    """
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        if not retry(session, task):
            raise Problem(409, "nothing_to_retry", "nothing of this task failed or was canceled")
        session.flush()
        return read_task(session, parts.audience, task)


def _checked(
    task_id: str, languages: Sequence[str] | None, engines: Sequence[EngineInfo], parts: Gateway, who: Caller
) -> Sequence[str]:
    """The requested languages, after checking that each is possible; if none were named, impossible ones wait for what
    they need."""
    with parts.database.read() as session:
        task = visible_task(session, who, task_id)
        rows = pipeline_rows.languages(session, [task_id]).get(task_id, [])
    wanted = list(dict.fromkeys(languages or [row.language for row in rows]))
    if not wanted:
        raise unprocessable("no_target_languages", "the task has no target languages; name some", "/languages")
    refused = {}
    for language in wanted:
        try:
            refuse_unless_possible(
                engines,
                task.source_language or task.config.get("source_language"),
                language,
                subtitles="subtitles_key" in task.config,
                translation=language in task.config.get("translation_keys", {}),
            )
        except Problem as problem:
            refused[language] = problem
    if refused and (languages or len(refused) == len(wanted)):
        raise next(iter(refused.values()))
    return [language for language in wanted if language not in refused]


def _process(
    task_id: str,
    languages: Sequence[str],
    what: ProcessRequest,
    parts: Gateway,
    who: Caller,
    answer: Started | None = None,
) -> TaskRead:
    """`answer`: the answer to the request if it is not the task, which is stored."""
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        if isinstance(what, ProcessTask) and what.chinese:
            task.config = {**task.config, "chinese": what.chinese}
        added = _add_languages(session, task, languages)
        for language in languages if what.dub_changed else ():
            reopen(Script(session, task, language))
        waiting = start(session, task, languages, what.stage)
        if waiting == list(languages) and not added:
            detail = f"{', '.join(waiting)}: wait for approval after '{task.config['stop_after']}'; approve them first"
            raise Problem(409, "approval_required", detail)
        session.flush()
        read = read_task(session, parts.audience, task)
        keep(session, who.claim, answer or read)
        return read


def _add_languages(session: Session, task: Task, languages: Sequence[str]) -> list[str]:
    present = {row.language for row in pipeline_rows.languages(session, [task.task_id]).get(task.task_id, [])}
    added = [language for language in languages if language != BASE and language not in present]
    if added:
        pipeline_rows.add_languages(session, task.task_id, added)
        task.config = {**task.config, "target_languages": [*task.config.get("target_languages", []), *added]}
        session.flush()
    return added


def _cancel(task_id: str, languages: Sequence[str] | None, parts: Gateway, who: Caller) -> TaskRead:
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        cancel(session, task, languages)
        return keep(session, who.claim, read_task(session, parts.audience, task))


@router.post("/answer", status_code=202, operation_id="answer_task")
async def answer_task(
    task_id: str, body: TaskAnswer, request: Request, parts: Parts, who: Who, engines: Engines
) -> TaskRead:
    """Answer what the task waits for (`waiting_for`): go on as it is, say the language, or bring subtitles.

    The same answer twice is one. Raises: 409 `already_answered`, 422 where the answer is incomplete or leads nowhere.
    """
    spoken, reading = await turns(request).run(_checked_answer, task_id, body, parts, who, engines)
    key = None
    if body.subtitles is not None:
        key = keys.input_subtitles(task_id, BASE, named_by_content(body.subtitles))
        await parts.threads.transfer(put_bytes, parts.store, key, body.subtitles)
    return await turns(request).run(_answer, task_id, body, spoken, key, reading, parts, who)


def _checked_answer(
    task_id: str, body: TaskAnswer, parts: Gateway, who: Caller, engines: Sequence[EngineInfo]
) -> tuple[str | None, Reading | None]:
    """The language that is spoken, and what the subtitles say. Raises: Problem 404, 413, 422."""
    with parts.database.read() as session:
        task = visible_task(session, who, task_id)
        targets = [row.language for row in pipeline_rows.languages(session, [task_id]).get(task_id, [])]
    spoken = _spoken(body, task)
    for target in targets if spoken else ():
        brought = body.subtitles is not None or "subtitles_key" in task.config
        own = target in task.config.get("translation_keys", {})
        refuse_unless_possible(engines, spoken, target, subtitles=brought, translation=own)
    return spoken, read_brought(body.subtitles, spoken, "/subtitles") if body.subtitles is not None else None


def _answer(
    task_id: str,
    body: TaskAnswer,
    spoken: str | None,
    key: str | None,
    reading: Reading | None,
    parts: Gateway,
    who: Caller,
) -> TaskRead:
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        try:
            is_new = answer(session, task, body.question_id, body.choice, spoken, key)
        except AlreadyAnswered as error:
            raise Problem(409, "already_answered", str(error)) from error
        if is_new and reading is not None:
            task.config = with_remarks(task.config, BASE, reading.remarks)
        session.flush()
        return read_task(session, parts.audience, task)


def _spoken(body: TaskAnswer, task: Task) -> str | None:
    """The language a person says it is; with subtitles, the language of those, by default what the task was assumed to
    be."""
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
