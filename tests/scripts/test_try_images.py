"""scripts/try_images.py reads deploy/Dockerfile whole, and sends the builder what .dockerignore lets through."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_SPEC = importlib.util.spec_from_file_location("try_images", ROOT / "scripts" / "try_images.py")
assert _SPEC is not None
assert _SPEC.loader is not None
try_images = importlib.util.module_from_spec(_SPEC)
sys.modules["try_images"] = try_images
_SPEC.loader.exec_module(try_images)
STAGES = try_images.stages_of((ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8"))


def test_every_step_is_known() -> None:
    """A new kind of instruction fails here and not after half an hour."""
    for stage in STAGES.values():
        for word, rest in stage.steps:
            if word not in ("ARG", "RUN", "COPY"):
                try_images._told(try_images.Image(()), word, rest)


def test_stages_stand_on_each_other() -> None:
    """Arguments before the first stage are filled in, continued lines and comments between them are one step."""
    assert STAGES["runtime"].below.startswith("python:3.11")
    assert STAGES["exporter"].below == "runtime"
    installed = next(rest for word, rest in STAGES["exporter"].steps if word == "RUN")
    assert "fonts-noto-cjk" in installed
    assert "hadolint" not in installed


@pytest.mark.parametrize(
    ("file", "goes"),
    [
        ("services/gateway/app.py", True),
        ("clients/python/src/localclip_client/py.typed", True),
        ("frontend/src/main.tsx", True),
        ("frontend/e2e/a.spec.ts", False),
        ("deploy/backup.sh", True),
        ("deploy/Dockerfile", False),
        ("requirements-neural.lock", True),
        ("shared/__pycache__/a.pyc", False),
        (".env", False),
    ],
)
def test_what_goes_to_the_builder(file: str, *, goes: bool) -> None:
    """The last rule that fits decides, as Docker has it."""
    assert try_images.sent([file], (ROOT / ".dockerignore").read_text(encoding="utf-8")) == ([file] if goes else [])
