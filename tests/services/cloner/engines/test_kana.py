"""Japanese as it is read."""

import pytest

from services.cloner.engines import Fault
from services.cloner.engines.kana import KanaReader, find_kana_reader


@pytest.fixture(scope="session")
def reader() -> KanaReader:
    found = find_kana_reader()
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("東京", "トーキョー"),
        ("私は学生です。", "ワタシワ ガクセーデス。"),
        ("ラーメンを食べた", "ラーメンオ タベタ"),
        ("3時に会う", "サンジニ アウ"),
        ("今日は雨、明日は晴れ!", "キョーワ アメ、 アシタワ ハレ!"),
        ("Tanakaさん", "Tanaka サン"),
        ("ﾃﾚﾋﾞ", "テレビ"),
    ],
)
def test_kanji_become_the_sound_of_kana(text: str, kana: str, reader: KanaReader) -> None:
    """Particles as they sound, phrases apart, figures read out, letters free of the kana around them."""
    assert reader.read(text) == kana


def test_an_unknown_reading_is_a_fault(reader: KanaReader) -> None:
    """It names the character."""
    outcome = reader.read("々")
    assert isinstance(outcome, Fault)
    assert "々" in outcome.message
