"""Turn a stage run into job rows: read what the stage needs, cut it with the pure functions of `planning.units`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

from services.gateway.database import account, casting, history, queries
from services.gateway.database.kept_engines import keeping
from services.gateway.database.line_rows import with_missing_lines
from services.gateway.database.queries import Placed, Spoken
from services.gateway.database.tables import JobRow, LineRow, SegmentRow, StageRun, Task
from services.gateway.planning import pace, units, voices
from services.gateway.planning.captions import omission
from services.gateway.planning.fair_share import is_long_export, rank, video_seconds
from services.gateway.planning.pace import Pace, measure
from services.gateway.planning.slots import Span
from services.gateway.planning.terms import hotwords, merged, pronunciations, with_pronunciations, with_terms
from shared.messaging import (
    Brief,
    CloneLines,
    DiarizeVideo,
    EngineUsed,
    ExportLanguage,
    ExportSettings,
    GlossaryTerm,
    Job,
    RenderRecipe,
    Timeline,
    TranslateLines,
    merge_engines,
)
from shared.pipeline import ChineseScript, LineState, Stage, Status
from shared.storage import keys
from shared.transcript import MediaFacts


def cut(session: Session, task: Task, run: StageRun) -> list[JobRow]:
    """Job rows for `run`; none when there is nothing to do."""
    match Stage(run.stage):
        case Stage.DIARIZATION:
            return [row(task, _diarize(session, task, run), run)]
        case Stage.TRANSLATION:
            return [row(task, job, run) for job in _translate(session, task, run)]
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


def add(session: Session, jobs: Sequence[JobRow]) -> None:
    """Insert any number of jobs with one statement."""
    if jobs:
        rows = [job.model_dump(exclude={"id"}) for job in jobs]
        session.execute(insert(JobRow.__table__), rows)  # type: ignore[attr-defined]


def media(task: Task) -> MediaFacts:
    """What the base stage found out about the video."""
    return MediaFacts.model_validate(task.media or {"container": "unknown", "duration_s": 0})


def spans(segments: Iterable[SegmentRow | Spoken], lines: Mapping[str, LineRow | Placed] | None = None) -> list[Span]:
    """Segments as the planner sees them, with what `lines` of one language say otherwise of time and speaker."""
    lines = lines or {}
    return [_span(segment, lines.get(segment.segment_id)) for segment in segments]


def _span(segment: SegmentRow | Spoken, line: LineRow | Placed | None) -> Span:
    own = (line.start_s, line.end_s, line.speaker_id) if line else (None, None, None)
    unsaid = omission(segment.decisions) if line is None or line.omitted else None
    start_s, end_s, speaker_id = own
    return Span(
        segment.segment_id,
        segment.start_s if start_s is None else start_s,
        segment.end_s if end_s is None else end_s,
        speaker_id or segment.speaker_id,
        segment.text,
        unsaid,
    )


def view(line: LineRow) -> units.LineView:
    """A line as the planner sees it."""
    return units.LineView(
        segment_id=line.segment_id,
        text=line.text,
        provided=line.provided,
        edited=line.edited,
        origin=line.origin,
        omitted=line.omitted,
        pinned=line.pinned,
        rounds=line.rounds,
        rendition=line.rendition,
        decision=line.decision,
        error_rate=line.error_rate,
        similarity=line.similarity,
        state=LineState(line.state),
        revision=line.revision,
        take_key=line.take_key,
        take_start_s=line.take_start_s,
        take_duration_s=line.take_duration_s,
        speed=line.speed,
        fit=line.fit,
        error_code=line.error_code,
    )


def roles(
    session: Session, task: Task, segments: Sequence[SegmentRow | Spoken], lines: Mapping[str, LineRow | Placed]
) -> voices.Roles:
    """Who speaks each of `lines` of one language, by the choices made for speakers and for single lines."""
    people = [
        voices.Person(row.speaker_id, row.f0_hz, row.reference_key, _choice(row.voice), row.pace or 1.0)
        for row in queries.speakers(session, task.task_id)
    ]
    chosen = {key: choice for key, line in lines.items() if (choice := _choice(line.voice))}
    wanted = {choice.id for choice in (*chosen.values(), *(who.choice for who in people if who.choice))}
    clips = {row.clip_id: voices.Clip(row.key, row.f0_hz) for row in history.clips(session, wanted)} if wanted else {}
    return voices.roles(people, spans(segments, lines), chosen, clips)


def _choice(voice: Mapping[str, str] | None) -> voices.Choice | None:
    return voices.Choice(voice["kind"], voice["id"]) if voice else None


def glossary(session: Session, task: Task, language: str) -> tuple[GlossaryTerm, ...]:
    """The terms that count for a language of a task: its own, then its account's."""
    return merged(_own_terms(task), account.terms_of_pair(session, task.owner, task.source_language or "en", language))


def chinese(task: Task) -> ChineseScript:
    """The script of a task's Chinese."""
    return "zh-Hant" if task.config.get("chinese") == "zh-Hant" else "zh-Hans"


def brief(task: Task) -> Brief:
    """What the translators of a task are told."""
    return Brief.model_validate(task.config.get("brief") or {})


def told(task: Task, language: str) -> dict[str, Any]:
    """Fields of every job that asks a translator for `language`."""
    return {"chinese": chinese(task), "brief": brief(task).of(language)}


def _own_terms(task: Task) -> list[GlossaryTerm]:
    return [GlossaryTerm.model_validate(term) for term in task.config.get("glossary", [])]


def spoken_right(session: Session, task: Task, jobs: Iterable[CloneLines]) -> list[CloneLines]:
    """`jobs` of one language with the account's pronunciations of what they say."""
    found = list(jobs)
    if not found:
        return []
    terms = account.terms_of_pair(session, task.owner, task.source_language or "en", found[0].language)
    known = pronunciations(terms)
    return keeping(session, task, (with_pronunciations(job, known) for job in found))


def _diarize(session: Session, task: Task, run: StageRun) -> DiarizeVideo:
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
        subtitles_key=task.config.get("subtitles_key"),
        captions=task.config.get("captions") or "understood",
        chinese=chinese(task),
        hotwords=hotwords(_own_terms(task), account.terms_said(session, task.owner, spoken)),
        cast=casting.samples(session, task.owner),
    )
    return keeping(session, task, [job])[0]


def _redo(session: Session, run: StageRun) -> bool:
    """A person asked for a finished stage again, so finished lines are done again too."""
    before = queries.previous_run(session, run)
    return before is not None and before.status in (Status.COMPLETED, Status.STALE)


def _translate(session: Session, task: Task, run: StageRun) -> list[TranslateLines]:
    segments = queries.spoken_segments(session, task.task_id)
    lines = with_missing_lines(session, task, run.language, segments)
    redo = _redo(session, run)
    revisions = {segment.segment_id: segment.revision for segment in segments}
    todo = {
        key
        for key, line in lines.items()
        if not (line.edited or line.pinned)
        and (redo or line.text is None or line.segment_revision != revisions.get(key))
    }
    return _translations(session, task, run.language, run.attempt, todo, segments, lines)


def translation_jobs(
    session: Session, task: Task, language: str, attempt: int, todo: Collection[str], *, alone: bool = False
) -> list[TranslateLines]:
    """Jobs that translate the lines of the segments `todo`, each in one of its own if `alone`."""
    segments, lines = queries.spoken_segments(session, task.task_id), queries.lines(session, task.task_id, language)
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
    todo: Mapping[str, units.LineView],
) -> dict[str, units.LineView]:
    """`todo`, where lines that nobody brought a text for get the one a person settled for the same source text."""
    sources = {one.segment_id: one.text for one in segments if one.segment_id in todo}
    without = {key: sources[key] for key, line in todo.items() if line.provided is None and key in sources}
    known = account.recalled(session, task, language, without)
    return {key: replace(line, provided=known[key]) if key in known else line for key, line in todo.items()}


def _clone(session: Session, task: Task, run: StageRun) -> list[CloneLines]:
    redo = _redo(session, run)
    lines = queries.lines(session, task.task_id, run.language)
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
    segments, lines = queries.spoken_segments(session, task.task_id), queries.lines(session, task.task_id, language)
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
    lines = queries.lines(session, task.task_id, language)
    return units.timeline(
        task.task_id,
        language,
        task.source_language or "en",
        media(task),
        spans(queries.spoken_segments(session, task.task_id), lines),
        _as_heard(session, task, language, {key: view(line) for key, line in lines.items()}),
        _engines(session, task, language),
    )


def _as_heard(
    session: Session, task: Task, language: str, lines: dict[str, units.LineView]
) -> dict[str, units.LineView]:
    """Lines edited after their takes with the texts of the takes: subtitles and voice of a file never differ."""
    stale = [key for key, line in lines.items() if line.state is LineState.STALE and line.take_key is not None]
    takes = history.takes_by_segment(session, task.task_id, language, stale) if stale else {}
    for key in stale:
        spoken = next((take.text for take in takes.get(key, ()) if take.take_key == lines[key].take_key), None)
        lines[key] = replace(lines[key], text=spoken) if spoken is not None else lines[key]
    return lines


def source_timeline(session: Session, task: Task) -> Timeline:
    """The original's own lines, for its subtitles."""
    segments = spans(queries.spoken_segments(session, task.task_id))
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
    )
    return row(task, job, run, document.model_dump_json())


def _engines(session: Session, task: Task, language: str) -> tuple[EngineUsed, ...]:
    runs = queries.newest_runs(session, [task.task_id]).get(task.task_id, {})
    used = [
        EngineUsed.model_validate(engine)
        for (of, _), run in runs.items()
        if of in ("base", language)
        for engine in run.engines
    ]
    return merge_engines(used)
