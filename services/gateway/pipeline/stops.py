"""How far a language may go before a person has approved it."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.gateway.pipeline.board import Board, Run, owner
from shared.pipeline import Stage, Status, stages_through


def stop_of(config: Mapping[str, Any]) -> Stage | None:
    """The stage after which every language of a task waits."""
    stop = config.get("stop_after")
    return Stage(stop) if stop else None


def is_at(runs: Mapping[tuple[str, Stage], Run], language: str, status: Status, stop: Stage | None) -> bool:
    """Whether a language that was not approved waits after `stop`, which it or the base stage has reached."""
    run = runs.get((owner(language, stop), stop)) if stop is not None else None
    return status is Status.PENDING and run is not None and run.status is Status.COMPLETED


def may_go_to(board: Board, language: str, asked: Stage, stop: Stage | None, *, approved: bool) -> Stage | None:
    """How far a language that was asked to go to `asked` may go; None: it is at its stop and waits for approval."""
    if stop is None or approved or asked in stages_through(stop):
        return asked
    run = board.run(language, stop)
    return None if run is not None and run.status is Status.COMPLETED else stop


def by_goal(
    board: Board, languages: Iterable[str], asked: Stage, stop: Stage | None, approved: Iterable[str]
) -> dict[Stage | None, list[str]]:
    """Group languages by how far they may go."""
    found: dict[Stage | None, list[str]] = {}
    going = set(approved)
    for language in languages:
        goal = may_go_to(board, language, asked, stop, approved=language in going)
        found.setdefault(goal, []).append(language)
    return found
