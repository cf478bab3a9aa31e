"""What of a line's text is spoken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cloner.plain import plain


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Hello there.", "Hello there."),
        ("<i>Hello</i> {\\an8}there", "Hello there"),
        ("[laughs] Hello [music]", "Hello"),
        ("(laughs)", ""),
        ("（笑）。", ""),
        ("【拍手】こんにちは", "こんにちは"),
        ("Hello (that is, good day)", "Hello (that is, good day)"),
        ("- Hello.\n- Goodbye.", "Hello. Goodbye."),
        ("♪ la la ♪ 😀👍🏽", "la la"),
        ("«Bonjour», dit-il. “Oui”", "Bonjour , dit-il. Oui"),
        ("「はい」と言った", "はい と言った"),
        ("*really* [[h@l'oU]]", "really"),
        ("20 °C & 50 %", "20 °C & 50 %"),
        ("it’s me", "it’s me"),
        ("2 < 3", "2 3"),
        ("...", ""),
        ("♪♪", ""),
        ("[laughs]", ""),
    ],
)
def test_markup_descriptions_and_pictures_go(text: str, spoken: str) -> None:
    """Words, figures and punctuation stay; whatever a voice would read out as a name of a sign goes."""
    assert plain(text) == spoken


@given(st.text(max_size=60))
def test_any_text_becomes_one_clean_row(text: str) -> None:
    """Control characters, brackets and doubled space never reach an engine, and cleaning twice changes nothing."""
    once = plain(text)
    assert once == " ".join(once.split())
    assert not set(once) & set("[]{}<>|*_\x00")
    assert plain(once) == once
