"""Turn a stage run into job rows: read what the stage needs, cut it with the pure functions of `units`."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict

from services.gateway.db import Session
from services.gateway.db.tables import JobRow, StageRun, Task
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline import units
from services.gateway.pipeline.briefing import brief_job
from services.gateway.pipeline.fair_share import is_long_export, rank, video_seconds
from services.gateway.pipeline.kept_engines import keeping
from services.gateway.script import casting
from services.gateway.script import rows as script_rows
from services.gateway.script.script import Script, chinese, media, own_terms, spans
from services.gateway.script.terms import hotwords, with_pronunciations, with_terms
from services.gateway.script.voices import with_needed
from shared.messaging import (
    AnyJob,
    CloneLines,
    DiarizeVideo,
    EngineUsed,
    ExportLanguage,
    ExportSettings,
    ProposeBrief,
    RenderRecipe,
    Timeline,
    TranslateLines,
    address_of,
    merge_engines,
)
from shared.pipeline import LineState, Stage, Status
from shared.storage import keys
from shared.transcript import PictureEdits


def cut(session: Session, task: Task, run: StageRun, beside: Script | None = None) -> list[JobRow]:
    """Job rows for `run`; none when there is nothing to do. `beside`: a script of the task with its segments already
    read."""
    script = Script(session, task, run.language, beside=beside)
    match Stage(run.stage):
        case Stage.DIARIZATION:
            return [row(task, diarize(session, task, run), run)]
        case Stage.TRANSLATION:
            return [row(task, job, run, optional=isinstance(job, ProposeBrief)) for job in _translate(script, run)]
        case Stage.CLONING:
            return [row(task, job, run) for job in _clone(script, run)]
        case Stage.EXPORT:
            return [_export(script, run)]


def row(
    task: Task, job: AnyJob, run: StageRun | None = None, document: str | None = None, *, optional: bool = False
) -> JobRow:
    """A ready row for `job` of `task`, which counts for `run`; None: it is independent."""
    if run is not None and run.stage != job.stage():
        job = job.model_copy(update={"counts_for": Stage(run.stage)})
    video_s = video_seconds(media(task).duration_s, task.video_size)
    burns = isinstance(job, RenderRecipe) and job.recipe.burn is not None
    long = job.stage() is Stage.EXPORT and is_long_export(video_s, burns=burns)
    counts_for = Stage(run.stage) if run else job.stage()
    place = rank(counts_for, task.id or 0, video_s, len(task.config.get("target_languages", ())), long=long)
    return JobRow(
        owner=task.owner,
        **asdict(place),
        **address_of(job),
        kind=job.kind,
        lane=job.lane,
        run_stage=run.stage if run else None,
        optional=optional,
        payload=job.model_dump_json(),
        document=document,
    )


def spoken_right(script: Script, jobs: Iterable[CloneLines]) -> list[CloneLines]:
    """`jobs` with the account's pronunciations of what they say."""
    found = list(jobs)
    if not found:
        return []
    known = script.account_terms.spoken
    return keeping(script.session, script.task, (with_pronunciations(job, known) for job in found))


def diarize(session: Session, task: Task, run: StageRun) -> DiarizeVideo:
    """The job of the base stage."""
    spoken = task.config.get("source_language")
    job = DiarizeVideo(
        task_id=task.task_id,
        language=run.language,
        attempt=run.attempt,
        epoch=task.epoch,
        video_key=task.video_key,
        source_language=spoken,
        num_speakers=task.config.get("num_speakers"),
        audio_track=task.config.get("audio_track"),
        text_track=task.config.get("text_track"),
        source_text=task.config.get("source_text"),
        read_picture=task.config.get("export_settings", {}).get("picture", "original") != "original",
        subtitles_key=task.config.get("subtitles_key"),
        captions=task.config.get("captions") or "understood",
        chinese=chinese(task),
        hotwords=hotwords(own_terms(task), script_rows.terms_said(session, task.owner, spoken)),
        cast=casting.samples(session, task.owner),
    )
    return keeping(session, task, [job])[0]


def _is_repeat(session: Session, run: StageRun) -> bool:
    """A person asked for a finished stage again, so finished lines are done again too."""
    before = pipeline_rows.previous_run(session, run)
    return before is not None and before.status in (Status.COMPLETED, Status.STALE)


def _translate(script: Script, run: StageRun) -> Sequence[TranslateLines | ProposeBrief]:
    """Jobs for the lines; before them, once, the job in which a translator looks at the whole video."""
    script.add_missing_lines()
    repeat = _is_repeat(script.session, run)
    revisions = {key: segment.revision for key, segment in script.segments.items()}
    todo = {
        key
        for key, line in script.lines.items()
        if not (line.edited or line.pinned)
        and (repeat or line.text is None or line.segment_revision != revisions.get(key))
    }
    unsettled = {key for key in todo if script.lines[key].provided is None and not script.lines[key].omitted}
    first = brief_job(script, run, unsettled)
    return [first] if first else translation_jobs(script, run.attempt, todo)


def translation_jobs(
    script: Script, attempt: int, todo: Collection[str], *, alone: bool = False
) -> list[TranslateLines]:
    """Jobs that translate the lines of the segments `todo` of a whole script; one job for each line if `alone`."""
    task, known = script.task, list(script.spans.values())
    jobs = units.translate_jobs(
        task.task_id,
        script.language,
        attempt,
        task.epoch,
        script.spoken_language,
        known,
        {key: line for key, line in script.lines.items() if key in todo},
        script.media.duration_s,
        (),
        script.pace(),
        recalled=script.recalled(todo),
        alone=alone,
        unspoken={key for key, line in script.lines.items() if line.omitted},
    )
    made = (with_terms(job, script.glossary).model_copy(update=script.told) for job in jobs)
    return keeping(script.session, task, made)


def _clone(script: Script, run: StageRun) -> list[CloneLines]:
    repeat = _is_repeat(script.session, run)
    todo = {
        key
        for key, line in script.lines.items()
        if line.text and not (line.omitted or line.pinned) and (repeat or line.take_revision != line.revision)
    }
    for line in (script.lines[key] for key in todo):
        if line.tried or line.rounds:
            line.tried, line.rounds = [], 0
    return speech_jobs(script, run.attempt, todo)


def speech_jobs(script: Script, attempt: int, todo: Collection[str]) -> list[CloneLines]:
    """Jobs that speak the lines of the segments `todo`."""
    jobs = units.clone_jobs(
        script.task.task_id,
        script.language,
        attempt,
        script.task.epoch,
        list(script.heard.values()),
        {key: line for key, line in script.lines.items() if key in todo},
        script.roles.voices,
        script.media.duration_s,
    )
    return spoken_right(script, map(with_needed, jobs))


def timeline(script: Script) -> Timeline:
    """What the export of a language is made from."""
    return units.timeline(
        script.task.task_id,
        script.language,
        script.spoken_language,
        script.media,
        list(script.spans.values()),
        script.lines,
        _engines(script.session, script.task, script.language),
        _as_heard(script),
    )


def _as_heard(script: Script) -> dict[str, str]:
    """The texts that were spoken in the takes of lines edited since."""
    stale = {
        key: line.take_key for key, line in script.lines.items() if line.state == LineState.STALE and line.take_key
    }
    if not stale:
        return {}
    takes = script_rows.takes_by_segment(script.session, script.task.task_id, script.language, stale)
    return {key: take.text for key in stale for take in takes.get(key, ())[::-1] if take.take_key == stale[key]}


def source_timeline(session: Session, task: Task) -> Timeline:
    """The original's own lines, for its subtitles."""
    segments = spans(script_rows.spoken_segments(session, task.task_id))
    return units.source_timeline(task.task_id, task.source_language or "en", media(task), segments)


def _export(script: Script, run: StageRun) -> JobRow:
    task, document = script.task, timeline(script)
    job = ExportLanguage(
        task_id=task.task_id,
        language=run.language,
        attempt=run.attempt,
        epoch=task.epoch,
        video_key=task.video_key,
        original_name=task.video_original_name,
        timeline_key=keys.document(task.task_id, run.language, Stage.EXPORT, "0", run.attempt),
        transcript_key=task.transcript_key,
        settings=ExportSettings.model_validate(task.config.get("export_settings", {})),
        picture_edits=PictureEdits.model_validate(task.config.get("picture_edits") or {}),
    )
    return row(task, job, run, document.model_dump_json())


def _engines(session: Session, task: Task, language: str) -> tuple[EngineUsed, ...]:
    runs = pipeline_rows.newest_runs(session, [task.task_id]).get(task.task_id, {})
    used = [
        EngineUsed.model_validate(engine)
        for (of, _), run in runs.items()
        if of in ("base", language)
        for engine in run.engines
    ]
    return merge_engines(used)
