"""Clients that send slowly, or not at all: none of them keeps the gateway from anybody else."""

import base64
import contextlib
import io
import json
import signal
import socket
import threading
import time
import wave
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from nats.js import JetStreamContext
from websockets.sync.client import connect

from services.gateway.db.engine import Database
from services.gateway.db.tables import CastRow, ClipRow, ExportRow, SpeakerRow
from shared.messaging import subjects
from shared.testing import MinioServer, ServerUnavailable, minio_server, wait_until
from shared.testing._server import ProcessServer
from tests.services.gateway.conftest import VIDEO, Gateway, World
from tests.services.gateway.impatient_gateway import PERIOD_S
from tests.services.gateway.live.test_live import events
from tests.services.gateway.pipeline.test_delivery import execute, messages, on_broker
from tests.services.gateway.pipeline.test_tasks import objects

MIB = 1024 * 1024
LARGE = VIDEO + bytes(range(256)) * (6 * MIB // 256)
HELD = 5 * MIB + MIB // 2
"""So much of it comes before the rest: on S3 a part of it is stored by then."""
HEAD = b'--xyz\r\nContent-Disposition: form-data; name="video"; filename="a.mp4"\r\n\r\n'
TAIL = b"\r\n--xyz--\r\n"
LIMITS = {"MAX_VIDEO_SIZE_MB": "40", "LOCALCLIP_UPLOAD_PART_MB": "5", "LOCALCLIP_DATABASE_WAIT_S": "100"}


@pytest.fixture(params=["directory", "s3"])
def store(request: pytest.FixtureRequest) -> dict[str, str]:
    """Settings of each store, where every byte comes through the gateway."""
    if request.param == "directory":
        return {}
    minio: MinioServer = request.getfixturevalue("minio")
    return {"S3_ENDPOINT": minio.endpoint, "S3_ACCESS_KEY": minio.access_key, "S3_SECRET_KEY": minio.secret_key}


@pytest.fixture
def gateway(store: dict[str, str], small_world: World) -> Gateway:
    """A gateway on each store."""
    return small_world.gateway(**LIMITS, **store)


def open_line(gateway: Gateway) -> socket.socket:
    url = gateway.http.base_url
    return socket.create_connection((url.host, url.port or 80), timeout=60)


def post(size: int, more: str = "") -> bytes:
    """The head of an upload of `size` bytes of video."""
    length = len(HEAD) + size + len(TAIL)
    head = (
        f"POST /api/tasks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n{more}"
        "Content-Type: multipart/form-data; boundary=xyz\r\n\r\n"
    )
    return head.encode() + HEAD


def get(path: str) -> bytes:
    """A request to read."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()


def ask(method: str, path: str, body: bytes | dict[str, Any], kind: str = "application/json") -> bytes:
    """A request with a body."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: {kind}\r\n"
    return head.encode() + b"Content-Length: %d\r\n\r\n" % len(content) + content


def status_of(line: socket.socket) -> int:
    """Of the answer; 0 when the connection ends without one."""
    with contextlib.suppress(ConnectionResetError):
        first = line.makefile("rb").readline().split()
        return int(first[1]) if first else 0
    return 0


def everything_answers(gateway: Gateway) -> None:
    """What others do meanwhile."""
    for path in ("/readyz", "/healthz", "/metrics", "/api/tasks", "/api/engines"):
        assert gateway.http.get(path).status_code == 200, path
    with gateway.http.stream("GET", "/api/events") as stream:
        assert next(events(stream))[0] == "hello"
    task = gateway.create('{"target_languages": ["es"]}', start=True)
    wait_until(lambda: "job_dispatched" in gateway.service.log.read_text(), 30, "nothing is dispatched")
    assert gateway.http.delete(f"/api/tasks/{task['task_id']}").status_code == 204


def test_forty_uploads_in_mid_body_keep_nobody_out(gateway: Gateway) -> None:
    """All forty wait for their clients at once; everything else answers, and in the end all of them are tasks."""
    with ExitStack() as stack:
        lines = [stack.enter_context(open_line(gateway)) for _ in range(40)]
        for line in lines:
            line.sendall(post(len(LARGE)) + LARGE[:HELD])
        everything_answers(gateway)
        for line in lines:
            line.sendall(LARGE[HELD:] + TAIL)
        assert [status_of(line) for line in lines] == [201] * 40
    tasks = gateway.http.get("/api/tasks").json()
    assert [task["video_size"] for task in tasks if task["status"] == "pending"] == [len(LARGE)] * 40


def test_uploads_that_begin_in_the_same_moment_all_end_well(gateway: Gateway) -> None:
    """Eighty of them, every other one with a key: each waits for its turn to write."""
    barrier = threading.Barrier(80)

    def send(number: int) -> int:
        headers = {"Idempotency-Key": f"upload {number}"} if number % 2 else {}
        with httpx.Client(base_url=gateway.http.base_url, timeout=120) as client:
            barrier.wait()
            return client.post("/api/tasks", files={"video": ("a.mp4", VIDEO)}, headers=headers).status_code

    with ThreadPoolExecutor(80) as threads:
        assert list(threads.map(send, range(80))) == [201] * 80


def test_parts_in_mid_body_keep_nobody_out(gateway: Gateway) -> None:
    """Two files in three parts each, as the web app sends them, and eight more; all are complete in the end."""
    content = LARGE + bytes(6 * MIB)
    with ExitStack() as stack:
        waiting: list[tuple[socket.socket, bytes]] = []
        uploads = []
        for _ in range(10):
            upload = gateway.http.post("/api/uploads", json={"filename": "a.mp4", "size": len(content)}).json()
            uploads.append(upload["upload_id"])
            asked = {"part_numbers": [1, 2, 3]}
            for part in gateway.http.post(f"/api/uploads/{upload['upload_id']}/parts", json=asked).json():
                start = (part["part_number"] - 1) * upload["part_size"]
                body = content[start : start + part["size"]]
                line = stack.enter_context(open_line(gateway))
                head = f"PUT {part['url']} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
                line.sendall(head.encode() + body[: len(body) // 2])
                waiting.append((line, body[len(body) // 2 :]))
        everything_answers(gateway)
        for line, rest in waiting:
            line.sendall(rest)
        assert [status_of(line) for line, _ in waiting] == [204] * 30
    for upload_id in uploads:
        answer = gateway.http.post(f"/api/uploads/{upload_id}/complete", json={})
        assert (answer.status_code, answer.json()["video_size"]) == (201, len(content))


def test_an_upload_cut_off_late_leaves_nothing(gateway: Gateway) -> None:
    """With parts of it in the store already; and so does one that is refused late."""
    with open_line(gateway) as line:
        line.sendall(post(len(LARGE)) + LARGE[:HELD])
    with open_line(gateway) as line:
        line.sendall(post(41 * MIB) + VIDEO + bytes(41 * MIB - len(VIDEO)) + TAIL)
        assert status_of(line) == 413
    wait_until(lambda: gateway.http.get("/api/tasks").headers["x-total-count"] == "0", 20, "a task is there")
    log = gateway.service.log
    assert "upload_not_aborted" not in log.read_text()
    if "S3_ENDPOINT" not in gateway.service.environment:
        wait_until(lambda: objects(gateway) == [], 20, "something is kept")


SLOW = {
    "silent": b"",
    "line ends": b"\r\n",
    "headers": b"GET /readyz HTTP/1.1\r\nX-Slow: ",
    "body of an upload": post(len(LARGE)) + VIDEO,
    "body of a refused request": b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n\r\n",
    "json": b"POST /api/uploads HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 9999\r\n\r\n{",
    "chunks": b"POST /api/uploads HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n",
}
DRIP = {"silent": b"", "line ends": b"\r\n", "chunks": b"1\r\n \r\n"}


class Dripping:
    """Lines over which a thread sends a few bytes now and then, until they are closed."""

    def __init__(self, gateway: Gateway, kinds: list[str]) -> None:
        self.lines = [(kind, open_line(gateway)) for kind in kinds]
        self.ended: dict[int, int] = {}
        for kind, line in self.lines:
            line.sendall(SLOW[kind])
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._drip)
        self._thread.start()

    def _drip(self) -> None:
        while not self._stop.wait(0.2):
            for number, (kind, line) in enumerate(self.lines):
                if number not in self.ended:
                    self._one(number, line, DRIP.get(kind, b"x"))

    def _one(self, number: int, line: socket.socket, drop: bytes) -> None:
        """Send a drop; note the status with which the connection was closed, 0 without one."""
        try:
            line.setblocking(False)
            came = line.recv(65536)
            if not came:
                self.ended.setdefault(number, 0)
            elif b" 408 " in came[:20]:
                self.ended[number] = 408
        except BlockingIOError:
            line.setblocking(True)
            with contextlib.suppress(OSError):
                line.sendall(drop)
        except OSError:
            self.ended[number] = 0

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        for _, line in self.lines:
            line.close()


@pytest.fixture
def impatient(small_world: World) -> Gateway:
    """A gateway that closes slow connections soon."""
    return small_world.gateway("tests.services.gateway.impatient_gateway", **LIMITS)


@pytest.fixture
def dripping(impatient: Gateway) -> Iterator[Dripping]:
    """Eighty lines of every kind of slowness."""
    kinds = list(SLOW)
    made = Dripping(impatient, [kinds[number % len(kinds)] for number in range(80)])
    yield made
    made.close()


def test_slow_clients_are_closed(impatient: Gateway, dripping: Dripping) -> None:
    """All eighty, whatever they do not send; an upload hears why, and nothing of it stays."""
    everything_answers(impatient)
    wait_until(lambda: len(dripping.ended) == 80, 60, "slow connections stay open")
    said = {kind: dripping.ended[number] for number, (kind, _) in enumerate(dripping.lines)}
    assert (said["body of an upload"], said["json"], said["headers"]) == (408, 408, 408)
    assert said["silent"] == said["line ends"] == 0
    wait_until(lambda: impatient.http.get("/api/tasks").json() == [], 20, "a task stays")
    wait_until(lambda: objects(impatient) == [], 20, "something is kept")


def test_others_are_not_taken_for_slow(impatient: Gateway, dripping: Dripping) -> None:
    """A steady upload that takes longer than the time allowed, an event stream, a WebSocket: each of them outlives
    eighty slow ones."""
    address = str(impatient.http.base_url)
    rest = len(LARGE)
    with (
        impatient.http.stream("GET", "/api/events", timeout=60) as stream,
        connect(address.replace("http", "ws") + "/ws/tasks/" + impatient.create()["task_id"]) as live,
        open_line(impatient) as line,
    ):
        line.sendall(post(rest))
        began = time.monotonic()
        while len(dripping.ended) < 80 or time.monotonic() < began + 2.5 * PERIOD_S:
            sent = len(LARGE) - rest
            line.sendall(LARGE[sent : sent + 4000])
            rest -= 4000
            assert rest > 0, "slow connections stay open"
            time.sleep(0.2)  # this is the speed of the line
        line.sendall(LARGE[len(LARGE) - rest :] + TAIL)
        assert status_of(line) == 201
        assert next(iter(events(stream)))[0] == "hello"
        assert live.ping().wait(20)


def lazy_line(gateway: Gateway) -> socket.socket:
    """A connection whose client takes little before it reads."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.settimeout(60)
    url = gateway.http.base_url
    line.connect((url.host, url.port or 80))
    return line


def held(gateway: Gateway, lines: list[socket.socket]) -> int:
    """How many of the connections the gateway has."""
    assert gateway.service.process is not None
    ours = {line.getsockname()[1] for line in lines}
    theirs = psutil.Process(gateway.service.process.pid).net_connections("tcp")
    return sum(one.raddr.port in ours for one in theirs if one.raddr)


def test_answers_that_nobody_reads_are_not_held(impatient: Gateway) -> None:
    """Neither a file of the documentation, for which no key is needed, nor a video, nor events."""
    task = impatient.create(video=LARGE)
    video = f"/api/tasks/{task['task_id']}/artifacts/base/{task['video_filename']}"
    with ExitStack() as stack:
        lines = [stack.enter_context(lazy_line(impatient)) for _ in range(20)]
        for number, line in enumerate(lines):
            line.sendall(get(video) if number % 2 else 4 * get("/docs/swagger-ui-bundle.js").replace(b"close", b"x"))
        wait_until(lambda: held(impatient, lines) == len(lines), 30, "they are not connected")
        everything_answers(impatient)
        wait_until(lambda: held(impatient, lines) == 0, 60, "what nobody reads is held")


def test_who_reads_slowly_gets_the_whole_video(impatient: Gateway) -> None:
    """It takes several times the period, with a pause shorter than that."""
    task = impatient.create(video=LARGE)
    with lazy_line(impatient) as line:
        line.sendall(get(f"/api/tasks/{task['task_id']}/artifacts/base/{task['video_filename']}"))
        came, began = bytearray(), time.monotonic()
        while time.monotonic() < began + 2.5 * PERIOD_S:
            came += line.recv(4096)
            time.sleep(0.05)  # this is the speed of the line
        assert len(came) < len(LARGE) // 2
        time.sleep(PERIOD_S / 2)
        while more := line.recv(MIB):
            came += more
    assert bytes(came).partition(b"\r\n\r\n")[2] == LARGE


@pytest.fixture
def own_minio(tmp_path: Path) -> Iterator[MinioServer]:
    """A store of this test alone, which may be stopped in mid-work."""
    try:
        with minio_server(tmp_path / "minio") as server:
            yield server
    except ServerUnavailable as reason:
        pytest.skip(str(reason))


def test_a_store_that_hangs_holds_up_transfers_only(small_world: World, own_minio: MinioServer) -> None:
    """Uploads and downloads wait for it; everything else answers, work is handed out, and when it is back all go on."""
    server = own_minio._server
    if not isinstance(server, ProcessServer) or server._process is None:
        pytest.skip("the store is no process of this test")
    keys = {"S3_ACCESS_KEY": own_minio.access_key, "S3_SECRET_KEY": own_minio.secret_key}
    gateway = small_world.gateway(**LIMITS, S3_ENDPOINT=own_minio.endpoint, **keys)
    task = gateway.create('{"target_languages": ["es"]}')
    with ExitStack() as stack:
        lines = [stack.enter_context(open_line(gateway)) for _ in range(20)]
        readers = [stack.enter_context(open_line(gateway)) for _ in range(50)]
        server._process.send_signal(signal.SIGSTOP)
        try:
            for reader in readers:
                reader.sendall(get(f"/api/tasks/{task['task_id']}/artifacts/base/{task['video_filename']}"))
            senders = [threading.Thread(target=line.sendall, args=(post(len(LARGE)) + LARGE + TAIL,)) for line in lines]
            for sender in senders:
                sender.start()
            answer = gateway.http.get("/readyz?all=true")
            assert (answer.status_code, answer.json()["checks"]["store"]) == (503, False)
            assert answer.json()["checks"]["database"] is True
            assert gateway.http.get("/readyz").status_code == 200, "a store that hangs takes no gateway away"
            for path in ("/healthz", "/metrics", "/api/tasks"):
                assert gateway.http.get(path).status_code == 200, path
            gateway.http.post(f"/api/tasks/{task['task_id']}/process", json={})
            wait_until(lambda: "job_dispatched" in gateway.service.log.read_text(), 60, "nothing is dispatched")
        finally:
            server._process.send_signal(signal.SIGCONT)
        for sender in senders:
            sender.join()
        assert [status_of(line) for line in lines] == [201] * 20
        assert [status_of(reader) for reader in readers] == [200] * 50


def test_a_store_that_hangs_does_not_keep_lost_jobs_lost(small_world: World, own_minio: MinioServer) -> None:
    """The sweep goes on while deleted tasks wait for the store, which erases them when it is back."""
    server = own_minio._server
    if not isinstance(server, ProcessServer) or server._process is None:
        pytest.skip("the store is no process of this test")
    keys = {"S3_ACCESS_KEY": own_minio.access_key, "S3_SECRET_KEY": own_minio.secret_key}
    gateway = small_world.gateway(**LIMITS, S3_ENDPOINT=own_minio.endpoint, **keys)
    deleted = gateway.create()
    gateway.create('{"target_languages": ["es"]}', start=True)
    wait_until(lambda: messages(small_world) == 1, 60, "nothing is dispatched")

    async def lose(js: JetStreamContext) -> None:
        await js.delete_msg(subjects.JOBS, (await js.stream_info(subjects.JOBS)).state.last_seq)

    server._process.send_signal(signal.SIGSTOP)
    try:
        assert gateway.http.delete(f"/api/tasks/{deleted['task_id']}").status_code == 204
        on_broker(small_world, lose)
        wait_until(lambda: execute(small_world, "SELECT resends FROM jobs") == [(1,)], 60, "it is not sent again")
        assert execute(small_world, "SELECT count(*) FROM tasks") == [(2,)]
    finally:
        server._process.send_signal(signal.SIGCONT)
    wait_until(lambda: execute(small_world, "SELECT count(*) FROM tasks") == [(1,)], 60, "it is not erased")


SRT = b"1\n00:00:00,000 --> 00:00:00,900\nuno\n\n"


def tone() -> bytes:
    """Four seconds of sound."""
    file = io.BytesIO()
    with wave.open(file, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(8000)
        made.writeframes(b"".join(bytes((0, 64 if n // 20 % 2 else 192)) for n in range(32_000)))
    return file.getvalue()


def form(sound: bytes) -> bytes:
    """A clip as it is sent."""
    consent = b'--xyz\r\nContent-Disposition: form-data; name="consent"\r\n\r\ntrue\r\n'
    return consent + b'--xyz\r\nContent-Disposition: form-data; name="audio"; filename="a"\r\n\r\n' + sound + TAIL


def work_for_the_store(world: World, gateway: Gateway, task_id: str, each: int) -> list[tuple[bytes, set[int]]]:
    """Requests that need the store, `each` of every kind, with the answers they may get."""
    database = Database(world.database_url)
    with database.write() as session:
        session.add(SpeakerRow(task_id=task_id, speaker_id="spk_1", name="Ann", reference_key="tasks/none.wav"))
        for n in range(each):
            session.add(ClipRow(clip_id=f"clip_{n}", name="a", key=f"clips/{n}", duration_s=4.0))
            session.add(CastRow(cast_id=f"cast_{n}", name="a"))
            session.add(ExportRow(task_id=task_id, export_id=f"export_{n}", recipe={}, status="completed"))
    database.close()
    begun = {"filename": "a.mp4", "size": len(VIDEO)}
    uploads = [gateway.http.post("/api/uploads", json=begun).json()["upload_id"] for _ in range(each + 1)]
    task, speaker = f"/api/tasks/{task_id}", {"task_id": task_id, "speaker_id": "spk_1"}
    answer = {"choice": "subtitles", "language": "en", "subtitles": base64.b64encode(SRT).decode()}
    asked: list[tuple[bytes, set[int]]] = [(get(f"/api/uploads/{uploads[each]}"), {200}) for _ in range(50)]
    for n in range(each):
        asked += [
            (ask("POST", "/api/uploads", begun), {201}),
            (ask("DELETE", f"/api/uploads/{uploads[n]}", b""), {204}),
            (ask("PUT", f"{task}/languages/es/subtitles", SRT, "application/x-subrip"), {200}),
            (ask("POST", f"{task}/answer", answer), {409}),
            (ask("DELETE", f"{task}/exports/export_{n}", b""), {204}),
            (ask("POST", "/api/cast", speaker), {201, 409}),
            (ask("DELETE", f"/api/cast/cast_{n}", b""), {204}),
            (ask("POST", "/api/clips", form(tone()), "multipart/form-data; boundary=xyz"), {201}),
            (ask("DELETE", f"/api/clips/clip_{n}", b""), {204}),
        ]
    return asked


def test_a_store_that_hangs_holds_up_who_needs_it_only(small_world: World, own_minio: MinioServer) -> None:
    """Whatever they want of it; others read and write, the gateway is not restarted, and when it is back all go on."""
    server = own_minio._server
    if not isinstance(server, ProcessServer) or server._process is None:
        pytest.skip("the store is no process of this test")
    keys = {"S3_ACCESS_KEY": own_minio.access_key, "S3_SECRET_KEY": own_minio.secret_key}
    gateway = small_world.gateway(**LIMITS, S3_ENDPOINT=own_minio.endpoint, **keys)
    task_id = gateway.create('{"target_languages": ["es"], "source_language": "en"}')["task_id"]
    asked = work_for_the_store(small_world, gateway, task_id, each=20)
    with ExitStack() as stack:
        lines = [stack.enter_context(open_line(gateway)) for _ in asked]
        server._process.send_signal(signal.SIGSTOP)
        try:
            for line, (request, _) in zip(lines, asked, strict=True):
                line.sendall(request)
            for speakers in range(1, 21):
                changed = gateway.http.patch(f"/api/tasks/{task_id}", json={"num_speakers": speakers})
                assert changed.status_code == 200, changed.text
                for path in ("/healthz", "/metrics", "/api/tasks", f"/api/tasks/{task_id}"):
                    assert gateway.http.get(path).status_code == 200, path
        finally:
            server._process.send_signal(signal.SIGCONT)
        got = [status_of(line) for line in lines]
    assert [(request[:60], code) for (request, may), code in zip(asked, got, strict=True) if code not in may] == []
