"""What an account keeps beyond its tasks: glossary, translation memory, cast, clips, settings."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import func, or_
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from services.gateway.database.tables import AccountRow, CastRow, ClipRow, MemoryRow, Task, TermRow, now
from services.gateway.planning.memory import source_hash
from services.gateway.planning.terms import Term

_AT_ONCE = 500  # values in one IN list


def term(session: Session, owner: str, term_id: str) -> TermRow | None:
    """One term."""
    return session.exec(select(TermRow).where(TermRow.owner == owner, TermRow.term_id == term_id)).first()


def same_term(session: Session, owner: str, source_language: str, target_language: str, source: str) -> TermRow | None:
    """The term an account has for this source text, if it has one."""
    return session.exec(
        select(TermRow).where(
            TermRow.owner == owner,
            TermRow.source_language == source_language,
            TermRow.target_language == target_language,
            TermRow.source == source,
        )
    ).first()


def terms(
    session: Session,
    owner: str,
    source_language: str | None = None,
    target_language: str | None = None,
    text: str = "",
) -> SelectOfScalar[TermRow]:
    """Terms of an account by source; with a target language those for all languages too."""
    found = select(TermRow).where(TermRow.owner == owner).order_by(col(TermRow.source), col(TermRow.id))
    if source_language:
        found = found.where(TermRow.source_language == source_language)
    if target_language:
        found = found.where(col(TermRow.target_language).in_(("", target_language)))
    if text:
        columns = (TermRow.source, TermRow.target, TermRow.pronunciation)
        found = found.where(or_(*(col(column).icontains(text, autoescape=True) for column in columns)))
    return found


def terms_of_pair(session: Session, owner: str, source_language: str, target_language: str) -> list[Term]:
    """Terms that count for a language pair."""
    return _as_planned(session.exec(terms(session, owner, source_language, target_language)))


def terms_said(session: Session, owner: str, source_language: str | None) -> list[Term]:
    """Terms that may be said in a video in this language, which may not be known yet."""
    return _as_planned(session.exec(terms(session, owner, source_language)))


def _as_planned(rows: Iterable[TermRow]) -> list[Term]:
    return [Term(row.source, row.target, row.pronunciation, row.target_language != "") for row in rows]


def page(session: Session, query: SelectOfScalar[Any], skip: int, limit: int) -> tuple[Sequence[Any], int]:
    """Some rows of `query`, and how many it has in all."""
    total = session.exec(select(func.count()).select_from(query.order_by(None).subquery())).one()
    return session.exec(query.offset(skip).limit(limit)).all(), total


def remember(session: Session, task: Task, target_language: str, source: str, text: str) -> None:
    """Keep a person's translation of `source`; the last word counts."""
    found, spoken = source_hash(source), task.source_language
    if found is None or spoken is None or spoken == target_language:
        return
    row = _memory_of(session, task.owner, spoken, target_language, found)
    row.source, row.text, row.updated_at = source, text, now()


def _memory_of(session: Session, owner: str, spoken: str, target_language: str, source_hash_: str) -> MemoryRow:
    """The entry of a source text, made where there is none; another gateway may be making it at the same time."""
    for row in _memories(session, owner, spoken, target_language, [source_hash_]):
        return row
    try:
        with session.begin_nested():
            made = MemoryRow(
                owner=owner,
                source_language=spoken,
                target_language=target_language,
                source_hash=source_hash_,
                source="",
                text="",
            )
            session.add(made)
    except IntegrityError:
        return next(_memories(session, owner, spoken, target_language, [source_hash_]))
    return made


def recalled(session: Session, task: Task, target_language: str, sources: Mapping[str, str]) -> dict[str, str]:
    """Translations a person settled for texts of `sources`, under the same keys."""
    hashes = {key: found for key, text in sources.items() if (found := source_hash(text))}
    rows = _memories(session, task.owner, task.source_language or "", target_language, hashes.values())
    known = {row.source_hash: row.text for row in rows}
    return {key: known[found] for key, found in hashes.items() if found in known}


def count_uses(session: Session, task: Task, target_language: str, sources: Iterable[str]) -> None:
    """Count the lines that took their text from the memory."""
    uses = Counter(found for text in sources if (found := source_hash(text)))
    for row in _memories(session, task.owner, task.source_language or "", target_language, uses):
        row.uses += uses[row.source_hash]
        session.add(row)


def memories(
    session: Session, owner: str, source_language: str | None, target_language: str | None, text: str
) -> SelectOfScalar[MemoryRow]:
    """The memory of an account, newest first."""
    found = select(MemoryRow).where(MemoryRow.owner == owner)
    if source_language:
        found = found.where(MemoryRow.source_language == source_language)
    if target_language:
        found = found.where(MemoryRow.target_language == target_language)
    if text:
        columns = (MemoryRow.source, MemoryRow.text)
        found = found.where(or_(*(col(column).icontains(text, autoescape=True) for column in columns)))
    return found.order_by(col(MemoryRow.updated_at).desc(), col(MemoryRow.id).desc())


def memory(session: Session, owner: str, id_: int) -> MemoryRow | None:
    """One entry of the memory."""
    return session.exec(select(MemoryRow).where(MemoryRow.owner == owner, MemoryRow.id == id_)).first()


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


def cast_member(session: Session, owner: str, cast_id: str) -> CastRow | None:
    """One member of the cast."""
    return session.exec(select(CastRow).where(CastRow.owner == owner, CastRow.cast_id == cast_id)).first()


def known_by(session: Session, cast_id: str | None) -> CastRow | None:
    """The person a speaker was found to be, whose task's owner knows them."""
    return session.exec(select(CastRow).where(CastRow.cast_id == cast_id)).first() if cast_id else None


def clips(session: Session, owner: str) -> Sequence[ClipRow]:
    """Reference clips of an account, newest first."""
    return session.exec(select(ClipRow).where(ClipRow.owner == owner).order_by(col(ClipRow.id).desc())).all()


def clip(session: Session, owner: str, clip_id: str) -> ClipRow | None:
    """One reference clip."""
    return session.exec(select(ClipRow).where(ClipRow.owner == owner, ClipRow.clip_id == clip_id)).first()


def settings_of(session: Session, owner: str) -> AccountRow:
    """The settings row of an account; a new one is not stored yet."""
    return session.get(AccountRow, owner) or AccountRow(owner=owner, version=0)
