"""Fetch the files of a model with known contents from whichever of its sources has them.

Sources are tried in order; a file is accepted if its SHA-256 is the catalogue's. Interrupted downloads are continued
the next time. Archives are read in place, member by member, and removed when the model is complete.
"""

import hashlib
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Self

from localclip.errors import LocalClipError
from localclip.hub import TRIES, Hub, RemoteFile, Repository, Tell
from shared.models import Archive, File, HubFile, Member, Packed, Source, WebFile

_CHUNK = 1 << 20
_FEW_TRIES = 2  # of a source that is not the last
Begin = Callable[[str, int, int], Tell]


class Gathering:
    """One model being fetched: its files arrive in `partial`, under names derived from their contents."""

    def __init__(self, name: str, partial: Path, hub: Hub, begin: Begin, own: str = "", offline: bool = False) -> None:
        """`own`: a folder or a URL with the layout of the models' folder, tried first; `offline`: only that folder."""
        self._name, self._partial, self._hub, self._begin, self._own = name, partial, hub, begin, own
        self._offline = offline
        self._down: dict[str, str] = {}
        self._open = ExitStack()
        self._opened: dict[tuple[Path, str], zipfile.ZipFile | tarfile.TarFile] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def bring(self, file: File) -> Path:
        """Fetch and verify `file` and return its path.

        Raises: LocalClipError, which names every source and what was wrong with it.
        """
        target = self._partial / f"{file.sha256[:24]}-{file.name.replace('/', '-')}"
        target.parent.mkdir(parents=True, exist_ok=True)
        reasons = []
        sources = self._sources(file)
        for number, source in enumerate(sources, start=1):
            try:
                self._from(source, file, target, last=number == len(sources))
            except LocalClipError as error:
                reasons.append(f"{_place(source)}: {error}")
                continue
            return target
        raise LocalClipError(
            f"no source has {file.name} of {self._name}; run it again later, copy the model's folder from another "
            f"machine, or name one that has it in LOCALCLIP_MODELS_FROM ({'; '.join(reasons)})"
        )

    def _sources(self, file: File) -> tuple[Source | Path, ...]:
        if not self._own:
            return file.sources
        if self._offline:
            return (Path(self._own).expanduser() / self._name / file.name,)
        if "://" in self._own:
            return WebFile(f"{self._own.rstrip('/')}/{self._name}/{file.name}"), *file.sources
        return Path(self._own).expanduser() / self._name / file.name, *file.sources

    def _from(self, source: Source | Path, file: File, target: Path, *, last: bool) -> None:
        """Raises: LocalClipError."""
        match source:
            case Packed(members):
                archives = [self._archive(member.archive, last=last) for member in members]
                self._unpack(members, archives, file, target)
            case Path():
                self._copy(source, file, target)
            case HubFile() | WebFile():
                url = source.url if isinstance(source, WebFile) else self._hub.address(source)
                self._download(RemoteFile(file.name, file.size, file.sha256, None, url), target, last=last)

    def _archive(self, archive: Archive, *, last: bool) -> Path:
        """The complete archive in `partial`."""
        path = self._partial / f"{archive.sha256[:24]}-{archive.name}"
        if not path.exists() or path.stat().st_size != archive.size:
            self._download(RemoteFile(archive.name, archive.size, archive.sha256, None, archive.url), path, last=last)
        return path

    def _download(self, file: RemoteFile, target: Path, *, last: bool) -> None:
        """Complete and verify `target`; a wrong file is fetched once more."""
        host = file.url.split("/")[2]
        if host in self._down and not last:
            raise LocalClipError(self._down[host])
        repository = Repository(self._name, "", (file,))
        tries = TRIES if last else _FEW_TRIES
        for again in (True, False):
            have = target.stat().st_size if target.exists() else 0
            try:
                self._hub.fetch(repository, file, target, self._begin(f"fetching {file.name}", file.size, have), tries)
            except LocalClipError as error:
                self._down[host] = str(error)
                raise
            fault = file.fault(target, self._begin(f"checking {file.name}", file.size, 0))
            if fault is None:
                return
            target.unlink()
            if not again:
                raise LocalClipError(f"{file.name} came broken twice ({fault})")

    def _copy(self, source: Path, file: File, target: Path) -> None:
        if not source.is_file():
            raise LocalClipError("it is not there")
        tell = self._begin(f"copying {file.name}", file.size, 0)
        with source.open("rb") as given:
            _write((given,), (0,), file, target, tell)

    def _unpack(self, members: Sequence[Member], archives: Sequence[Path], file: File, target: Path) -> None:
        tell = self._begin(f"unpacking {file.name}", file.size, 0)
        parts = (self._member(path, member) for member, path in zip(members, archives, strict=True))
        try:
            _write(parts, [member.skipped for member in members], file, target, tell)
        except (KeyError, zipfile.BadZipFile, tarfile.TarError, zlib.error) as error:
            raise LocalClipError(f"{archives[0].name} does not hold {file.name} ({error})") from error

    def _member(self, path: Path, member: Member) -> IO[bytes]:
        """Archives stay open, since a compressed tar is read from its beginning whenever it is opened."""
        if (path, member.within) not in self._opened:
            self._opened[path, member.within] = self._archive_within(path, member.within)
        return self._open.enter_context(_part(self._opened[path, member.within], member.path))

    def _archive_within(self, path: Path, within: str) -> zipfile.ZipFile | tarfile.TarFile:
        outer = _archive(path)
        self._open.callback(outer.close)
        if not within:
            return outer
        inner = self._open.enter_context(_part(outer, within))
        return self._open.enter_context(tarfile.open(fileobj=inner))


def _archive(path: Path) -> zipfile.ZipFile | tarfile.TarFile:
    if zipfile.is_zipfile(path):
        return zipfile.ZipFile(path)
    return tarfile.open(path)


def _part(archive: zipfile.ZipFile | tarfile.TarFile, name: str) -> IO[bytes]:
    """Raises: KeyError."""
    part = archive.open(name) if isinstance(archive, zipfile.ZipFile) else archive.extractfile(name)
    if part is None:
        raise KeyError(name)
    return part


def _write(parts: Iterable[IO[bytes]], skipped: Sequence[int], file: File, target: Path, tell: Tell) -> None:
    """Write `parts` one after the other to `target`, never more than the file has; compare.

    Raises: LocalClipError, for bytes that differ from the catalogue's; nothing is left then.
    """
    digest, written = hashlib.sha256(), 0
    with target.open("wb") as out:
        for part, skip in zip(parts, skipped, strict=True):
            part.read(skip)
            while written <= file.size and (chunk := part.read(_CHUNK)):
                written += out.write(chunk)
                digest.update(chunk)
                tell(len(chunk))
    if written != file.size or digest.hexdigest() != file.sha256:
        target.unlink()
        raise LocalClipError(f"{file.name} there is another file than the one LocalClip knows")


def _place(source: Source | Path) -> str:
    return str(source) if isinstance(source, Path) else source.place
