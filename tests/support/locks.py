"""Whether transactions of a PostgreSQL database wait for each other."""

from sqlalchemy import text

from services.gateway.db.engine import Database
from shared.testing import wait_until

_BLOCKED = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


def wait_for_blocked(database: Database, transactions: int = 1) -> None:
    """Wait until so many transactions want a row that another holds."""

    def blocked() -> bool:
        with database.read() as session:
            return int(session.connection().execute(_BLOCKED).scalar_one()) >= transactions

    wait_until(blocked, 30, f"nobody waits for a row, or not {transactions}")
