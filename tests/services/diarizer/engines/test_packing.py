"""Short recordings heard together, and every word at the recording it was said in."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from services.diarizer.clips import as_recording
from services.diarizer.engines import create_recognizer
from services.diarizer.engines._packing import laid_back, sound, windows
from services.diarizer.engines._whisper import Whisper
from services.diarizer.recording import Recording
from services.diarizer.settings import DiarizerSettings
from services.diarizer.wording import units
from shared.pipeline import language
from shared.transcript import Word
from tests.support.real_weights import real_weights

SAID = (
    ("slt", "I will buy the tickets tomorrow morning."),
    ("rms", "The train is better."),
    ("awb", "We can stay there for two weeks."),
    ("slt", "The weather is usually very good."),
    ("rms", "Do you want to travel by car?"),
    ("slt", "Thank you very much."),
)


def spans(window):
    """Number, start and end of each place."""
    return [(place.index, place.span.start_s, place.span.end_s) for place in window]


def test_windows_are_filled_in_order_with_silence_between() -> None:
    """Never more than a model hears at a time; what is long, empty or without company is in none."""
    found = windows([4.0, 20.0, 5.0, 0.0, 13.0, 14.0, 3.0])
    assert [spans(window) for window in found] == [
        [(0, 0.0, 4.0), (2, 5.0, 10.0), (4, 11.0, 24.0)],
        [(5, 0.0, 14.0), (6, 15.0, 18.0)],
    ]
    assert windows([5.0]) == []
    assert windows([]) == []


def test_the_sound_of_a_window_is_each_recording_at_its_place(tmp_path: Path) -> None:
    """With nothing between."""
    recordings = []
    for number, value in enumerate((1000, 2000)):
        path = tmp_path / f"{number}.pcm"
        path.write_bytes(np.full(16_000, value, "<i2").tobytes())
        recordings.append(Recording(path))
    (window,) = windows([1.0, 1.0])
    heard = sound(window, recordings)
    assert len(heard) == 48_000
    assert (heard[8_000] > 0, heard[24_000], heard[40_000] > heard[8_000]) == (True, 0, True)


def word(text: str, start_s: float, end_s: float) -> Word:
    """A word as heard in a window."""
    return Word(text=text, start_s=start_s, end_s=end_s, probability=0.9)


def test_words_go_where_they_end() -> None:
    """The first word after a silence is often told to begin within the silence, or before it."""
    (window,) = windows([2.0, 2.0, 2.0])
    heard = [
        word("Yes.", 0.2, 1.9),
        word("You", 1.9, 3.2),  # begins too early, ends in the second
        word("have.", 3.2, 4.8),
        word("The", 5.1, 5.6),  # in the silence after a sentence
        word("end", 6.2, 6.5),
        word("now.", 6.5, 9.0),  # beyond the end of all
    ]
    found = laid_back(heard, window)
    assert {number: [one.text for one in words] for number, words in found.items()} == {
        0: ["Yes."],
        1: ["You", "have."],
        2: ["The", "end", "now."],
    }
    assert [(one.start_s, one.end_s) for one in found[1]] == [(0.0, pytest.approx(0.2)), pytest.approx((0.2, 1.8))]
    assert found[2][-1].end_s == 2.0


def test_a_word_that_lasts_too_long_stays_in_its_sentence() -> None:
    """Where no sentence has ended, what lies in the silence belongs to what is nearer."""
    (window,) = windows([2.0, 2.0])
    found = laid_back([word("and", 1.5, 2.1), word("so", 2.1, 2.4), word("on.", 2.7, 2.9)], window)
    assert [[one.text for one in words] for words in found.values()] == [["and", "so"], ["on."]]


def test_a_real_model_hears_in_one_window_what_it_hears_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six sentences of three voices, the same words each, in one call with one window instead of six."""
    settings = DiarizerSettings(recognizer="faster-whisper", recognizer_model="whisper-tiny.en")
    recognizer = create_recognizer(settings, real_weights("whisper-tiny.en"))
    recordings = []
    for number, (voice, text) in enumerate(SAID):
        path = tmp_path / f"{number}.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True)
        recordings.append(as_recording(path, tmp_path / f"{number}.pcm"))
    sizes: list[int] = []
    hear = Whisper.hear
    monkeypatch.setattr(
        Whisper, "hear", lambda self, sounds, *args: (sizes.append(len(sounds)), hear(self, sounds, *args))[1]
    )
    told: list[float] = []
    found = recognizer.recognize_each(recordings, "en", told.append)
    heard = [units(" ".join(one.text for one in words), language("en")) for words in found]
    assert heard == [units(text, language("en")) for _, text in SAID]
    assert sizes == [1]
    assert told == sorted(told)
    for recording, words in zip(recordings, found, strict=True):
        assert all(0 <= one.start_s <= one.end_s <= recording.duration_s + 0.001 for one in words)
