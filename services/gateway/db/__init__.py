"""The schema of the task database: tables, the engine that opens it, migrations.

SQL is written in the module `rows` of each folder. Everybody else passes a `Session` on and knows the errors.
"""

from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from sqlmodel import Session

__all__ = ["DataError", "IntegrityError", "SQLAlchemyError", "Session"]
