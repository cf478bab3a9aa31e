"""A server of files for tests, which can be slow, break off, change its files, or lead elsewhere."""

import re
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HEAD = b"\x00\x00\x00\x20ftypisom"
MIB = 1024 * 1024


def video(mib: float, filler: bytes = b"v") -> bytes:
    """What is taken for a video, of a size."""
    unit = (filler + b"0123456789abcdef") * 61
    size = int(mib * MIB)
    return (HEAD + unit * (size // len(unit) + 1))[:size]


@dataclass
class File:
    """A file: after `breaks_after` bytes of an answer its connection ends; after `held_after` it waits for `go_on`."""

    content: bytes = b""
    status: int = 200
    etag: str | None = '"1"'
    location: str | None = None
    kind: str = ""
    """Its media type. Then parts of it are given without `If-Range`, too, as many servers do."""
    encoding: str = ""
    """Of its content, which comes as it is here."""
    tells_length: bool = True
    breaks_after: list[int] = field(default_factory=list)
    held_after: int | None = None
    go_on: threading.Event = field(default_factory=threading.Event)


class Files:
    """The server; `asked` are the requests so far: path, Range, If-Range."""

    def __init__(self, host: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> None:
        self.files: dict[str, File] = {}
        self.asked: list[tuple[str, str | None, str | None]] = []
        self.cut_off = threading.Event()
        files = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked = (self.path, self.headers.get("range"), self.headers.get("if-range"))
                files.asked.append(asked)
                file = files.files.get(self.path.partition("?")[0], File(status=404))
                try:
                    self._answer(file)
                except OSError:
                    files.cut_off.set()
                self.close_connection = True

            def _answer(self, file: File) -> None:
                wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range") or "")
                same = file.kind or self.headers.get("if-range") == file.etag
                holds = wanted and file.status == 200 and file.etag and same
                start = int(wanted[1]) if wanted and holds else 0
                self.send_response(206 if start else file.status)
                if file.location is not None:
                    self.send_header("Location", file.location)
                if file.kind:
                    self.send_header("Content-Type", file.kind)
                if file.encoding:
                    self.send_header("Content-Encoding", file.encoding)
                if file.etag:
                    self.send_header("ETag", file.etag)
                if start:
                    total = len(file.content)
                    self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
                if file.tells_length:
                    self.send_header("Content-Length", str(len(file.content) - start))
                self.send_header("Connection", "close")
                self.end_headers()
                breaks = file.breaks_after.pop(0) if file.breaks_after else len(file.content)
                held, file.held_after = file.held_after, None
                first = len(file.content) if held is None else held
                body = file.content[start : start + breaks]
                self.wfile.write(body[:first])
                if len(body) > first:
                    self.wfile.flush()
                    file.go_on.wait(60)
                    for begin in range(first, len(body), MIB):
                        self.wfile.write(body[begin : begin + MIB])

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer((host, 0), Handler)
        self._server.daemon_threads = True
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self.url = f"http{'s' if context else ''}://{host}:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        for file in self.files.values():
            file.go_on.set()
        self._server.shutdown()
        self._server.server_close()
