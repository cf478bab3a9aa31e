"""A small typed client of the gateway."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import quote

import httpx

from localclip.errors import ApiError, ServerUnreachable
from localclip.events import ServerEvent, read_events
from localclip.models import (
    Artifact,
    Batch,
    BatchDelivery,
    BatchItem,
    BatchPlan,
    CastMember,
    Delivery,
    Edit,
    Export,
    Health,
    Line,
    LogEntry,
    Preset,
    Report,
    ReviewLine,
    Take,
    Task,
    TaskEngine,
    TaskPage,
    Term,
    Voice,
    Webhook,
)
from shared.messaging import Brief, ExportRecipe
from shared.pipeline import Stage

_CHUNK = 1024 * 1024
_SILENCE_S = 20.0  # four missed heartbeats
_ANSWER_S = 60.0
Sent = Callable[[int], None]


@dataclass(frozen=True)
class NewTask:
    """A video and what is to become of it; `translations` are subtitle files by target language."""

    video: Path
    target_languages: Sequence[str]
    source_language: str | None = None
    num_speakers: int | None = None
    audio_track: str | None = None
    text_track: int | None = None
    source_text: str | None = None
    on_doubt: str | None = None
    chinese: str | None = None
    brief: Brief | None = None
    other_languages: str | None = None
    export_settings: Mapping[str, Any] = field(default_factory=dict)
    subtitles: Path | None = None
    translations: Mapping[str, Path] = field(default_factory=dict)
    stop_after: str | None = None

    def config(self) -> str:
        """The `config` field of the upload; what is left out, the account's settings say."""
        config = {
            "target_languages": list(self.target_languages),
            "source_language": self.source_language,
            "num_speakers": self.num_speakers,
            "audio_track": self.audio_track,
            "text_track": self.text_track,
            "source_text": self.source_text,
            "on_doubt": self.on_doubt,
            "chinese": self.chinese,
            "other_languages": self.other_languages,
            "brief": self.brief.model_dump(mode="json") if self.brief else None,
            "export_settings": dict(self.export_settings),
            "stop_after": self.stop_after,
        }
        return json.dumps({name: value for name, value in config.items() if value or name == "target_languages"})


class Client:
    """Speaks to one gateway; every method may raise ApiError or ServerUnreachable."""

    def __init__(self, server: str, api_key: str | None = None) -> None:
        self.server = server.rstrip("/")
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        # Proxies of the environment are for the internet, and a gateway is mostly on this machine.
        self._http = httpx.Client(
            base_url=self.server, headers=headers, timeout=_ANSWER_S, trust_env=not _is_local(self.server)
        )

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ready(self) -> tuple[bool, Health]:
        """Ask whether the gateway and all it works with answer, and how many workers wait."""
        with _reaching(self.server):
            answer = self._http.get("/readyz", params={"all": True}, timeout=5.0)
        try:
            return answer.status_code == 200, Health.model_validate(answer.json())
        except ValueError:
            return False, Health()

    def create(self, new: NewTask, *, start: bool = True, on_sent: Sent | None = None, key: str | None = None) -> Task:
        """Upload a video, read from disk as it is sent; `on_sent` gets the bytes sent so far.

        The same with the same `key` again is the same task.
        """
        small = {"subtitles": new.subtitles} if new.subtitles else {}
        small |= {f"translation_{language}": path for language, path in new.translations.items()}
        fields = {"config": new.config(), **({"start": "true"} if start else {})}
        headers = {"Idempotency-Key": key} if key else {}
        return self._upload(new.video, small, on_sent, data=fields, headers=headers)

    def send_row(
        self, batch_id: str, row: int, video: Path, files: Mapping[str, Path], on_sent: Sent | None = None
    ) -> Task:
        """Upload the video of a row of a batch with the subtitles it names; the row twice is one task."""
        return self._upload(video, files, on_sent, params={"batch_id": batch_id, "row": row})

    def _upload(self, video: Path, small: Mapping[str, Path], on_sent: Sent | None, **options: Any) -> Task:
        files: list[tuple[str, tuple[str, bytes | BinaryIO]]] = [
            (name, (path.name, path.read_bytes())) for name, path in small.items()
        ]
        with video.open("rb") as source:
            body = cast(BinaryIO, _Counted(source, on_sent or (lambda _: None)))
            files.append(("video", (video.name, body)))
            timeout = httpx.Timeout(_ANSWER_S, read=600.0)
            answer = self._request("POST", "/api/tasks", files=files, timeout=timeout, **options)
        return Task.model_validate(answer.json())

    def create_batch(
        self, manifest: Mapping[str, Any], key: str | None = None, *, dry_run: bool = False, skip_refused: bool = False
    ) -> BatchPlan:
        """Make a batch, or tell what it would be; with the same `key` the same batch once more."""
        headers = {"Idempotency-Key": key} if key and not dry_run else {}
        asked = {"dry_run": dry_run, "skip_refused": skip_refused}
        return BatchPlan.model_validate(
            self._request("POST", "/api/batches", json=dict(manifest), params=asked, headers=headers).json()
        )

    def batch(self, batch_id: str) -> Batch:
        """How far a batch is."""
        return Batch.model_validate(self._request("GET", f"/api/batches/{batch_id}").json())

    def batch_rows(self, batch_id: str) -> tuple[BatchItem, ...]:
        """All rows of a batch."""
        found: list[BatchItem] = []
        while True:
            page = {"skip": len(found), "limit": 1000}
            answer = self._request("GET", f"/api/batches/{batch_id}/rows", params=page)
            rows = [BatchItem.model_validate(item) for item in answer.json()]
            found += rows
            if not rows or len(found) >= int(answer.headers.get("X-Total-Count", 0)):
                return tuple(found)

    def drop_row(self, batch_id: str, row: int) -> None:
        """Give up a row whose video does not come."""
        self._request("DELETE", f"/api/batches/{batch_id}/rows/{row}")

    def retry_batch(self, batch_id: str) -> Batch:
        """Do again what failed or was canceled in a batch."""
        return Batch.model_validate(self._request("POST", f"/api/batches/{batch_id}/retry").json())

    def deliver_batch(self, batch_id: str, prefix: str) -> BatchDelivery:
        """Have the files of a batch copied into the bucket that the operator opened."""
        answer = self._request("POST", f"/api/batches/{batch_id}/deliveries", json={"prefix": prefix})
        return BatchDelivery.model_validate(answer.json())

    def batch_deliveries(self, batch_id: str) -> tuple[BatchDelivery, ...]:
        """Where files of a batch were copied, or are being copied."""
        answer = self._request("GET", f"/api/batches/{batch_id}/deliveries")
        return tuple(BatchDelivery.model_validate(one) for one in answer.json())

    def task(self, task_id: str) -> Task:
        """Read a task."""
        return Task.model_validate(self._request("GET", f"/api/tasks/{task_id}").json())

    def tasks(self, skip: int = 0, limit: int = 50, status: str | None = None) -> TaskPage:
        """List tasks, newest first."""
        parameters = {"skip": skip, "limit": limit, **({"status": status} if status else {})}
        answer = self._request("GET", "/api/tasks", params=parameters)
        found = tuple(Task.model_validate(item) for item in answer.json())
        return TaskPage(tasks=found, total=int(answer.headers.get("X-Total-Count", len(found))))

    def brief(self, task_id: str) -> Brief:
        """What the translators of a task are told."""
        answer = self._request("GET", f"/api/tasks/{task_id}").json()
        return Brief.model_validate(answer["config"].get("brief") or {})

    def set_brief(self, task_id: str, brief: Brief) -> None:
        """Tell them something else from now on."""
        self._request("PATCH", f"/api/tasks/{task_id}", json={"brief": brief.model_dump(mode="json")})

    def delete(self, task_id: str) -> None:
        """Remove a task and everything made from it."""
        self._request("DELETE", f"/api/tasks/{task_id}")

    def process(
        self,
        task_id: str,
        languages: Sequence[str] | None = None,
        stage: Stage = Stage.EXPORT,
        *,
        dub_changed: bool = False,
    ) -> Task:
        """Bring languages (None: all targets) up to and including `stage`; `dub_changed`: speak edited lines first."""
        body = {"languages": list(languages) if languages else None, "stage": stage, "dub_changed": dub_changed}
        return Task.model_validate(self._request("POST", f"/api/tasks/{task_id}/process", json=body).json())

    def cancel(self, task_id: str, languages: Sequence[str] | None = None) -> Task:
        """Stop the work on languages (None: everything)."""
        body = {"languages": list(languages) if languages else None}
        return Task.model_validate(self._request("POST", f"/api/tasks/{task_id}/cancel", json=body).json())

    def retry(self, task_id: str) -> Task:
        """Do again what failed or was canceled."""
        return Task.model_validate(self._request("POST", f"/api/tasks/{task_id}/retry").json())

    def approve(self, task_id: str, language: str, by: str | None = None) -> Task:
        """Let a language go on that waits at the stop of its task; `by` says who, the account where nobody is named."""
        answer = self._request("POST", f"/api/tasks/{task_id}/languages/{language}/approve", json={"by": by})
        return Task.model_validate(answer.json())

    def answer(
        self,
        task_id: str,
        choice: str,
        *,
        question_id: str | None = None,
        language: str | None = None,
        subtitles: Path | None = None,
    ) -> Task:
        """Answer what a task asks: `continue`, another `language`, or `subtitles`."""
        sent = base64.b64encode(subtitles.read_bytes()).decode() if subtitles else None
        body = {"choice": choice, "question_id": question_id, "language": language, "subtitles": sent}
        return Task.model_validate(self._request("POST", f"/api/tasks/{task_id}/answer", json=body).json())

    def logs(self, task_id: str, limit: int = 200) -> tuple[LogEntry, ...]:
        """What happened to a task, oldest first."""
        answer = self._request("GET", f"/api/tasks/{task_id}/logs", params={"limit": limit})
        return tuple(LogEntry.model_validate(item) for item in answer.json())

    def webhooks(self) -> tuple[Webhook, ...]:
        """The addresses that are told of events."""
        return tuple(Webhook.model_validate(item) for item in self._request("GET", "/api/webhooks").json())

    def add_webhook(self, url: str, types: Sequence[str], description: str = "") -> Webhook:
        """Have events of some types told to an address; the answer has its secret, this once."""
        body = {"url": url, "types": list(types), "description": description}
        return Webhook.model_validate(self._request("POST", "/api/webhooks", json=body).json())

    def remove_webhook(self, webhook_id: str) -> None:
        """Tell an address nothing more."""
        self._request("DELETE", f"/api/webhooks/{quote(webhook_id, safe='')}")

    def deliveries(self, webhook_id: str, state: str | None = None, limit: int = 50) -> tuple[Delivery, ...]:
        """Events for an address with their attempts, newest first."""
        parameters = {"limit": limit, **({"state": state} if state else {})}
        answer = self._request("GET", f"/api/webhooks/{quote(webhook_id, safe='')}/deliveries", params=parameters)
        return tuple(Delivery.model_validate(item) for item in answer.json())

    def artifacts(self, task_id: str) -> tuple[Artifact, ...]:
        """List the files of a task."""
        return tuple(
            Artifact.model_validate(item) for item in self._request("GET", f"/api/tasks/{task_id}/artifacts").json()
        )

    def report(self, task_id: str, language: str) -> Report:
        """Read the exporter's report on a language."""
        return Report.model_validate(self._request("GET", f"/api/tasks/{task_id}/languages/{language}/report").json())

    def lines(self, task_id: str, language: str) -> tuple[Line, ...]:
        """Read the lines of a language in time order."""
        answer = self._request("GET", f"/api/tasks/{task_id}/languages/{language}/lines")
        return tuple(Line.model_validate(item) for item in answer.json())

    def line(self, task_id: str, language: str, segment_id: str) -> Line:
        """Read one line."""
        return Line.model_validate(self._request("GET", _line(task_id, language, segment_id)).json())

    def edit_line(self, task_id: str, line: Line, language: str, **changes: Any) -> Line:
        """Change a line as it was read; refused when it was changed since."""
        address = _line(task_id, language, line.segment_id)
        answer = self._request("PATCH", address, json=changes, headers={"If-Match": f'"{line.version}"'})
        return Line.model_validate(answer.json())

    def redub(self, task_id: str, language: str, segment_ids: Sequence[str] = ()) -> int:
        """Speak lines again, all outdated ones when none are named; return how many were begun."""
        body = {"segment_ids": list(segment_ids)} if segment_ids else {"only_stale": True}
        answer = self._request("POST", f"/api/tasks/{task_id}/languages/{language}/dub", json=body)
        return int(answer.json()["lines"])

    def listen(self, task_id: str, language: str) -> int:
        """Have all takes heard that nobody heard yet; return how many those are."""
        return int(self._request("POST", f"/api/tasks/{task_id}/languages/{language}/listen").json()["lines"])

    def takes(self, task_id: str, language: str, segment_id: str) -> tuple[Take, ...]:
        """Read the takes a line has had, newest first."""
        answer = self._request("GET", f"{_line(task_id, language, segment_id)}/takes")
        return tuple(Take.model_validate(item) for item in answer.json())

    def choose_take(self, task_id: str, language: str, line: Line, take_id: str) -> Line:
        """Let a take count again and keep it."""
        address = f"{_line(task_id, language, line.segment_id)}/takes/{quote(take_id, safe='')}/choose"
        answer = self._request("POST", address, headers={"If-Match": f'"{line.version}"'})
        return Line.model_validate(answer.json())

    def voices(self, language: str) -> tuple[Voice, ...]:
        """Voices that speak a language."""
        answer = self._request("GET", "/api/voices", params={"language": language})
        return tuple(Voice.model_validate(item) for item in answer.json())

    def undo(self, task_id: str) -> Edit:
        """Revert the newest edit."""
        return Edit.model_validate(self._request("POST", f"/api/tasks/{task_id}/undo").json()["edit"])

    def redo(self, task_id: str) -> Edit:
        """Do the edit again that was undone last."""
        return Edit.model_validate(self._request("POST", f"/api/tasks/{task_id}/redo").json()["edit"])

    def review(self, task_id: str, limit: int = 100, *, minor: bool = False) -> tuple[tuple[ReviewLine, ...], int]:
        """Lines worth a look, worst first, and how many there are; `minor` adds those that are only sped up."""
        parameters: dict[str, int | str] = {"limit": limit, "minor": str(minor).lower()}
        answer = self._request("GET", f"/api/tasks/{task_id}/review", params=parameters)
        found = tuple(ReviewLine.model_validate(item) for item in answer.json())
        return found, int(answer.headers.get("X-Total-Count", len(found)))

    def task_engines(self, task_id: str) -> tuple[TaskEngine, ...]:
        """What a task keeps to, and what would be better."""
        answer = self._request("GET", f"/api/tasks/{task_id}/engines")
        return tuple(TaskEngine.model_validate(item) for item in answer.json())

    def upgrade_engines(
        self, task_id: str, languages: Sequence[str] | None = None, ports: Sequence[str] | None = None
    ) -> tuple[TaskEngine, ...]:
        """Keep to what is here now (None: in all target languages, all ports); `base` is for what listens."""
        body = {"languages": list(languages) if languages else None, "ports": list(ports) if ports else None}
        answer = self._request("POST", f"/api/tasks/{task_id}/engines/upgrade", json=body)
        return tuple(TaskEngine.model_validate(item) for item in answer.json())

    def terms(self, source_language: str | None = None, target_language: str | None = None) -> tuple[Term, ...]:
        """The glossary of the account."""
        named = {"source": source_language, "target": target_language, "limit": "10000"}
        answer = self._request("GET", "/api/glossary", params={name: value for name, value in named.items() if value})
        return tuple(Term.model_validate(item) for item in answer.json())

    def add_term(
        self,
        source_language: str,
        target_language: str | None,
        source: str,
        target: str | None = None,
        pronunciation: str | None = None,
    ) -> Term:
        """Add a glossary term."""
        body = {
            "source_language": source_language,
            "target_language": target_language,
            "source": source,
            "target": target,
            "pronunciation": pronunciation,
        }
        return Term.model_validate(self._request("POST", "/api/glossary", json=body).json())

    def remove_term(self, term_id: str) -> None:
        """Remove a glossary term."""
        self._request("DELETE", f"/api/glossary/{term_id}")

    def import_terms(self, file: Path) -> dict[str, int]:
        """Take over a CSV file of terms; says how many were added, updated and unchanged."""
        headers = {"Content-Type": "text/csv"}
        answer = self._request("POST", "/api/glossary/import", content=file.read_bytes(), headers=headers)
        return {str(word): int(count) for word, count in answer.json().items()}

    def cast(self) -> tuple[CastMember, ...]:
        """People known from earlier tasks."""
        return tuple(CastMember.model_validate(item) for item in self._request("GET", "/api/cast").json())

    def keep_speaker(self, task_id: str, speaker_id: str, name: str | None = None) -> CastMember:
        """Keep a speaker of a task as a known person."""
        body = {"task_id": task_id, "speaker_id": speaker_id, "name": name}
        return CastMember.model_validate(self._request("POST", "/api/cast", json=body).json())

    def download(self, task_id: str, artifact: Artifact, target: Path) -> Path:
        """Write a file of a task to `target`, which appears whole or not at all."""
        return self.fetch(f"/api/tasks/{task_id}/artifacts/{artifact.language}/{artifact.name}", target)

    def presets(self) -> tuple[Preset, ...]:
        """Recipes to begin with."""
        return tuple(Preset.model_validate(item) for item in self._request("GET", "/api/recipes").json())

    def start_export(self, task_id: str, recipe: ExportRecipe) -> Export:
        """Have a recipe made."""
        body = recipe.model_dump(mode="json")
        return Export.model_validate(self._request("POST", f"/api/tasks/{task_id}/exports", json=body).json())

    def export(self, task_id: str, export_id: str) -> Export:
        """Read an export by recipe."""
        return Export.model_validate(self._request("GET", f"/api/tasks/{task_id}/exports/{export_id}").json())

    def delete_export(self, task_id: str, export_id: str) -> None:
        """Stop an export by recipe and remove its files."""
        self._request("DELETE", f"/api/tasks/{task_id}/exports/{export_id}")

    def fetch(self, address: str, target: Path) -> Path:
        """Write what `address` holds to `target`, which appears whole or not at all."""
        part = target.with_name(target.name + ".part")
        with _reaching(self.server), self._http.stream("GET", address) as answer:
            _check(answer)
            with part.open("wb") as sink:
                for chunk in answer.iter_bytes(_CHUNK):
                    sink.write(chunk)
        part.replace(target)
        return target

    def events(self, task_id: str | None = None, last_event_id: str | None = None) -> Iterator[ServerEvent]:
        """Yield live events of a task (None: of all) until the stream ends.

        With `last_event_id` the facts after it come first. Raises ServerUnreachable when the stream falls silent.
        """
        address = f"/api/tasks/{task_id}/events" if task_id else "/api/events"
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_event_id} if last_event_id else {})
        patience = httpx.Timeout(10.0, read=_SILENCE_S)
        with _reaching(self.server), self._http.stream("GET", address, headers=headers, timeout=patience) as answer:
            _check(answer)
            yield from read_events(answer.iter_raw())

    def _request(self, method: str, address: str, **options: Any) -> httpx.Response:
        with _reaching(self.server):
            answer = self._http.request(method, address, **options)
        _check(answer)
        return answer


def _line(task_id: str, language: str, segment_id: str) -> str:
    return f"/api/tasks/{task_id}/languages/{language}/lines/{quote(segment_id, safe='')}"


class _Counted:
    """A file that tells how far it was read; httpx finds its length through `fileno`."""

    def __init__(self, file: BinaryIO, on_sent: Sent) -> None:
        self._file, self._on_sent = file, on_sent

    def read(self, size: int = -1) -> bytes:
        # httpx asks for 64 KiB at a time, which costs a system call and a progress update each.
        data = self._file.read(max(size, _CHUNK) if size >= 0 else size)
        self._on_sent(self._file.tell())
        return data

    def fileno(self) -> int:
        return self._file.fileno()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)


@contextmanager
def _reaching(server: str) -> Iterator[None]:
    """Turn transport failures into one that names the server."""
    try:
        yield
    except httpx.TransportError as error:
        reason = str(error) or type(error).__name__
        raise ServerUnreachable(f"no answer from {server} ({reason}); is `localclip up` running there?") from error
    except httpx.InvalidURL as error:
        raise ServerUnreachable(f"'{server}' is not an address; write http://host:port") from error


def _check(answer: httpx.Response) -> None:
    """Raises: ApiError, for anything but a success."""
    if answer.is_success:
        return
    answer.read()
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        problem = {}
    detail = problem.get("detail") or problem.get("title") or f"HTTP {answer.status_code} {answer.reason_phrase}"
    raise ApiError(answer.status_code, str(problem.get("code", "http_error")), str(detail), problem.get("errors") or ())


def _is_local(server: str) -> bool:
    with _reaching(server):
        return httpx.URL(server).host in ("localhost", "127.0.0.1", "::1")
    return False
