"""What is heard beside what is read."""

from services.diarizer.picture.heard import with_heard
from shared.transcript import PictureBox, PictureCue, PictureRow, PictureWords, Word

BOX = PictureBox(x=0.3, y=0.85, w=0.4, h=0.07)


def picture(text, *confidences, language="zh"):
    row = PictureRow(box=BOX, text=text, confidence=min(confidences))
    cue = PictureCue(id="p0001", start_s=1, end_s=3, text=text, confidences=confidences, rows=(row,))
    return PictureWords(language=language, cues=(cue,))


def words(*said):
    return [Word(text=text, start_s=start_s, end_s=start_s + 0.4) for start_s, text in said]


def test_words_belong_to_the_cue_that_is_shown_meanwhile():
    """Chinese without spaces between them, English with."""
    (cue,) = with_heard(picture("你好", 1, 1), words((0.2, "不"), (1.1, "你"), (2, "好"), (3.1, "吗"))).cues
    assert (cue.text, cue.heard) == ("你好", "你好")
    english = with_heard(picture("Go on", 1, 1, 1, 1, 1, language="en"), words((1.1, " go"), (2, " on"))).cues[0]
    assert english.heard == "go on"
    (beside,) = with_heard(picture("你好", 1, 1), words((1.1, "good"), (2, "morning"))).cues
    assert beside.heard == "good morning"


def test_a_letter_that_could_hardly_be_read_is_taken_from_the_speech():
    """And only that: what was read surely stays, also where something else was heard."""
    (cue,) = with_heard(picture("我们走把", 0.9, 0.9, 0.9, 0.4), words((1.1, "我们"), (2, "走吧"))).cues
    assert (cue.text, cue.confidences[3]) == ("我们走吧", 0.6)
    (cue,) = with_heard(picture("我们走把", 0.9, 0.9, 0.9, 0.9), words((1.1, "我们"), (2, "走吧"))).cues
    assert cue.text == "我们走把"


def test_speech_that_says_something_else_mends_nothing():
    """Neither does a longer or shorter one in the doubtful place."""
    (cue,) = with_heard(picture("我们走把", 0.9, 0.9, 0.9, 0.4), words((1.1, "他昨天没有来"))).cues
    assert (cue.text, cue.heard) == ("我们走把", "他昨天没有来")
    (cue,) = with_heard(picture("我们走把", 0.9, 0.9, 0.9, 0.4), words((1.1, "我们走着瞧"))).cues
    assert cue.text == "我们走把"


def test_subtitles_that_say_what_was_heard_are_not_a_question():
    """But for a letter, marks and the name of who speaks; others are, and so is what nothing was heard of."""
    said = words((1.1, "that"), (1.5, "is"), (1.9, "a very"), (2.3, "good idea"))
    read = "Robert\nThat is a very good ide?"
    assert with_heard(picture(read, *[0.9] * len(read), language="en"), said).as_heard
    assert not with_heard(picture("Es una buena idea", *[0.9] * 17, language="es"), said).as_heard
    assert not with_heard(picture("那是个好主意", *[0.9] * 6), words((4, "那是个好主意"))).as_heard
