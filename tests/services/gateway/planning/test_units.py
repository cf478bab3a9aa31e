"""Cutting stages into jobs."""

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.planning.alignment import texts_by_segment
from services.gateway.planning.units import LineView, Span, clone_jobs, gaps, length_budget, translate_jobs
from shared.messaging import SpeakerVoice
from shared.pipeline import FitLimits, LineState
from shared.transcript import Cue


def span(number: int, start: float, end: float, speaker: str = "spk_1") -> Span:
    return Span(f"s{number:04}", start, end, speaker, f"text {number}")


def line(of: Span, text: str | None = None) -> LineView:
    return LineView(of.segment_id, text, None, False, LineState.PENDING, 1)


def test_gap_ends_at_the_next_speech_of_anyone() -> None:
    """The last line may use the time to the end of the video."""
    spans = [span(1, 0.0, 2.0), span(2, 3.0, 4.0, "spk_2"), span(3, 4.0, 5.0)]
    assert gaps(spans, 8.0) == {"s0001": 1.0, "s0002": 0.0, "s0003": 3.0}


def test_no_gap_while_somebody_else_speaks() -> None:
    """Line 2 ends inside line 1, so there is no silence after it."""
    spans = [span(1, 0.0, 5.0), span(2, 1.0, 2.0, "spk_2")]
    assert gaps(spans, 9.0) == {"s0001": 4.0, "s0002": 0.0}


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0.1, 10)), min_size=1, max_size=30))
def test_borrowed_silence_is_silent(times: list[tuple[float, float]]) -> None:
    """Nobody speaks inside a gap, whatever overlaps whatever."""
    spans = [span(n, start, start + length) for n, (start, length) in enumerate(times)]
    for one in spans:
        gap = gaps(spans, 200.0)[one.segment_id]
        if gap > 0:
            for other in spans:
                assert other.end_s <= one.end_s or other.start_s >= one.end_s + gap - 1e-9 or other is one


def test_translation_is_cut_into_shards_with_context() -> None:
    """70 lines make three jobs whose weights add up, each with its neighbours' text."""
    spans = [span(n, n, n + 0.9) for n in range(70)]
    jobs = list(translate_jobs("task_1", "es", 2, 5, "en", spans, {s.segment_id: line(s) for s in spans}, 70.0, ()))
    assert [len(job.lines) for job in jobs] == [32, 32, 6]
    assert {job.total_weight for job in jobs} == {70}
    assert sum(job.weight for job in jobs) == 70
    assert jobs[1].context_before == ("text 29", "text 30", "text 31")
    assert jobs[1].context_after == ("text 64", "text 65", "text 66")
    assert [str(job.subject()) for job in jobs][2] == "localclip.jobs.translation.batch.task_1.es.2.2"


def test_lines_without_text_are_not_spoken() -> None:
    """A failed translation makes no voice job."""
    spans = [span(1, 0, 1), span(2, 1, 2)]
    lines = {"s0001": line(spans[0], "hola"), "s0002": line(spans[1], None)}
    jobs = list(clone_jobs("task_1", "es", 1, 1, spans, lines, {"spk_1": SpeakerVoice(speaker_id="spk_1")}, 9.0))
    assert [item.segment_id for job in jobs for item in job.lines] == ["s0001"]


def test_budget_grows_with_the_slot() -> None:
    """Borrowed silence is worth characters."""
    narrow = length_budget(span(1, 0, 2), 0.0, "es", FitLimits())
    wide = length_budget(span(1, 0, 2), 2.0, "es", FitLimits())
    assert narrow[0] == 2.0
    assert wide[1] > narrow[1]


def test_as_many_cues_as_segments_are_taken_in_order() -> None:
    """A translated copy of the source subtitles keeps its order even where times are shifted."""
    spans = [span(1, 0, 1), span(2, 1, 2)]
    cues = [Cue(start_s=10, end_s=11, text="uno"), Cue(start_s=11, end_s=12, text="dos\ntres")]
    assert texts_by_segment(spans, cues) == {"s0001": "uno", "s0002": "dos tres"}


def test_other_cues_go_where_they_overlap_most() -> None:
    """Cues of one segment are joined; no text is lost."""
    spans = [span(1, 0, 4), span(2, 5, 9)]
    cues = [
        Cue(start_s=0, end_s=2, text="a"),
        Cue(start_s=2, end_s=4.5, text="b"),
        Cue(start_s=9.5, end_s=10, text="c"),
    ]
    assert texts_by_segment(spans, cues) == {"s0001": "a b", "s0002": "c"}
