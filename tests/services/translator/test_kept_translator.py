"""A language keeps to the translator it began with."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.translator.engines import create_translator, open_translator
from services.translator.handlers import translate_lines
from services.translator.settings import TranslatorSettings
from shared.messaging import EngineChoice, JobContext, KeptEngines, LinesTranslated, TranslateLines
from shared.models import ModelSettings
from shared.pipeline import ErrorCode, PermanentError
from tests.services.translator.conftest import ShoutingTranslator, VerboseTranslator

APERTIUM = EngineChoice(port="translator", engine="Apertium")


def test_what_is_better_today_is_not_asked(job: Callable[..., TranslateLines], context: JobContext) -> None:
    """A worker that translates by another engine opens the one the task keeps to, and says which it was."""
    settings = TranslatorSettings(translator="apertium")
    better = ShoutingTranslator()
    engines: KeptEngines[Any] = KeptEngines([better], lambda kept: open_translator(kept, settings))
    handle = translate_lines(engines)
    made = handle(job("The house is big.").model_copy(update={"kept": APERTIUM}), context)
    assert isinstance(made, LinesTranslated)
    assert made.lines[0].text == "La casa es grande."
    assert made.chosen == (APERTIUM,)
    new = handle(job("The house is big."), context)
    assert [one.engine for one in new.chosen] == [better.info.name]
    settled = handle(job(("The house.", "La casa.")).model_copy(update={"kept": _GONE}), context)
    assert isinstance(settled, LinesTranslated)
    assert (settled.lines[0].text, settled.chosen) == ("La casa.", ())
    for one in engines.opened():
        one.close()


_GONE = EngineChoice(port="translator", engine="NLLB-200", model="nllb-200-600m")


def test_a_translator_that_is_gone_is_told(tmp_path: Path) -> None:
    """With the command that brings its weights, or with what it would need."""
    settings = TranslatorSettings(translator="apertium")
    models = ModelSettings(models_dir=tmp_path)
    engines: KeptEngines[Any] = KeptEngines(
        [create_translator(settings)], lambda kept: open_translator(kept, settings, models)
    )
    for kept, told in (
        (_GONE, "localclip models pull nllb-200-600m"),
        (EngineChoice(port="translator", engine="OpenAI-compatible", model="qwen"), "LOCALCLIP_OPENAI_URL"),
        (EngineChoice(port="translator", engine="NLLB-200", model="my-own"), "it is not installed"),
    ):
        with pytest.raises(PermanentError, match=told) as raised:
            engines.of(kept)
        assert raised.value.code is ErrorCode.ENGINE_GONE


@pytest.mark.parametrize(("script", "expected"), [("zh-Hans", "头发"), ("zh-Hant", "頭髮")])
def test_chinese_is_written_as_the_task_asks(
    script: str, expected: str, job: Callable[..., TranslateLines], context: JobContext
) -> None:
    """Whichever script the engine writes; what a person brought stays as it is."""
    handle = translate_lines(KeptEngines([VerboseTranslator("头发 {}", "頭髮 {}")], lambda _: None))
    made = handle(job("one", ("two", "頭髮头发"), to="zh", chinese=script), context)
    assert isinstance(made, LinesTranslated)
    first, brought = made.lines
    assert {text.split()[0] for text in (first.text or "", *first.alternatives)} == {expected}
    assert brought.text == "頭髮头发"
