"""What a result or an edit outdates: lines, exports, and the verdict of a language's gate."""

from collections.abc import Collection, Sequence
from typing import Any, cast

from services.gateway.db import Session
from services.gateway.db.engine import at_end
from services.gateway.db.tables import LineRow, TakeRow, Task, TaskLanguage
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.facts import tell
from services.gateway.pipeline.gate import GateLimits, judge
from services.gateway.pipeline.kept_engines import marks_of
from services.gateway.pipeline.questions import went_on
from services.gateway.script import rows as script_rows
from services.gateway.script.cues import reads_like, timing_of
from services.gateway.script.doubt import DOUBTFUL
from services.gateway.script.lines import Line
from services.gateway.script.script import Script
from services.gateway.script.slots import is_crowded
from services.gateway.script.takes import show_again
from services.gateway.script.voices import basis
from shared.messaging import ExportSettings, SpeakerVoice
from shared.pipeline import LineState, Stage, Status


def judge_language(session: Session, task: Task, row: TaskLanguage) -> None:
    """Set `gate` from the report and the lines as they are now; None without a report."""
    if row.report is None:
        row.gate = None
        return
    settings = ExportSettings.model_validate(task.config.get("export_settings", {}))
    limits = GateLimits.model_validate(task.config.get("gate", {}))
    lines = script_rows.judged_lines(session, task.task_id, row.language)
    gate = judge(
        row.report,
        cast(Sequence[Line], lines),  # they have what is judged of a line
        limits,
        settings.loudness_lufs,
        doubtful=script_rows.doubtful_segments(session, task.task_id, DOUBTFUL),
        reads_like=reads_like(task.config, row.language),
        timing=timing_of(task.config),
        accepted=went_on(task.question),
        outdated=row.exported_version != row.content_version,
    )
    row.gate = gate.model_dump(mode="json")


def judge_again(session: Session, task: Task, language: str) -> None:
    """The same after a change of lines, if there is a verdict that could be wrong now."""
    row = pipeline_rows.language(session, task.task_id, language)
    if row is not None and row.report is not None:
        session.flush()
        judge_language(session, task, row)


def judge_later(session: Session, task: Task, language: str) -> None:
    """The same once for all changes of a transaction: by `judge_due`, or else when it is committed."""
    due: dict[tuple[str, str], Task] | None = session.info.get(_DUE)
    if due is None:
        due = session.info[_DUE] = {}
        at_end(session, judge_due)
    due[task.task_id, language] = task


def judge_due(session: Session) -> None:
    """Judge the languages that wait for it, before somebody is told of their verdicts."""
    due: dict[tuple[str, str], Task] = session.info.get(_DUE, {})
    while due:
        (_, language), task = due.popitem()
        judge_again(session, task, language)


_DUE = "due verdicts"


def spoken_by(script: Script, speakers: Collection[str]) -> set[str]:
    """Segments whose lines have the voice of one of `speakers`, by default or by choice."""
    wanted = set(speakers)
    return {key for key, span in script.spans.items() if {span.speaker_id, script.heard[key].speaker_id} & wanted}


def reaching(script: Script, starts: Collection[float]) -> set[str]:
    """Segments whose takes go on after their lines' ends, up to one of `starts` or beyond."""
    ordered, found = sorted(starts), set()
    for key, line in script.lines.items():
        if key not in script.spans or line.fit == "overflow":
            continue
        if line.take_start_s is None or line.take_duration_s is None:
            continue
        if is_crowded(script.spans[key].end_s, line.take_start_s + line.take_duration_s, ordered):
            found.add(key)
    return found


def settle(script: Script, segment_ids: Collection[str]) -> None:
    """Derive the states of lines from their texts and the takes they have had.

    A line is dubbed when a take was made of exactly this text, voice and slot, and there is still room for it; a pinned
    take counts for the text it was made of. A line whose source was edited after its translation is outdated.
    """
    task_id, language = script.task.task_id, script.language
    takes = script_rows.takes_by_segment(script.session, task_id, language, segment_ids)
    marks, starts = marks_of(script.session, task_id, language), sorted(one.start_s for one in script.spans.values())
    for key in segment_ids:
        _settle(script, key, takes.get(key, []), marks, starts)


def _settle(script: Script, key: str, takes: Sequence[TakeRow], marks: str, starts: Sequence[float]) -> None:
    line, segment = script.lines[key], script.segments[key]
    line.revision += 1
    line.version += 1
    line.error_code = line.error_message = None
    in_sync = line.text is not None and line.segment_revision == segment.revision
    take = _counting(script, line, takes, marks, starts) if in_sync else None
    if take is not None:
        show_again(line, take, script.spans[key].start_s)
        line.take_revision, line.state = line.revision, LineState.DUBBED
    elif line.text is None:
        line.state = LineState.PENDING
    elif line.take_key is None:
        line.state = LineState.TRANSLATED
    else:
        line.state = LineState.STALE
        if shown := next((take for take in takes if take.take_key == line.take_key), None):
            show_again(line, shown, shown.start_s)


def _counting(
    script: Script, line: LineRow, takes: Sequence[TakeRow], marks: str, starts: Sequence[float]
) -> TakeRow | None:
    """The take made from the line as it is now: its current one, else the newest."""
    first = sorted(takes, key=lambda take: take.take_key != line.take_key)
    if line.pinned and first and first[0].take_key == line.take_key and first[0].text == line.text:
        return first[0]
    span, who = script.spans[line.segment_id], script.heard[line.segment_id].speaker_id
    voice = script.roles.voices.get(who, SpeakerVoice(speaker_id=who))
    made_of = basis(line.text or "", span.end_s - span.start_s, voice, marks)
    for take in first:
        has_room = take.fit == "overflow" or not is_crowded(span.end_s, span.start_s + take.duration_s, starts)
        if take.basis == made_of and has_room:
            return take
    return None


def tell_line(session: Session, task: Task, line: LineRow, name: str) -> None:
    """The fact that a line changed, with what a client needs to show it."""
    tell(session, task, line.language, "line", name, **line_facts(line))


def line_facts(line: LineRow) -> dict[str, Any]:
    """The data sent about a line that changed."""
    return line.model_dump(include={"segment_id", "state", "version", "error_code", "error_message"})


def outdate_export(session: Session, task: Task, language: str) -> None:
    """A finished language no longer shows what its lines say."""
    row = pipeline_rows.language(session, task.task_id, language)
    if row is None or row.status != Status.COMPLETED:
        return
    row.status = Status.STALE
    tell(session, task, language, "language", "stale")


def outdate_exports(session: Session, task: Task) -> None:
    """The exports of all languages show a picture that is out of date."""
    for row in pipeline_rows.languages(session, [task.task_id]).get(task.task_id, []):
        row.content_version += 1
        outdate_export(session, task, row.language)


def outdate_voices(session: Session, task: Task, language: str) -> None:
    """So many lines have new texts that the next start of the language dubs what is missing before it exports."""
    run = pipeline_rows.newest_runs(session, [task.task_id]).get(task.task_id, {}).get((language, Stage.CLONING))
    if run is not None and run.status == Status.COMPLETED:
        run.status = Status.STALE
