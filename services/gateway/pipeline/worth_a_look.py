"""The lines of a task that are worth a person's time, over all its languages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.gateway.db import Session
from services.gateway.db.tables import LineRow, SegmentRow, Task
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.engines import TO_TRANSLATE
from services.gateway.pipeline.review import Reason, is_issue, reasons
from services.gateway.script.script import brief


@dataclass(frozen=True)
class WorthALook:
    """A line with the reasons, worst first."""

    line: LineRow
    segment: SegmentRow
    reasons: Sequence[Reason]
    issue: bool


def worth_a_look(session: Session, task: Task, *, minor: bool = False) -> Iterator[WorthALook]:
    """Lines that each language counts as its issues; with `minor`, also those that are only sped up or doubtful."""
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
            yield WorthALook(row, segment, why, issue)
