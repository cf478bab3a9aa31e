"""Chinese in one script or the other."""

import pytest

from shared.pipeline import ChineseScript
from shared.spoken.chinese import in_script, script_of, words_in_script
from shared.transcript import Word


@pytest.mark.parametrize(
    ("script", "expected"),
    [("zh-Hans", ["这", "里", "有", "头", "发"]), ("zh-Hant", ["這", "裏", "有", "頭", "髮"])],
)
def test_words_are_written_in_one_script(script: ChineseScript, expected: list[str]) -> None:
    """Whatever they were written in, character by character, phrases are seen: 发 is 髮 in 头发."""
    for said in ("這裏有頭髮", "这里有头发"):
        words = [Word(text=character, start_s=at, end_s=at + 1) for at, character in enumerate(said)]
        found = words_in_script(words, script)
        assert [word.text for word in found] == expected
        assert [word.start_s for word in found] == [0, 1, 2, 3, 4]


def test_a_text_tells_its_script() -> None:
    """What is written alike in both counts as Simplified; other writing stays."""
    assert (script_of("頭髮"), script_of("头发"), script_of("你好")) == ("zh-Hant", "zh-Hans", "zh-Hans")
    assert in_script("LocalClip 说 OK", "zh-Hant") == "LocalClip 說 OK"
