"""The SQL of the library: glossary, translation memory, cast and clips of an account."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, func, or_, update
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from services.gateway.db.engine import add_later
from services.gateway.db.tables import CastRow, ClipRow, MemoryRow, TermRow


def term(session: Session, owner: str, term_id: str) -> TermRow | None:
    """One term, as it is now, with its row locked until the end of the transaction."""
    query = select(TermRow).where(TermRow.owner == owner, TermRow.term_id == term_id).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).first()


_KEY = ("source_language", "target_language", "source")
_VALUES = ("target", "pronunciation")
_COLUMNS = [getattr(TermRow, name) for name in (*_KEY, *_VALUES)]
_REPLACE = (
    update(TermRow)
    .where(*(getattr(TermRow, name) == bindparam(f"its_{name}") for name in ("owner", *_KEY)))
    .values({name: bindparam(f"new_{name}") for name in _VALUES} | {"version": TermRow.version + 1})
)


def term_values(session: Session, owner: str) -> dict[tuple[str, ...], tuple[str | None, ...]]:
    """Target and pronunciation of every term of an account, by both languages and source text.

    An account may have ten thousand: as objects they would hold the write lock for a second.
    """
    found = session.execute(sa_select(*_COLUMNS).where(col(TermRow.owner) == owner))
    return {tuple(row[:3]): tuple(row[3:]) for row in found}


def add_terms(session: Session, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert terms, given with all their columns, at the end of the transaction."""
    add_later(session, TermRow, rows)


def replace_terms(session: Session, owner: str, terms: Iterable[Mapping[str, Any]]) -> None:
    """Give terms, named by both languages and source text, another target and pronunciation, with one statement."""
    changes = [
        {"its_owner": owner}
        | {f"its_{name}": term[name] for name in _KEY}
        | {f"new_{name}": term[name] for name in _VALUES}
        for term in terms
    ]
    if changes:
        session.connection().execute(_REPLACE, changes)


def same_term(session: Session, owner: str, source_language: str, target_language: str, source: str) -> TermRow | None:
    """The term an account has for this source text, if any."""
    return session.exec(
        select(TermRow).where(
            TermRow.owner == owner,
            TermRow.source_language == source_language,
            TermRow.target_language == target_language,
            TermRow.source == source,
        )
    ).first()


def page(session: Session, query: SelectOfScalar[Any], skip: int, limit: int) -> tuple[Sequence[Any], int]:
    """A page of the rows of `query`, and how many there are in all."""
    total = session.exec(select(func.count()).select_from(query.order_by(None).subquery())).one()
    return session.exec(query.offset(skip).limit(limit)).all(), total


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


def cast_member(session: Session, owner: str, cast_id: str) -> CastRow | None:
    """One member of the cast."""
    return session.exec(select(CastRow).where(CastRow.owner == owner, CastRow.cast_id == cast_id)).first()


def clip(session: Session, owner: str, clip_id: str) -> ClipRow | None:
    """One reference clip."""
    return session.exec(select(ClipRow).where(ClipRow.owner == owner, ClipRow.clip_id == clip_id)).first()
