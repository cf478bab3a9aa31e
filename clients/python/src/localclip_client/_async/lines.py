"""Lines of a language: read, edit, speak again, undo."""

from collections.abc import Sequence
from typing import Any

from localclip_client._async.transport import AsyncTransport
from localclip_client._wire import as_list, as_model, at, total_of
from localclip_client.models import Edit, Edited, Line, LinesBegun, ReviewLine, Take


class AsyncLines(AsyncTransport):
    """What the dub of a language says."""

    async def lines(self, task_id: str, language: str) -> tuple[Line, ...]:
        """Read the lines of a language in time order."""
        return as_list(Line, await self._get(at("tasks", task_id, "languages", language, "lines")))

    async def line(self, task_id: str, language: str, segment_id: str) -> Line:
        """Read one line."""
        return as_model(Line, await self._get(_at(task_id, language, segment_id)))

    async def edit_line(self, task_id: str, line: Line, language: str, **changes: Any) -> Line:
        """Change a line as it was read. Raises: ConflictError, when it was changed since."""
        address, version = _at(task_id, language, line.segment_id), {"If-Match": f'"{line.version}"'}
        return as_model(Line, await self._ask("PATCH", address, json=changes, headers=version))

    async def redub(self, task_id: str, language: str, segment_ids: Sequence[str] = ()) -> int:
        """Speak lines again, all outdated ones when none are named; return how many were begun."""
        body = {"segment_ids": list(segment_ids)} if segment_ids else {"only_stale": True}
        answer = await self._post(at("tasks", task_id, "languages", language, "dub"), json=body)
        return as_model(LinesBegun, answer).lines

    async def listen(self, task_id: str, language: str) -> int:
        """Have all takes listened to that were not yet; return how many those are."""
        return as_model(LinesBegun, await self._post(at("tasks", task_id, "languages", language, "listen"))).lines

    async def takes(self, task_id: str, language: str, segment_id: str) -> tuple[Take, ...]:
        """Read the takes a line has had, newest first."""
        return as_list(Take, await self._get(_at(task_id, language, segment_id, "takes")))

    async def choose_take(self, task_id: str, language: str, line: Line, take_id: str) -> Line:
        """Let a take count again and keep it."""
        address = _at(task_id, language, line.segment_id, "takes", take_id, "choose")
        return as_model(Line, await self._post(address, headers={"If-Match": f'"{line.version}"'}))

    async def review(
        self, task_id: str, limit: int = 100, *, minor: bool = False
    ) -> tuple[tuple[ReviewLine, ...], int]:
        """Lines worth a look, worst first, and how many there are; `minor` adds those that are only sped up."""
        answer = await self._get(at("tasks", task_id, "review"), params={"limit": limit, "minor": minor})
        found = as_list(ReviewLine, answer)
        return found, total_of(answer, len(found))

    async def edits(self, task_id: str, limit: int = 100) -> tuple[Edit, ...]:
        """Read the newest edits of a task."""
        return as_list(Edit, await self._get(at("tasks", task_id, "edits"), params={"limit": limit}))

    async def undo(self, task_id: str) -> Edit:
        """Revert the newest edit."""
        return as_model(Edited, await self._post(at("tasks", task_id, "undo"))).edit

    async def redo(self, task_id: str) -> Edit:
        """Redo the edit that was undone last."""
        return as_model(Edited, await self._post(at("tasks", task_id, "redo"))).edit


def _at(task_id: str, language: str, segment_id: str, *more: str) -> str:
    return at("tasks", task_id, "languages", language, "lines", segment_id, *more)
