"""Create and follow batches; pause, cancel, retry or delete all their tasks."""

import secrets
from contextlib import suppress
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from services.gateway.batches import rows as batch_rows
from services.gateway.batches.joining import locked_visible_batch, visible_batch
from services.gateway.batches.keeper import CANCEL, DELETE, RESUME, RETRY, hold_all
from services.gateway.batches.manifest import Planned, Planner
from services.gateway.batches.prefixes import Listed, list_keys, rows_of
from services.gateway.batches.reading import read_batch, read_batches, read_items
from services.gateway.batches.schemas import BatchPlan, BatchRead, BatchWrite, ItemRead
from services.gateway.db import Session
from services.gateway.db.engine import DatabaseBusy
from services.gateway.db.tables import BatchRow, BatchState, now
from services.gateway.pipeline.facts import tell_batch
from services.gateway.pipeline.metadata import LookedFor
from services.gateway.pipeline.parts import Engines, Gateway, Parts
from services.gateway.pipeline.schemas import TargetLanguage, TaskConfig
from services.gateway.pipeline.tasks import with_defaults
from services.gateway.settings import GatewaySettings
from services.gateway.web.bodies import read_file
from services.gateway.web.claims import keep
from services.gateway.web.keys import Caller, Who
from services.gateway.web.problems import Problem, not_found, unprocessable
from services.gateway.web.threads import turns
from shared.manifest import MalformedManifest, read_csv
from shared.messaging import EngineInfo

router = APIRouter(prefix="/api/batches", tags=["batches"])
_MOST_BYTES = 8 * 1024 * 1024
_PLANNED: dict[int | str, dict[str, Any]] = {200: {"model": BatchPlan, "description": "What would be made (`dry_run`)"}}
DryRun = Annotated[bool, Query(description="make nothing; tell what would be made")]
SkipRefused = Annotated[bool, Query(description="make the rest where rows or languages are refused")]


@router.post("", status_code=201, operation_id="create_batch", responses=_PLANNED)
async def create_batch(
    request: Request,
    body: BatchWrite,
    parts: Parts,
    who: Who,
    engines: Engines,
    response: Response,
    dry_run: DryRun = False,
    skip_refused: SkipRefused = False,
) -> BatchPlan:
    """Make a batch of a manifest. The videos come afterwards, each with the id of the batch and its row.

    With `source_prefix` its rows are the videos of a bucket, which the gateway fetches. Where a row is refused nothing
    is made: 422 `rows_refused`, each with its reason, unless `skip_refused`.
    """
    listed = None
    if body.source_prefix is not None:
        listed = await parts.threads.transfer(list_keys, parts.settings, parts.bucket, who.account, body.source_prefix)
    create = partial(_create, body, engines, parts, who, response, listed)
    return await turns(request).run(partial(create, dry_run=dry_run, skip_refused=skip_refused))


_CSV = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}}


@router.post("/csv", status_code=201, operation_id="create_batch_of_csv", openapi_extra=_CSV, responses=_PLANNED)
async def create_batch_of_csv(
    request: Request,
    parts: Parts,
    who: Who,
    engines: Engines,
    response: Response,
    name: Annotated[str, Query(max_length=200)] = "",
    to: Annotated[
        list[TargetLanguage] | None, Query(max_length=20, description="languages of rows that name none")
    ] = None,
    source_language: Annotated[str | None, Query(max_length=20, description="of rows that name none")] = None,
    dry_run: DryRun = False,
    skip_refused: SkipRefused = False,
) -> BatchPlan:
    """The same from a CSV file with a head row, whose columns are the fields of a row.

    `translation_<language>` names a translation, `metadata.<key>` gives the row metadata. Raises: 422
    `malformed_manifest`.
    """
    data = await read_file(request, "manifest", _MOST_BYTES)

    def create() -> BatchPlan:
        said = {"target_languages": to, "source_language": source_language}
        try:
            rows = read_csv(data)
            config = TaskConfig.model_validate({name: value for name, value in said.items() if value})
        except MalformedManifest as error:
            raise unprocessable("malformed_manifest", str(error), "") from error
        except ValidationError as error:
            detail = f"source_language: {error.errors()[0]['msg']}"
            raise unprocessable("malformed_manifest", detail, "") from error
        body = BatchWrite(name=name.strip(), config=config, rows=rows)
        return _create(body, engines, parts, who, response, None, dry_run=dry_run, skip_refused=skip_refused)

    return await turns(request).run(create)


def _create(
    body: BatchWrite,
    engines: tuple[EngineInfo, ...],
    parts: Gateway,
    who: Caller,
    response: Response,
    listed: Listed | None,
    *,
    dry_run: bool,
    skip_refused: bool,
) -> BatchPlan:
    if not body.rows and listed is None:
        raise unprocessable("no_rows", "the manifest has no rows", "/rows")
    config = with_defaults(parts.database, who.account, body.config)
    metadata = {**body.metadata, **config.metadata}
    defaults = config.model_copy(update={"metadata": metadata})
    planned = _plan(body, defaults, engines, parts.settings, listed)
    refused = sum(bool(one.read.refused) for one in planned)
    plan = BatchPlan(batch=None, rows=[one.read for one in planned], refused=refused)
    if dry_run:
        response.status_code = 200
        return plan
    making = [one for one in planned if one.config is not None and one.read.languages and not _is_hopeless(one)]
    if plan.refused and (not skip_refused or not making):
        raise _rows_refused(plan)
    made = _insert(body, making, who)
    with parts.database.write() as session:
        session.add(made)
        batch_rows.add_items(session, [{"batch_id": made.batch_id, **row} for row in map(_item, making)])
        tell_batch(session, made.batch_id, "created", name=made.name, metadata=made.about, rows=len(making))
        plan.batch = read_batch(session, made, parts.settings)
        response.headers["Location"] = f"/api/batches/{made.batch_id}"
        return keep(session, who.claim, plan, response.headers)


def _plan(
    body: BatchWrite,
    defaults: TaskConfig,
    engines: tuple[EngineInfo, ...],
    settings: GatewaySettings,
    listed: Listed | None,
) -> list[Planned]:
    """What each row of the manifest, or of what was `listed`, becomes."""
    planner = Planner(defaults, engines, settings)
    if listed is None:
        return list(planner.plan(body.rows))
    languages, spoken = defaults.target_languages, defaults.source_language
    found = rows_of(listed, languages, spoken, body.without, settings.max_video_bytes)
    planned = list(planner.plan(found.rows))
    for one in planned:
        one.read.refused += found.refused.get(one.read.row, [])
    return planned


def _is_hopeless(one: Planned) -> bool:
    """Whether something is wrong with a row that does not concern just one of its languages."""
    return any(refusal.language is None for refusal in one.read.refused)


def _rows_refused(plan: BatchPlan) -> Problem:
    errors = [
        {"pointer": f"/rows/{row.row - 1}/{one.field}".rstrip("/"), "detail": one.detail, "code": one.code}
        for row in plan.rows
        for one in row.refused
    ]
    first = f"row {next(row.row for row in plan.rows if row.refused)}: {errors[0]['detail']}"
    more = f", and {plan.refused - 1} more rows" if plan.refused > 1 else ""
    return Problem(422, "rows_refused", f"{first}{more}; nothing was made", errors[:100])


def _insert(body: BatchWrite, making: list[Planned], who: Caller) -> BatchRow:
    return BatchRow(
        batch_id=f"batch_{secrets.token_hex(12)}",
        owner=who.owner or "",
        name=body.name or f"{len(making)} videos",
        about=body.metadata,
        starts=body.start,
    )


def _item(one: Planned) -> dict[str, object]:
    assert one.config is not None  # noqa: S101 (rows without are not made)
    return {
        "number": one.read.row,
        "source": one.read.source,
        "config": one.config.model_dump(mode="json", exclude_defaults=True),
        "files": {name: file for name, file in one.read.files.items() if _is_wanted(name, one.read.languages)},
        "languages": len(one.read.languages),
        "address": one.address,
        "dropped": False,
    }


def _is_wanted(name: str, languages: list[str]) -> bool:
    return name == "subtitles" or name.removeprefix("translation_") in languages


@router.get("", operation_id="list_batches")
def list_batches(
    parts: Parts,
    who: Who,
    response: Response,
    skip: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    *,
    metadata: LookedFor,
) -> list[BatchRead]:
    """Batches, newest first; `X-Total-Count` tells how many there are. `metadata.show=x` is as for tasks."""
    with parts.database.read() as session:
        page, total = batch_rows.batches(session, who.owner, skip, limit, metadata)
        response.headers["X-Total-Count"] = str(total)
        return read_batches(session, page, parts.settings)


@router.get("/{batch_id}", operation_id="get_batch")
def get_batch(batch_id: str, parts: Parts, who: Who) -> BatchRead:
    """One batch, with what became of its rows and languages in figures."""
    with parts.database.read() as session:
        return read_batch(session, visible_batch(session, who, batch_id), parts.settings)


@router.get("/{batch_id}/rows", operation_id="list_batch_rows")
def list_batch_rows(
    batch_id: str,
    parts: Parts,
    who: Who,
    response: Response,
    skip: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    outcome: Annotated[str | None, Query(max_length=20, description="only rows that are so")] = None,
) -> list[ItemRead]:
    """The rows in their order, each with its task and what became of its languages; `X-Total-Count` tells how many."""
    with parts.database.read() as session:
        visible_batch(session, who, batch_id)
        page, total = batch_rows.items(session, batch_id, skip, limit, outcome)
        response.headers["X-Total-Count"] = str(total)
        return read_items(session, page)


@router.delete("/{batch_id}/rows/{row}", status_code=204, operation_id="drop_batch_row")
def drop_batch_row(batch_id: str, row: int, parts: Parts, who: Who) -> None:
    """Give up a row whose video does not come, so that the batch can end without it; retry takes it up again.

    Raises: 409 `row_has_task`.
    """
    with parts.database.write() as session:
        visible_batch(session, who, batch_id)
        item = batch_rows.item(session, batch_id, row, lock=True) if 0 < row < 2**31 else None
        if item is None:
            raise not_found(f"row {row} of this batch")
        if item.task_id is not None:
            raise Problem(409, "row_has_task", "the video of this row has come; cancel or delete its task")
        item.dropped = True


@router.post("/{batch_id}/pause", status_code=202, operation_id="pause_batch")
def pause_batch(batch_id: str, parts: Parts, who: Who) -> BatchRead:
    """Hand out nothing more; what workers have in hand they finish. Files may still come. Raises: 409 `batch_over`."""
    with parts.database.write() as session:
        batch = locked_visible_batch(session, who, batch_id)
        _refuse_over(batch)
        batch.state = BatchState.PAUSED
        batch_rows.hold(session, batch_id)
        read = _changed(session, batch, parts.settings)
    with suppress(DatabaseBusy):  # the keeper holds what is left
        hold_all(parts.database, batch_id)
    return read


@router.post("/{batch_id}/resume", status_code=202, operation_id="resume_batch")
def resume_batch(batch_id: str, parts: Parts, who: Who) -> BatchRead:
    """Go on with a batch that was paused. Raises: 409 `batch_over`."""
    with parts.database.write() as session:
        batch = locked_visible_batch(session, who, batch_id)
        _refuse_over(batch)
        batch.state = BatchState.OPEN
        if batch_rows.release(session, batch_id):
            batch.wish = batch.wish or RESUME  # the keeper lets go what is left
        return _changed(session, batch, parts.settings)


@router.post("/{batch_id}/cancel", status_code=202, operation_id="cancel_batch")
def cancel_batch(batch_id: str, parts: Parts, who: Who) -> BatchRead:
    """Stop everything; what is finished stays, rows whose files have not come get none. Raises: 409 `batch_over`."""
    with parts.database.write() as session:
        batch = locked_visible_batch(session, who, batch_id)
        if batch.state != BatchState.CANCELED:
            _refuse_over(batch)
            batch.state, batch.wish = BatchState.CANCELED, CANCEL
            batch_rows.drop_waiting(session, batch_id, dropped=True)
        return _changed(session, batch, parts.settings)


@router.post("/{batch_id}/retry", status_code=202, operation_id="retry_batch")
def retry_batch(batch_id: str, parts: Parts, who: Who) -> BatchRead:
    """Try again what failed or was canceled; what is done is kept. Its end is told anew, with the next `round`.

    Raises: 409 `nothing_to_retry`.
    """
    with parts.database.write() as session:
        batch = locked_visible_batch(session, who, batch_id)
        rows = batch_rows.outcomes(session, [batch_id]).get(batch_id, {})
        if batch.wish != RETRY:
            if not (rows.get("failed") or rows.get("canceled")):
                raise Problem(409, "nothing_to_retry", "no row of this batch failed or was canceled")
            batch.round += batch.ended_at is not None
            batch.state = BatchState.PAUSED if batch.state == BatchState.PAUSED else BatchState.OPEN
            batch.wish, batch.ended_at = RETRY, None
            batch_rows.drop_waiting(session, batch_id, dropped=False)
        return _changed(session, batch, parts.settings)


@router.delete("/{batch_id}", status_code=204, operation_id="delete_batch")
def delete_batch(batch_id: str, parts: Parts, who: Who) -> None:
    """Delete the batch and every task of it, with all that was made; what is running lets go within seconds."""
    with parts.database.write() as session:
        batch = locked_visible_batch(session, who, batch_id)
        batch_rows.drop_waiting(session, batch_id, dropped=True)
        batch_rows.drop_handovers(session, batch_id)
        batch.wish, batch.deleted_at = DELETE, now()
        tell_batch(session, batch_id, "deleted", name=batch.name, metadata=batch.about)


def _refuse_over(batch: BatchRow) -> None:
    if batch.ended_at is not None or batch.state == BatchState.CANCELED:
        raise Problem(409, "batch_over", f"this batch is {batch.state}; retry takes up again what failed")


def _changed(session: Session, batch: BatchRow, settings: GatewaySettings) -> BatchRead:
    session.flush()
    return read_batch(session, batch, settings)
