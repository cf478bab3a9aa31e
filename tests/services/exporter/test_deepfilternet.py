"""DeepFilterNet3 as separator, with its real weights: what lies under speech is kept, and speech is not."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from services.exporter.engines import Separator, create_separator
from services.exporter.engines import deepfilternet as engine
from services.exporter.settings import SeparatorSettings
from shared.models import ModelSettings
from shared.pipeline import Canceled, CancelToken, ErrorCode, PermanentError
from tests.services.exporter.conftest import Samples, level_db
from tests.support.real_weights import real_weights

RATE_HZ = 48_000
WORDS = (
    "The weather is usually very good in this part of the country. In the summer we walk along the river every "
    "evening, and my brother plays the guitar."
)


@pytest.fixture(scope="module")
def separator() -> Separator:
    """As the profile chooses it where nothing is named and torch is not there."""
    made = create_separator(SeparatorSettings(separator="deepfilternet"), real_weights("deepfilternet3"))
    assert made is not None
    return made


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """Nine seconds of a voice, one channel."""
    folder = tmp_path_factory.mktemp("speech")
    subprocess.run(["flite", "-voice", "slt", "-t", WORDS, "-o", folder / "voice.wav"], check=True)
    subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-i", folder / "voice.wav", "-ar", str(RATE_HZ), folder / "48.wav"], check=True
    )
    samples: Samples = soundfile.read(folder / "48.wav", dtype="float32")[0]
    return samples


def strings(count: int, seed: int) -> Samples:
    """Plucked strings (Karplus and Strong), a new one every 0.3 s."""
    rng, sound = np.random.default_rng(seed), np.zeros(count + RATE_HZ)
    for start in range(0, count, int(0.3 * RATE_HZ)):
        string = rng.uniform(-1, 1, round(RATE_HZ / rng.choice([220.0, 261.6, 329.6, 392.0, 440.0])))
        for at in range(start, start + RATE_HZ - len(string), len(string)):
            sound[at : at + len(string)] += string
            string = 0.498 * (string + np.roll(string, 1))
    return sound[:count].astype(np.float32)


def rumble(count: int) -> Samples:
    """Noise that falls with the pitch, as of a street."""
    steps = np.fft.rfft(np.random.default_rng(3).normal(0, 1, count))
    hz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    noise: Samples = np.fft.irfft(steps / np.maximum(hz, 50), count).astype(np.float32)
    return noise


def beneath(speech: Samples, sound: Samples) -> Samples:
    """`sound` 6 dB quieter than `speech`."""
    quieter: Samples = sound * (speech.std() / sound.std() / 2)
    return quieter


def heard(separator: Separator, left: Samples, right: Samples) -> Samples:
    pieces = list(separator.background(np.stack([left, right], axis=1), CancelToken(), lambda _: None))
    found: Samples = np.concatenate(pieces)
    return found


def sdr_db(true: Samples, found: Samples) -> float:
    return level_db(true) - level_db(found - true)


def speech_left_db(found: Samples, true: Samples, speech: Samples) -> float:
    """Of the speech, by what of it is in the error."""
    return float(20 * np.log10(abs(np.dot(found - true, speech)) / np.dot(speech, speech) + 1e-9))


def test_noise_and_music_stay_and_speech_goes(separator: Separator, speech: Samples) -> None:
    """6 dB below a voice; in stereo each side keeps its own. Measured 7 to 13 dB, and -16 to -25 of the speech."""
    noise = beneath(speech, rumble(len(speech)))
    found = heard(separator, speech + noise, speech + noise)
    assert sdr_db(noise, speech + noise) == pytest.approx(-6, abs=0.1)
    assert sdr_db(noise, found[:, 0]) > 9
    assert speech_left_db(found[:, 0], noise, speech) < -20
    np.testing.assert_array_equal(found[:, 0], found[:, 1])
    sides = [beneath(speech, strings(len(speech), seed)) for seed in (1, 2)]
    found = heard(separator, speech + sides[0], speech + sides[1])
    for side, true in enumerate(sides):
        assert sdr_db(true, found[:, side]) > 4
        assert speech_left_db(found[:, side], true, speech) < -13


def test_what_has_no_speech_stays_as_it_is(separator: Separator) -> None:
    """Music alone, and silence; as long as it was, also where that is next to nothing."""
    music = strings(4 * RATE_HZ, 4) * 0.1
    assert sdr_db(music, heard(separator, music, music)[:, 0]) > 12
    silence = np.zeros(RATE_HZ, np.float32)
    assert not heard(separator, silence, silence).any()
    for count in (1, 479, 480, 5000):
        sound = heard(separator, silence[:count] + 0.1, silence[:count] - 0.1)
        assert sound.shape == (count, 2)
        assert np.isfinite(sound).all()


def test_pieces_have_no_seams(separator: Separator, speech: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    """In pieces of three seconds the same is heard as in one, and nothing jumps where two of them meet."""
    noise = beneath(speech, rumble(len(speech)))
    whole = heard(separator, speech + noise, speech + noise)
    monkeypatch.setattr(engine, "_PIECE", 300)
    told: list[float] = []
    mix = np.stack([speech + noise] * 2, axis=1)
    pieces = list(separator.background(mix, CancelToken(), told.append))
    assert [len(piece) for piece in pieces[:-1]] == [3 * RATE_HZ] * (len(pieces) - 1)
    assert len(pieces) > 2
    assert told == sorted(told)
    parts = np.concatenate(pieces)
    assert parts.shape == whole.shape
    assert level_db(parts - whole) < level_db(whole) - 20
    jump = np.abs(np.diff(parts[:, 0]))
    for seam in range(3 * RATE_HZ, len(parts), 3 * RATE_HZ):
        assert jump[seam - 1] <= jump.max() * 0.9


def test_it_can_be_canceled(separator: Separator) -> None:
    """Between two pieces."""
    cancel = CancelToken()
    pieces = separator.background(np.zeros((12 * RATE_HZ, 2), np.float32), cancel, lambda _: None)
    next(pieces)
    cancel.cancel("enough")
    with pytest.raises(Canceled):
        next(pieces)


def test_the_default_takes_it_when_its_weights_are_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Demucs is not; without weights nothing, and no other profile."""
    models = real_weights("deepfilternet3")
    monkeypatch.setattr("services.exporter.engines.find_spec", lambda _: None)
    made = create_separator(SeparatorSettings(profile="auto"), models)
    assert made is not None
    assert (made.info.name, made.info.licence, made.info.commercial_use) == ("deepfilternet", "MIT", True)
    assert made.model.startswith("deepfilternet3-")
    assert create_separator(SeparatorSettings(profile="auto"), ModelSettings(models_dir=tmp_path)) is None
    assert create_separator(SeparatorSettings(profile="auto", separator="none"), models) is None
    assert create_separator(SeparatorSettings(profile="embedded"), models) is None


def test_weights_that_are_missing_or_broken_are_told(tmp_path: Path) -> None:
    """With the command that brings them."""
    asked = SeparatorSettings(separator="deepfilternet")
    with pytest.raises(PermanentError, match="localclip models pull deepfilternet3") as caught:
        create_separator(asked, ModelSettings(models_dir=tmp_path))
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
    (tmp_path / "deepfilternet3").mkdir()
    for name in ("enc.onnx", "erb_dec.onnx", "df_dec.onnx"):
        (tmp_path / "deepfilternet3" / name).write_bytes(b"not a network")
    with pytest.raises(PermanentError, match=r"is not DeepFilterNet3.*localclip models pull deepfilternet3"):
        create_separator(asked, ModelSettings(models_dir=tmp_path))
