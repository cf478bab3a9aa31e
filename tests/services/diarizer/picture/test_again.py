"""One subtitle read again, in a box that a person set: real clips, real weights."""

import pytest

from benchmarks.picture.clips import Clip, Line, make
from services.diarizer.ffmpeg import Video
from services.diarizer.picture.again import read_again
from shared.media import probe
from shared.pipeline import CancelToken
from shared.transcript import PictureBox

pytest.importorskip("rapidocr", reason="RapidOCR is not installed: pip install rapidocr")
LINES = (Line(0.5, 1.5, "今天我们去山上看日出", "We leave now"), Line(1.5, 2.5, "你带了多少钱？", "How much?"))
LOWER = PictureBox(x=0.1, y=0.78, w=0.8, h=0.2)


@pytest.fixture(scope="module")
def engine():
    from services.diarizer.engines.rapidocr import RapidPictureText

    return RapidPictureText()


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    clip = Clip("again", kind="bilingual", background="busy", lines=LINES, beside=("sign",))
    path = make(clip, tmp_path_factory.mktemp("again") / "again.mp4")
    container, facts = probe(path, CancelToken())
    return Video(path, container, facts)


def test_only_what_is_in_the_box_is_read(engine, video):
    """Both languages, told apart by the one that is spoken; the sign elsewhere is not in it."""
    found = read_again(engine, video, LOWER, (1.5, 2.5), "zh", CancelToken())
    assert (found.text, found.second.replace(" ", "")) == ("你带了多少钱？", "Howmuch?")
    assert (found.box, len(found.confidences)) == (LOWER, len(found.text))
    both = read_again(engine, video, LOWER, (0.5, 1.5), None, CancelToken())
    assert both.text.splitlines()[0] == LINES[0].text


def test_a_box_around_one_row_leaves_out_the_other(engine, video):
    """Whichever a person drew it around."""
    upper = PictureBox(x=0.1, y=0.78, w=0.8, h=0.08)
    found = read_again(engine, video, upper, (0.5, 1.5), None, CancelToken())
    assert (found.text, found.second) == (LINES[0].text, "")


def test_a_box_without_text_says_nothing(engine, video):
    """No guess of what a background might be."""
    empty = PictureBox(x=0.6, y=0.05, w=0.3, h=0.1)
    assert read_again(engine, video, empty, (0.5, 1.5), None, CancelToken()).text == ""
