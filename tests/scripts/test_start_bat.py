"""start.bat, read as cmd.exe would: nothing here runs it."""

import re
from pathlib import Path

TEXT = (Path(__file__).parents[2] / "start.bat").read_text(encoding="utf-8")


def test_every_jump_has_its_label() -> None:
    """cmd.exe ends a script that jumps to none."""
    assert set(re.findall(r"\bgoto (\w+)", TEXT)) <= set(re.findall(r"^:(\w+)", TEXT, re.MULTILINE))


def test_it_refreshes_after_a_pull() -> None:
    """The environment keeps what it was made from; another file means to bring it up to date."""
    compared = re.findall(r'^fc /b (\S+) "\.venv\\(\S+?)" .*\|\| goto install$', TEXT, re.MULTILINE)
    kept = re.findall(r'^copy /y (\S+) "\.venv\\(\S+?)"', TEXT, re.MULTILINE)
    client = (r"clients\python\pyproject.toml", "client-pyproject.toml")
    assert compared == kept == [*((file, file) for file in ("requirements.lock", "pyproject.toml")), client]
    installed = TEXT.index("pip install -q -r requirements.lock")
    assert TEXT.index("fc /b") < installed < TEXT.index("copy /y")


def test_what_does_not_run_there_is_said_at_the_start() -> None:
    """Before the product starts, with the way out."""
    before = TEXT.partition('localclip.exe" up')[0]
    for tool in ("nats-server", "ffmpeg", "espeak-ng"):
        assert re.search(rf"where {tool} .*winget install", before), tool
    assert "Not on Windows: translation by Apertium" in before
    assert "flite" in before
