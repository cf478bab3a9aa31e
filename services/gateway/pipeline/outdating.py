"""What a result or an edit outdates: lines, exports, and the verdict of a language's gate."""

from collections.abc import Collection, Sequence
from typing import Any

from services.gateway.db import Session
from services.gateway.db.tables import LineRow, SegmentRow, TakeRow, Task, TaskLanguage
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.facts import tell
from services.gateway.pipeline.gate import GateLimits, judge
from services.gateway.pipeline.kept_engines import marks_of
from services.gateway.pipeline.questions import went_on
from services.gateway.script import rows as script_rows
from services.gateway.script.cues import reads_like
from services.gateway.script.doubt import DOUBTFUL
from services.gateway.script.script import roles, spans, view
from services.gateway.script.slots import is_crowded
from services.gateway.script.takes import show
from services.gateway.script.voices import basis
from shared.messaging import ExportSettings, SpeakerVoice
from shared.pipeline import LineState, Stage, Status


def judge_language(session: Session, task: Task, row: TaskLanguage) -> None:
    """Set `gate` from the report at hand and the lines as they are now; None without a report."""
    if row.report is None:
        row.gate = None
        return
    lines = [view(line) for line in script_rows.lines(session, task.task_id, row.language).values()]
    settings = ExportSettings.model_validate(task.config.get("export_settings", {}))
    limits = GateLimits.model_validate(task.config.get("gate", {}))
    gate = judge(
        row.report,
        lines,
        limits,
        settings.loudness_lufs,
        doubtful=script_rows.doubtful_segments(session, task.task_id, DOUBTFUL),
        reads_like=reads_like(task.config, row.language),
        accepted=went_on(task.question),
        outdated=row.exported_version != row.content_version,
    )
    row.gate = gate.model_dump(mode="json")


def judge_again(session: Session, task: Task, language: str) -> None:
    """The same after a change of lines, where there is a verdict that could be wrong now."""
    row = pipeline_rows.language(session, task.task_id, language)
    if row is not None and row.report is not None:
        session.flush()
        judge_language(session, task, row)


class Lines:
    """The lines of one language with when and by whom they are spoken."""

    def __init__(self, session: Session, task: Task, language: str, segments: Sequence[SegmentRow]) -> None:
        self._session, self._task_id, self._language = session, task.task_id, language
        self.rows = script_rows.lines(session, task.task_id, language)
        self._segments = {segment.segment_id: segment for segment in segments}
        self._spans = {span.segment_id: span for span in spans(segments, self.rows)}
        self._starts = sorted(span.start_s for span in self._spans.values())
        self._roles = roles(session, task, segments, self.rows)
        self._marks = marks_of(session, task.task_id, language)

    def spoken_by(self, speakers: Collection[str]) -> set[str]:
        """Segments whose lines have the voice of one of `speakers`, by themselves or because it was chosen."""
        found = set()
        for key, span in self._spans.items():
            if {span.speaker_id, self._roles.spoken(span).speaker_id} & set(speakers):
                found.add(key)
        return found

    def reaching(self, starts: Collection[float]) -> set[str]:
        """Segments whose takes go on after their lines' ends, up to one of `starts` or beyond."""
        ordered = sorted(starts)
        return {
            key
            for key, line in self.rows.items()
            if key in self._spans and line.fit != "overflow" and is_crowded(*self._ends(line), ordered)
        }

    def settle(self, segment_ids: Collection[str]) -> None:
        """Let the states of lines follow from their texts and the takes they have had.

        A line is dubbed when a take was made of exactly this text, voice and slot, and still has room; a pinned take
        counts for the text it was made of. A line whose source was edited after its translation is outdated.
        """
        takes = script_rows.takes_by_segment(self._session, self._task_id, self._language, segment_ids)
        for segment_id in segment_ids:
            self._settle(self.rows[segment_id], self._segments[segment_id], takes.get(segment_id, []))

    def _settle(self, line: LineRow, segment: SegmentRow, takes: Sequence[TakeRow]) -> None:
        line.revision += 1
        line.version += 1
        line.error_code = line.error_message = None
        in_sync = line.text is not None and line.segment_revision == segment.revision
        take = self._counting(line, takes) if in_sync else None
        if take is not None:
            show(line, take, self._spans[line.segment_id].start_s)
            line.take_revision, line.state = line.revision, LineState.DUBBED
        elif line.text is None:
            line.state = LineState.PENDING
        elif line.take_key is None:
            line.state = LineState.TRANSLATED
        else:
            line.state = LineState.STALE
            if shown := next((take for take in takes if take.take_key == line.take_key), None):
                show(line, shown, shown.start_s)

    def _counting(self, line: LineRow, takes: Sequence[TakeRow]) -> TakeRow | None:
        first = sorted(takes, key=lambda take: take.take_key != line.take_key)  # the line's own before newer ones
        if line.pinned and first and first[0].take_key == line.take_key and first[0].text == line.text:
            return first[0]
        made_of = self._basis(line)
        return next((take for take in first if take.basis == made_of and self._has_room(line, take)), None)

    def _basis(self, line: LineRow) -> str:
        span = self._spans[line.segment_id]
        who = self._roles.spoken(span).speaker_id
        voice = self._roles.voices.get(who, SpeakerVoice(speaker_id=who))
        return basis(line.text or "", span.end_s - span.start_s, voice, self._marks)

    def _has_room(self, line: LineRow, take: TakeRow) -> bool:
        span = self._spans[line.segment_id]
        return take.fit == "overflow" or not is_crowded(span.end_s, span.start_s + take.duration_s, self._starts)

    def _ends(self, line: LineRow) -> tuple[float, float]:
        end_s = self._spans[line.segment_id].end_s
        if line.take_start_s is None or line.take_duration_s is None:
            return end_s, end_s
        return end_s, line.take_start_s + line.take_duration_s


def tell_line(session: Session, task: Task, line: LineRow, name: str) -> None:
    """The fact that a line changed, with what a client needs to show it."""
    tell(session, task, line.language, "line", name, **line_facts(line))


def line_facts(line: LineRow) -> dict[str, Any]:
    return line.model_dump(include={"segment_id", "state", "version", "error_code", "error_message"})


def outdate_export(session: Session, task: Task, language: str) -> None:
    """A finished language no longer shows what its lines say."""
    row = pipeline_rows.language(session, task.task_id, language)
    if row is None or row.status != Status.COMPLETED:
        return
    row.status = Status.STALE
    tell(session, task, language, "language", "stale")


def outdate_voices(session: Session, task: Task, language: str) -> None:
    """So many lines have other texts that the next start of the language dubs what is missing before it exports."""
    run = pipeline_rows.newest_runs(session, [task.task_id]).get(task.task_id, {}).get((language, Stage.CLONING))
    if run is not None and run.status == Status.COMPLETED:
        run.status = Status.STALE
