"""Filters on the metadata of callers: `metadata.episode=7` in the query of a list."""

from typing import Annotated, NamedTuple

from fastapi import Depends, Request

from services.gateway.web.problems import unprocessable

_PREFIX = "metadata."
_MOST, _LONGEST_KEY, _LONGEST_VALUE = 5, 100, 500


class Wanted(NamedTuple):
    """A key, and the value it must have."""

    key: str
    value: str


def _wanted(request: Request) -> tuple[Wanted, ...]:
    """Raises: Problem 422, for something that cannot be a key, or for too many keys."""
    found = tuple(
        Wanted(name.removeprefix(_PREFIX), value)
        for name, value in request.query_params.multi_items()
        if name.startswith(_PREFIX)
    )
    if len(found) > _MOST:
        raise unprocessable("invalid_request", f"at most {_MOST} keys of metadata are looked for", "/metadata")
    for key, value in found:
        if not 0 < len(key) <= _LONGEST_KEY or '"' in key or "\\" in key or len(value) > _LONGEST_VALUE:
            detail = f"a key has 1 to {_LONGEST_KEY} characters, no quotes among them; a value at most {_LONGEST_VALUE}"
            raise unprocessable("invalid_request", detail, "/metadata")
    return found


LookedFor = Annotated[tuple[Wanted, ...], Depends(_wanted)]
