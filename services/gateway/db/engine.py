"""Open the database and run transactions in it."""

import asyncio
import inspect
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from pydantic_core import from_json
from sqlalchemy import Engine, event, insert, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlmodel import Session, SQLModel, create_engine

from shared.observability import Longest, logger

MIGRATIONS = Path(__file__).parent / "migrations"
_LONG_S = 1.0
_WAIT_S = 10.0
_MOST_WAITING = 40  # threads: more than requests with a turn plus transfers, few enough not to keep reads out
_CONNECTIONS, _SPARE = 30, 2
"""Of all connections, those that neither reads nor writes take: for `Lead`, and to see whether the database answers."""
_SQLITE_BUSY = (5, 6)  # SQLITE_BUSY, SQLITE_LOCKED
_RETRIABLE = ("08", "40", "53", "55", "57")  # SQLSTATE classes: connection, rollback, resources, state, intervention
log = logger(__name__)


class DatabaseBusy(SQLAlchemyError):  # noqa: N818 (what it is, like `TimeoutError`)
    """The database did not respond in time; nothing was changed, and the call may be repeated."""


class OnEventLoop(RuntimeError):  # noqa: N818
    """A database session was requested in the thread of a running event loop, which would be blocked meanwhile."""


class Database:
    """The task database; `is_shared` says whether several gateways may use it.

    `on_commit` is called after every committed write, in the writing thread. `facts` is what a transaction knows about
    the outside world when it begins, found in `info` of its session. A caller that waits longer than `wait_s` for the
    write lock, a row or a connection gets `DatabaseBusy`. Writers wait in a separate queue of limited length, without a
    connection: reads go on while nothing can be written, and however many they are, they leave connections to writers.
    """

    def __init__(self, url: str, wait_s: float = _WAIT_S) -> None:
        self.url = make_url(url)
        if self.url.drivername == "postgresql":
            self.url = self.url.set(drivername="postgresql+psycopg")
        self.is_shared = self.url.get_backend_name() == "postgresql"
        if not self.is_shared and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        self.wait_s = wait_s
        self.engine = self._open()
        self.on_commit: list[Callable[[], None]] = []
        self.facts: Callable[[], dict[str, Any]] = dict
        self.held = Longest()
        writers = 10 if self.is_shared else 1
        self._turns = threading.BoundedSemaphore(writers)
        self._waiting = threading.BoundedSemaphore(_MOST_WAITING)
        self._reads = threading.BoundedSemaphore(_CONNECTIONS - writers - _SPARE)

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
        """A session whose changes are discarded. Blocking. Raises: DatabaseBusy, OnEventLoop."""
        _refuse_event_loop()
        if not self._reads.acquire(timeout=self.wait_s):
            raise DatabaseBusy("too many read already")
        try:
            with _busy_told(), self._session() as session:
                yield session
        finally:
            self._reads.release()

    @contextmanager
    def write(self, *, quiet: bool = False) -> Iterator[Session]:
        """One transaction: committed at the end of the block, rolled back by an exception. Blocking.

        `quiet`: it adds nothing to be sent, so `on_commit` is not called.

        SQLite takes its write lock at once (`BEGIN IMMEDIATE`), so two writers queue instead of failing.
        Raises: DatabaseBusy, OnEventLoop.
        """
        _refuse_event_loop()
        caller = _caller()
        with self._turn() as left_s, _busy_told(), self._session() as session:
            self._begin(session, left_s)
            began = time.monotonic()
            try:
                yield session
                for last in session.info.pop(_AT_END, ()):
                    last(session)
                for table, rows in session.info.pop(_LATER, {}).items():
                    session.connection().execute(insert(table), rows)
                session.commit()
            finally:
                self._note(time.monotonic() - began, caller)
        for notify in () if quiet else self.on_commit:
            notify()

    @contextmanager
    def _turn(self) -> Iterator[float]:
        """Wait until this thread may write; yields the seconds that are left for further waiting."""
        until = time.monotonic() + self.wait_s
        if not self._turns.acquire(blocking=False):
            if not self._waiting.acquire(blocking=False):
                raise DatabaseBusy("too many wait to write already")
            try:
                if not self._turns.acquire(timeout=self.wait_s):
                    raise DatabaseBusy("others were writing all the time")
            finally:
                self._waiting.release()
        try:
            yield max(0.1, until - time.monotonic())
        finally:
            self._turns.release()

    def answers(self) -> bool:
        """Whether a query is answered. Blocking."""
        try:
            with _busy_told(), self._session() as session:
                session.connection().execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return True

    def _session(self) -> Session:
        return Session(self.engine, expire_on_commit=False, info=self.facts())

    def _begin(self, session: Session, wait_s: float) -> None:
        wait_ms = round(wait_s * 1000)
        if self.is_shared:
            session.connection().execute(text(f"SET LOCAL lock_timeout = {wait_ms}"))
        else:
            session.connection(execution_options={"localclip_write_ms": wait_ms})

    def _note(self, seconds: float, caller: str) -> None:
        self.held.add(seconds)
        if seconds > _LONG_S:
            log.warning("write_lock_held", seconds=round(seconds, 3), caller=caller)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _open(self) -> Engine:
        if self.is_shared:
            return create_engine(
                self.url,
                json_deserializer=_read_json,
                pool_pre_ping=True,
                pool_size=10,
                max_overflow=_CONNECTIONS - 10,
                pool_timeout=self.wait_s,
            )
        arguments = {"check_same_thread": False, "timeout": self.wait_s}
        engine = create_engine(
            self.url,
            json_deserializer=_read_json,
            connect_args=arguments,
            poolclass=QueuePool,
            pool_size=20,
            max_overflow=_CONNECTIONS - 20,
            pool_timeout=self.wait_s,
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine


_LATER, _AT_END = "later", "at end"


def add_later(session: Session, table: type[SQLModel], rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows, given with all their columns, with one statement for each table at the end of `Database.write`.

    For what nobody reads in the transaction that writes it.
    """
    if added := list(rows):
        session.info.setdefault(_LATER, {}).setdefault(table, []).extend(added)


def at_end(session: Session, last: Callable[[Session], None]) -> None:
    """Have `last` done at the end of `Database.write`: once, for all that the transaction changed."""
    session.info.setdefault(_AT_END, []).append(last)


def insert_into(session: Session, table: type[SQLModel]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that may say what to do about rows that are there already."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(table.__table__)  # type: ignore[attr-defined, no-any-return]


def _read_json(text: str | bytes) -> Any:
    """Like `json.loads`, in a third of the time: every line has three such columns."""
    try:
        return from_json(text)
    except ValueError:  # a lone surrogate, which Python writes and reads but Pydantic refuses
        return json.loads(text)


def _refuse_event_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise OnEventLoop("the event loop would stand: open sessions in a thread (a route that is a plain `def`)")


@contextmanager
def _busy_told() -> Iterator[None]:
    """Turn errors that may pass with another try into DatabaseBusy."""
    try:
        yield
    except NoConnectionFree as error:
        raise DatabaseBusy("every connection is in use") from error
    except DBAPIError as error:
        if not _is_busy(error):
            raise
        raise DatabaseBusy(str(error.orig)) from error


def _is_busy(error: DBAPIError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _SQLITE_BUSY
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or (str(state)[:2] in _RETRIABLE if state else _is_lost(error))


def _is_lost(error: DBAPIError) -> bool:
    """Whether the connection is lost: the PostgreSQL driver has no SQLSTATE for an unreachable server or a broken
    connection."""
    return type(error.orig).__module__.startswith("psycopg") and type(error.orig).__name__ == "OperationalError"


def _caller() -> str:
    """The function that requested the transaction, for the log, beyond `write` and `contextlib`."""
    frame = inspect.currentframe()
    for _ in range(3):
        frame = frame.f_back if frame else None
    return f"{frame.f_globals.get('__name__')}.{frame.f_code.co_name}" if frame else "?"


def _prepare_sqlite(connection: object, _: ConnectionPoolEntry) -> None:
    """Durable write-ahead log; transactions are begun by `_begin_sqlite`, not by the driver."""
    connection.isolation_level = None  # type: ignore[attr-defined]
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: object) -> None:
    wait_ms = connection.get_execution_options().get("localclip_write_ms")  # type: ignore[attr-defined]
    if wait_ms is None:
        connection.exec_driver_sql("BEGIN")  # type: ignore[attr-defined]
        return
    connection.exec_driver_sql(f"PRAGMA busy_timeout={wait_ms}")  # type: ignore[attr-defined]
    connection.exec_driver_sql("BEGIN IMMEDIATE")  # type: ignore[attr-defined]
