"""What an agent is answered: short, typed, and with what to do next."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, Field

from localclip_client import Export, Line, Status, Task
from localclip_client.models import Doubt, GateReason, Preset, ReviewLine, Take
from shared.pipeline import BASE

_UPLOAD_SHARE = 5.0
"""Percent of the progress of a dub that the upload is."""


class LanguageState(BaseModel):
    """How far one target language is."""

    language: str
    status: Status
    progress: float = Field(description="percent")
    stage: str | None = Field(default=None, description="what is done right now")
    waiting_for: str | None = Field(default=None, description="'approval': nothing goes on before approve is called")
    gate: str | None = Field(default=None, description="'passed' or 'failed': whether the dub is good enough")
    gate_reasons: list[GateReason] = Field(default=[], description="why it is not, and what would mend it")
    lines_to_review: int = 0
    error: str | None = None


class Asked(BaseModel):
    """A question that is answered before anything goes on."""

    question_id: str
    reasons: list[Doubt]
    taken_as: str = Field(description="language the speech was taken for")
    sounds_like: str | None = None


class TaskState(BaseModel):
    """A video and everything made from it."""

    task_id: str
    video: str
    status: Status
    languages: list[LanguageState]
    question: Asked | None = None
    note: str | None = None
    error: str | None = None
    next: str = Field(description="what can be done now")


class TaskRow(BaseModel):
    """A task in a list."""

    task_id: str
    video: str
    status: Status
    languages: dict[str, str] = Field(description="status of each target language")
    waits: bool = Field(description="whether it waits for a person's answer or approval")


class TaskList(BaseModel):
    """A page of tasks, newest first."""

    tasks: list[TaskRow]
    total: int
    next_offset: int | None = Field(description="offset of the next page; none: this was the last")


class LineList(BaseModel):
    """A page of the lines of a language, in time order."""

    lines: list[Line]
    total: int
    next_offset: int | None = Field(description="offset of the next page; none: this was the last")


class ReviewList(BaseModel):
    """A page of the lines worth a look, worst first."""

    lines: list[ReviewLine]
    total: int
    next_offset: int | None = Field(description="offset of the next page; none: this was the last")


class Spoken(BaseModel):
    """Lines that were spoken again."""

    begun: int = Field(description="how many lines are spoken again")
    lines: list[Line] = Field(description="those that are done, with their new takes")
    at_work: list[str] = Field(description="segment ids of those that are not done yet")
    next: str


class TakeList(BaseModel):
    """The takes a line has had, newest first."""

    takes: list[Take]


class VoiceRow(BaseModel):
    """A voice to choose from."""

    voice: str = Field(description="what edit_line takes as `voice`")
    name: str
    engine: str | None
    f0_hz: float | None = Field(description="its pitch, where that is known")


class VoiceList(BaseModel):
    """A page of voices."""

    voices: list[VoiceRow]
    total: int
    next_offset: int | None = Field(description="offset of the next page; none: this was the last")


class RecipeList(BaseModel):
    """Recipes that export knows by name."""

    recipes: list[Preset]


class Files(BaseModel):
    """Files that were written on this machine."""

    files: list[Path]


class ExportState(BaseModel):
    """An export by recipe."""

    task_id: str
    export_id: str
    status: Status
    progress: int = Field(description="percent")
    passed: bool | None = Field(default=None, description="whether the files passed their checks")
    files: list[Path] = Field(default=[], description="files that were written on this machine")
    error: str | None = None
    next: str


def task_state(task: Task) -> TaskState:
    """A task with what can be done about it."""
    asked = task.waiting_for
    return TaskState(
        task_id=task.task_id,
        video=task.video_original_name,
        status=task.status,
        languages=[
            LanguageState(
                language=code,
                status=state.status,
                progress=state.progress,
                stage=state.stage,
                waiting_for=state.waiting_for,
                gate=state.gate,
                gate_reasons=[*state.gate_reasons],
                lines_to_review=state.issues,
                error=_error(state.error_code, state.error_message),
            )
            for code, state in task.language_status.items()
            if code != BASE
        ],
        question=Asked(
            question_id=asked.question_id,
            reasons=[*asked.reasons],
            taken_as=asked.language,
            sounds_like=asked.sounds_like,
        )
        if asked
        else None,
        note=task.note,
        error=_error(task.error_code, task.error_message),
        next=next_step(task),
    )


def next_step(task: Task) -> str:
    """What can be done about a task, by the tools there are."""
    if task.waiting_for:
        return "It asks something before it goes on, see `question`: call answer_question."
    stops = [code for code, state in task.language_status.items() if state.waiting_for == "approval"]
    if stops and task.status is not Status.PROCESSING:
        waiting = ", ".join(stops)
        return f"{waiting} wait for approval: read list_lines, mend with edit_line, then call approve for each."
    if task.status is Status.PROCESSING:
        return "It is at work: call wait_for_task, or get_task from time to time."
    if not task.ended:
        return "Nothing is under way: process_task brings it to its export."
    if task.status is not Status.COMPLETED:
        return "It ended without all of its languages: retry_task does again what failed or was canceled."
    stale = [code for code, state in task.language_status.items() if state.status is Status.STALE]
    if stale:
        return f"{', '.join(stale)} changed since the dub was mixed: redub speaks edited lines, process_task mixes."
    failed = [code for code, state in task.language_status.items() if code != BASE and state.gate == "failed"]
    if failed:
        return (
            f"Done, but not good enough in {', '.join(failed)}, see `gate_reasons`: review_lines, edit_line, redub, "
            "then process_task mixes and judges again. download fetches the files as they are."
        )
    return "Done: download fetches the dubbed files, export makes others by a recipe."


def task_row(task: Task) -> TaskRow:
    """A task as one of many."""
    languages = {code: str(state.status) for code, state in task.language_status.items() if code != BASE}
    return TaskRow(
        task_id=task.task_id,
        video=task.video_original_name,
        status=task.status,
        languages=languages,
        waits=bool(task.waiting_for or any(one.waiting_for for one in task.language_status.values())),
    )


def export_state(task_id: str, made: Export, files: Sequence[Path] = ()) -> ExportState:
    """An export with what can be done about it."""
    if made.status in (Status.PENDING, Status.PROCESSING):
        step = "It is being made: call download_export, which waits for it."
    elif made.status is not Status.COMPLETED:
        step = "It was not made, see `error`."
    else:
        step = "Done." if files else "It is made: call download_export."
    return ExportState(
        task_id=task_id,
        export_id=made.export_id,
        status=made.status,
        progress=made.progress,
        passed=made.report.get("passed") if made.report else None,
        files=list(files),
        error=_error(made.error_code, made.error_message),
        next=step,
    )


def has_stopped(task: Task) -> bool:
    """Whether nothing more happens by itself: it ended, waits for somebody, or was asked for no more."""
    return task.status is not Status.PROCESSING


def upload_told(sent: int, size: int) -> tuple[float, str]:
    """Percent of the whole dub, and in words, when so many bytes of the video were sent."""
    share = min(1.0, sent / max(1, size))
    return _UPLOAD_SHARE * share, f"uploading, {share:.0%}"


def task_told(task: Task) -> tuple[float, str]:
    """Percent of the whole dub, and in words."""
    targets = {code: state for code, state in task.language_status.items() if code != BASE}
    mean = sum(state.progress for state in targets.values()) / max(1, len(targets))
    at_work = [f"{code} {state.stage or state.status} {state.progress:.0f}%" for code, state in targets.items()]
    return _UPLOAD_SHARE + (100 - _UPLOAD_SHARE) * mean / 100, ", ".join(at_work)


def export_told(made: Export) -> tuple[float, str]:
    """Percent of an export, and in words."""
    return float(made.progress), made.message or str(made.status)


def next_offset(offset: int, shown: int, total: int) -> int | None:
    """Where the next page begins; None after the last."""
    return offset + shown if shown and offset + shown < total else None


def spoken(begun: int, lines: Sequence[Line], at_work: Sequence[str]) -> Spoken:
    """Lines that were spoken again, and what is left to do."""
    if at_work:
        step = "Some are still being spoken: list_lines shows their state."
    else:
        step = "process_task mixes them into the dub and judges it again; or redub others first."
    return Spoken(begun=begun, lines=list(lines), at_work=list(at_work), next=step)


def _error(code: str | None, message: str | None) -> str | None:
    return f"{code}: {message}" if message else code
