"""Models that outsiders fill in: too much of anything is one error, found before its parts are looked at."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Self

from annotated_types import MaxLen
from pydantic import BaseModel, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

MOST_FIELDS = 100
MOST_ERRORS = 500
"""More than anybody reads. FastAPI makes a dict of every error on the event loop: a body of 200 kB can have 100 000,
which takes seconds."""


class Bounded(BaseModel):
    """An object with at most `MOST_FIELDS` fields, whose lists and dicts are measured before they are read.

    Pydantic reads all entries of a dict before it compares their number with `max_length`.
    """

    @model_validator(mode="wrap")
    @classmethod
    def _bounded(cls, sent: Any, read: ModelWrapValidatorHandler[Self]) -> Self:
        """Refuse what is too long, and report more than `MOST_ERRORS` errors as one."""
        if isinstance(sent, dict):
            _refuse_too_much(cls, sent)
        try:
            return read(sent)
        except ValidationError as error:
            if error.error_count() <= MOST_ERRORS:
                raise
        raise PydanticCustomError("too_many_errors", f"more than {MOST_ERRORS} things are wrong with it")


def _refuse_too_much(model: type[BaseModel], sent: dict[Any, Any]) -> None:
    if len(sent) > MOST_FIELDS:
        raise ValueError(f"an object has at most {MOST_FIELDS} fields here")
    found = list(_too_long(model, sent))
    if found:
        raise ValidationError.from_exception_data(model.__name__, found)


def _too_long(model: type[BaseModel], sent: dict[Any, Any]) -> Iterator[InitErrorDetails]:
    """The error that pydantic has for each list and dict with far more entries than its field allows.

    Pydantic itself refuses what is a little too long, after validators that may make it shorter.
    """
    for name, most in _limits(model):
        entries = sent.get(name)
        if isinstance(entries, (list, tuple, dict)) and len(entries) > max(most, MOST_FIELDS):
            kind = "Dictionary" if isinstance(entries, dict) else "List"
            measured = {"field_type": kind, "max_length": most, "actual_length": len(entries)}
            yield InitErrorDetails(type="too_long", loc=(name,), input=None, ctx=measured)


@cache
def _limits(model: type[BaseModel]) -> tuple[tuple[str, int], ...]:
    """Fields with a greatest length, by the names they are sent under."""
    return tuple(
        (field.alias or name, limit.max_length)
        for name, field in model.model_fields.items()
        for limit in field.metadata
        if isinstance(limit, MaxLen)
    )
