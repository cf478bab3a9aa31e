"""Reference clips: what is taken, what is refused, who hears them."""

import io
import os
import shutil
import subprocess
import wave
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from shared.testing import wait_until
from tests.services.gateway.conftest import Gateway, World


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds of somebody speaking."""
    path = tmp_path_factory.mktemp("clip") / "speech.wav"
    text = "I agree that my voice is imitated in this video. " * 3
    subprocess.run(["flite", "-voice", "slt", "-t", text, "-o", path], check=True)
    return path


def encoded(source: Path, *options: str) -> bytes:
    """The clip in another form."""
    command = ["ffmpeg", "-v", "error", "-i", str(source), *options, "pipe:1"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def upload(gateway: Gateway, data: bytes, **fields: str) -> Any:
    form = {"consent": "true", "name": "Ann"} | fields
    return gateway.http.post("/api/clips", files={"audio": ("ann.bin", data)}, data=form)


@pytest.mark.parametrize(
    "options",
    [
        ("-f", "wav"),
        ("-f", "flac"),
        ("-f", "mp3"),
        ("-f", "ogg", "-c:a", "libopus", "-ar", "48000", "-ac", "2"),
        ("-f", "webm", "-c:a", "libopus", "-ar", "48000"),
        ("-f", "mp4", "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov"),
    ],
    ids=lambda options: options[1],
)
def test_a_clip_becomes_plain_wav(gateway: Gateway, speech: Path, options: tuple[str, ...]) -> None:
    """Whatever it came as: mono, 24 kHz, 16 bit, of the same length."""
    made = upload(gateway, encoded(speech, *options))
    assert made.status_code == 201, made.text
    clip = made.json()
    assert (clip["name"], clip["consent"]) == ("Ann", True)
    heard = gateway.http.get(f"/api/clips/{clip['clip_id']}/audio")
    with wave.open(io.BytesIO(heard.content)) as wav:
        assert (wav.getnchannels(), wav.getframerate(), wav.getsampwidth()) == (1, 24000, 2)
        assert wav.getnframes() / 24000 == pytest.approx(clip["duration_s"], abs=0.01)
    assert gateway.http.get("/api/clips").json()[0] == clip
    assert gateway.http.delete(f"/api/clips/{clip['clip_id']}").status_code == 204
    for url in (f"/api/clips/{clip['clip_id']}", f"/api/clips/{clip['clip_id']}/audio"):
        assert gateway.http.get(url).status_code == 404


def refused(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_what_is_no_clip_is_refused(gateway: Gateway, speech: Path) -> None:
    """Without consent, too short, too long, silent, no sound, a playlist; nothing of it is kept."""
    whole, before = speech.read_bytes(), gateway.http.get("/api/clips").json()
    assert refused(upload(gateway, whole, consent="")) == (422, "consent_required")
    assert refused(upload(gateway, whole, name="x" * 81)) == (422, "invalid_name")
    assert refused(upload(gateway, encoded(speech, "-t", "2", "-f", "wav"))) == (422, "clip_too_short")
    assert refused(upload(gateway, encoded(speech, "-af", "aloop=5:200000", "-t", "40", "-f", "mp3"))) == (
        422,
        "clip_too_long",
    )
    assert refused(upload(gateway, encoded(speech, "-af", "volume=0", "-f", "wav"))) == (422, "clip_silent")
    assert refused(upload(gateway, b"#EXTM3U\nfile:///etc/passwd\n")) == (415, "media_unsupported")
    assert refused(upload(gateway, b"fLaC" + bytes(range(256)) * 8)) == (415, "media_unreadable")
    assert refused(upload(gateway, b"\x00" * (26 * 1024 * 1024))) == (413, "upload_too_large")
    assert refused(gateway.http.post("/api/clips", json={})) == (415, "not_multipart")
    assert refused(gateway.http.post("/api/clips", files={"other": ("a", b"")}, data={"consent": "true"})) == (
        422,
        "missing_file",
    )
    assert gateway.http.get("/api/clips").json() == before
    folder = Path(gateway.service.environment["UPLOAD_DIR"]) / "clips"
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_a_key_hears_its_own_clips_only(small_world: World, speech: Path) -> None:
    """404 for another one."""
    gateway = small_world.gateway(LOCALCLIP_API_KEYS="ann:aaaaaaaaaaaaaaaa,bob:bbbbbbbbbbbbbbbb")
    ann, bob = ({"X-API-Key": letter * 16} for letter in "ab")
    files, data = {"audio": ("a.wav", speech.read_bytes())}, {"consent": "true"}
    made = gateway.http.post("/api/clips", files=files, data=data, headers=ann).json()
    assert gateway.http.get("/api/clips", headers=bob).json() == []
    for url in (f"/api/clips/{made['clip_id']}", f"/api/clips/{made['clip_id']}/audio"):
        assert gateway.http.get(url, headers=bob).status_code == 404
        assert gateway.http.get(url, headers=ann).status_code == 200
    assert gateway.http.delete(f"/api/clips/{made['clip_id']}", headers=bob).status_code == 404


def test_many_clips_at_once_are_converted_two_at_a_time(small_world: World, speech: Path) -> None:
    """However long that takes; others are answered meanwhile, also those whose answer needs a thread."""
    folder = small_world.folder / "bin"
    told, go_on = small_world.folder / "told", small_world.folder / "go_on"
    folder.mkdir()
    told.touch()
    tool = folder / "ffprobe"
    real = shutil.which("ffprobe")
    waits = f'echo 1 >> "{told}"; while [ ! -e "{go_on}" ]; do sleep 0.1; done'
    tool.write_text(f'#!/bin/sh\n{waits}; "{real}" "$@"; status=$?; echo -1 >> "{told}"; exit $status\n')
    tool.chmod(0o755)
    gateway = small_world.gateway(PATH=f"{folder}:{os.environ['PATH']}")
    task_id = gateway.create()["task_id"]
    sound = encoded(speech, "-t", "4", "-f", "wav")
    with ThreadPoolExecutor(60) as threads:
        answers = [threads.submit(upload, gateway, sound) for _ in range(60)]
        try:
            wait_until(lambda: len(told.read_text().split()) >= 2, 60, "nothing is converted")
            for _ in range(5):
                assert gateway.http.get(f"/api/tasks/{task_id}/artifacts").status_code == 200
        finally:
            go_on.touch()
        codes = [answer.result().status_code for answer in answers]
    assert max(accumulate(map(int, told.read_text().split()))) == 2
    assert codes == [201] * 60
