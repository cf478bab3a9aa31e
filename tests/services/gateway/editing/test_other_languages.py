"""Lines in another language than the video's: marked, and left as they are or translated."""

from pathlib import Path

import pytest

from shared.storage import put_bytes, read_bytes
from shared.transcript import Transcript
from tests.services.gateway.editing.conftest import Studio, open_studio
from tests.services.gateway.pipeline.test_chinese_script import begun

SURE, UNSURE = ("es", 0.95), ("fr", 0.5)


def recognized(studio: Studio, **config: object) -> None:
    """A task whose second line surely is Spanish and whose third may be French, seen through."""
    result = studio.do(begun(studio, **config))
    assert result.kind == "transcript_ready"
    found = Transcript.model_validate_json(read_bytes(studio.store, result.transcript_key))
    told = [("en", 0.99), SURE, UNSURE]
    segments = tuple(
        one.model_copy(update={"language": code, "language_confidence": sure})
        for one, (code, sure) in zip(found.segments, told, strict=True)
    )
    changed = found.model_copy(update={"segments": segments})
    put_bytes(studio.store, result.transcript_key, changed.model_dump_json().encode())
    studio.answer(result)
    studio.work()


@pytest.fixture
def new_studio(sqlite_url: str, tmp_path: Path) -> Studio:
    return open_studio(sqlite_url, tmp_path)


def omitted(studio: Studio) -> list[str]:
    """Lines that keep the original audio."""
    return [key for key, line in studio.lines("es").items() if line["omitted"]]


def test_they_are_marked_and_translated_by_default(new_studio: Studio) -> None:
    """Only where the recognizer is sure."""
    recognized(new_studio)
    assert [one["language"] for one in new_studio.segments().values()] == [None, "es", None]
    assert omitted(new_studio) == []
    assert sorted(key for key, _ in new_studio.said()) == ["s0000", "s0001", "s0002"]
    new_studio.database.close()


def test_a_task_may_keep_them(new_studio: Studio) -> None:
    """They are not spoken; a change of mind is an edit, and the line is spoken when its language is done again."""
    recognized(new_studio, other_languages="keep")
    assert omitted(new_studio) == ["s0001"]
    assert sorted(key for key, _ in new_studio.said()) == ["s0000", "s0002"]
    new_studio.call("PATCH", "", other_languages="translate")
    assert (omitted(new_studio), new_studio.status("es")) == ([], "stale")
    new_studio.call("POST", "/undo")
    assert omitted(new_studio) == ["s0001"]
    new_studio.call("PATCH", "/languages/es/lines/s0001", text="de una persona", omitted=False)
    new_studio.call("PATCH", "", other_languages="keep")
    assert omitted(new_studio) == []
    new_studio.call("PATCH", "", 422, other_languages="drop")
    new_studio.database.close()


def test_a_language_that_is_added_keeps_them_too(new_studio: Studio) -> None:
    """Its lines are made from the marks."""
    recognized(new_studio, other_languages="keep")
    new_studio.call("POST", "/languages/fr/process", 202, stage="translation")
    new_studio.work()
    assert [key for key, line in new_studio.lines("fr").items() if line["omitted"]] == ["s0001"]
    new_studio.database.close()
