"""Small models in the files of the real ones; tests here need torch and run with `make test-neural`."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import soundfile


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs all neural engines where one is not installed; folders below look after themselves."""
    missing = [name for name in ("torch", "TTS", "voxcpm", "pyannote", "demucs") if find_spec(name) is None]
    if missing:
        skip = pytest.mark.skip(reason=f"not installed here: {', '.join(missing)}; run make test-neural")
        for item in items:
            if item.path.parent == Path(__file__).parent:
                item.add_marker(skip)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Four seconds of a speaker of that name: harmonics at a pitch of his own."""
    folder = tmp_path_factory.mktemp("clips")

    def make(name: str) -> Path:
        path = folder / f"{name}.wav"
        pitch_hz = 90 + 20 * (sum(name.encode()) % 8)
        time_s = np.arange(4 * 24_000) / 24_000
        wave = sum(np.sin(2 * np.pi * pitch_hz * n * time_s) / n for n in range(1, 9))
        soundfile.write(path, (0.1 * wave * (1 + np.sin(9 * time_s))).astype(np.float32), 24_000)
        return path

    return make


@pytest.fixture(scope="session")
def xtts_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small XTTS that speaks as long as its text is."""
    from tests.support.tiny_xtts import build_xtts

    return build_xtts(tmp_path_factory.mktemp("models") / "xtts")


@pytest.fixture(scope="session")
def voxcpm_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small VoxCPM2 that stops as soon as it may."""
    from tests.support.tiny_voxcpm import build_voxcpm

    return build_voxcpm(tmp_path_factory.mktemp("models") / "voxcpm")
