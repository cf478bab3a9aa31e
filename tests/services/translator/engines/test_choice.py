"""The one place where an engine is chosen."""

import pytest

from services.translator.engines import create_translator
from services.translator.settings import TranslatorSettings
from shared.pipeline import ErrorCode, PermanentError


def test_the_embedded_profile_translates_with_apertium() -> None:
    """Without any setting."""
    assert create_translator(TranslatorSettings()).info.name == "Apertium"


def test_an_engine_that_is_not_there_is_refused_by_name() -> None:
    """Never silently replaced."""
    with pytest.raises(PermanentError, match="'dragoman' is not part of this build") as caught:
        create_translator(TranslatorSettings(translator="dragoman"))
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
