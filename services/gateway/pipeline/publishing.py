"""Title and description of a video in the languages of an export: what a translator is asked, and what it returns."""

import re
from collections.abc import Iterator, Mapping

from services.gateway.db import Session
from services.gateway.db.tables import ExportRow, Task
from services.gateway.pipeline.engines import first_choice
from services.gateway.pipeline.kept_engines import announced, keeping
from services.gateway.script.script import Script, brief
from services.gateway.script.terms import with_terms
from shared.messaging import ExportRecipe, LinesTranslated, PublishedText, SourceLine, TranslateLines
from shared.pipeline import Lane

_TITLE = "title"
_MOST_CHARS = 5000
_ROOM_S = 3600.0
"""These texts are not spoken, so none is too long."""
_KEPT = re.compile(r"#|.*(://|@)|\W*$")
"""Rows that are the same in every language: tags, URLs, rules."""
_CHAPTER = re.compile(r"(?:\d{1,2}:)?\d{1,2}:\d\d\s+(?:[-–—]\s+)?")


def with_summary(task: Task, recipe: ExportRecipe) -> ExportRecipe:
    """The recipe with the summary of the brief if the person gave no description."""
    given, summary = recipe.publication, brief(task).summary.strip()
    if given is None or given.description.strip() or not summary:
        return recipe
    described = given.model_copy(update={"description": summary[:_MOST_CHARS]})
    return recipe.model_copy(update={"publication": described})


def asked(recipe: ExportRecipe, language: str) -> PublishedText:
    """What remains to be translated into `language`: nothing that somebody has translated already."""
    given = recipe.publication
    if given is None:
        return PublishedText()
    own = given.texts.get(language, PublishedText())
    return PublishedText(
        title="" if own.title else given.title.strip(),
        description="" if own.description else given.description.strip(),
    )


def translations(session: Session, task: Task, made: ExportRow, lane: Lane) -> list[TranslateLines]:
    """A job for each language whose texts are missing and that a translator at hand can make."""
    recipe, jobs = ExportRecipe.model_validate(made.recipe), []
    for language in made.languages or {}:
        lines = list(_lines(asked(recipe, language)))
        if lines and _can(session, task, language):
            jobs += keeping(session, task, [_job(Script(session, task, language), made, lines, lane)])
    return jobs


def with_translation(recipe: ExportRecipe, result: LinesTranslated) -> ExportRecipe:
    """The recipe with the translations; unchanged if any part of it could not be translated."""
    made = {line.segment_id: line.text for line in result.lines}
    if recipe.publication is None or not all(made.values()):
        return recipe
    texts, sought = recipe.publication.texts, asked(recipe, result.language)
    own = texts.get(result.language, PublishedText())
    rows = [_row(number, row, made) for number, row in enumerate(sought.description.splitlines())]
    text = PublishedText(title=own.title or made.get(_TITLE) or "", description=own.description or "\n".join(rows))
    publication = recipe.publication.model_copy(update={"texts": {**texts, result.language: text}})
    return recipe.model_copy(update={"publication": publication})


def unpublished(session: Session, task: Task, recipe: ExportRecipe, language: str) -> str | None:
    """Why a language has no translation of what was given; None if it has one, or if nothing was given."""
    if not any(_lines(asked(recipe, language))):
        return None
    way_out = f"give them yourself (publication.texts.{language})"
    if not _can(session, task, language):
        return f"no translator here translates {task.source_language} → {language}: {way_out}"
    return f"title and description could not be translated, the log of the task tells why: {way_out}"


def _can(session: Session, task: Task, language: str) -> bool:
    engines = announced(session)
    return not engines or first_choice(engines, "translator", language, task.source_language) is not None


def _job(script: Script, made: ExportRow, lines: list[SourceLine], lane: Lane) -> TranslateLines:
    job = TranslateLines(
        task_id=script.task.task_id,
        language=script.language,
        shard=shard_of(made.export_id),
        attempt=int(made.id or 1),
        epoch=script.task.epoch,
        lane=lane,
        source_language=script.spoken_language,
        lines=tuple(lines),
    )
    return with_terms(job, script.glossary).model_copy(update=script.told)


def _lines(text: PublishedText) -> Iterator[SourceLine]:
    if text.title:
        yield _line(_TITLE, text.title)
    for number, row in enumerate(text.description.splitlines()):
        if said := _parts(row)[1]:
            yield _line(str(number), said)


def _line(name: str, text: str) -> SourceLine:
    return SourceLine(segment_id=name, text=text, speaker_id="", slot_s=_ROOM_S, max_chars=10 * len(text) + 100)


def _parts(row: str) -> tuple[str, str]:
    """The part of a row of a description that stays, such as the time of a chapter, and the part that is translated."""
    row = row.strip()
    if _KEPT.match(row):
        return row, ""
    chapter = _CHAPTER.match(row)
    at = chapter.end() if chapter else 0
    return row[:at], row[at:]


def _row(number: int, row: str, made: Mapping[str, str | None]) -> str:
    kept, said = _parts(row)
    return kept + (made.get(str(number)) or said)


_SHARD = "publish-"


def shard_of(export_id: str) -> str:
    """The shard of the jobs that translate for this export."""
    return f"{_SHARD}{export_id}"


def export_of(shard: str) -> str | None:
    """The export that a job with this shard translates for, if any."""
    return shard.removeprefix(_SHARD) if shard.startswith(_SHARD) else None
