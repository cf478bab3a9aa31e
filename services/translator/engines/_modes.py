"""Which translations the installed Apertium data give: directions and routes over one language in between."""

import os
import shlex
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

_BCP47 = {"eng": "en", "spa": "es", "fra": "fr", "deu": "de", "ind": "id", "cat": "ca", "por": "pt", "ita": "it"}
_PIVOTS = ("ca", "es", "pt", "it")
"""Preferred pivot languages: close to the requested ones, with large dictionaries."""


@dataclass(frozen=True)
class Mode:
    """One installed direction, described by its `.mode` file: a shell pipeline of Apertium's tools."""

    source: str
    target: str
    file: Path

    def analyser(self) -> list[str]:
        """Command that looks words up in the source dictionary and gives lemmas in the dictionary's own case."""
        tool, *arguments = shlex.split(self.file.read_text().split("|", 1)[0])
        return [tool, "-w", *(argument for argument in arguments if argument != "-w")]


def data_folder() -> Path:
    """Where the installed Apertium keeps its data."""
    if configured := os.environ.get("APERTIUM_DATADIR"):  # Apertium's own setting
        return Path(configured)
    program = shutil.which("apertium")
    return Path(program).parent.parent / "share" / "apertium" if program else Path("/usr/share/apertium")


def installed_modes(data: Path) -> dict[tuple[str, str], Mode]:
    """The plain directions below `data` whose tools and data files are all installed; regional variants are left
    out."""
    modes: dict[tuple[str, str], Mode] = {}
    if not shutil.which("apertium-wblank-mode") or not shutil.which("bash"):
        return modes
    for file in sorted((data / "modes").glob("*.mode")):
        source, _, target = file.stem.partition("-")
        if source.isalpha() and target.isalpha() and _is_complete(file.read_text()):
            pair = (_BCP47.get(source, source), _BCP47.get(target, target))
            modes.setdefault(pair, Mode(*pair, file))
    return modes


def _is_complete(pipeline: str) -> bool:
    commands = [shlex.split(command) for command in pipeline.split("|")]
    tools = all(command and shutil.which(command[0]) for command in commands)
    return tools and all(Path(word).exists() for command in commands for word in command if word.startswith("/"))


def find_routes(
    modes: Mapping[tuple[str, str], Mode], languages: Collection[str]
) -> dict[tuple[str, str], tuple[Mode, ...]]:
    """The shortest route between every two of `languages`: direct, or through one other language.

    Two pivots are possible, but the result is no longer worth a person's time.
    """
    between = sorted({mode.target for mode in modes.values()}, key=lambda code: (_rank(code), code))
    routes: dict[tuple[str, str], tuple[Mode, ...]] = {}
    for source in languages:
        for target in languages:
            ways: list[tuple[Mode, ...]] = [(modes[source, target],)] if (source, target) in modes else []
            ways += [
                (modes[source, pivot], modes[pivot, target])
                for pivot in between
                if (source, pivot) in modes and (pivot, target) in modes
            ]
            if ways and source != target:
                routes[source, target] = ways[0]
    return routes


def _rank(code: str) -> int:
    return _PIVOTS.index(code) if code in _PIVOTS else len(_PIVOTS)
