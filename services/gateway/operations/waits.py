"""What the open work of a task is waiting for, and how long that will take."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.requests import HTTPConnection

from services.gateway.db import Session
from services.gateway.db.tables import JobKind, JobRow, JobState
from services.gateway.operations.lately import Lately
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.dispatch import Foreseen
from services.gateway.pipeline.parts import Gateway, Parts, visible_task
from services.gateway.pipeline.titles import is_of_titles
from services.gateway.script.lines import line_shard
from services.gateway.web.keys import Who
from shared.pipeline import Lane, Stage

router = APIRouter(prefix="/api/tasks/{task_id}/waits", tags=["work"])
What = Literal["stage", "line", "wish", "titles", "export"]
State = Literal["at_work", "queued", "no_worker", "paused"]
_LINE = line_shard("")


class WaitRead(BaseModel):
    """Something of a task that is not finished: a stage, a line done again, a wish, titles, or an export."""

    what: What
    language: str
    stage: Stage = Field(description="whose workers do it, or the next part of it")
    segment_id: str | None = Field(default=None, description="of a line or a wish")
    export_id: str | None = None
    state: State = Field(description="no_worker: it begins when a worker of its stage runs")
    ahead: int = Field(description="jobs that have to end before it begins")
    seconds: float | None = Field(
        description="queued: until it begins; at work: until its end; None: nothing is known to tell that by"
    )
    workers: int = Field(description="jobs that the workers of its stage take at a time")


async def _lately(connection: HTTPConnection) -> Lately:
    """One for all requests, made by the first; on the event loop, where no other can be made beside it."""
    state = connection.app.state
    if not hasattr(state, "ended_lately"):
        state.ended_lately = Lately()
    found: Lately = state.ended_lately
    return found


@router.get("", operation_id="list_waits")
def list_waits(task_id: str, parts: Parts, who: Who, lately: Annotated[Lately, Depends(_lately)]) -> list[WaitRead]:
    """What is open in a task, whether it is at work, and what goes first where it is not."""
    with parts.database.read() as session:
        visible_task(session, who, task_id)
        first: dict[tuple[str, ...], tuple[JobRow, WaitRead]] = {}
        for job in sorted(pipeline_rows.open_jobs(session, task_id), key=_turn):
            if wait := _of(job):
                first.setdefault((wait.what, wait.language, wait.segment_id or wait.export_id or ""), (job, wait))
        if not first:
            return []
        queues = _Queues(session, parts, lately)
        return [wait.model_copy(update=_state(parts, job, queues.of(job))) for job, wait in first.values()]


def _turn(job: JobRow) -> tuple[bool, int]:
    """Among the jobs of one item, the first to begin is decisive."""
    return job.state != JobState.DISPATCHED, int(job.id or 0)


@dataclass(frozen=True)
class _Queue:
    """What stands before the jobs of a stage: `out` is the place of each that is handed out, by its id."""

    slots: int
    typical_s: float | None
    out: Mapping[int, int]
    foreseen: Foreseen

    def before(self, job: JobRow) -> int:
        """Jobs that were handed out before `job`, or will be."""
        if job.state == JobState.DISPATCHED:
            return self.out.get(int(job.id or 0), len(self.out))
        return len(self.out) + self.foreseen.before(job)


class _Queues:
    """Of each stage that is asked about; read once, since hundreds of lines of a task may wait for the same one."""

    def __init__(self, session: Session, parts: Gateway, lately: Lately) -> None:
        self._parts, self._lately, self._ledger = parts, lately, lately.ledger(session)
        self._foreseen = Foreseen(session, self._ledger)
        self._known: dict[Stage, _Queue] = {}

    def of(self, job: JobRow) -> _Queue:
        """The queue that `job` is in."""
        stage = Stage(job.stage)
        if stage not in self._known:
            out = sorted((one.since, one.job_id) for lane in Lane for one in self._ledger.out(stage, lane))
            self._known[stage] = _Queue(
                sum(self._parts.workers.of(stage)),
                self._lately.typical_s(stage),
                {job_id: place for place, (_, job_id) in enumerate(out)},
                self._foreseen,
            )
        return self._known[stage]


def _state(parts: Gateway, job: JobRow, queue: _Queue) -> dict[str, object]:
    place = place_of(queue.before(job), queue.slots, queue.typical_s)
    state: State = "queued"
    seconds: object = place.seconds
    if job.state == JobState.HELD:
        state, seconds = "paused", None
    elif not queue.slots:
        state = "no_worker"
    elif job.state == JobState.DISPATCHED and place.ahead == 0:
        told = parts.audience.known_progress(job.task_id, job.language, job.run_stage) if job.run_stage else None
        state, seconds = "at_work", (told or {}).get("eta_seconds")
    return {"state": state, "ahead": place.ahead, "seconds": seconds, "workers": queue.slots}


@dataclass(frozen=True)
class Place:
    """How many jobs end before this one begins, and in how many seconds; None: it is unknown how long such jobs
    take."""

    ahead: int
    seconds: float | None


def place_of(before: int, slots: int, typical_s: float | None) -> Place:
    """The place of a job with `before` jobs out or queued before it, if `slots` are done at a time."""
    ahead = max(0, before - slots + 1) if slots else before
    known = slots > 0 and typical_s is not None
    return Place(ahead, round(ahead * typical_s / slots, 1) if known and typical_s is not None else None)


def _of(job: JobRow) -> WaitRead | None:
    """What a job is part of; None for work that nobody waits for, such as listening to takes."""
    blank = WaitRead(
        what="stage", language=job.language, stage=Stage(job.stage), state="queued", ahead=0, seconds=None, workers=0
    )
    if job.run_stage is not None:
        return blank
    if job.kind == JobKind.REWRITE_LINES:
        return blank.model_copy(update={"what": "wish", "segment_id": job.shard.partition("-")[2]})
    if is_of_titles(job.shard):
        return blank.model_copy(update={"what": "titles"})
    export_id = pipeline_rows.export_of(job.shard)
    if job.kind == JobKind.RENDER_RECIPE and export_id:
        return blank.model_copy(update={"what": "export", "export_id": export_id})
    if job.shard.startswith(_LINE) and job.kind != JobKind.HEAR_TAKES:
        return blank.model_copy(update={"what": "line", "segment_id": job.shard.removeprefix(_LINE)})
    return None
