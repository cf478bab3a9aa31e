"""The planner: from the state of all runs of a task to the next steps.

`request` answers a command, `advance` answers a result; both return steps for `steps` to carry out in the
transaction that read the board. Calling `advance` again after its steps were carried out returns nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from shared.pipeline import BASE, GRAPH, Stage, Status, stages_through

LAST = GRAPH[-1].stage
_PER_LANGUAGE = {spec.stage: spec.per_language for spec in GRAPH}
_REQUIRES = {spec.stage: spec.requires for spec in GRAPH}
_ORDER = [spec.stage for spec in GRAPH]
_OVER = (Status.FAILED, Status.CANCELED, Status.STALE)


@dataclass(frozen=True)
class Run:
    """The newest attempt at a stage. `STALE` means that an earlier stage was done again since."""

    language: str
    stage: Stage
    attempt: int
    status: Status
    total: int = 0
    done: int = 0
    failed: int = 0
    error: tuple[str, str] | None = None


@dataclass(frozen=True)
class LanguageGoal:
    """How far a language was asked to go; `at_stop`: the stage after which it waits for approval."""

    language: str
    status: Status
    goal: Stage | None
    at_stop: Stage | None = None


@dataclass(frozen=True)
class Source:
    """A video that is not here: being fetched (`PROCESSING`), given up with an error, or stopped."""

    status: Status
    error: tuple[str, str] | None = None


@dataclass(frozen=True)
class Board:
    """All runs of a task by (language, stage), and its languages.

    `waiting`: a person was asked something and has not answered, so no language starts anything. `source`: the video is
    still being fetched, or could not be.
    """

    runs: Mapping[tuple[str, Stage], Run] = field(default_factory=dict)
    languages: tuple[LanguageGoal, ...] = ()
    status: Status = Status.PENDING
    waiting: bool = False
    source: Source | None = None

    def run(self, language: str, stage: Stage) -> Run | None:
        """The newest run of `stage` for `language`; the base stage is the same for all."""
        return self.runs.get((owner(language, stage), stage))


@dataclass(frozen=True)
class NewRun:
    """Add an attempt, pending."""

    language: str
    stage: Stage
    attempt: int


@dataclass(frozen=True)
class StartRun:
    """Cut a pending run into jobs and begin."""

    language: str
    stage: Stage
    attempt: int


@dataclass(frozen=True)
class EndRun:
    """End a run; its open jobs are canceled if it failed."""

    language: str
    stage: Stage
    attempt: int
    status: Status
    error: tuple[str, str] | None = None


@dataclass(frozen=True)
class OutdateRun:
    """A finished run no longer fits what comes before it."""

    language: str
    stage: Stage
    attempt: int


@dataclass(frozen=True)
class SetGoal:
    """Remember how far a language should go."""

    language: str
    goal: Stage


@dataclass(frozen=True)
class SetLanguage:
    """A language changes its status."""

    language: str
    status: Status
    error: tuple[str, str] | None = None


@dataclass(frozen=True)
class SetTask:
    """The task changes its status."""

    status: Status
    error: tuple[str, str] | None = None


Step = NewRun | StartRun | EndRun | OutdateRun | SetGoal | SetLanguage | SetTask


def owner(language: str, stage: Stage) -> str:
    """The language token a run of `stage` is kept under."""
    return language if _PER_LANGUAGE[stage] else BASE


def request(board: Board, languages: Iterable[str], goal: Stage) -> list[Step]:
    """Bring `languages` up to and including `goal`.

    Finished stages before the goal are kept; the goal itself is done again; what failed, was canceled or is outdated
    gets a new attempt; what is running continues, unless it builds on something that is done again.
    """
    languages = list(languages)
    steps: list[Step] = []
    again: dict[tuple[str, Stage], None] = {}
    before = {entry.language: entry for entry in board.languages}
    for language in languages:
        if language != BASE:
            steps += [SetGoal(language, _farther(before.get(language), goal)), SetLanguage(language, Status.PROCESSING)]
        for stage in stages_through(goal):
            if _needs_attempt(board.run(language, stage), again=stage is goal):
                again[owner(language, stage), stage] = None
    for language, stage in list(again):
        steps += _undo_after(board, language, stage, again)
    outdated = {step.language for step in steps if isinstance(step, OutdateRun) and step.stage is LAST}
    resting = {entry.language for entry in board.languages if entry.status is Status.COMPLETED}
    steps += [SetLanguage(language, Status.STALE) for language in sorted(outdated & resting - set(languages))]
    for language, stage in again:
        run = board.run(language, stage)
        steps.append(NewRun(language, stage, run.attempt + 1 if run else 1))
    steps.append(SetTask(Status.PROCESSING))
    return steps


def _farther(entry: LanguageGoal | None, goal: Stage) -> Stage:
    """A language that is heading for a later stage still goes there."""
    if entry is None or entry.goal is None or entry.status is not Status.PROCESSING:
        return goal
    return max(entry.goal, goal, key=_ORDER.index)


def _needs_attempt(run: Run | None, *, again: bool) -> bool:
    if run is None or run.status in _OVER:
        return True
    return again and run.status is Status.COMPLETED


def _undo_after(board: Board, language: str, stage: Stage, again: dict[tuple[str, Stage], None]) -> Iterator[Step]:
    """Runs that build on (`language`, `stage`): finished ones become outdated, running ones start again."""
    for key, run in board.runs.items():
        of, which = key
        builds_on = _ORDER.index(which) > _ORDER.index(stage) and language in (BASE, of)
        if not builds_on or key in again:
            continue
        if run.status is Status.COMPLETED:
            yield OutdateRun(of, which, run.attempt)
        elif run.status is Status.PROCESSING:
            yield EndRun(of, which, run.attempt, Status.CANCELED)
            again[key] = None


def advance(board: Board) -> list[Step]:
    """End what is finished, start what can start, and derive the status of the languages and the task."""
    steps: list[Step] = []
    runs = dict(board.runs)
    for key, run in board.runs.items():
        ended = _ended(run) or _without_video(board, run)
        if ended:
            steps.append(ended)
            runs[key] = replace(run, status=ended.status, error=ended.error)
    board = replace(board, runs=runs)
    for start in _startable(board):
        steps.append(start)
        key = (start.language, start.stage)
        runs[key] = replace(runs[key], status=Status.PROCESSING)
    board = replace(board, runs=runs)
    languages = []
    for language in board.languages:
        status, error = _language_status(board, language)
        if status is not language.status:
            steps.append(SetLanguage(language.language, status, error))
        languages.append(replace(language, status=status))
    status, error = _task_status(replace(board, languages=tuple(languages)))
    if status is not board.status:
        steps.append(SetTask(status, error))
    return steps


def _ended(run: Run) -> EndRun | None:
    if run.status is not Status.PROCESSING:
        return None
    if run.failed:
        return EndRun(run.language, run.stage, run.attempt, Status.FAILED, run.error)
    if run.done >= run.total:
        return EndRun(run.language, run.stage, run.attempt, Status.COMPLETED)
    return None


def _without_video(board: Board, run: Run) -> EndRun | None:
    """The base stage ends when the video it waited for cannot come."""
    source = board.source
    if source is None or source.status is Status.PROCESSING or (run.language, run.status) != (BASE, Status.PENDING):
        return None
    return EndRun(run.language, run.stage, run.attempt, source.status, source.error)


def _startable(board: Board) -> Iterator[StartRun]:
    for (language, stage), run in board.runs.items():
        if run.status is not Status.PENDING or (board.waiting and language != BASE):
            continue
        if board.source is not None and language == BASE:
            continue
        required = _REQUIRES[stage]
        before = board.run(language, required) if required else None
        if required is None or (before and before.status is Status.COMPLETED):
            yield StartRun(language, stage, run.attempt)


def _language_status(board: Board, language: LanguageGoal) -> tuple[Status, tuple[str, str] | None]:
    """Only a language in progress changes here; edits and cancellation are handled elsewhere.

    A language that waits for an answer is pending, and in progress again once there is one.
    """
    if not _is_under_way(board, language) or language.goal is None:
        return language.status, None
    for stage in stages_through(language.goal):
        run = board.run(language.language, stage)
        if run is None or run.status in (Status.PENDING, Status.PROCESSING):
            held = board.waiting and run is not None and run.language != BASE and run.status is Status.PENDING
            return (Status.PENDING if held else Status.PROCESSING), None
        if run.status in (Status.FAILED, Status.CANCELED):
            return run.status, run.error
    if language.goal is LAST:
        return Status.COMPLETED, None
    exported = board.run(language.language, LAST)
    return (Status.STALE if exported and exported.status is Status.STALE else Status.PENDING), None


def _is_under_way(board: Board, language: LanguageGoal) -> bool:
    """Whether work that was asked for on a language has not ended yet, including while it waits for an answer."""
    if language.status is not Status.PENDING:
        return language.status is Status.PROCESSING
    return any(of == language.language and run.status is Status.PENDING for (of, _), run in board.runs.items())


def _task_status(board: Board) -> tuple[Status, tuple[str, str] | None]:
    states = {language.status for language in board.languages}
    base = board.runs.get((BASE, Stage.DIARIZATION))
    if Status.PROCESSING in states or (base and base.status in (Status.PENDING, Status.PROCESSING)):
        return Status.PROCESSING, None
    if board.waiting and any(one.status is Status.PENDING and _is_under_way(board, one) for one in board.languages):
        return Status.PENDING, None
    if base and base.status is Status.FAILED:
        return Status.FAILED, base.error
    if base is None and board.source is not None and board.source.status is not Status.PROCESSING:
        return board.source.status, board.source.error
    if Status.FAILED in states:
        return Status.FAILED, _first_error(board)
    if Status.CANCELED in states or (base and base.status is Status.CANCELED):
        return Status.CANCELED, None
    if states and states <= {Status.COMPLETED, Status.STALE}:
        return Status.COMPLETED, None
    return Status.PENDING, None


def _first_error(board: Board) -> tuple[str, str] | None:
    return next((run.error for run in board.runs.values() if run.status is Status.FAILED and run.error), None)


def cancel(board: Board, languages: Iterable[str] | None) -> list[Step]:
    """Stop `languages`, or everything when None. The base stage continues while another language waits for it."""
    stopping = {entry.language for entry in board.languages} if languages is None else set(languages)
    going_on = {
        entry.language for entry in board.languages if _is_under_way(board, entry) and entry.language not in stopping
    }
    steps: list[Step] = []
    for (language, stage), run in board.runs.items():
        is_open = run.status in (Status.PENDING, Status.PROCESSING)
        stops = not going_on if language == BASE else language in stopping
        if is_open and stops:
            steps.append(EndRun(language, stage, run.attempt, Status.CANCELED))
    for entry in board.languages:
        if entry.language not in stopping:
            continue
        if entry.at_stop is not None:
            steps += [SetGoal(entry.language, entry.at_stop), SetLanguage(entry.language, Status.CANCELED)]
        elif _is_under_way(board, entry):
            steps.append(SetLanguage(entry.language, Status.CANCELED))
    return steps


def retry(board: Board) -> list[Step]:
    """Give every failed or canceled language another attempt towards its goal; what is done is kept.

    A language that was canceled at its stop waits there again.
    """
    steps: list[Step] = []
    for entry in board.languages:
        if entry.status not in (Status.FAILED, Status.CANCELED):
            continue
        goal = entry.goal or LAST
        run = board.run(entry.language, goal)
        done = run is not None and run.status is Status.COMPLETED
        if not done:
            steps += [step for step in request(board, [entry.language], goal) if step not in steps]
        elif goal is not LAST:
            steps.append(SetLanguage(entry.language, Status.PROCESSING))
    return steps
