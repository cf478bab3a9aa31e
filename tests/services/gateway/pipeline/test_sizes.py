"""Jobs fit into messages."""

import json

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.db.tables import LineRow
from services.gateway.pipeline.units import (
    LINES_BYTES,
    batches,
    clone_jobs,
    refused,
    size_of_text,
    too_large,
    translate_jobs,
)
from services.gateway.script.pace import Pace
from services.gateway.script.slots import Span
from shared.messaging import MAX_BODY_BYTES, CloneLines, LinesDubbed, LinesTranslated, TranslateLines
from shared.pipeline import ErrorCode, Stage

PACE = Pace(15.0, {})


def spans(*texts: str) -> list[Span]:
    return [Span(f"s{n:04}", n, n + 0.9, "spk_1", text) for n, text in enumerate(texts)]


def lines(of: list[Span]) -> dict[str, LineRow]:
    return {one.segment_id: LineRow(task_id="t", language="es", segment_id=one.segment_id, text=one.text) for one in of}


def translations(of: list[Span]) -> list[TranslateLines]:
    return list(translate_jobs("t", "es", 1, 1, "en", of, lines(of), 60.0, (), PACE))


def voices(of: list[Span]) -> list[CloneLines]:
    return list(clone_jobs("t", "es", 1, 1, of, lines(of), {}, 60.0))


@given(st.lists(st.integers(1, LINES_BYTES * 2), max_size=12), st.integers(1, 5))
def test_batches_keep_order_number_and_size(sizes: list[int], most: int) -> None:
    """Only what is too large by itself is over, and it stands alone."""
    every = spans(*map(str, sizes))
    found = [list(batch) for batch in batches(every, most, lambda span: int(span.text))]
    assert [span for batch in found for span in batch] == every
    for batch in found:
        assert 0 < len(batch) <= most
        assert len(batch) == 1 or sum(int(span.text) for span in batch) <= LINES_BYTES


def test_lines_too_large_together_are_cut_smaller() -> None:
    """In every script: what is sent is escaped."""
    every = spans(*["漢字" * 20_000] * 8)
    jobs = [*translations(every), *voices(every)]
    assert all(len(json.dumps(job.model_dump(mode="json"))) <= MAX_BODY_BYTES for job in jobs)
    assert sum(len(job.lines) for job in jobs) == 16
    assert len(jobs) < 16


def test_a_large_line_leaves_its_neighbours_room() -> None:
    """It is only named in their context, and it alone fails when it is not sent."""
    every = spans("one", "x" * 2_000_000, "three")
    first, large, last = translations(every)
    assert all(len(job.model_dump_json()) < 10_000 for job in (first, last))
    ended = too_large(large, 2_000_000)
    assert isinstance(ended, LinesTranslated)
    (line,) = ended.lines
    assert (line.segment_id, line.text, line.error_code) == ("s0001", None, ErrorCode.JOB_TOO_LARGE)
    _, spoken, _ = voices(every)
    dubbed = refused(spoken, ErrorCode.JOB_REFUSED, "why")
    assert isinstance(dubbed, LinesDubbed)
    assert (dubbed.lines[0].take_key, dubbed.lines[0].error_message) == (None, "line s0001: why")


def test_a_job_of_many_lines_fails_as_a_whole() -> None:
    """Nobody knows which of them is refused."""
    (job,) = translations(spans("one", "two"))
    ended = refused(job, ErrorCode.JOB_REFUSED, "why")
    assert (ended.kind, ended.stage, ended.shard) == ("job_failed", Stage.TRANSLATION, "0")


def test_the_size_of_a_text_is_that_of_its_escaped_form() -> None:
    """A character of another script takes six bytes."""
    assert size_of_text("漢" * 100) - size_of_text("a" * 100) == 500
