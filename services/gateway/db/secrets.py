"""Secrets that all gateways of an installation share."""

import secrets

from sqlalchemy.exc import IntegrityError

from services.gateway.db.engine import Database
from services.gateway.db.tables import SecretRow

_FILES = "files"


def signing_key(database: Database) -> bytes:
    """The key that signs URLs of files, created on first use. Blocking."""
    with database.read() as session:
        known = session.get(SecretRow, _FILES)
    if known is not None:
        return bytes.fromhex(known.value)
    try:
        with database.write(quiet=True) as session:
            session.add(SecretRow(name=_FILES, value=secrets.token_hex(32)))
    except IntegrityError:  # another gateway was faster
        pass
    return signing_key(database)
