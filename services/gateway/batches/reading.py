"""Build what clients read of batches from their rows."""

from collections.abc import Sequence

from services.gateway.batches import rows as batch_rows
from services.gateway.batches.outcomes import eta_s, progress
from services.gateway.batches.schemas import BatchRead, ItemRead, LanguageCounts, RowCounts
from services.gateway.db import Session
from services.gateway.db.tables import BatchItem, BatchRow, BatchState, Task, now
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.schemas import LanguageOutcome
from services.gateway.settings import GatewaySettings
from shared.pipeline import Status


def read_batches(session: Session, batches: Sequence[BatchRow], settings: GatewaySettings) -> list[BatchRead]:
    """Several batches with five queries in all."""
    ids = [batch.batch_id for batch in batches]
    outcomes = batch_rows.outcomes(session, ids)
    languages = batch_rows.languages(session, ids)
    waiting = batch_rows.waiting_for_approval(session, ids)
    coming = batch_rows.languages_to_come(session, ids)
    done = batch_rows.stages_done(session, ids)
    found = []
    for batch in batches:
        key = batch.batch_id
        rows, counts = outcomes.get(key, {}), _counts(languages.get(key, []))
        counts.waiting_for_approval = waiting.get(key, 0)
        every = counts.model_dump(include={str(status) for status in Status})
        every["pending"] += coming.get(key, 0)
        share = progress(rows, every, done.get(key, {}))
        elapsed_s = (now() - batch.created_at).total_seconds()
        is_moving = batch.state == BatchState.OPEN and batch.round == 1
        found.append(
            BatchRead(
                **batch.model_dump(include={"batch_id", "name", "round", "created_at", "ended_at"}),
                state=BatchState(batch.state),
                metadata=batch.about,
                rows_total=sum(rows.values()),
                rows=RowCounts.model_validate(rows),
                languages=counts,
                progress=int(share * 100),
                eta_seconds=eta_s(share, elapsed_s, rows) if is_moving else None,
                delivers_to=settings.delivers_to(batch.owner),
            )
        )
    return found


def read_batch(session: Session, batch: BatchRow, settings: GatewaySettings) -> BatchRead:
    """One batch."""
    return read_batches(session, [batch], settings)[0]


def _counts(rows: Sequence[tuple[str, bool | None, int]]) -> LanguageCounts:
    counts = LanguageCounts()
    for status, passed, count in rows:
        setattr(counts, status, getattr(counts, status) + count)
        if passed is not None and status in (Status.COMPLETED, Status.STALE):
            name = "passed" if passed else "not_passed"
            setattr(counts, name, getattr(counts, name) + count)
    return counts


def read_items(session: Session, page: Sequence[tuple[BatchItem, str, Task | None]]) -> list[ItemRead]:
    """Rows with what became of their languages, with two queries."""
    there = [task.task_id for _, _, task in page if task is not None and task.deleted_at is None]
    languages = pipeline_rows.shown_languages(session, there)
    found = []
    for item, outcome, task in page:
        is_there = task is not None and task.deleted_at is None
        shown = languages.get(item.task_id or "", []) if is_there else []
        found.append(
            ItemRead(
                row=item.number,
                source=item.source,
                files=item.files,
                fetched=item.address is not None,
                outcome=outcome,
                task_id=item.task_id if is_there else None,
                languages={row.language: _outcome(row) for row in shown},
                error_code=task.error_code if task else None,
                error_message=task.error_message if task else None,
                status=Status(task.status) if task is not None and is_there else None,
            )
        )
    return found


def _outcome(row: pipeline_rows.ShownLanguage) -> LanguageOutcome:
    gate = row.gate or {}
    return LanguageOutcome(
        status=Status(row.status),
        gate=("passed" if gate["passed"] else "failed") if gate else None,
        gate_reasons=[str(reason["code"]) for reason in gate.get("reasons", [])],
        error_code=row.error_code,
        error_message=row.error_message,
    )
