"""The process in which yt-dlp runs: it can only reach our proxy, only start ffmpeg, and ends with its gateway.

Its memory is limited where the system can do that, and that of the programs it starts: a page may unpack to any size.

A standalone script. The first line of its input says what to do, the single line of its output is the result; when its
input ends, it ends too, with everything it started.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

if sys.platform == "linux":
    import resource

_PROGRAMS = ("ffmpeg", "ffprobe")
_STARTS = ("os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile", "pty.spawn")
_LOOKUPS = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
_SENDS = ("socket.bind", "socket.sendto", "socket.sendmsg")
_FORMATS = "[protocol~='^(https?|m3u8|m3u8_native|http_dash_segments)(\\+|$)'][filesize<?{most}]"
_CONTAINERS = "mov,mp4,m4a,3gp,matroska,webm,mpegts,aac,mp3,ogg,flac,wav"
"""What ffmpeg may read here: no playlists, which would lead it to other files."""
_GONE, _LATER = (404, 410), (408, 425, 429)


class Refused(PermissionError):  # noqa: N818 (nothing failed)
    """Something that yt-dlp tried to do bypassing the proxy."""


class _Log:
    """The output of yt-dlp, in which one sentence matters: when a file is too large, it carries on as if nothing had
    happened."""

    is_too_large = False

    def debug(self, text: str) -> None:
        """Everything that is not a warning."""
        self.is_too_large |= "larger than max-filesize" in text

    info = warning = error = debug


def main() -> int:
    """Do what the input says."""
    job = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_gateway, daemon=True).start()
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else is printed is not the result
    sys.addaudithook(guard(job["port"]))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (job["memory"], job["memory"]))
    try:
        answer = _fetch(job)
    except Exception as error:  # noqa: BLE001 (told by the gateway)
        answer = _why(error)
    out.write(json.dumps(answer) + "\n")
    out.flush()
    return 0


def _end_with_gateway() -> None:
    while os.read(0, 1):
        pass
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def guard(port: int) -> Callable[[str, tuple[Any, ...]], None]:
    """Audit hook that Python calls before each connection and each start of a program; it cannot be removed."""

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "socket.connect" and tuple(args[1][:2]) != ("127.0.0.1", port):
            raise Refused("it wanted to connect without the proxy")
        if event in _SENDS or (event in _LOOKUPS and args[0] not in ("127.0.0.1", b"127.0.0.1")):
            raise Refused("it wanted to reach something without the proxy")
        if event in _STARTS or (event == "subprocess.Popen" and not _is_local_ffmpeg(args[1])):
            raise Refused("it wanted to start another program, or ffmpeg on an address")
        if event == "import" and args[0].partition(".")[0] == "curl_cffi":
            raise ImportError("its connections are not Python's: nothing would see where they go")

    return hook


def _is_local_ffmpeg(command: Any) -> bool:
    if isinstance(command, (str, bytes)) or not command:
        return False
    words = [os.fsdecode(word) for word in command]
    return Path(words[0]).stem in _PROGRAMS and not any("://" in word for word in words)


def _params(job: dict[str, Any], log: _Log) -> dict[str, Any]:
    ours = _FORMATS.format(most=job["most"])
    return {
        "proxy": job["proxy"],
        "format": f"bv*{ours}+ba{ours}/b{ours}/ba{ours}",
        "format_sort": ["res:1080"],
        "max_filesize": job["most"],
        "outtmpl": "video.%(ext)s",
        "merge_output_format": "mp4/mkv",
        "external_downloader": {"default": "native"},
        "postprocessor_args": {"ffmpeg_i": ["-format_whitelist", _CONTAINERS]},
        "js_runtimes": {},
        "noplaylist": True,
        "playlist_items": "1-2",
        "cachedir": False,
        "quiet": True,
        "noprogress": True,
        "updatetime": False,
        "socket_timeout": 30,
        "retries": 2,
        "extractor_retries": 2,
        "fragment_retries": 5,
        "compat_opts": {"no-certifi"},
        "logger": log,
    }


def _fetch(job: dict[str, Any]) -> dict[str, Any]:
    import yt_dlp

    log = _Log()
    with yt_dlp.YoutubeDL(_params(job, log)) as tool:
        info = tool.extract_info(job["url"], download=False)
        if "entries" in info:
            entries = [one for one in info["entries"] if one]
            if len(entries) != 1:
                what = "more than one video: name the page of one" if entries else "no video"
                return _failure("media_unsupported", f"this page has {what}", is_final=True)
            info = entries[0]
        if info.get("is_live") or info.get("live_status") == "is_upcoming":
            return _failure("source_refused", "it is still being broadcast", is_final=True)
        done = tool.process_ie_result(info, download=True)
    files = [one["filepath"] for one in done.get("requested_downloads") or () if one.get("filepath")]
    if files and Path(files[0]).is_file():
        return {"file": Path(files[0]).name, "title": _title(info)}
    if log.is_too_large:
        return _failure("video_too_large", "", is_final=True)
    return _failure("source_unreachable", "nothing came", is_final=False)


def _title(info: dict[str, Any]) -> str:
    """The title of the page; for sites that yt-dlp does not know, it numbers the videos it finds."""
    title = str(info.get("title") or "")[:300]
    return title.removesuffix(" (1)") if info.get("extractor_key") in ("Generic", "HTML5MediaEmbed") else title


def _why(error: Exception) -> dict[str, Any]:
    from yt_dlp.networking.exceptions import HTTPError, RequestError
    from yt_dlp.utils import ExtractorError, UnsupportedError

    chain = list(_chain(error))
    for one in chain:
        if isinstance(one, Refused):
            return _failure("source_refused", str(one), is_final=True)
        if isinstance(one, HTTPError):
            return _of_status(one.status)
        if isinstance(one, UnsupportedError):
            return _failure("media_unsupported", "yt-dlp finds no video on this page", is_final=True)
        if isinstance(one, MemoryError):
            return _failure("source_refused", "reading this page takes too much memory", is_final=True)
    if any(isinstance(one, RequestError | OSError) for one in chain):
        return _failure("source_unreachable", _text(chain[-1]), is_final=False)
    known = next((one for one in chain if isinstance(one, ExtractorError) and one.expected), None)
    if known is not None:
        return _failure("source_refused", str(known.orig_msg), is_final=True)
    return _failure("source_refused", f"yt-dlp cannot read this page; a newer one may: {_text(error)}", is_final=True)


def _of_status(status: int) -> dict[str, Any]:
    if status in _GONE:
        return _failure("source_gone", f"there is no video at this address (it answered {status})", is_final=True)
    if status >= 500 or status in _LATER:
        return _failure("source_unreachable", f"it answered {status}", is_final=False)
    return _failure("source_refused", f"it does not give the video away (it answered {status})", is_final=True)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and its causes: yt-dlp hides the original one in three ways."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop(0)
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        hidden = getattr(one, "exc_info", None)
        waiting += [hidden[1] if hidden else None, getattr(one, "cause", None), one.__cause__, one.__context__]


def _text(error: BaseException) -> str:
    return f"{type(error).__name__} {error}"[:200]


def _failure(code: str, message: str, *, is_final: bool) -> dict[str, Any]:
    return {"code": code, "message": message[:300], "is_final": is_final}


if __name__ == "__main__":
    sys.exit(main())
