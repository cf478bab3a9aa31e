"""The review list of a task: lines worth a person's time, over all languages, worst first."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.gateway.db import Session
from services.gateway.db.tables import Task
from services.gateway.editing.reading import read_line
from services.gateway.editing.schemas import ReviewLine, ReviewReason
from services.gateway.pipeline.parts import Parts, visible_task
from services.gateway.pipeline.review import score
from services.gateway.pipeline.worth_a_look import worth_a_look
from services.gateway.web.keys import Who

router = APIRouter(prefix="/api/tasks/{task_id}", tags=["review"])


@router.get("/review", operation_id="list_review")
def list_review(
    task_id: str,
    parts: Parts,
    who: Who,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    minor: Annotated[bool, Query(description="also lines that are only sped up or doubtful")] = False,
) -> list[ReviewLine]:
    """Lines of all languages by risk; without `minor` those that each language counts as its `issues`.

    `X-Total-Count` tells how many there are.
    """
    with parts.database.read() as session:
        task = visible_task(session, who, task_id)
        found = sorted(_read(session, task, minor=minor), key=lambda line: (-line.score, line.start_s))
    response.headers["X-Total-Count"] = str(len(found))
    return found[:limit]


def _read(session: Session, task: Task, *, minor: bool) -> Iterator[ReviewLine]:
    for one in worth_a_look(session, task, minor=minor):
        yield ReviewLine(
            **read_line(one.segment, one.line).model_dump(),
            language=one.line.language,
            score=score(list(one.reasons)),
            issue=one.issue,
            reasons=[ReviewReason(code=reason.code, text=reason.text) for reason in one.reasons],
        )
