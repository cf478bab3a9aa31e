"""Speech in chunks, and the way back to the time of the recording."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.diarizer.engines import Span
from services.diarizer.engines._chunks import LONGEST_S, Chunk, chunks_of

RATE_HZ = 16_000


@given(st.lists(st.tuples(st.floats(0.05, 5), st.floats(0.1, 70)), max_size=12))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_speech_is_heard_once(record, pieces):
    """In order, with no chunk too long; nothing is heard twice, and nothing beyond the recording."""
    speech, at_s = [], 0.0
    for gap_s, length_s in pieces:
        speech.append(Span(at_s + gap_s, at_s + gap_s + length_s))
        at_s += gap_s + length_s
    recording = record(np.zeros(int((at_s + 0.2) * RATE_HZ), np.float32))
    chunks = chunks_of(recording, speech)
    assert all(chunk.duration_s <= LONGEST_S + 1e-6 for chunk in chunks)
    parts = [part for chunk in chunks for part in chunk.parts]
    assert all(before.end_s <= after.start_s + 1e-6 for before, after in pairwise(parts))
    for span in speech:
        covered_s = sum(max(0.0, min(part.end_s, span.end_s) - max(part.start_s, span.start_s)) for part in parts)
        assert covered_s == pytest.approx(span.duration_s, abs=1e-6)
    assert all(part.start_s >= 0 and part.end_s <= recording.duration_s + 1e-6 for part in parts)


def test_a_chunk_ends_at_a_long_pause(record):
    """Once it is full enough, rather than within a sentence."""
    recording = record(np.zeros(60 * RATE_HZ, np.float32))
    speech = [Span(0, 10), Span(10.3, 22), Span(24, 28), Span(28.3, 40)]
    assert [chunk.whole.end_s for chunk in chunks_of(recording, speech)] == pytest.approx([22.4, 40.4])


def test_times_come_back_through_what_was_left_out():
    """Kept within the stretch that holds the middle; nothing beyond the end."""
    chunk = Chunk((Span(10, 12), Span(100, 103)))
    assert chunk.placed(Span(0.5, 1)) == Span(10.5, 11)
    assert chunk.placed(Span(1.5, 2.2)) == Span(11.5, 12)
    assert chunk.placed(Span(1.9, 3)) == Span(100, 101)
    assert chunk.placed(Span(4.5, 5.4)) == Span(102.5, 103)
    assert chunk.placed(Span(4.9, 5.4)) is None


def test_a_chunk_is_heard_without_gaps(record):
    """As many samples as its stretches have."""
    recording = record((np.arange(3 * RATE_HZ) // RATE_HZ).astype(np.float32) / 4)
    samples = Chunk((Span(0, 1), Span(2, 2.5))).samples(recording)
    assert len(samples) == 1.5 * RATE_HZ
    assert [samples[0], samples[-1]] == pytest.approx([0, 0.5], abs=1e-3)
