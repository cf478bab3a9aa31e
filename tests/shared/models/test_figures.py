"""For each language: how well it is understood and spoken, and what makes it better."""

import pytest

from shared.models import CATALOGUE, hearing, speaking
from shared.pipeline import SOURCE_LANGUAGES


def test_a_poor_voice_is_called_poor() -> None:
    """With the command that brings a better one."""
    french, korean = speaking("fr", "espeak-ng"), speaking("ko", "espeak-ng")
    assert (french.error_percent, french.poor, french.better) == (74.0, True, "localclip models pull kokoro")
    assert (korean.poor, korean.better) == (True, "localclip models pull voxcpm2")
    assert speaking("fr", "kokoro").better == ""
    assert not speaking("fr", "kokoro").poor


def test_what_was_not_measured_has_no_figure() -> None:
    """And is called neither good nor poor."""
    german = hearing("de", "whisper-base")
    assert (german.error_percent, german.poor, german.better) == (None, False, "localclip models pull whisper-small")
    assert hearing("en", "").better == "localclip models pull whisper-base"


@pytest.mark.parametrize("code", SOURCE_LANGUAGES)
def test_commands_name_models_that_exist(code: str) -> None:
    """A command that fails helps nobody."""
    engines = ("", "pocketsphinx", "whisper-tiny.en", "whisper-base", "whisper-small", "espeak-ng", "kokoro", "flite")
    told = {service(code, engine).better for service in (hearing, speaking) for engine in engines}
    known = {f"localclip models pull {model.name}" for model in CATALOGUE}
    assert told - {""} <= known
