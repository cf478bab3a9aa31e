"""A Hugging Face hub or a mirror of it: the contents of a repository, and its files, with resumed downloads.

Plain HTTP with the hub's public URLs: `huggingface_hub` (2.4) discards a partial file when it stops, and a model of
some gigabytes over a bad connection would never arrive.
"""

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import Any

import httpx

from localclip.errors import LocalClipError
from shared.models import HubFile, Model

TRIES = 5
_CHUNK = 1 << 20
_TIMEOUT = httpx.Timeout(30.0, connect=15.0)
_LONGEST_PAUSE_S = 60.0
_BUSY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
_RANGE = re.compile(r"bytes (\d+)-")

Tell = Callable[[int], None]
"""Called with the number of bytes received, negative if they have to be fetched again."""


@dataclass(frozen=True)
class RemoteFile:
    """A file of a repository, with the checksum the hub knows: SHA-256 of large files, Git's own of small ones.

    A file at its own `url` has a SHA-256, or its first digits.
    """

    name: str
    size: int
    sha256: str | None
    git_sha1: str | None
    url: str = ""

    @property
    def checksum(self) -> str:
        """What identifies the content."""
        return self.sha256 or self.git_sha1 or ""

    def fault(self, path: Path, tell: Tell) -> str | None:
        """What is wrong with the file at `path`; None if it is the right one. `tell` gets the bytes as they are
        read."""
        size = path.stat().st_size
        if size != self.size:
            return f"{size} bytes instead of {self.size}"
        if self.sha256 and not sha256_of(path, tell).startswith(self.sha256):
            return "another SHA-256 than it should have"
        if not self.sha256 and self.git_sha1 and _git_sha1(path) != self.git_sha1:
            return "another checksum than the hub's"
        return None


@dataclass(frozen=True)
class Repository:
    """A repository at one commit."""

    name: str
    revision: str
    files: tuple[RemoteFile, ...]


class Hub:
    """Reads repositories; every failure is a sentence with the remedy."""

    def __init__(self, endpoint: str, token: str = "", pause_s: float = 1.0) -> None:
        self._endpoint, self._token, self._pause_s = endpoint.rstrip("/"), token, pause_s
        # a redirect to another host, where large files are, does not get the token: httpx omits it
        self._client = httpx.Client(
            timeout=_TIMEOUT,
            follow_redirects=True,
            headers={"Authorization": f"Bearer {token}"} if token else {},
        )

    def __enter__(self) -> "Hub":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def repository(self, name: str, revision: str) -> Repository:
        """A commit of a repository, the newest when `revision` is empty, and its files. Raises: LocalClipError."""
        where = f"{self._endpoint}/api/models/{name}" + (f"/revision/{revision}" if revision else "")
        response = self._patiently(
            lambda: self._client.get(where, params={"blobs": True}),
            f"{self._endpoint} cannot be reached; check the network, or set HF_ENDPOINT to a mirror",
        )
        self._check(response, name)
        try:
            document = response.json()
            files = tuple(_file(entry) for entry in document["siblings"])
            return Repository(name, str(document["sha"]), files)
        except (ValueError, KeyError, TypeError) as error:
            raise LocalClipError(
                f"{self._endpoint} does not answer like a Hugging Face hub; set HF_ENDPOINT to one, or leave it unset"
            ) from error

    def linked(self, model: Model) -> Repository:
        """The files of a model that is not on a hub. Raises: LocalClipError."""
        files = []
        for link in model.links:
            response = self._patiently(
                partial(self._client.head, link.url),
                f"{link.url} cannot be reached; check the network, or copy the model's folder from another machine",
            )
            self._check(response, link.url)
            size = int(response.headers.get("content-length", 0))
            files.append(RemoteFile(link.name, size, link.sha256, None, link.url))
        return Repository(model.repository, "-".join(link.sha256 for link in model.links), tuple(files))

    def address(self, file: HubFile) -> str:
        """Where a file of the hub is fetched from."""
        return f"{self._endpoint}/{file.repository}/resolve/{file.revision}/{file.path}"

    def fetch(self, repository: Repository, file: RemoteFile, partial: Path, tell: Tell, tries: int = TRIES) -> None:
        """Complete the file `partial`, from where it ends now.

        Raises: LocalClipError when the hub refuses, or nothing arrived in `tries` consecutive tries; what has arrived
        stays.
        """
        url = file.url or f"{self._endpoint}/{repository.name}/resolve/{repository.revision}/{file.name}"
        idle = 0
        while not partial.exists() or _size(partial) < file.size:
            have = _size(partial)
            try:
                reason = self._continue(url, repository.name, partial, file.size, tell)
            except httpx.TransportError as error:
                reason = _words(error)
            idle = 0 if _size(partial) > have else idle + 1
            if idle >= tries:
                raise LocalClipError(
                    f"{file.name} of {repository.name} does not come through ({reason}); what came is kept, run it "
                    "again"
                )
            if _size(partial) < file.size:
                time.sleep(self._pause_s * 2**idle)

    def _continue(self, url: str, name: str, partial: Path, size: int, tell: Tell) -> str:
        """Append one response to `partial`, not beyond `size`; return why it may have ended early."""
        have = _size(partial)
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        with self._client.stream("GET", url, headers=headers) as response:
            if _is_busy(response):
                time.sleep(_retry_after(response, 0.0))
                return f"the hub answers {response.status_code}"
            if response.is_error:
                response.read()
            self._check(response, name)
            start = _RANGE.match(response.headers.get("content-range", ""))
            appends = response.status_code == HTTPStatus.PARTIAL_CONTENT and start is not None and int(start[1]) == have
            if have and not appends:  # a server without ranges starts again
                tell(-have)
                have = 0
            with partial.open("ab" if appends else "wb") as target:
                for chunk in response.iter_bytes():  # chunks of a set size would lose the last when the line is cut
                    have += target.write(chunk)
                    tell(len(chunk))
                    if have > size:
                        break
        return "it ended early"

    def _patiently(self, ask: Callable[[], httpx.Response], unreachable: str) -> httpx.Response:
        for tried in range(1, TRIES + 1):
            try:
                response = ask()
            except httpx.TransportError as error:
                if tried == TRIES:
                    raise LocalClipError(f"{unreachable} ({_words(error)})") from error
                time.sleep(self._pause_s * tried)
                continue
            if not _is_busy(response) or tried == TRIES:
                return response
            time.sleep(_retry_after(response, self._pause_s * tried))
        raise AssertionError("the last try returns or raises")

    def _check(self, response: httpx.Response, name: str) -> None:
        """Raises: LocalClipError, for a refusal."""
        if response.is_success:
            return
        status, code = response.status_code, response.headers.get("X-Error-Code", "")
        page = name if name.startswith("http") else f"{self._endpoint}/{name}"
        if code == "GatedRepo" or (status == HTTPStatus.FORBIDDEN and self._token):
            token = (
                "with the account of your HF_TOKEN" if self._token else "and set HF_TOKEN to a token of your account"
            )
            text = f"{name} is gated: accept its terms at {page} {token}"
        elif code == "RevisionNotFound":
            text = f"{page} no longer has the commit LocalClip knows; please report this"
        elif code == "RepoNotFound" or status in (HTTPStatus.NOT_FOUND, HTTPStatus.UNAUTHORIZED):
            hint = "is HF_TOKEN valid?" if self._token else "if it is private or gated, set HF_TOKEN"
            text = f"{page} is not there, or not for you ({status}); {hint}"
        else:
            text = f"{page} answers {status}: {response.text[:200].strip()}"
        raise LocalClipError(text)


def sha256_of(path: Path, tell: Tell = lambda _: None) -> str:
    """The SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            tell(len(chunk))
    return digest.hexdigest()


def _git_sha1(path: Path) -> str:
    data = path.read_bytes()  # what Git keeps itself is small
    return hashlib.sha1(b"blob %d\0%b" % (len(data), data), usedforsecurity=False).hexdigest()


def _file(entry: dict[str, Any]) -> RemoteFile:
    """Raises: LocalClipError, for a name that leads out of the model's folder."""
    name, lfs = str(entry["rfilename"]), entry.get("lfs")
    if not name or PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\\" in name:
        raise LocalClipError(f"the hub names a file '{name}', which is no name inside a folder")
    size = int(lfs["size"] if lfs else entry["size"])
    return RemoteFile(name, size, str(lfs["sha256"]) if lfs else None, entry.get("blobId"))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _is_busy(response: httpx.Response) -> bool:
    return response.status_code in _BUSY or response.is_server_error


def _retry_after(response: httpx.Response, otherwise_s: float) -> float:
    wanted = response.headers.get("retry-after", "")
    return min(float(wanted), _LONGEST_PAUSE_S) if wanted.isdigit() else otherwise_s


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
