"""The SQL of the script: segments, lines, takes and speakers of a task, and what its account knows about them.

Statements that every result needs are built once: in SQLAlchemy, building one takes longer than running it.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    Float,
    Select,
    Table,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    text,
    update,
)
from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased, defer
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from services.gateway.db.engine import insert_into
from services.gateway.db.tables import (
    UNCUT,
    UPLOADING,
    AccountRow,
    CastRow,
    ClipRow,
    EditRow,
    LineRow,
    MemoryRow,
    SegmentRow,
    SpeakerRow,
    TakeRow,
    Task,
    TermRow,
    now,
)
from services.gateway.script.cues import is_unsaid, keeps_others
from services.gateway.script.terms import Term, source_hash


def task(session: Session, task_id: str, owner: str | None = None) -> Task | None:
    """A task that is not being deleted; `owner` None sees all."""
    found = session.exec(select(Task).where(Task.task_id == task_id)).first()
    if found is None or found.deleted_at is not None or found.status == UPLOADING:
        return None
    return found if owner in (None, found.owner) else None


def is_arriving(session: Session, task_id: str) -> bool:
    """Whether the video of a task is still on its way."""
    found = select(Task.id).where(Task.task_id == task_id, Task.status == UPLOADING, col(Task.deleted_at).is_(None))
    return session.exec(found).first() is not None


def owner(session: Session, task_id: str) -> str | None:
    """Whose task it is, including deleted ones."""
    return session.exec(select(Task.owner).where(Task.task_id == task_id)).first()


def locked_task(session: Session, task_id: str) -> Task | None:
    """The task, even if it is deleted, with its row locked until the end of the transaction."""
    return session.scalars(_LOCKED_TASK, {"task": task_id}).first()


_LOCKED_TASK = (
    select(Task).where(Task.task_id == bindparam("task")).with_for_update().execution_options(populate_existing=True)
)


def uncut_tasks(session: Session) -> Sequence[str]:
    """Tasks some of whose runs may begin but have no jobs yet, oldest first."""
    return session.exec(select(Task.task_id).where(text(UNCUT)).order_by(col(Task.id))).all()


def segments(session: Session, task_id: str, named: Collection[str] | None = None) -> Sequence[SegmentRow]:
    """Segments in time order: all, or the named ones."""
    query = _SEGMENTS if named is None else _NAMED_SEGMENTS
    return session.scalars(query, {"task": task_id, "named": list(named or ())}).all()


_NAMED: BindParameter[Any] = bindparam("named", expanding=True)
_SEGMENTS = (
    select(SegmentRow)
    .where(SegmentRow.task_id == bindparam("task"))
    .order_by(col(SegmentRow.start_s), col(SegmentRow.segment_id))
)
_NAMED_SEGMENTS = _SEGMENTS.where(col(SegmentRow.segment_id).in_(_NAMED))
_SPOKEN, _NAMED_SPOKEN = (
    query.options(defer(SegmentRow.words))  # type: ignore[arg-type]
    for query in (_SEGMENTS, _NAMED_SEGMENTS)
)


def spoken_segments(session: Session, task_id: str, named: Collection[str] | None = None) -> Sequence[SegmentRow]:
    """The same without their words, of which there are many; those are loaded on access."""
    query = _SPOKEN if named is None else _NAMED_SPOKEN
    return session.scalars(query, {"task": task_id, "named": list(named or ())}).all()


def segment_count(session: Session, task_id: str) -> int:
    """How many segments a task has."""
    return session.exec(select(func.count()).select_from(SegmentRow).where(SegmentRow.task_id == task_id)).one()


def doubtful_segments(session: Session, task_id: str, below: float) -> set[str]:
    """Segments of whose worst words the recognizer was less sure than `below`."""
    return set(session.scalars(_DOUBTFUL, {"task": task_id, "below": below}))


_DOUBTFUL = select(SegmentRow.segment_id).where(
    SegmentRow.task_id == bindparam("task"), col(SegmentRow.sureness) < bindparam("below", type_=Float)
)


class Spoken(NamedTuple):
    """When, by whom and with which text a segment is spoken: what its neighbours need to know, without an ORM row."""

    segment_id: str
    start_s: float
    end_s: float
    speaker_id: str
    text: str
    decisions: Sequence[str] = ()


class Placed(NamedTuple):
    """Where the line of a segment has a time, speaker or voice of its own."""

    start_s: float | None
    end_s: float | None
    speaker_id: str | None
    voice: dict[str, Any] | None
    omitted: bool = False


_NEAR_S = 120.0
"""Nothing farther away affects a line: neither the silence it borrows nor the sentence it is part of."""


def around(
    session: Session, task_id: str, language_: str, named: Collection[str]
) -> tuple[list[Spoken], dict[str, Placed]]:
    """What is said near the segments `named` in this language, in time order, and where its lines deviate."""
    of_language = {"task": task_id, "language": language_}
    first_s, last_s = session.execute(_BOUNDS, of_language | {"named": list(named)}).one()
    if first_s is None:
        return [], {}
    found = session.execute(_NEAR, of_language | {"low_s": first_s - _NEAR_S, "high_s": last_s + _NEAR_S}).all()
    width = len(Spoken._fields)
    segments = [Spoken(*row[:width]) for row in found]
    return segments, {row[0]: Placed(*row[width + 1 :]) for row in found if row[width] is not None}


def _bounds_and_near() -> tuple[Select[*tuple[Any, ...]], Select[*tuple[Any, ...]]]:
    """The statements of `around`: when the segments begin and end, and what is said between two times."""
    same = (
        (col(LineRow.task_id) == SegmentRow.task_id)
        & (col(LineRow.segment_id) == SegmentRow.segment_id)
        & (col(LineRow.language) == bindparam("language"))
    )
    start_s = func.coalesce(LineRow.start_s, SegmentRow.start_s)
    end_s = func.coalesce(LineRow.end_s, SegmentRow.end_s)
    of_task = col(SegmentRow.task_id) == bindparam("task")
    bounds = sa_select(func.min(start_s), func.max(end_s)).select_from(SegmentRow).outerjoin(LineRow, same)
    columns = (
        *(col(getattr(SegmentRow, name)) for name in Spoken._fields),
        col(LineRow.id),
        *(col(getattr(LineRow, name)) for name in Placed._fields),
    )
    low_s, high_s = bindparam("low_s", type_=Float), bindparam("high_s", type_=Float)
    here = (start_s <= high_s) & (end_s >= low_s)
    in_source = (col(SegmentRow.start_s) <= high_s) & (col(SegmentRow.end_s) >= low_s)
    near = sa_select(*columns).select_from(SegmentRow).outerjoin(LineRow, same).where(of_task, here | in_source)
    ordered = near.order_by(col(SegmentRow.start_s), col(SegmentRow.segment_id))
    return bounds.where(of_task, col(SegmentRow.segment_id).in_(_NAMED)), ordered


_BOUNDS, _NEAR = _bounds_and_near()


def segment(session: Session, task_id: str, segment_id: str) -> SegmentRow | None:
    """One segment."""
    return session.exec(
        select(SegmentRow).where(SegmentRow.task_id == task_id, SegmentRow.segment_id == segment_id)
    ).first()


def lines(session: Session, task_id: str, language_: str, named: Collection[str] | None = None) -> dict[str, LineRow]:
    """Lines of a language by segment id, in the order they were made: all, or those of the named segments."""
    query = _LINES if named is None else _NAMED_LINES
    values = {"task": task_id, "language": language_, "named": list(named or ())}
    return {row.segment_id: row for row in session.scalars(query, values)}


_LINES = (
    select(LineRow)
    .where(LineRow.task_id == bindparam("task"), LineRow.language == bindparam("language"))
    .order_by(col(LineRow.id))
)
_NAMED_LINES = _LINES.where(col(LineRow.segment_id).in_(_NAMED))


class Judged(NamedTuple):
    """What the verdict of a language is made from of each line, without an ORM row."""

    segment_id: str
    text: str | None
    omitted: bool
    state: str
    take_key: str | None
    speed: float | None
    fit: str | None
    error_rate: float | None
    similarity: float | None


def judged_lines(session: Session, task_id: str, language_: str) -> list[Judged]:
    """All lines of a language in the order they were made."""
    found = session.execute(_JUDGED, {"task": task_id, "language": language_})
    return [Judged(*row) for row in found]


_JUDGED = (
    sa_select(*(col(getattr(LineRow, name)) for name in Judged._fields))
    .where(col(LineRow.task_id) == bindparam("task"), col(LineRow.language) == bindparam("language"))
    .order_by(col(LineRow.id))
)


class LineCount(NamedTuple):
    """How many lines of a language are in a state, and how many of them have a text and a take.

    Whatever changes a line makes `versions` grow; together with `newest`, an id, they tell whether any has changed.
    """

    language: str
    state: str
    omitted: bool
    lines: int
    translated: int
    spoken: int
    versions: int
    newest: int


def line_counts(session: Session, task_id: str) -> list[LineCount]:
    """The lines of all languages of a task."""
    return [LineCount(*row) for row in session.execute(_LINE_COUNTS, {"task": task_id})]


_KINDS_OF_LINES = (col(LineRow.language), col(LineRow.state), col(LineRow.omitted))
_LINE_COUNTS = (
    sa_select(
        *_KINDS_OF_LINES,
        func.count(),
        func.count(func.nullif(LineRow.text, "")),
        func.count(col(LineRow.take_key)),
        func.sum(LineRow.version),
        func.max(LineRow.id),
    )
    .where(col(LineRow.task_id) == bindparam("task"))
    .group_by(*_KINDS_OF_LINES)
    .order_by(*_KINDS_OF_LINES)
)


class SegmentCount(NamedTuple):
    """How many segments there are; `versions` and `newest` as in `LineCount`."""

    segments: int
    versions: int
    newest: int


def segment_counts(session: Session, task_id: str) -> SegmentCount:
    """The segments of a task."""
    return SegmentCount(*session.execute(_SEGMENT_COUNTS, {"task": task_id}).one())


_SEGMENT_COUNTS = sa_select(
    func.count(), func.coalesce(func.sum(SegmentRow.version), 0), func.coalesce(func.max(SegmentRow.id), 0)
).where(col(SegmentRow.task_id) == bindparam("task"))


class TimelineRow(NamedTuple):
    """What a timeline shows of a line, without an ORM row, which takes several times as long to make."""

    segment_id: str
    text: str | None
    origin: str
    edited: bool
    omitted: bool
    state: str
    rounds: int
    start_s: float | None
    end_s: float | None
    speaker_id: str | None
    take_key: str | None
    take_start_s: float | None
    take_duration_s: float | None
    speed: float | None
    fit: str | None
    decision: str | None
    error_rate: float | None
    similarity: float | None
    error_code: str | None


def timeline_lines(session: Session, task_id: str, language_: str) -> dict[str, TimelineRow]:
    """Lines of a language by segment id, in the order they were made."""
    rows = session.execute(_TIMELINE_LINES, {"task": task_id, "language": language_})
    return {row[0]: TimelineRow(*row) for row in rows}


_TIMELINE_LINES = (
    sa_select(*(col(getattr(LineRow, name)) for name in TimelineRow._fields))
    .where(col(LineRow.task_id) == bindparam("task"), col(LineRow.language) == bindparam("language"))
    .order_by(col(LineRow.id))
)


def line(session: Session, task_id: str, language_: str, segment_id: str) -> LineRow | None:
    """One line."""
    return session.exec(
        select(LineRow).where(
            LineRow.task_id == task_id, LineRow.language == language_, LineRow.segment_id == segment_id
        )
    ).first()


def lines_of_segments(session: Session, task_id: str, segment_ids: Iterable[str]) -> list[LineRow]:
    """Segments in all languages."""
    found, wanted = list[LineRow](), list(segment_ids)
    for begin in range(0, len(wanted), _AT_ONCE):
        of_these = col(LineRow.segment_id).in_(wanted[begin : begin + _AT_ONCE])
        found += session.exec(select(LineRow).where(LineRow.task_id == task_id, of_these).order_by(col(LineRow.id)))
    return found


def speakers(session: Session, task_id: str) -> Sequence[SpeakerRow]:
    """Speakers in order of appearance."""
    return session.scalars(_SPEAKERS, {"task": task_id}).all()


_SPEAKERS = select(SpeakerRow).where(SpeakerRow.task_id == bindparam("task")).order_by(col(SpeakerRow.id))


def speaker(session: Session, task_id: str, speaker_id: str) -> SpeakerRow | None:
    """One speaker."""
    return session.exec(
        select(SpeakerRow).where(SpeakerRow.task_id == task_id, SpeakerRow.speaker_id == speaker_id)
    ).first()


def clear_transcript(session: Session, task_id: str) -> None:
    """Remove everything that an earlier transcript created."""
    for table in (TakeRow, EditRow, LineRow, SegmentRow, SpeakerRow):
        session.exec(delete(table).where(col(table.task_id) == task_id))


def takes(session: Session, task_id: str, language: str, segment_id: str) -> Sequence[TakeRow]:
    """Takes of a line, newest first."""
    return session.exec(
        select(TakeRow)
        .where(TakeRow.task_id == task_id, TakeRow.language == language, TakeRow.segment_id == segment_id)
        .order_by(col(TakeRow.created_at).desc(), col(TakeRow.id).desc())
    ).all()


def take(session: Session, line: LineRow, take_id: str) -> TakeRow | None:
    """One take of a line."""
    return next((row for row in takes_of(session, line) if row.take_id == take_id), None)


def takes_of(session: Session, line: LineRow) -> Sequence[TakeRow]:
    """Takes of a line, newest first."""
    return takes(session, line.task_id, line.language, line.segment_id)


def takes_by_segment(
    session: Session, task_id: str, language: str, segment_ids: Iterable[str]
) -> dict[str, list[TakeRow]]:
    """Takes of several lines of a language, newest first."""
    values = {"task": task_id, "language": language, "named": list(segment_ids)}
    found: dict[str, list[TakeRow]] = {}
    for row in session.scalars(_NAMED_TAKES, values):
        found.setdefault(row.segment_id, []).append(row)
    return found


_NAMED_TAKES = (
    select(TakeRow)
    .where(
        TakeRow.task_id == bindparam("task"),
        TakeRow.language == bindparam("language"),
        col(TakeRow.segment_id).in_(_NAMED),
    )
    .order_by(col(TakeRow.created_at).desc(), col(TakeRow.id).desc())
)


def made_since(session: Session, task_id: str, language: str, since: datetime | None) -> set[str]:
    """The segments that got a take after `since`."""
    made = select(TakeRow.segment_id).where(TakeRow.task_id == task_id, TakeRow.language == language)
    return set(session.exec(made if since is None else made.where(col(TakeRow.created_at) >= since)).all())


def clips_by_id(session: Session, clip_ids: Iterable[str]) -> Sequence[ClipRow]:
    """Clips by id; those that are gone are missing."""
    return session.exec(select(ClipRow).where(col(ClipRow.clip_id).in_(list(clip_ids)))).all()


_AT_ONCE = 500  # the most values in one IN list


def terms(
    session: Session,
    owner: str,
    source_language: str | None = None,
    target_language: str | None = None,
    text: str = "",
) -> SelectOfScalar[TermRow]:
    """Terms of an account by source; with a target language, including those for all languages."""
    found = select(TermRow).where(TermRow.owner == owner).order_by(col(TermRow.source), col(TermRow.id))
    if source_language:
        found = found.where(TermRow.source_language == source_language)
    if target_language:
        found = found.where(col(TermRow.target_language).in_(("", target_language)))
    if text:
        columns = (TermRow.source, TermRow.target, TermRow.pronunciation)
        found = found.where(or_(*(col(column).icontains(text, autoescape=True) for column in columns)))
    return found


def terms_of(
    session: Session, owner: str, source_language: str | None = None, target_language: str | None = None
) -> Sequence[TermRow]:
    """The same, as glossary terms."""
    return session.exec(terms(session, owner, source_language, target_language)).all()


def terms_of_pair(session: Session, owner: str, source_language: str, target_language: str) -> list[Term]:
    """Terms that count for a language pair."""
    values = {"owner": owner, "source": source_language, "targets": ["", target_language]}
    return [Term(*row) for row in session.execute(_TERMS_OF_PAIR, values)]


def terms_said(session: Session, owner: str, source_language: str | None) -> list[Term]:
    """Terms that may be said in a video in this language, which may not be known yet."""
    query = _TERMS_SAID_IN if source_language else _TERMS_SAID
    return [Term(*row) for row in session.execute(query, {"owner": owner, "source": source_language})]


_TERMS_SAID = (
    sa_select(*map(col, (TermRow.source, TermRow.target, TermRow.pronunciation)), col(TermRow.target_language) != "")
    .where(col(TermRow.owner) == bindparam("owner"))
    .order_by(col(TermRow.source), col(TermRow.id))
)
_TERMS_SAID_IN = _TERMS_SAID.where(col(TermRow.source_language) == bindparam("source"))
_TERMS_OF_PAIR = _TERMS_SAID_IN.where(col(TermRow.target_language).in_(bindparam("targets", expanding=True)))


class TermsState(NamedTuple):
    """What tells whether the terms of an account are still the same.

    Every change of a term raises its version. One that is added has a greater number than all others; SQLite gives the
    number of the last one again when that is removed, but not its name.
    """

    terms: int
    versions: int | None
    numbers: int | None
    last_number: int | None
    last_name: str | None


def terms_state(session: Session, owner: str) -> TermsState:
    """The state of an account's terms, without reading them."""
    return TermsState(*session.execute(_TERMS_STATE, {"owner": owner}).one())


def _terms_state() -> Select[*tuple[Any, ...]]:
    number, last = col(TermRow.id), aliased(TermRow)
    sums = (func.count(), func.sum(TermRow.version), func.sum(number), func.max(number).label("last"))
    every = sa_select(*sums).where(col(TermRow.owner) == bindparam("owner")).subquery()
    return sa_select(every, col(last.term_id)).outerjoin_from(every, last, col(last.id) == every.c.last)


_TERMS_STATE = _terms_state()


def remember(session: Session, task: Task, target_language: str, texts: Mapping[str, str]) -> None:
    """Keep a person's translations of source texts; the latest of each counts."""
    spoken = task.source_language
    if spoken is None or spoken == target_language:
        return
    settled = {found: pair for pair in texts.items() if (found := source_hash(pair[0]))}
    of_pair = {"owner": task.owner, "source_language": spoken, "target_language": target_language}
    entries = [
        of_pair | {"source_hash": found, "source": source, "text": text, "uses": 0, "updated_at": now()}
        for found, (source, text) in sorted(settled.items())  # in one order: no two gateways wait for each other
    ]
    if entries:
        kept = insert_into(session, MemoryRow)
        told = {name: kept.excluded[name] for name in ("source", "text", "updated_at")}
        same = [*of_pair, "source_hash"]
        session.connection().execute(kept.on_conflict_do_update(index_elements=same, set_=told), entries)


def recalled(session: Session, task: Task, target_language: str, sources: Mapping[str, str]) -> dict[str, str]:
    """Translations that a person settled for the texts of `sources`, under the same keys."""
    if not _has_memories(session, task.owner, task.source_language or "", target_language):
        return {}
    hashes = {key: found for key, text in sources.items() if (found := source_hash(text))}
    rows = _memories(session, task.owner, task.source_language or "", target_language, hashes.values())
    known = {row.source_hash: row.text for row in rows}
    return {key: known[found] for key, found in hashes.items() if found in known}


def _has_memories(session: Session, owner: str, source_language: str, target_language: str) -> bool:
    """Whether anything was ever settled between these languages; where nothing was, no text is looked up."""
    values = {"owner": owner, "source": source_language, "target": target_language}
    return session.scalars(_ANY_MEMORY, values).first() is not None


_ANY_MEMORY = (
    select(MemoryRow.id)
    .where(
        MemoryRow.owner == bindparam("owner"),
        MemoryRow.source_language == bindparam("source"),
        MemoryRow.target_language == bindparam("target"),
    )
    .limit(1)
)


def count_uses(session: Session, task: Task, target_language: str, sources: Iterable[str]) -> None:
    """Count the uses of memory entries by lines."""
    uses = Counter(found for text in sources if (found := source_hash(text)))
    entry = MemoryRow.__table__.c  # type: ignore[attr-defined]
    same = entry.source_hash == bindparam("found")
    of_pair = (entry.source_language == (task.source_language or ""), entry.target_language == target_language)
    if told := [{"found": found, "more": more} for found, more in sorted(uses.items())]:  # in the order of `remember`
        counted = update(MemoryRow).where(entry.owner == task.owner, *of_pair, same)
        session.connection().execute(counted.values(uses=entry.uses + bindparam("more")), told)


def _memories(
    session: Session, owner: str, source_language: str, target_language: str, hashes: Iterable[str]
) -> Iterator[MemoryRow]:
    wanted = list(dict.fromkeys(hashes))
    for first in range(0, len(wanted), _AT_ONCE):
        yield from session.exec(
            select(MemoryRow).where(
                MemoryRow.owner == owner,
                MemoryRow.source_language == source_language,
                MemoryRow.target_language == target_language,
                col(MemoryRow.source_hash).in_(wanted[first : first + _AT_ONCE]),
            )
        )


def cast(session: Session, owner: str) -> Sequence[CastRow]:
    """The cast of an account by name."""
    return session.exec(
        select(CastRow).where(CastRow.owner == owner).order_by(col(CastRow.name), col(CastRow.id))
    ).all()


def locked_cast(session: Session, cast_ids: Collection[str]) -> dict[str, CastRow]:
    """Cast members as they are now, by id, with their rows locked until the end of the transaction."""
    named = select(CastRow).where(col(CastRow.cast_id).in_(list(cast_ids))).order_by(col(CastRow.id)).with_for_update()
    return {row.cast_id: row for row in session.exec(named.execution_options(populate_existing=True))}


def known_by(session: Session, cast_id: str | None) -> CastRow | None:
    """The person a speaker was found to be, if the task's owner has them in the cast."""
    return session.exec(select(CastRow).where(CastRow.cast_id == cast_id)).first() if cast_id else None


def settings_of(session: Session, owner: str) -> AccountRow:
    """The settings row of an account; a new one is not stored yet."""
    return session.get(AccountRow, owner) or AccountRow(owner=owner, version=0)


def add_lines(
    session: Session, task_id: str, language: str, provided: Mapping[str, str], unsaid: Collection[str]
) -> None:
    """Give every segment that has none an empty line, with one statement, then say which are `provided` or `unsaid`."""
    line, segment, of_segment = _LINES_TABLE.c, _SEGMENTS_TABLE.c, ("segment_id", "segment_revision")
    empty = LineRow(task_id=task_id, language=language, segment_id="").model_dump(exclude={"id", *of_segment})
    columns = {name: literal(value, line[name].type) for name, value in empty.items() if value is not None}
    known = exists().where(line.task_id == task_id, line.language == language, line.segment_id == segment.segment_id)
    missing = (
        sa_select(*[*columns.values(), segment.segment_id, segment.revision])
        .where(segment.task_id == task_id, ~known)
        .order_by(segment.start_s, segment.segment_id)
    )
    session.execute(insert(_LINES_TABLE).from_select([*columns, *of_segment], missing))
    keys, left_out = dict.fromkeys([*provided, *unsaid]), frozenset(unsaid)
    if told := [{"key": key, "brought": provided.get(key), "unsaid": key in left_out} for key in keys]:
        named = update(_LINES_TABLE).where(
            line.task_id == task_id, line.language == language, line.segment_id == bindparam("key")
        )
        session.connection().execute(named.values(provided=bindparam("brought"), omitted=bindparam("unsaid")), told)


_LINES_TABLE: Table = LineRow.__table__  # type: ignore[attr-defined]
_SEGMENTS_TABLE: Table = SegmentRow.__table__  # type: ignore[attr-defined]


def with_missing_lines(
    session: Session, task: Task, language: str, segments: Sequence[SegmentRow]
) -> dict[str, LineRow]:
    """The lines of a language by segment, after adding empty ones for those of `segments` that had none."""
    found = lines(session, task.task_id, language)
    new = [one for one in segments if one.segment_id not in found]
    if not new:
        return found
    keeps = keeps_others(task.config)
    unsaid = [one.segment_id for one in new if is_unsaid(one.decisions, one.language, keeps_others=keeps)]
    add_lines(session, task.task_id, language, {}, unsaid)
    return lines(session, task.task_id, language)


def current_model(session: Session) -> str | None:
    """The model that describes voices now: the one that described the latest speaker; None before the first."""
    described = col(SpeakerRow.embedding_model).is_not(None)
    return session.exec(
        select(SpeakerRow.embedding_model).where(described).order_by(col(SpeakerRow.id).desc()).limit(1)
    ).first()


def forget_member(session: Session, member: CastRow) -> None:
    """Remove a cast member; speakers keep their names and voices, but not a sample that is deleted with the member."""
    session.exec(
        update(SpeakerRow)
        .where(col(SpeakerRow.cast_id) == member.cast_id)
        .values(cast_id=None, cast_similarity=None, cast_accepted=False)
    )
    if member.reference_key:
        session.exec(
            update(SpeakerRow).where(col(SpeakerRow.reference_key) == member.reference_key).values(reference_key=None)
        )
    session.delete(member)


def clips(session: Session, owner: str) -> Sequence[ClipRow]:
    """Reference clips of an account, newest first."""
    return session.exec(select(ClipRow).where(ClipRow.owner == owner).order_by(col(ClipRow.id).desc())).all()


def add_segments(session: Session, segments: Sequence[Mapping[str, Any]]) -> None:
    """Insert any number of segments with one statement."""
    session.execute(insert(_SEGMENTS_TABLE), segments)


def add_takes(session: Session, takes: Sequence[Mapping[str, Any]]) -> None:
    """Insert any number of takes with one statement."""
    session.execute(insert(TakeRow.__table__), takes)  # type: ignore[attr-defined]
