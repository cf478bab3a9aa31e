"""A font that has the letters, or a word about which package brings one."""

from pathlib import Path

import pytest

from services.exporter.fonts import font_for
from shared.pipeline import CancelToken, ErrorCode, PermanentError, language
from tests.services.exporter.conftest import Bench, tone


@pytest.fixture
def no_fonts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without any font."""
    (tmp_path / "empty").mkdir()
    folders = f"<dir>{tmp_path}/empty</dir><cachedir>{tmp_path}/cache</cachedir>"
    (tmp_path / "fonts.conf").write_text(f'<?xml version="1.0"?><fontconfig>{folders}</fontconfig>')
    monkeypatch.setenv("FONTCONFIG_FILE", str(tmp_path / "fonts.conf"))


@pytest.mark.parametrize(
    ("code", "package"), [("ja", "fonts-noto-cjk"), ("ko", "fonts-noto-cjk"), ("es", "fonts-dejavu-core")]
)
@pytest.mark.usefixtures("no_fonts")
def test_a_script_without_a_font_names_the_package(code: str, package: str) -> None:
    """Boxes in place of letters are no subtitles."""
    with pytest.raises(PermanentError, match=f"apt-get install {package}") as caught:
        font_for(language(code), None, CancelToken())
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE


@pytest.mark.usefixtures("no_fonts")
def test_nothing_is_burned_in_as_boxes(bench: Bench, plain_video: Path) -> None:
    """The export fails with that word; subtitle files need no font here."""
    lines = {"ja": [bench.line(1, 2, tone(1), text="はい。")]}
    with pytest.raises(PermanentError, match="Japanese"):
        bench.render(plain_video, lines, {"audio": [{"kind": "original"}], "burn": {"language": "ja"}})
    sidecars = {"kind": "subtitles", "sidecars": [{"language": "ja", "format": "ass"}]}
    assert bench.render(plain_video, lines, sidecars).names == ["talk.ja.ass"]


def test_a_font_for_latin_letters_is_there() -> None:
    """By its family name, which can be asked for; one that is not there is refused."""
    family = font_for(language("es"), None, CancelToken())
    assert font_for(language("fr"), family, CancelToken()) == family
    with pytest.raises(PermanentError, match="not installed"):
        font_for(language("es"), "No-Such: Font", CancelToken())
