"""Upload of a large file through the gateway beside a plain copy of it: speed and the gateway's memory."""

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from benchmarks.measure import MemoryWatch, broker, folder, gateway

SIZE = int(float(os.environ.get("BENCH_UPLOAD_GB", "2")) * 1024**3)
_CHUNK = 1024 * 1024
_BOUNDARY = "localclip-benchmark"


def _make(path: Path) -> None:
    """A file that begins like an MP4 and goes on with bytes that do not compress."""
    block = os.urandom(_CHUNK)
    with path.open("wb") as file:
        file.write(b"\x00\x00\x00\x20ftypisom" + block[12:])
        while file.tell() < SIZE:
            file.write(block)


def _body(path: Path) -> Iterator[bytes]:
    yield (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="video"; filename="big.mp4"\r\n'
        "Content-Type: video/mp4\r\n\r\n"
    ).encode()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
    yield f"\r\n--{_BOUNDARY}--\r\n".encode()


def _copy(source: Path, target: Path) -> float:
    began = time.perf_counter()
    with source.open("rb") as read, target.open("wb") as write:
        shutil.copyfileobj(read, write, _CHUNK)
        write.flush()
        os.fsync(write.fileno())
    return time.perf_counter() - began


def run() -> dict[str, object]:
    """Copy, upload, compare."""
    with folder() as path:
        source = path / "big.mp4"
        _make(source)
        _copy(source, path / "warm.bin")  # both read a warm file
        copied_s = _copy(source, path / "copy.bin")
        (path / "copy.bin").unlink()
        (path / "warm.bin").unlink()
        with broker(path) as url, gateway(path, url, MAX_VIDEO_SIZE_MB="8192") as (address, child):
            with MemoryWatch(child.pid) as memory:
                began = time.perf_counter()
                answer = httpx.post(
                    f"{address}/api/tasks",
                    content=_body(source),
                    headers={"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"},
                    timeout=600,
                )
                uploaded_s = time.perf_counter() - began
            answer.raise_for_status()
            assert answer.json()["video_size"] == source.stat().st_size
    mb = SIZE / 1e6
    return {
        "name": "upload",
        "size_gb": round(SIZE / 1024**3, 2),
        "upload_mb_s": round(mb / uploaded_s, 1),
        "copy_mb_s": round(mb / copied_s, 1),
        "time_ratio": round(uploaded_s / copied_s, 2),
        "gateway_rss_before_mib": round(memory.first / 1024**2, 1),
        "gateway_rss_peak_mib": round(memory.peak / 1024**2, 1),
        "gateway_rss_growth_mib": round((memory.peak - memory.first) / 1024**2, 1),
    }


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=2)
