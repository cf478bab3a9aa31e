"""Record one result: idempotent, fenced by attempt and state, in one transaction with all that follows.

A job whose result could not be recorded is given up.
"""

from collections.abc import Sequence

from services.gateway.db import Session
from services.gateway.db.engine import Database
from services.gateway.db.tables import JobKind, JobRow, JobState, LineRow, StageRun, Task, now
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.again import speak
from services.gateway.pipeline.asking import ask
from services.gateway.pipeline.briefing import take_proposal
from services.gateway.pipeline.by_sound import Pairs, takes_over
from services.gateway.pipeline.cut import cut
from services.gateway.pipeline.facts import log_stage, tell
from services.gateway.pipeline.fit_loop import after_first_takes, after_refit, is_refit
from services.gateway.pipeline.hearing import listen_after, listen_to_line, take_heard
from services.gateway.pipeline.kept_engines import used
from services.gateway.pipeline.outdating import (
    judge_due,
    judge_language,
    judge_later,
    outdate_export,
    settle,
    tell_line,
)
from services.gateway.pipeline.picture import take_reading
from services.gateway.pipeline.pieces import join_pieces, recognize_pieces
from services.gateway.pipeline.publishing import export_of
from services.gateway.pipeline.rendering import go_on, take_translation
from services.gateway.pipeline.steps import carry_out
from services.gateway.pipeline.titles import is_of_titles, take_titles
from services.gateway.pipeline.transcripts import Prepared, take_transcript
from services.gateway.pipeline.wishes import is_wish, take_wish
from services.gateway.script import rows as script_rows
from services.gateway.script.script import Script
from services.gateway.script.takes import keep, show
from services.gateway.web.wording import worded
from shared.messaging import (
    JOB,
    BriefProposed,
    CloneLines,
    EngineUsed,
    JobFailed,
    LanguageExported,
    LinesDubbed,
    LinesRewritten,
    LinesTranslated,
    LineTake,
    PictureReadAgain,
    RecipeRendered,
    Result,
    SourceLine,
    SpeechCut,
    SpeechRecognized,
    TakesHeard,
    TranscriptReady,
    TranslatedLine,
    TranslateLines,
    TranslateSpeech,
    merge_engines,
)
from shared.observability import logger
from shared.pipeline import BASE, Lane, LineState, Status


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
    `hears`: an available engine can judge takes in this language by listening to them. `by_sound`: pairs that an engine
    translates from sound.
    """
    result = worded(result)
    task = pipeline_rows.held_task(session, result.task_id) or script_rows.locked_task(session, result.task_id)
    if task is None or task.deleted_at is not None:
        return False
    with session.no_autoflush:  # what another result of this transaction changed can wait
        job = pipeline_rows.job(session, result.task_id, result.language, result.stage, result.shard, result.attempt)
    if job is None or job.state not in pipeline_rows.OPEN_JOBS:
        return False
    pipeline_rows.hold(session, task)
    job.state = JobState.FAILED if isinstance(result, JobFailed) else JobState.DONE
    job.finished_at = now()
    used(session, task, result.language, result.chosen)
    if isinstance(result, JobFailed) and by_sound:
        failure = takes_over(session, task, job, result, by_sound)
        if failure is None:
            return True
        result = failure
    if isinstance(result, LinesDubbed):
        with session.no_autoflush:
            keep(session, job, result)
    if job.run_stage is None:
        _take_alone(session, task, job, result, hears=hears)
        return True
    run = pipeline_rows.run(session, result.task_id, result.language, job.run_stage, result.attempt)
    if run is None or run.status != Status.PROCESSING:
        return False
    if isinstance(result, JobFailed) and not job.optional:
        run.jobs_failed += 1
        run.error_code, run.error_message = result.code, result.message
    else:
        run.jobs_done += 1
        run.engines = _merged(run, getattr(result, "engines", ()))
    _take_of_run(session, task, job, run, result, transcript)
    if job.kind == JobKind.PROPOSE_BRIEF:  # whatever the outcome, the lines follow
        rest = cut(session, task, run)
        pipeline_rows.add_jobs(session, rest)
        run.jobs_total += len(rest)
    if hears:
        listen_after(session, task, run)
    if run.jobs_failed or run.jobs_done >= run.jobs_total:  # its end may be told with the verdicts of the task
        judge_due(session)
    carry_out(session, task, [], lines=len(transcript.segments) if transcript else 0)
    return True


def _take_of_run(
    session: Session, task: Task, job: JobRow, run: StageRun, result: Result, transcript: Prepared | None
) -> None:
    """Record the result of a job that counts for a run."""
    match result:
        case TranscriptReady():
            if transcript is None:
                raise ValueError("a transcript result needs its transcript")
            take_transcript(session, task, result, transcript)
            ask(session, task, run, transcript)
        case SpeechCut():
            recognize_pieces(session, task, run, result)
        case SpeechRecognized():
            join_pieces(session, task, run, result)
        case LanguageExported():
            _take_export(session, task, run, result)
        case TakesHeard():
            take_heard(_of(session, task, result), result.lines)
        case BriefProposed():
            take_proposal(Script(session, task, result.language), result)
        case LinesTranslated() | LinesDubbed() | LinesRewritten() | JobFailed():
            with session.no_autoflush:  # the columns that are read in between are not the ones that change
                _take_lines(session, task, job, run, result)
        case RecipeRendered() | PictureReadAgain():
            pass


def _take_lines(
    session: Session,
    task: Task,
    job: JobRow,
    run: StageRun,
    result: LinesTranslated | LinesDubbed | LinesRewritten | JobFailed,
) -> None:
    match result:
        case LinesTranslated():
            _take_translations(session, task, result, job)
        case LinesDubbed() | LinesRewritten() | JobFailed() if is_refit(job):
            after_refit(session, task, run, job, result)
            _touch(session, task, result.language)
        case LinesDubbed():
            after_first_takes(_take_takes(session, task, result), run, result)
        case LinesRewritten() | JobFailed():
            pass


def _take_alone(session: Session, task: Task, job: JobRow, result: Result, *, hears: bool) -> None:
    """Record the result of a job that counts for no run."""
    match JobKind(job.kind), result:
        case JobKind.RENDER_RECIPE, RecipeRendered() | JobFailed():
            record_recipe(session, task, result)
        case JobKind.TRANSLATE_LINES, LinesTranslated() | JobFailed() if export_of(job.shard):
            take_translation(session, task, job, result)
        case JobKind.TRANSLATE_LINES, LinesTranslated() | JobFailed() if is_of_titles(job.shard):
            take_titles(session, task, job, result)
        case JobKind.HEAR_TAKES, TakesHeard():
            take_heard(_of(session, task, result), result.lines)
        case JobKind.READ_PICTURE, PictureReadAgain() | JobFailed():
            take_reading(session, task, job, result)
        case (JobKind.HEAR_TAKES, _):
            pass
        case (JobKind.REWRITE_LINES, _):
            take_wish(session, task, job, result)
        case _:
            _take_line(session, task, job, result, hears=hears)


def _of(session: Session, task: Task, result: LinesTranslated | LinesDubbed | TakesHeard) -> Script:
    """The script of the segments that a result names."""
    return Script(session, task, result.language, [line.segment_id for line in result.lines])


def _merged(run: StageRun, used: Sequence[EngineUsed]) -> list[dict[str, object]]:
    known = [EngineUsed.model_validate(engine) for engine in run.engines]
    return [engine.model_dump(mode="json") for engine in merge_engines([*known, *used])]


def _take_translations(session: Session, task: Task, result: LinesTranslated, job: JobRow) -> Script:
    made = JOB.validate_json(job.payload)
    lines: Sequence[SourceLine] = made.lines if isinstance(made, TranslateLines | TranslateSpeech) else ()
    sources = {line.segment_id: line.text for line in lines if line.asked}
    script = Script(session, task, result.language, sources)
    from_memory = []
    for line in result.lines:
        row, segment = script.lines.get(line.segment_id), script.segments.get(line.segment_id)
        is_edited = segment is not None and sources.get(line.segment_id) != segment.text
        if row is None or row.edited or row.pinned or is_edited:  # a person edited it first
            continue
        row.origin = _origin(row, line)
        if segment is not None:
            row.segment_revision = segment.revision
            if row.origin == "memory":
                from_memory.append(segment.text)
        if row.text != line.text:
            row.text = line.text
            row.revision += 1
        row.alternatives = list(line.alternatives)
        row.error_code, row.error_message = line.error_code, line.error_message
        row.state = LineState.FAILED if line.text is None else _state(row)
        row.version += 1
    script_rows.count_uses(session, task, result.language, from_memory)
    _touch(session, task, result.language)
    return script


def _origin(row: LineRow, line: TranslatedLine) -> str:
    """Who wrote the text: one that was taken over unchanged, and not provided by a person for this line, is from the
    memory."""
    if not line.provided:
        return "sound" if line.from_sound else "engine"
    return "memory" if row.provided is None else "provided"


def _state(row: LineRow) -> LineState:
    if row.take_revision == row.revision:
        return LineState.DUBBED
    return LineState.TRANSLATED if row.take_revision is None else LineState.STALE


def _take_takes(session: Session, task: Task, result: LinesDubbed) -> Script:
    script, late = _of(session, task, result), []
    for take in result.lines:
        row = script.lines.get(take.segment_id)
        if row is None:
            continue
        if row.revision == take.revision:
            _place(row, take)
        elif take.take_key and row.state != LineState.DUBBED:
            late.append(take.segment_id)
    if late:  # edited meanwhile: such a take counts only if the edit was undone
        settle(script, late)
    _touch(session, task, result.language)
    return script


def _place(row: LineRow, take: LineTake) -> None:
    row.error_code, row.error_message = take.error_code, take.error_message
    row.version += 1
    if take.take_key is None:
        row.state = LineState.FAILED
        return
    row.state, row.take_revision = LineState.DUBBED, take.revision
    row.heard = row.error_rate = row.similarity = None
    show(row, take, take.start_s)


def _touch(session: Session, task: Task, language: str) -> None:
    row = pipeline_rows.language(session, task.task_id, language)
    if row is not None:
        row.content_version += 1


def _take_export(session: Session, task: Task, run: StageRun, result: LanguageExported) -> None:
    row = pipeline_rows.language(session, task.task_id, result.language)
    if row is None:
        return
    row.exported_version = run.content_version
    row.export_files = [file.model_dump(mode="json") for file in result.files]
    row.report = dict(result.report)
    judge_language(session, task, row)


def _take_line(session: Session, task: Task, job: JobRow, result: Result, *, hears: bool) -> None:
    """Record the result of redoing a single line: the line changes, and so the export becomes outdated."""
    row = script_rows.line(session, task.task_id, result.language, _segment_of(job))
    if row is None:
        return
    match result:
        case JobFailed(code=code, message=message):
            _fail(row, code, message)
        case LinesTranslated(lines=(TranslatedLine(text=None) as line, *_)):
            _fail(row, line.error_code, line.error_message)  # its previous text is better than none
        case LinesTranslated():
            speak(_take_translations(session, task, result, job), [row.segment_id], Lane(job.lane))
        case LinesDubbed():
            script = _take_takes(session, task, result)
            if hears:
                listen_to_line(script, row.segment_id, job)
    outdate_export(session, task, result.language)
    judge_later(session, task, result.language)
    failed, spoken = row.state == LineState.FAILED, row.state == LineState.DUBBED
    tell_line(session, task, row, "failed" if failed else "dubbed" if spoken else "updated")


def _segment_of(job: JobRow) -> str:
    """The line of a job that does only one."""
    made = JOB.validate_json(job.payload)
    if isinstance(made, TranslateLines | TranslateSpeech):
        return next((line.segment_id for line in made.lines if line.asked), "")
    return made.lines[0].segment_id if isinstance(made, CloneLines) else ""


def _fail(row: LineRow, code: str | None, message: str | None) -> None:
    row.state, row.error_code, row.error_message = LineState.FAILED, code, message
    row.version += 1


log = logger(__name__)


def give_up(database: Database, ended: JobFailed) -> None:
    """Fail a job and thereby its run, the usual way or, if that raises too, row by row. Blocking."""
    try:
        with database.write() as session:
            record(session, ended)
    except Exception:
        log.exception("job_not_ended", task=ended.task_id, stage=ended.stage, job=ended.shard, attempt=ended.attempt)
        _end_rows(database, ended)
        with database.write() as session:
            task = script_rows.locked_task(session, ended.task_id)
            if task is not None and task.deleted_at is None:
                carry_out(session, task, [])


def _end_rows(database: Database, ended: JobFailed) -> None:
    with database.write() as session:
        task = script_rows.locked_task(session, ended.task_id)
        job = pipeline_rows.job(session, ended.task_id, ended.language, ended.stage, ended.shard, ended.attempt)
        if task is None or job is None or job.state not in pipeline_rows.OPEN_JOBS:
            return
        job.state, job.finished_at = JobState.FAILED, now()
        run = (
            pipeline_rows.run(session, job.task_id, job.language, job.run_stage, job.attempt) if job.run_stage else None
        )
        if run is not None and run.status == Status.PROCESSING:
            run.jobs_failed += 1
            run.error_code, run.error_message = ended.code, ended.message
        log_stage(session, task, ended.language, ended.stage, "failed", ended.message)
        go_on(session, task, job)
        if job.kind == JobKind.RENDER_RECIPE:
            record_recipe(session, task, ended)
        if is_wish(job):
            take_wish(session, task, job, ended)


def record_recipe(session: Session, task: Task, result: RecipeRendered | JobFailed) -> None:
    """Record how an export ended."""
    made = pipeline_rows.export(session, task.task_id, pipeline_rows.export_of(result.shard))
    if made is None:
        return
    made.finished_at = now()
    if isinstance(result, JobFailed):
        made.status, made.error_code, made.error_message = Status.FAILED, result.code, result.message
    else:
        made.status, made.report = Status.COMPLETED, {**result.report, "languages": made.languages or {}}
        made.files = [file.model_dump(mode="json") for file in result.files]
    error = {"error_code": made.error_code, "error_message": made.error_message}
    name = "failed" if made.error_code else "completed"
    tell(session, task, BASE, "recipe", name, export_id=made.export_id, **error)
    log_stage(session, task, BASE, "recipe", name, made.error_message or made.export_id)
