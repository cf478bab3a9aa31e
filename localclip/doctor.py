"""Which of LocalClip's requirements this machine has, and the command that installs the rest."""

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
from rich.table import Table

from localclip.ffmpeg import available
from localclip.tools import find_tool
from shared.models import ModelSettings, Service, best_here, hearing, speaking, usable
from shared.pipeline import SOURCE_LANGUAGES, language

# In the diarizer's order of choice on a CPU, best first.
_WHISPERS = ("whisper-large-v3-turbo", "whisper-small", "whisper-base", "whisper-tiny.en")
MANAGERS = ("apt", "brew", "dnf", "winget")
_MIN_FREE_GB, _MIN_MEMORY_GB = 2.0, 3.0
_FILTERS = ("loudnorm", "ebur128", "sidechaincompress", "atempo", "amix", "showwavespic")
_ENCODERS = ("aac", "flac")
_APERTIUM_RPM = "curl -sS https://apertium.projectjj.com/rpm/install-release.sh | sudo bash && sudo dnf install"
_APERTIUM_WINDOWS = (
    "not for Windows: fetch a model (localclip models list), bring translations, or run LocalClip in Docker"
)
_APERTIUM_BREW = "no Homebrew formula: run LocalClip in Docker, bring translations, or build it: https://wiki.apertium.org/wiki/Installation"


@dataclass(frozen=True)
class Finding:
    """One requirement; `install` has a command, or why there is none, for each package manager."""

    name: str
    present: bool
    required: bool
    found: str
    purpose: str
    install: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Tool:
    name: str
    version: tuple[str, ...]
    purpose: str
    required: bool
    install: Mapping[str, str]


def _packages(name: str, winget: str) -> dict[str, str]:
    """A package with the same name in three managers, and the name or the reason for the fourth."""
    return {
        "apt": f"sudo apt-get install {name}",
        "brew": f"brew install {name}",
        "dnf": f"sudo dnf install {name}",
        "winget": winget if " " in winget else f"winget install {winget}",
    }


_RPM_FUSION = "https://mirrors.rpmfusion.org/free/fedora/rpmfusion-free-release-$(rpm -E %fedora).noarch.rpm"
_FFMPEG = _packages("ffmpeg", "Gyan.FFmpeg") | {
    "dnf": f"sudo dnf install {_RPM_FUSION} && sudo dnf install --allowerasing ffmpeg"
}
_FLITE = _packages(
    "flite", "not for Windows: eSpeak NG speaks English, and a video of your own takes the sample's place"
)
_NATS = _packages("nats-server", "NATSAuthors.NATSServer") | {
    "apt": "sudo apt-get install nats-server (Ubuntu 22.04 has none: `make tools` fetches it)",
    "dnf": "not in Fedora: sudo dnf install golang && go install github.com/nats-io/nats-server/v2@v2.10.29"
    " (it lands in ~/go/bin, which must be on PATH)",
}
_PYTHON = {
    "apt": "sudo apt-get install python3 python3-venv",
    "brew": "brew install python@3.12",
    "dnf": "sudo dnf install python3.12",
    "winget": "winget install Python.Python.3.12",
}
_TOOLS = (
    _Tool("nats-server", ("--version",), "carries all messages", True, _NATS),
    _Tool("ffmpeg", ("-version",), "reads and writes video", True, _FFMPEG),
    _Tool("ffprobe", ("-version",), "part of ffmpeg", True, _FFMPEG),
    _Tool(
        "espeak-ng",
        ("--version",),
        "the embedded voices; without it only English ones",
        False,
        _packages("espeak-ng", "eSpeak-NG.eSpeak-NG"),
    ),
    _Tool("flite", ("--version",), "English voices, and the speakers of the sample video", False, _FLITE),
)
_PAIRS = {"eng-spa": "eng-spa", "eng-cat": "eng-cat", "cat-fra": "fra-cat"}
_OLD_MODES = {"eng-spa": "en-es"}  # as in Ubuntu 22.04, in the package apertium-en-es
_PAIR_PURPOSE = {"eng-spa": "English to Spanish", "eng-cat": "English to French, first half", "cat-fra": "second half"}


def examine(data: Path) -> tuple[Finding, ...]:
    """Look for everything; `data` is where the work would be kept."""
    findings = [_python(), *(_tool(tool) for tool in _TOOLS), *_ffmpeg_parts(), _flite_voices(), *_pairs(), _ytdlp()]
    return (*findings, _disk(data), _memory())


def languages(settings: ModelSettings | None = None) -> Table:
    """For each language, what would understand and speak it here, how well, and what would improve that."""
    settings = settings or ModelSettings()
    grid = Table(title="languages, with the profile auto", title_justify="left")
    for heading in ("language", "understood by", "words wrong", "spoken by", "misheard", "better"):
        grid.add_column(heading, overflow="fold")
    ears = best_here(_WHISPERS, settings)
    for code in SOURCE_LANGUAGES:
        heard = hearing(code, ears if ears and (ears != "whisper-tiny.en" or code == "en") else _without(code))
        said = speaking(code, _voice(code, settings))
        better = dict.fromkeys(filter(None, (heard.better, said.better)))
        row = (heard.engine or "nothing", _percent(heard), said.engine or "nothing", _percent(said), "; ".join(better))
        grid.add_row(language(code).name, *row)
    return grid


def _without(code: str) -> str:
    return "pocketsphinx" if code == "en" else ""


def _voice(code: str, settings: ModelSettings) -> str:
    """The first of the profile auto on a CPU."""
    espeak = "espeak-ng" if find_tool("espeak-ng") else ""
    if code in ("en", "fr", "es", "ja", "zh") and usable("kokoro", settings):
        return "kokoro"
    if code == "en" and find_tool("flite"):
        return "flite"
    return "open-jtalk" if code == "ja" and find_spec("pyopenjtalk") else espeak


def _percent(service: Service) -> str:
    if service.error_percent is None:
        return "?" if service.engine else ""
    return f"{service.error_percent:g} %{' (poor)' if service.poor else ''}"


def missing(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The missing requirements."""
    return tuple(finding for finding in findings if finding.required and not finding.present)


def package_manager() -> str | None:
    """The package manager of this machine, if there are commands for it."""
    return next((name for name in MANAGERS if shutil.which(name)), None)


def as_json(findings: tuple[Finding, ...]) -> dict[str, Any]:
    """The findings for a script."""
    return {"ok": not missing(findings), "findings": [asdict(finding) for finding in findings]}


def table(findings: tuple[Finding, ...]) -> Table:
    """The findings for a terminal."""
    grid = Table(title=f"LocalClip on {platform.platform(terse=True)}", title_justify="left")
    for heading in ("what", "state", "found", "what for"):
        grid.add_column(heading)
    for finding in findings:
        bad = "[red]missing[/red]" if finding.required else "[yellow]missing[/yellow]"
        grid.add_row(finding.name, "[green]ok[/green]" if finding.present else bad, finding.found, finding.purpose)
    return grid


def advice(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """A line per missing thing and package manager; only this machine's manager if that is known."""
    mine = package_manager()
    lines = []
    for finding in findings:
        if finding.present or not finding.install:
            continue
        lines.append(f"{finding.name}{'' if finding.required else ' (optional)'}:")
        lines += [f"  {name:<5} {command}" for name, command in finding.install.items() if mine in (None, name)]
    return tuple(dict.fromkeys(lines))


def _python() -> Finding:
    good = (3, 11) <= sys.version_info[:2] < (3, 14)
    return Finding("python", good, True, platform.python_version(), "3.11, 3.12 or 3.13 runs everything", _PYTHON)


def _tool(tool: _Tool) -> Finding:
    path = find_tool(tool.name)
    found = _version((path, *tool.version)) if path else ""
    return Finding(tool.name, path is not None, tool.required, found, tool.purpose, tool.install)


def _version(command: tuple[str, ...]) -> str:
    """The first number with a dot in a tool's version output; some print it to stderr, some with an error code."""
    text = _output(command)
    number = re.search(r"\d+\.\d[\w.\-+]*", text)
    return number[0] if number else "yes"


def _output(command: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def _ffmpeg_parts() -> list[Finding]:
    if shutil.which("ffmpeg") is None:
        return []
    return [
        _parts("ffmpeg filters", available("filters"), _FILTERS, "mixing, loudness", required=True),
        _parts("ffmpeg encoders", available("encoders"), _ENCODERS, "the sound of exports", required=True),
        _parts(
            "ffmpeg libx264",
            available("encoders"),
            ("libx264",),
            "the sample video, burned-in subtitles",
            required=False,
        ),
    ]


def _parts(name: str, present: frozenset[str], wanted: tuple[str, ...], purpose: str, *, required: bool) -> Finding:
    absent = [part for part in wanted if part not in present]
    found = f"without {', '.join(absent)}" if absent else ", ".join(wanted)
    return Finding(name, not absent, required, found, purpose, _FFMPEG)


def _flite_voices() -> Finding:
    text = _output(("flite", "-lv")) if shutil.which("flite") else ""
    voices = text.partition(":")[2].split()
    good = {"slt", "rms"} <= set(voices)
    return Finding("flite voices", good, False, ", ".join(voices), "slt and rms speak in the sample", _FLITE)


def _pairs() -> list[Finding]:
    text = _output(("apertium", "-l")) if shutil.which("apertium") else ""
    modes = set(text.split())
    return [_pair(mode, package, bool({mode, _OLD_MODES.get(mode)} & modes)) for mode, package in _PAIRS.items()]


def _pair(mode: str, package: str, present: bool) -> Finding:
    name = f"apertium-{package}"
    install = _packages(name, _APERTIUM_WINDOWS) | {"brew": _APERTIUM_BREW, "dnf": f"{_APERTIUM_RPM} {name}"}
    if mode in _OLD_MODES:
        install["apt"] += " (Ubuntu 22.04: apertium-en-es)"
    return Finding(name, present, False, mode if present else "", _PAIR_PURPOSE[mode], install)


def _ytdlp() -> Finding:
    present = find_spec("yt_dlp") is not None
    install = dict.fromkeys(MANAGERS, f"{sys.executable} -m pip install yt-dlp")
    found = version("yt-dlp") if present else ""
    return Finding("yt-dlp", present, False, found, "videos of pages, where LOCALCLIP_YTDLP turns it on", install)


def _disk(data: Path) -> Finding:
    folder = next(path for path in (data.resolve(), *data.resolve().parents) if path.exists())
    free_gb = shutil.disk_usage(folder).free / 1e9
    return Finding(
        "disk space",
        free_gb >= _MIN_FREE_GB,
        True,
        f"{free_gb:.1f} GB free",
        f"in {folder}, at least {_MIN_FREE_GB:.0f} GB",
    )


def _memory() -> Finding:
    total_gb = psutil.virtual_memory().total / 1e9
    return Finding(
        "memory", total_gb >= _MIN_MEMORY_GB, True, f"{total_gb:.1f} GB", f"at least {_MIN_MEMORY_GB:.0f} GB"
    )
