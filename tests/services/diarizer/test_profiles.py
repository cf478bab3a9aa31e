"""Choosing a reference clip, and measuring pitch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.diarizer.engines import Span, Turn
from services.diarizer.pitch import pitch
from services.diarizer.profiles import LONGEST_CLIP_S, SHORTEST_CLIP_S, Piece, choose_clip, measure, pace, stretches
from shared.pipeline import language
from shared.transcript import Segment

NONE = np.zeros(0, np.float32)


def tone(hz, seconds, rate_hz=16_000):
    """A buzz with many harmonics, like a voice."""
    time_s = np.arange(int(seconds * rate_hz)) / rate_hz
    return sum(np.sin(2 * np.pi * hz * n * time_s) / n for n in range(1, 12)).astype(np.float32) * 0.2


@pytest.mark.parametrize("hz", [70, 110, 165, 220, 330])
def test_pitch_of_a_tone(hz):
    """YIN finds the fundamental within one percent."""
    assert np.median(pitch(tone(hz, 0.5))[5:-5]) == pytest.approx(hz, rel=0.01)


def test_pitch_does_not_depend_on_loudness():
    """A quiet recording is as voiced as a loud one."""
    assert np.median(pitch(tone(120, 0.5) * 0.003)[5:-5]) == pytest.approx(120, rel=0.01)


def test_noise_and_silence_have_no_pitch():
    """Most frames of noise and all of silence are unvoiced."""
    noise = np.random.default_rng(1).normal(0, 0.1, 16_000).astype(np.float32)
    assert (pitch(noise) > 0).mean() < 0.1
    assert not pitch(np.zeros(16_000, np.float32)).any()
    assert len(pitch(np.zeros(0, np.float32))) == 0


def test_one_frame_per_ten_milliseconds():
    """Frame n is the pitch around n / 100 s, in long recordings too."""
    samples = np.concatenate([tone(110, 13.0), tone(220, 2.0)])
    frames = pitch(samples)
    assert len(frames) == 1500
    assert np.median(frames[1000:1290]) == pytest.approx(110, rel=0.01)
    assert np.median(frames[1310:]) == pytest.approx(220, rel=0.01)


def test_stretches_bridge_pauses_but_not_other_speakers():
    """A breath belongs to a stretch; another voice ends it; a long stretch is cut to clips."""
    turns = [Turn(0, 2, 0), Turn(2.3, 4, 0), Turn(4.1, 4.4, 1), Turn(4.5, 5, 0), Turn(6, 21, 0)]
    assert [(round(span.start_s, 2), round(span.end_s, 2)) for span in stretches(turns, 0)] == [
        (0.03, 3.97),
        (4.53, 4.97),
        (6.03, 13.5),
        (13.5, 20.97),
    ]


def test_the_cleanest_long_piece_is_the_clip():
    """A clean piece that is too short does not win over one that is long enough."""
    pieces = [
        Piece(Span(0, 2), 0.9, NONE),
        Piece(Span(10, 14), 0.5, NONE),
        Piece(Span(20, 25), 0.7, NONE),
    ]
    assert choose_clip(pieces) == (Span(20, 25),)


def test_short_pieces_make_a_clip_together():
    """In time order, the cleanest first chosen."""
    pieces = [Piece(Span(8, 9.5), 0.9, NONE), Piece(Span(0, 2), 0.8, NONE), Piece(Span(4, 6), 0.1, NONE)]
    assert choose_clip(pieces) == (Span(0, 2), Span(8, 9.5))


@given(st.lists(st.tuples(st.floats(0.7, LONGEST_CLIP_S), st.floats(0, 1)), max_size=20))
def test_a_clip_is_as_long_as_it_can_be_and_no_longer(pieces):
    """At least the shortest length whenever there is that much, never more than the longest."""
    known = [Piece(Span(20.0 * n, 20.0 * n + length_s), quality, NONE) for n, (length_s, quality) in enumerate(pieces)]
    chosen_s = sum(span.duration_s for span in choose_clip(known))
    there_s = sum(piece.span.duration_s for piece in known)
    assert chosen_s <= LONGEST_CLIP_S + 1e-6
    assert chosen_s >= min(there_s, SHORTEST_CLIP_S) - 1e-6


def test_a_clean_stretch_beats_a_noisy_one(record, say):
    """Of the same sentence twice, the one without noise under it becomes the clip."""
    clean = say("slt", "She has been looking for a place like this for two years, near the river or in the hills.")
    noise = np.random.default_rng(2).normal(0, 0.05, len(clean)).astype(np.float32)
    pause = np.zeros(16_000, np.float32)
    recording = record(np.concatenate([clean + noise, pause, clean]))
    length_s = len(clean) / 16_000
    turns = [Turn(0, length_s, 0), Turn(length_s + 1, 2 * length_s + 1, 0)]
    profile = measure(recording, turns, 0, lambda: None)
    assert profile.clip[0].start_s > length_s
    assert 150 < profile.f0_hz < 200


def test_a_speaker_who_is_never_heard_has_no_profile(record):
    """No turn, no pitch, no clip."""
    profile = measure(record(np.zeros(16_000, np.float32)), [], 0, lambda: None)
    assert (profile.f0_hz, profile.clip) == (None, ())


def spoken(*rates: float, seconds: float = 2.0) -> list[Segment]:
    """Segments of so many characters per second."""
    return [
        Segment(id=f"s{n}", start_s=n * 5, end_s=n * 5 + seconds, speaker_id="A", text="x" * round(rate * seconds))
        for n, rate in enumerate(rates)
    ]


@pytest.mark.parametrize(
    ("rates", "expected"),
    [((17.5, 17.5, 17.5), 1.0), ((15.0, 15.5, 40.0), 0.9), ((40.0, 40.0, 40.0), 1.25), ((5.0, 5.0, 5.0), 0.8)],
)
def test_pace_is_the_median_within_limits(rates: tuple[float, ...], expected: float) -> None:
    """Relative to ordinary English, in steps of a twentieth."""
    assert pace(spoken(*rates), language("en")) == expected


def test_too_few_lines_tell_no_pace() -> None:
    """Neither do interjections, however many."""
    assert pace(spoken(17.5, 17.5), language("en")) is None
    assert pace(spoken(*[17.5] * 9, seconds=0.5), language("en")) is None
