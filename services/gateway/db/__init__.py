"""The schema of the task database: tables, the engine that opens it, migrations.

SQL is written in the module `rows` of each folder. All other code only passes a `Session` on and handles the errors.
"""

from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from sqlmodel import Session

__all__ = ["DataError", "IntegrityError", "SQLAlchemyError", "Session"]
