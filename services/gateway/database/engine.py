"""Open the database and run transactions in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session, create_engine

MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """The task database; `is_shared` tells whether several gateways may use it.

    `on_commit` is called after every committed write, in the writing thread.
    """

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        if self.url.drivername == "postgresql":
            self.url = self.url.set(drivername="postgresql+psycopg")
        self.is_shared = self.url.get_backend_name() == "postgresql"
        if not self.is_shared and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        self.engine = self._open()
        self.on_commit: list[Callable[[], None]] = []

    def migrate(self) -> None:
        """Bring the schema up to date; blocks while another gateway does the same."""
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with self.engine.begin() as connection:
            if self.is_shared:
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7466201)")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session whose changes are thrown away."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: committed at the end of the block, rolled back by an exception.

        SQLite takes its write lock at once (`BEGIN IMMEDIATE`), so two writers queue instead of failing.
        """
        with Session(self.engine, expire_on_commit=False) as session:
            if not self.is_shared:
                session.connection(execution_options={"localclip_write": True})
            yield session
            session.commit()
        for notify in self.on_commit:
            notify()

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _open(self) -> Engine:
        if self.is_shared:
            return create_engine(self.url, pool_pre_ping=True, pool_size=10, max_overflow=20)
        engine = create_engine(self.url, connect_args={"check_same_thread": False, "timeout": 30}, pool_size=20)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine


def _prepare_sqlite(connection: object, _: ConnectionPoolEntry) -> None:
    """Durable write-ahead log; transactions are begun by `_begin_sqlite`, not by the driver."""
    connection.isolation_level = None  # type: ignore[attr-defined]
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: object) -> None:
    options = connection.get_execution_options()  # type: ignore[attr-defined]
    write = options.get("localclip_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")  # type: ignore[attr-defined]
