"""OPUS-MT: a model for each pair, with a tokenizer for either side, beside the engine that has the other pairs."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from services.translator.engines import Line, Passage, create_translators, open_translator
from services.translator.engines.ctranslate2 import load_model
from services.translator.handlers import translate_lines
from services.translator.settings import TranslatorSettings
from shared.messaging import JobContext, KeptEngines, LinesTranslated, TranslateLines
from shared.models import ModelSettings
from shared.pipeline import CancelToken, ErrorCode, PermanentError
from tests.services.translator.engines.test_ctranslate2 import CPU, WORDS
from tests.support.scripted_translator import OPUS, Script, build_translator


def built(folder: Path) -> Path:
    """A model that knows some words of the house, with the files of a pulled one."""
    build_translator(folder, Script(WORDS, family=OPUS))
    words = json.loads((folder / "shared_vocabulary.json").read_text(encoding="utf-8"))
    (folder / "shared_vocabulary.txt").write_text("\n".join(words), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["opus-mt-en-es", "ct2fast-opus-mt-en-es", "opus-mt-tc-big-en-es-ct2"])
def test_a_model_knows_the_pair_in_its_name(tmp_path: Path, name: str) -> None:
    """And is asked without any sign of a language."""
    settings = TranslatorSettings(translator="ctranslate2", translation_model=str(built(tmp_path / name)))
    (engine,) = create_translators(settings, CPU)
    assert (engine.info.name, engine.info.pairs) == ("OPUS-MT", (("en", "es"),))
    (line,) = engine.translate(Passage("en", "es", (Line(0, "The house is big!", 80),)), CancelToken())
    assert line.candidates[0] == "La casa es grande!"
    engine.close()


@pytest.mark.parametrize(("by_itself", "end"), [(False, ("</s>",)), (True, ())])
def test_its_input_is_ended_once(tmp_path: Path, by_itself: bool, end: tuple[str, ...]) -> None:
    """Some conversions do that by themselves; one that was not ended would repeat itself."""
    folder = built(tmp_path / "opus-mt-en-de")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"add_source_eos": by_itself}), encoding="utf-8")
    assert load_model(str(folder), CPU, 1).sentence("the house", "en", "de").tokens == ("▁the", "▁house", *end)


@pytest.mark.parametrize("name", ["model", "opus-mt-en-sv", "opus-mt-sv-en", "opus-mt-es-es"])
def test_a_folder_that_tells_no_pair_is_refused(tmp_path: Path, name: str) -> None:
    """With what to do: any other pair would be translated into nonsense."""
    with pytest.raises(PermanentError, match="rename it to opus-mt-en-de") as caught:
        load_model(str(built(tmp_path / name)), CPU, 1)
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE


def test_the_default_takes_each_pair_from_the_best_that_is_here(
    tmp_path: Path, job: Callable[..., TranslateLines], context: JobContext
) -> None:
    """A pulled pair before Apertium, which keeps the others; what translated it is what a language keeps to."""
    models = ModelSettings(models_dir=tmp_path, device="cpu", compute_type="float32")
    built(tmp_path / "opus-mt-en-es")
    settings = TranslatorSettings(profile="auto")
    engines = create_translators(settings, models)
    assert [engine.info.name for engine in engines] == ["OPUS-MT", "Apertium"]
    assert (engines[0].info.model, engines[0].info.licence) == ("opus-mt-en-es", "Apache-2.0")
    kept = KeptEngines(engines, lambda choice: open_translator(choice, settings, models))
    handle = translate_lines(kept)
    spanish = handle(job("The dog sleeps here."), context)
    assert isinstance(spanish, LinesTranslated)
    assert (spanish.lines[0].text, spanish.chosen[0].model) == ("La perro duerme aquí.", "opus-mt-en-es")
    french = handle(job("The house is big.").model_copy(update={"language": "fr"}), context)
    assert isinstance(french, LinesTranslated)
    assert [one.engine for one in french.chosen] == ["Apertium"]
    assert french.lines[0].text
    later = KeptEngines(engines[1:], lambda choice: open_translator(choice, settings, models))
    assert later.of(spanish.chosen[0]).info.model == "opus-mt-en-es"
    for engine in (*engines, *later.opened()):
        engine.close()
