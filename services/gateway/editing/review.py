"""The review list of a task: lines worth a person's time, over all languages, worst first."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.gateway.db import Session
from services.gateway.db.tables import Task
from services.gateway.editing.reading import read_line
from services.gateway.editing.schemas import ReviewLine, ReviewReason
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.engines import TO_TRANSLATE
from services.gateway.pipeline.parts import Parts, visible_task
from services.gateway.pipeline.review import is_issue, reasons, score
from services.gateway.script.script import brief
from services.gateway.web.keys import Who

router = APIRouter(prefix="/api/tasks/{task_id}", tags=["review"])


@router.get("/review", operation_id="list_review")
def list_review(
    task_id: str,
    parts: Parts,
    who: Who,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    minor: Annotated[bool, Query(description="lines that are only sped up or doubtful, too")] = False,
) -> list[ReviewLine]:
    """Lines of all languages by risk; without `minor` those that each language counts as its `issues`.

    `X-Total-Count` tells how many there are.
    """
    with parts.database.read() as session:
        task = visible_task(session, who, task_id)
        found = sorted(to_review(session, task, minor=minor), key=lambda line: (-line.score, line.start_s))
    response.headers["X-Total-Count"] = str(len(found))
    return found[:limit]


def to_review(session: Session, task: Task, *, minor: bool = False) -> Iterator[ReviewLine]:
    """Lines of all languages that are worth a look, with their reasons."""
    task_id, asked = task.task_id, brief(task)
    languages = {one.language: one for one in pipeline_rows.languages(session, [task_id]).get(task_id, [])}
    told = filter(None, map(asked.of, languages))
    every = minor and any(one.address or one.forbidden for one in told)
    for row, segment in pipeline_rows.lines_to_review(session, task_id, minor=minor, every=every):
        language = languages.get(row.language)
        if language is None:
            continue
        why = reasons(
            row,
            source_changed=row.segment_revision not in (TO_TRANSLATE, segment.revision),
            sureness=segment.sureness,
            exported=language.exported_version is not None,
            brief=asked.of(language.language),
            language=language.language,
        )
        issue = is_issue(why)
        if issue or (minor and why):
            yield ReviewLine(
                **read_line(segment, row).model_dump(),
                language=row.language,
                score=score(why),
                issue=issue,
                reasons=[ReviewReason(code=reason.code, text=reason.text) for reason in why],
            )
