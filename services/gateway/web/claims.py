"""Who answers a request with an `Idempotency-Key`, and what was answered.

A claim has a holder, who renews its lease while the request runs. A holder that died lets the lease run out, and the
next request with the key takes over.
"""

from datetime import timedelta

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from services.gateway.db.engine import Database
from services.gateway.db.tables import IdempotencyRow, now

LEASE = timedelta(seconds=30)


def claim(database: Database, key: str, fingerprint: str, holder: str) -> IdempotencyRow | None:
    """Become the holder of `key`; the row as it is when another one is, or has answered."""
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
    """Hold on for another lease; False when the claim is another's by now."""
    with database.write() as session:
        mine = (col(IdempotencyRow.key) == key, col(IdempotencyRow.holder) == holder)
        statement = update(IdempotencyRow).where(*mine).values(leased_until=now() + LEASE)
        return session.connection().execute(statement).rowcount == 1


def release(database: Database, key: str, holder: str) -> None:
    """Give the key free: nothing was done, and the request is worth another try."""
    with database.write() as session:
        mine = (col(IdempotencyRow.key) == key, col(IdempotencyRow.holder) == holder)
        session.connection().execute(delete(IdempotencyRow).where(*mine))


def settle(database: Database, answered: IdempotencyRow) -> None:
    """Keep an answer, if the claim is still its holder's."""
    with database.write() as session:
        row = session.get(IdempotencyRow, answered.key)
        if row is None or row.holder != answered.holder:
            return
        for name in ("content", "content_size", "status", "headers", "body"):
            setattr(row, name, getattr(answered, name))
