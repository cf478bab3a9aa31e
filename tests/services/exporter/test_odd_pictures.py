"""Pictures that are encoded again: HDR, interlaced, shorter than their sound."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from services.exporter.engines import _pictures, create_mixer
from services.exporter.engines._pictures import PictureEncoder
from services.exporter.engines.base import MuxPlan
from services.exporter.picture import draw, wanted
from services.exporter.recipes import dimmed
from services.exporter.settings import ExporterSettings
from services.exporter.source import inspect
from shared.pipeline import CancelToken
from shared.transcript import (
    AssStyle,
    CoverWay,
    PictureBox,
    PictureCue,
    PictureEdits,
    PictureRow,
    PictureWords,
)
from tests.services.exporter.conftest import Bench, look, tone

BURN = {"audio": [{"kind": "original"}], "burn": {"language": "es", "style": {"size": 120}}}
SOUND = ["-f", "lavfi", "-i", "anoisesrc=color=pink:amplitude=0.3:seed=1:duration={}:r=48000", "-c:a", "aac"]
MASTER = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"


def sound(duration_s: float) -> list[str]:
    return [part.format(duration_s) for part in SOUND]


@pytest.fixture(scope="module")
def hdr10(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of HDR10."""
    if not _pictures.works(PictureEncoder("libx265", {"c:v": "libx265"}, pixels="yuv420p10le")):
        pytest.skip("ffmpeg without libx265")
    path = tmp_path_factory.mktemp("hdr") / "hdr.mov"
    told = f"log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:master-display={MASTER}"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x90:rate=10:duration=1", *sound(1)]
    command += ["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1"]
    command += ["-x265-params", f"{told}:max-cll=1000,400:hdr10=1:repeat-headers=1"]
    command += ["-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc", path]
    subprocess.run(command, check=True)
    return path


def burned(bench: Bench, video: Path, end_s: float = 0.9):
    made = bench.render(video, {"es": [bench.line(0.1, end_s, tone(0.3))]}, BURN)
    assert made.report["passed"], made.report["checks"]
    return made, look(made.file("talk.mp4"))["streams"][0]


def test_hdr_stays_hdr(bench: Bench, hdr10: Path) -> None:
    """Ten bits, the same tags, the same mastering data; the report says so."""
    made, picture = burned(bench, hdr10)
    assert (picture["codec_name"], picture["pix_fmt"], picture["codec_tag_string"]) == ("hevc", "yuv420p10le", "hvc1")
    tags = [picture[name] for name in ("color_transfer", "color_primaries", "color_space")]
    assert tags == ["smpte2084", "bt2020", "bt2020nc"]
    assert made.report["hdr"] == "kept"
    sides = {side["side_data_type"]: side for side in first_frame(made.file("talk.mp4"))["side_data_list"]}
    assert sides["Mastering display metadata"]["max_luminance"] == "10000000/10000"
    assert sides["Content light level metadata"]["max_content"] == 1000


@pytest.mark.parametrize("way", ["blur", "bar", "fill"])
def test_words_in_hdr_are_covered_in_ten_bits(bench: Bench, hdr10: Path, way: CoverWay) -> None:
    """With the tags it had, and a box that is covered while the rest stays as it was."""
    box = PictureBox(x=0.25, y=0.6, w=0.5, h=0.2)
    row = PictureRow(box=box, text="你好", confidence=0.9)
    cue = PictureCue(id="p0001", start_s=0.2, end_s=0.8, text="你好", confidences=(0.9, 0.9), rows=(row,))
    asked = wanted(PictureWords(language="zh", cues=(cue,)), "covered", way, PictureEdits())
    source = inspect(hdr10, CancelToken())
    assert asked
    drawn = draw(asked, None, source, bench.folder, CancelToken())
    plan = MuxPlan(bench.folder / "covered.mp4", "mp4", (), cover=drawn.cover)
    create_mixer(ExporterSettings()).mux(source, plan, CancelToken(), lambda _: None)
    picture = look(plan.target)["streams"][0]
    names = ("pix_fmt", "color_transfer", "color_primaries", "color_space")
    assert [picture[name] for name in names] == ["yuv420p10le", "smpte2084", "bt2020", "bt2020nc"]
    old, new = (ten_bits(path) for path in (hdr10, plan.target))
    change = np.abs(new - old)
    inside = (slice(56, 70), slice(44, 116))
    assert change[inside].mean() > 20
    change[50:78, 34:126] = 0
    assert change.mean() < 8  # of 1023: what encoding does to it


def ten_bits(path: Path) -> NDArray[np.int64]:
    """How bright the pixels are half a second in."""
    command = ["ffmpeg", "-v", "error", "-ss", "0.5", "-i", path, "-frames:v", "1", "-f", "rawvideo"]
    data = subprocess.run([*command, "-pix_fmt", "yuv420p10le", "-"], check=True, capture_output=True).stdout
    return np.frombuffer(data, np.uint16)[: 160 * 90].reshape(90, 160).astype(int)


def test_hdr_is_tone_mapped_where_it_cannot_be_kept(bench: Bench, hdr10: Path, monkeypatch) -> None:
    """Without an encoder for it the picture is of ordinary brightness and says so."""
    monkeypatch.setitem(_pictures._known, "libx265", False)
    made, picture = burned(bench, hdr10)
    assert (picture["codec_name"], picture["pix_fmt"]) == ("h264", "yuv420p")
    assert [picture[name] for name in ("color_transfer", "color_primaries", "color_space")] == ["bt709"] * 3
    assert made.report["hdr"] == "tone-mapped"


def test_subtitles_are_not_as_bright_as_the_sun() -> None:
    """White is 203 cd/m² in HDR, not ten thousand."""
    assert (dimmed(AssStyle()).color, dimmed(AssStyle()).outline_color) == ("#949494", "#000000")


def test_interlaced_is_deinterlaced_to_be_drawn_into(bench: Bench, tmp_path: Path) -> None:
    """Frames are whole afterwards, and the report says what was done."""
    video = tmp_path / "tv.mp4"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x96:rate=50:duration=1", *sound(1)]
    command += ["-vf", "interlace=scan=tff", "-c:v", "libx264", "-flags", "+ildct+ilme", "-pix_fmt", "yuv420p", video]
    subprocess.run(command, check=True)
    assert look(video)["streams"][0]["field_order"] == "tt"
    made, picture = burned(bench, video)
    assert picture["field_order"] == "progressive"
    assert made.report["deinterlaced"] is True


def test_the_last_picture_holds_until_the_sound_ends(bench: Bench, tmp_path: Path) -> None:
    """Subtitles of what is said after the picture are drawn into it."""
    video = tmp_path / "short.mp4"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x90:rate=25:duration=1", *sound(3)]
    subprocess.run([*command, "-c:v", "libx264", "-pix_fmt", "yuv420p", video], check=True)
    made, picture = burned(bench, video, 2.5)
    assert float(picture["duration"]) == pytest.approx(3.0, abs=0.05)
    assert made.report["deinterlaced"] is False


def first_frame(path: Path) -> dict:
    command = [
        "ffprobe",
        "-v",
        "error",
        "-select_streams",
        "V:0",
        "-read_intervals",
        "%+#1",
        "-show_frames",
        "-of",
        "json",
    ]
    found = json.loads(subprocess.run([*command, path], check=True, capture_output=True).stdout)
    return found["frames"][0]
