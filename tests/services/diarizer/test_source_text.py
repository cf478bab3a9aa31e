"""What the source text is taken from: speech, the picture, what is inside a file, what was brought."""

from dataclasses import replace

import pytest

from benchmarks.picture.clips import Clip, Line, make
from services.diarizer.lines import Draft
from services.diarizer.source_text import Text, instead_of, with_words
from shared.messaging import DiarizeVideo
from shared.pipeline import ErrorCode, PermanentError
from shared.transcript import PictureBox, PictureCue, PictureRow, PictureWords, Word

CHINESE = ("早上好，你看过河边的新房子吗", "我昨天和哥哥路过那里", "我姐姐想买下它", "那她今天应该打电话")
BOX = PictureBox(x=0.3, y=0.85, w=0.4, h=0.07)
SRT = "1\n00:00:01,000 --> 00:00:02,000\n你好\n"


@pytest.fixture(scope="session")
def reader():
    pytest.importorskip("rapidocr", reason="RapidOCR is not installed: pip install rapidocr")
    from services.diarizer.engines.rapidocr import RapidPictureText

    return RapidPictureText()


@pytest.fixture(scope="session")
def chinese_clip(dialogue, tmp_path_factory):
    """Two people speak, and what they say stands in the picture in Chinese."""
    said = [Line(one.start_s, one.end_s, text) for one, text in zip(dialogue.lines, CHINESE, strict=True)]
    clip = Clip("spoken", background="still", lines=tuple(said), beside=("logo",))
    return make(clip, tmp_path_factory.mktemp("spoken") / "clip.mp4", dialogue.path)


@pytest.fixture
def reading_bench(bench, reader):
    return replace(bench, engines=replace(bench.engines, picture_text=reader))


def test_the_picture_is_the_text_and_the_sound_tells_who_speaks(reading_bench, chinese_clip, dialogue):
    """Where it is asked for: without a language being named, since the letters tell it."""
    run = reading_bench.run(chinese_clip, source_text="picture")
    assert [one.text for one in run.transcript.segments] == list(CHINESE)
    assert run.transcript.source_language == "zh"
    speakers = [one.speaker_id for one in run.transcript.segments]
    assert speakers == ["spk_1", "spk_2", "spk_1", "spk_2"]
    pairs = zip(run.transcript.segments, dialogue.lines, strict=True)
    assert all(abs(one.start_s - line.start_s) < 0.1 and abs(one.end_s - line.end_s) < 0.1 for one, line in pairs)
    assert all(word.probability > 0.3 for one in run.transcript.segments for word in one.words)
    assert run.transcript.picture.used
    assert "Chinese subtitles in the picture (4 cues" in run.result.note
    assert "rapidocr" in {engine.name for engine in run.result.engines}


def test_speech_that_is_understood_stands_beside_what_was_read(reading_bench, dialogue, tmp_path):
    """Where the text is that in the picture, too, so that a person can compare them."""
    said = tuple(Line(one.start_s, one.end_s, one.text[:30]) for one in dialogue.lines)
    video = make(Clip("english", "en", background="still", lines=said), tmp_path / "clip.mp4", dialogue.path)
    run = reading_bench.run(video, source_text="picture", source_language="en")
    assert run.transcript.picture.used
    assert "house" in " ".join(cue.heard for cue in run.transcript.picture.cues)
    assert run.transcript.segments[0].text.startswith("Good morning")


def test_words_are_laid_into_a_cue_by_what_is_heard(reading_bench, dialogue, tmp_path):
    """A line is as long as it is spoken: not from when its text comes, nor to the end of speech it does not hold."""
    first, *others = dialogue.lines
    early = Line(max(0.0, first.start_s - 0.6), first.end_s, first.text[:30])
    said = (early, *(Line(one.start_s, one.end_s, one.text[:30]) for one in others))
    video = make(Clip("early", "en", background="still", lines=said), tmp_path / "clip.mp4", dialogue.path)
    run = reading_bench.run(video, source_text="picture", source_language="en")
    cue, line = run.transcript.picture.cues[0], run.transcript.segments[0]
    assert (cue.start_s, cue.end_s) == pytest.approx((early.start_s, early.end_s), abs=0.15)
    assert line.start_s == pytest.approx(first.start_s, abs=0.25)
    assert line.end_s < first.end_s - 0.3
    assert "".join(word.text for word in line.words) == "".join(line.text.split())
    times = [edge for word in line.words for edge in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert (times[0], times[-1]) == pytest.approx((line.start_s, line.end_s), abs=0.1)


def test_it_is_used_by_itself_where_nobody_understands_the_speech(reading_bench, chinese_clip):
    """The embedded recognizer knows no Chinese; what is used instead is told, and why."""
    run = reading_bench.run(chinese_clip, source_language="zh")
    assert [one.text for one in run.transcript.segments] == list(CHINESE)
    assert "as pocketsphinx does not understand Chinese" in run.result.note


def test_elsewhere_it_is_offered(reading_bench, chinese_clip):
    """Speech that is understood is recognized; the picture is read all the same, so that it can be covered."""
    run = reading_bench.run(chinese_clip, source_language="en")
    assert "Chinese subtitles are in the picture: with source_text=picture" in run.result.note
    assert "house" in " ".join(one.text for one in run.transcript.segments)
    assert [cue.text for cue in run.transcript.picture.cues] == list(CHINESE)
    assert not run.transcript.picture.used


def test_what_was_brought_goes_first(reading_bench, chinese_clip):
    """Unless something else is asked for."""
    brought = reading_bench.run(chinese_clip, SRT, source_language="zh")
    assert [one.text for one in brought.transcript.segments] == ["你好"]
    asked = reading_bench.run(chinese_clip, SRT, source_language="zh", source_text="picture")
    assert [one.text for one in asked.transcript.segments] == list(CHINESE)


@pytest.mark.parametrize(
    ("asked", "words"),
    [("picture", "no subtitles were found in the picture"), ("brought", "no subtitle file was brought")],
)
def test_what_is_not_there_is_said(reading_bench, dialogue_video, asked, words):
    """With the way out."""
    with pytest.raises(PermanentError, match=words) as refused:
        reading_bench.run(dialogue_video, source_text=asked)
    assert refused.value.code is ErrorCode.SUBTITLES_UNREADABLE


def test_for_letters_the_engine_does_not_know_what_fetches_them_is_said(reading_bench, dialogue_video):
    """And not where the language is one that it reads."""
    fetch = "localclip models pull pp-ocrv5-korean"
    with pytest.raises(PermanentError, match=fetch):
        reading_bench.run(dialogue_video, source_text="picture", source_language="ko")
    with pytest.raises(PermanentError) as refused:
        reading_bench.run(dialogue_video, source_text="picture", source_language="zh")
    assert fetch not in refused.value.message


def test_without_an_engine_the_picture_is_not_looked_at(bench, dialogue_video):
    """And asking for it says what to install."""
    with pytest.raises(PermanentError, match="pip install rapidocr"):
        bench.run(dialogue_video, source_text="picture")


def cue(start_s, text, sure=0.99):
    return PictureCue(
        id="p0001",
        start_s=start_s,
        end_s=start_s + 1.0,
        text=text,
        confidences=(sure,) * len(text),
        rows=(PictureRow(box=BOX, text=text, confidence=sure),),
    )


def heard(*probabilities):
    words = tuple(Word(text="said", start_s=0, end_s=1, probability=one) for one in probabilities)
    return [Draft(0.0, 1.0, 0, "said", words)]


def job(**fields):
    return DiarizeVideo(task_id="task_20250101_000000_0a1b2c3d", language="base", attempt=1, video_key="v", **fields)


def test_what_a_recognizer_doubts_in_a_language_nobody_named_is_read():
    """Poor words in an assumed language are those of another; a language that was named, or sure words, count."""
    text = Text(None, None, picture=PictureWords(language="zh", cues=(cue(0.0, "你好"),)))
    assert instead_of(heard(0.1, 0.15, 0.2), True, job(), text).spoken == "zh"
    assert instead_of(heard(0.9, 0.8, 0.7), True, job(), text) is None
    assert instead_of(heard(0.1, 0.15, 0.2), False, job(), text) is None
    assert instead_of(heard(0.1, 0.15, 0.2), True, job(source_text="heard"), text) is None


def test_a_letter_nobody_could_read_makes_its_line_doubtful():
    """Phrase by phrase, in the time of the cue."""
    unsure = cue(1.0, "今天我们去山上看日出").model_copy(update={"confidences": (0.99,) * 4 + (0.4,) + (0.99,) * 5})
    picture = PictureWords(language="zh", cues=(unsure,))
    (line,) = with_words([Draft(1.0, 2.0, 0, "今天我们去山上看日出")], picture)
    assert "".join(word.text for word in line.words) == line.text
    assert (line.words[0].start_s, line.words[-1].end_s) == (1.0, 2.0)
    assert min(word.probability for word in line.words) == pytest.approx(0.16)
