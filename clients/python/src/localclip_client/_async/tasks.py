"""Tasks: make, find, process, approve, cancel."""

import base64
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import Any

from localclip_client._async.uploads import AsyncUploads, Told
from localclip_client._waiting import async_call
from localclip_client._wire import as_list, as_model, at, conditions, given, total_of
from localclip_client.models import LogEntry, Report, Stage, Task, TaskEngine, TaskPage
from localclip_client.new_task import Document, NewTask, as_json, sent_files

Sought = Mapping[str, str | int | float | bool]
_PAGE = 100


class AsyncTasks(AsyncUploads):
    """One video each, and everything made from it."""

    async def create(
        self, new: NewTask, *, start: bool = True, on_sent: Told | None = None, key: str | None = None
    ) -> Task:
        """Make a task of a video that is sent in parts, or that the gateway fetches; `on_sent` gets the bytes so far.

        The same with the same `key` again is the same task; an upload that broke off is gone on with.
        """
        if new.video is None:
            body = {**new.source(), "config": new.config(), "start": start}
            return as_model(Task, await self._post(at("tasks"), key, json=body))
        files = await async_call(sent_files, new.texts())
        said = {"config": new.config(), "start": start, "strict": True, "files": files}
        return await self._upload(new.video, said, on_sent, key)

    async def task(self, task_id: str) -> Task:
        """Read a task."""
        return as_model(Task, await self._get(at("tasks", task_id)))

    async def tasks(
        self,
        skip: int = 0,
        limit: int = 50,
        status: str | None = None,
        *,
        search: str | None = None,
        metadata: Sought | None = None,
        batch_id: str | None = None,
    ) -> TaskPage:
        """List tasks, newest first: those whose name holds `search`, whose `metadata` is so (`{"show.season": 2}`)."""
        asked = {**given(skip=skip, limit=limit, status=status, q=search, batch_id=batch_id), **conditions(metadata)}
        answer = await self._get(at("tasks"), params=asked)
        found = as_list(Task, answer)
        return TaskPage(tasks=found, total=total_of(answer, len(found)))

    async def iterate_tasks(
        self,
        status: str | None = None,
        *,
        search: str | None = None,
        metadata: Sought | None = None,
        batch_id: str | None = None,
    ) -> AsyncGenerator[Task, None]:
        """All tasks that are so, page by page; one that is made meanwhile shifts none twice into sight."""
        seen: set[str] = set()
        skip = 0
        while True:
            page = await self.tasks(skip, _PAGE, status, search=search, metadata=metadata, batch_id=batch_id)
            for task in page.tasks:
                if task.task_id not in seen:
                    seen.add(task.task_id)
                    yield task
            skip += len(page.tasks)
            if not page.tasks or skip >= page.total:
                return

    async def delete(self, task_id: str) -> None:
        """Remove a task and everything made from it."""
        await self._delete(at("tasks", task_id))

    async def process(
        self,
        task_id: str,
        languages: Sequence[str] | None = None,
        stage: Stage = Stage.EXPORT,
        *,
        dub_changed: bool = False,
    ) -> Task:
        """Bring languages (None: all targets) up to and including `stage`; `dub_changed`: speak edited lines first."""
        body = {"languages": list(languages) if languages else None, "stage": stage, "dub_changed": dub_changed}
        return as_model(Task, await self._post(at("tasks", task_id, "process"), json=body))

    async def cancel(self, task_id: str, languages: Sequence[str] | None = None) -> Task:
        """Stop the work on languages (None: everything)."""
        body = {"languages": list(languages) if languages else None}
        return as_model(Task, await self._post(at("tasks", task_id, "cancel"), json=body))

    async def retry(self, task_id: str) -> Task:
        """Do again what failed or was canceled."""
        return as_model(Task, await self._post(at("tasks", task_id, "retry")))

    async def approve(self, task_id: str, language: str, by: str | None = None) -> Task:
        """Let a language go on that waits at the stop of its task; `by` says who, the account where nobody is named."""
        answer = await self._post(at("tasks", task_id, "languages", language, "approve"), json={"by": by})
        return as_model(Task, answer)

    async def answer(
        self,
        task_id: str,
        choice: str,
        *,
        question_id: str | None = None,
        language: str | None = None,
        subtitles: Path | None = None,
    ) -> Task:
        """Answer what a task asks: `continue`, another `language`, or `subtitles`."""
        sent = base64.b64encode(await async_call(subtitles.read_bytes)).decode() if subtitles else None
        body = {"choice": choice, "question_id": question_id, "language": language, "subtitles": sent}
        return as_model(Task, await self._post(at("tasks", task_id, "answer"), json=body))

    async def logs(self, task_id: str, limit: int = 200) -> tuple[LogEntry, ...]:
        """What happened to a task, oldest first."""
        return as_list(LogEntry, await self._get(at("tasks", task_id, "logs"), params={"limit": limit}))

    async def report(self, task_id: str, language: str) -> Report:
        """Read the exporter's report on a language."""
        return as_model(Report, await self._get(at("tasks", task_id, "languages", language, "report")))

    async def brief(self, task_id: str) -> dict[str, Any]:
        """What the translators of a task are told."""
        answer = await self._get(at("tasks", task_id))
        return dict(answer.json()["config"].get("brief") or {})

    async def set_brief(self, task_id: str, brief: Document) -> None:
        """Tell them something else from now on."""
        await self._ask("PATCH", at("tasks", task_id), json={"brief": as_json(brief)})

    async def task_engines(self, task_id: str) -> tuple[TaskEngine, ...]:
        """What a task keeps to, and what would be better."""
        return as_list(TaskEngine, await self._get(at("tasks", task_id, "engines")))

    async def upgrade_engines(
        self, task_id: str, languages: Sequence[str] | None = None, ports: Sequence[str] | None = None
    ) -> tuple[TaskEngine, ...]:
        """Keep to what is here now (None: in all target languages, all ports); `base` is for what listens."""
        body = {"languages": list(languages) if languages else None, "ports": list(ports) if ports else None}
        return as_list(TaskEngine, await self._post(at("tasks", task_id, "engines", "upgrade"), json=body))
