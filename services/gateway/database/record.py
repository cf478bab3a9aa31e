"""Take in one result: idempotent, fenced by attempt and state, in one transaction with all that follows."""

from collections.abc import Sequence

from sqlmodel import Session

from services.gateway.database import account, queries
from services.gateway.database.asking import ask
from services.gateway.database.by_sound import Pairs, takes_over
from services.gateway.database.consequences import Lines, outdate_export, tell_line
from services.gateway.database.exports import record_recipe
from services.gateway.database.judging import judge_again, judge_language
from services.gateway.database.kept_engines import used
from services.gateway.database.listening import listen_after, listen_to_line, take_heard
from services.gateway.database.redo import speak
from services.gateway.database.refits import after_first_takes, after_refit, is_refit
from services.gateway.database.steps import carry_out
from services.gateway.database.tables import JobRow, JobState, LineRow, StageRun, Task, now
from services.gateway.database.takes import keep
from services.gateway.database.transcripts import Prepared, take_transcript
from services.gateway.planning.kinds import RECIPE
from services.gateway.planning.listening import is_listening
from services.gateway.wording import worded
from shared.messaging import (
    JOB,
    EngineUsed,
    JobFailed,
    LanguageExported,
    LinesDubbed,
    LinesRewritten,
    LinesTranslated,
    LineTake,
    RecipeRendered,
    Result,
    SourceLine,
    TakesHeard,
    TranscriptReady,
    TranslatedLine,
    TranslateLines,
    TranslateSpeech,
    merge_engines,
)
from shared.pipeline import Lane, LineState, Status


def record(
    session: Session,
    result: Result,
    transcript: Prepared | None = None,
    *,
    hears: bool = False,
    by_sound: Pairs = (),
) -> bool:
    """Apply `result`; return False when it was known, late, or of a task that is gone.

    `transcript` belongs to a `TranscriptReady` and is prepared before the transaction.
    `hears`: an engine at hand can tell something of takes in this language by listening to them. `by_sound`: pairs that
    one translates from sound.
    """
    result = worded(result)
    task = queries.locked_task(session, result.task_id)
    if task is None or task.deleted_at is not None:
        return False
    job = queries.job(session, result.task_id, result.language, result.stage, result.shard, result.attempt)
    if job is None or job.state not in queries.OPEN_JOBS:
        return False
    job.state = JobState.FAILED if isinstance(result, JobFailed) else JobState.DONE
    job.finished_at = now()
    used(session, task, result.language, result.chosen)
    if isinstance(result, JobFailed) and by_sound:
        failure = takes_over(session, task, job, result, by_sound)
        if failure is None:
            return True
        result = failure
    if isinstance(result, LinesDubbed):
        keep(session, job, result)
    if job.run_stage is None and isinstance(result, RecipeRendered | JobFailed) and job.shard.startswith(RECIPE):
        record_recipe(session, task, result)
        return True
    if job.run_stage is None:
        if isinstance(result, TakesHeard):
            take_heard(session, task, result.language, result.lines)
        elif not is_listening(job.shard):
            _record_line(session, task, job, result, hears=hears)
        return True
    run = queries.run(session, result.task_id, result.language, job.run_stage, result.attempt)
    if run is None or run.status != Status.PROCESSING:
        return False
    if isinstance(result, JobFailed) and not job.optional:
        run.jobs_failed += 1
        run.error_code, run.error_message = result.code, result.message
    else:
        run.jobs_done += 1
        run.engines = _merged(run, getattr(result, "engines", ()))
    _take_in(session, task, job, run, result, transcript)
    if hears:
        listen_after(session, task, run)
    session.flush()
    carry_out(session, task, [])
    return True


def _take_in(
    session: Session,
    task: Task,
    job: JobRow,
    run: StageRun,
    result: Result,
    transcript: Prepared | None,
) -> None:
    match result:
        case TranscriptReady():
            if transcript is None:
                raise ValueError("a transcript result needs its transcript")
            take_transcript(session, task, result, transcript)
            ask(session, task, run, transcript)
        case LinesTranslated():
            _take_translations(session, task, result.language, result.lines, job)
        case LinesDubbed() | LinesRewritten() | JobFailed() if is_refit(job):
            after_refit(session, task, run, job, result)
            _touch(session, task, result.language)
        case LinesDubbed():
            _take_takes(session, task, result.language, result.lines)
            after_first_takes(session, task, run, result)
        case LanguageExported():
            _take_export(session, task, run, result)
        case TakesHeard():
            take_heard(session, task, result.language, result.lines)
        case LinesRewritten() | RecipeRendered() | JobFailed():
            pass


def _merged(run: StageRun, used: Sequence[EngineUsed]) -> list[dict[str, object]]:
    known = [EngineUsed.model_validate(engine) for engine in run.engines]
    return [engine.model_dump(mode="json") for engine in merge_engines([*known, *used])]


def _take_translations(
    session: Session, task: Task, language: str, translated: Sequence[TranslatedLine], job: JobRow
) -> None:
    made = JOB.validate_json(job.payload)
    lines: Sequence[SourceLine] = made.lines if isinstance(made, TranslateLines | TranslateSpeech) else ()
    sources = {line.segment_id: line.text for line in lines if line.asked}
    translated = [line for line in translated if line.segment_id in sources]
    named = list(sources)
    rows = queries.lines(session, task.task_id, language, named)
    segments = {segment.segment_id: segment for segment in queries.segments(session, task.task_id, named)}
    revisions = {key: segment.revision for key, segment in segments.items()}
    edited = {key for key, segment in segments.items() if sources.get(key) != segment.text}
    from_memory = []
    for line in translated:
        row = rows.get(line.segment_id)
        if row is None or row.edited or row.pinned or line.segment_id in edited:  # a person was faster
            continue
        row.origin = _origin(row, line)
        if row.origin == "memory" and row.segment_id in segments:
            from_memory.append(segments[row.segment_id].text)
        if row.text != line.text:
            row.text = line.text
            row.revision += 1
        row.alternatives = list(line.alternatives)
        if line.provided and row.origin == "engine":
            row.origin = "provided"
        row.segment_revision = revisions.get(line.segment_id, row.segment_revision)
        row.error_code, row.error_message = line.error_code, line.error_message
        row.state = LineState.FAILED if line.text is None else _state(row)
        row.version += 1
    account.count_uses(session, task, language, from_memory)
    _touch(session, task, language)


def _origin(row: LineRow, line: TranslatedLine) -> str:
    """Who wrote the text: what was taken as it is and no person brought for this line is from the memory."""
    if not line.provided:
        return "sound" if line.from_sound else "engine"
    return "memory" if row.provided is None else "provided"


def _state(row: LineRow) -> LineState:
    if row.take_revision == row.revision:
        return LineState.DUBBED
    return LineState.TRANSLATED if row.take_revision is None else LineState.STALE


def _take_takes(session: Session, task: Task, language: str, takes: Sequence[LineTake]) -> None:
    rows = queries.lines(session, task.task_id, language, [take.segment_id for take in takes])
    late = []
    for take in takes:
        row = rows.get(take.segment_id)
        if row is None:
            continue
        if row.revision == take.revision:
            _place(row, take)
        elif take.take_key and row.state != LineState.DUBBED:
            late.append(take.segment_id)
    if late:  # edited meanwhile: such a take counts only where that was undone
        Lines(session, task, language, queries.segments(session, task.task_id)).settle(late)
    _touch(session, task, language)


def _place(row: LineRow, take: LineTake) -> None:
    row.error_code, row.error_message = take.error_code, take.error_message
    row.version += 1
    if take.take_key is None:
        row.state = LineState.FAILED
        return
    row.state = LineState.DUBBED
    row.heard = row.error_rate = row.similarity = None
    row.take_revision = take.revision
    row.take_key, row.take_start_s, row.take_duration_s = take.take_key, take.start_s, take.duration_s
    row.natural_s, row.speed, row.fit, row.decision = take.natural_s, take.speed, take.fit, take.decision


def _touch(session: Session, task: Task, language: str) -> None:
    row = queries.language(session, task.task_id, language)
    if row is not None:
        row.content_version += 1


def _take_export(session: Session, task: Task, run: StageRun, result: LanguageExported) -> None:
    row = queries.language(session, task.task_id, result.language)
    if row is None:
        return
    row.exported_version = run.content_version
    row.export_files = [file.model_dump(mode="json") for file in result.files]
    row.report = dict(result.report)
    judge_language(session, task, row)


def _record_line(session: Session, task: Task, job: JobRow, result: Result, *, hears: bool) -> None:
    """The result of doing a single line again: the line changes, and with it the export is outdated."""
    segment_id = result.shard.removeprefix("line-")
    row = queries.line(session, task.task_id, result.language, segment_id)
    if row is None:
        return
    match result:
        case JobFailed(code=code, message=message):
            _fail(row, code, message)
        case LinesTranslated(lines=(TranslatedLine(text=None) as line, *_)):
            _fail(row, line.error_code, line.error_message)  # the text it had is better than none
        case LinesTranslated():
            _take_translations(session, task, result.language, result.lines, job)
            speak(session, task, result.language, [row], Lane(job.lane))
        case LinesDubbed():
            _take_takes(session, task, result.language, result.lines)
            if hears:
                listen_to_line(session, task, row, job)
    outdate_export(session, task, result.language)
    judge_again(session, task, result.language)
    failed, spoken = row.state == LineState.FAILED, row.state == LineState.DUBBED
    tell_line(session, task, row, "failed" if failed else "dubbed" if spoken else "updated")


def _fail(row: LineRow, code: str | None, message: str | None) -> None:
    row.state, row.error_code, row.error_message = LineState.FAILED, code, message
    row.version += 1
