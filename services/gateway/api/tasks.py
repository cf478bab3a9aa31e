"""Create, list, read, change and delete tasks."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError
from sqlmodel import Session

from services.gateway.api.arrival import Arrived, announce, begin_task, forget
from services.gateway.api.context import (
    Gateway,
    Parts,
    Who,
    check_version_sent,
    etag,
    locked_visible_task,
    visible_task,
)
from services.gateway.api.possible import may_have_text, refuse_unless_possible
from services.gateway.api.problems import Problem, unprocessable
from services.gateway.api.reading import read_task, read_tasks
from services.gateway.api.schemas import TaskConfig, TaskRead, TaskUpdate
from services.gateway.api.settings import with_defaults
from services.gateway.api.subtitles import read_brought
from services.gateway.api.turns import turns
from services.gateway.api.upload import Upload, UploadReader
from services.gateway.database import queries
from services.gateway.database.facts import FOREVER, flag_cancel, tell
from services.gateway.database.judging import judge_language
from services.gateway.database.other_languages import apply_choice
from services.gateway.database.steps import carry_out
from services.gateway.database.tables import JobState, Task, TaskLanguage, now
from services.gateway.planning.remarks import with_remarks
from shared.messaging import EngineInfo
from shared.pipeline import BASE, TARGET_LANGUAGES, Status
from shared.storage import ObjectStore, keys, put_bytes
from shared.transcript import Reading

router = APIRouter(prefix="/api/tasks", tags=["tasks"])
TaskOrder = Literal["created_at", "-created_at", "updated_at", "-updated_at", "name", "-name"]
_UPLOAD_SCHEMA = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["video"],
                    "properties": {
                        "video": {"type": "string", "format": "binary"},
                        "config": {"type": "string", "description": "TaskConfig as JSON"},
                        "start": {"type": "string", "description": "`true`: process all target languages at once"},
                        "subtitles": {
                            "type": "string",
                            "format": "binary",
                            "description": "the source text as a subtitle file of any format; replaces recognition",
                        },
                        **{f"translation_{code}": {"type": "string", "format": "binary"} for code in TARGET_LANGUAGES},
                    },
                }
            }
        },
    }
}


@router.post("", status_code=201, operation_id="create_task", openapi_extra=_UPLOAD_SCHEMA)
@router.post("/", status_code=201, include_in_schema=False)
async def create_task(request: Request, parts: Parts, who: Who, response: Response) -> TaskRead:
    """Upload a video. Its bytes go straight to the object store while the size limit is watched."""
    task_id = await turns(request).run(announce, parts, who)
    try:
        reader = UploadReader(
            request,
            parts.store,
            parts.threads,
            parts.settings.max_video_bytes,
            lambda name: keys.input_video(task_id, name),
        )
        upload = await reader.read()
        config = await asyncio.to_thread(with_defaults, parts.database, who.account, _config(upload))
        engines = await parts.capabilities.engines()
        brought = await asyncio.to_thread(_check_languages, engines, config, upload, parts.store)
        read = await parts.threads.transfer(_finish, parts, task_id, upload, config, brought)
    except BaseException:
        await asyncio.shield(parts.threads.transfer(forget, parts, task_id))
        raise
    response.headers["Location"] = f"/api/tasks/{task_id}"
    response.headers["ETag"] = etag(read.version)
    return read


def _config(upload: Upload) -> TaskConfig:
    try:
        return TaskConfig.model_validate(json.loads(upload.fields.get("config") or "{}"))
    except (ValidationError, ValueError, RecursionError) as error:
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            pointer = "/config/" + "/".join(str(part) for part in first["loc"])
            raise unprocessable("invalid_config", str(first["msg"]), pointer) from error
        raise unprocessable("invalid_config", "config is not JSON", "/config") from error


def _check_languages(
    engines: Sequence[EngineInfo], config: TaskConfig, upload: Upload, store: ObjectStore
) -> Mapping[str, Reading]:
    """What the subtitle files of an upload hold, by language. Raises: Problem 413, 422."""
    brought: dict[str, Reading] = {}
    if "subtitles" in upload.files and config.source_language is None:
        raise unprocessable("source_language_required", "name the language of the subtitles", "/config/source_language")
    for name, file in upload.files.items():
        if name != "subtitles" and not name.startswith("translation_"):
            raise unprocessable("unknown_file", "files are 'video', 'subtitles' and 'translation_<language>'", "")
        code = name.removeprefix("translation_") if name != "subtitles" else BASE
        brought[code] = read_brought(file.data, config.source_language if code == BASE else code, f"/{name}")
    provided = {name.removeprefix("translation_") for name in upload.files if name.startswith("translation_")}
    unknown = provided - set(config.target_languages)
    if unknown:
        raise unprocessable("not_a_target", f"'{min(unknown)}' is not among the target languages", "/config")
    for language in config.target_languages:
        refuse_unless_possible(
            engines,
            config.source_language,
            language,
            subtitles="subtitles" in upload.files or config.text_track is not None,
            translation=language in provided,
            inside=lambda: upload.video is not None and may_have_text(store, upload.video.key, upload.video.size),
        )
    return brought


def _finish(
    parts: Gateway, task_id: str, upload: Upload, config: TaskConfig, brought: Mapping[str, Reading]
) -> TaskRead:
    stored: dict[str, Any] = config.model_dump(mode="json")
    for language, reading in brought.items():
        stored = with_remarks(stored, language, reading.remarks)
    for name, file in upload.files.items():
        language = name.removeprefix("translation_") if name != "subtitles" else "base"
        key = keys.input_subtitles(task_id, language, file.filename)
        put_bytes(parts.store, key, file.data)
        if name == "subtitles":
            stored["subtitles_key"] = key
        else:
            stored.setdefault("translation_keys", {})[language] = key
    if upload.video is None:
        raise unprocessable("missing_video", "the form has no video", "/video")
    start = config.target_languages if upload.fields.get("start", "").lower() in ("1", "true", "yes") else []
    with parts.database.write() as session:
        return begin_task(session, parts, task_id, Arrived(upload.video_name, upload.video), stored, start=start)


@router.get("", operation_id="list_tasks")
@router.get("/", include_in_schema=False)
def list_tasks(
    parts: Parts,
    who: Who,
    response: Response,
    skip: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    status: Status | None = None,
    q: Annotated[str, Query(max_length=200, description="words to look for in names and ids")] = "",
    sort: TaskOrder = "-created_at",
) -> list[TaskRead]:
    """Tasks, newest first unless sorted otherwise; `X-Total-Count` tells how many there are."""
    with parts.database.read() as session:
        page, total = queries.tasks(session, who.owner, skip, limit, status, q, sort)
        response.headers["X-Total-Count"] = str(total)
        return read_tasks(session, parts.hub, page)


@router.get("/{task_id}", operation_id="get_task")
def get_task(task_id: str, parts: Parts, who: Who, response: Response) -> TaskRead:
    """One task."""
    with parts.database.read() as session:
        task = visible_task(session, who, task_id)
        response.headers["ETag"] = etag(task.version)
        return read_task(session, parts.hub, task)


@router.patch("/{task_id}", operation_id="update_task")
def update_task(
    task_id: str, change: TaskUpdate, request: Request, parts: Parts, who: Who, response: Response
) -> TaskRead:
    """Change the configuration. Languages may be added at any time, and removed while nothing was made for them.

    With `If-Match` only while nobody else changed the task: 412 `version_conflict`.
    """
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        check_version_sent(request, task.version)
        wanted = change.model_dump(exclude_unset=True, mode="json")
        if wanted.get("target_languages") is not None:
            _change_languages(session, task, wanted["target_languages"])
        task.config = {**task.config, **{k: v for k, v in wanted.items() if v is not None or k in _MAY_BE_NONE}}
        if wanted.get("other_languages") is not None:
            apply_choice(session, task, keep=wanted["other_languages"] == "keep", author=who.owner)
        if wanted.get("gate") is not None:
            for row in queries.languages(session, [task_id]).get(task_id, []):
                judge_language(session, task, row)
        tell(session, task, "base", "task", "updated", changed=sorted(wanted))
        carry_out(session, task, [])
        session.flush()
        response.headers["ETag"] = etag(task.version)
        return read_task(session, parts.hub, task)


_MAY_BE_NONE = ("source_language", "num_speakers", "audio_track", "text_track")


def _change_languages(session: Session, task: Task, wanted: list[str]) -> None:
    present = {row.language: row for row in queries.languages(session, [task.task_id]).get(task.task_id, [])}
    runs = queries.newest_runs(session, [task.task_id]).get(task.task_id, {})
    for language, row in present.items():
        if language in wanted:
            continue
        if any(of == language for of, _ in runs):
            raise Problem(409, "language_in_use", f"'{language}' has work already; it cannot be removed")
        session.delete(row)
    session.add_all(TaskLanguage(task_id=task.task_id, language=code) for code in wanted if code not in present)


@router.delete("/{task_id}", status_code=204, operation_id="delete_task")
def delete_task(task_id: str, parts: Parts, who: Who) -> None:
    """Stop all work and remove everything of the task; what is running lets go within seconds."""
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        flag_cancel(session, task, None, FOREVER)
        for job in queries.open_jobs(session, task_id):
            job.state, job.finished_at = JobState.CANCELED, now()
        tell(session, task, "base", "task", "deleted")
        task.deleted_at = now()
    if parts.sweep:
        parts.sweep.set()
