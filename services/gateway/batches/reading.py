"""Build what clients read of batches from their rows."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from services.gateway.batches import rows as batch_rows
from services.gateway.batches.joining import config_of
from services.gateway.batches.outcomes import eta_s, progress
from services.gateway.batches.schemas import BatchRead, ItemRead, LanguageCounts, RowCounts
from services.gateway.db import Session
from services.gateway.db.tables import BatchItem, BatchRow, BatchState, Task, now
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.schemas import LanguageOutcome
from services.gateway.settings import GatewaySettings
from services.gateway.web.problems import Problem
from shared.pipeline import Stage, Status

_LARGE = 5_000
"""Languages; a batch of fewer is counted in hundredths of a second."""
_FRESH_S = 1.0
_MOST_LARGE = 500


def read_batches(session: Session, batches: Sequence[BatchRow], settings: GatewaySettings) -> list[BatchRead]:
    """Several batches with five queries in all, and three for each large one."""
    ids = [batch.batch_id for batch in batches]
    outcomes = batch_rows.outcomes(session, ids)
    coming = batch_rows.languages_to_come(session, ids)
    figures = _counting(session).read(session, batches)
    found = []
    for batch in batches:
        key = batch.batch_id
        rows, counts = outcomes.get(key, {}), _counts(figures[key].languages)
        counts.waiting_for_approval = figures[key].waiting
        every = counts.model_dump(include={str(status) for status in Status})
        every["pending"] += coming.get(key, 0)
        share = progress(rows, every, figures[key].done)
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


@dataclass(frozen=True)
class Figures:
    """What became of the languages of a batch, and how many stages are completed in those that have not ended."""

    languages: Sequence[tuple[str, bool | None, int]] = ()
    waiting: int = 0
    done: Mapping[Stage, int] = field(default_factory=dict)


class Counting:
    """Counts languages and stages; those of a large batch once a second for all who ask.

    That takes a fifth of a second, and every open page of the batch asks once a second. Where the batch itself has
    changed, as when it is paused or has ended, it is counted again.
    """

    def __init__(self, large: int = _LARGE, clock: Callable[[], float] = time.monotonic) -> None:
        self._from, self._clock = large, clock
        self._large: OrderedDict[str, _Counted] = OrderedDict()

    def read(self, session: Session, batches: Sequence[BatchRow]) -> dict[str, Figures]:
        """Figures by batch. Of a large batch that is known, one caller counts and the others wait for it."""
        known = {key: counted for key in (one.batch_id for one in batches) if (counted := self._large.get(key))}
        new = [batch for batch in batches if batch.batch_id not in known]
        found = _count(session, [batch.batch_id for batch in new]) if new else {}
        for batch in new:
            figures = found[batch.batch_id]
            if sum(count for *_, count in figures.languages) >= self._from:
                self._large[batch.batch_id] = _Counted(_stamp(batch), figures, self._clock())
        while len(self._large) > _MOST_LARGE:
            self._large.popitem(last=False)
        for batch in batches:
            if counted := known.get(batch.batch_id):
                found[batch.batch_id] = self._again(session, batch, counted)
        return found

    def _again(self, session: Session, batch: BatchRow, counted: "_Counted") -> Figures:
        with counted.counting:
            if counted.stamp != _stamp(batch) or self._clock() - counted.at >= _FRESH_S:
                counted.figures = _count(session, [batch.batch_id])[batch.batch_id]
                counted.stamp, counted.at = _stamp(batch), self._clock()
            return counted.figures


@dataclass
class _Counted:
    stamp: tuple[object, ...]
    figures: Figures
    at: float
    counting: threading.Lock = field(default_factory=threading.Lock)


def _stamp(batch: BatchRow) -> tuple[object, ...]:
    return batch.state, batch.wish, batch.round, batch.ended_at


def _count(session: Session, ids: Sequence[str]) -> dict[str, Figures]:
    languages = batch_rows.languages(session, ids)
    waiting = batch_rows.waiting_for_approval(session, ids)
    done = batch_rows.stages_done(session, ids)
    return {key: Figures(languages.get(key, ()), waiting.get(key, 0), done.get(key, {})) for key in ids}


_known: WeakKeyDictionary[object, Counting] = WeakKeyDictionary()
"""One for each database."""


def _counting(session: Session) -> Counting:
    return _known.setdefault(session.get_bind(), Counting())


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
        code, message = (task.error_code, task.error_message) if task else _why_dropped(item)
        found.append(
            ItemRead(
                row=item.number,
                source=item.source,
                files=item.files,
                fetched=item.address is not None,
                outcome=outcome,
                task_id=item.task_id if is_there else None,
                languages={row.language: _outcome(row) for row in shown},
                error_code=code,
                error_message=message,
                status=Status(task.status) if task is not None and is_there else None,
            )
        )
    return found


def _why_dropped(item: BatchItem) -> tuple[str | None, str | None]:
    """Why a row that was dropped has no task, if it says what this release cannot do."""
    try:
        if item.dropped:
            config_of(item)
    except Problem as error:
        return error.code, error.detail
    return None, None


def _outcome(row: pipeline_rows.ShownLanguage) -> LanguageOutcome:
    gate = row.gate or {}
    return LanguageOutcome(
        status=Status(row.status),
        gate=("passed" if gate["passed"] else "failed") if gate else None,
        gate_reasons=[str(reason["code"]) for reason in gate.get("reasons", [])],
        error_code=row.error_code,
        error_message=row.error_message,
    )
