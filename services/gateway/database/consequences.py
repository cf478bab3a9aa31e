"""What follows from an edit: which lines are outdated, which have a take again, whose export is stale."""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from sqlmodel import Session

from services.gateway.database import history, queries
from services.gateway.database.facts import tell, tell_all
from services.gateway.database.jobs import roles, spans
from services.gateway.database.judging import judge_again
from services.gateway.database.kept_engines import choice_of, marks_of, row_of
from services.gateway.database.tables import LineRow, SegmentRow, TakeRow, Task, TaskLanguage, now
from services.gateway.database.takes import show
from services.gateway.planning.changes import Touched
from services.gateway.planning.editing import is_crowded
from services.gateway.planning.voices import basis
from shared.messaging import EngineUsed, SpeakerVoice
from shared.pipeline import BASE, LineState, Stage, Status


class Lines:
    """The lines of one language with when and by whom they are spoken."""

    def __init__(self, session: Session, task: Task, language: str, segments: Sequence[SegmentRow]) -> None:
        self._session, self._task_id, self._language = session, task.task_id, language
        self.rows = queries.lines(session, task.task_id, language)
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
        takes = history.takes_by_segment(self._session, self._task_id, self._language, segment_ids)
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


def follow(session: Session, task: Task, touched: Touched) -> None:
    """Carry out everything that follows from the rows that changed, and tell what becomes of lines and exports."""
    session.flush()
    segments = queries.segments(session, task.task_id)
    for language in queries.languages(session, [task.task_id]).get(task.task_id, []):
        _follow(session, task, language, segments, touched)
    for of, port in touched.engines:
        if port in _STAGES:
            _outdate_made_by_another(session, task, of, port)
    task.updated_at = now()


_STAGES = {"recognizer": Stage.DIARIZATION, "translator": Stage.TRANSLATION}


def _outdate_made_by_another(session: Session, task: Task, language: str, port: str) -> None:
    """A finished stage is outdated while the task keeps to another engine than the one that did it, and no longer."""
    kept = row_of(session, task.task_id, language, port)
    run = queries.newest_runs(session, [task.task_id]).get(task.task_id, {}).get((language, _STAGES[port]))
    if kept is None or run is None or run.status not in (Status.COMPLETED, Status.STALE):
        return
    made_by = [EngineUsed.model_validate(engine) for engine in run.engines]
    same = any(choice_of(kept).is_same(one.choice(port)) for one in made_by)
    run.status = Status.COMPLETED if same else Status.STALE
    if language == BASE:
        for row in queries.languages(session, [task.task_id]).get(task.task_id, []):
            row.content_version += 1
            outdate_export(session, task, row.language)


def _follow(
    session: Session, task: Task, language: TaskLanguage, segments: Sequence[SegmentRow], touched: Touched
) -> None:
    own = {key for code, key in touched.lines if code == language.language}
    has_other_voice = (language.language, "voice") in touched.engines
    if not (own or touched.heard_segments or touched.revoiced or has_other_voice):
        return
    lines = Lines(session, task, language.language, segments)
    todo = {key for code, key in touched.respoken if code == language.language} | touched.heard_segments
    if touched.revoiced:
        todo |= lines.spoken_by(touched.revoiced)
    if touched.starts:
        todo |= lines.reaching(touched.starts)
    if has_other_voice:
        todo |= lines.rows.keys()
        outdate_voices(session, task, language.language)
    known = {segment.segment_id for segment in segments}
    lines.settle(sorted(todo & lines.rows.keys() & known))
    if todo or own:
        language.content_version += 1
        outdate_export(session, task, language.language)
        judge_again(session, task, language.language)
    _tell_lines(session, task, language.language, lines.rows, todo | own)


def _tell_lines(
    session: Session, task: Task, language: str, rows: Mapping[str, LineRow], changed: AbstractSet[str]
) -> None:
    told = (("updated", _told(rows[key])) for key in sorted(changed & rows.keys()))
    tell_all(session, task, language, "line", told)


def tell_line(session: Session, task: Task, line: LineRow, name: str) -> None:
    """The fact that a line changed, with what a client needs to show it."""
    tell(session, task, line.language, "line", name, **_told(line))


def _told(line: LineRow) -> dict[str, Any]:
    return line.model_dump(include={"segment_id", "state", "version", "error_code", "error_message"})


def outdate_export(session: Session, task: Task, language: str) -> None:
    """A finished language no longer shows what its lines say."""
    row = queries.language(session, task.task_id, language)
    if row is None or row.status != Status.COMPLETED:
        return
    row.status = Status.STALE
    tell(session, task, language, "language", "stale")


def outdate_voices(session: Session, task: Task, language: str) -> None:
    """So many lines have other texts that the next start of the language dubs what is missing before it exports."""
    run = queries.newest_runs(session, [task.task_id]).get(task.task_id, {}).get((language, Stage.CLONING))
    if run is not None and run.status == Status.COMPLETED:
        run.status = Status.STALE
