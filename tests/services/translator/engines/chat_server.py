"""A chat endpoint on a port of this machine that behaves, and on request misbehaves."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]
Act = Callable[["Exchange"], None]
"""What is done with one request."""


class Exchange(BaseHTTPRequestHandler):
    """One request and the means to answer it."""

    server: "ChatServer"
    asked: Json
    is_open = False

    def do_POST(self) -> None:
        self.asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.requests.append(Request(self.path, self.headers.get("Authorization"), self.asked))
            self.server.open += 1
            self.server.most_open = max(self.server.most_open, self.server.open)
            self.is_open = True
            act = self.server.acts.pop(0) if self.server.acts else well
        try:
            act(self)
        except (BrokenPipeError, ConnectionResetError):  # a client that no longer waits
            self.server.left.set()
        finally:
            self.close_question()

    def close_question(self) -> None:
        """Count it as open no longer: before the answer is out, for then the next question may come at once."""
        with self.server.lock:
            self.server.open -= self.is_open
            self.is_open = False

    def reply(self, status: int, document: Json | str, **headers: str) -> None:
        body = (document if isinstance(document, str) else json.dumps(document)).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.close_question()
        self.wfile.write(body)

    def say(self, text: str, finish: str = "stop", **message: object) -> None:
        """Answer with a completion of 100 tokens read and 50 written."""
        self.reply(
            200,
            {
                "choices": [{"message": {"content": text, **message}, "finish_reason": finish}],
                "usage": {"prompt_tokens": 100, "completion_tokens": 50},
            },
        )

    def question(self) -> Json:
        document: Json = json.loads(self.asked["messages"][1]["content"])
        return document

    def log_message(self, format: str, *args: object) -> None:
        pass


@dataclass(frozen=True)
class Request:
    """What came in."""

    path: str
    authorization: str | None
    body: Json

    @property
    def question(self) -> Json:
        document: Json = json.loads(self.body["messages"][1]["content"])
        return document

    @property
    def texts(self) -> list[str]:
        return [line["text"] for line in self.question["lines"]]


@dataclass(eq=False)
class ChatServer(ThreadingHTTPServer):
    """Serves one act after the other, then behaves well."""

    acts: list[Act] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    left: threading.Event = field(default_factory=threading.Event)
    open: int = 0
    most_open: int = 0
    daemon_threads = True

    def __post_init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        threading.Thread(target=self.serve_forever, daemon=True, kwargs={"poll_interval": 0.02}).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that was cut on purpose is no error of the server."""


def spanish(text: str) -> list[str]:
    """Three candidates for a line, the second shorter, the third fuller."""
    words = " ".join(f"{word}o" if word.isalpha() else word for word in text.split())
    return [f"{words} dicho en español", f"{words}: eso", f"{words} dicho en un español algo más largo"]


def answer(question: Json, **instead: list[str]) -> str:
    """The JSON asked for; `instead` has candidates by text."""
    lines = [
        {"id": line["id"], "candidates": instead.get(line["text"], spanish(line["text"]))} for line in question["lines"]
    ]
    return json.dumps({"lines": lines})


def well(exchange: Exchange) -> None:
    """Answer as asked."""
    exchange.say(answer(exchange.question()))


def saying(text: str, finish: str = "stop", **message: object) -> Act:
    """Answer with any text."""
    return lambda exchange: exchange.say(text, finish, **message)


def with_candidates(**instead: list[str]) -> Act:
    """Answer as asked, but for some texts."""
    return lambda exchange: exchange.say(answer(exchange.question(), **instead))


def failing(status: int, message: str = "no", **headers: str) -> Act:
    """Answer with an error as these services do."""
    return lambda exchange: exchange.reply(status, {"error": {"message": message}}, **headers)


def cutting(exchange: Exchange) -> None:
    """Promise more than comes, then hang up."""
    exchange.send_response(200)
    exchange.send_header("Content-Length", "1000")
    exchange.end_headers()
    exchange.wfile.write(b'{"choices": [')
    exchange.close_connection = True


def hanging(until: threading.Event) -> Act:
    """Say nothing until `until`, then answer."""

    def act(exchange: Exchange) -> None:
        until.wait(60)
        well(exchange)

    return act
