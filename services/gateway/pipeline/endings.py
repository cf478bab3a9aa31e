"""What is reported when a language, a task or a batch ends, so that a program can act on it without asking further."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from services.gateway.db import Session
from services.gateway.db.tables import Task, TaskLanguage
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.web.signing import file_address
from shared.pipeline import BASE

OLDER = "-older"
"""Marks the names of files that were made before, or without, the last edits of their lines."""

_FIGURES = (
    "lines_total",
    "lines_dubbed",
    "lines_failed",
    "lines_omitted",
    "lines_edited",
    "lines_unspoken",
    "speed",
    "overlap",
    "speech_lost",
    "overflow_seconds",
    "wer",
    "cer",
    "loudness",
    "length_s",
    "length_difference_s",
)
"""Taken from a report; the lists of single lines, which grow with the video, stay there."""


def shown_as(task: Task, language: str, name: str, *, older: bool) -> str:
    """The name under which a person downloads a file: that of the video with the language, as players expect of
    subtitles.

    The name says so if the file is `older` than the lines.
    """
    if language == BASE:
        return task.video_original_name if name == task.video_filename else name
    stem = (task.video_original_name.rpartition(".")[0] or task.video_original_name) + (OLDER if older else "")
    made, _, ending = name.partition(f"_{language}.")
    if not ending:
        return name
    return f"{stem}.{language}.{ending}" if made in ("export", "subtitles") else f"{stem}.{language}.{made}.{ending}"


def is_older(row: TaskLanguage) -> bool:
    """Whether the files of a language were made before, or without, the last edits of its lines."""
    return row.exported_version != row.content_version or bool((row.report or {}).get("lines_unspoken"))


def files(task: Task, row: TaskLanguage) -> list[dict[str, Any]]:
    """The files of a language; their URLs are signed when they are sent."""
    return [
        {
            "name": shown_as(task, row.language, file["name"], older=is_older(row)),
            "artifact": file["name"],
            "media_type": file["media_type"],
            "size": file["size"],
            "url": file_address(task.task_id, row.language, file["name"]),
        }
        for file in row.export_files
    ]


def figures(row: TaskLanguage) -> dict[str, Any]:
    """What was measured of the newest export."""
    report = row.report or {}
    found = {name: report[name] for name in _FIGURES if name in report}
    lost = found.get("speech_lost")
    if isinstance(lost, dict):
        found["speech_lost"] = {name: value for name, value in lost.items() if name != "spans"}
    return found


def languages(session: Session, task: Task) -> dict[str, dict[str, Any]]:
    """Every language of a task as it is now, with its verdict and files."""
    rows = pipeline_rows.languages(session, [task.task_id]).get(task.task_id, [])
    return {row.language: {**_verdict(row), "figures": figures(row), "files": files(task, row)} for row in rows}


def _verdict(row: TaskLanguage) -> dict[str, Any]:
    gate = row.gate or {}
    reasons = [{name: one[name] for name in ("code", "text", "mend")} for one in gate.get("reasons", [])]
    return {
        "status": row.status,
        "gate": ("passed" if gate["passed"] else "failed") if gate else None,
        "gate_reasons": reasons,
        "error_code": row.error_code,
        "error_message": row.error_message,
    }


_TASKS_BYTES = 400_000
"""A fact is one message of at most 1 MB; signatures make each URL 110 bytes longer."""


def fitting(told: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """As many of the tasks of a batch as fit into one message, from the first on."""
    left = _TASKS_BYTES
    for one in told:
        addresses = sum(len(language["files"]) for language in one["languages"].values())
        left -= len(json.dumps(one, ensure_ascii=False).encode()) + 140 * addresses
        if left < 0:
            return
        yield one


Row = tuple[int, str, str, Task | None]
"""Of a batch: number, source, outcome and task."""


def tasks_of_batch(session: Session, pages: Iterable[Sequence[Row]]) -> list[dict[str, Any]]:
    """What became of the rows of a batch: as many as fit into one message, without reading further pages."""
    return list(fitting(one for page in pages for one in _told_of(session, page)))


def _told_of(session: Session, rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    there = {task.task_id for *_, task in rows if task is not None and task.deleted_at is None}
    of_tasks = pipeline_rows.languages(session, sorted(there))
    for number, source, outcome, task in rows:
        known = task if task is not None and task.task_id in there else None
        yield {
            "row": number,
            "source": source,
            "outcome": outcome,
            "task_id": known.task_id if known else None,
            "metadata": (known.config.get("metadata") or {}) if known else {},
            "error_code": task.error_code if task else None,
            "error_message": task.error_message if task else None,
            "languages": {
                row.language: {**_verdict(row), "files": files(known, row)} for row in of_tasks.get(known.task_id, [])
            }
            if known
            else {},
        }
