"""A voice that cannot be loaded takes nothing with it."""

from pathlib import Path

import pytest

from services.cloner.engines import load_synthesizers
from services.cloner.settings import ClonerSettings
from shared.pipeline import PermanentError

MODULE = """
class CompilerMissing(Exception):
    pass

def create(settings):
    raise CompilerMissing("Failed to find C compiler")
"""


@pytest.fixture(autouse=True)
def parrot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package whose voice `parrot` ends in an error of its own kind."""
    info = tmp_path / "parrot_voice-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: parrot-voice\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[localclip.engines.voice]\nparrot = broken_parrot:create\n")
    (tmp_path / "broken_parrot.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)


def test_the_others_work_and_it_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """In what the worker announces, with the reason."""
    loaded = load_synthesizers(ClonerSettings(synthesizer="parrot, espeak-ng"))
    assert [engine.info.name for engine in loaded.engines] == ["espeak-ng"]
    told = {info.name: info.problem for info in loaded.infos()}
    assert told["espeak-ng"] == ""
    assert "CompilerMissing: Failed to find C compiler" in told["parrot"]


def test_with_no_other_the_worker_ends_with_the_reason() -> None:
    """It could do nothing."""
    with pytest.raises(PermanentError, match="Failed to find C compiler"):
        load_synthesizers(ClonerSettings(synthesizer="parrot"))
