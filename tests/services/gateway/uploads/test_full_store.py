"""What a person is told when nothing more can be kept."""

from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from services.gateway.web.problems import install
from shared.storage._draft import disk_full

FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
def test_a_full_store_is_told_from_one_that_does_not_answer() -> None:
    """Waiting does not help here; the answer names what does, and no key."""
    app = FastAPI()
    install(app)

    @app.get("/keep")
    def keep() -> None:
        with disk_full("tasks/one/video.mp4"), FULL.open("wb", buffering=0) as file:
            file.write(b"a video")

    answer = TestClient(app).get("/keep")
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    assert answer.json()["detail"] == "the object store is full: delete tasks"
