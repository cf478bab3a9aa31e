"""Keep every take a line has had, and give a line one of them."""

import uuid

from services.gateway.db import Session
from services.gateway.db.tables import JobRow, LineRow, TakeRow
from services.gateway.script import rows as script_rows
from services.gateway.script.voices import basis_of
from shared.messaging import JOB, CloneLines, LinesDubbed, LineTake

_MEASURED = {"take_key", "start_s", "duration_s", "natural_s", "speed", "fit", "decision"}
"""Columns of a take that are copied from its result."""


def keep(session: Session, job: JobRow, result: LinesDubbed) -> None:
    """Add the takes of `result` to those of their lines; an existing one for the same text and voice stays."""
    made = JOB.validate_json(job.payload)
    if not isinstance(made, CloneLines):
        return
    asked = {line.segment_id: line for line in made.lines}
    known = {
        (row.segment_id, row.take_key, row.basis)
        for rows in script_rows.takes_by_segment(session, job.task_id, job.language, asked).values()
        for row in rows
    }
    address = {"task_id": job.task_id, "language": job.language}
    new = []
    for take in result.lines:
        line = asked.get(take.segment_id)
        if line is None or take.take_key is None or take.start_s is None or take.duration_s is None:
            continue
        key = (take.segment_id, take.take_key, basis_of(made, line))
        if key in known:
            continue
        known.add(key)
        own = {"take_id": uuid.uuid4().hex[:16], "segment_id": key[0], "text": line.text, "basis": key[2]}
        new.append(take.model_dump(include=_MEASURED) | address | own)
    if new:
        script_rows.add_takes(session, new)


def show(line: LineRow, take: TakeRow | LineTake, start_s: float | None) -> None:
    """Give `line` the take, heard from `start_s` on."""
    line.take_key, line.take_start_s, line.take_duration_s = take.take_key, start_s, take.duration_s
    line.natural_s, line.speed, line.fit, line.decision = take.natural_s, take.speed, take.fit, take.decision


def show_again(line: LineRow, take: TakeRow, start_s: float) -> None:
    """The same with an earlier take; what was measured of another one is forgotten."""
    had = (line.take_key, line.take_duration_s, line.natural_s)
    if had != (take.take_key, take.duration_s, take.natural_s):
        line.heard = line.error_rate = line.similarity = None
    show(line, take, start_s)
