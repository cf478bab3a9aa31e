"""What is written in the picture of a task, and what a person wants changed about it."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from pydantic import ValidationError

from services.gateway.db import Session
from services.gateway.db.tables import Task
from services.gateway.editing.schemas import (
    CueReadAgain,
    CueToRead,
    PictureEditsWritten,
    PictureRead,
    TitlesToTranslate,
    TitleTranslation,
)
from services.gateway.pipeline.facts import tell
from services.gateway.pipeline.outdating import outdate_exports
from services.gateway.pipeline.parts import Parts, known_language, locked_visible_task, visible_task
from services.gateway.pipeline.picture import READINGS, read_cue_again
from services.gateway.pipeline.picture import state_of as reading_state
from services.gateway.pipeline.steps import carry_out
from services.gateway.pipeline.titles import TITLES, translate
from services.gateway.pipeline.titles import state_of as title_state
from services.gateway.web.claims import keep
from services.gateway.web.keys import Who
from services.gateway.web.problems import unprocessable
from shared.pipeline import BASE, PermanentError
from shared.storage import ObjectNotFound, ObjectStore, read_bytes
from shared.transcript import PictureEdits, PictureWords, Transcript

router = APIRouter(prefix="/api/tasks/{task_id}/picture", tags=["picture"])


@router.get("", operation_id="get_picture")
def get_picture(task_id: str, parts: Parts, who: Who) -> PictureRead:
    """Subtitles that are burned in, titles and signs, with their boxes and times; and what was changed of them.

    `words` is null while nobody looked.
    """
    with parts.database.read() as session:
        task = visible_task(session, who, task_id)
        key, read = task.transcript_key, _read(session, task, None)
    return read.model_copy(update={"words": _words(parts.store, key)})


@router.put("/edits", operation_id="put_picture_edits")
def put_picture_edits(task_id: str, body: PictureEditsWritten, parts: Parts, who: Who) -> PictureRead:
    """Say what is covered differently, and which titles are covered and set again; replaces what was said before.

    Exports that change the picture are older than it from then on. Raises: 422 `unknown_cue`.
    """
    with parts.database.read() as session:
        key = visible_task(session, who, task_id).transcript_key
    words = _words(parts.store, key)
    unknown = set(body.cues) - {cue.id for cue in (words.cues if words else None) or ()}
    if unknown:
        raise unprocessable("unknown_cue", f"there is no cue '{min(unknown)}' in the picture", "/cues")
    edits = PictureEdits.model_validate(body.model_dump())
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        task.config = {**task.config, "picture_edits": edits.model_dump(mode="json")}
        if task.config.get("export_settings", {}).get("picture", "original") != "original":
            outdate_exports(session, task)
        tell(session, task, BASE, "task", "updated", changed=["picture_edits"])
        carry_out(session, task, [])
        return _read(session, task, words)


@router.post("/cues/{cue_id}/readings", status_code=202, operation_id="read_cue_again")
def post_reading(task_id: str, cue_id: str, body: CueToRead, parts: Parts, who: Who) -> PictureRead:
    """Have a cue read anew in a box, ahead of all batch work. What comes of it stands in `readings`, and changes
    nothing.

    Raises: 422 `unknown_cue`.
    """
    with parts.database.read() as session:
        key = visible_task(session, who, task_id).transcript_key
    words = _words(parts.store, key)
    cue = next((one for one in (words.cues if words else None) or () if one.id == cue_id), None)
    if words is None or cue is None:
        raise unprocessable("unknown_cue", f"there is no cue '{cue_id}' in the picture", "/cue_id")
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        read_cue_again(session, task, words, cue, body.box)
        session.flush()
        return keep(session, who.claim, _read(session, task, words))


@router.post("/titles/translations", status_code=202, operation_id="translate_titles")
def post_translations(task_id: str, body: TitlesToTranslate, parts: Parts, who: Who) -> PictureRead:
    """Have titles and signs translated by the translator of a language, ahead of all batch work.

    What comes of it stands in `translations`, and changes nothing: what is set in their place is said in `edits`.
    One still being waited for is not asked for again; one that failed or is there is. Raises: 422 `unknown_title`; 422
    `language_unsupported` where nothing at hand translates one of them, with what would make it possible.
    """
    with parts.database.read() as session:
        key = visible_task(session, who, task_id).transcript_key
    words = _words(parts.store, key)
    titles = {title.text: title for title in (words.titles if words else ())}
    if unknown := set(body.texts) - set(titles):
        raise unprocessable("unknown_title", f"there is no title '{min(unknown)}' in the picture", "/texts")
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        known_language(session, task, body.language)
        try:
            translate(session, task, body.language, [titles[text] for text in dict.fromkeys(body.texts)])
        except PermanentError as error:
            raise unprocessable(error.code, error.message, "/language") from error
        session.flush()
        return keep(session, who.claim, _read(session, task, words))


def _read(session: Session, task: Task, words: PictureWords | None) -> PictureRead:
    return PictureRead(
        words=words,
        edits=PictureEdits.model_validate(task.config.get("picture_edits") or {}),
        readings=_readings(session, task),
        translations=_translations(session, task),
    )


def _readings(session: Session, task: Task) -> dict[str, CueReadAgain]:
    """What was read again, and how far that is."""
    known = task.config.get(READINGS) or {}
    return {
        cue_id: CueReadAgain.model_validate({**kept, "state": reading_state(session, task, cue_id, kept)})
        for cue_id, kept in known.items()
    }


def _translations(session: Session, task: Task) -> dict[str, dict[str, TitleTranslation]]:
    """What was translated, and how far that is."""

    def told(language: str, asked: Mapping[str, Any]) -> TitleTranslation:
        return TitleTranslation.model_validate({**asked, "state": title_state(session, task, language, asked)})

    known = task.config.get(TITLES) or {}
    return {language: {text: told(language, asked) for text, asked in of.items()} for language, of in known.items()}


def _words(store: ObjectStore, key: str | None) -> PictureWords | None:
    """What the first stage found; None before it has ended, or if what it stored is gone."""
    if key is None:
        return None
    try:
        return Transcript.model_validate_json(read_bytes(store, key)).picture
    except (ObjectNotFound, ValidationError):
        return None
