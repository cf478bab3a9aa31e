"""Objects written in parts below a directory: `<root>/.parts/<key>/<write id>/<number>` until they are joined."""

import os
import re
import secrets
import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, cast

from shared.storage._draft import Draft
from shared.storage._port import ObjectInfo, ObjectNotFound, Part, PartsChanged, check_key

_ID_BYTES = 16
_OVER = re.compile(rf"[0-9a-f]{{{2 * _ID_BYTES}}}\.[0-9a-f]{{8}}\.over")
"""A folder whose parts are joined and about to go."""

Temporary = Callable[[str], AbstractContextManager[tuple[Path, BinaryIO]]]


class PartFolders:
    """The parts of one directory store, whose way of writing files it shares."""

    def __init__(self, root: Path, temporary: Temporary, put: Callable[[str, BinaryIO, int], ObjectInfo]) -> None:
        self._root, self._temporary, self._put = root, temporary, put

    def begin(self, key: str) -> str:
        """Make a folder for the parts."""
        write_id = secrets.token_hex(_ID_BYTES)
        self._folder(key, write_id).mkdir(parents=True)
        return write_id

    def part_url(self, key: str, write_id: str, number: int, expires: timedelta) -> str | None:
        """A folder has no address."""
        return None

    def read_url(self, key: str, expires: timedelta, name: str, media_type: str) -> str | None:
        """A folder has no address."""
        return None

    def open_part(self, key: str, write_id: str, number: int, size: int) -> Draft[Part]:
        """Write to a temporary file, which `finish` renames into the folder."""
        folder = self._open_folder(key, write_id)
        target = folder / f"{number:05}"

        def keep(temporary: Path, sink: BinaryIO) -> Part:
            sink.flush()
            try:
                temporary.replace(target)
                return _part(target)
            except FileNotFoundError:
                raise ObjectNotFound(f"{key}: this write is over") from None

        return Draft(key, self._temporary(key), keep, size)

    def parts(self, key: str, write_id: str) -> Sequence[Part]:
        """List the folder; one that was put aside meanwhile may have lost files before they were listed."""
        folder = self._open_folder(key, write_id)
        try:
            found = [_part(path) for path in sorted(folder.iterdir())]
        except FileNotFoundError:
            raise ObjectNotFound(f"{key}: this write is over") from None
        self._open_folder(key, write_id)
        return found

    def join(self, key: str, write_id: str, parts: Sequence[Part]) -> ObjectInfo:
        """Copy the parts into one object; the folder goes last, so an interrupted join can be repeated.

        It goes by one step, so that a second join beside this one finds all parts or none.
        """
        folder = self._open_folder(key, write_id)
        known = {part.number: part for part in self.parts(key, write_id)}
        for part in parts:
            if known.get(part.number) != part:
                raise PartsChanged(f"{key}: part {part.number} is not the one that was listed")
        over = folder.with_name(f"{folder.name}.{secrets.token_hex(4)}.over")
        try:
            with _Joined([folder / f"{part.number:05}" for part in parts]) as joined:
                info = self._put(key, cast(BinaryIO, joined), sum(part.size for part in parts))
            folder.rename(over)
        except FileNotFoundError:
            raise ObjectNotFound(f"{key}: this write is over") from None
        shutil.rmtree(over, ignore_errors=True)
        return info

    def remove_over(self) -> None:
        """Remove the parts of joined objects that processes left behind which died before they could."""
        for parent, names, _ in os.walk(self._root):
            for name in filter(_OVER.fullmatch, names):
                shutil.rmtree(Path(parent, name), ignore_errors=True)

    def end_below(self, prefix: str) -> None:
        """Remove all parts of objects below `prefix`."""
        shutil.rmtree(self._root / prefix, ignore_errors=True)

    def _folder(self, key: str, write_id: str) -> Path:
        return self._root / check_key(key) / check_key(write_id)

    def _open_folder(self, key: str, write_id: str) -> Path:
        folder = self._folder(key, write_id)
        if not folder.is_dir():
            raise ObjectNotFound(f"{key}: this write is over")
        return folder


class _Joined:
    """Files read one after the other."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = list(files)
        self._open: BinaryIO | None = None

    def read(self, size: int = -1) -> bytes:
        while True:
            if self._open is None:
                if not self._files:
                    return b""
                self._open = self._files.pop(0).open("rb")
            if data := self._open.read(size):
                return data
            self._close()

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def __enter__(self) -> "_Joined":
        return self

    def __exit__(self, *_: object) -> None:
        self._close()


def _part(path: Path) -> Part:
    status = path.stat()
    return Part(int(path.name), status.st_size, f"{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}")
