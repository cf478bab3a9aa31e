"""Translation by CTranslate2 models that know a few words, over the real loader and the real beam search."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from services.translator.engines import Line, Passage, create_translator
from services.translator.engines.ctranslate2 import CTranslate2Translator, Model, Sentence, load_model
from services.translator.settings import TranslatorSettings
from services.translator.translation import ShardTranslation
from shared.messaging import GlossaryTerm, JobContext, TranslateLines
from shared.models import ModelSettings
from shared.pipeline import SOURCE_LANGUAGES, TARGET_LANGUAGES, Canceled, CancelToken, ErrorCode, PermanentError
from tests.support.scripted_translator import TAGS, Script, build_translator

MakeJob = Callable[..., TranslateLines]
WORDS = {
    "the": "la",
    "house": "casa",
    "is": "es",
    "big": "grande",
    "here": "aquí",
    "dog": "perro",
    "sleeps": "duerme",
}
OTHERS = {"big": [("enorme", 0.9), ("gran", 0.8)]}
CPU = ModelSettings(device="cpu", compute_type="float32")


class Watched(Model):
    """A model that notes the sizes of its batches, may lack memory, and dies of a word."""

    batches: list[int]
    largest = 1000
    poison = "\0"

    def __init__(self, folder: Path) -> None:
        self.batches = []
        loaded = load_model(str(folder), CPU, 4)
        vars(self).update(vars(loaded))

    def translate(self, sentences: Sequence[Sentence]) -> list[tuple[str, ...]]:
        self.batches.append(len(sentences))
        if len(sentences) > self.largest:
            raise RuntimeError("CUDA failed with error out of memory")
        if any(self.poison in sentence.tokens for sentence in sentences):
            raise RuntimeError("an illegal memory access was encountered")
        return super().translate(sentences)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An NLLB that knows some words of the house."""
    return build_translator(tmp_path_factory.mktemp("nllb") / "tiny-nllb", Script(WORDS, OTHERS))


@pytest.fixture
def watched(folder: Path) -> Iterator[tuple[Watched, CTranslate2Translator]]:
    model = Watched(folder)
    engine = CTranslate2Translator(model, str(folder), CPU, budget=2048, jobs=4)
    model.batches.clear()
    yield model, engine
    engine.close()


@pytest.fixture
def engine(watched: tuple[Watched, CTranslate2Translator]) -> CTranslate2Translator:
    return watched[1]


def passage(*texts: str, to: str = "es") -> Passage:
    return Passage("en", to, tuple(Line(index, text, 80) for index, text in enumerate(texts)))


def outcomes(engine: CTranslate2Translator, *texts: str) -> list[object]:
    """Candidates or the message of the error, by line."""
    found = {item.index: item for item in engine.translate(passage(*texts), CancelToken())}
    return [found[index].candidates or found[index].error.message for index in range(len(texts))]  # type: ignore[union-attr]


@pytest.mark.parametrize("family", TAGS)
@pytest.mark.parametrize("arithmetic", ["float32", "int8"])
def test_families_are_told_apart_and_used_as_they_want(tmp_path: Path, family: str, arithmetic: str) -> None:
    """Language tokens in the source, in the prefix or only in the source; no trace of them in the candidates."""
    folder = build_translator(tmp_path / "model", Script(WORDS, OTHERS, family))
    settings = TranslatorSettings(translator="ctranslate2", translation_model=str(folder))
    engine = create_translator(settings, ModelSettings(device="cpu", compute_type=arithmetic))
    (line,) = engine.translate(passage("The house is big, John 42!"), CancelToken())
    assert line.candidates[0] == "La casa es grande, John 42!"
    assert set(line.candidates) >= {"La casa es gran, John 42!", "La casa es enorme, John 42!"}
    assert len(line.candidates) == len(set(line.candidates)) <= engine.traits.n_best == 4
    expected = {"nllb": "NLLB-200", "m2m100": "M2M100", "madlad": "MADLAD-400"}[family]
    assert (engine.info.name, engine.info.commercial_use) == (expected, family != "nllb")
    assert f"model, {arithmetic}, CTranslate2" in engine.info.version
    assert len(engine.info.pairs) == len(SOURCE_LANGUAGES) * len(TARGET_LANGUAGES) - len(TARGET_LANGUAGES)
    engine.close()


def test_a_tokenizer_file_does_too(tmp_path: Path) -> None:
    """Conversions come with one or the other."""
    folder = build_translator(tmp_path / "model", Script(WORDS, sentencepiece=False))
    model = load_model(str(folder), CPU, 1)
    ((text,),) = model.translate([model.sentence("the house is big", "en", "es")])
    assert text == "la casa es grande"
    assert not list(folder.glob("sentencepiece*"))


def test_a_shard_is_one_batch_sorted_and_put_back(watched: tuple[Watched, CTranslate2Translator]) -> None:
    """Whatever the lengths, each translation comes back under its number."""
    model, engine = watched
    texts = [" ".join(["the house is big"] * (1 + number % 3)) for number in range(12)]
    found = outcomes(engine, *texts)
    assert [candidates[0] for candidates in found] == [  # type: ignore[index]
        text.replace("the house is big", "la casa es grande") for text in texts
    ]
    assert model.batches == [12]


def test_jobs_side_by_side_share_batches(folder: Path) -> None:
    """Four jobs of one line each, in different languages: fewer batches than jobs, each answered its own."""
    model = Watched(folder)
    engine = CTranslate2Translator(model, str(folder), CPU, budget=2048, jobs=4)
    model.batches.clear()
    together = threading.Barrier(8)
    found: dict[int, str] = {}

    def job(number: int) -> None:
        together.wait(30)
        asked = passage(f"the house is big {number}", to=["es", "fr", "de", "id"][number % 4])
        found[number] = engine.translate(asked, CancelToken())[0].candidates[0]

    threads = [threading.Thread(target=job, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    engine.close()
    assert found == {number: f"la casa es grande {number}" for number in range(8)}
    assert sum(model.batches) == 8
    assert len(model.batches) < 8


def test_a_batch_that_is_too_large_for_the_memory_is_halved(watched: tuple[Watched, CTranslate2Translator]) -> None:
    """And the next begins with the size that was well."""
    model, engine = watched
    model.largest = 3
    found = outcomes(engine, *["the house is big"] * 8)
    assert all(candidates[0] == "la casa es grande" for candidates in found)  # type: ignore[index]
    assert max(model.batches) == 8
    model.batches.clear()
    outcomes(engine, *["the house is big"] * 8)
    assert max(model.batches) <= 4


def test_a_line_the_model_dies_of_fails_alone(
    watched: tuple[Watched, CTranslate2Translator], job: MakeJob, context: JobContext
) -> None:
    """With what the model said; it is not tried again line by line."""
    model, engine = watched
    model.poison = "▁dog"
    outcome = ShardTranslation(engine).run(job("The house is big.", "The dog is here.", "The house is here."), context)
    assert [line.text for line in outcome.lines] == ["La casa es grande.", None, "La casa es aquí."]
    assert outcome.lines[1].error_code is ErrorCode.ENGINE_FAILED
    assert "illegal memory access" in (outcome.lines[1].error_message or "")


def test_a_canceled_job_does_not_wait(engine: CTranslate2Translator) -> None:
    """What it asked for is dropped."""
    cancel = CancelToken()
    cancel.cancel("enough")
    with pytest.raises(Canceled):
        engine.translate(passage("the house"), cancel)


def test_what_is_too_long_is_cut_at_its_sentences(watched: tuple[Watched, CTranslate2Translator]) -> None:
    """And put together again, with the best of every part first."""
    model, engine = watched
    text = "The house is big here. " * 60
    ((best, *others),) = outcomes(engine, text.strip())  # type: ignore[misc]
    assert best == ("La casa es grande aquí. " * 60).strip()
    assert model.batches[0] > 1
    assert others


def test_what_the_model_does_not_believe_itself_is_no_candidate(engine: CTranslate2Translator) -> None:
    """It has four beams, and one thing to say."""
    assert outcomes(engine, "the dog sleeps", "the house is here") == [("la perro duerme",), ("la casa es aquí",)]


def test_terms_are_kept(engine: CTranslate2Translator, job: MakeJob, context: JobContext) -> None:
    """Stand-ins that the model writes letter by letter come back as what they stand for."""
    glossary = (GlossaryTerm(source="house", target="chalet"), GlossaryTerm(source="LocalClip"))
    (line,) = ShardTranslation(engine).run(job("The house is LocalClip.", glossary=glossary), context).lines
    assert line.text == "La chalet es LocalClip."


def test_a_copy_is_a_translation_another_script_is_not(engine: CTranslate2Translator) -> None:
    """A line of names stays as it is."""
    (candidates,) = outcomes(engine, "Anna Berta Carla Dora")
    assert candidates[0] == "Anna Berta Carla Dora"  # type: ignore[index]
    (korean,) = engine.translate(passage("the house is big", to="ko"), CancelToken())
    assert korean.error is not None
    assert korean.error.message == "the model gave no translation: not written as ko is"


def test_only_languages_the_model_has_are_offered(tmp_path: Path) -> None:
    """An unknown token would silently be read as <unk> and answered in any language."""
    folder = build_translator(tmp_path / "model", Script(WORDS, tags=("eng_Latn", "spa_Latn", "zho_Hans")))
    model = load_model(str(folder), CPU, 2)
    assert model.pairs == (("en", "es"), ("en", "zh"), ("es", "en"), ("es", "zh"), ("zh", "en"), ("zh", "es"))
    engine = CTranslate2Translator(model, str(folder), CPU, budget=2048, jobs=1)
    assert engine.info.pairs == model.pairs
    engine.close()


@pytest.mark.parametrize(
    ("breakage", "complaint"),
    [
        (lambda folder: (folder / "shared_vocabulary.json").unlink(), "no shared_vocabulary.json .* not a model"),
        (lambda folder: (folder / "shared_vocabulary.json").write_text("[oh"), "cannot be read"),
        (lambda folder: (folder / "sentencepiece.bpe.model").unlink(), "no tokenizer in .*sentencepiece.bpe.model"),
        (lambda folder: (folder / "sentencepiece.bpe.model").write_bytes(b"junk"), "cannot be read"),
        (lambda folder: (folder / "model.bin").write_bytes(b"junk"), "cannot be loaded"),
        (lambda folder: _forget_languages(folder), "no language tokens .* convert the model again"),
        (lambda folder: shutil.rmtree(folder), "neither the folder of a model nor one LocalClip knows"),
    ],
)
def test_a_broken_model_is_refused_at_the_start(
    tmp_path: Path, folder: Path, breakage: Callable[[Path], object], complaint: str
) -> None:
    """In one sentence with what is wrong."""
    broken = Path(shutil.copytree(folder, tmp_path / "broken"))
    breakage(broken)
    with pytest.raises(PermanentError, match=complaint) as caught:
        load_model(str(broken), CPU, 4)
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE


def _forget_languages(folder: Path) -> None:
    """As a conversion by the wrong version of transformers does."""
    tokens = json.loads((folder / "shared_vocabulary.json").read_text())
    lost = [f"madeupword{index}" if token in TAGS["nllb"] else token for index, token in enumerate(tokens)]
    (folder / "shared_vocabulary.json").write_text(json.dumps(lost))


def test_the_neural_profile_takes_the_catalogued_model(tmp_path: Path, folder: Path) -> None:
    """Its terms are those of the catalogue; what is missing is named with the command that brings it."""
    models = ModelSettings(models_dir=tmp_path, device="cpu")
    settings = TranslatorSettings(profile="neural")
    with pytest.raises(PermanentError, match="localclip models pull nllb-200-600m"):
        create_translator(settings, models)
    shutil.copytree(folder, tmp_path / "nllb-200-600m")
    engine = create_translator(settings, models)
    assert (engine.info.name, engine.info.licence, engine.info.commercial_use) == ("NLLB-200", "CC-BY-NC-4.0", False)
    assert engine.info.version.startswith("nllb-200-600m, int8, CTranslate2 ")
    assert engine.traits.parallel_jobs == settings.translation_jobs
    engine.close()
