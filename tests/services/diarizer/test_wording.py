"""How much of a text was understood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.diarizer.wording import distance, error_rate, units
from shared.pipeline import language

EN, JA, ES = language("en"), language("ja"), language("es")


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("Good morning, everyone!", "good morning everyone"),
        ("It costs 1,250 euros – don’t wait.", "it costs one thousand two hundred fifty euros don't wait"),
        ("25% of 8 & 12", "twenty five percent of eight and twelve"),
        ("'Quoted' text_here", "quoted text here"),
    ],
)
def test_writing_alone_is_no_error(text, heard):
    """Case, marks, and how English numbers are written."""
    assert error_rate(text, heard, EN) == 0.0


@pytest.mark.parametrize(
    ("code", "text", "heard"),
    [
        ("es", "Cuesta 1.250,50 $.", "cuesta mil doscientos cincuenta dólares con cincuenta centavos"),
        ("es", "Quedan 3 km.", "Quedan tres kilómetros."),
        ("en", "It costs $1,250.50.", "it costs one thousand two hundred fifty dollars and fifty cents"),
        ("en", "It costs one thousand two hundred and fifty dollars.", "It costs $1,250."),
        ("fr", "C’est à 10h30.", "c'est à dix heures trente"),
        ("ja", "50%です", "五十パーセントです"),
        ("zh", "二十五度", "25度"),
    ],
)
def test_what_is_written_in_figures_is_compared_as_it_is_said(code, text, heard):
    """Whichever of both has the figures: the listener may write them too."""
    assert error_rate(text, heard, language(code)) == 0.0
    assert error_rate(text, "no", language(code)) >= 0.8


@pytest.mark.parametrize(
    ("text", "heard", "rate"),
    [
        ("one two three four", "one two four", 0.25),
        ("one two three four", "one two tree four", 0.25),
        ("one two", "one two and three", 1.0),
        ("one two", "", 1.0),
        ("one", "a b c", 3.0),
    ],
)
def test_words_are_counted(text, heard, rate):
    """Missing, wrong and added ones, as a share of the text's."""
    assert error_rate(text, heard, EN) == rate


@pytest.mark.parametrize(
    ("text", "heard", "rate"),
    [
        ("un jeune casé", "un jeune casée", 0.0),
        ("assez pervers et assez égoïste", "à ses pervers et à ses égoïste", 0.0),  # cut elsewhere
        ("à ses pervers", "assez pervers", 0.0),
        ("un jeune casé", "un jaune casée", 0.3333),  # beside what is wrong
        ("un jeune casé", "un jeune", 0.3333),
        ("un jeune cassé", "un jeune casée", 0.3333),  # of which nobody knows the sound
        ("un l'a", "un", 0.5),  # silence is like nothing
    ],
)
def test_what_sounds_the_same_is_the_same(text, heard, rate):
    """However it is spelled: a listener of French cannot hear an ending."""
    sounds = {
        "casé": "kaze",
        "casée": "kaze",
        "assez": "ase",
        "à": "a",
        "ses": "se",
        "jeune": "ʒøn",
        "jaune": "ʒon",
        "l'a": "",
    }
    assert error_rate(text, heard, language("fr"), sounds) == rate


def test_scripts_without_spaces_are_counted_by_character():
    """Wherever spaces happen to stand."""
    assert error_rate("今日は、いい天気。", "今日 は いい 天気", JA) == 0.0
    assert error_rate("今日は天気", "今日の天気", JA) == 0.2
    assert units("¿Qué 5?", ES) == ["qué", "cinco"]


def test_a_text_without_words_has_no_rate():
    """There is nothing to understand."""
    assert error_rate("...", "hello", EN) is None


@pytest.mark.parametrize("text", ["Hmm?!", "Pff...", "Shh! Shh!", "..."])
def test_sounds_have_no_rate(text):
    """Everybody writes them differently; beside words they count as ever."""
    assert error_rate(text, "hey man", EN) is None
    assert error_rate(f"{text} Come here.", "come here", EN) is not None


@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abc"), max_size=8))
def test_distance_is_a_distance(one, other):
    """Zero for the same, symmetric, between the difference and the greater of both lengths."""
    found = distance(one, other)
    assert (found == 0) == (one == other)
    assert found == distance(other, one)
    assert abs(len(one) - len(other)) <= found <= max(len(one), len(other))
