"""Demucs as separator: the real loading code, on a tiny model with random weights that the test makes."""

from pathlib import Path

import numpy as np
import pytest

from services.exporter.engines import create_separator
from services.exporter.settings import SeparatorSettings
from shared.models import ModelSettings
from shared.pipeline import Canceled, CancelToken, ErrorCode, PermanentError
from tests.services.exporter.conftest import level_db

RATE_HZ = 44_100


def test_a_missing_package_is_named_with_what_installs_it() -> None:
    """At the start of the worker, not at the first job."""
    try:
        import demucs  # noqa: F401
    except ImportError:
        with pytest.raises(PermanentError, match=r"pip install 'localclip\[separator\]'") as caught:
            create_separator(SeparatorSettings(separator="demucs"))
        assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
    else:
        pytest.skip("demucs is installed")


def test_without_a_choice_the_profile_decides() -> None:
    """The embedded one has no separator."""
    assert create_separator(SeparatorSettings(profile="embedded")) is None
    assert create_separator(SeparatorSettings(profile="neural", separator="none")) is None
    with pytest.raises(PermanentError, match="no separator 'magic'"):
        create_separator(SeparatorSettings(separator="magic"))


@pytest.fixture(scope="module", params=["htdemucs", "demucs", "bag"])
def models(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as Demucs wants it: a checksummed model `tiny`, or a bag of two by that name."""
    pytest.importorskip("demucs", reason="demucs is not installed here: make test-neural")
    from tests.support.tiny_demucs import build_demucs

    return build_demucs(tmp_path_factory.mktemp("models"), request.param)


def settings(models: Path) -> SeparatorSettings:
    """A separator with the model of the test."""
    return SeparatorSettings(separator="demucs", separator_model=str(models))


def test_a_local_model_separates_in_pieces_without_a_seam(models: Path) -> None:
    """As long as the original, original less vocals at every sample, the same from a fresh start, no jump at a seam."""
    separator = create_separator(settings(models))
    assert separator is not None
    assert separator.rate_hz == RATE_HZ
    mix = np.random.default_rng(1).normal(0, 0.1, (int(7.3 * RATE_HZ), 2)).astype(np.float32)
    told: list[float] = []
    pieces = list(separator.background(mix, CancelToken(), told.append))
    found = np.concatenate(pieces)
    assert found.shape == mix.shape
    assert np.isfinite(found).all()
    assert len(pieces) > 1
    assert max(map(len, pieces)) <= 12 * RATE_HZ
    assert told == sorted(told)
    vocals = mix - found
    assert level_db(vocals) > -120  # random weights find something
    again = create_separator(settings(models))
    assert again is not None
    assert again.model == separator.model
    repeated = np.concatenate(list(again.background(mix, CancelToken(), lambda _: None)))
    assert level_db(repeated - found) < level_db(vocals) - 30  # sums may be rounded otherwise


def test_silence_and_short_sounds_are_separated_too(models: Path) -> None:
    """Nothing is divided by nothing."""
    separator = create_separator(settings(models))
    assert separator is not None
    for mix in (np.zeros((RATE_HZ, 2), np.float32), np.full((100, 2), 0.1, np.float32)):
        found = np.concatenate(list(separator.background(mix, CancelToken(), lambda _: None)))
        assert found.shape == mix.shape
        assert np.isfinite(found).all()


def test_separation_can_be_canceled(models: Path) -> None:
    """Between two pieces."""
    separator = create_separator(settings(models))
    assert separator is not None
    cancel = CancelToken()
    pieces = separator.background(np.zeros((20 * RATE_HZ, 2), np.float32), cancel, lambda _: None)
    next(pieces)
    cancel.cancel("enough")
    with pytest.raises(Canceled):
        next(pieces)


def test_a_model_that_is_not_there_is_told(models: Path, tmp_path: Path) -> None:
    """With what brings it; nothing is fetched, and a damaged one is not loaded."""
    here = ModelSettings(models_dir=tmp_path)
    with pytest.raises(PermanentError, match="localclip models pull htdemucs") as caught:
        create_separator(SeparatorSettings(separator="demucs"), here)
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
    with pytest.raises(PermanentError, match="no Demucs model"):
        create_separator(SeparatorSettings(separator="demucs", separator_model=str(tmp_path)), here)
    broken = tmp_path / next(models.glob("*.th")).name
    broken.write_bytes(b"not what its name says")
    with pytest.raises(PermanentError, match="cannot be loaded"):
        create_separator(SeparatorSettings(separator="demucs", separator_model=str(tmp_path)), here)
