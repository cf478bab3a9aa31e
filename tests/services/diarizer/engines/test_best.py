"""The profile `auto`: the best recognizer whose weights are here; real weights, heard for real."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.diarizer.engines import Recognizer, create_diarizer, create_embedder, create_recognizer, open_recognizer
from services.diarizer.engines.base import Span
from services.diarizer.recording import Recording
from services.diarizer.settings import DiarizerSettings
from shared.messaging import EngineChoice, KeptEngines
from shared.models import ModelSettings, catalogued
from shared.pipeline import ErrorCode, PermanentError
from tests.support.real_weights import real_weights

AUTO = DiarizerSettings(profile="auto")


def fake(folder: Path, *names: str) -> ModelSettings:
    """Folders that look like models."""
    for name in names:
        model = catalogued(name)
        assert model is not None
        (folder / name).mkdir(parents=True)
        for file in model.required:
            (folder / name / file).write_bytes(b"")
    return ModelSettings(models_dir=folder, device="cpu")


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The models that would be loaded."""
    asked: list[Any] = []
    monkeypatch.setattr(
        "services.diarizer.engines.whisper.WhisperRecognizer", lambda settings, _: asked.append(settings)
    )
    return asked


def test_without_weights_it_is_what_needs_none(tmp_path: Path) -> None:
    """Pocketsphinx, and the clustering of voices; nothing is fetched."""
    models = ModelSettings(models_dir=tmp_path, device="cpu")
    assert create_recognizer(AUTO, models).info.name == "pocketsphinx"
    assert create_diarizer(AUTO, models).info.name == "clustering"
    assert create_embedder(AUTO, models).info.name != "pyannote.audio"


@pytest.mark.parametrize(
    ("here", "best"),
    [
        (("whisper-base", "whisper-tiny.en"), "whisper-base"),
        (("whisper-base", "whisper-small"), "whisper-small"),
        (("whisper-base", "whisper-large-v3"), "whisper-base"),  # takes longer than the sound lasts on a CPU
        (("whisper-large-v3-turbo", "whisper-small"), "whisper-large-v3-turbo"),
        (("whisper-medium", "whisper-small"), "whisper-small"),  # the larger one was not measured on a CPU
    ],
)
def test_the_largest_that_is_here_and_quick_enough(
    tmp_path: Path, chosen: list[Any], here: tuple[str, ...], best: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As far as the memory goes."""
    monkeypatch.setattr("shared.models._machine.memory_bytes", lambda: 16_000_000_000)
    create_recognizer(AUTO, fake(tmp_path, *here))
    assert [settings.recognizer_model for settings in chosen] == [best]


def test_what_does_not_fit_the_memory_is_passed_over(
    tmp_path: Path, chosen: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other services live on the machine, too."""
    monkeypatch.setattr("shared.models._machine.memory_bytes", lambda: 2_000_000_000)
    create_recognizer(AUTO, fake(tmp_path, "whisper-small", "whisper-base"))
    assert [settings.recognizer_model for settings in chosen] == ["whisper-base"]


def test_a_model_that_was_named_is_taken(tmp_path: Path, chosen: list[Any]) -> None:
    """Whatever else is here."""
    settings = AUTO.model_copy(update={"recognizer_model": "whisper-tiny.en"})
    create_recognizer(settings, fake(tmp_path, "whisper-base"))
    assert [settings.recognizer_model for settings in chosen] == ["whisper-tiny.en"]


def test_the_smallest_real_model_hears_a_sentence(say: Any, record: Any) -> None:
    """Words whole and in time, and its licence known though it was given by its path."""
    models = real_weights("whisper-tiny.en")
    path = str(models.models_dir / "whisper-tiny.en")
    recognizer = create_recognizer(DiarizerSettings(recognizer="faster-whisper", recognizer_model=path), models)
    recording: Recording = record(say("slt", "the quick brown fox jumps over the lazy dog"))
    found = recognizer.recognize(recording, [Span(0.0, recording.duration_s)], "en", lambda _: None)
    said = " ".join(word.text for word in found.words).lower().strip(" .")
    assert "quick brown fox" in said, said
    assert said.endswith("over the lazy dog"), said
    assert all(0 <= word.start_s < word.end_s <= recording.duration_s for word in found.words)
    assert (recognizer.info.licence, recognizer.info.commercial_use) == ("MIT", True)


def test_a_task_keeps_to_its_recognizer(tmp_path: Path) -> None:
    """One that needs no weights is opened beside Whisper, and Whisper beside it; what is not there is not."""
    models = real_weights("whisper-tiny.en")
    settings = DiarizerSettings(recognizer="pocketsphinx")
    opened: list[str] = []

    def open_(kept: EngineChoice) -> Recognizer | None:
        opened.append(kept.model)
        return open_recognizer(kept, settings, models)

    whisper = EngineChoice(port="recognizer", engine="faster-whisper", model="whisper-tiny.en")
    engines = KeptEngines([create_recognizer(settings, models)], open_)
    assert engines.of(None).info.name == "pocketsphinx"
    assert engines.of(whisper).info.model == "whisper-tiny.en"
    assert engines.of(engines.of(whisper).info.choice()).info.digest
    assert opened == ["whisper-tiny.en"]
    with pytest.raises(PermanentError, match="localclip models pull whisper-small") as raised:
        engines.of(EngineChoice(port="recognizer", engine="faster-whisper", model="whisper-small"))
    assert raised.value.code is ErrorCode.ENGINE_GONE


def test_a_clip_of_several_sentences_has_their_marks(say: Any, record: Any) -> None:
    """Asked without times, the model leaves them all out where speech begins with the sound."""
    models = real_weights("whisper-tiny.en")
    path = str(models.models_dir / "whisper-tiny.en")
    recognizer = create_recognizer(DiarizerSettings(recognizer="faster-whisper", recognizer_model=path), models)
    sentences = (
        "He built the table in our kitchen.",
        "I still have all of his tools.",
        "We sell vegetables from our own garden.",
    )
    parts, speech, at_s = [np.zeros(16_000, np.float32)], [], 1.0
    for voice, sentence in zip(("slt", "rms", "slt"), sentences, strict=True):
        parts += [say(voice, sentence), np.zeros(24_000, np.float32)]
        speech.append(Span(at_s, at_s + len(parts[-2]) / 16_000))
        at_s = speech[-1].end_s + 1.5
    found = recognizer.recognize(record(np.concatenate(parts)), speech, "en", lambda _: None)
    assert [word.text for word in found.words if word.text.endswith(".")] == ["kitchen.", "tools.", "garden."]
    starts = [word.start_s for word in found.words if word.text in ("He", "I", "We")]
    assert starts == pytest.approx([span.start_s for span in speech], abs=0.6)  # not in the pause before
