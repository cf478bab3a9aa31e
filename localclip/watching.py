"""Dub what arrives in a folder: each video when its file no longer changes, and only once, despite restarts."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from localclip.errors import ApiError, LocalClipError, ServerUnreachable
from localclip.pairing import row_of, stems, videos_of
from localclip.results import fetch_named
from localclip_client import Client, NewTask, Status, Task

STATE = ".localclip-watch.json"
_OF_THE_CALLER = (401, 403, 421)
"""Wrong key or name: nothing is wrong with the video."""
_SENT, _DONE, _FAILED = "sent", "done", "failed"
Stamp = tuple[int, int]
Tell = Callable[[str, str, str], None]


@dataclass
class Known:
    """A video as it was when it was picked up: its size and time, its task, and the outcome."""

    size: int
    mtime_ns: int
    state: str = _SENT
    task_id: str = ""
    reason: str = ""
    files: list[str] = field(default_factory=list)

    def is_of(self, stamp: Stamp) -> bool:
        """Whether a file is still the same."""
        return (self.size, self.mtime_ns) == stamp


@dataclass(frozen=True)
class What:
    """What is dubbed, and where the results go."""

    folder: Path
    out: Path
    languages: Sequence[str]
    source: str | None = None
    still_s: float = 10.0
    new: Mapping[str, Any] = field(default_factory=dict)
    """More fields of a `NewTask`."""


class Watching:
    """Checks the folder with each `turn`; its memory is stored beside the results."""

    def __init__(
        self, client: Client, what: What, tell: Tell, name: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client, self._what, self._tell, self._clock = client, what, tell, clock
        self._memory = _Memory(what.out / STATE, name)
        self._seen: dict[str, tuple[tuple[Stamp, ...], float]] = {}
        self._told: set[tuple[str, str]] = set()

    def retry_failed(self) -> None:
        """Retry what failed; otherwise only changed files are retried."""
        self._memory.drop_failed()

    @property
    def is_idle(self) -> bool:
        """Whether every video of the folder was picked up and has ended."""
        taken = all(one.state != _SENT for one in self._memory.known.values())
        return taken and not any(self._may_be_new(name, path) for name, path in self._videos().items())

    def turn(self) -> None:
        """Send files that no longer change, and download finished results. An unreachable gateway is tried again in the
        next turn."""
        videos = self._videos()
        for gone in set(self._seen) - set(videos):
            del self._seen[gone]
        for name, path in videos.items():
            self._guarded(name, lambda name=name, path=path: self._look_at(name, path))  # type: ignore[misc]
        for name, one in list(self._memory.known.items()):
            if one.state == _SENT:
                self._guarded(name, lambda name=name, one=one: self._follow(name, one))  # type: ignore[misc]

    def _videos(self) -> dict[str, Path]:
        folder = self._what.folder.resolve()
        found = videos_of(folder, self._what.out.resolve())
        return {path.relative_to(folder).as_posix(): path for path in sorted(found)}

    def _guarded(self, name: str, act: Callable[[], None]) -> None:
        """Errors of the gateway are tolerated; an error of one video is reported and ends it."""
        try:
            act()
        except (ServerUnreachable, ApiError) as error:
            if isinstance(error, ApiError) and error.status in _OF_THE_CALLER:
                raise
            passes = not isinstance(error, ApiError) or error.status >= 500 or error.code == "request_in_progress"
            if passes:
                self._once("", "waits", str(error))
            else:
                self._give_up(name, str(error))
        except FileNotFoundError:  # removed meanwhile
            self._seen.pop(name, None)
        except (LocalClipError, OSError) as error:
            self._give_up(name, str(error))
        else:
            self._told.discard(("", "waits"))

    def _give_up(self, name: str, why: str) -> None:
        """Do not retry it before the file changes."""
        try:
            stamp = _stamp(self._what.folder / name)
        except FileNotFoundError:
            stamp = (0, 0)
        before = self._memory.known.get(name)
        task_id = before.task_id if before and before.is_of(stamp) else ""
        self._memory.keep(name, Known(*stamp, state=_FAILED, task_id=task_id, reason=why))
        self._tell(name, _FAILED, why)

    def _once(self, name: str, state: str, text: str) -> None:
        if (name, state) not in self._told:
            self._told.add((name, state))
            self._tell(name, state, text)

    def _is_new(self, name: str, stamp: Stamp) -> bool:
        """Whether a video was not picked up yet; one that has changed since counts as new once its task has ended."""
        known = self._memory.known.get(name)
        return known is None or not (known.is_of(stamp) or known.state == _SENT)

    def _may_be_new(self, name: str, path: Path) -> bool:
        try:
            return self._is_new(name, _stamp(path))
        except FileNotFoundError:  # removed meanwhile
            return False

    def _look_at(self, name: str, path: Path) -> None:
        stamp = _stamp(path)
        if not self._is_new(name, stamp):
            return
        row = row_of(path, self._what.folder.resolve(), self._what.languages, self._what.source)
        beside = [row.get("subtitles"), *row.get("translations", {}).values()]
        files = [self._what.folder / one for one in beside if one]
        stamps = (stamp, *map(_stamp, files))
        seen, since = self._seen.get(name, ((), 0.0))
        if stamps != seen:
            self._seen[name] = (stamps, self._clock())
            return
        if stamp[0] == 0 or self._clock() - since < self._what.still_s:
            return
        self._send(name, path, row, stamp)

    def _send(self, name: str, path: Path, row: Mapping[str, Any], stamp: Stamp) -> None:
        """Send a video; the same file again, as after a crash of this program, is the same task."""
        folder = self._what.folder
        new = NewTask(
            video=path,
            target_languages=tuple(self._what.languages),
            source_language=row.get("source_language") or self._what.source,
            subtitles=folder / row["subtitles"] if "subtitles" in row else None,
            translations={code: folder / file for code, file in row.get("translations", {}).items()},
            **self._what.new,
        )
        said = json.dumps([str(self._what.out.resolve()), name, stamp, new.config(), self._memory.count(name)])
        self._tell(name, "sending", "")
        task = self._client.create(new, key=f"localclip-watch-{hashlib.sha256(said.encode()).hexdigest()}")
        if _stamp(path) != stamp:  # it grew while it was sent
            self._client.delete(task.task_id)
            self._seen.pop(name, None)
            self._memory.again(name)
            return
        self._memory.keep(name, Known(*stamp, task_id=task.task_id))
        self._tell(name, _SENT, task.task_id)

    def _follow(self, name: str, one: Known) -> None:
        try:
            task = self._client.task(one.task_id)
        except ApiError as error:
            if error.status != 404:
                raise
            self._give_up(name, "somebody deleted its task")
            return
        if not task.ended:
            if task.waiting_for is not None or task.at_stop:
                self._once(name, "waiting", f"waits for somebody: {task.task_id}")
            return
        where = stems(self._memory.known)[name]
        download = partial(self._client.download, task.task_id)
        artifacts = self._client.artifacts(task.task_id)
        one.files = fetch_named(artifacts, task.language_status, self._what.out, where, download)
        one.reason = _why_not(task)
        one.state = _DONE if task.status is Status.COMPLETED else _FAILED
        self._memory.keep(name, one)
        self._tell(name, one.state, one.reason)


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _why_not(task: Task) -> str:
    """What is wrong with a task; empty if every language passed its gate."""
    if task.error_message:
        return f"{task.error_code}: {task.error_message}"
    told = []
    for code, state in task.language_status.items():
        if code == "base" or state.gate == "passed":
            continue
        why = state.error_message or ", ".join(reason.text for reason in state.gate_reasons) or str(state.status)
        told.append(f"{code}: {why}")
    return "; ".join(told)


class _Memory:
    """What was picked up, by gateway and name."""

    def __init__(self, path: Path, server: str) -> None:
        self._path, self._server = path, server
        try:
            self._read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            self._read = {}
        except (OSError, ValueError) as error:
            raise LocalClipError(f"{path} cannot be read ({error}); remove it to begin anew") from error
        mine = self._read.get(server, {})
        self.known = {name: Known(**one) for name, one in mine.get("videos", {}).items()}
        self._counts: dict[str, int] = mine.get("counts", {})

    def keep(self, name: str, one: Known) -> None:
        """Remember a video."""
        self.known[name] = one
        self._save()

    def count(self, name: str) -> int:
        """How often a video of this name was sent and withdrawn."""
        return self._counts.get(name, 0)

    def again(self, name: str) -> None:
        """It was sent and withdrawn: the next time counts as a new video."""
        self._counts[name] = self.count(name) + 1
        self._save()

    def drop_failed(self) -> None:
        """Forget what failed."""
        for name in [name for name, one in self.known.items() if one.state == _FAILED]:
            del self.known[name]
            self._counts[name] = self.count(name) + 1
        self._save()

    def _save(self) -> None:
        videos = {name: asdict(one) for name, one in self.known.items()}
        self._read[self._server] = {"videos": videos, "counts": self._counts}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        part = self._path.with_name(self._path.name + ".part")
        part.write_text(json.dumps(self._read, indent=2, ensure_ascii=False), encoding="utf-8")
        part.replace(self._path)


def telling(console: Console, *, as_json: bool) -> Tell:
    """Print a line for each thing that happens; as JSON, one object on each line."""

    def tell(name: str, state: str, text: str) -> None:
        if as_json:
            print(json.dumps({"video": name, "state": state, "text": text}, ensure_ascii=False), flush=True)
            return
        told = ": ".join(part for part in (name, state, text) if part)
        console.print(told, markup=False, highlight=False, soft_wrap=True)

    return tell
