"""What can be a translation and what cannot."""

import pytest

from services.translator.engines._plausible import fault


@pytest.mark.parametrize(
    ("text", "source", "target"),
    [
        ("Buenos días", "Good morning", "es"),
        ("Lo siento, no puedo ayudarle con eso.", "I'm sorry, I can't help with that.", "es"),
        ("I'm sorry, I can't help with that.", "Lo siento, no puedo. I can't help with that.", "en"),
        ("OK", "OK", "ko"),
        ("John Smith", "John Smith", "ja"),
        ("Internet", "Internet", "fr"),
        ("집이 큽니다, LocalClip", "The house is big, LocalClip", "ko"),
        ("了解", "Understood", "ja"),
        ("東京に行きました", "I went to Tokyo", "ja"),
        ("12:30", "12:30", "ko"),
        ("...", "...", "ko"),
        ("100", "one hundred", "es"),
        ("我去了东京", "I went to Tokyo", "zh"),
    ],
)
def test_translations_pass(text: str, source: str, target: str) -> None:
    """Names, borrowed words and what sounds like a refusal in the film too."""
    assert fault(text, source, target) is None


@pytest.mark.parametrize(
    ("text", "source", "target", "wrong"),
    [
        (" ", "Hello", "es", "an empty text"),
        ("...", "Hello", "es", "no words"),
        ("…", "你好", "en", "no words"),
        ("As an AI language model, I cannot do this", "Kill him", "es", "a refusal instead of a translation"),
        ("I can't assist with that.", "Kill him now", "fr", "a refusal instead of a translation"),
        ("The house is really big", "The house is really big.", "es", "the line itself, not translated"),
        ("A large building", "The house is big", "ko", "not written as ko is"),
        ("La casa", "The house", "ja", "not written as ja is"),
        ("집이 큽니다", "The house is big", "es", "not written as es is"),
        ("他昨天和朋友一起去了东京看电影", "He went to the cinema in Tokyo", "ja", "not written as ja is"),
        ("他昨天和朋友一起去了", "他昨天和朋友一起去了", "en", "not written as en is"),
        ("bla " * 60, "Hi", "es", "far longer than the line"),
    ],
)
def test_what_models_say_instead_does_not(text: str, source: str, target: str, wrong: str) -> None:
    """Each with what is wrong."""
    assert fault(text, source, target) == wrong
