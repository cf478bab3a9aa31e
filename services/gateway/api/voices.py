"""Check a person's choice of a voice."""

from collections.abc import Iterable

from sqlmodel import Session

from services.gateway.api.problems import unprocessable
from services.gateway.api.schemas import VoiceChoice
from services.gateway.capabilities import of_port
from services.gateway.database import account, history, queries
from services.gateway.database.tables import Task
from shared.messaging import EngineInfo


def check_voice(
    session: Session, task: Task, engines: Iterable[EngineInfo], choice: VoiceChoice, language: str | None
) -> None:
    """Refuse what no engine at hand, no speaker and no clip of the task's owner is; `language` None: any will do.

    Stock voices are not judged while no engine has announced any.

    Raises: Problem 422 `unknown_voice`.
    """
    if choice.kind == "speaker":
        known = queries.speaker(session, task.task_id, choice.id) is not None
        offered = ", ".join(speaker.speaker_id for speaker in queries.speakers(session, task.task_id))
    elif choice.kind == "clip":
        known = any(clip.owner == task.owner for clip in history.clips(session, [choice.id]))
        offered = ", ".join(clip.clip_id for clip in account.clips(session, task.owner))
    else:
        names = stock_voices(engines, language)
        known = not names or choice.id in names
        offered = ", ".join(names)
    if not known:
        detail = f"there is no {choice.kind} '{choice.id}' to speak like; choose from: {offered or 'none'}"
        raise unprocessable("unknown_voice", detail, "/voice/id")


def stock_voices(engines: Iterable[EngineInfo], language: str | None) -> list[str]:
    """Names of the stock voices that speak `language`; None: any."""
    able = [
        engine
        for engine in of_port(engines, "voice")
        if language is None or not engine.languages or language in engine.languages
    ]
    return [voice for engine in able for voice in engine.voices]
