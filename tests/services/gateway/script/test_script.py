"""What a script reads, and that its part says of itself what the whole says."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.gateway.db.engine import Database
from services.gateway.db.tables import LineRow, SegmentRow, SpeakerRow, Task
from services.gateway.pipeline.units import unended_lines
from services.gateway.script.script import Script

COUNT = 400


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Empty."""
    made = Database(f"sqlite:///{tmp_path}/localclip.db")
    made.migrate()
    yield made
    made.close()


def _fill(database: Database, chance: random.Random) -> Task:
    """An hour of two people who talk into each other's sentences; some lines stand elsewhere than their segments."""
    task = Task(
        task_id="task", video_filename="v", video_original_name="v", video_key="k", video_size=1, status="processing"
    )
    task.media = {"container": "mp4", "duration_s": COUNT * 9.0}
    with database.write() as session:
        session.add(task)
        session.add_all(SpeakerRow(task_id="task", speaker_id=f"spk_{n}", name=str(n)) for n in range(2))
        for number in range(COUNT):
            start_s = number * 9.0 + chance.uniform(0, 7)
            key, end_s = f"s{number:04}", start_s + chance.uniform(0.5, 14)
            text = "and then" if chance.random() < 0.5 else "It is so."
            speaker = f"spk_{chance.randrange(2)}"
            line = LineRow(task_id="task", language="es", segment_id=key)
            if chance.random() < 0.05:
                line.start_s = chance.uniform(0, COUNT * 9.0)
                line.end_s = line.start_s + 2
            times = {"start_s": start_s, "end_s": end_s}
            session.add(SegmentRow(task_id="task", segment_id=key, speaker_id=speaker, text=text, **times))
            session.add(line)
    return task


@pytest.mark.parametrize("seed", range(4))
def test_a_part_says_of_what_it_names_what_the_whole_says(database: Database, seed: int) -> None:
    """Rooms, speakers and sentences need neighbours, and no more than those are read."""
    chance = random.Random(seed)
    task = _fill(database, chance)
    with database.read() as session:
        whole = Script(session, task, "es")
        goes_on = unended_lines(list(whole.heard.values()))
        for _ in range(20):
            first = chance.randrange(COUNT - 4)
            named = [f"s{number:04}" for number in range(first, first + chance.randrange(1, 4))]
            named = [key for key in named if whole.lines[key].start_s is None]
            if not named:
                continue
            part = Script(session, task, "es", named)
            assert set(part.lines) == set(part.segments) == set(named)
            assert len(part.spans) < 100
            for key in named:
                assert (part.rooms[key], part.heard[key]) == (whole.rooms[key], whole.heard[key])
            assert unended_lines(list(part.heard.values())) & set(named) == goes_on & set(named)


def test_nothing_is_read_that_is_not_asked_for(database: Database) -> None:
    """A script of another language has the segments of the one beside it."""
    task = _fill(database, random.Random(0))
    with database.read() as session:
        script = Script(session, task, "es", ["s0001"])
        assert len(list(session)) == 0
        assert script.lines["s0001"].segment_id == "s0001"
        assert len(list(session)) == 1
        source = Script(session, task, "base")
        assert Script(session, task, "fr", beside=source).segments is source.segments
