"""People whom an engine of before described are known again by their samples, and never compared with new voices."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from services.gateway.db.tables import CastRow
from tests.services.gateway.editing.conftest import Studio, dub_all, open_studio


@pytest.fixture
def studio(sqlite_url: str, tmp_path: Path) -> Iterator[Studio]:
    """A task with two speakers, dubbed."""
    made = dub_all(open_studio(sqlite_url, tmp_path))
    yield made
    made.database.close()


def keep(studio: Studio, name: str, *, sample: bool) -> str:
    """Speaker 1 as a person whom an engine of before heard as what is speaker 2 today."""
    body = {"task_id": studio.task_id, "speaker_id": "spk_1", "name": name}
    cast_id = str(studio.http.post("/api/cast", json=body).json()["cast_id"])
    with studio.database.write() as session:
        member = session.exec(select(CastRow).where(col(CastRow.cast_id) == cast_id)).one()
        member.embedding, member.embedding_model = [0.0, 1.0], "before"
        if not sample:
            member.reference_key = None
    return cast_id


def known(studio: Studio) -> dict[str, Any]:
    """The only person."""
    (member,) = studio.http.get("/api/cast").json()
    found: dict[str, Any] = member
    return found


def proposed(studio: Studio) -> list[str | None]:
    """Who the speakers of another video seem to be."""
    dub_all(studio)
    return [row["cast_name"] for row in studio.call("GET", "/speakers")]


def test_a_kept_sample_is_described_again(studio: Studio) -> None:
    """With the next video, in which the person is known at once; the one after needs nothing more."""
    keep(studio, "Ann", sample=True)
    assert known(studio)["recognizable"]
    assert proposed(studio) == ["Ann", None]
    with studio.database.read() as session:
        member = session.exec(select(CastRow)).one()
        assert (member.embedding, member.embedding_model) == ([1.0, 0.0], "stub")
    assert proposed(studio) == ["Ann", None]


def test_without_a_sample_it_is_told(studio: Studio) -> None:
    """Until a speaker of a new video is said to be the person, who is known again from then on."""
    cast_id = keep(studio, "Ann", sample=False)
    assert (known(studio)["recognizable"], known(studio)["outdated"]) == (False, True)
    assert proposed(studio) == [None, None]
    studio.call("POST", "/speakers/spk_1/cast", cast_id=cast_id)
    assert (known(studio)["recognizable"], known(studio)["outdated"]) == (True, False)
    assert proposed(studio) == ["Ann", None]


def test_a_person_forgotten_meanwhile_stays_forgotten(studio: Studio) -> None:
    """The answer of a worker that still had the sample changes nothing."""
    cast_id = keep(studio, "Ann", sample=True)
    old = studio.do

    def forgetting(job: Any) -> Any:
        result = old(job)
        if result.kind == "transcript_ready":
            assert [one.cast_id for one in result.cast] == [cast_id]
            assert studio.http.delete(f"/api/cast/{cast_id}", headers={"If-Match": "*"}).status_code == 204
        return result

    studio.do = forgetting  # type: ignore[method-assign]
    assert proposed(studio) == [None, None]
    assert studio.http.get("/api/cast").json() == []
