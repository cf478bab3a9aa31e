"""Weights on this machine: fetched into their folder from a hub, or from any source of a model with known contents.

A folder may be used at any time: files appear complete and verified, required ones last, and an old file stays until
its replacement is there. A manifest beside them records where they came from, their checksums, and when they were last
verified, so that a complete model is recognized at once and without a network.
"""

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

from filelock import FileLock, Timeout

from localclip.errors import LocalClipError
from localclip.gather import Gathering
from localclip.hub import Hub, RemoteFile, Repository, Tell, sha256_of
from shared.models import CATALOGUE, File, Model, ModelSettings, catalogued, download_bytes

MANIFEST = "localclip-manifest.json"
_PARTIAL = ".partial"
_DIGITS = 64
"""The length of a whole SHA-256."""
_SPARE = 200 << 20
"""Bytes to leave free on the disk."""


@dataclass(frozen=True)
class Kept:
    """A fetched file; `mtime_ns` is its time when its bytes were last compared with `sha256`."""

    size: int
    sha256: str
    mtime_ns: int = 0


@dataclass(frozen=True)
class Manifest:
    """The contents of a folder and their origin."""

    repository: str
    revision: str
    files: dict[str, Kept]


@dataclass(frozen=True)
class Pulled:
    """The outcome of a pull."""

    folder: Path
    manifest: Manifest
    fetched: int
    outdated: str = ""
    """Why the installed commit was kept, if the catalogue names another."""


Begin = Callable[[str, int, int], Tell]
"""Announces a step: its words, its bytes in all, those that are there; gets what the bytes are told to."""


def find(name: str) -> Model:
    """The catalogued model of that name. Raises: LocalClipError."""
    model = catalogued(name)
    if model is None:
        known = ", ".join(entry.name for entry in CATALOGUE)
        raise LocalClipError(f"no model '{name}' is known; there are: {known}. Others are used by the path of a folder")
    return model


def state(model: Model, settings: ModelSettings) -> str:
    """`here`, `incomplete` or `absent`, by names and sizes only."""
    folder = settings.models_dir / model.name
    present = [file for file in model.required if (folder / file).is_file()]
    if not present:
        return "incomplete" if folder.exists() else "absent"
    manifest = read_manifest(folder)
    files = {file.name: Kept(file.size, file.sha256) for file in model.contents} or (manifest.files if manifest else {})
    whole = all(_has_size(folder / name, kept.size) for name, kept in files.items())
    return "here" if whole and len(present) == len(model.required) else "incomplete"


def pull(model: Model, settings: ModelSettings, hub: Hub, begin: Begin, own: str = "") -> Pulled:
    """Fetch missing or broken files of a model; correct ones are not fetched again.

    `own`: a folder or a URL with the layout of the weights' folder, which is tried first.

    A complete model contacts no hub; one with another commit than the catalogue's is renewed, and kept if that fails.
    Raises: LocalClipError.
    """
    folder = settings.models_dir / model.name
    with _disk_errors(settings):
        whole = _whole(model, folder, begin)
    if whole and whole.revision == (_revision(model) or whole.revision):
        return Pulled(folder, whole, 0)
    try:
        return _renew(model, folder, settings, hub, begin, own)
    except LocalClipError as error:
        if whole:
            return Pulled(folder, whole, 0, str(error))
        raise


def _renew(model: Model, folder: Path, settings: ModelSettings, hub: Hub, begin: Begin, own: str) -> Pulled:
    if settings.offline and not (model.contents and own and "://" not in own):
        raise LocalClipError(
            f"LOCALCLIP_OFFLINE is set, so nothing is fetched: unset it, or copy the folder of the model from another "
            f"machine to {folder}"
        )
    if model.contents:
        return _gather(model, folder, settings, hub, begin, own)
    with _disk_errors(settings), _alone(folder):
        repository = hub.linked(model) if model.links else hub.repository(model.repository, model.revision)
        wanted = _wanted(model, repository)
        known = read_manifest(folder)
        missing = [file for file in wanted if not _is_there(folder, file, known, begin)]
        _check_room(folder, sum(file.size for file in missing))
        _put([(_fetch(hub, repository, file, folder, begin), folder / file.name) for file in missing])
        files = {file.name: _kept(file, folder, known) for file in wanted}
        manifest = Manifest(repository.name, repository.revision, files)
        _write(folder, manifest)
        shutil.rmtree(folder / _PARTIAL, ignore_errors=True)
    return Pulled(folder, manifest, len(missing))


def _gather(model: Model, folder: Path, settings: ModelSettings, hub: Hub, begin: Begin, own: str) -> Pulled:
    """Fetch the files of a model with known contents, from wherever they are available."""
    with _disk_errors(settings), _alone(folder):
        known = read_manifest(folder)
        missing = [file for file in model.contents if not _is_known(folder, file, known, begin)]
        needed = sum(file.size for file in missing) + download_bytes(tuple(missing))
        _check_room(folder, needed if missing else 0)
        with Gathering(model.name, folder / _PARTIAL, hub, begin, own, settings.offline) as found:
            arrived = [(found.bring(file), folder / file.name) for file in missing]
        _put(arrived)
        files = {
            file.name: Kept(file.size, file.sha256, (folder / file.name).stat().st_mtime_ns) for file in model.contents
        }
        manifest = Manifest(model.repository, _revision(model), files)
        _write(folder, manifest)
        shutil.rmtree(folder / _PARTIAL, ignore_errors=True)
    return Pulled(folder, manifest, len(missing))


def _put(arrived: list[tuple[Path, Path]]) -> None:
    """Put files in their places when all of them have arrived: old and new parts of a model do not work together."""
    for partial, target in arrived:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.replace(target)


def check(model: Model, settings: ModelSettings, begin: Begin) -> dict[str, str]:
    """What is wrong, by file; empty for a complete model. Reads every byte, uses no network."""
    folder = settings.models_dir / model.name
    faults = {name: "is missing" for name in model.required if not (folder / name).is_file()}
    manifest = read_manifest(folder)
    files = {file.name: Kept(file.size, file.sha256) for file in model.contents} or (manifest.files if manifest else {})
    if not files:
        return faults or {MANIFEST: "is missing, so only names could be checked"}
    for name, kept in files.items():
        path = folder / name
        if not path.is_file():
            faults[name] = "is missing"
        elif not _has_size(path, kept.size):
            faults[name] = f"has {path.stat().st_size} bytes instead of {kept.size}"
        elif sha256_of(path, begin(f"checking {name}", kept.size, 0)) != kept.sha256:
            faults[name] = "has another checksum than " + (
                "it should have" if model.contents else "when it was fetched"
            )
    return faults


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest in `folder`; None if there is none that can be read."""
    try:
        document = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = {name: Kept(**kept) for name, kept in document["files"].items()}
        return Manifest(document["repository"], document["revision"], files)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _whole(model: Model, folder: Path, begin: Begin) -> Manifest | None:
    """The manifest, if every file matches it; else None. Contacts no hub.

    Bytes are read only from files whose time has changed since they were last compared: once after a copy.
    """
    manifest = read_manifest(folder)
    if manifest is None or not set(model.required) <= manifest.files.keys():
        return None
    if not all(_has_size(folder / name, kept.size) for name, kept in manifest.files.items()):
        return None
    seen = {}
    for name, kept in manifest.files.items():
        path, mtime_ns = folder / name, (folder / name).stat().st_mtime_ns
        if mtime_ns != kept.mtime_ns and sha256_of(path, begin(f"checking {name}", kept.size, 0)) != kept.sha256:
            return None
        seen[name] = replace(kept, mtime_ns=mtime_ns)
    if seen != manifest.files:
        with suppress(OSError):  # in a folder that cannot be written, they are compared again the next time
            _write(folder, replace(manifest, files=seen))
    return manifest


def _revision(model: Model) -> str:
    return model.digest or "-".join(link.sha256 for link in model.links) or model.revision


def _wanted(model: Model, repository: Repository) -> list[RemoteFile]:
    """The files matching the catalogue's patterns, the required ones last, and the largest of them, the weights, at the
    very end."""
    files = [file for file in repository.files if any(fnmatch(file.name, pattern) for pattern in model.files)]
    names = {file.name for file in files}
    if lost := [name for name in model.required if name not in names]:
        raise LocalClipError(f"{repository.name} no longer has {', '.join(lost)}; please report this")
    return sorted(files, key=lambda file: (file.name in model.required, file.size))


def _is_there(folder: Path, file: RemoteFile, known: Manifest | None, begin: Begin) -> bool:
    """Whether the file exists and is correct; its bytes are read unless it is unchanged since the last time."""
    path = folder / file.name
    if not path.is_file():
        return False
    kept = _untouched(path, file.name, known)
    if kept and file.sha256 and file.size == kept.size and kept.sha256.startswith(file.sha256):
        return True
    return file.fault(path, begin(f"checking {file.name}", file.size, 0)) is None


def _is_known(folder: Path, file: File, known: Manifest | None, begin: Begin) -> bool:
    wanted = RemoteFile(file.name, file.size, file.sha256, None)
    return _is_there(folder, wanted, known, begin)


def _untouched(path: Path, name: str, known: Manifest | None) -> Kept | None:
    """What is known about a file that is unchanged since its bytes were last compared."""
    kept = known.files.get(name) if known else None
    facts = path.stat()
    return kept if kept and (facts.st_size, facts.st_mtime_ns) == (kept.size, kept.mtime_ns) else None


def _fetch(hub: Hub, repository: Repository, file: RemoteFile, folder: Path, begin: Begin) -> Path:
    """Fetch one file, beside its place; a broken one is fetched once more from its beginning."""
    partial = folder / _PARTIAL / f"{file.checksum[:24]}-{file.name.replace('/', '-')}"
    partial.parent.mkdir(parents=True, exist_ok=True)
    for last in (False, True):
        have = partial.stat().st_size if partial.exists() else 0
        hub.fetch(repository, file, partial, begin(f"fetching {file.name}", file.size, have))
        fault = file.fault(partial, begin(f"checking {file.name}", file.size, 0))
        if fault is None:
            break
        partial.unlink()
        if last:
            raise LocalClipError(
                f"{file.name} of {repository.name} came broken twice ({fault}); the hub or the mirror has another "
                "file: try again later, or another HF_ENDPOINT"
            )
    return partial


def _kept(file: RemoteFile, folder: Path, known: Manifest | None) -> Kept:
    """The manifest's entry of a correct file."""
    path, published = folder / file.name, file.sha256 or ""
    if kept := _untouched(path, file.name, known):
        return kept
    sha256 = published if len(published) == _DIGITS else sha256_of(path)
    return Kept(file.size, sha256, path.stat().st_mtime_ns)


def _check_room(folder: Path, needed: int) -> None:
    """Raises: LocalClipError, when there is no room for so many bytes, including those that arrived before."""
    if not needed:
        return
    partial = folder / _PARTIAL
    needed -= sum(path.stat().st_size for path in partial.glob("*")) if partial.exists() else 0
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(place).free
    if needed + _SPARE > free:
        raise LocalClipError(
            f"{needed / 1e9:.1f} GB are needed in {folder}, and {free / 1e9:.1f} GB are free there: make room, or set "
            "LOCALCLIP_MODELS_DIR to a folder on a larger disk"
        )


def _has_size(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _write(folder: Path, manifest: Manifest) -> None:
    path = folder / MANIFEST
    new = path.with_suffix(f".{os.getpid()}.new")
    new.write_text(json.dumps(asdict(manifest), indent=2) + "\n", encoding="utf-8")
    new.replace(path)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Allow one pull of a model at a time."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.parent / f".{folder.name}.lock", timeout=0)
    try:
        with lock:
            yield
    except Timeout as error:
        raise LocalClipError(f"{folder.name} is being fetched by another process") from error


@contextmanager
def _disk_errors(settings: ModelSettings) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            text = f"the disk of {settings.models_dir} is full: make room and run it again, what came is kept"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            user = f" (uid {os.getuid()})" if hasattr(os, "getuid") else ""
            text = (
                f"{error.filename or settings.models_dir} cannot be written ({error.strerror}): give it to the user "
                f"that runs this{user}, or set LOCALCLIP_MODELS_DIR to a folder of its own"
            )
        else:
            text = f"{error.strerror or error}: {error.filename or settings.models_dir}"
        raise LocalClipError(text) from error
