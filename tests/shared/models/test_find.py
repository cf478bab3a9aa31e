"""From a model's name to its folder, or to the command that brings it."""

from pathlib import Path

import pytest

from shared.models import CATALOGUE, ModelSettings, catalogued, find_model
from shared.pipeline import ErrorCode, PermanentError


def test_names_are_unique() -> None:
    """And each is found."""
    assert len({model.name for model in CATALOGUE}) == len(CATALOGUE)
    assert all(catalogued(model.name) is model for model in CATALOGUE)


def test_any_folder_is_a_model(tmp_path: Path) -> None:
    """Its engine says what is wrong with it."""
    assert find_model(str(tmp_path), ModelSettings()) == tmp_path


def test_weights_lie_in_one_place_wherever_a_command_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the code, not in the folder that one happens to be in."""
    monkeypatch.delenv("LOCALCLIP_MODELS_DIR", raising=False)
    here = ModelSettings().models_dir
    monkeypatch.chdir(tmp_path)
    assert ModelSettings().models_dir == here == Path(__file__).parents[3] / "data/models"


def test_a_pulled_model_is_found(tmp_path: Path) -> None:
    """In the models' folder, under its name."""
    folder = tmp_path / "xtts-v2"
    folder.mkdir()
    for name in ("config.json", "model.pth", "vocab.json"):
        (folder / name).write_bytes(b"x")
    assert find_model("xtts-v2", ModelSettings(models_dir=tmp_path)) == folder


def test_a_missing_model_names_the_command(tmp_path: Path) -> None:
    """Nothing is fetched behind a person's back."""
    with pytest.raises(PermanentError, match="localclip models pull nllb-200-600m") as caught:
        find_model("nllb-200-600m", ModelSettings(models_dir=tmp_path))
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE


def test_an_unknown_name_lists_those_known(tmp_path: Path) -> None:
    """A slip of the pen is seen at once."""
    with pytest.raises(PermanentError, match="madlad400-3b"):
        find_model("madlad", ModelSettings(models_dir=tmp_path))
