"""Reading sound in pieces."""

import numpy as np
import pytest

from services.diarizer.recording import Recording
from services.diarizer.waveform import peaks


def test_pieces_are_cut_where_the_recording_ends(record):
    """What lies outside is left out, not an error."""
    recording = record(np.linspace(-1, 1, 16_000, dtype=np.float32))
    assert recording.duration_s == 1.0
    assert len(recording.read(-1.0, 0.25)) == 4000
    assert len(recording.read(0.9, 5.0)) == 1600
    assert len(recording.read(2.0, 3.0)) == 0
    assert recording.read(0.0, 1.0).min() == pytest.approx(-1.0, abs=1e-3)


def test_blocks_cover_everything_once(record):
    """The last one is shorter."""
    recording = record(np.zeros(40_000, np.float32))
    assert list(recording.blocks(1.0)) == [(0.0, 1.0), (1.0, 2.0), (2.0, 2.5)]


def test_an_empty_recording(tmp_path):
    """An audio track that yields nothing is zero seconds long."""
    path = tmp_path / "empty.pcm"
    path.touch()
    recording = Recording(path)
    assert (recording.duration_s, list(recording.blocks(1.0)), peaks(recording, lambda part: None)) == (0.0, [], [])


def test_peaks_stay_in_step_over_blocks(record):
    """A click is in the bucket of its time, beyond the first block as well."""
    samples = np.zeros(16_000 * 130, np.float32)
    samples[[16_000 * 3, 16_000 * 125]] = [0.5, -0.25]
    found = peaks(record(samples), lambda part: None)
    assert len(found) == 2600
    assert {at: peak for at, peak in enumerate(found) if peak} == {60: 0.5, 2500: 0.25}
