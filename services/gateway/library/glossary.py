"""The glossary of an account: terms with a fixed rendering, or how they are spoken."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from services.gateway.db import IntegrityError, Session
from services.gateway.db.tables import TermRow
from services.gateway.library import rows as library_rows
from services.gateway.library.glossary_csv import MAX_TERMS, MalformedTerms, read_terms, write_terms
from services.gateway.library.schemas import Imported, TermRead, TermWrite
from services.gateway.pipeline.parts import Gateway, Parts
from services.gateway.pipeline.schemas import SourceLanguage, TargetLanguage
from services.gateway.script import rows as script_rows
from services.gateway.web.bodies import read_file
from services.gateway.web.claims import keep
from services.gateway.web.etags import check_version_sent, etag
from services.gateway.web.keys import Who
from services.gateway.web.problems import Problem, not_found
from services.gateway.web.threads import turns

_MAX_IMPORT_BYTES = 5 * 1024 * 1024
_CSV = "text/csv; charset=utf-8"
router = APIRouter(prefix="/api/glossary", tags=["glossary"])

SourceIs = Annotated[SourceLanguage | None, Query(alias="source")]
TargetIs = Annotated[TargetLanguage | None, Query(alias="target", description="those for all languages come too")]


@router.get("", operation_id="list_terms")
def list_terms(
    parts: Parts,
    who: Who,
    response: Response,
    source: SourceIs = None,
    target: TargetIs = None,
    q: Annotated[str, Query(max_length=200)] = "",
    skip: Annotated[int, Query(ge=0, le=MAX_TERMS)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_TERMS)] = 1000,
) -> list[TermRead]:
    """Terms by source text; `X-Total-Count` tells how many there are."""
    with parts.database.read() as session:
        rows, total = library_rows.page(
            session, script_rows.terms(session, who.account, source, target, q), skip, limit
        )
        response.headers["X-Total-Count"] = str(total)
        return [_read(row) for row in rows]


@router.post("", status_code=201, operation_id="create_term")
def create_term(body: TermWrite, parts: Parts, who: Who, response: Response) -> TermRead:
    """Add a term. Finished lines stay as they are; translations made from now on use it.

    Raises: 409 `term_exists` where the source text has a term for this language pair already.
    """
    with parts.database.write() as session:
        _refuse_too_many(session, who.account, 1)
        row = _store(session, _new(who.account), body)
        response.headers["ETag"] = etag(row.version)
        return keep(session, who.claim, _read(row), response.headers)


@router.put("/{term_id}", operation_id="update_term")
def update_term(
    term_id: str, body: TermWrite, request: Request, parts: Parts, who: Who, response: Response
) -> TermRead:
    """Replace a term. Raises: 409 `term_exists`."""
    with parts.database.write() as session:
        row = _known(session, who.account, term_id)
        check_version_sent(request, row.version)
        row.version += 1
        row = _store(session, row, body)
        response.headers["ETag"] = etag(row.version)
        return _read(row)


@router.delete("/{term_id}", status_code=204, operation_id="delete_term")
def delete_term(term_id: str, request: Request, parts: Parts, who: Who) -> None:
    """Remove a term; lines translated with it stay as they are."""
    with parts.database.write() as session:
        row = _known(session, who.account, term_id)
        check_version_sent(request, row.version)
        session.delete(row)


@router.post(
    "/import",
    operation_id="import_terms",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                "multipart/form-data": {
                    "schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
                },
            },
        }
    },
)
async def import_terms(request: Request, parts: Parts, who: Who) -> Imported:
    """Take over a CSV file: as the request's body, or as the file field `file` of a form.

    Columns: source_language, source, and optionally target_language (empty: all), target (empty: not translated),
    pronunciation. A term the glossary has already is replaced. One wrong row, and nothing is imported: 422
    `invalid_terms` lists every wrong row.
    """
    data = await read_file(request, "file", _MAX_IMPORT_BYTES)
    return await turns(request).run(_import, data, parts, who.account)


@router.get("/export", operation_id="export_terms", response_class=Response, responses={200: {"content": {_CSV: {}}}})
def export_terms(parts: Parts, who: Who, source: SourceIs = None, target: TargetIs = None) -> Response:
    """The glossary as a CSV file that `import` takes."""
    with parts.database.read() as session:
        rows = script_rows.terms_of(session, who.account, source, target)
    name = {"Content-Disposition": 'attachment; filename="glossary.csv"'}
    return Response(write_terms([_write(row) for row in rows]), media_type=_CSV, headers=name)


def _import(data: bytes, parts: Gateway, owner: str) -> Imported:
    try:
        terms = read_terms(data)
    except MalformedTerms as error:
        found = [
            {"pointer": f"/rows/{row}/{field}", "detail": why, "code": "invalid"} for row, field, why in error.rows
        ]
        raise Problem(422, "invalid_terms", str(error), found) from error
    rows = sorted((_filled(_new(owner), term).model_dump(exclude={"id"}) for term in terms), key=_key)
    try:
        return _merge(parts, owner, rows)
    except IntegrityError:  # somebody else added one of them at the same time; now it is there
        with _conflict_told():
            return _merge(parts, owner, rows)


def _merge(parts: Gateway, owner: str, rows: list[dict[str, Any]]) -> Imported:
    """Add and replace terms. They are sorted: two imports at once that lock them in another order would deadlock."""
    with parts.database.write() as session:
        known = library_rows.term_values(session, owner)
        new = [row for row in rows if _key(row) not in known]
        if new:
            _refuse_more(len(known) + len(new))
        old = [row for row in rows if _key(row) in known]
        changed = [row for row in old if (row["target"], row["pronunciation"]) != known[_key(row)]]
        library_rows.replace_terms(session, owner, changed)
        library_rows.add_terms(session, new)
    return Imported(added=len(new), updated=len(changed), unchanged=len(old) - len(changed))


def _key(row: Mapping[str, Any]) -> tuple[str, ...]:
    return row["source_language"], row["target_language"], row["source"]


def _refuse_too_many(session: Session, owner: str, more: int) -> None:
    _, there = library_rows.page(session, script_rows.terms(session, owner), 0, 1)
    _refuse_more(there + more)


def _refuse_more(terms: int) -> None:
    if terms > MAX_TERMS:
        raise Problem(409, "glossary_full", f"a glossary holds at most {MAX_TERMS} terms; this would make {terms}")


def _new(owner: str) -> TermRow:
    return TermRow(term_id=f"term_{uuid.uuid4().hex[:12]}", owner=owner, source_language="", source="")


def _filled(row: TermRow, body: TermWrite) -> TermRow:
    row.source_language, row.target_language = body.source_language, body.target_language or ""
    row.source, row.target, row.pronunciation = body.source, body.target, body.pronunciation
    return row


def _store(session: Session, row: TermRow, body: TermWrite) -> TermRow:
    with _conflict_told():
        session.add(_filled(row, body))
        session.flush()
    return row


@contextmanager
def _conflict_told() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        detail = "the glossary has a term for this source text and these languages already"
        raise Problem(409, "term_exists", detail) from error


def _known(session: Session, owner: str, term_id: str) -> TermRow:
    found = library_rows.term(session, owner, term_id)
    if found is None:
        raise not_found(f"term '{term_id[:40]}'")
    return found


def _read(row: TermRow) -> TermRead:
    return TermRead(
        **row.model_dump(include=set(TermRead.model_fields) - {"target_language"}),
        target_language=row.target_language or None,
    )


def _write(row: TermRow) -> TermWrite:
    return TermWrite.model_construct(
        source_language=row.source_language,
        target_language=row.target_language or None,
        source=row.source,
        target=row.target,
        pronunciation=row.pronunciation,
    )
