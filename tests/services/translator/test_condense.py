"""The same in fewer letters."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.translator.condense import _RULES, condense


@pytest.mark.parametrize(
    ("language", "text", "shorter"),
    [
        ("es", "Hemos venido a fin de que la casa sea grande.", ("Hemos venido para que la casa sea grande.",)),
        (
            "es",
            "Nosotros hemos venido con el fin de ayudar.",
            ("Nosotros hemos venido para ayudar.", "Hemos venido para ayudar."),
        ),
        ("es", "Sin embargo, yo no lo sé.", ("Pero yo no lo sé.",)),
        ("es", "¿Tú no te has ido?", ("¿No te has ido?",)),
        ("es", "Hablaron acerca del tiempo.", ("Hablaron sobre el tiempo.",)),
        ("fr", "Est-ce que tu viens afin d'aider ?", ("Est-ce que tu viens pour aider ?", "Tu viens pour aider ?")),
        ("fr", "C'est à cause du fait qu'il pleut.", ("C'est parce qu'il pleut.",)),
        ("fr", "Cependant, il dort.", ("Mais il dort.",)),
        ("en", "In order to win, I do not stop.", ("To win, I do not stop.", "To win, I don't stop.")),
        ("en", "He is able to come.", ("He can come.",)),
        ("en", "They are the best, and you will see it.", ("They're the best, and you'll see it.",)),
    ],
)
def test_wordy_phrases_become_short(language: str, text: str, shorter: tuple[str, ...]) -> None:
    """The least change first, capitals and marks as before."""
    assert condense(text, language) == shorter


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "Muchos de nosotros tenemos hambre."),  # a preposition's pronoun is no subject
        ("es", "Juan y nosotros vamos."),
        ("es", "Nosotros mismos lo vimos."),
        ("es", "Yo mismo lo vi."),
        ("es", "Yo era feliz."),  # or he, or she
        ("es", "Ella, sin embargo, duerme."),
        ("es", "En ese momento de su vida."),
        ("es", "Estoy de acuerdo con ella."),
        ("es", "Por favor."),
        ("fr", "J'ai bien entendu."),
        ("fr", "Malgré le fait qu'il pleut, il sort."),  # "bien que" wants another mood
        ("fr", "Il dit que, toutefois, il dort."),
        ("fr", "Qu'est-ce que tu veux ?"),
        ("en", "I know who he is and where they are."),
        ("en", "Yes, I will."),
        ("en", "At that time of the year."),
        ("en", "He said, however, no."),
        ("de", "Um zu gewinnen, halte ich nicht an."),
        ("ko", "안녕하세요."),
    ],
)
def test_what_might_change_the_meaning_is_left_alone(language: str, text: str) -> None:
    """No rule guesses."""
    assert condense(text, language) == ()


def test_fixed_terms_stay() -> None:
    """A name that looks like a phrase is not shortened; the rest of the line is."""
    text = "In order to see First of All, I do not sleep."
    assert condense(text, "en", ("First of All",))[-1] == "To see First of All, I don't sleep."
    assert condense("Prior to", "en", ("Prior to",)) == ()


_WORDY = {
    language: [
        re.sub(r"\(\?[^)]*\)|[\\^$()\[\]?]", "", pattern.split("|")[0]) for level in levels for pattern, _ in level
    ]
    for language, levels in _RULES.items()
}


@given(st.data(), st.sampled_from(sorted(_RULES)))
def test_every_variant_is_shorter_than_the_one_before(data: st.DataObject, language: str) -> None:
    """Whatever phrases stand side by side; condensing again finds nothing more."""
    words = st.sampled_from([*_WORDY[language], "Casa", "il dort,", "the dog.", "¿", "?"])
    text = " ".join(data.draw(st.lists(words, max_size=8)))
    variants = [" ".join(text.split()), *condense(text, language)]
    assert all(len(after) < len(before) for before, after in pairwise(variants))
    assert all("  " not in variant for variant in variants[1:])


@given(st.text(max_size=80), st.sampled_from(["es", "fr", "en", "zh"]))
def test_any_text_can_be_looked_at(text: str, language: str) -> None:
    """And comes back no longer."""
    assert all(len(variant) < len(text) for variant in condense(text, language))
