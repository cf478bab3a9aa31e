"""The neural profile as a whole: every adapter in its own worker process, on small models, dubbing a short video.

The recognizer says one sentence whatever it hears, the translator knows its words, the voices are noise as long as
their texts: what is proven is that the parts load, speak to each other and tell the truth about themselves.
"""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from localclip.stack import Stack, StackOptions
from shared.testing import free_port, wait_until
from tests.e2e.conftest import QUICK, Product, dialogue, exchange  # noqa: F401 (fixtures)

SAID = "Our house is big. The dog sleeps here."
WORDS = {
    "our": "nuestra",
    "house": "casa",
    "is": "es",
    "big": "grande",
    "the": "el",
    "dog": "perro",
    "sleeps": "duerme",
    "here": "aquí",
}
TRANSLATED = "Nuestra casa es grande. El perro duerme aquí."
START_S, DUB_S = 300.0, 480.0
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, xtts_folder: Path, voxcpm_folder: Path) -> dict[str, str]:
    """The settings that name a small model for every engine, and forbid the network."""
    from tests.support.scripted_translator import Script as Lexicon
    from tests.support.scripted_translator import build_translator
    from tests.support.scripted_whisper import Script, build_whisper
    from tests.support.tiny_demucs import build_demucs
    from tests.support.tiny_pyannote import build_pipeline

    root = tmp_path_factory.mktemp("models")
    return {
        "LOCALCLIP_PROFILE": "neural",
        "LOCALCLIP_DEVICE": "cpu",
        "LOCALCLIP_COMPUTE_TYPE": "float32",
        "LOCALCLIP_OFFLINE": "true",
        "LOCALCLIP_MODELS_DIR": str(root),
        "HF_HUB_OFFLINE": "1",
        "LOCALCLIP_RECOGNIZER_MODEL": str(build_whisper(root / "whisper", Script(text=SAID))),
        "LOCALCLIP_DIARIZER_MODEL": str(build_pipeline(root / "pyannote")),
        "LOCALCLIP_TRANSLATION_BEAM": "1",  # its words are certain: any other candidate is wrong
        "LOCALCLIP_TRANSLATION_MODEL": str(build_translator(root / "nllb", Lexicon(WORDS))),
        "LOCALCLIP_XTTS_MODEL": str(xtts_folder),
        "LOCALCLIP_VOXCPM_MODEL": str(voxcpm_folder),
        "LOCALCLIP_SEPARATOR_MODEL": str(build_demucs(root / "demucs")),
    }


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, models: dict[str, str]) -> Iterator[Product]:
    """The whole stack on those models; importing torch four times over takes its time."""
    data = tmp_path_factory.mktemp("product")
    options = StackOptions(data=data, port=free_port(), isolated=True)
    stack = Stack(options, ambient={**os.environ, **QUICK, **models})
    stack.start(timeout_s=START_S)
    with contextlib.ExitStack() as closing:
        closing.callback(stack.stop)
        yield Product(stack, data, closing.enter_context(httpx.Client(base_url=stack.url, timeout=30)))


@pytest.fixture(scope="module")
def dubbed(product: Product, exchange: Path) -> str:  # noqa: F811
    """A few seconds of the sample, dubbed to Spanish and Indonesian."""
    task_id = product.create(exchange, '{"target_languages": ["es", "id"], "source_language": "en"}')
    product.wait_for(task_id, timeout_s=DUB_S)
    return task_id


def report(product: Product, task_id: str, code: str) -> dict[str, Any]:
    """The report of a language."""
    found: dict[str, Any] = product.http.get(f"/api/tasks/{task_id}/languages/{code}/report").json()
    return found


def test_every_worker_announces_its_neural_engines(product: Product) -> None:
    """With the languages they do and the terms they come under."""
    engines = {engine["name"]: engine for engine in product.http.get("/api/engines").json()}
    assert {"faster-whisper", "pyannote.audio", "NLLB-200", "coqui-xtts", "voxcpm", "demucs"} <= set(engines)
    assert "id" not in engines["coqui-xtts"]["languages"]
    assert "id" in engines["voxcpm"]["languages"]
    assert engines["coqui-xtts"]["commercial_use"] is False
    assert engines["voxcpm"]["commercial_use"] is True


def test_the_text_is_what_the_models_say(product: Product, dubbed: str) -> None:
    """Recognized, given to speakers, translated word by word; every line has a take."""
    segments = product.http.get(f"/api/tasks/{dubbed}/segments").json()
    assert " ".join(segment["text"] for segment in segments).startswith(SAID)
    for code in ("es", "id"):
        lines = product.lines(dubbed, code)
        assert " ".join(line["text"] for line in lines).startswith(TRANSLATED)
        assert {line["state"] for line in lines} == {"dubbed"}


@pytest.mark.parametrize(("code", "voice", "commercial"), [("es", "coqui-xtts", False), ("id", "voxcpm", True)])
def test_the_report_names_the_engines_and_their_terms(
    product: Product, dubbed: str, code: str, voice: str, *, commercial: bool
) -> None:
    """Each language its own voice, chosen by what the engines speak."""
    engines = {engine["name"]: engine for engine in report(product, dubbed, code)["engines"]}
    assert {"faster-whisper", "pyannote.audio", "NLLB-200", voice, "demucs"} <= set(engines)
    assert engines[voice]["commercial_use"] is commercial
    assert all(engine["licence"] and engine["version"] for engine in engines.values())
    assert report(product, dubbed, code)["lines_failed"] == 0


@pytest.mark.parametrize("code", ["es", "id"])
def test_the_export_is_as_long_as_the_video(
    product: Product,
    dubbed: str,
    exchange: Path,  # noqa: F811
    tmp_path: Path,
    code: str,
) -> None:
    """It can be decoded to its end, and the voices were taken out of the original for it."""
    path = tmp_path / "export.mp4"
    path.write_bytes(product.artifact(dubbed, code, f"export_{code}.mp4"))
    assert abs(length_s(path) - length_s(exchange)) <= 1 / 25
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-f", "null", "-"], check=True)
    assert any(name.startswith("processed/background") for name in product.objects(dubbed))


def test_a_line_done_again_is_said_otherwise(product: Product, dubbed: str) -> None:
    """Another rendition of the same text, in seconds, on the interactive lane."""
    before = product.lines(dubbed, "es")[0]
    url = f"/api/tasks/{dubbed}/languages/es/lines/{before['segment_id']}/dub"
    assert product.http.post(url).status_code == 202

    def renewed() -> dict[str, Any] | None:
        line = product.lines(dubbed, "es")[0]
        return line if line["take_key"] not in (None, before["take_key"]) else None

    after = wait_until(renewed, DUB_S, "the line has no other take")
    assert after is not None
    assert (after["text"], after["state"]) == (before["text"], "dubbed")


def length_s(path: Path) -> float:
    """Of the whole file."""
    command = ["ffprobe", "-v", "error", "-show_format", "-of", "json", str(path)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return float(found["format"]["duration"])
