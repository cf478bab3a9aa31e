"""What is said in a task and language, as the decisions see it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.gateway.db import Session
from services.gateway.db.tables import LineRow, SegmentRow, Task
from services.gateway.script import lines, voices
from services.gateway.script import rows as script_rows
from services.gateway.script.cues import omission
from services.gateway.script.rows import Placed, Spoken
from services.gateway.script.slots import Span
from services.gateway.script.terms import merged, with_brief_terms
from shared.messaging import Brief, GlossaryTerm
from shared.pipeline import ChineseScript, LineState
from shared.transcript import MediaFacts


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


def view(line: LineRow) -> lines.LineView:
    """A line as the planner sees it."""
    return lines.LineView(
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
        for row in script_rows.speakers(session, task.task_id)
    ]
    chosen = {key: choice for key, line in lines.items() if (choice := _choice(line.voice))}
    wanted = {choice.id for choice in (*chosen.values(), *(who.choice for who in people if who.choice))}
    clips = (
        {row.clip_id: voices.Clip(row.key, row.f0_hz) for row in script_rows.clips_by_id(session, wanted)}
        if wanted
        else {}
    )
    return voices.roles(people, spans(segments, lines), chosen, clips)


def _choice(voice: Mapping[str, str] | None) -> voices.Choice | None:
    return voices.Choice(voice["kind"], voice["id"]) if voice else None


def glossary(session: Session, task: Task, language: str) -> tuple[GlossaryTerm, ...]:
    """The terms that count for a language of a task: its own, then its account's, then those of its brief."""
    account = script_rows.terms_of_pair(session, task.owner, task.source_language or "en", language)
    return with_brief_terms(merged(own_terms(task), account), brief(task).languages.get(language))


def chinese(task: Task) -> ChineseScript:
    """The script of a task's Chinese."""
    return "zh-Hant" if task.config.get("chinese") == "zh-Hant" else "zh-Hans"


def brief(task: Task) -> Brief:
    """What the translators of a task are told."""
    return Brief.model_validate(task.config.get("brief") or {})


def told(task: Task, language: str) -> dict[str, Any]:
    """Fields of every job that asks a translator for `language`."""
    return {"chinese": chinese(task), "brief": brief(task).of(language)}


def own_terms(task: Task) -> list[GlossaryTerm]:
    return [GlossaryTerm.model_validate(term) for term in task.config.get("glossary", [])]
