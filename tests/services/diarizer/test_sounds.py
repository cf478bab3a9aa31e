"""Real files with several sounds: what is listened to, and how loud."""

import subprocess
from dataclasses import dataclass

import numpy as np
import pytest
import soundfile

from services.diarizer.choice import seconds
from services.diarizer.ffmpeg import Video
from services.diarizer.levels import SPEECH_DBFS, gain_to_find
from services.diarizer.recording import Recording
from services.diarizer.sounds import Ears
from shared.media import probe
from shared.pipeline import CancelToken

RATE_HZ = 16_000


@dataclass
class Talk:
    """Two people who take turns, each by themselves and together."""

    one: np.ndarray
    other: np.ndarray

    @property
    def both(self):
        return self.one + self.other


@pytest.fixture(scope="module")
def talk(say):
    """A woman speaks first, then a man."""
    she, he = say("slt", "Good morning. Have you seen the new house?"), say("rms", "Yes, I walked past it yesterday.")
    pause = np.zeros(RATE_HZ // 2, np.float32)
    rest = np.zeros(len(he) + len(pause), np.float32)
    before = np.zeros(len(she) + 2 * len(pause), np.float32)
    return Talk(np.concatenate([pause, she, pause, rest]), np.concatenate([before, he, pause]))


@pytest.fixture
def listen(engines, tmp_path):
    """Listen to a file whose audio tracks hold the given samples (frames, or frames x 2)."""

    def run(*tracks, spoken=None, wanted=None, options=()):
        inputs, maps = [], []
        for number, samples in enumerate(tracks):
            path = tmp_path / f"{number}.wav"
            soundfile.write(path, samples, RATE_HZ)
            inputs += ["-i", path]
            maps += ["-map", f"{number + 1}:a"]
        file, picture = tmp_path / "file.mkv", ["-f", "lavfi", "-i", "testsrc=size=64x64:rate=5:duration=1"]
        command = ["ffmpeg", "-v", "error", "-y", *picture, *inputs, "-map", "0:v", *maps, "-c:a", "pcm_s16le"]
        subprocess.run([*command, *options, file], check=True)
        container, facts = probe(file, CancelToken())
        ears = Ears(Video(file, container, facts), tmp_path, engines.voice_activity, CancelToken())
        return ears.listen(spoken, wanted, lambda _: None, lambda _: None)

    return run


def heard(listened):
    return [track.number for track in listened.facts.audio_tracks if track.listened]


def test_the_track_with_speech(listen, talk):
    """Desktop sound on the first track, a voice on the second: both are measured, the voice is heard."""
    hum = 0.1 * np.sin(2 * np.pi * 220 * np.arange(len(talk.one)) / RATE_HZ)
    listened = listen(hum, talk.one)
    assert heard(listened) == [2]
    assert listened.facts.audio_tracks[0].speech_s == 0
    assert listened.facts.audio_tracks[1].speech_s == pytest.approx(seconds(listened.speech), abs=0.01)
    assert listened.note == "Listened to audio track 2. Track 1 has no speech."
    assert alike(listened.sounds.speech, talk.one)
    assert listened.sounds.clips.duration_s == pytest.approx(listened.sounds.speech.duration_s, abs=0.01)
    assert listened.sounds.clips.sample_rate_hz == 24_000


def test_two_microphones_are_heard_together(listen, talk):
    """Each of two people has a track: nobody is left out, neither in what is recognized nor in clips."""
    listened = listen(talk.one, talk.other)
    assert heard(listened) == [1, 2]
    assert alike(listened.sounds.speech, talk.both)
    assert peak(listened.sounds.clips) == pytest.approx(np.abs(talk.both).max(), rel=0.1)


def test_channels_out_of_phase(listen, talk):
    """What cancels in mono is heard, from one decoding."""
    listened = listen(np.stack([talk.both, -talk.both], axis=1))
    assert alike(listened.sounds.speech, talk.both)
    assert listened.note
    assert "out of phase" in listened.note


def test_one_speaker_out_of_phase(listen, talk):
    """The other one is not lost for it."""
    listened = listen(np.stack([talk.one + talk.other, talk.one - talk.other], axis=1))
    assert alike(listened.sounds.speech, talk.both)


def test_ordinary_stereo_is_mixed_down(listen, talk):
    """Two microphones on the two channels of a track are both in it; nothing has to be told."""
    listened = listen(np.stack([talk.one, talk.other], axis=1))
    assert alike(listened.sounds.speech, talk.both)
    assert listened.note is None


def test_a_person_chooses(listen, talk):
    """`audio_track` decides, and what was not chosen is measured all the same."""
    listened = listen(talk.one, talk.other, wanted="2")
    assert heard(listened) == [2]
    assert alike(listened.sounds.speech, talk.other)
    assert listened.facts.audio_tracks[0].speech_s > 1


@pytest.mark.parametrize("db", [-30, -45])
def test_quiet_sound_is_leveled(listen, talk, db):
    """Speech is brought to the level of speech before it is recognized; what was drawn shows what was recorded."""
    factor = 10 ** (db / 20)
    loud = listen(talk.both)
    speech_s, loudest = seconds(loud.speech), max(loud.outline)
    listened = listen(factor * talk.both)
    assert seconds(listened.speech) == pytest.approx(speech_s, rel=0.1)
    assert level(listened.sounds.speech, listened.speech) == pytest.approx(SPEECH_DBFS, abs=1.0)
    assert level(listened.sounds.clips, listened.speech) == pytest.approx(SPEECH_DBFS, abs=1.5)
    assert max(listened.outline) == pytest.approx(factor * loudest, rel=0.1)


def test_loud_sound_stays_as_it_is(listen, talk):
    """What is recorded well is not touched."""
    listened = listen(talk.both)
    assert (listened.sounds.speech.gain, listened.sounds.clips.gain) == (1.0, 1.0)


def test_a_click_does_not_hide_quiet_speech():
    """One loud moment does not decide how loud everything is; silence is not raised."""
    assert gain_to_find([0.01] * 300 + [1.0]) == pytest.approx(25, rel=0.01)
    assert gain_to_find([0.5] * 10) == gain_to_find([0.0]) == gain_to_find([]) == 1.0


def test_files_heard_together_end_with_the_longest(tmp_path):
    """A track that ends early is silent from then on."""
    long, short = tmp_path / "long.pcm", tmp_path / "short.pcm"
    long.write_bytes(np.full(1600, 20_000, "<i2").tobytes())
    short.write_bytes(np.full(800, 20_000, "<i2").tobytes())
    recording = Recording([long, short])
    assert recording.duration_s == 0.1
    assert recording.pcm(0, 0.1).tolist() == [32767] * 800 + [20_000] * 800


def samples(recording):
    return recording.read(0, recording.duration_s)


def peak(recording):
    return np.abs(samples(recording)).max()


def level(recording, spans):
    power = np.concatenate([recording.read(span.start_s, span.end_s) for span in spans])
    return 10 * np.log10(np.mean(power**2))


def alike(recording, expected):
    found = samples(recording)[: len(expected)]
    return np.corrcoef(found, expected[: len(found)])[0, 1] > 0.98
