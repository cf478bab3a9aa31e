"""Every write of the OpenAPI document as a request that the gateway would take, on a dubbed task of its own.

Bodies are made from the document's schemas, so an operation that is added tomorrow is asked too; `BODIES` says it
better where only somebody who knows the product can.
"""

import io
import json
import secrets
import signal
import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
from sqlmodel import Session, SQLModel, col, select

from services.gateway.db.engine import Database
from services.gateway.db.tables import (
    CastRow,
    ClipRow,
    DeliveryRow,
    ExportRow,
    MemoryRow,
    OutboxRow,
    TakeRow,
    Task,
    WebhookRow,
)
from services.gateway.documents import openapi
from services.gateway.hooks.rules import new_secret
from shared.storage import DirectoryStore, keys, put_bytes, read_bytes
from shared.testing import wait_until
from shared.transcript import PictureBox, PictureCue, PictureRow, PictureTitle, PictureWords, Transcript
from tests.services.gateway.conftest import VIDEO, Gateway, World

DOCUMENT = openapi()
_WRITES = ("post", "put", "patch", "delete")
Files = list[tuple[str, Any]]
SRT = b"1\n00:00:00,000 --> 00:00:01,000\nuno\n\n2\n00:00:02,000 --> 00:00:03,000\ndos\n"


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    spec: dict[str, Any] = field(hash=False, compare=False)

    @property
    def name(self) -> str:
        return str(self.spec["operationId"])

    @property
    def content(self) -> dict[str, Any]:
        found: dict[str, Any] = self.spec.get("requestBody", {}).get("content", {})
        return found

    @property
    def json_schema(self) -> dict[str, Any] | None:
        return self.content["application/json"]["schema"] if "application/json" in self.content else None

    def __str__(self) -> str:
        return self.name


OPERATIONS = [
    Operation(method, path, spec) for path, methods in DOCUMENT["paths"].items() for method, spec in methods.items()
]
WRITES = [operation for operation in OPERATIONS if operation.method in _WRITES]

BODIES: dict[str, Any] = {
    "create_task": {"source_url": "https://localhost.invalid/a.mp4", "config": {"target_languages": ["es"]}},
    "update_task": {"target_languages": ["es", "fr", "de"], "num_speakers": 2},
    "create_upload": {"filename": "a.mp4", "size": len(VIDEO)},
    "address_parts": {"part_numbers": [1]},
    "complete_upload": {"config": {"target_languages": ["es"]}, "start": True},
    "process_task": {"languages": ["es"], "stage": "export"},
    "process_language": {"stage": "export"},
    "insert_segment": {"start_s": 10.0, "end_s": 10.5, "speaker_id": "spk_1", "text": "new"},
    "update_segment": {"text": "edited"},
    "split_segment": {"at_s": 2.5, "text_at": 3},
    "merge_segments": {"segment_ids": ["s0000", "s0001"]},
    "update_line": {"text": "editado"},
    "update_lines": {"lines": [{"segment_id": "s0001", "text": "editado"}]},
    "wish_for_line": {"wish": "shorter"},
    "translate_titles": {"language": "es", "texts": ["ONE"]},
    "dub_lines": {"segment_ids": ["s0000"]},
    "create_speaker": {"name": "Ann"},
    "update_speaker": {"name": "Ann"},
    "update_speakers": {"voice": {"kind": "speaker", "id": "spk_1"}},
    "audition_voice": {"voice": {"kind": "speaker", "id": "spk_2"}, "segment_id": "s0000"},
    "merge_speakers": {"from": ["spk_1"], "into": "spk_2"},
    "assign_lines": {"segment_ids": ["s0001"]},
    "start_export": {"audio": [{"kind": "dub", "language": "es"}]},
    "create_term": {"source_language": "en", "target_language": "es", "source": "cat", "target": "gato"},
    "cancel_task": {"languages": ["es"]},
    "answer_task": {"choice": "continue"},
    "approve_language": {"by": "Ann"},
    "create_batch": {"rows": [{"source": "a.mp4", "languages": ["es"]}]},
    "create_webhook": {"url": "https://example.org/hook", "types": ["task.*"]},
    "update_webhook": {"types": ["*"], "enabled": True},
    "replay_webhook": {"since": "2026-01-01T00:00:00Z"},
}


def value_of(schema: dict[str, Any]) -> Any:
    """A value that `schema` of the document allows."""
    if "$ref" in schema:
        return value_of(DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]])
    for fixed in ("const", "default"):
        if schema.get(fixed) is not None:
            return schema[fixed]
    if "enum" in schema:
        return schema["enum"][0]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return value_of(schema[several][0])
    match schema.get("type"):
        case "object":
            return {name: value_of(part) for name, part in schema.get("properties", {}).items()}
        case "array":
            return [value_of(schema.get("items", {}))] * schema.get("minItems", 0)
        case "integer" | "number":
            return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
        case "boolean":
            return True
    return "x" * max(1, schema.get("minLength", 1))


@dataclass
class Scene:
    """A gateway, its database, and one dubbed task of which copies are made."""

    gateway: Gateway
    database: Database
    objects: Path
    task_id: str
    _hook: str = ""

    @cached_property
    def _rows(self) -> list[SQLModel]:
        with self.database.read() as session:
            return [row for table in _tables() for row in _of(session, table, self.task_id)]

    def copy(self) -> str:
        """Another task like it, with the same media."""
        task_id = f"{self.task_id[:-8]}{secrets.token_hex(4)}"
        with self.database.write() as session:
            for row in self._rows:
                fields = {name: value for name, value in row.model_dump().items() if name != "id"}
                if isinstance(row, ExportRow):
                    fields["export_id"] = f"exp_{secrets.token_hex(6)}"
                session.add(type(row)(**{**fields, "task_id": task_id}))
        return task_id

    def names(self, operation: Operation) -> dict[str, str]:
        """What the parameters of the path stand for, each made for this one request."""
        task_id = self.copy() if "{task_id}" in operation.path or operation.name == "keep_speaker" else ""
        if operation.name == "translate_titles":
            self._cue()
        found = {"task_id": task_id, "language": "es", "segment_id": "s0001", "speaker_id": "spk_1", "part_number": "1"}
        for parameter, make in self._made().items():
            if parameter in operation.path or (operation.name, parameter) == ("decide_cast", "cast_id"):
                found[parameter] = make(task_id)
        self._prepare(operation, task_id)
        return found

    def _prepare(self, operation: Operation, task_id: str) -> None:
        """Make the edit that is to be undone, undo the one that is to be made again."""
        if operation.name in ("undo_edit", "redo_edit"):
            url = f"/api/tasks/{task_id}"
            self.gateway.http.patch(f"{url}/segments/s0001", json={"text": "edited"}, headers={"If-Match": "*"})
            if operation.name == "redo_edit":
                self.gateway.http.post(f"{url}/undo")

    def gone(self, task_id: str) -> bool:
        """Whether a request has deleted the task."""
        return self.gateway.http.get(f"/api/tasks/{task_id}").status_code == 404

    def _made(self) -> dict[str, Callable[[str], str]]:
        return {
            "upload_id": lambda _: self.upload(),
            "term_id": lambda _: self._term(),
            "cast_id": lambda _: self._row(CastRow(cast_id=f"cast_{secrets.token_hex(6)}", name="Bob"), "cast_id"),
            "clip_id": lambda _: self._clip(),
            "memory_id": lambda _: self._memory(),
            "take_id": lambda task_id: self._first(TakeRow, task_id, "take_id"),
            "export_id": lambda task_id: self._first(ExportRow, task_id, "export_id"),
            "job_id": self._open_job,
            "batch_id": lambda _: self._batch(),
            "cue_id": lambda _: self._cue(),
            "row": lambda _: "1",
            "webhook_id": lambda _: self._webhook(),
            "delivery_id": lambda _: self._delivery(),
        }

    def _first(self, table: type[TakeRow | ExportRow], task_id: str, name: str) -> str:
        with self.database.read() as session:
            rows = _of(session, table, task_id)
        return str(next(getattr(row, name) for row in rows if getattr(row, "segment_id", "s0001") == "s0001"))

    def _cue(self) -> str:
        """The one subtitle, beside a title, in the picture of every copy: they share their transcript."""
        store, key = DirectoryStore(self.objects), keys.processed(self.task_id, 1, "transcript.json")
        transcript = Transcript.model_validate_json(read_bytes(store, key))
        row = PictureRow(box=PictureBox(x=0.3, y=0.8, w=0.4, h=0.1), text="uno", confidence=1)
        cue = PictureCue(id="p0001", start_s=0, end_s=1, text="uno", rows=(row,))
        title = PictureTitle(first_s=0, last_s=1, box=row.box, text="ONE", language="en")
        picture = PictureWords(language="es", cues=(cue,), titles=(title,))
        put_bytes(store, key, transcript.model_copy(update={"picture": picture}).model_dump_json().encode())
        return cue.id

    def _open_job(self, task_id: str) -> str:
        url = f"/api/tasks/{task_id}"
        self.gateway.http.post(f"{url}/process", json=BODIES["process_task"])
        found = self.gateway.http.get(f"{url}/jobs").json()
        return str(next(job["id"] for job in found if job["status"] in ("pending", "processing")))

    def _row(self, row: SQLModel, name: str) -> str:
        with self.database.write() as session:
            session.add(row)
            session.flush()
            return str(getattr(row, name))

    def _term(self) -> str:
        body = {"source_language": "en", "source": secrets.token_hex(8), "target": "x", "target_language": "es"}
        return str(self.gateway.http.post("/api/glossary", json=body).json()["term_id"])

    def _clip(self) -> str:
        clip_id = f"clip_{secrets.token_hex(6)}"
        return self._row(ClipRow(clip_id=clip_id, name="Ann", key=f"clips/{clip_id}.wav", duration_s=9.0), "clip_id")

    def _memory(self) -> str:
        hash_ = secrets.token_hex(32)
        row = MemoryRow(source_language="en", target_language="es", source_hash=hash_, source="cat", text="gato")
        return self._row(row, "id")

    def _batch(self) -> str:
        """One whose row waits for its video."""
        made = self.gateway.http.post("/api/batches", json=BODIES["create_batch"]).json()
        return str(made["batch"]["batch_id"])

    def _webhook(self) -> str:
        """At an address that is refused when it is to be reached, so that nothing leaves."""
        row = WebhookRow(webhook_id=f"hook_{secrets.token_hex(8)}", url="https://127.0.0.1/", secret=new_secret())
        self._hook = self._row(row, "webhook_id")
        return self._hook

    def _delivery(self) -> str:
        message_id = secrets.token_hex(8)
        row = DeliveryRow(webhook_id=self._hook, message_id=message_id, type="task.created", sequence=1, body="{}")
        return self._row(row, "id")

    def upload(self, video: bytes = VIDEO) -> str:
        """A resumable upload all parts of which have arrived."""
        http = self.gateway.http
        upload_id = http.post("/api/uploads", json={"filename": "a.mp4", "size": len(video)}).json()["upload_id"]
        (address,) = http.post(f"/api/uploads/{upload_id}/parts", json={"part_numbers": [1]}).json()
        assert http.put(address["url"], content=video).status_code == 204
        return str(upload_id)

    def request(self, operation: Operation, names: dict[str, str], *, as_json: bool = False) -> httpx.Request:
        """The request that `operation` would take; with JSON where it takes a form, too."""
        path = operation.path.replace("{name}", "x.srt")
        for name, value in names.items():
            path = path.replace(f"{{{name}}}", value)
        body: dict[str, Any] = {}
        if operation.name == "put_part":
            asked = self.gateway.http.post(f"/api/uploads/{names['upload_id']}/parts", json={"part_numbers": [1]})
            path, body = asked.json()[0]["url"], {"content": VIDEO}
        elif operation.name in ("put_subtitles", "preview_subtitles"):
            body = {"content": SRT}
        elif operation.name == "keep_speaker":
            body = {"json": {"task_id": names["task_id"], "speaker_id": "spk_2", "name": "Ann"}}
        elif operation.name in ("create_term", "update_term"):
            body = {"json": {**BODIES["create_term"], "source": names.get("term_id") or secrets.token_hex(8)}}
        elif operation.name == "decide_cast":
            body = {"json": {"cast_id": names["cast_id"]}}
        elif operation.name == "create_batch_of_csv":
            body = {"content": b"source,languages\na.mp4,es\n", "headers": {"content-type": "text/csv"}}
        elif "text/csv" in operation.content:
            body = {"content": b"source_language,source,target\nen,cat,gato\n", "headers": {"content-type": "text/csv"}}
        elif "multipart/form-data" in operation.content and not as_json:
            body = {"files": _files(operation)}
        elif operation.json_schema is not None:
            body = {"json": BODIES.get(operation.name, value_of(operation.json_schema))}
        headers = {"If-Match": "*", **body.pop("headers", {})}
        made = self.gateway.http.build_request(operation.method.upper(), path, headers=headers, **body)
        made.read()
        return made


def _files(operation: Operation) -> Files:
    if operation.name == "create_task":
        config = json.dumps({"target_languages": ["es"], "source_language": "en"})
        return [("config", (None, config)), ("subtitles", ("a.srt", SRT)), ("video", ("a.mp4", VIDEO))]
    schema = operation.content["multipart/form-data"]["schema"]
    return [
        (name, (f"{name}.wav", _sound()) if part.get("format") == "binary" else (None, "true"))
        for name, part in schema["properties"].items()
    ]


def _sound() -> bytes:
    """Six seconds of a buzz: a clip of somebody's voice, for who does not listen."""
    made = io.BytesIO()
    with wave.open(made, "wb") as wav:
        wav.setparams((1, 1, 8000, 0, "NONE", ""))
        wav.writeframes(bytes(range(0, 250, 5)) * 960)
    return made.getvalue()


def _tables() -> list[type[SQLModel]]:
    """The tables that hold a task, except for what is on its way to somebody."""
    tables = [mapper.class_ for mapper in SQLModel._sa_registry.mappers]
    return [table for table in tables if "task_id" in table.model_fields and table not in (OutboxRow, DeliveryRow)]


def _of(session: Session, table: Any, task_id: str) -> list[Any]:
    return list(session.exec(select(table).where(col(table.task_id) == task_id)))


def open_scene(world: World, module: str = "services.gateway") -> Scene:
    """Dub a task with stub workers, export it by a recipe, and let the workers go."""
    gateway = world.gateway(module)
    workers = world.workers()
    task_id = str(gateway.create('{"target_languages": ["es", "fr"]}', start=True)["task_id"])
    gateway.wait_for(task_id)
    started = gateway.http.post(f"/api/tasks/{task_id}/exports", json=BODIES["start_export"])
    assert started.status_code == 202, started.text
    made = f"/api/tasks/{task_id}/exports/{started.json()['export_id']}"
    wait_until(lambda: gateway.http.get(made).json()["status"] == "completed", 30, "the export is not made")
    workers.end(signal.SIGKILL)
    database = Database(world.database_url)
    with database.read() as session:
        assert session.exec(select(Task).where(Task.task_id == task_id)).one().media is not None
    return Scene(gateway, database, world.folder / "objects", task_id)
