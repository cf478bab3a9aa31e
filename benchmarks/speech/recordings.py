"""Recordings of people, from packages that carry them and from a folder that a person has.

The folder `LOCALCLIP_SPEECH_DIR` may hold, for each language, `<language>/<name>.wav` (or mp3, flac, opus) with what is
said in `<name>.txt`; without the text a recording still counts for telling languages apart.
"""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.speech.archives import Archive, ArchiveError
from services.diarizer.recording import SPEECH_RATE_HZ, Recording
from shared.pipeline import SOURCE_LANGUAGES

_LIST = Path(__file__).with_name("clips.json")
_SOUNDS = {".wav", ".mp3", ".flac", ".opus", ".ogg", ".m4a"}
Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Clip:
    """A recording: what kind of speech it is, and what is said in it where that is known."""

    name: str
    language: str
    kind: str
    text: str
    samples: Samples

    @property
    def duration_s(self) -> float:
        """Its length."""
        return len(self.samples) / SPEECH_RATE_HZ

    def recording(self, folder: Path) -> Recording:
        """As the diarizer has it, kept in `folder`."""
        path = folder / f"{self.language}-{self.name}.pcm"
        if not path.exists():
            path.write_bytes((np.clip(self.samples, -1, 1) * 32767).astype("<i2").tobytes())
        return Recording(path)


def clips() -> tuple[Clip, ...]:
    """All that can be had; what cannot is told on stderr and left out."""
    return (*_packaged(), *_own())


def packaged(name: str, *members: str) -> Iterator[tuple[str, bytes]]:
    """Files of one of the listed archives. Raises: ArchiveError."""
    listed = json.loads(_LIST.read_text(encoding="utf-8"))["archives"][name]
    return Archive(name, listed["url"], listed["sha256"], listed["size"]).read(*members)


@cache
def _packaged() -> tuple[Clip, ...]:
    listed = json.loads(_LIST.read_text(encoding="utf-8"))
    wanted: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in listed["clips"]:
        wanted[entry["archive"]].append(entry)
    found: dict[str, Clip] = {}
    for name, entries in wanted.items():
        source = {key: listed["archives"][name][key] for key in ("url", "sha256", "size")}
        by_path = {entry["path"]: entry for entry in entries}
        try:
            for path, content in Archive(name, **source).read(*by_path):
                entry = by_path[path]
                samples = _decoded(content, Path(path).suffix)
                found[path] = Clip(entry["name"], entry["language"], entry["kind"], entry["text"], samples)
        except ArchiveError as reason:
            print(f"left out: {reason}", file=sys.stderr, flush=True)
    return tuple(found[entry["path"]] for entry in listed["clips"] if entry["path"] in found)


def _own() -> Iterator[Clip]:
    folder = os.environ.get("LOCALCLIP_SPEECH_DIR")
    for language in SOURCE_LANGUAGES if folder else ():
        for path in sorted((Path(folder or "") / language).glob("*")):
            if path.suffix in _SOUNDS:
                words = path.with_suffix(".txt")
                text = words.read_text(encoding="utf-8").strip() if words.exists() else ""
                yield Clip(path.stem, language, "your own", text, _decoded(path.read_bytes(), path.suffix))


def _decoded(content: bytes, suffix: str) -> Samples:
    command = ["ffmpeg", "-v", "error", *(["-f", "g722"] if suffix == ".g722" else []), "-i", "pipe:0"]
    command += ["-ac", "1", "-ar", str(SPEECH_RATE_HZ), "-f", "f32le", "pipe:1"]
    made = subprocess.run(command, input=content, stdout=subprocess.PIPE, check=True).stdout
    return np.frombuffer(made, np.float32)
