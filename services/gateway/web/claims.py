"""Who answers a request with an `Idempotency-Key`, and what the answer was.

A claim has a holder, which renews its lease while the request runs. If the holder dies, the lease expires, and the next
request with the key takes over.

Work that must not be done twice stores its answer in the same transaction (`keep`): a gateway that dies has then done
both or neither. All other answers are stored once they are given (`settle`).
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from pydantic_core import to_json
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from services.gateway.db.engine import Database
from services.gateway.db.tables import IdempotencyRow, now
from services.gateway.web.problems import Problem

KEPT_HEADERS = ("content-type", "location", "etag")
LEASE = timedelta(seconds=30)
T = TypeVar("T")


@dataclass(frozen=True)
class Claim:
    """A key, its holder, the status that the route answers with, and the request's outcome so far.

    `content` returns hash and size of the body; None if nobody read it to its end.
    """

    key: str
    holder: str
    status: Callable[[], int]
    content: Callable[[], tuple[str, int] | None]


def keep(session: Session, claim: Claim | None, answer: T, headers: Mapping[str, str] | None = None) -> T:
    """Store the answer in the transaction that it is about. `headers`: those that a repeated answer is to have.

    Raises: Problem 409 when another request has taken over the key meanwhile, and does the work.
    """
    if claim is None:
        return answer
    hash_, size = claim.content() or (None, None)
    known = {name.lower(): value for name, value in (headers or {}).items() if name.lower() in KEPT_HEADERS}
    values: dict[str, Any] = {
        "status": claim.status(),
        "headers": {"content-type": "application/json", **known},
        "body": base64.b64encode(to_json(answer, by_alias=True)).decode(),
        "content": hash_,
        "content_size": size,
    }
    session.flush()
    mine = (col(IdempotencyRow.key) == claim.key, col(IdempotencyRow.holder) == claim.holder)
    if session.connection().execute(update(IdempotencyRow).where(*mine).values(**values)).rowcount != 1:
        raise Problem(409, "request_in_progress", "another request with this Idempotency-Key took over")
    return answer


def claim(database: Database, key: str, fingerprint: str, holder: str) -> IdempotencyRow | None:
    """Become the holder of `key`; returns the existing row if another request holds it or has answered."""
    try:
        with database.write() as session:
            found = session.get(IdempotencyRow, key)
            if found is None:
                session.add(IdempotencyRow(key=key, fingerprint=fingerprint, holder=holder, leased_until=now() + LEASE))
                return None
            return None if _take_over(session, key, fingerprint, holder) else found
    except IntegrityError:  # another gateway was faster
        with database.read() as session:
            return session.get(IdempotencyRow, key)


def _take_over(session: Session, key: str, fingerprint: str, holder: str) -> bool:
    row = IdempotencyRow
    abandoned = (col(row.key) == key, col(row.status).is_(None), col(row.leased_until) < now())
    taken = update(row).where(*abandoned).values(fingerprint=fingerprint, holder=holder, leased_until=now() + LEASE)
    return session.connection().execute(taken).rowcount == 1


def renew(database: Database, key: str, holder: str) -> bool:
    """Renew the lease; False when somebody else has taken over the claim."""
    with database.write() as session:
        mine = (col(IdempotencyRow.key) == key, col(IdempotencyRow.holder) == holder)
        statement = update(IdempotencyRow).where(*mine).values(leased_until=now() + LEASE)
        return session.connection().execute(statement).rowcount == 1


def release(database: Database, key: str, holder: str) -> None:
    """Free the key: nothing was done, and the request is worth another try. An answer that was stored by `keep`
    stays."""
    row = IdempotencyRow
    with database.write() as session:
        mine = (col(row.key) == key, col(row.holder) == holder, col(row.status).is_(None))
        session.connection().execute(delete(IdempotencyRow).where(*mine))


def settle(database: Database, answered: IdempotencyRow) -> None:
    """Store an answer, if the claim still belongs to its holder."""
    with database.write() as session:
        row = session.get(IdempotencyRow, answered.key)
        if row is None or row.holder != answered.holder:
            return
        for name in ("content", "content_size", "status", "headers", "body"):
            setattr(row, name, getattr(answered, name))
