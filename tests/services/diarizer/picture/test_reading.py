"""Burned-in subtitles on real clips and real weights: found, read, timed to the frame; and what is none left alone."""

from difflib import SequenceMatcher

import pytest

from benchmarks.picture.clips import FPS, Clip
from services.diarizer.picture.reading import PictureReading
from shared.pipeline import Canceled, CancelToken

pytest.importorskip("rapidocr", reason="RapidOCR is not installed: pip install rapidocr")
FRAME_S = 1 / FPS


@pytest.fixture(scope="session")
def engine():
    from services.diarizer.engines.rapidocr import RapidPictureText

    return RapidPictureText()


def read(engine, video, spoken=None):
    reading = PictureReading(engine, video, CancelToken())
    found = reading.look(lambda _: None)
    return reading.read(found, spoken, lambda _: None)


def near(cues, lines, most_s):
    return all(
        abs(cue.start_s - line.start_s) <= most_s and abs(cue.end_s - line.end_s) <= most_s
        for cue, line in zip(cues, lines, strict=True)
    )


def test_chinese_over_a_moving_picture_beside_a_logo_a_clock_and_a_ticker(engine, open_clip):
    """Letter for letter, to the frame; nothing of what stands beside them is a cue."""
    clip = Clip("beside", beside=("logo", "clock", "ticker"))
    words = read(engine, open_clip(clip))
    assert [cue.text for cue in words.cues] == [line.text for line in clip.said]
    assert near(words.cues, clip.said, FRAME_S + 0.001)
    assert (words.language, words.script, words.alignment) == ("zh", "zh-Hans", "center")
    assert all(cue.confidence > 0.9 for cue in words.cues)
    assert [(cue.color, cue.outline) for cue in words.cues] == [("#FFFFFF", "#000000")] * 4
    assert all(abs(cue.box.x + cue.box.w / 2 - 0.5) < 0.02 for cue in words.cues)


def test_two_languages_over_a_busy_picture(engine, open_clip):
    """Chinese above English: what is spoken, and a translation."""
    clip = Clip("bilingual", background="busy", kind="bilingual", style="boxed", beside=("sign",))
    words = read(engine, open_clip(clip), "zh")
    assert [cue.text for cue in words.cues] == [line.text for line in clip.said]
    pairs = zip(words.cues, clip.said, strict=True)
    assert all(SequenceMatcher(None, cue.second, line.second).ratio() > 0.9 for cue, line in pairs)
    assert (words.language, words.second_language) == ("zh", "en")


def test_fades_in_an_upright_video(engine, open_clip):
    """Dark Japanese letters on a bright picture; a fade counts from where it can be seen."""
    clip = Clip("fades", background="bright", kind="fades", style="dark", width=360, height=640, language="ja")
    words = read(engine, open_clip(clip))
    assert [cue.text for cue in words.cues] == [line.text for line in clip.said]
    assert near(words.cues, clip.said, 0.1)
    assert (words.language, words.cues[0].color) == ("ja", "#000000")


@pytest.mark.parametrize("background", ["moving", "busy"])
def test_a_video_without_subtitles_has_none(engine, open_clip, background):
    """Whatever else is written in it; that is listed."""
    clip = Clip("none", kind="none", background=background, beside=("logo", "clock", "ticker"))
    words = read(engine, open_clip(clip))
    assert (words.has_subtitles, words.cues) == (False, None)
    assert "DAILY" in " ".join(title.text for title in words.titles)


def test_a_stop_stops_it(engine, open_clip):
    """Between two frames, without a process left."""
    cancel = CancelToken()
    cancel.cancel("stopped")
    with pytest.raises(Canceled):
        PictureReading(engine, open_clip(Clip("stopped", kind="none")), cancel).look(lambda _: None)
