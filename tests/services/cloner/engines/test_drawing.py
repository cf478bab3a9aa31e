"""When to believe a model that draws speech by chance."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cloner.engines import Speech, Voice
from services.cloner.engines._drawing import expected_s, longest_s, nearest, seed_of

SPEECH = Speech("Good morning.", "en", Voice(key="clip:a"))


@dataclass(frozen=True)
class Take:
    length_s: float
    ended: bool = True


@pytest.mark.parametrize(
    ("text", "code", "least", "most"),
    [
        ("The quick brown fox jumps over the lazy dog near the river.", "en", 3.0, 4.0),
        ("오늘은 친구와 함께 서울에 가서 점심을 먹을 거예요.", "ko", 2.8, 4.0),
        ("今日は友達と東京へ行って、昼ご飯を食べます。", "ja", 2.6, 3.6),
        ("In 1984.", "en", 1.0, 1.6),  # nineteen eighty-four
        ("1984년", "ko", 0.9, 1.3),  # 천구백팔십사 년
    ],
)
def test_the_length_of_a_text_is_foreseen(text: str, code: str, least: float, most: float) -> None:
    """About as a person reads it, figures spoken out."""
    assert least <= expected_s(text, code) <= most
    assert expected_s(text, code, pace=2.0) == pytest.approx(expected_s(text, code) / 2)


def test_the_draw_nearest_to_the_slot_is_taken() -> None:
    """Without a slot the most ordinary one."""
    draws = [Take(2.4), Take(3.1), Take(4.0)]
    assert nearest(draws, 3.0, 4.2) == Take(4.0)
    assert nearest(draws, 3.0, 2.0) == Take(2.4)
    assert nearest(draws, 3.0, None) == Take(3.1)


def test_what_went_astray_is_never_taken() -> None:
    """A draw that was cut off, goes on for too long or has swallowed the text, however well it would fit."""
    assert nearest([Take(3.0, ended=False), Take(7.6), Take(0.7)], 3.0, 3.0) is None
    assert nearest([Take(3.0, ended=False), Take(5.0)], 3.0, 3.0) == Take(5.0)
    assert nearest([], 3.0, 3.0) is None


@given(st.floats(0.01, 60.0))
def test_a_short_text_has_room(expected: float) -> None:
    """A word may take a second more than its letters say; a long text 2.5 times as long."""
    assert longest_s(expected) >= expected + 1.0
    assert longest_s(expected) <= max(2.5 * expected, expected + 1.0)


def test_a_seed_is_decided_by_what_is_said() -> None:
    """By voice, language, text and number of the draw, and not by tempo: the same rendition, faster."""
    voice = Voice(key="clip:b")
    seeds = [
        seed_of(SPEECH, SPEECH.text, 0),
        seed_of(SPEECH, SPEECH.text, 1),
        seed_of(SPEECH, "Good evening.", 0),
        seed_of(replace(SPEECH, language="de"), SPEECH.text, 0),
        seed_of(replace(SPEECH, voice=voice), SPEECH.text, 0),
        seed_of(replace(SPEECH, rendition=1), SPEECH.text, 0),
    ]
    assert len(set(seeds)) == len(seeds)
    assert seed_of(replace(SPEECH, rate=1.2), SPEECH.text, 0) == seeds[0]
