"""Videos of pages: yt-dlp itself, which reaches only what the proxy lets it reach, and leaves nothing behind."""

import asyncio
import base64
import contextlib
import gzip
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from filelock import FileLock

from services.gateway.batches import addresses
from services.gateway.pipeline.canceling import cancel
from services.gateway.settings import GatewaySettings
from services.gateway.uploads import page_child
from services.gateway.uploads import pages as page_fetches
from services.gateway.uploads.fetching import Fetcher
from services.gateway.uploads.pages import Pages
from services.gateway.uploads.proxy import FilteringProxy
from services.gateway.uploads.remote import SourceError
from services.gateway.web.threads import Threads
from shared.outside import parse_networks
from shared.storage import DirectoryStore
from shared.testing import wait_until
from tests.services.gateway.batches.test_batches import create, wait
from tests.services.gateway.conftest import Gateway, World
from tests.services.gateway.uploads.remote_files import MIB, File, Files, video
from tests.services.gateway.uploads.test_sources import (
    LOOPBACK,
    PRIVATE,
    PUBLIC,
    Place,
    Resolver,
    _with_task,
    two_sides,
)

needs_ytdlp = pytest.mark.skipif(not addresses.has_ytdlp(), reason="yt-dlp is not installed (localclip[ytdlp])")


@pytest.fixture
def files() -> Iterator[Files]:
    """A server of files and pages."""
    found = Files()
    yield found
    found.close()


@pytest.fixture
def pages(sqlite_url: str, directory_store: DirectoryStore, tmp_path: Path) -> Iterator["PagePlace"]:
    """A place that fetches from pages."""
    found = PagePlace(sqlite_url, directory_store, tmp_path / "pages")
    yield found
    found.database.close()


class PagePlace(Place):
    """With a folder for what yt-dlp writes."""

    def __init__(self, database_url: str, store: DirectoryStore, scratch: Path, **settings: Any) -> None:
        super().__init__(database_url, store, ytdlp=True, **settings)
        self.scratch = scratch

    def fetcher(self) -> Fetcher:
        return Fetcher(self.database, self.store, Threads(), self.settings, self.bucket, self.scratch)

    def reason(self, task_id: str) -> tuple[str | None, str]:
        """Why it failed."""
        found = self.task(task_id)
        assert found.status == "failed"
        return found.error_code, str(found.error_message)


def page(*videos: str, title: str = "A/B: talk") -> File:
    """A page with videos on it."""
    tags = "".join(f'<video src="{one}"></video>' for one in videos)
    return File(f"<html><head><title>{title}</title></head><body>{tags}</body></html>".encode(), kind="text/html")


def clip() -> File:
    """What a server says of a video."""
    return File(video(7), kind="video/mp4")


def children(task_id: str) -> list[psutil.Process]:
    """Processes that work in the folder of a task."""
    found = []
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error, FileNotFoundError):
            if one.cwd().endswith(task_id) and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one)
    return found


@needs_ytdlp
def test_the_video_of_a_page_is_fetched_and_dubbed(small_world: World, files: Files) -> None:
    """It is called as the page is, and nothing stays of how it came."""
    files.files["/talks/1"] = page("/a.mp4")
    files.files["/a.mp4"] = file = clip()
    gateway, _ = small_world.gateway(**LOOPBACK, LOCALCLIP_YTDLP="true"), small_world.workers()
    body = {"source_page": f"{files.url}/talks/1", "config": {"target_languages": ["es"]}, "start": True}
    answer = gateway.http.post("/api/tasks", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["video_original_name"] == "1"
    done = gateway.wait_for(answer.json()["task_id"])
    assert (done["status"], done["source"], done["video_original_name"]) == ("completed", None, "A-B: talk.mp4")
    url = answer.headers["location"]
    assert gateway.http.get(f"{url}/artifacts/base/{done['video_filename']}").content == file.content
    scratch = small_world.folder / "tmp" / "pages"
    wait_until(lambda: not list(scratch.iterdir()), 60, "something is left")


@needs_ytdlp
def test_what_cannot_be_had_is_a_reason_of_its_row(small_world: World, files: Files) -> None:
    """The others go on; a row may name a page as well as an address."""
    inside = Files("127.0.0.2")
    inside.files |= {"/a.mp4": clip(), "/page": page("/a.mp4")}
    there = f"http://127.0.0.2:{inside.port}"
    served = {
        "/good": page("/a.mp4"),
        "/a.mp4": clip(),
        "/empty": page(),
        "/two": page("/a.mp4", "/b.mp4"),
        "/b.mp4": clip(),
        "/denied": File(status=403),
        "/led": File(status=302, location=f"{there}/page"),
        "/shows-inside": page(f"{there}/a.mp4"),
        "/leads-inside": page("/led.mp4"),
        "/led.mp4": File(status=302, location=f"{there}/a.mp4"),
        "/large": page("/large.mp4"),
        "/large.mp4": File(video(21), kind="video/mp4"),
    }
    files.files |= served
    gateway, _ = small_world.gateway(**LOOPBACK, LOCALCLIP_YTDLP="true"), small_world.workers()
    named = ["/good", "/gone", "/empty", "/two", "/denied", "/led", "/shows-inside", "/leads-inside", "/large"]
    batch = create(gateway, [{"source_page": files.url + name, "languages": ["es"]} for name in named])
    wait(gateway, batch, lambda one: one["state"] == "completed", "it does not end")
    items = gateway.http.get(f"/api/batches/{batch['batch_id']}/rows").json()
    host = urlsplit(files.url).netloc
    assert {item["source"].removeprefix(host): item["error_code"] for item in items} == {
        "/good": None,
        "/gone": "source_gone",
        "/empty": "media_unsupported",
        "/two": "media_unsupported",
        "/denied": "source_refused",
        "/led": "forbidden_address",
        "/shows-inside": "forbidden_address",
        "/leads-inside": "forbidden_address",
        "/large": "video_too_large",
    }
    assert inside.asked == []
    inside.close()


@needs_ytdlp
@pytest.mark.skipif(sys.platform != "linux", reason="the system limits no address space")
def test_a_page_that_unpacks_to_no_end_stops_at_the_memory_it_may_use(
    monkeypatch: pytest.MonkeyPatch, pages: "PagePlace", files: Files
) -> None:
    """A thousandth of it crosses the line, so no count of bytes sees it."""
    monkeypatch.setattr(page_fetches, "_MEMORY_BYTES", 512 * MIB)
    files.files["/page"] = File(gzip.compress(b"<html>" + b" " * 512 * MIB, 1), kind="text/html", encoding="gzip")
    task_id = pages.add(f"page:{files.url}/page")
    pages.fetch_all()
    assert pages.reason(task_id) == ("source_refused", "reading this page takes too much memory")


def test_pages_are_fetched_only_where_they_are_turned_on(gateway: Gateway) -> None:
    """For a task and for a row, with the way out."""
    body = {"source_page": "https://example.org/talk"}
    answer = gateway.http.post("/api/tasks", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "pages_not_fetched")
    assert "LOCALCLIP_YTDLP=true" in answer.json()["detail"]
    rows = [{**body, "languages": ["es"]}]
    refused = gateway.http.post("/api/batches", json={"rows": rows}).json()["errors"][0]
    assert (refused["code"], refused["pointer"]) == ("pages_not_fetched", "/rows/0/source_page")


def test_what_is_wrong_with_a_page_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, place_settings: GatewaySettings
) -> None:
    """Where yt-dlp is missing, and where an address leads inside."""
    monkeypatch.setattr(addresses, "has_ytdlp", lambda: False)
    with pytest.raises(Exception, match=r"localclip\[ytdlp\]"):
        addresses.address_of(place_settings, None, None, "https://example.org/a")
    monkeypatch.setattr(addresses, "has_ytdlp", lambda: True)
    assert addresses.address_of(place_settings, None, None, "https://a.b/c#d") == "page:https://a.b/c"
    for url in PRIVATE:
        with pytest.raises(Exception, match=r"address|private"):
            addresses.address_of(place_settings, None, None, url)


@pytest.fixture
def place_settings() -> GatewaySettings:
    """With pages turned on, and no networks opened."""
    return GatewaySettings(ytdlp=True)


@needs_ytdlp
def test_a_name_that_changes_sides_is_refused(monkeypatch: pytest.MonkeyPatch, pages: "PagePlace") -> None:
    """Its page is public, and when its video is asked for it leads inside: nobody there is asked."""
    with two_sides() as (outside, inside):
        outside.files["/page"] = page(f"http://rebind.test:{inside.port}/a.mp4")
        resolver = Resolver(monkeypatch, outside.port, [PUBLIC], ["127.0.0.1"])
        pages.settings = pages.settings.model_copy(update={"allowed_networks": f"{PUBLIC}/32"})
        task_id = pages.add(f"page:http://rebind.test:{inside.port}/page")
        pages.fetch_all()
        code, why = pages.reason(task_id)
        assert code == "forbidden_address"
        assert "rebind.test" in why
        assert (set(resolver.connected), inside.asked) == ({PUBLIC}, [])
        assert outside.asked


@needs_ytdlp
def test_a_page_of_a_network_that_was_not_opened(pages: "PagePlace", files: Files) -> None:
    """However it came to be asked for: no connection reaches the server."""
    files.files |= {"/page": page("/a.mp4"), "/a.mp4": clip()}
    pages.settings = pages.settings.model_copy(update={"allowed_networks": "10.0.0.0/8"})
    task_id = pages.add(f"page:http://localhost:{files.port}/page")
    pages.fetch_all()
    assert pages.reason(task_id)[0] == "forbidden_address"
    assert files.asked == []


@needs_ytdlp
def test_sound_and_picture_that_lie_apart(pages: "PagePlace", files: Files, tmp_path: Path) -> None:
    """As most sites have it: both are fetched in pieces, and put together by ffmpeg."""
    made = tmp_path / "hls"
    made.mkdir()
    inputs = ["-f", "lavfi", "-i", "testsrc=s=160x90:r=10:d=2", "-f", "lavfi", "-i", "sine=d=2"]
    streams = ["-var_stream_map", "v:0,agroup:a a:0,agroup:a,default:yes", "-master_pl_name", "master.m3u8"]
    codecs = ["-map", "0:v", "-map", "1:a", "-c:v", "libx264", "-c:a", "aac", "-f", "hls", "-hls_playlist_type", "vod"]
    subprocess.run(["ffmpeg", "-v", "error", *inputs, *codecs, *streams, "s%v.m3u8"], cwd=made, check=True)
    kinds = {".m3u8": "application/vnd.apple.mpegurl", ".ts": "video/mp2t"}
    files.files |= {f"/{one.name}": File(one.read_bytes(), kind=kinds[one.suffix]) for one in made.iterdir()}
    task_id = pages.add(f"page:{files.url}/master.m3u8")
    pages.fetch_all()
    assert pages.task(task_id).status == "pending", pages.task(task_id).error_message
    whole = tmp_path / "whole.mp4"
    whole.write_bytes(pages.content(task_id))
    shown = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_type", "-of", "csv=p=0", str(whole)]
    assert sorted(subprocess.run(shown, capture_output=True, text=True, check=True).stdout.split()) == [
        "audio",
        "video",
    ]


@needs_ytdlp
def test_an_encrypted_page(pages: "PagePlace", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As almost all are: through a tunnel, with its certificate checked."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    made = [*("-subj", "/CN=here", "-addext", "subjectAltName=IP:127.0.0.1"), "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *made], cwd=tmp_path, check=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    files = Files(context=context)
    files.files |= {"/page": page("/a.mp4"), "/a.mp4": (file := clip())}
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    known = pages.add(f"page:{files.url}/page")
    pages.fetch_all()
    assert pages.content(known) == file.content
    asked = len(files.asked)
    monkeypatch.delenv("SSL_CERT_FILE")
    pages.settings = pages.settings.model_copy(update={"source_retry_s": 1000})
    unknown = pages.add(f"page:{files.url}/page")
    asyncio.run(pages.fetcher().turn())
    assert "CERTIFICATE_VERIFY_FAILED" in str(pages.source(unknown).error_message)
    assert len(files.asked) == asked
    files.close()


@needs_ytdlp
def test_a_stream_that_only_ffmpeg_would_read_is_refused(pages: "PagePlace", files: Files) -> None:
    """ffmpeg knows ways past a proxy, so it gets no address: one that is still going on ends with the reason."""
    going = b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://127.0.0.1:9/a.ts\n"
    files.files["/live.m3u8"] = File(going, kind="application/vnd.apple.mpegurl")
    task_id = pages.add(f"page:{files.url}/live.m3u8")
    pages.fetch_all()
    assert pages.reason(task_id) == ("source_refused", "it is still being broadcast")


@needs_ytdlp
def test_a_fetch_that_is_canceled_ends_its_processes(pages: "PagePlace", files: Files) -> None:
    """Within seconds, and nothing stays in its folder."""
    files.files |= {"/page": page("/a.mp4"), "/a.mp4": File(video(11), kind="video/mp4", held_after=8 * MIB)}
    task_id = pages.add(f"page:{files.url}/page", start=True)

    async def stop_it() -> None:
        turn = asyncio.create_task(pages.fetcher().turn())
        while (await asyncio.to_thread(pages.source, task_id)).received < 5 * MIB:  # noqa: ASYNC110 (the database tells)
            await asyncio.sleep(0.05)
        assert await asyncio.to_thread(children, task_id)
        await asyncio.to_thread(_with_task, pages, task_id, lambda session, task: cancel(session, task, None))
        await asyncio.wait_for(turn, 30)

    asyncio.run(stop_it())
    assert children(task_id) == []
    assert (pages.task(task_id).status, pages.source(task_id).state) == ("canceled", "canceled")
    asyncio.run(pages.fetcher().turn())
    assert list(pages.scratch.iterdir()) == []


@needs_ytdlp
def test_a_killed_gateway_leaves_no_child_and_goes_on(small_world: World, files: Files) -> None:
    """What lies in the folder is asked for no more."""
    content = video(13)
    files.files |= {"/page": page("/a.mp4"), "/a.mp4": (file := File(content, kind="video/mp4", held_after=8 * MIB))}
    gateway = small_world.gateway(**LOOPBACK, LOCALCLIP_YTDLP="true")
    task_id = gateway.http.post("/api/tasks", json={"source_page": f"{files.url}/page"}).json()["task_id"]
    url = f"/api/tasks/{task_id}"
    wait_until(lambda: gateway.http.get(url).json()["source"]["received"] >= 5 * MIB, 60, "it does not come")
    assert children(task_id)
    gateway.service.end(signal.SIGKILL)
    wait_until(lambda: not children(task_id), 30, "a child lives on")
    file.go_on.set()
    gateway.service.start()
    gateway.wait_ready()
    wait_until(lambda: not gateway.http.get(url).json()["source"], 60, "it does not go on")
    assert any(asked[0] == "/a.mp4" and (asked[1] or "bytes=0-") != "bytes=0-" for asked in files.asked), files.asked
    task = gateway.http.get(url).json()
    assert gateway.http.get(f"{url}/artifacts/base/{task['video_filename']}").content == content


@needs_ytdlp
def test_a_video_takes_only_so_long(sqlite_url: str, directory_store: DirectoryStore, tmp_path: Path) -> None:
    """A server that says nothing is given up, and its process with it."""
    files = Files()
    files.files["/page"] = File(b"<html>", kind="text/html", held_after=0)
    place = PagePlace(sqlite_url, directory_store, tmp_path / "pages", source_hours=0.0008)
    task_id = place.add(f"page:{files.url}/page")
    place.fetch_all()
    assert place.reason(task_id)[0] == "source_too_slow"
    assert children(task_id) == []
    files.close()


def test_a_folder_is_one_gateway_s_at_a_time(pages: "PagePlace") -> None:
    """Who comes second waits its turn; a gateway of another database tidies away what is left, not what is at work."""
    mine, theirs = pages.scratch / "task_1", pages.scratch / "task_2"
    for one in (mine, theirs):
        one.mkdir(parents=True)
    store = Pages(pages.settings, Threads(), pages.scratch)
    with FileLock(mine.with_suffix(".lock")):
        store.tidy(lambda _: False)
        assert [one for one in pages.scratch.iterdir() if one.is_dir()] == [mine]

        async def open_it() -> None:
            async with store.open("http://127.0.0.1:9/", "task_1", _untold):
                raise AssertionError("it was opened")

        with pytest.raises(SourceError, match="another gateway"):
            asyncio.run(open_it())
    store.tidy(lambda _: False)
    assert list(pages.scratch.iterdir()) == []


async def _untold(there: int, moved: int) -> None:
    raise AssertionError((there, moved))


@pytest.mark.parametrize(
    ("event", "args"),
    [
        ("socket.connect", (None, ("127.0.0.1", 8))),
        ("socket.connect", (None, ("10.0.0.1", 7))),
        ("socket.connect", (None, ("::1", 7, 0, 0))),
        ("socket.connect", (None, "/run/docker.sock")),
        ("socket.getaddrinfo", ("example.org", 443, 0, 0, 0)),
        ("socket.sendto", (None, ("10.0.0.1", 53))),
        ("subprocess.Popen", ("sh", ["sh", "-c", "true"], None, None)),
        ("subprocess.Popen", ("curl", ["curl", "file"], None, None)),
        ("subprocess.Popen", ("ffmpeg", ["ffmpeg", "-i", "rtmp://10.0.0.1/a"], None, None)),
        ("subprocess.Popen", ("ffmpeg", "ffmpeg -i a", None, None)),
        ("os.system", (b"true",)),
        ("os.fork", ()),
        ("import", ("curl_cffi.requests", None, None, None, None)),
    ],
)
def test_what_the_process_of_ytdlp_may_not_do(event: str, args: tuple[Any, ...]) -> None:
    """Whatever an extractor thinks of: nothing is reached beside the proxy, and nothing is started beside ffmpeg."""
    with pytest.raises((page_child.Refused, ImportError)):
        page_child.guard(7)(event, args)


def test_what_the_process_of_ytdlp_may_do() -> None:
    """The proxy, ffmpeg on files, and everything that is nobody's business."""
    hook = page_child.guard(7)
    hook("socket.connect", (None, ("127.0.0.1", 7)))
    hook("socket.getaddrinfo", ("127.0.0.1", 7, 0, 0, 0))
    hook("subprocess.Popen", ("ffmpeg", ["/usr/bin/ffmpeg", "-i", "file:a.mp4", "file:b.mp4"], None, None))
    hook("open", ("a", "r", 0))


def test_the_guard_holds_for_real_connections() -> None:
    """Python itself asks it, and says no to who does not use the proxy."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        tried = (
            "import runpy, socket, sys\n"
            f"guard = runpy.run_path({page_child.__file__!r})['guard']\n"
            f"sys.addaudithook(guard({port}))\n"
            f"socket.create_connection(('127.0.0.1', {port})).close()\n"
            f"socket.create_connection(('127.0.0.1', {port + 1}))\n"
        )
        found = subprocess.run([sys.executable, "-c", tried], capture_output=True, text=True, check=False)
    assert "Refused: it wanted to connect without the proxy" in found.stderr


def _ask(networks: str, *lines: bytes, most: int = MIB, word: bool = True) -> tuple[bytes, FilteringProxy]:
    """What the proxy answers to one request, with its word or without."""

    async def ask() -> tuple[bytes, FilteringProxy]:
        async with FilteringProxy(parse_networks(networks), most) as proxy:
            login = base64.b64encode(f"{urlsplit(proxy.url).username}:{urlsplit(proxy.url).password}".encode())
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            first, *rest = lines
            known = b"Proxy-Authorization: Basic " + login + b"\r\n" if word else b""
            writer.write(first + b" HTTP/1.1\r\nHost: x\r\n" + known + b"\r\n")
            for one in rest:
                writer.write(one)
            answer = await asyncio.wait_for(reader.read(), 30)
            writer.close()
            return answer, proxy

    return asyncio.run(ask())


def test_the_proxy_answers_only_who_knows_its_word(files: Files) -> None:
    """Others on this machine get nothing of it."""
    files.files["/a"] = File(b"hello")
    asked = f"GET {files.url}/a".encode()
    assert _ask("127.0.0.1/32", asked, word=False)[0].startswith(b"HTTP/1.1 407 ")
    assert files.asked == []
    answer, proxy = _ask("127.0.0.1/32", asked)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"hello")
    assert (proxy.received, proxy.refused) == (5, None)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "[::ffff:7f00:1]"])
def test_the_proxy_refuses_what_lies_inside(host: str, files: Files) -> None:
    """With encryption and without."""
    for asked in (f"CONNECT {host}:{files.port}", f"GET http://{host}:{files.port}/a"):
        answer, proxy = _ask("", asked.encode())
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert proxy.refused
    assert files.asked == []


def test_a_tunnel_carries_only_what_is_encrypted(files: Files) -> None:
    """And gives no more than may come."""
    files.files["/a"] = File(b"hello")
    target = f"CONNECT 127.0.0.1:{files.port}".encode()
    plain, _ = _ask("127.0.0.1/32", target, b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
    assert plain.startswith(b"HTTP/1.1 200 ")
    assert plain.endswith(b"\r\n\r\n")
    assert files.asked == []
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_send_much, args=(server,), daemon=True).start()
        target = f"CONNECT 127.0.0.1:{server.getsockname()[1]}".encode()
        much, proxy = _ask("127.0.0.1/32", target, b"\x16hello", most=100_000)
    assert 0 < len(much) < 200_000
    assert proxy.is_spent


def _send_much(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection, contextlib.suppress(OSError):
        assert connection.recv(6) == b"\x16hello"
        connection.sendall(b"x" * 4 * MIB)
