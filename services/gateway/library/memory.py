"""The translation memory of an account: what a person settled, found again by the same source text."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.gateway.library import rows as library_rows
from services.gateway.library.glossary import SourceIs
from services.gateway.library.schemas import MemoryRead
from services.gateway.pipeline.parts import Parts
from services.gateway.pipeline.schemas import TargetLanguage
from services.gateway.web.keys import Who
from services.gateway.web.problems import not_found

router = APIRouter(prefix="/api/memory", tags=["memory"])


@router.get("", operation_id="list_memory")
def list_memory(
    parts: Parts,
    who: Who,
    response: Response,
    source: SourceIs = None,
    target: Annotated[TargetLanguage | None, Query()] = None,
    q: Annotated[str, Query(max_length=200)] = "",
    skip: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[MemoryRead]:
    """Entries, newest first; `X-Total-Count` tells how many there are."""
    with parts.database.read() as session:
        rows, total = library_rows.page(
            session, library_rows.memories(session, who.account, source, target, q), skip, limit
        )
        response.headers["X-Total-Count"] = str(total)
        return [MemoryRead(**row.model_dump(include=set(MemoryRead.model_fields))) for row in rows]


@router.delete("/{memory_id}", status_code=204, operation_id="delete_memory")
def delete_memory(memory_id: Annotated[int, Path(ge=1, le=2**31 - 1)], parts: Parts, who: Who) -> None:
    """Forget an entry; lines that took it over stay as they are."""
    with parts.database.write() as session:
        row = library_rows.memory(session, who.account, memory_id)
        if row is None:
            raise not_found(f"memory {memory_id}")
        session.delete(row)
