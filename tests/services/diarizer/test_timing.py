"""Subtitles beside the speech are found, and nothing is said of those that fit."""

from random import Random

import pytest

from services.diarizer.engines import Span
from services.diarizer.timing import compare

BASE = [Span(1.0, 3.6), Span(4.5, 6.2), Span(8.0, 10.2), Span(12.0, 14.2)]


def moved(spans: list[Span], shift_s: float, rate: float = 1.0) -> list[Span]:
    return [Span(span.start_s * rate + shift_s, span.end_s * rate + shift_s) for span in spans]


def talk(seed: int, count: int) -> list[Span]:
    """Speech of irregular lengths and pauses."""
    random, spans, at = Random(seed), [], 2.0
    for _ in range(count):
        end = at + random.uniform(0.8, 5.0)
        spans.append(Span(at, end))
        at = end + random.uniform(0.3, 4.0)
    return spans


def test_late_subtitles_of_a_few_lines_are_found() -> None:
    """Four cues, 2.5 s late; the last is cut off by the end of the video."""
    late = [*moved(BASE, 2.5)[:3], Span(14.5, 15.9)]
    found = compare(late, BASE, 16.0)
    assert found is not None
    assert found.shift_s == pytest.approx(-2.5, abs=0.15)
    assert (found.rate, found.overlap_shifted > found.overlap) == (1.0, True)


@pytest.mark.parametrize("shift_s", [-40.0, -1.2, 0.8, 7.0])
def test_any_shift_of_a_long_talk_is_found(shift_s: float) -> None:
    """Cues are a little longer than the speech, as they are in practice."""
    speech = talk(1, 120)
    cues = [Span(max(0.0, span.start_s - 0.1), span.end_s + 0.3) for span in moved(speech, shift_s) if span.start_s > 0]
    found = compare(cues, speech, speech[-1].end_s + 60)
    assert found is not None
    assert found.shift_s == pytest.approx(-shift_s, abs=0.2)
    assert not found.drifts


def test_subtitles_of_another_speed_are_found() -> None:
    """Those of a 25 fps copy beside a film of 23.976."""
    speech = talk(2, 200)
    cues = moved(speech, 3.0, 23.976 / 25)
    found = compare(cues, speech, speech[-1].end_s + 10)
    assert found is not None
    assert found.rate == pytest.approx(25 / 23.976, abs=1e-5)
    assert found.overlap_shifted > 0.9


def test_nothing_is_said_of_what_fits_or_proves_nothing() -> None:
    """Cues that stay a little longer, few cues, no speech, cues of another video."""
    speech = talk(3, 80)
    cues = [Span(span.start_s - 0.15, span.end_s + 0.4) for span in speech]
    assert compare(cues, speech, speech[-1].end_s) is None
    assert compare(moved(BASE, 2.5)[:2], BASE, 16.0) is None
    assert compare(BASE, [], 16.0) is None
    assert compare(talk(4, 80), speech, 400.0) is None
    short = [Span(at, at + 0.5) for at in (0.5, 1.0, 2.0, 3.0, 4.5, 6.0, 12.0)] + [Span(8.0, 10.0)]
    assert compare(short, BASE, 16.0) is None
    assert compare([Span(0.0, 400.0)] * 3, speech, 400.0) is None
