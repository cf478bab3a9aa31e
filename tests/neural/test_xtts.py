"""Coqui XTTS behind the voice port, on a small model: lengths, limits, guards, batches over jobs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from services.cloner.dubbing import Dubbing
from services.cloner.engines import Fault, Sound, Speech, Synthesizer, Voice, create_synthesizers
from services.cloner.engines._drawing import expected_s, longest_s
from services.cloner.settings import ClonerSettings
from shared.messaging import CloneLines, JobContext, LineToSpeak
from shared.models import ModelSettings
from shared.pipeline import Canceled, CancelToken, ErrorCode, PermanentError
from shared.storage import DirectoryStore

if TYPE_CHECKING:
    from services.cloner.engines.xtts import XttsSynthesizer

Make = Callable[..., "XttsSynthesizer"]


@pytest.fixture(scope="module")
def make(xtts_folder: Path) -> Iterator[Make]:
    """Load the engine, from another folder or with other settings."""
    from services.cloner.engines.xtts import XttsSynthesizer

    loaded: list[XttsSynthesizer] = []

    def load(folder: Path = xtts_folder, **settings: Any) -> "XttsSynthesizer":
        loaded.append(XttsSynthesizer(ClonerSettings(xtts_model=str(folder), **settings), ModelSettings(device="cpu")))
        return loaded[-1]

    yield load
    for engine in loaded:
        engine._batcher.close()  # its thread would keep the network in memory


@pytest.fixture(scope="module")
def engine(make: Make) -> "XttsSynthesizer":
    return make(voice_batch=4096)


@pytest.fixture(scope="module")
def voice(clip: Callable[[str], Path]) -> Voice:
    return Voice(key="clip:anna", reference=clip("anna"))


def speak(engine: Synthesizer, *speeches: Speech) -> list[Sound | Fault]:
    """Answers in the order of the speeches."""
    answers = dict(engine.synthesize(speeches, CancelToken()))
    return [answers[index] for index in range(len(speeches))]


def length_s(answer: Sound | Fault) -> float:
    assert isinstance(answer, Sound), answer
    assert answer.samples.dtype == np.float32
    assert np.isfinite(answer.samples).all()
    assert np.abs(answer.samples).max() > 0
    return len(answer.samples) / answer.sample_rate_hz


def test_it_speaks_its_languages_and_says_under_which_terms(engine: "XttsSynthesizer", voice: Voice) -> None:
    """Indonesian is not among them, and what to use instead is."""
    assert engine.abilities.languages == engine.info.languages == ("en", "ko", "ja", "fr", "de", "es", "zh")
    assert (engine.info.commercial_use, engine.info.licence) == (False, "CPML (non-commercial)")
    for answer, text in zip(
        speak(engine, Speech("Ja.", "de", voice), Speech("東京へ。", "ja", voice), Speech("好。", "zh", voice)),
        (("Ja.", "de"), ("東京へ。", "ja"), ("好。", "zh")),
        strict=True,
    ):
        assert 0.1 < length_s(answer) < longest_s(expected_s(*text))


def test_indonesian_is_refused_with_what_speaks_it(engine: "XttsSynthesizer", tmp_path: Path) -> None:
    """Never sent to the network under another language's name."""
    line = LineToSpeak(segment_id="s0001", text="Selamat pagi.", speaker_id="S1", start_s=0.0, end_s=2.0)
    job = CloneLines(task_id="task_20260101_000000_00000000", language="id", attempt=1, lines=(line,))
    with pytest.raises(PermanentError, match=r"no installed voice speaks Indonesian .*voxcpm2.*espeak-ng") as refused:
        Dubbing([engine]).run(job, JobContext(DirectoryStore(tmp_path), tmp_path))
    assert refused.value.code is ErrorCode.LANGUAGE_UNSUPPORTED


def test_tempo_is_the_networks_own(engine: "XttsSynthesizer", voice: Voice) -> None:
    """The same rendition, faster or slower, whatever is spoken beside it."""
    speech = Speech("It will rain in the evening.", "en", voice)
    natural, faster = speak(engine, speech, replace(speech, rate=1.25))
    (slower,) = speak(engine, replace(speech, rate=0.8))
    assert length_s(faster) == pytest.approx(length_s(natural) / 1.25, abs=0.06)
    assert length_s(slower) == pytest.approx(length_s(natural) / 0.8, abs=0.06)
    (again,) = speak(engine, speech)
    assert isinstance(again, Sound)
    assert isinstance(natural, Sound)
    np.testing.assert_array_equal(again.samples, natural.samples)


def test_a_long_line_is_spoken_in_parts(make: Make, voice: Voice) -> None:
    """Each within what the network was trained on, joined by a pause: nothing is cut off."""
    engine = make(voice_batch=4096)
    asked: list[Any] = []
    run = engine._model.run
    engine._batcher._run = lambda batch: (asked.extend(batch), run(batch))[1]
    text = "今日は友達と東京へ行って、" * 8 + "昼ご飯を食べます。"
    (answer,) = speak(engine, Speech(text, "ja", voice))
    drawn = [item.text for item in asked if hasattr(item, "longest")]
    assert len(drawn) > 1
    assert max(map(len, drawn)) <= 63
    assert length_s(answer) == pytest.approx(expected_s(text, "ja"), rel=0.4)


def test_of_several_candidates_the_one_nearest_to_the_slot_is_taken(make: Make, voice: Voice) -> None:
    """And the choice is part of the engine's version, so that other takes are not taken for these."""
    engine = make(voice_candidates=6, voice_batch=4096)
    assert engine.abilities.aims
    assert engine.info.version.endswith("best of 6")
    speech = Speech("It will rain in the evening.", "en", voice)
    short, long = speak(engine, replace(speech, target_s=0.5), replace(speech, target_s=5.0))
    assert length_s(short) < length_s(long)
    assert not make().abilities.aims


def test_another_rendition_is_the_same_said_otherwise(engine: "XttsSynthesizer", voice: Voice) -> None:
    """What a person asks for who did not like the first."""
    assert engine.abilities.varies
    speech = Speech("It will rain in the evening.", "en", voice)
    first, other = speak(engine, speech, replace(speech, rendition=1))
    assert isinstance(first, Sound)
    assert isinstance(other, Sound)
    assert not np.array_equal(first.samples, other.samples)


def test_a_line_whose_end_is_not_found_fails_with_a_sentence(make: Make, voice: Voice, tmp_path: Path) -> None:
    """After three tries, and without an endless take."""
    from tests.support.tiny_xtts import build_xtts

    engine = make(build_xtts(tmp_path / "astray", stops=False))
    (answer,) = speak(engine, Speech("Good morning.", "en", voice))
    assert isinstance(answer, Fault)
    assert "did not find the end of 'Good morning.' in 3 tries" in answer.message


def test_a_poisoned_line_fails_alone(engine: "XttsSynthesizer", voice: Voice) -> None:
    """The others of its batch are spoken."""
    poison = Speech("9876543210987654321 " * 8, "en", voice)
    good = Speech("Good morning.", "en", voice)
    before, failed, after = speak(engine, good, poison, replace(good, text="Good night."))
    assert isinstance(failed, Fault)
    assert "too long when numbers" in failed.message
    assert length_s(before) > 0
    assert length_s(after) > 0


def test_an_unreadable_clip_fails_its_speaker_only(engine: "XttsSynthesizer", voice: Voice, tmp_path: Path) -> None:
    """With the reason."""
    (tmp_path / "noise.wav").write_bytes(b"not a sound")
    broken = Voice(key="clip:broken", reference=tmp_path / "noise.wav")
    good, failed = speak(engine, Speech("Good morning.", "en", voice), Speech("Hello there.", "en", broken))
    assert length_s(good) > 0
    assert isinstance(failed, Fault)


def test_memory_that_runs_out_halves_the_batch(make: Make, voice: Voice) -> None:
    """Every line is spoken, and later batches are no larger than what went well."""
    engine = make(voice_batch=4096)
    run, sizes = engine._model.run, []

    def scarce(batch: Sequence[Any]) -> list[Any]:
        sizes.append(len(batch))
        if len(batch) > 2:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return run(batch)

    engine._batcher._run = scarce
    speeches = [Speech(f"{name}.", "en", voice) for name in ("Anna", "Bert", "Clara", "David", "Emma")]
    assert all(length_s(answer) > 0 for answer in speak(engine, *speeches))
    assert sizes[0] == 5
    hungry = len(sizes)
    assert all(length_s(answer) > 0 for answer in speak(engine, *(replace(one, rate=1.1) for one in speeches)))
    assert max(sizes[hungry:]) <= 2


def test_a_canceled_job_is_let_go(engine: "XttsSynthesizer", voice: Voice) -> None:
    """Before its next batch."""
    cancel = CancelToken()
    cancel.cancel("a person asked for it")
    with pytest.raises(Canceled):
        list(engine.synthesize([Speech("Good morning.", "en", voice)], cancel))


def test_a_model_that_is_not_whole_is_named_with_the_way_out(xtts_folder: Path, tmp_path: Path) -> None:
    """At the start of the worker; nothing is downloaded."""
    for name in ("config.json", "vocab.json"):
        (tmp_path / name).write_bytes((xtts_folder / name).read_bytes())
    settings = ClonerSettings(synthesizer="coqui-xtts", xtts_model=str(tmp_path))
    with pytest.raises(PermanentError, match="localclip models check") as refused:
        create_synthesizers(settings, ModelSettings(device="cpu"))
    assert refused.value.code is ErrorCode.ENGINE_UNAVAILABLE
    (tmp_path / "model.pth").write_bytes((xtts_folder / "model.pth").read_bytes()[:100_000])
    with pytest.raises(PermanentError, match="localclip models check"):
        create_synthesizers(settings, ModelSettings(device="cpu"))
