"""Videos without speech, and files that are no videos."""

import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import Product

CONFIG = '{"target_languages": ["es"], "source_language": "en"}'


def make(path: Path, *inputs: str) -> Path:
    """A short video from ffmpeg's own sources."""
    sources = [part for source in inputs for part in ("-f", "lavfi", "-i", source)]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *sources, "-shortest", str(path)], check=True)
    return path


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("no_audio.mp4", ["testsrc=d=3:s=320x240"]),
        ("silent.mp4", ["testsrc=d=3:s=320x240", "anullsrc=d=3"]),
        ("music.mp4", ["testsrc=d=3:s=320x240", "sine=f=440:d=3"]),
    ],
)
def test_nothing_to_dub(product: Product, tmp_path: Path, name: str, inputs: list[str]) -> None:
    """The task completes, says why there was nothing to dub, and its export is the original."""
    video = make(tmp_path / name, *inputs)
    task_id = product.create(video, CONFIG)
    task = product.wait_for(task_id)
    assert task["note"]
    assert task["nothing_to_dub"]
    assert product.lines(task_id, "es") == []
    export = tmp_path / "export.mp4"
    export.write_bytes(product.artifact(task_id, "es", "export_es.mp4"))
    assert streams(export) == streams(video)


def streams(path: Path) -> list[str]:
    """Hashes of the compressed packets of picture and sound."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:v", "-map", "0:a?", "-c", "copy"]
    return subprocess.run(
        [*command, "-f", "streamhash", "-"], check=True, capture_output=True, text=True
    ).stdout.splitlines()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.mp4", b""),
        ("text.mp4", b"this is a text file and no video at all\n" * 100),
        ("playlist.mp4", b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n"),
        ("concat.mp4", b"ffconcat version 1.0\nfile /etc/passwd\n"),
        ("picture.mp4", b"\x89PNG\r\n\x1a\n" + b"\x00" * 2000),
    ],
)
def test_what_is_no_video_is_refused_at_the_door(product: Product, name: str, content: bytes) -> None:
    """415 with a code; nothing is stored."""
    before = list((product.data / "objects" / "tasks").glob("*"))
    answer = product.http.post("/api/tasks", files={"video": (name, content)})
    assert (answer.status_code, answer.json()["code"]) == (415, "media_unsupported")
    assert answer.headers["content-type"] == "application/problem+json"
    assert list((product.data / "objects" / "tasks").glob("*")) == before


def test_a_truncated_video_fails_with_a_clear_code(product: Product, tmp_path: Path) -> None:
    """The next task is not harmed."""
    whole = make(tmp_path / "whole.mp4", "testsrc=d=3:s=320x240", "sine=f=440:d=3").read_bytes()
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(whole[: len(whole) // 2])
    task = product.wait_for(product.create(broken, CONFIG), "failed")
    assert task["error_code"] == "media_unreadable"
    assert "damaged or cut off" in task["error_message"]
    good = tmp_path / "good.mp4"
    good.write_bytes(whole)
    product.wait_for(product.create(good, CONFIG))


def test_a_playlist_inside_a_video_name_reads_no_other_file(product: Product, tmp_path: Path) -> None:
    """An MP4 head with a playlist behind it is opened as MP4 only, and fails."""
    path = tmp_path / "sneaky.mp4"
    path.write_bytes(b"\x00\x00\x00\x14ftypisom\x00\x00\x00\x00isom\n#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n" * 50)
    task = product.wait_for(product.create(path, CONFIG), "failed")
    assert task["error_code"] in ("media_unreadable", "media_no_video")
