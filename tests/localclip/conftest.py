"""A running broker and gateway without workers, and small videos."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from localclip.stack import Stack, StackOptions
from localclip_client import Client
from shared.testing import free_port

needs_broker = pytest.mark.skipif(shutil.which("nats-server") is None, reason="nats-server is not installed")


def ffmpeg(*arguments: str) -> None:
    """Run ffmpeg quietly."""
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True)


@pytest.fixture(scope="session")
def short_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of picture and tone, h264 and aac."""
    path = tmp_path_factory.mktemp("video") / "short clip.mp4"
    picture = "testsrc=size=160x120:rate=25:duration=2"
    sound = "sine=frequency=440:duration=2:sample_rate=48000"
    ffmpeg("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-c:v", "libx264", "-c:a", "aac", str(path))
    return path


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A real broker and a real gateway, no workers."""
    options = StackOptions(tmp_path_factory.mktemp("stack"), port=free_port(), workers=(), isolated=True)
    with Stack(options) as stack:
        yield stack


@pytest.fixture
def client(gateway: Stack) -> Iterator[Client]:
    """A client of that gateway."""
    with Client(gateway.url) as client:
        yield client
