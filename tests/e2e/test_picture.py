"""A Chinese clip with burned-in subtitles, from end to end: read, the old words gone, Spanish in their place."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.picture.clips import Clip, Line, make
from localclip.sample import make_sample
from tests.e2e.conftest import Product, running

pytest.importorskip("rapidocr", reason="RapidOCR is not installed: pip install rapidocr")

SAID = (
    Line(0.8, 3.2, "我们想在夏天去看大山"),
    Line(4.0, 5.6, "这是个很好的主意"),
)
SPANISH = ("En verano queremos ver las montañas.", "Es una idea muy buena.")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A stack that reads pictures."""
    with running(tmp_path_factory.mktemp("product"), LOCALCLIP_PICTURE_TEXT="rapidocr") as found:
        yield found


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people speak; Chinese subtitles and a logo stand in the picture."""
    folder = tmp_path_factory.mktemp("clip")
    sample = make_sample(folder / "sample.mp4")
    sound = folder / "sound.wav"
    subprocess.run(["ffmpeg", "-v", "error", "-i", sample, "-t", "6.4", "-vn", sound], check=True)
    return make(Clip("short", background="still", lines=SAID, beside=("logo",)), folder / "short.mp4", sound)


@pytest.fixture(scope="module")
def translation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a person wrote."""
    path = tmp_path_factory.mktemp("brought") / "es.srt"
    rows = [
        f"{number}\n00:00:0{line.start_s:.3f} --> 00:00:0{line.end_s:.3f}\n{text}\n".replace(".", ",", 2)
        for number, (line, text) in enumerate(zip(SAID, SPANISH, strict=True), start=1)
    ]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def test_a_chinese_short_comes_out_in_spanish(product: Product, clip: Path, translation: Path, tmp_path: Path) -> None:
    """No recognizer here knows Chinese: the picture is read, and the translation that was brought takes its place."""
    config = {"target_languages": ["es"], "source_language": "zh", "export_settings": {"picture": "localised"}}
    task_id = product.create(clip, json.dumps(config), translation_es=translation)
    task = product.wait_for(task_id, timeout_s=300)
    assert "Chinese subtitles in the picture (2 cues" in task["note"]
    segments = product.http.get(f"/api/tasks/{task_id}/segments").json()
    assert [one["text"] for one in segments] == [line.text for line in SAID]
    assert len({one["speaker_id"] for one in segments}) == 2
    report = product.http.get(f"/api/tasks/{task_id}/languages/es/report").json()
    assert (report["words_in_picture"]["cues_read"], report["words_in_picture"]["mode"]) == (2, "localised")
    path = tmp_path / "export.mp4"
    path.write_bytes(product.artifact(task_id, "es", "export_es.mp4"))
    shown = [words_at(path, moment) for moment in (1.6, 4.8)]
    assert not any("一" <= letter <= "鿿" for letter in "".join(shown)), shown
    assert "queremos ver las" in shown[0]
    assert "idea muy buena" in shown[1]


def words_at(video: Path, at_s: float) -> str:
    """What can be read in the lower half of a frame."""
    from services.diarizer.engines.rapidocr import RapidPictureText

    command = ["ffmpeg", "-v", "error", "-ss", str(at_s), "-i", video, "-frames:v", "1", "-f", "rawvideo"]
    data = subprocess.run([*command, "-pix_fmt", "rgb24", "-"], check=True, capture_output=True).stdout
    picture = np.frombuffer(data, np.uint8).reshape(360, 640, 3)[180:]
    reader = RapidPictureText()
    found = reader.read([picture[at.top : at.bottom, at.left : at.right] for at in reader.find(picture)])
    return " ".join(one.text for one in found)
