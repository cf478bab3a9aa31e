"""The doctor names what is missing and the command that installs it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from localclip import doctor, ffmpeg
from localclip.cli import app


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("localclip.tools._BESIDE_PATH", ())
    ffmpeg.available.cache_clear()
    monkeypatch.setattr(ffmpeg, "available", lambda _: frozenset())


def test_this_machine_has_everything(tmp_path: Path) -> None:
    """The tests run where the product runs; versions are read."""
    findings = {finding.name: finding for finding in doctor.examine(tmp_path / "not" / "there")}
    assert doctor.missing(tuple(findings.values())) == ()
    assert findings["nats-server"].found[0].isdigit()
    assert findings["ffmpeg"].found[0].isdigit()
    assert (findings["yt-dlp"].required, findings["yt-dlp"].present) == (False, bool(findings["yt-dlp"].found))


@pytest.mark.usefixtures("bare_machine")
def test_every_missing_tool_has_a_command_per_package_manager(tmp_path: Path) -> None:
    """Also where a package does not exist, which is said."""
    findings = doctor.examine(tmp_path)
    absent = {finding.name: finding for finding in findings if not finding.present and finding.install}
    assert {"espeak-ng", "flite", "apertium-eng-spa", "apertium-fra-cat"} <= set(absent)
    assert all(set(finding.install) == set(doctor.MANAGERS) for finding in absent.values())
    assert {finding.name for finding in doctor.missing(findings)} == {"nats-server", "ffmpeg", "ffprobe"}


@pytest.mark.usefixtures("bare_machine")
def test_the_command_fails_when_something_required_is_missing(tmp_path: Path) -> None:
    """Exit code 1, and every command printed since no package manager is known."""
    done = CliRunner().invoke(app, ["doctor", "--data", str(tmp_path)])
    assert done.exit_code == 1
    assert "sudo apt-get install apertium-eng-spa" in done.output
    assert "brew install espeak-ng" in done.output
    assert "winget install NATSAuthors.NATSServer" in done.output


def test_json_is_for_scripts(tmp_path: Path) -> None:
    """One document, `ok` first."""
    done = CliRunner().invoke(app, ["doctor", "--json", "--data", str(tmp_path)])
    document = json.loads(done.output)
    assert (done.exit_code, document["ok"]) == (0, True)
    assert {"name", "present", "required", "found", "install"} <= set(document["findings"][0])


def test_each_language_says_what_it_would_sound_like(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything runs: by the weights that are here."""
    monkeypatch.setenv("LOCALCLIP_MODELS_DIR", str(tmp_path))
    done = CliRunner().invoke(app, ["doctor", "--data", str(tmp_path)])
    assert "French" in done.output
    assert "74 % (poor)" in done.output
    assert "localclip models pull kokoro" in done.output
