"""Record a transcript: as much as possible is prepared before the transaction, and thousands of rows are inserted at
once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.gateway.db import Session
from services.gateway.db.tables import SpeakerRow, Task
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.picture import READINGS
from services.gateway.pipeline.titles import TITLES
from services.gateway.script import rows as script_rows
from services.gateway.script.casting import describe_again, recognize
from services.gateway.script.cues import (
    Matched,
    is_unsaid,
    keeps_others,
    match_cues,
    omission,
    other_language,
    with_match,
    with_remarks,
    with_timing,
)
from services.gateway.script.doubt import sureness_of
from services.gateway.script.rows import add_lines
from services.gateway.script.slots import Span
from shared.messaging import TranscriptReady
from shared.pipeline import BASE
from shared.transcript import Cue, Transcript


@dataclass(frozen=True)
class Prepared:
    """A transcript with the rows of its segments, and the provided texts by language and segment."""

    transcript: Transcript
    segments: Sequence[Mapping[str, Any]]
    provided: Mapping[str, Matched]


def prepare(
    task_id: str,
    transcript: Transcript,
    provided: Mapping[str, Sequence[Cue]] | None = None,
    *,
    as_they_stand: bool = False,
) -> Prepared:
    """Everything about a transcript that does not depend on the database; `provided` are cues by language.

    `as_they_stand`: their labels and descriptions are spoken.
    """
    spans = [
        Span(one.id, one.start_s, one.end_s, one.speaker_id, one.text, omission(one.decisions))
        for one in transcript.segments
    ]
    rows = [
        {
            "task_id": task_id,
            "segment_id": one.id,
            "start_s": one.start_s,
            "end_s": one.end_s,
            "speaker_id": one.speaker_id,
            "text": one.text,
            "words": words,
            "sureness": sureness_of(one, transcript.source_language),
            "language": other_language(one.language, one.language_confidence, transcript.source_language),
            "written": one.written,
            "decisions": [str(decision) for decision in one.decisions],
            "revision": 1,
            "version": 1,
        }
        for one in transcript.segments
        for words in [[word.model_dump(mode="json") for word in one.words]]
    ]
    provided = {**_in_the_picture(transcript), **(provided or {})}
    matched = {
        language: match_cues(spans, cues, language, as_they_stand=as_they_stand) for language, cues in provided.items()
    }
    return Prepared(transcript, rows, matched)


def _in_the_picture(transcript: Transcript) -> Mapping[str, Sequence[Cue]]:
    """The second language of subtitles that were read from the picture: a translation that came with the video."""
    picture = transcript.picture
    if picture is None or not picture.used or picture.second_language is None:
        return {}
    cues = (Cue(start_s=one.start_s, end_s=one.end_s, text=one.second) for one in picture.cues or () if one.second)
    return {picture.second_language: list(cues)}


def take_transcript(session: Session, task: Task, result: TranscriptReady, prepared: Prepared) -> None:
    """Replace the earlier transcript by this one, with a line for each segment and language."""
    transcript = prepared.transcript
    script_rows.clear_transcript(session, task.task_id)
    task.media = transcript.media.model_dump(mode="json")
    task.source_language = transcript.source_language
    task.transcript_key = result.transcript_key
    task.note = result.note
    gone = (READINGS, TITLES)  # of cues and titles that may be there no more
    config = {name: value for name, value in task.config.items() if name not in gone}
    task.config = with_timing(with_remarks(config, BASE, transcript.remarks), transcript.timing)
    speakers = [
        SpeakerRow(task_id=task.task_id, speaker_id=one.id, **one.model_dump(exclude={"id", "same_voice"}, mode="json"))
        for one in transcript.speakers
    ]
    session.add_all(speakers)
    describe_again(session, task.owner, result.cast)
    recognize(session, task, transcript.speakers, speakers)
    if prepared.segments:
        script_rows.add_segments(session, prepared.segments)
    keeps = keeps_others(task.config)
    unsaid = [
        one["segment_id"]
        for one in prepared.segments
        if is_unsaid(one["decisions"], one["language"], keeps_others=keeps)
    ]
    for language in pipeline_rows.languages(session, [task.task_id]).get(task.task_id, []):
        language.content_version += 1
        brought = prepared.provided.get(language.language)
        texts = brought.texts if brought else {}
        if brought:
            task.config = with_match(task.config, language.language, brought)
        add_lines(session, task.task_id, language.language, texts, unsaid)
