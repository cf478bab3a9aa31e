"""Short replies come from a checked table, where rules make a number of "No."."""

import pytest

from services.translator.engines._replies import reply


@pytest.mark.parametrize(
    ("text", "spanish", "french"),
    [
        ("No.", "No.", "Non."),
        ("Fine, go.", "Está bien, vete.", "Très bien, vas-y."),
        ("What? No, no, no...", "Qué? No, no, no...", "Quoi? Non, non, non..."),
        ("N-N-No! Nooooooooo! S-stop it!!!", "No! No! Para ya!!!", "Non! Non! Arrête!!!"),
        ("- It’s okay.", "No pasa nada.", "Ce n'est rien."),
        ("thank you, Dr. Jones.", "gracias, doctor Jones.", "merci, docteur Jones."),
    ],
)
def test_a_known_reply_keeps_its_marks(text: str, spanish: str, french: str) -> None:
    """Stutter and drawn out letters are seen through."""
    assert (reply(text, "en", "es"), reply(text, "en", "fr")) == (spanish, french)


@pytest.mark.parametrize("text", ["Stop the car!", "No, I am not going.", "Mr. who?", "...", "", "Right hand."])
def test_what_is_not_known_whole_is_left_to_the_engine(text: str) -> None:
    """Nothing is translated half by table."""
    assert reply(text, "en", "es") is None


def test_other_pairs_have_no_table() -> None:
    """French "non" is not looked up in English."""
    assert reply("No.", "fr", "es") is None
    assert reply("No.", "en", "ca") is None
