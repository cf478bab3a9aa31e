"""Routes between languages follow from what is installed."""

from pathlib import Path

import pytest

from services.translator.engines._modes import Mode, find_routes, installed_modes
from services.translator.engines.apertium import ApertiumTranslator


def modes(*pairs: str) -> dict[tuple[str, str], Mode]:
    found = {}
    for pair in pairs:
        source, target = pair.split("-")
        found[source, target] = Mode(source, target, Path(f"{pair}.mode"))
    return found


def test_a_direct_way_is_preferred() -> None:
    """Over any way around."""
    routes = find_routes(modes("en-es", "en-ca", "ca-es"), ["en", "es"])
    assert {pair: [mode.file.stem for mode in way] for pair, way in routes.items()} == {("en", "es"): ["en-es"]}


def test_one_language_in_between_is_allowed_two_are_not() -> None:
    """Catalan before Esperanto."""
    routes = find_routes(modes("en-eo", "eo-fr", "en-ca", "ca-fr", "es-en"), ["en", "es", "fr"])
    assert {pair: [mode.file.stem for mode in way] for pair, way in routes.items()} == {
        ("en", "fr"): ["en-ca", "ca-fr"],
        ("es", "en"): ["es-en"],
    }


@pytest.mark.parametrize("pipeline", ["lt-proc '/nowhere/eng-spa.bin'", "no-such-tool -x"])
def test_a_pair_with_something_missing_is_not_installed(tmp_path: Path, pipeline: str) -> None:
    """A mode file alone translates nothing."""
    (tmp_path / "modes").mkdir()
    (tmp_path / "modes" / "eng-spa.mode").write_text(pipeline)
    assert installed_modes(tmp_path) == {}


def test_variants_are_left_out_and_codes_are_short(tmp_path: Path) -> None:
    """`eng-cat_valencia` is not a language of its own."""
    (tmp_path / "modes").mkdir()
    for name in ("eng-cat", "eng-cat_valencia"):
        (tmp_path / "modes" / f"{name}.mode").write_text("cat")
    assert list(installed_modes(tmp_path)) == [("en", "ca")]


def test_without_data_no_pair_but_the_same_language_is_announced(tmp_path: Path) -> None:
    """An empty list would read as any pair."""
    info = ApertiumTranslator(tmp_path).info
    assert all(source == target for source, target in info.pairs)
    assert info.pairs
    assert "apertium-eng-spa" in info.hint
