"""What is said in one task and language: the object on which decisions are based."""

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Any

from services.gateway.db import Session
from services.gateway.db.tables import LineRow, SegmentRow, SpeakerRow, Task
from services.gateway.script import rows as script_rows
from services.gateway.script import voices
from services.gateway.script.cues import omission
from services.gateway.script.kept_terms import terms_of_pair
from services.gateway.script.pace import Pace, measure
from services.gateway.script.pace import Spoken as SpokenTake
from services.gateway.script.rows import Placed, Spoken
from services.gateway.script.slots import Room, Span, rooms
from services.gateway.script.terms import AccountTerms, Glossary
from shared.messaging import Brief, GlossaryTerm
from shared.pipeline import ChineseScript
from shared.transcript import MediaFacts


class Script:
    """Segments, lines, speakers and roles of one task and language, each loaded on first access.

    With `named`, the rows of these segments and lines are read, and of their neighbours only the times, speakers and
    texts. Without it everything is read: when a stage is cut, or when an edit may affect any line. Segments and
    speakers are those of `beside`, a script of the same task in another language, if there is one.
    """

    def __init__(
        self,
        session: Session,
        task: Task,
        language: str,
        named: Iterable[str] | None = None,
        beside: "Script | None" = None,
    ) -> None:
        self.session, self.task, self.language = session, task, language
        self._beside = beside
        self._named = None if named is None else tuple(dict.fromkeys(named))

    @cached_property
    def segments(self) -> Mapping[str, SegmentRow]:
        """By id, in time order; their words are loaded on access."""
        if self._beside is not None:
            return self._beside.segments
        found = script_rows.spoken_segments(self.session, self.task.task_id, self._named)
        return {segment.segment_id: segment for segment in found}

    @cached_property
    def lines(self) -> dict[str, LineRow]:
        """By the id of their segment."""
        return script_rows.lines(self.session, self.task.task_id, self.language, self._named)

    def add_missing_lines(self) -> None:
        """Give every segment a line."""
        segments = list(self.segments.values())
        self.lines = script_rows.with_missing_lines(self.session, self.task, self.language, segments)

    @cached_property
    def spans(self) -> Mapping[str, Span]:
        """When and by whom each known segment is said in this language, by segment, in time order."""
        segments, places = self._places
        return {span.segment_id: span for span in spans(segments, places)}

    @cached_property
    def heard(self) -> Mapping[str, Span]:
        """The same with the speakers whose voices are heard."""
        return {key: self.roles.spoken(span) for key, span in self.spans.items()}

    @cached_property
    def rooms(self) -> Mapping[str, Room]:
        """The time in which each line may be heard."""
        return rooms(list(self.heard.values()), self.media.duration_s)

    @cached_property
    def _places(self) -> tuple[Collection[SegmentRow | Spoken], Mapping[str, LineRow | Placed]]:
        if self._named is None:
            return self.segments.values(), self.lines
        return script_rows.around(self.session, self.task.task_id, self.language, self._named)

    @cached_property
    def speakers(self) -> Collection[SpeakerRow]:
        """In order of appearance."""
        if self._beside is not None:
            return self._beside.speakers
        return script_rows.speakers(self.session, self.task.task_id)

    @cached_property
    def roles(self) -> voices.Roles:
        """Who speaks each line, by the choices made for speakers and for single lines."""
        chosen = {key: choice for key, line in self._places[1].items() if (choice := _choice(line.voice))}
        return self.roles_of(self.spans.values(), chosen)

    def roles_of(
        self, said: Iterable[Span], chosen: Mapping[str, voices.Choice], like_themselves: str | None = None
    ) -> voices.Roles:
        """Who would speak what is `said`, with the voices `chosen` for single spans, by segment.

        The speaker `like_themselves` keeps their own voice, whatever was chosen.
        """
        people = [
            voices.Person(row.speaker_id, row.f0_hz, row.reference_key, choice, row.pace or 1.0)
            for row in self.speakers
            for choice in (None if row.speaker_id == like_themselves else _choice(row.voice),)
        ]
        wanted = {choice.id for choice in (*chosen.values(), *(who.choice for who in people if who.choice))}
        clips = script_rows.clips_by_id(self.session, wanted) if wanted else ()
        known = {row.clip_id: voices.Clip(row.key, row.f0_hz) for row in clips}
        return voices.roles(people, said, chosen, known)

    @cached_property
    def account_terms(self) -> AccountTerms:
        """What the task's account keeps for its languages."""
        return terms_of_pair(self.session, self.task.owner, self.spoken_language, self.language)

    @cached_property
    def glossary(self) -> Glossary:
        """The terms that apply: the task's own, then its account's, then those of its brief."""
        told = brief(self.task).languages.get(self.language)
        return Glossary(own_terms(self.task), self.account_terms.said, told.terms if told else ())

    @property
    def media(self) -> MediaFacts:
        """What the base stage found out about the video."""
        return media(self.task)

    @property
    def spoken_language(self) -> str:
        """The language of the video."""
        return self.task.source_language or "en"

    @property
    def told(self) -> dict[str, Any]:
        """The fields that every translator's job has."""
        return {"chinese": chinese(self.task), "brief": brief(self.task).of(self.language)}

    def pace(self) -> Pace:
        """How fast the takes in use so far are."""
        return measure(
            self.language,
            (
                SpokenTake(self.spans[line.segment_id].speaker_id, len(line.text), line.natural_s)
                for line in self.lines.values()
                if line.text and line.natural_s and line.take_revision == line.revision
                if line.segment_id in self.spans
            ),
        )

    def recalled(self, wanted: Collection[str]) -> Mapping[str, str]:
        """For lines without a provided text: what a person settled for the same source text."""
        lines = (line for key in wanted if (line := self.lines.get(key)) is not None and line.provided is None)
        texts = {key: self.segments[key].text for line in lines if (key := line.segment_id) in self.segments}
        return script_rows.recalled(self.session, self.task, self.language, texts)


def spans(segments: Iterable[SegmentRow | Spoken], lines: Mapping[str, LineRow | Placed] | None = None) -> list[Span]:
    """Segments as decisions see them, with the times and speakers that `lines` of one language change."""
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


def _choice(voice: Mapping[str, str] | None) -> voices.Choice | None:
    return voices.Choice(voice["kind"], voice["id"]) if voice else None


def media(task: Task) -> MediaFacts:
    """What the base stage found out about the video."""
    return MediaFacts.model_validate(task.media or {"container": "unknown", "duration_s": 0})


def chinese(task: Task) -> ChineseScript:
    """The writing system of a task's Chinese."""
    return "zh-Hant" if task.config.get("chinese") == "zh-Hant" else "zh-Hans"


def brief(task: Task) -> Brief:
    """What the translators of a task are told."""
    return Brief.model_validate(task.config.get("brief") or {})


def own_terms(task: Task) -> list[GlossaryTerm]:
    """The glossary that was sent with a task."""
    return [GlossaryTerm.model_validate(term) for term in task.config.get("glossary", [])]
