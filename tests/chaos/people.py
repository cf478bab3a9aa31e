"""People who use the product while everything is being killed, and remember what it accepted."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.chaos.door import Door, NoAnswerError
from tests.chaos.plan import Act, Script

_HEAD = b"\x00\x00\x00\x20ftypisom"
_BOUNDARY = "chaos-7b1f"
_LOOK_S = 0.5
_ROUNDS = 12
MASTER = {"audio": [{"kind": "dub", "language": "*", "default": True}, {"kind": "original"}]}


@dataclass
class Story:
    """What became of one script: everything that was accepted has to be there in the end."""

    script: Script
    task_id: str | None = None
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    exports: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    unanswered: str | None = None
    is_over: bool = False

    @property
    def name(self) -> str:
        """The file name of its video, by which it is found in the database."""
        return f"talk {self.script.number}.mp4"

    @property
    def video(self) -> bytes:
        """The bytes of its video, like no other's."""
        body = random.Random(self.script.number).randbytes(self.script.video_bytes)
        return _HEAD + (b"please fail" if self.script.fate == "failed" else b"") + body


class Person:
    """Follows one script to its end."""

    def __init__(self, door: Door, run: str, story: Story, until: Callable[[], float]) -> None:
        self._door, self._run, self._story, self._script = door, run, story, story.script
        self._until, self._keys = until, 0

    def _may_go_on(self) -> bool:
        return time.monotonic() < self._until()

    async def live(self) -> None:
        """From the upload to the fate the script wants, at the latest until the time that `until` tells."""
        try:
            await self._upload()
            if not self._script.at_once:
                await self._post("/process", {"stage": "export"})
            if self._script.fate != "failed":
                for act in self._script.acts:
                    await asyncio.sleep(act.gap_s)
                    await self._do(act)
            self._story.is_over = await self._end()
        except NoAnswerError as error:
            self._story.unanswered = str(error)

    async def _upload(self) -> None:
        answer = await (self._in_parts() if self._script.in_parts else self._as_form())
        if answer.status_code != 201:
            raise NoAnswerError(f"the upload was refused: {answer.status_code} {answer.text[:200]}")
        self._story.task_id = answer.json()["task_id"]

    def _config(self) -> dict[str, Any]:
        return {"target_languages": list(self._script.languages), "source_language": "en"}

    async def _as_form(self) -> httpx.Response:
        """The same bytes every time: they are the same request."""
        fields = httpx.Request(
            "POST",
            "http://chaos",
            headers={"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"},
            files=[
                ("config", (None, _json(self._config()))),
                ("start", (None, str(self._script.at_once).lower())),
                ("video", (self._story.name, self._story.video, "video/mp4")),
            ],
        )
        fields.read()
        headers = {"Content-Type": fields.headers["Content-Type"]}
        return await self._door.ask("POST", "/api/tasks", key=self._key(), content=fields.content, headers=headers)

    async def _in_parts(self) -> httpx.Response:
        video = self._story.video
        begun = await self._door.ask(
            "POST", "/api/uploads", key=self._key(), json={"filename": self._story.name, "size": len(video)}
        )
        if begun.status_code != 201:
            return begun
        where = f"/api/uploads/{begun.json()['upload_id']}"
        address = await self._door.ask("POST", f"{where}/parts", json={"part_numbers": [1]})
        put = await self._door.ask("PUT", address.json()[0]["url"], content=video)
        if put.status_code != 204:
            return put
        body = {"config": self._config(), "start": self._script.at_once}
        return await self._door.ask("POST", f"{where}/complete", json=body)

    async def _do(self, act: Act) -> None:
        language = self._script.languages[int(act.pick * len(self._script.languages))]
        where = f"/languages/{language}"
        match act.name:
            case "edit_line":
                await self._edit_line(act, language)
            case "edit_segment":
                await self._edit_segment(act)
            case "dub_line":
                if line := await self._line(act, language):
                    await self._post(f"{where}/lines/{line}/dub")
            case "dub_outdated":
                if await self._line(act, language):
                    await self._post(f"{where}/dub", {"only_stale": True})
            case "export":
                made = await self._post("/exports", MASTER)
                if made is not None and made.status_code == 202:
                    self._story.exports.append(made.json()["export_id"])
            case "process":
                await self._post(f"{where}/process", {"stage": "export"})
            case "cancel_language":
                await self._post(f"{where}/cancel")
            case "cancel":
                await self._post("/cancel")
            case "retry":
                await self._post("/retry")
            case unknown:
                raise ValueError(unknown)

    async def _edit_line(self, act: Act, language: str) -> None:
        if line := await self._line(act, language):
            text = f"{self._keys:03} of {self._script.number} said by a person"
            if await self._edit(f"/languages/{language}/lines/{line}", text):
                self._story.texts[language, line] = text

    async def _edit_segment(self, act: Act) -> None:
        if segment := await self._line(act, self._script.languages[0]):
            text = f"{self._keys:03} of {self._script.number} in the source"
            if await self._edit(f"/segments/{segment}", text):
                self._story.sources[segment] = text

    async def _edit(self, path: str, text: str) -> bool:
        """Change a text that may change meanwhile; an edit whose answer was lost is found when it is read again."""
        self._keys += 1
        while True:
            before = await self._door.ask("GET", self._path(path))
            if not self._is_fine(before):
                return False
            if _text(before) == text:
                return True
            headers = {"If-Match": before.headers["ETag"]}
            answer = await self._door.ask("PATCH", self._path(path), json={"text": text}, headers=headers)
            if answer.status_code != 412:
                return self._is_fine(answer)

    async def _line(self, act: Act, language: str) -> str | None:
        """A line of the language, once there are any."""
        lines = await self._lines(language)
        return lines[int(act.pick * 7919) % len(lines)]["segment_id"] if lines else None

    async def _lines(self, language: str) -> list[dict[str, Any]]:
        answer = await self._door.ask("GET", self._path(f"/languages/{language}/lines"))
        return list(answer.json()) if answer.status_code == 200 else []

    async def _end(self) -> bool:
        """Bring the task where its owner wants it; whether that succeeded."""
        match self._script.fate:
            case "deleted":
                answer = await self._door.ask("DELETE", self._path(""))
                return answer.status_code in (204, 404)
            case "canceled":
                await self._post("/cancel")
                return True
            case "failed":
                return await self._wait() == "failed"
            case "completed":
                return await self._complete()

    async def _complete(self) -> bool:
        """What a person does about canceled languages and outdated lines, until nothing is left to do."""
        for _ in range(_ROUNDS):
            status = await self._wait()
            task = await self._task()
            asked = False
            for language in self._script.languages:
                asked |= await self._bring_on(language, task["language_status"][language]["status"])
            if status == "completed" and not asked:
                return True
            if not self._may_go_on():
                break
        return False

    async def _bring_on(self, language: str, status: str) -> bool:
        """Ask for what a language lacks; whether it lacked anything."""
        if status == "failed":
            self._story.failures.append(f"{language} failed without being asked to")
        lines = await self._lines(language)
        if status in ("completed", "stale") and any(_is_outdated(line) for line in lines):
            await self._post(f"/languages/{language}/dub", {"only_stale": True})
            await self._spoken(language)
            return True
        if status != "completed":
            await self._post(f"/languages/{language}/process", {"stage": "export"})
            return True
        return False

    async def _spoken(self, language: str) -> None:
        """Wait until every line is dubbed."""
        while self._may_go_on():
            if not any(_is_outdated(line) for line in await self._lines(language)):
                return
            await asyncio.sleep(_LOOK_S)

    async def _wait(self) -> str:
        """The task's status once nothing of it is being worked on."""
        while True:
            task = await self._task()
            busy = [task["status"], *(one["status"] for one in task["language_status"].values())]
            if "processing" not in busy or not self._may_go_on():
                return str(task["status"])
            await asyncio.sleep(_LOOK_S)

    async def _task(self) -> dict[str, Any]:
        answer = await self._door.ask("GET", self._path(""))
        if answer.status_code != 200:
            raise NoAnswerError(f"the task is not there: {answer.status_code} {answer.text[:200]}")
        found: dict[str, Any] = answer.json()
        return found

    async def _post(self, path: str, body: Any = None) -> httpx.Response:
        answer = await self._door.ask(
            "POST", self._path(path), key=self._key(), **({} if body is None else {"json": body})
        )
        self._is_fine(answer)
        return answer

    def _is_fine(self, answer: httpx.Response) -> bool:
        """Whether it was done; a conflict is an answer too, anything else is not."""
        if not answer.is_success and answer.status_code != 409 and not _is_not_ready(answer):
            request = answer.request
            self._story.refused.append(f"{request.method} {request.url.path}: {answer.status_code} {answer.text[:160]}")
        return answer.is_success

    def _path(self, rest: str) -> str:
        return f"/api/tasks/{self._story.task_id}{rest}"

    def _key(self) -> str:
        self._keys += 1
        return f"{self._run}-{self._script.number}-{self._keys}"


def _is_not_ready(answer: httpx.Response) -> bool:
    """An export by recipe of what is not dubbed yet."""
    return answer.request.url.path.endswith("/exports") and answer.status_code == 422


def _text(answer: httpx.Response) -> str:
    """The text of a line, or of a segment."""
    return str(answer.json()["text"])


def _is_outdated(line: dict[str, Any]) -> bool:
    return line["state"] != "dubbed"


def _json(value: Any) -> str:
    return httpx.Request("POST", "http://chaos", json=value).content.decode()
