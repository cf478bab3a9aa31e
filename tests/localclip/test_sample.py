"""The sample is a video that the embedded engines understand."""

from pathlib import Path

import pytest

from localclip import ffmpeg
from localclip.sample import DIALOGUE, make_sample
from services.diarizer.engines import create_engines
from services.diarizer.recording import Recording
from services.diarizer.settings import DiarizerSettings
from shared.media import probe
from shared.pipeline import CancelToken


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sample(tmp_path_factory.mktemp("sample") / "new folder" / "sample.mp4")


def test_it_is_half_a_minute_of_h264_and_aac(sample: Path) -> None:
    """Picture and sound end together."""
    _, facts = probe(sample, CancelToken())
    assert (facts.video_codec, facts.audio_codec, facts.fps) == ("h264", "aac", 25)
    assert 25 <= facts.duration_s <= 35
    lengths = [float(stream["duration"]) for stream in ffmpeg.streams(sample)]
    assert max(lengths) - min(lengths) <= 1 / 25


def test_the_recognizer_hears_every_sentence_and_both_speakers(sample: Path, tmp_path: Path) -> None:
    """At most one word in twenty is wrong."""
    pcm = tmp_path / "speech.pcm"
    ffmpeg.run_ffmpeg("-i", str(sample), "-ac", "1", "-ar", "16000", "-f", "s16le", str(pcm))
    recording, engines = Recording(pcm), create_engines(DiarizerSettings())
    speech = engines.voice_activity.speech(recording, lambda _: None)
    heard = engines.recognizer.recognize(recording, speech, "en", lambda _: None)
    turns = engines.diarizer.turns(recording, speech, None, lambda _: None)
    said = [word.strip(".,?").lower() for _, text in DIALOGUE for word in text.split()]
    assert errors(said, [word.text.lower() for word in heard.words]) <= len(said) // 20
    assert len({turn.speaker for turn in turns}) == 2


def errors(said: list[str], heard: list[str]) -> int:
    """Edit distance in words."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(said, 1):
        before, row[0] = row[0], number
        for place, other in enumerate(heard, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (word != other))
    return row[-1]
