"""VoxCPM2 behind the voice port, on a small model with random weights."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from services.cloner.engines import Fault, Sound, Speech, Voice, create_synthesizers
from services.cloner.settings import ClonerSettings
from shared.models import ModelSettings
from shared.pipeline import TARGET_LANGUAGES, CancelToken

if TYPE_CHECKING:
    from services.cloner.engines.voxcpm import VoxCpmSynthesizer

Make = Callable[..., "VoxCpmSynthesizer"]


@pytest.fixture(scope="module")
def make(voxcpm_folder: Path) -> Iterator[Make]:
    from services.cloner.engines.voxcpm import VoxCpmSynthesizer

    loaded: list[VoxCpmSynthesizer] = []

    def load(folder: Path = voxcpm_folder, **settings: Any) -> "VoxCpmSynthesizer":
        loaded.append(
            VoxCpmSynthesizer(ClonerSettings(voxcpm_model=str(folder), **settings), ModelSettings(device="cpu"))
        )
        return loaded[-1]

    yield load
    for engine in loaded:
        engine._batcher.close()  # its thread would keep the network in memory


@pytest.fixture(scope="module")
def engine(make: Make) -> "VoxCpmSynthesizer":
    return make()


@pytest.fixture(scope="module")
def voice(clip: Callable[[str], Path]) -> Voice:
    return Voice(key="clip:anna", reference=clip("anna"))


def speak(engine: "VoxCpmSynthesizer", *speeches: Speech) -> list[Sound | Fault]:
    answers = dict(engine.synthesize(speeches, CancelToken()))
    return [answers[index] for index in range(len(speeches))]


def samples(answer: Sound | Fault) -> Any:
    assert isinstance(answer, Sound), answer
    assert np.isfinite(answer.samples).all()
    return answer.samples


def test_it_speaks_every_language_and_may_be_used_commercially(engine: "VoxCpmSynthesizer", voice: Voice) -> None:
    """Indonesian too, which XTTS does not."""
    assert set(TARGET_LANGUAGES) <= set(engine.abilities.languages)
    assert (engine.info.licence, engine.info.commercial_use) == ("Apache-2.0", True)
    (said,) = speak(engine, Speech("Anak itu membeli tiga buah apel.", "id", voice))
    assert 0.25 < len(samples(said)) / 48_000 < 5.0


def test_a_line_sounds_the_same_whenever_it_is_spoken(engine: "VoxCpmSynthesizer", voice: Voice) -> None:
    """Its seed is decided by what is said, not by what was said before."""
    speech = Speech("Selamat pagi.", "id", voice)
    first, other, again = speak(engine, speech, replace(speech, text="Selamat malam."), speech)
    np.testing.assert_array_equal(samples(first), samples(again))
    assert not np.array_equal(samples(first), samples(other))


def test_a_long_line_is_spoken_in_parts(engine: "VoxCpmSynthesizer", voice: Voice) -> None:
    """None of more than half a minute."""
    asked: list[Any] = []
    run = engine._model.run
    engine._batcher._run = lambda batch: (asked.extend(batch), run(batch))[1]
    text = "Anak itu membeli tiga buah apel merah di pasar dekat rumahnya. " * 12
    (said,) = speak(engine, Speech(text.strip(), "id", voice))
    assert len(samples(said)) > 0
    assert len(asked) > 1
    assert max(draw.longest_s for draw in asked) < 2.5 * 31


def test_a_line_whose_end_is_not_found_fails_with_a_sentence(make: Make, voice: Voice, tmp_path: Path) -> None:
    """And the worker lives on."""
    from tests.support.tiny_voxcpm import build_voxcpm

    (answer,) = speak(make(build_voxcpm(tmp_path / "astray", stops=False)), Speech("Ya.", "id", voice))
    assert isinstance(answer, Fault)
    assert "did not find the end" in answer.message


def test_an_unreadable_clip_fails_its_speaker_only(engine: "VoxCpmSynthesizer", voice: Voice, tmp_path: Path) -> None:
    """With the reason."""
    broken = Voice(key="clip:broken", reference=tmp_path / "missing.wav")
    failed, good = speak(engine, Speech("Halo semua.", "id", broken), Speech("Halo semua.", "id", voice))
    assert isinstance(failed, Fault)
    assert len(samples(good)) > 0


def test_the_neural_profile_speaks_with_both(voxcpm_folder: Path, xtts_folder: Path) -> None:
    """XTTS comes first; where only commercial use counts, VoxCPM2 alone is loaded."""
    settings = ClonerSettings(profile="neural", xtts_model=str(xtts_folder), voxcpm_model=str(voxcpm_folder))
    models = ModelSettings(device="cpu")
    both = create_synthesizers(settings, models)
    assert [engine.info.name for engine in both] == ["coqui-xtts", "voxcpm"]
    assert [next(e.info.name for e in both if code in e.abilities.languages) for code in ("es", "id")] == [
        "coqui-xtts",
        "voxcpm",
    ]
    clean = create_synthesizers(settings.model_copy(update={"commercial_only": True}), models)
    assert [engine.info.name for engine in clean] == ["voxcpm"]
