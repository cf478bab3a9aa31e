"""The fit loop with the real use cases: Apertium translates, eSpeak NG speaks, the gateway's database decides."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from services.cloner.dubbing import Dubbing
from services.cloner.engines import create_synthesizers
from services.cloner.handlers import clone_lines
from services.cloner.settings import ClonerSettings
from services.gateway.db.engine import Database
from services.gateway.db.tables import JobRow, JobState, LineRow, SegmentRow, SpeakerRow, StageRun, Task, TaskLanguage
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.board import request
from services.gateway.pipeline.results import record
from services.gateway.pipeline.steps import carry_out
from services.gateway.script import rows as script_rows
from services.translator.engines.apertium import ApertiumTranslator
from services.translator.handlers import translate_lines
from shared.messaging import JOB, RESULT, JobContext, KeptEngines, Result
from shared.pipeline import BASE, FitLimits, Stage, Status, language
from shared.storage import DirectoryStore

TASK = "task_20260101_000000_00000001"
SOURCE = (
    ("Nowadays in 1999 everybody has a telephone.", 2.8),
    ("We are here at this moment because of the fact that it rains.", 2.0),
    ("We want to see the house today.", 2.4),
    ("As for me, I do not want it.", 0.5),
)


@dataclass
class Bench:
    """Everything but the broker: jobs go from their rows to the use cases, results into the database."""

    database: Database
    store: DirectoryStore
    folder: Path
    handlers: dict[str, Callable[[Any, JobContext], Any]]
    results: list[Result]

    def start(self, lines: tuple[tuple[str, float], ...]) -> None:
        """A diarized task whose segments last as long as given, 0.4 s apart."""
        with self.database.write() as session:
            start_s = 1.0
            for number, (text, length_s) in enumerate(lines):
                where = {"start_s": start_s, "end_s": start_s + length_s, "speaker_id": "S1"}
                session.add(SegmentRow(task_id=TASK, segment_id=f"s{number:04}", text=text, **where))
                start_s += length_s + 0.4
            media = {"container": "mov", "duration_s": start_s, "video_codec": "h264", "audio_codec": "aac", "fps": 25}
            video = {"video_filename": "v", "video_original_name": "v", "video_key": "v", "video_size": 1}
            session.add(Task(task_id=TASK, status=Status.PROCESSING, media=media, source_language="en", **video))
            session.add(SpeakerRow(task_id=TASK, speaker_id="S1", name="Speaker 1", f0_hz=110.0))
            session.add(TaskLanguage(task_id=TASK, language="es"))
            done = {"attempt": 1, "status": Status.COMPLETED}
            session.add(StageRun(task_id=TASK, language=BASE, stage=Stage.DIARIZATION, **done))

    def process(self, stage: Stage) -> None:
        """Ask for `stage` and do every job that there is, until there is none."""
        with self.database.write() as session:
            task = script_rows.locked_task(session, TASK)
            assert task is not None
            carry_out(session, task, request(pipeline_rows.board(session, task), ["es"], stage))
        while self._do_next():
            continue

    def _do_next(self) -> bool:
        with self.database.read() as session:
            row = session.exec(select(JobRow).where(JobRow.state == JobState.READY).order_by(JobRow.id)).first()  # type: ignore[arg-type]
        if row is None:
            return False
        job = JOB.validate_json(row.payload)
        answer = self.handlers[row.stage](job, JobContext(self.store, self.folder))
        result = RESULT.validate_json(answer.model_dump_json())
        self.results.append(result)
        with self.database.write() as session:
            assert record(session, result)
        return True

    def lines(self) -> list[LineRow]:
        with self.database.read() as session:
            return list(script_rows.lines(session, TASK, "es").values())


@contextmanager
def opened(folder: Path) -> Iterator[Bench]:
    database, translator = Database(f"sqlite:///{folder}/localclip.db"), ApertiumTranslator()
    database.migrate()
    handlers = {
        Stage.TRANSLATION: translate_lines(KeptEngines([translator], lambda _: None)),
        Stage.CLONING: clone_lines(Dubbing(create_synthesizers(ClonerSettings()))),
    }
    try:
        yield Bench(database, DirectoryStore(folder / "objects"), folder, dict(handlers), [])
    finally:
        translator.close()
        database.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with opened(tmp_path) as made:
        yield made


def test_lines_get_the_text_that_fits(bench: Bench) -> None:
    """Only those that need it get another, shorter or longer; what no text can save overflows and says so."""
    bench.start(SOURCE)
    bench.process(Stage.CLONING)
    phone, rain, house, want = bench.lines()
    # Figures take longer to say than their characters let expect, so that it was spoken first.
    assert (phone.text, phone.rounds) == ("Hoy en 1999 todo el mundo tiene un teléfono.", 1)
    assert (phone.decision or "").startswith("round 1: shorter translation chosen (51 → 44 characters), ")
    assert phone.tried[0]["speed"] > FitLimits().unmarked
    # The table of speaking rates let expect too long a line, so that it was condensed before it was spoken.
    assert (rain.text, rain.rounds) == ("Somos aquí en este momento debido al hecho que llueve.", 1)
    assert (rain.decision or "").startswith("round 1: longer translation chosen (31 → 54 characters), ")
    for line in (phone, rain):
        assert line.speed == line.tried[1]["speed"] <= FitLimits().unmarked + 1e-3
    assert (house.text, house.rounds, house.fit) == ("Queremos ver la casa hoy.", 0, "natural")
    assert (want.rounds, want.fit) == (0, "overflow")
    assert "no shorter translation is known" in (want.decision or "")
    assert all(bench.store.stat(line.take_key or "").size for line in bench.lines())


def test_every_result_may_come_twice(bench: Bench) -> None:
    """Nothing changes when the whole history is told again."""
    bench.start(SOURCE)
    bench.process(Stage.CLONING)
    before = [line.model_dump() for line in bench.lines()]
    for result in bench.results:
        with bench.database.write() as session:
            assert not record(session, result)
    assert [line.model_dump() for line in bench.lines()] == before


def test_a_second_run_ends_where_the_first_did(bench: Bench) -> None:
    """The takes are there already, and the loop starts anew from the text that counts."""
    bench.start(SOURCE)
    bench.process(Stage.CLONING)
    texts = [(line.text, line.take_key) for line in bench.lines()]
    bench.process(Stage.CLONING)
    assert [(line.text, line.take_key) for line in bench.lines()] == texts
    assert [line.rounds for line in bench.lines()] == [0, 0, 0, 0]


def test_the_next_translation_knows_the_pace_of_the_voice(bench: Bench) -> None:
    """The budget follows the takes of the speaker instead of the table."""
    bench.start(SOURCE)
    bench.process(Stage.CLONING)
    bench.process(Stage.TRANSLATION)
    with bench.database.read() as session:
        first, second = (pipeline_rows.job(session, TASK, "es", Stage.TRANSLATION, "0", attempt) for attempt in (1, 2))
    assert first is not None
    assert second is not None
    budgets = [[line.max_chars for line in JOB.validate_json(row.payload).lines] for row in (first, second)]  # type: ignore[union-attr]
    table = language("es").spoken_chars_per_s
    measured = sorted(len(line.text or "") / (line.natural_s or 1) for line in bench.lines())
    assert budgets[1][2] / budgets[0][2] == pytest.approx((measured[1] + measured[2]) / 2 / table, rel=0.08)
