"""Create a task with its video in one request."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from services.gateway.batches.addresses import address_of, file_address_of
from services.gateway.batches.joining import Place
from services.gateway.batches.joining import place as place_of
from services.gateway.pipeline.parts import Gateway, Parts
from services.gateway.pipeline.possible import may_have_text, refuse_unless_possible
from services.gateway.pipeline.reading import read_task
from services.gateway.pipeline.schemas import TaskConfig, TaskRead
from services.gateway.pipeline.tasks import with_defaults
from services.gateway.uploads.arrival import Arrived, announce, begin_task, forget
from services.gateway.uploads.brought import SUBTITLES, TRANSLATION, read_all, refuse_missing, store_all, translated
from services.gateway.uploads.form import Upload, UploadReader
from services.gateway.uploads.schemas import TaskOfSource
from services.gateway.uploads.sources import await_source
from services.gateway.web.bodies import read_file
from services.gateway.web.claims import keep
from services.gateway.web.entrance import MAX_BODY_BYTES
from services.gateway.web.etags import etag
from services.gateway.web.keys import Caller, Who
from services.gateway.web.problems import unprocessable
from services.gateway.web.threads import turns
from shared.messaging import EngineInfo
from shared.pipeline import TARGET_LANGUAGES
from shared.storage import ObjectStore, keys
from shared.transcript import Reading

router = APIRouter(prefix="/api/tasks", tags=["tasks"])

_SOURCE_SCHEMA = TaskOfSource.model_json_schema(ref_template="#/components/schemas/{model}")
_SOURCE_SCHEMA.pop("$defs")  # they are in the document already
_UPLOAD_SCHEMA = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _SOURCE_SCHEMA},
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
            },
        },
    }
}


@router.post("", status_code=201, operation_id="create_task", openapi_extra=_UPLOAD_SCHEMA)
@router.post("/", status_code=201, include_in_schema=False)
async def create_task(
    request: Request,
    parts: Parts,
    who: Who,
    response: Response,
    batch_id: Annotated[str | None, Query(max_length=40)] = None,
    row: Annotated[int, Query(ge=1, le=2**31 - 1, description="of that batch")] = 1,
) -> TaskRead:
    """Upload a video. Its bytes go straight to the object store while the size limit is watched.

    With `batch_id` it is the video of a row, which says what becomes of it. The same row twice is one task. As JSON the
    request names where the gateway fetches the video from; the task is there at once, its work begins when it has come.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
        return await _create_from_source(request, parts, who, response)
    place = await asyncio.to_thread(_place, parts, who, batch_id, row) if batch_id else None
    task_id = await turns(request).run(announce, parts, who, place)
    try:
        reader = UploadReader(
            request,
            parts.store,
            parts.threads,
            parts.settings.max_video_bytes,
            lambda name: keys.input_video(task_id, name),
        )
        upload = await reader.read()
        if place is None:
            config = await asyncio.to_thread(with_defaults, parts.database, who.account, _config(upload))
        else:
            config = _config_of(place, upload)
        engines = await parts.capabilities.engines()
        brought = await asyncio.to_thread(read_all, upload.files, config)
        await parts.threads.transfer(_check_languages, engines, config, upload, parts.store)
        read = await parts.threads.transfer(_finish, parts, who, task_id, upload, config, brought, place)
        if read.task_id != task_id:
            await parts.threads.transfer(forget, parts, task_id)
    except BaseException:
        await asyncio.shield(parts.threads.transfer(forget, parts, task_id))
        raise
    response.headers.update(_about(read))
    return read


async def _create_from_source(request: Request, parts: Gateway, who: Caller, response: Response) -> TaskRead:
    """Raises: Problem 413, 422."""
    try:
        body = TaskOfSource.model_validate_json(await read_file(request, "body", MAX_BODY_BYTES))
    except ValidationError as error:
        first = error.errors()[0]
        pointer = "/" + "/".join(str(part) for part in first["loc"])
        raise unprocessable("invalid_request", str(first["msg"]), pointer) from error
    address = address_of(parts.settings, body.source_url, body.source_key, body.source_page)
    files = _files_of(parts, body)
    config = await asyncio.to_thread(with_defaults, parts.database, who.account, body.config)
    _refuse_odd_files(body, config)
    engines = await parts.capabilities.engines()
    for language in config.target_languages:
        refuse_unless_possible(
            engines,
            config.source_language,
            language,
            subtitles=body.subtitles is not None or config.text_track is not None,
            translation=language in body.translations,
            inside=lambda: True,
        )
    start, stored = config.target_languages if body.start else [], config.model_dump(mode="json")

    def create() -> TaskRead:
        with parts.database.write() as session:
            task = await_source(session, who.account, address, body.filename, stored, start=start, files=files)
            read = read_task(session, parts.audience, task)
            return keep(session, who.claim, read, _about(read))

    read = await turns(request).run(create)
    response.headers.update(_about(read))
    return read


def _files_of(parts: Gateway, body: TaskOfSource) -> dict[str, str]:
    """Where the subtitles that a task names are fetched from. Raises: Problem 422."""
    files = {SUBTITLES: body.subtitles} | {f"{TRANSLATION}{code}": said for code, said in body.translations.items()}
    return {
        name: file_address_of(
            parts.settings,
            said,
            "/subtitles" if name == SUBTITLES else "/translations",
            beside_key=body.source_key is not None,
        )
        for name, said in files.items()
        if said
    }


def _refuse_odd_files(body: TaskOfSource, config: TaskConfig) -> None:
    """Raises: Problem 422, if it is unclear what to do with a file."""
    if body.subtitles and config.source_language is None:
        raise unprocessable("source_language_required", "name the language of the subtitles", "/config/source_language")
    unknown = set(body.translations) - set(config.target_languages)
    if unknown:
        raise unprocessable("not_a_target", f"'{min(unknown)}' is not among the target languages", "/translations")


def _place(parts: Gateway, who: Caller, batch_id: str, row: int) -> Place:
    with parts.database.read() as session:
        return place_of(session, who, batch_id, row)


def _config_of(place: Place, upload: Upload) -> TaskConfig:
    """The row's configuration. Raises: Problem 422, if something else is sent, or not what the row names."""
    if upload.fields.get("config"):
        raise unprocessable("row_has_config", "the batch says what becomes of this row; send no config", "/config")
    refuse_missing(place, upload.files)
    return place.config


def _config(upload: Upload) -> TaskConfig:
    try:
        return TaskConfig.model_validate(json.loads(upload.fields.get("config") or "{}"))
    except (ValidationError, ValueError, RecursionError) as error:
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            pointer = "/config/" + "/".join(str(part) for part in first["loc"])
            raise unprocessable("invalid_config", str(first["msg"]), pointer) from error
        raise unprocessable("invalid_config", "config is not JSON", "/config") from error


def _check_languages(engines: Sequence[EngineInfo], config: TaskConfig, upload: Upload, store: ObjectStore) -> None:
    """Raises: Problem 422, where one is not possible; whether a text is inside, the video in the store tells."""
    provided = translated(upload.files)
    for language in config.target_languages:
        refuse_unless_possible(
            engines,
            config.source_language,
            language,
            subtitles=SUBTITLES in upload.files or config.text_track is not None,
            translation=language in provided,
            inside=lambda: upload.video is not None and may_have_text(store, upload.video.key, upload.video.size),
        )


def _finish(
    parts: Gateway,
    who: Caller,
    task_id: str,
    upload: Upload,
    config: TaskConfig,
    brought: Mapping[str, Reading],
    place: Place | None,
) -> TaskRead:
    if upload.video is None:
        raise unprocessable("missing_video", "the form has no video", "/video")
    starts = place.starts if place else upload.fields.get("start", "").lower() in ("1", "true", "yes")
    stored = store_all(parts.store, task_id, upload.files, brought, config)
    start, arrived = config.target_languages if starts else [], Arrived(upload.video_name, upload.video)
    with parts.database.write() as session:
        read = begin_task(session, parts, task_id, arrived, stored, start=start, place=place)
        return keep(session, who.claim, read, _about(read))


def _about(read: TaskRead) -> dict[str, str]:
    return {"location": f"/api/tasks/{read.task_id}", "etag": etag(read.version)}
