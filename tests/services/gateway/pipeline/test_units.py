"""Cutting stages into jobs."""

from typing import Any

import pytest

from services.gateway.db.tables import LineRow
from services.gateway.pipeline.units import clone_jobs, timeline, translate_jobs
from services.gateway.script.pace import Pace
from services.gateway.script.slots import Span
from shared.messaging import SpeakerVoice, TranslateLines
from shared.pipeline import LineState
from shared.transcript import MediaFacts

PACE = Pace(15.0, {"spk_2": 10.0})
MEDIA = MediaFacts(container="mov", duration_s=20.0, video_codec="h264", audio_codec="aac", fps=25)


def span(number: int, start: float, end: float, speaker: str = "spk_1") -> Span:
    return Span(f"s{number:04}", start, end, speaker, f"Text {number}.")


def line(of: Span, text: str | None = None, **fields: Any) -> LineRow:
    return LineRow(task_id="t", language="es", segment_id=of.segment_id, text=text, **fields)


def test_translation_is_cut_into_shards_with_context() -> None:
    """70 lines make three jobs whose weights add up, each with its neighbours' text."""
    spans = [span(n, n, n + 0.9) for n in range(70)]
    jobs = list(
        translate_jobs("task_1", "es", 2, 5, "en", spans, {s.segment_id: line(s) for s in spans}, 70.0, (), PACE)
    )
    assert [len(job.lines) for job in jobs] == [32, 32, 6]
    assert {job.total_weight for job in jobs} == {70}
    assert sum(job.weight for job in jobs) == 70
    assert jobs[1].context_before == ("Text 29.", "Text 30.", "Text 31.")
    assert jobs[1].context_after == ("Text 64.", "Text 65.", "Text 66.")
    assert [str(job.subject()) for job in jobs][2] == "localclip.jobs.translation.batch.task_1.es.2.2"


def test_lines_without_text_are_not_spoken() -> None:
    """A failed translation makes no voice job."""
    spans = [span(1, 0, 1), span(2, 1, 2)]
    lines = {"s0001": line(spans[0], "hola"), "s0002": line(spans[1], None)}
    jobs = list(clone_jobs("task_1", "es", 1, 1, spans, lines, {"spk_1": SpeakerVoice(speaker_id="spk_1")}, 9.0))
    assert [item.segment_id for job in jobs for item in job.lines] == ["s0001"]


def test_the_budget_follows_the_pace_of_the_speaker() -> None:
    """Two seconds at 15 or at 10 characters a second, a fifth faster."""
    spans = [span(1, 0, 2), span(2, 2, 4, "spk_2")]
    (job,) = translate_jobs("t", "es", 1, 1, "en", spans, {s.segment_id: line(s) for s in spans}, 4.0, (), PACE)
    assert [(item.slot_s, item.max_chars) for item in job.lines] == [(2.0, 36), (2.0, 24)]


def test_part_of_the_progress_is_kept_for_the_fit_loop() -> None:
    """The first pass over all lines does not reach the end."""
    spans = [span(n, n, n + 0.9) for n in range(40)]
    jobs = list(clone_jobs("t", "es", 1, 1, spans, {s.segment_id: line(s, "x") for s in spans}, {}, 50.0))
    assert sum(job.weight for job in jobs) / jobs[0].total_weight == pytest.approx(1 / 1.15)


def test_the_timeline_keeps_a_speaker_from_overlapping_himself() -> None:
    """A take that runs on delays the next of its speaker, which says so; the other speaker's stays."""
    spans = [span(1, 0, 2), span(2, 2, 4, "spk_2"), span(3, 2, 4)]
    lengths = {"s0001": 2.25, "s0002": 2.0, "s0003": 1.5}
    taken: dict[str, Any] = {"state": LineState.DUBBED, "take_key": "k", "decision": "natural speed"}
    views = {
        s.segment_id: line(s, "hola", take_start_s=s.start_s, take_duration_s=lengths[s.segment_id], **taken)
        for s in spans
    }
    found = timeline("t", "es", "en", MEDIA, spans, views, ()).lines
    assert [(one.take_start_s, one.take_duration_s) for one in found] == [(0.0, 2.25), (2.0, 2.0), (2.25, 1.5)]
    assert [one.decision for one in found][1:] == [
        "natural speed",
        "natural speed; begins 0.25 s late, after the same speaker's line before it",
    ]


def said(*texts: str) -> list[Span]:
    return [Span(f"s{n:04}", n, n + 0.9, "spk_1", text) for n, text in enumerate(texts)]


def translations(spans: list[Span], todo: set[str], **how: bool) -> list[TranslateLines]:
    views = {one.segment_id: line(one) for one in spans if one.segment_id in todo}
    return list(translate_jobs("t", "es", 1, 1, "en", spans, views, 99.0, (), PACE, **how))


def test_a_shard_does_not_cut_a_sentence() -> None:
    """The sentence that would lie across the 32nd line begins the second shard."""
    spans = said(*(f"Text {n}." for n in range(30)), "We want to visit the", "mountains in the", "summer.")
    first, second = translations(spans, {one.segment_id for one in spans})
    assert (len(first.lines), [item.text for item in second.lines]) == (
        30,
        ["We want to visit the", "mountains in the", "summer."],
    )
    assert [item.goes_on for item in second.lines] == [True, True, False]


def test_a_line_done_again_takes_its_sentence_along() -> None:
    """The others are not asked for; an omitted line is no part of it."""
    spans = said("It is late.", "We want to visit the", "[PHONE RINGING]", "mountains.")
    (job,) = translate_jobs(
        "t", "es", 1, 1, "en", spans, {"s0003": line(spans[3])}, 99.0, (), PACE, alone=True, unspoken={"s0002"}
    )
    assert [(item.segment_id, item.asked) for item in job.lines] == [("s0001", False), ("s0003", True)]
    assert (job.weight, job.total_weight) == (1, 1)


def test_lines_done_again_one_by_one_are_jobs_of_their_own() -> None:
    """Two lines of one sentence are two jobs, each with the whole of it."""
    jobs = translations(said("We want to visit the", "mountains."), {"s0000", "s0001"}, alone=True)
    assert [[item.segment_id for item in job.lines if item.asked] for job in jobs] == [["s0000"], ["s0001"]]
    assert {len(job.lines) for job in jobs} == {2}


def test_a_voice_is_told_of_a_sentence_that_goes_on() -> None:
    """Also when one line of it is spoken again alone."""
    spans = said("We want to visit the", "mountains.")
    lines = {one.segment_id: line(one, "x") for one in spans}
    (job,) = clone_jobs("t", "es", 1, 1, spans, lines, {}, 9.0)
    (again,) = clone_jobs("t", "es", 1, 1, spans, {"s0000": lines["s0000"]}, {}, 9.0)
    assert [item.goes_on for item in (*job.lines, *again.lines)] == [True, False, True]
