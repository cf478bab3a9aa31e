"""Dub many videos as a client: create or continue the batch, send what is missing, follow, download."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from rich.console import Console
from rich.table import Table

from localclip.errors import ApiError, LocalClipError, ServerUnreachable
from localclip.pairing import Manifest, stems
from localclip.results import fetch_named
from localclip.view import seconds_text
from localclip_client import Batch, BatchItem, BatchPlan, Client, Status
from localclip_client.models import Artifact, BatchDelivery

_STATE = ".localclip-batch.json"
_POLL_S = 2.0
_PATIENCE_S = 120.0
_ENDED = ("completed", "failed", "canceled", "deleted")
P = ParamSpec("P")
T = TypeVar("T")


@dataclass
class Outcome:
    """The outcome of a row: its files, and what is wrong with it."""

    item: BatchItem
    files: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    failed: bool = False

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        told = self.item.model_dump(mode="json", include={"row", "source", "outcome", "task_id", "languages"})
        return {**told, "files": self.files, "reasons": self.reasons}


@dataclass
class Ended:
    """The end of a batch."""

    batch_ids: list[str]
    outcomes: list[Outcome]
    deliveries: list[BatchDelivery] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0: every gate passed; 1: something was not made, or not delivered; 3: a gate did not, or it waits."""
        undelivered = any(one.state != "completed" or one.missing for one in self.deliveries)
        if undelivered or any(one.failed for one in self.outcomes):
            return 1
        return 3 if any(one.reasons for one in self.outcomes) else 0


class Batching:
    """One run of the command; everything it has to remember is in the results folder."""

    def __init__(self, client: Client, manifest: Manifest, out: Path, console: Console, name: str) -> None:
        self._client, self._manifest, self._out, self._console = client, manifest, out, console
        self._refused: dict[str, str] = {}
        self._state = _State(out / _STATE, name)

    def plan(self) -> BatchPlan:
        """What a run would do with the rows that no earlier run has finished."""
        body = self._new(self._known())
        return self._dry(body) if body else BatchPlan()

    def run(self, *, skip_refused: bool = False) -> Ended:
        """Make what is missing, and bring everything to its end. Running it again repeats nothing.

        Raises: LocalClipError, if rows are refused or files are missing; nothing is then created.
        """
        body = self._new(self._known())
        for batch_id in self._state.batch_ids:
            self._retry(batch_id)
        if body:
            self._make(body, skip_refused=skip_refused)
        for batch_id in self._state.batch_ids:
            self._send(batch_id)
        return self._follow()

    def _new(self, known: Mapping[str, object]) -> dict[str, Any] | None:
        """The manifest without the known rows; the gateway knows what is below a prefix."""
        body = self._manifest.body
        if "source_prefix" in body:
            return {**body, "without": sorted(known)}
        rows = [row for row in self._manifest.rows if not (isinstance(row, dict) and row.get("source") in known)]
        return {**body, "rows": rows} if rows else None

    def _dry(self, body: Mapping[str, Any]) -> BatchPlan:
        """What would be done; nothing, if every video below a prefix is known."""
        try:
            return self._patient(self._client.create_batch, body, dry_run=True)
        except ApiError as error:
            if error.code != "nothing_new":
                raise
            return BatchPlan()

    def _known(self) -> dict[str, BatchItem]:
        found = {}
        for batch_id in list(self._state.batch_ids):
            try:
                rows = self._patient(self._client.batch_rows, batch_id)
            except ApiError as error:
                if error.status != 404:
                    raise
                self._state.drop(batch_id)  # somebody deleted it
                continue
            found.update({row.source: row for row in rows})
        return found

    def _retry(self, batch_id: str) -> None:
        rows = self._patient(self._client.batch, batch_id).rows
        if rows.get("failed") or rows.get("canceled"):
            self._console.print("trying again what failed", markup=False)
            self._patient(self._client.retry_batch, batch_id)

    def _make(self, body: Mapping[str, Any], *, skip_refused: bool) -> None:
        """Create a batch. Refusals are checked first, since a refusal would be repeated for the same key."""
        plan = self._dry(body)
        for row in plan.rows:
            for one in row.refused:
                self._tell(f"row {row.row} {row.source}: {one.detail}")
                if one.language is None or not row.languages:
                    self._refused[row.source] = one.detail
        if plan.refused and not skip_refused:
            raise LocalClipError(f"{plan.refused} rows are refused; nothing was made (--skip-refused dubs the others)")
        if len(self._refused) == len(plan.rows):
            return
        said = json.dumps([body, skip_refused, str(self._out.resolve()), self._state.made], sort_keys=True).encode()
        key = f"localclip-batch-{hashlib.sha256(said).hexdigest()}"
        made = self._patient(self._client.create_batch, body, key, skip_refused=skip_refused)
        if made.batch is not None:
            self._state.add(made.batch.batch_id)

    def _send(self, batch_id: str) -> None:
        """Send the videos that have not arrived and that the gateway does not fetch; one that fails does not stop the
        others."""
        rows = self._patient(self._client.batch_rows, batch_id)
        waiting = [row for row in rows if row.outcome == "waiting" and not row.fetched]
        for number, row in enumerate(waiting, 1):
            video = self._manifest.root / row.source
            files = {name: self._manifest.root / file for name, file in row.files.items()}
            missing = [str(path) for path in (video, *files.values()) if not path.is_file()]
            if missing:
                self._give_up(batch_id, row, f"not here: {', '.join(missing)}")
                continue
            self._console.print(f"sending {number} of {len(waiting)}: {row.source}", markup=False, highlight=False)
            try:
                self._patient(self._client.send_row, batch_id, row.row, video, files)
            except ApiError as error:
                self._give_up(batch_id, row, str(error))

    def _give_up(self, batch_id: str, row: BatchItem, why: str) -> None:
        """A batch ends without the row; the next run tries it again."""
        self._refused[row.source] = why
        try:
            self._patient(self._client.drop_row, batch_id, row.row)
        except ApiError as error:
            if error.status not in (404, 409):  # its task exists, or the batch is gone: nothing to give up
                raise

    def deliver(self, ended: Ended, prefix: str) -> None:
        """Have the files copied into a bucket, and wait until they are there; existing ones are not copied again."""
        for batch_id in ended.batch_ids:
            asked = self._patient(self._client.deliver_batch, batch_id, prefix)
            told = ""
            while True:
                deliveries = self._patient(self._client.batch_deliveries, batch_id)
                one = next((one for one in deliveries if one.delivery_id == asked.delivery_id), None)
                if one is None:
                    raise LocalClipError("the batch was deleted while its files were copied")
                text = f"{one.done} of {one.files} files lie in {one.bucket}/{one.prefix}"
                if one.state == "copying" and one.error_message:
                    text += f"; tried again: {one.error_message}"
                if text != told:
                    self._console.print(text, markup=False, highlight=False)
                    told = text
                if one.state != "copying":
                    break
                time.sleep(_POLL_S)
            for name in one.missing:
                self._tell(f"{name} went while it was copied")
            if one.state != "completed":
                self._tell(f"not delivered: {one.error_message}")
            ended.deliveries.append(one)

    def _follow(self) -> Ended:
        fetched: dict[str, list[str]] = {}
        told = ""
        while True:
            batches = [self._patient(self._client.batch, id_) for id_ in self._state.batch_ids]
            items = [row for id_ in self._state.batch_ids for row in self._patient(self._client.batch_rows, id_)]
            where = stems(item.source for item in items)
            for item in items:
                if item.source not in fetched and item.outcome in ("completed", "failed"):
                    fetched[item.source] = self._fetch(item, where[item.source])
            if (text := _how_far(batches, items)) != told:
                self._console.print(text, markup=False, highlight=False)
                told = text
            if not any(item.outcome == "processing" or self._comes(item) for item in items):
                return Ended(list(self._state.batch_ids), self._judged(items, fetched))
            time.sleep(_POLL_S)

    def _comes(self, item: BatchItem) -> bool:
        """Whether something will still happen to a row by itself."""
        return item.outcome == "waiting" and item.source not in self._refused

    def _fetch(self, item: BatchItem, where: Path) -> list[str]:
        """Download a row's results, except existing files; files appear complete or not at all."""
        if item.task_id is None:
            return []
        task_id = item.task_id

        def download(file: Artifact, target: Path) -> None:
            if not target.is_file() or target.stat().st_size != file.size:
                self._patient(self._client.download, task_id, file, target)

        return fetch_named(self._patient(self._client.artifacts, task_id), item.languages, self._out, where, download)

    def _judged(self, items: Sequence[BatchItem], fetched: Mapping[str, list[str]]) -> list[Outcome]:
        outcomes = []
        for item in items:
            one = Outcome(item, fetched.get(item.source, []))
            one.reasons, one.failed = reasons_of(item)
            if item.source in self._refused:
                one.item = item.model_copy(update={"outcome": "refused"})
                one.reasons, one.failed = [self._refused[item.source]], True
            outcomes.append(one)
        there = {item.source for item in items}
        for source, why in self._refused.items():
            if source not in there:
                refused = BatchItem(row=0, source=source, outcome="refused")
                outcomes.append(Outcome(refused, [], [why], failed=True))
        return outcomes

    def _patient(self, ask: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Retry while the gateway does not answer, for two minutes."""
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return ask(*arguments, **named)
            except ServerUnreachable:
                if time.monotonic() > until:
                    raise
            except ApiError as error:
                passes = error.status >= 500 or error.code == "request_in_progress"
                if not passes or time.monotonic() > until:
                    raise
            time.sleep(_POLL_S)

    def _tell(self, text: str) -> None:
        self._console.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)


class _State:
    """Which batches of a gateway belong to a results folder."""

    def __init__(self, path: Path, server: str) -> None:
        self._path, self._server = path, server
        self._read = self._load()

    @property
    def batch_ids(self) -> list[str]:
        """The existing ones."""
        return self._entry()["batches"]  # type: ignore[no-any-return]

    @property
    def made(self) -> int:
        """How many were created so far, including those deleted since."""
        return int(self._entry()["made"])

    def add(self, batch_id: str) -> None:
        """Remember one."""
        if batch_id not in self.batch_ids:
            self.batch_ids.append(batch_id)
            self._entry()["made"] += 1
        self._save()

    def drop(self, batch_id: str) -> None:
        """Forget one."""
        self.batch_ids.remove(batch_id)
        self._save()

    def _entry(self) -> dict[str, Any]:
        found: dict[str, Any] = self._read.setdefault(self._server, {"batches": [], "made": 0})
        return found

    def _load(self) -> dict[str, Any]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise LocalClipError(f"{self._path} cannot be read ({error}); remove it to begin anew") from error
        return found if isinstance(found, dict) else {}

    def _save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        part = self._path.with_name(self._path.name + ".part")
        part.write_text(json.dumps(self._read, indent=2), encoding="utf-8")
        part.replace(self._path)


def reasons_of(item: BatchItem) -> tuple[list[str], bool]:
    """What is wrong with a row, language by language, and whether something could not be made."""
    found, failed = [], item.outcome in ("failed", "canceled", "deleted")
    if item.outcome not in ("completed", "pending", "processing"):
        found.append(f"{item.error_code}: {item.error_message}" if item.error_message else item.outcome)
    for code, language in item.languages.items():
        if language.status is Status.COMPLETED and language.gate == "passed":
            continue
        if language.error_message:
            found.append(f"{code}: {language.error_code}: {language.error_message}")
        elif language.status is Status.COMPLETED:
            found.append(f"{code}: {', '.join(language.gate_reasons) or 'the gate did not judge it'}")
        else:
            found.append(f"{code}: {language.status}" + (", waits for somebody" if item.outcome == "pending" else ""))
    return list(dict.fromkeys(found)), failed


def _how_far(batches: Sequence[Batch], items: Sequence[BatchItem]) -> str:
    done = sum(item.outcome in _ENDED for item in items)
    total = sum(batch.rows_total for batch in batches) or 1
    percent = sum(batch.progress * batch.rows_total for batch in batches) // total
    etas = [batch.eta_seconds for batch in batches if batch.eta_seconds is not None]
    left = f", about {seconds_text(max(etas))} left" if etas else ""
    return f"{done} of {len(items)} videos, {percent} %{left}"


def plan_table(plan: BatchPlan) -> Table:
    """What would be done, row by row."""
    grid = Table(title=f"{len(plan.rows)} videos, {plan.refused} refused", title_justify="left")
    for heading in ("row", "video", "languages", "with it", "refused or to know"):
        grid.add_column(heading, overflow="fold")
    for row in plan.rows:
        told = [one.detail for one in row.refused] + list(row.notes)
        grid.add_row(str(row.row), row.source, ", ".join(row.languages), ", ".join(row.files.values()), "; ".join(told))
    return grid


def end_table(ended: Ended) -> Table:
    """What became of each row."""
    good = sum(not one.reasons for one in ended.outcomes)
    grid = Table(title=f"{good} of {len(ended.outcomes)} videos passed in every language", title_justify="left")
    for heading in ("video", "outcome", "files", "why not"):
        grid.add_column(heading, overflow="fold")
    for one in ended.outcomes:
        grid.add_row(one.item.source, one.item.outcome, str(len(one.files)), "; ".join(one.reasons))
    return grid
