"""Known voices are taken over, also by two videos at once."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlmodel import col, select

from services.gateway.db.engine import Database
from services.gateway.db.tables import AccountRow, CastRow, SpeakerRow, Task
from services.gateway.script import rows as script_rows
from services.gateway.script.casting import recognize
from shared.transcript import Speaker

HEARD = Speaker(id="a", name="A", embedding=(1.0, 0.0), embedding_model="m", same_voice=0.5)


@pytest.fixture
def gateways(postgres: str) -> Iterator[tuple[Database, Database]]:
    """Two gateways of one database, whose account has Ann in its cast and knows voices without asking."""
    with closing(Database(postgres)) as first, closing(Database(postgres)) as second:
        first.migrate()
        with first.write() as session:
            session.add(AccountRow(owner="", settings={"auto_cast": True}))
            ann = CastRow(cast_id="ann", owner="", name="Ann", embedding=[1.0, 0.0], embedding_model="m")
            session.add(ann)
        yield first, second


def test_two_videos_at_once_both_teach_a_person(gateways: tuple[Database, Database]) -> None:
    """The second, which had read the cast before the first was recorded, adds to what the first left."""
    one, two = gateways
    speakers = [SpeakerRow(task_id=name, speaker_id="a", name="A", embedding=[1.0, 0.0]) for name in ("t1", "t2")]
    for row in speakers:
        row.embedding_model = "m"
    task = Task(task_id="t", owner="", video_filename="a", video_original_name="a", video_key="a", video_size=1)
    with two.write() as late:
        assert [member.episodes for member in script_rows.cast(late, "")] == [1]
        with one.write() as early:
            recognize(early, task, [HEARD], speakers[:1])
        recognize(late, task, [HEARD], speakers[1:])
    assert [(row.name, row.cast_accepted) for row in speakers] == [("Ann", True)] * 2
    with one.read() as session:
        ann = session.exec(select(CastRow).where(col(CastRow.cast_id) == "ann")).one()
        assert (ann.episodes, ann.version) == (3, 3)
