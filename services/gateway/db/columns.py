"""Building blocks for the columns and rows of every table."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Index, text
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel


class UtcDateTime(TypeDecorator[datetime]):
    """Times are stored and read as UTC; SQLite would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Convert to UTC."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Put the zone back."""
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


def now() -> datetime:
    """The current time, with zone."""
    return datetime.now(UTC)


def time_column(*, nullable: bool = False) -> Any:
    """A time in UTC; a required one defaults to the creation of the row."""
    if nullable:
        return Field(default=None, sa_type=UtcDateTime)
    return Field(default_factory=now, sa_type=UtcDateTime)


def json_column(default: Any = dict) -> Any:
    """JSON, initially what `default` returns."""
    return Field(default_factory=lambda: default(), sa_type=JSON)  # Pydantic inspects it each time: slow for builtins


def partial_index(name: str, *columns: str, where: str) -> Index:
    """An index of the rows that satisfy `where`; queries use it if they contain the same condition literally."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class Row(SQLModel):
    """A row of any table.

    SQLModel tells Pydantic of every attribute that is set, which no row has a use for and which takes longer than all
    that SQLAlchemy does with it.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
