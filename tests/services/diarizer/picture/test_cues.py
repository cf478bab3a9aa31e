"""From readings to cues: votes, what was background, what belongs together."""

from services.diarizer.engines import Place, Written
from services.diarizer.picture.cues import Text, bilingual, main_group, tidied
from services.diarizer.picture.voting import vote
from services.diarizer.picture.wording import language_written

ROW = Place(100, 80, 200, 105)


def sure(text, confidence=0.95):
    return Written(text, (confidence,) * len(text))


def text(start_s, end_s, *rows):
    places = tuple(Place(100, 80 + 30 * number, 200, 105 + 30 * number) for number in range(len(rows)))
    return Text(start_s, end_s, places, tuple(rows), "#FFFFFF", "#000000")


def test_letters_are_voted_for():
    """One reading that is wrong in a letter is outvoted, and the letter is less sure than the others."""
    found = vote([sure("我们走吧"), Written("我门走吧", (0.9, 0.5, 0.9, 0.9)), sure("我们走吧")])
    assert found.text == "我们走吧"
    assert found.confidences[1] < 0.7 < found.confidences[0]


def test_a_reading_of_another_length_has_no_say():
    """Nor have several of them that are poor."""
    assert vote([sure("我们走吧"), sure("们走吧", 0.5), sure("们走吧", 0.5)]).text == "我们走吧"
    assert vote([]).text == ""


def test_background_is_no_cue():
    """A row nobody could read, a flash, and figures that flash up."""
    found = tidied(
        [
            text(0.0, 1.0, sure("你好"), sure("話", 0.1)),
            text(1.5, 1.6, sure("走吧")),
            text(2.0, 2.4, sure("38")),
            text(3.0, 4.0, sure("wl", 0.4)),
        ]
    )
    assert [one.whole for one in found] == ["你好"]


def test_one_text_that_fades_into_the_next_is_no_third():
    """It is brief and hardly readable; a brief one that is readable is a cue."""
    crossing = text(1.0, 1.32, Written("沙线", (0.97, 0.28)))
    found = tidied([text(0, 1.0, sure("你带了多少钱？")), crossing, text(1.32, 2.4, sure("他说明天可能会下雨"))])
    assert [one.whole for one in found] == ["你带了多少钱？", "他说明天可能会下雨"]
    assert [one.whole for one in tidied([text(0, 0.4, sure("快走", 0.8))])] == ["快走"]


def test_a_row_that_was_not_found_for_a_moment_was_there_all_along():
    """One cue of both rows; a row that goes for longer went."""
    both, lower = (sure("我们应该早点出发"), sure("晚上记得给我打电话")), Place(100, 110, 200, 135)
    alone = Text(0.8, 1.6, (lower,), (both[1],), "#FFFFFF", "#000000")
    again = text(1.6, 2.0, both[0], sure("晚上记得给我打电括"))
    found = tidied([text(0, 0.84, *both), alone, again])
    assert [(one.start_s, one.end_s, len(one.rows)) for one in found] == [(0, 2.0, 2)]
    elsewhere = Text(0.8, 1.6, (ROW,), (both[1],), "#FFFFFF", "#000000")
    assert len(tidied([text(0, 0.84, *both), elsewhere])) == 2
    assert len(tidied([text(0, 1, *both), Text(1.0, 3.0, (lower,), (both[1],), "#FFFFFF", "#000000")])) == 2


def test_what_was_lost_for_a_moment_is_one_cue():
    """And what comes letter by letter is what it becomes; another text is another cue."""
    found = tidied([text(0, 1, sure("我们一起走吧")), text(1.1, 2, sure("我们一起走呢")), text(2.0, 3, sure("再见"))])
    assert [(one.start_s, one.end_s, one.whole) for one in found] == [(0, 2, "我们一起走吧"), (2.0, 3, "再见")]
    grown = tidied([text(0, 0.3, sure("我")), text(0.3, 0.6, sure("我们走")), text(0.6, 2, sure("我们走吧"))])
    assert [(one.start_s, one.end_s, one.whole) for one in grown] == [(0, 2, "我们走吧")]


def test_two_languages_are_told_apart():
    """By their letters; the one that is spoken is said by the task, or stands above."""
    both = [text(0, 1, sure("我们走吧"), sure("Let us go")), text(1, 2, sure("再见"), sure("Bye"))]
    assert bilingual(both)
    assert not bilingual([text(0, 1, sure("我们走吧"), sure("再见"))])
    assert (main_group(both, None), main_group(both, "en"), main_group(both, "zh")) == ("asian", "latin", "asian")


def test_languages_by_their_letters():
    """Kana tell Japanese from Chinese; a text without letters is in none."""
    assert language_written(["明日は山へ行きましょう"]) == "ja"
    assert language_written(["这里的风景", "OK"]) == "zh"
    assert language_written(["We should leave before the rain, nobody told me about it at all."]) == "en"
    spanish = ["¿Dónde están las llaves?", "Nadie me dijo nada de todo eso.", "Mañana salimos antes de que llueva."]
    assert language_written(spanish) == "es"
    assert language_written(["12", "…"]) is None
