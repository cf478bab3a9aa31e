"""What the captions of source lines were taken for."""

from collections.abc import Iterable

from shared.transcript import Decision


def omission(decisions: Iterable[str]) -> Decision | None:
    """Why nobody says a line, if so."""
    return next((one for one in map(Decision, decisions) if one.omits), None)
