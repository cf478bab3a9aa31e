"""Titles and signs in the picture that a person has translated: what the translator is asked, and what it brings."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from typing import Any

from services.gateway.db import Session
from services.gateway.db.tables import JobRow, Task
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.cut import row
from services.gateway.pipeline.engines import check_translator, first_choice
from services.gateway.pipeline.facts import tell
from services.gateway.pipeline.kept_engines import announced, choice_of
from services.gateway.pipeline.picture import AskedState, ended_as
from services.gateway.script.script import Script
from services.gateway.script.terms import with_terms
from shared.messaging import EngineChoice, JobFailed, LinesTranslated, SourceLine, TranslateLines
from shared.pipeline import BASE, Lane
from shared.transcript import PictureTitle

TITLES = "title_translations"
"""What was asked for and what came of it, in a task's `config`, by language and by the text of a title."""
_ROOM_S = 3600.0
"""Nobody speaks these texts, so that none is too long."""


def translate(session: Session, task: Task, language: str, titles: Sequence[PictureTitle]) -> None:
    """Have `titles` translated, ahead of all batch work; one that is waited for is not asked for again.

    Raises: PermanentError, `language_unsupported`, where nothing at hand translates one of them.
    """
    known: Mapping[str, dict[str, Any]] = task.config.get(TITLES, {}).get(language, {})
    waiting = {text for text, asked in known.items() if state_of(session, task, language, asked) == "waiting"}
    new = [title for title in titles if title.text not in waiting]
    by_source = {title.text: written_in(title, task.source_language) for title in new}
    for source in sorted(set(by_source.values()) - {language}):
        check_translator(announced(session), source, language, "write the text yourself")
    script = Script(session, task, language)
    asked: dict[str, dict[str, Any]] = {}
    for source, found in groupby(sorted(by_source, key=lambda text: (by_source[text], text)), by_source.__getitem__):
        texts = list(found)
        if source == language:
            asked |= {text: {"text": text} for text in texts}
            continue
        job = _job(script, source, texts)
        pipeline_rows.add_jobs(session, [row(task, job)])
        asked |= {text: {"shard": job.shard, "attempt": job.attempt} for text in texts}
    _keep(session, task, language, asked)


def state_of(session: Session, task: Task, language: str, asked: Mapping[str, Any]) -> AskedState:
    """How far what was asked for is; a job that ended without a result was canceled."""
    if _has_ended(asked):
        return ended_as(asked, "text")
    made = pipeline_rows.newest_job(session, task.task_id, language, asked["shard"])
    is_open = made is not None and made.attempt == asked["attempt"] and made.state in pipeline_rows.OPEN_JOBS
    return "waiting" if is_open else "canceled"


def take_titles(session: Session, task: Task, job: JobRow, result: LinesTranslated | JobFailed) -> None:
    """Keep what was translated, or why not, of what was not asked for again since."""
    known = task.config.get(TITLES, {}).get(job.language, {})
    mine = {
        text: asked
        for text, asked in known.items()
        if (asked.get("shard"), asked.get("attempt")) == (job.shard, job.attempt)
    }
    if isinstance(result, JobFailed):
        ended: dict[str, dict[str, Any]] = {
            text: {"error_code": result.code, "error_message": result.message} for text in mine
        }
    else:
        by_name = {_name(text): text for text in mine}
        ended = {
            by_name[line.segment_id]: {"text": line.text}
            if line.text
            else {"error_code": line.error_code, "error_message": line.error_message}
            for line in result.lines
            if line.segment_id in by_name
        }
    _keep(session, task, job.language, {text: mine[text] | values for text, values in ended.items()})


def is_of_titles(shard: str) -> bool:
    """Whether a job with this shard translates titles."""
    return shard.startswith(_SHARD)


def written_in(title: PictureTitle, spoken: str | None) -> str:
    """The language of a title: the one that is spoken, unless its letters are those of another."""
    found, spoken = title.language, spoken or title.language or "en"
    if found is None or (_letters(found) == _letters(spoken) and (found, spoken) != ("ja", "zh")):
        return spoken
    return found


def _letters(language: str) -> str:
    return {"zh": "han", "ja": "han", "ko": "hangul"}.get(language, "latin")


def _job(script: Script, source: str, texts: Sequence[str]) -> TranslateLines:
    session, task, language = script.session, script.task, script.language
    shard = _SHARD + _name("\n".join(texts))
    before = pipeline_rows.newest_job(session, task.task_id, language, shard)
    job = TranslateLines(
        task_id=task.task_id,
        language=language,
        shard=shard,
        attempt=1 + (before.attempt if before else 0),
        epoch=task.epoch,
        lane=Lane.INTERACTIVE,
        source_language=source,
        lines=tuple(
            SourceLine(segment_id=_name(text), text=text, speaker_id="", slot_s=_ROOM_S, max_chars=10 * len(text) + 100)
            for text in texts
        ),
        kept=_translator(session, task, source, language),
    )
    return with_terms(job, script.glossary).model_copy(update=script.told)


def _translator(session: Session, task: Task, source: str, language: str) -> EngineChoice | None:
    """What the language keeps to, if it has the pair: a title may be in another language than is spoken."""
    kept, engines = pipeline_rows.kept_engine(session, task.task_id, language, "translator"), announced(session)
    if kept is not None:
        choice = choice_of(kept)
        own = [engine for engine in engines if choice.is_same(engine.choice())]
        if source == task.source_language or first_choice(own, "translator", language, source):
            return choice
    return first_choice(engines, "translator", language, source)


_SHARD = "titles-"


def _name(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:24]


def _has_ended(asked: Mapping[str, Any]) -> bool:
    return "text" in asked or "error_code" in asked


def _keep(session: Session, task: Task, language: str, values: Mapping[str, dict[str, Any]]) -> None:
    known = task.config.get(TITLES, {})
    task.config = {**task.config, TITLES: {**known, language: {**known.get(language, {}), **values}}}
    tell(session, task, BASE, "task", "updated", changed=[TITLES])
