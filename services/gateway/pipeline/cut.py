"""Turn a stage run into job rows: read what the stage needs, cut it with the pure functions of `units`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, replace

from services.gateway.db import Session
from services.gateway.db.tables import JobRow, LineRow, SegmentRow, StageRun, Task
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline import units
from services.gateway.pipeline.briefing import brief_job
from services.gateway.pipeline.fair_share import is_long_export, rank, video_seconds
from services.gateway.pipeline.kept_engines import keeping
from services.gateway.pipeline.units import BRIEF
from services.gateway.script import casting, lines, pace, voices
from services.gateway.script import rows as script_rows
from services.gateway.script.pace import Pace, measure
from services.gateway.script.script import chinese, glossary, media, own_terms, roles, spans, told, view
from services.gateway.script.slots import Span
from services.gateway.script.terms import hotwords, pronunciations, with_pronunciations, with_terms
from shared.messaging import (
    CloneLines,
    DiarizeVideo,
    EngineUsed,
    ExportLanguage,
    ExportSettings,
    Job,
    ProposeBrief,
    RenderRecipe,
    Timeline,
    TranslateLines,
    merge_engines,
)
from shared.pipeline import LineState, Stage, Status
from shared.storage import keys
from shared.transcript import PictureEdits


def cut(session: Session, task: Task, run: StageRun) -> list[JobRow]:
    """Job rows for `run`; none when there is nothing to do."""
    match Stage(run.stage):
        case Stage.DIARIZATION:
            return [row(task, diarize(session, task, run), run)]
        case Stage.TRANSLATION:
            return [row(task, job, run, optional=job.shard == BRIEF) for job in _translate(session, task, run)]
        case Stage.CLONING:
            return [row(task, job, run) for job in _clone(session, task, run)]
        case Stage.EXPORT:
            return [_export(session, task, run)]


def row(
    task: Task, job: Job, run: StageRun | None = None, document: str | None = None, *, optional: bool = False
) -> JobRow:
    """A ready row for `job` of `task`, which counts for `run`; None: it stands alone."""
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
        task_id=job.task_id,
        language=job.language,
        stage=job.stage(),
        shard=job.shard,
        attempt=job.attempt,
        lane=job.lane,
        run_stage=run.stage if run else None,
        optional=optional,
        payload=job.model_dump_json(),
        document=document,
    )


def spoken_right(session: Session, task: Task, jobs: Iterable[CloneLines]) -> list[CloneLines]:
    """`jobs` of one language with the account's pronunciations of what they say."""
    found = list(jobs)
    if not found:
        return []
    terms = script_rows.terms_of_pair(session, task.owner, task.source_language or "en", found[0].language)
    known = pronunciations(terms)
    return keeping(session, task, (with_pronunciations(job, known) for job in found))


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


def _translate(session: Session, task: Task, run: StageRun) -> Sequence[TranslateLines | ProposeBrief]:
    """Jobs for the lines; before them, once, that of a translator who looks at the whole."""
    segments = script_rows.spoken_segments(session, task.task_id)
    lines = script_rows.with_missing_lines(session, task, run.language, segments)
    redo = _is_repeat(session, run)
    revisions = {segment.segment_id: segment.revision for segment in segments}
    todo = {
        key
        for key, line in lines.items()
        if not (line.edited or line.pinned)
        and (redo or line.text is None or line.segment_revision != revisions.get(key))
    }
    unsettled = {key for key in todo if lines[key].provided is None and not lines[key].omitted}
    first = brief_job(session, task, run, segments, unsettled)
    return [first] if first else _translations(session, task, run.language, run.attempt, todo, segments, lines)


def translation_jobs(
    session: Session, task: Task, language: str, attempt: int, todo: Collection[str], *, alone: bool = False
) -> list[TranslateLines]:
    """Jobs that translate the lines of the segments `todo`, each in one of its own if `alone`."""
    segments, lines = (
        script_rows.spoken_segments(session, task.task_id),
        script_rows.lines(session, task.task_id, language),
    )
    return _translations(session, task, language, attempt, todo, segments, lines, alone=alone)


def _translations(
    session: Session,
    task: Task,
    language: str,
    attempt: int,
    todo: Collection[str],
    segments: Sequence[SegmentRow],
    lines: Mapping[str, LineRow],
    *,
    alone: bool = False,
) -> list[TranslateLines]:
    known, terms = spans(segments, lines), glossary(session, task, language)
    views = {key: view(line) for key, line in lines.items() if key in todo}
    jobs = units.translate_jobs(
        task.task_id,
        language,
        attempt,
        task.epoch,
        task.source_language or "en",
        known,
        _with_memory(session, task, language, segments, views),
        media(task).duration_s,
        terms,
        _pace(language, known, lines),
        alone=alone,
        unspoken={key for key, line in lines.items() if line.omitted},
    )
    made = (with_terms(job, terms).model_copy(update=told(task, language)) for job in jobs)
    return keeping(session, task, made)


def _pace(code: str, known: Iterable[Span], lines: Mapping[str, LineRow]) -> Pace:
    """How fast the takes of a language are that count already."""
    owners = {span.segment_id: span.speaker_id for span in known}
    return measure(
        code,
        (
            pace.Spoken(owners[line.segment_id], len(line.text), line.natural_s)
            for line in lines.values()
            if line.text and line.natural_s and line.take_revision == line.revision and line.segment_id in owners
        ),
    )


def _with_memory(
    session: Session,
    task: Task,
    language: str,
    segments: Iterable[SegmentRow],
    todo: Mapping[str, lines.LineView],
) -> dict[str, lines.LineView]:
    """`todo`, where lines that nobody brought a text for get the one a person settled for the same source text."""
    sources = {one.segment_id: one.text for one in segments if one.segment_id in todo}
    without = {key: sources[key] for key, line in todo.items() if line.provided is None and key in sources}
    known = script_rows.recalled(session, task, language, without)
    return {key: replace(line, provided=known[key]) if key in known else line for key, line in todo.items()}


def _clone(session: Session, task: Task, run: StageRun) -> list[CloneLines]:
    redo = _is_repeat(session, run)
    lines = script_rows.lines(session, task.task_id, run.language)
    todo = {
        key
        for key, line in lines.items()
        if line.text and not (line.omitted or line.pinned) and (redo or line.take_revision != line.revision)
    }
    for key in todo:
        lines[key].tried, lines[key].rounds = [], 0
    return speech_jobs(session, task, run.language, run.attempt, todo)


def speech_jobs(session: Session, task: Task, language: str, attempt: int, todo: Collection[str]) -> list[CloneLines]:
    """Jobs that speak the lines of the segments `todo`."""
    segments, lines = (
        script_rows.spoken_segments(session, task.task_id),
        script_rows.lines(session, task.task_id, language),
    )
    cast = roles(session, task, segments, lines)
    jobs = units.clone_jobs(
        task.task_id,
        language,
        attempt,
        task.epoch,
        [cast.spoken(span) for span in spans(segments, lines)],
        {key: view(line) for key, line in lines.items() if key in todo},
        cast.voices,
        media(task).duration_s,
    )
    return spoken_right(session, task, map(voices.with_needed, jobs))


def timeline(session: Session, task: Task, language: str) -> Timeline:
    """What the export of `language` is made from."""
    lines = script_rows.lines(session, task.task_id, language)
    return units.timeline(
        task.task_id,
        language,
        task.source_language or "en",
        media(task),
        spans(script_rows.spoken_segments(session, task.task_id), lines),
        _as_heard(session, task, language, {key: view(line) for key, line in lines.items()}),
        _engines(session, task, language),
    )


def _as_heard(
    session: Session, task: Task, language: str, lines: dict[str, lines.LineView]
) -> dict[str, lines.LineView]:
    """Lines edited after their takes with the texts of the takes: subtitles and voice of a file never differ."""
    stale = [key for key, line in lines.items() if line.state is LineState.STALE and line.take_key is not None]
    takes = script_rows.takes_by_segment(session, task.task_id, language, stale) if stale else {}
    for key in stale:
        spoken = next((take.text for take in takes.get(key, ()) if take.take_key == lines[key].take_key), None)
        lines[key] = replace(lines[key], text=spoken) if spoken is not None else lines[key]
    return lines


def source_timeline(session: Session, task: Task) -> Timeline:
    """The original's own lines, for its subtitles."""
    segments = spans(script_rows.spoken_segments(session, task.task_id))
    return units.source_timeline(task.task_id, task.source_language or "en", media(task), segments)


def _export(session: Session, task: Task, run: StageRun) -> JobRow:
    document = timeline(session, task, run.language)
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
