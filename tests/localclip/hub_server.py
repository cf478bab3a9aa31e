"""A Hugging Face hub on two ports of this machine: one answers, the other holds the large files; both can misbehave."""

import contextlib
import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

REVISION = "0123456789abcdef0123456789abcdef01234567"
LARGE = 1000
"""Files of more bytes lie on the other host, as large ones do on the real hub."""


@dataclass
class Repository:
    """Files, and what is wrong with the way to them: acts are used up one per download."""

    files: dict[str, bytes]
    gated: bool = False
    acts: list[Callable[["Exchange", bytes], None]] = field(default_factory=list)


class Exchange(BaseHTTPRequestHandler):
    """One request; the protocol of the hub as far as downloads need it."""

    server: "HubServer"

    def do_GET(self) -> None:
        with self.server.lock:
            self.server.requests.append((self.path, dict(self.headers.items())))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._answer()

    def do_HEAD(self) -> None:
        """The size of a file, by its address."""
        path = urlsplit(self.path).path.strip("/").split("/")
        data = self.server.repositories["/".join(path[:2])].files["/".join(path[4:])]
        self.reply(200, b"", **{"Content-Length": str(len(data))})

    def _answer(self) -> None:
        path = urlsplit(self.path).path.strip("/").split("/")
        if self.server.of is None and path[:2] == ["api", "models"]:
            self._describe("/".join(path[2:4]), path[5] if path[4:5] == ["revision"] else REVISION)
        elif self.server.of is None and path[2:3] == ["resolve"]:
            self._resolve("/".join(path[:2]), "/".join(path[4:]))
        elif self.server.of is not None:
            repository = self.server.of.repositories["/".join(path[:2])]
            self._send(repository, repository.files["/".join(path[2:])])
        else:
            self.send_error(404)

    def _describe(self, name: str, revision: str) -> None:
        repository = self.server.repositories.get(name)
        if repository is None:
            self.refuse(401, "RepoNotFound")
            return
        siblings = [_entry(path, data) for path, data in repository.files.items()]
        body = json.dumps({"id": name, "sha": revision, "siblings": siblings}).encode()
        self.reply(200, body)

    def _resolve(self, name: str, path: str) -> None:
        repository = self.server.repositories[name]
        if repository.gated and self.headers.get("Authorization") != "Bearer good":
            self.refuse(403 if self.headers.get("Authorization") else 401, "GatedRepo")
        elif path not in repository.files:
            self.refuse(404, "EntryNotFound")
        elif len(repository.files[path]) > LARGE and self.server.large:
            self.reply(302, b"", Location=f"{self.server.large.url}/{name}/{path}?signature=x")
        else:
            self._send(repository, repository.files[path])

    def _send(self, repository: Repository, data: bytes) -> None:
        act = repository.acts.pop(0) if repository.acts else send
        act(self, data)

    def reply(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status: int, code: str) -> None:
        self.reply(status, b"no", X_Error_Code=code)

    def log_message(self, format: str, *args: object) -> None:
        pass


@dataclass(eq=False)
class HubServer(ThreadingHTTPServer):
    """The hub, or with `of` the host of its large files."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    of: "HubServer | None" = None
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    large: "HubServer | None" = None
    daemon_threads = True

    def __post_init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        threading.Thread(target=self.serve_forever, daemon=True, kwargs={"poll_interval": 0.02}).start()
        if self.of is None:
            self.large = HubServer(of=self)

    @property
    def url(self) -> str:
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}"

    def downloads(self) -> list[tuple[str, str | None]]:
        """The file and the range of every download, from either host."""
        both = [*self.requests, *(self.large.requests if self.large else [])]
        return [
            (urlsplit(path).path.rpartition("/")[2], headers.get("Range"))
            for path, headers in both
            if "/api/" not in path and not ("/resolve/" in path and self._is_large(path))
        ]

    def _is_large(self, path: str) -> bool:
        name, _, rest = path.strip("/").partition("/resolve/")
        return len(self.repositories[name].files.get(rest.partition("/")[2], b"")) > LARGE

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that was cut on purpose is no error of the server."""

    def stop(self) -> None:
        """Both hosts."""
        self.shutdown()
        self.server_close()
        if self.large:
            self.large.stop()


def _entry(path: str, data: bytes) -> dict[str, object]:
    blob = hashlib.sha1(b"blob %d\0%b" % (len(data), data), usedforsecurity=False).hexdigest()
    entry: dict[str, object] = {"rfilename": path, "size": len(data), "blobId": blob}
    if len(data) > LARGE:
        sha256 = hashlib.sha256(data).hexdigest()
        entry |= {"blobId": "of the pointer", "lfs": {"sha256": sha256, "size": len(data), "pointerSize": 130}}
    return entry


def send(exchange: Exchange, data: bytes) -> None:
    """What was asked for."""
    wanted = exchange.headers.get("Range")
    if wanted is None:
        exchange.reply(200, data)
        return
    start = int(wanted.removeprefix("bytes=").removesuffix("-"))
    exchange.reply(206, data[start:], Content_Range=f"bytes {start}-{len(data) - 1}/{len(data)}")


def send_all(exchange: Exchange, data: bytes) -> None:
    """Ignore the range asked for."""
    exchange.reply(200, data)


def send_changed(exchange: Exchange, data: bytes) -> None:
    """As many bytes, but the last of them another."""
    send(exchange, data[:-1] + bytes([data[-1] ^ 1]))


def busy(exchange: Exchange, data: bytes) -> None:
    """Not now."""
    exchange.reply(503, b"busy", Retry_After="0")


def cut_after(count: int) -> Callable[[Exchange, bytes], None]:
    """Promise everything, send `count` bytes, hang up."""

    def act(exchange: Exchange, data: bytes) -> None:
        wanted = exchange.headers.get("Range", "bytes=0-")
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        exchange.send_response(206 if start else 200)
        exchange.send_header("Content-Length", str(len(data) - start))
        if start:
            exchange.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        exchange.end_headers()
        exchange.wfile.write(data[start : start + count])
        exchange.close_connection = True

    return act
