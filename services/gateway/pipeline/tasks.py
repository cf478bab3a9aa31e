"""List, read and delete tasks; what new ones begin with."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import TypeAdapter

from services.gateway.db.engine import Database
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.canceling import remove
from services.gateway.pipeline.metadata import LookedFor
from services.gateway.pipeline.parts import Parts, locked_visible_task, visible_task
from services.gateway.pipeline.reading import read_task, read_tasks
from services.gateway.pipeline.schemas import Settings, TaskConfig, TaskRead
from services.gateway.script import rows as script_rows
from services.gateway.web.etags import etag
from services.gateway.web.keys import Who
from shared.pipeline import Status

router = APIRouter(prefix="/api/tasks", tags=["tasks"])
TaskOrder = Literal[
    "created_at", "-created_at", "updated_at", "-updated_at", "name", "-name", "batch_row", "-batch_row"
]


_PAGE: TypeAdapter[list[TaskRead]] = TypeAdapter(list[TaskRead])


@router.get("", operation_id="list_tasks", response_model=list[TaskRead])
@router.get("/", include_in_schema=False)
def list_tasks(
    parts: Parts,
    who: Who,
    skip: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    status: Status | None = None,
    q: Annotated[str, Query(max_length=200, description="words to look for in names and ids")] = "",
    sort: TaskOrder = "-created_at",
    batch_id: Annotated[str | None, Query(max_length=40, description="only those of this batch")] = None,
    batched: Annotated[bool | None, Query(description="only those of a batch, or only those of none")] = None,
    *,
    metadata: LookedFor,
) -> Response:
    """Tasks, newest first unless sorted otherwise; `X-Total-Count` tells how many there are.

    `metadata.episode=7` looks for a value in what callers gave their tasks; dots lead into objects
    (`metadata.show.season=2`), and several such conditions all hold.
    """
    with parts.database.read() as session:
        page, total = pipeline_rows.tasks(session, who.owner, skip, limit, status, q, sort, batch_id, batched, metadata)
        # Written here: the framework would check and copy every field of every task once more.
        body = _PAGE.dump_json(read_tasks(session, parts.audience, page))
    return Response(body, media_type="application/json", headers={"X-Total-Count": str(total)})


@router.get("/{task_id}", operation_id="get_task")
def get_task(task_id: str, parts: Parts, who: Who, response: Response) -> TaskRead:
    """One task."""
    with parts.database.read() as session:
        task = visible_task(session, who, task_id)
        response.headers["ETag"] = etag(task.version)
        return read_task(session, parts.audience, task)


@router.delete("/{task_id}", status_code=204, operation_id="delete_task")
def delete_task(task_id: str, parts: Parts, who: Who) -> None:
    """Stop all work and remove everything of the task; what is running lets go within seconds."""
    with parts.database.write() as session:
        remove(session, locked_visible_task(session, who, task_id))
    if parts.erase:
        parts.erase.set()


def with_defaults(database: Database, owner: str, config: TaskConfig) -> TaskConfig:
    """`config` of a new task, with the account's settings for fields that were not sent."""
    with database.read() as session:
        settings = Settings.model_validate(script_rows.settings_of(session, owner).settings)
    defaults = {
        "target_languages": list(settings.default_languages),
        "num_speakers": settings.num_speakers,
        "chinese": settings.chinese,
        "brief": settings.brief,
        "export_settings": settings.export_settings,
        "gate": settings.gate,
    }
    return config.model_copy(update={name: v for name, v in defaults.items() if name not in config.model_fields_set})
