"""What an agent can do: each public method is a tool, its docstring and fields are what the agent reads.

A tool that takes long tells its progress and answers after `wait_s` in any case; the work goes on at the gateway.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import anyio
from anyio import from_thread, to_thread
from mcp.server.mcpserver import Context
from pydantic import Field

from localclip import mcp_answers
from localclip.dub import offered, script_of
from localclip.editing import is_spoken, outdated, voice_choice
from localclip.errors import LocalClipError, ServerUnreachable
from localclip.exports import named_recipe
from localclip.mcp_answers import (
    ExportState,
    Files,
    LineList,
    RecipeList,
    ReviewList,
    Spoken,
    TakeList,
    TaskList,
    TaskState,
    VoiceList,
    VoiceRow,
)
from localclip.results import already_there, fetch, refuse_unfinished
from localclip_client import Client, Export, Line, LineState, NewTask, Stage, Status, Task
from localclip_client.models import Edit
from shared.messaging import Brief
from shared.pipeline import SOURCE_LANGUAGES, TARGET_LANGUAGES

_POLL_S = 1.0
_REVIEWED = 1000
"""Lines of a review that the gateway answers at most."""
T = TypeVar("T")

Call = Context[Any, Any]
TaskId = Annotated[str, Field(description="id of a task, from dub or list_tasks")]
Language = Annotated[str, Field(description="one target language of the task, such as 'es'")]
Languages = Annotated[list[str] | None, Field(description="target languages; none: all of the task")]
SegmentId = Annotated[str, Field(description="id of a line, such as 's0001', from list_lines or review_lines")]
Folder = Annotated[str, Field(description="absolute path of a folder on this machine; it is made where it is missing")]
Overwrite = Annotated[bool, Field(description="replace existing files")]
Offset = Annotated[int, Field(ge=0, description="how many to leave out; `next_offset` of the page before")]
Limit = Annotated[int, Field(ge=1, le=200, description="how many at most")]
Wait = Annotated[
    float,
    Field(
        ge=0,
        le=3600,
        description="seconds to wait at most; 0 answers at once. Keep it below the time after which you give up a call",
    ),
]
TARGETS = f"of {', '.join(TARGET_LANGUAGES)}; Chinese in a script as zh-Hans or zh-Hant"
Choice = Literal["continue", "language", "subtitles"]
Stop = Literal["speaker_diarization", "translation", "voice_cloning"]


class Tools:
    """The tools on one gateway."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def dub(
        self,
        context: Call,
        video: Annotated[str, Field(description="absolute path of a video or sound file on this machine")],
        target_languages: Annotated[list[str], Field(min_length=1, description=TARGETS)],
        source_language: Annotated[
            str | None, Field(description=f"what is spoken, of {', '.join(SOURCE_LANGUAGES)}; none: it is found out")
        ] = None,
        subtitles: Annotated[
            str | None,
            Field(
                description="absolute path of subtitles of what is said in place of recognition; needs source_language"
            ),
        ] = None,
        translations: Annotated[
            dict[str, str] | None, Field(description="subtitle files with ready translations, path by target language")
        ] = None,
        num_speakers: Annotated[int | None, Field(ge=1, le=20, description="if it is known")] = None,
        brief: Annotated[Brief | None, Field(description="what the translator is told")] = None,
        on_doubt: Annotated[
            Literal["ask", "continue", "fail"],
            Field(description="when the transcript is doubtful as a whole; 'ask' waits for answer_question"),
        ] = "ask",
        stop_after: Annotated[Stop | None, Field(description="each language waits for approve after this")] = None,
        wait_s: Wait = 45,
    ) -> TaskState:
        """Dub a video file of this machine into other languages.

        Uploads it, starts the work, and waits for it at most `wait_s` seconds with progress; where it is not done by
        then, the answer has the task_id and wait_for_task goes on waiting. Dubbing takes minutes. A call that is given
        up while it uploads makes no task, later the work goes on: cancel_task stops it. Every call makes a new task.
        """
        path = _file(video)
        new = NewTask(
            video=path,
            target_languages=offered(target_languages),
            source_language=source_language,
            num_speakers=num_speakers,
            chinese=script_of(target_languages),
            brief=brief,
            on_doubt=on_doubt,
            stop_after=stop_after,
            subtitles=_file(subtitles) if subtitles else None,
            translations={code: _file(path) for code, path in (translations or {}).items()},
        )
        if new.subtitles and not source_language:
            raise LocalClipError("subtitles need source_language: name the language they are in")
        task = await to_thread.run_sync(partial(self._send, new, path.stat().st_size, context))
        return await self._followed(context, task.task_id, wait_s)

    def get_task(self, task_id: TaskId) -> TaskState:
        """Tell how far a task is: progress, gate and reasons of each language, and what it waits for."""
        return mcp_answers.task_state(self._client.task(task_id))

    async def wait_for_task(self, context: Call, task_id: TaskId, wait_s: Wait = 45) -> TaskState:
        """Wait until a task ended, asks something or waits for approval, at most `wait_s` seconds, with progress."""
        return await self._followed(context, task_id, wait_s)

    def list_tasks(
        self,
        status: Annotated[Status | None, Field(description="only tasks in this state")] = None,
        offset: Offset = 0,
        limit: Limit = 20,
    ) -> TaskList:
        """List tasks, newest first."""
        page = self._client.tasks(offset, limit, status)
        return TaskList(
            tasks=[mcp_answers.task_row(task) for task in page.tasks],
            total=page.total,
            next_offset=mcp_answers.next_offset(offset, len(page.tasks), page.total),
        )

    def list_lines(
        self,
        task_id: TaskId,
        language: Language,
        state: Annotated[LineState | None, Field(description="only lines in this state")] = None,
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> LineList:
        """List the lines of a language in time order: what was said, what the dub says, when, by whom, how it fits."""
        found = [line for line in self._client.lines(task_id, language) if state in (None, line.state)]
        shown = found[offset : offset + limit]
        further = mcp_answers.next_offset(offset, len(shown), len(found))
        return LineList(lines=shown, total=len(found), next_offset=further)

    def review_lines(
        self,
        task_id: TaskId,
        language: Annotated[str | None, Field(description="only this target language; none: all")] = None,
        minor: Annotated[bool, Field(description="also lines that are only sped up or doubtful")] = False,
        offset: Offset = 0,
        limit: Limit = 30,
    ) -> ReviewList:
        """List the lines worth a look, worst first, each with its reasons and other texts of the translator."""
        lines, total = self._client.review(task_id, _REVIEWED, minor=minor)
        found = [line for line in lines if language in (None, line.language)]
        shown = found[offset : offset + limit]
        count = total if language is None else len(found)
        return ReviewList(lines=shown, total=count, next_offset=mcp_answers.next_offset(offset, len(shown), len(found)))

    def edit_line(
        self,
        task_id: TaskId,
        language: Language,
        segment_id: SegmentId,
        text: Annotated[str | None, Field(description="what the line says in this language")] = None,
        start_s: Annotated[float | None, Field(ge=0, description="when it begins")] = None,
        end_s: Annotated[float | None, Field(ge=0, description="when it ends")] = None,
        speaker_id: Annotated[str | None, Field(description="who says it, such as 'spk_1'")] = None,
        voice: Annotated[
            str | None,
            Field(description="stock:NAME or clip:ID of list_voices, or speaker:ID; 'own': the speaker's own"),
        ] = None,
        omitted: Annotated[bool | None, Field(description="leave the original sound here, speak nothing")] = None,
        pinned: Annotated[bool | None, Field(description="keep the take there is, whatever changes")] = None,
    ) -> Line:
        """Change a line; what is not given stays. It is heard after redub (speaks it) and process_task (mixes it)."""
        given = {
            "text": text,
            "start_s": start_s,
            "end_s": end_s,
            "speaker_id": speaker_id,
            "omitted": omitted,
            "pinned": pinned,
        }
        changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        if voice is not None:
            changes["voice"] = voice_choice(voice)
        if not changes:
            raise LocalClipError("nothing to change: give text, voice or another field")
        line = self._client.line(task_id, language, segment_id)
        return self._client.edit_line(task_id, line, language, **changes)

    async def redub(
        self,
        context: Call,
        task_id: TaskId,
        language: Language,
        segment_ids: Annotated[list[str] | None, Field(description="lines; none: all that edits have outdated")] = None,
        wait_s: Wait = 45,
    ) -> Spoken:
        """Speak lines again, and wait at most `wait_s` seconds for their takes. process_task then mixes them."""
        now = await to_thread.run_sync(self._client.lines, task_id, language)
        before = {line.segment_id: line.version for line in now}
        wanted = segment_ids or [line.segment_id for line in now if outdated(line)]
        begun = await to_thread.run_sync(self._client.redub, task_id, language, segment_ids or ())

        def read() -> list[Line]:
            return [line for line in self._client.lines(task_id, language) if line.segment_id in wanted]

        def told(lines: Sequence[Line]) -> tuple[float, str]:
            done = sum(is_spoken(line, before) for line in lines)
            return 100 * done / max(1, len(lines)), f"{done} of {len(lines)} lines are spoken"

        lines = await watch(context, read, lambda found: all(is_spoken(line, before) for line in found), told, wait_s)
        done = [line for line in lines if is_spoken(line, before)]
        at_work = [line.segment_id for line in lines if not is_spoken(line, before)]
        return mcp_answers.spoken(begun, done, at_work)

    def list_takes(self, task_id: TaskId, language: Language, segment_id: SegmentId) -> TakeList:
        """List the takes a line has had, newest first; `current` is the one that is heard."""
        return TakeList(takes=list(self._client.takes(task_id, language, segment_id)))

    def choose_take(
        self,
        task_id: TaskId,
        language: Language,
        segment_id: SegmentId,
        take_id: Annotated[str, Field(description="id of a take, from list_takes")],
    ) -> Line:
        """Let an earlier take of a line be heard again, and pin it. process_task then mixes it."""
        line = self._client.line(task_id, language, segment_id)
        return self._client.choose_take(task_id, language, line, take_id)

    def list_voices(self, language: Language, offset: Offset = 0, limit: Limit = 50) -> VoiceList:
        """List the voices that speak a language: those of the engines, and the account's own clips."""
        found = self._client.voices(language)
        shown = [
            VoiceRow(voice=one.choice, name=one.title or one.name, engine=one.engine, f0_hz=one.f0_hz)
            for one in found[offset : offset + limit]
        ]
        further = mcp_answers.next_offset(offset, len(shown), len(found))
        return VoiceList(voices=shown, total=len(found), next_offset=further)

    def undo_edit(self, task_id: TaskId) -> Edit:
        """Take back the newest edit of a task; once more takes back the one before."""
        return self._client.undo(task_id)

    def answer_question(
        self,
        task_id: TaskId,
        choice: Annotated[
            Choice,
            Field(
                description="'continue': dub what was recognized; 'language': hear it again in `language`; "
                "'subtitles': take those of the file `subtitles`"
            ),
        ],
        language: Annotated[
            str | None, Field(description="what is spoken; with 'subtitles' the language they are in")
        ] = None,
        subtitles: Annotated[str | None, Field(description="absolute path of a subtitle file on this machine")] = None,
    ) -> TaskState:
        """Answer the `question` of a task that is doubtful as a whole, so that it goes on."""
        if (choice == "subtitles") != bool(subtitles):
            raise LocalClipError("`subtitles` names a file where the choice is 'subtitles', and only there")
        if choice == "language" and not language:
            raise LocalClipError("the choice 'language' needs `language`")
        file = _file(subtitles) if subtitles else None
        return mcp_answers.task_state(self._client.answer(task_id, choice, language=language, subtitles=file))

    def approve(
        self,
        task_id: TaskId,
        language: Language,
        by: Annotated[str | None, Field(description="who says so; none: the account")] = None,
    ) -> TaskState:
        """Let a language go on that waits for approval after the stage at which its task stops."""
        return mcp_answers.task_state(self._client.approve(task_id, language, by))

    def process_task(
        self,
        task_id: TaskId,
        languages: Languages = None,
        stage: Annotated[Stage, Field(description="up to and including this stage")] = Stage.EXPORT,
        speak_changed: Annotated[bool, Field(description="first speak lines that were edited and not spoken")] = False,
    ) -> TaskState:
        """Bring languages up to a stage: do what is missing or outdated, mix the dub again and judge it by its gate."""
        return mcp_answers.task_state(self._client.process(task_id, languages, stage, dub_changed=speak_changed))

    def cancel_task(self, task_id: TaskId, languages: Languages = None) -> TaskState:
        """Stop the work on languages of a task; what is finished stays, and retry_task goes on."""
        return mcp_answers.task_state(self._client.cancel(task_id, languages))

    def retry_task(self, task_id: TaskId) -> TaskState:
        """Do again what failed or was canceled in a task."""
        return mcp_answers.task_state(self._client.retry(task_id))

    def list_recipes(self) -> RecipeList:
        """List the recipes that export knows by name, with what each makes."""
        return RecipeList(recipes=list(self._client.presets()))

    def download(
        self, task_id: TaskId, folder: Folder, languages: Languages = None, overwrite: Overwrite = False
    ) -> Files:
        """Write the dubbed video, subtitles and report of finished languages into a folder of this machine."""
        target = folder_of(folder)
        task = self._client.task(task_id)
        wanted = tuple(languages or task.config.target_languages)
        refuse_unfinished(task, wanted)
        if not overwrite:
            _refuse_to_replace(target, already_there(self._client, task, wanted, target))
        results = fetch(self._client, task, wanted, target)
        return Files(files=[file for result in results for file in result.files])

    async def export(
        self,
        context: Call,
        task_id: TaskId,
        recipe: Annotated[str, Field(description="name of a recipe, from list_recipes, or absolute path of a .json")],
        folder: Folder,
        languages: Annotated[list[str] | None, Field(description="target languages; none: all finished ones")] = None,
        settings: Annotated[
            list[str] | None, Field(description="changes of the recipe, such as 'container=mkv' or 'name=final'")
        ] = None,
        overwrite: Overwrite = False,
        wait_s: Wait = 45,
    ) -> ExportState:
        """Make files of a dubbed task by a recipe, and write them into a folder of this machine.

        Waits at most `wait_s` seconds; where it is not done by then, download_export goes on with the export_id.
        Nothing is dubbed again.
        """
        target = folder_of(folder)
        chosen = await to_thread.run_sync(
            named_recipe, self._client, task_id, recipe, tuple(languages or ()), settings or ()
        )
        made = await to_thread.run_sync(self._client.start_export, task_id, chosen)
        return await self._exported(context, task_id, made.export_id, target, overwrite, wait_s)

    async def download_export(
        self,
        context: Call,
        task_id: TaskId,
        export_id: Annotated[str, Field(description="id of an export, from export")],
        folder: Folder,
        overwrite: Overwrite = False,
        wait_s: Wait = 45,
    ) -> ExportState:
        """Wait for an export that was begun, and write its files into a folder of this machine."""
        return await self._exported(context, task_id, export_id, folder_of(folder), overwrite, wait_s)

    def _send(self, new: NewTask, size: int, context: Call) -> Task:
        """Upload on a worker thread; ends as soon as the call is given up."""
        told = -1

        def sent(count: int) -> None:
            nonlocal told
            from_thread.check_cancelled()
            percent, words = mcp_answers.upload_told(count, size)
            if int(20 * percent) > told:
                told = int(20 * percent)
                from_thread.run(context.report_progress, percent, 100, words)

        return self._client.create(new, on_sent=sent)

    async def _followed(self, context: Call, task_id: str, wait_s: float) -> TaskState:
        read = partial(self._client.task, task_id)
        task = await watch(context, read, mcp_answers.has_stopped, mcp_answers.task_told, wait_s)
        return mcp_answers.task_state(task)

    async def _exported(
        self, context: Call, task_id: str, export_id: str, folder: Path, overwrite: bool, wait_s: float
    ) -> ExportState:
        read = partial(self._client.export, task_id, export_id)
        made = await watch(context, read, _is_made, mcp_answers.export_told, wait_s)
        if made.status in (Status.FAILED, Status.CANCELED):
            raise LocalClipError(f"the export {made.status}: {made.error_code}: {made.error_message}")
        if made.status is not Status.COMPLETED:
            return mcp_answers.export_state(task_id, made)
        if not overwrite:
            there = [file.name for file in made.files if (folder / Path(file.name).name).exists()]
            _refuse_to_replace(folder, there, f"; it is made, as export_id {export_id} of download_export")
        files = await to_thread.run_sync(self._write, made, folder)
        return mcp_answers.export_state(task_id, made, files)

    def _write(self, made: Export, folder: Path) -> list[Path]:
        folder.mkdir(parents=True, exist_ok=True)
        return [self._client.fetch(file.url, folder / Path(file.name).name) for file in made.files]


async def watch(
    context: Call,
    read: Callable[[], T],
    is_over: Callable[[T], bool],
    told: Callable[[T], tuple[float, str]],
    wait_s: float,
) -> T:
    """Read until it is over or the time is, telling how far it is; a gateway that is away meanwhile is waited for."""
    until = anyio.current_time() + wait_s
    found = await to_thread.run_sync(read)
    furthest = 0.0
    while not is_over(found) and (left := until - anyio.current_time()) > 0:
        percent, words = told(found)
        furthest = max(furthest, percent)
        await context.report_progress(furthest, 100, words)
        await anyio.sleep(min(_POLL_S, left))
        try:
            found = await to_thread.run_sync(read)
        except ServerUnreachable:
            if anyio.current_time() > until:
                raise
    return found


def _is_made(made: Export) -> bool:
    return made.status not in (Status.PENDING, Status.PROCESSING)


def _file(path: str) -> Path:
    """Raises: LocalClipError, where there is no such file."""
    found = absolute(path)
    if not found.is_file():
        raise LocalClipError(f"there is no file {found} on this machine")
    return found


def folder_of(path: str) -> Path:
    """Raises: LocalClipError, where something else has that name."""
    found = absolute(path)
    if found.exists() and not found.is_dir():
        raise LocalClipError(f"{found} is no folder")
    return found


def absolute(path: str) -> Path:
    """Raises: LocalClipError, for a path that depends on where this server was started."""
    found = Path(path).expanduser()
    if not found.is_absolute():
        raise LocalClipError(f"'{path}' is not an absolute path: this server's folder is not yours")
    return found


def _refuse_to_replace(folder: Path, there: Sequence[str], hint: str = "") -> None:
    if there:
        raise LocalClipError(f"{', '.join(there)} is in {folder} already: name another folder, or overwrite=true{hint}")
