"""The real loading code and the real pipeline of pyannote.audio, with random weights that the test makes.

What such weights hear means nothing; that it is whole, in order and repeatable does.
"""

import dataclasses
import os
from itertools import pairwise

import numpy as np
import pytest

from services.diarizer.engines import Span, create_diarizer, create_embedder
from services.diarizer.engines._pyannote import QUIET
from services.diarizer.settings import DiarizerSettings
from shared.messaging import SpeakerVoice
from shared.models import ModelSettings
from shared.pipeline import Canceled, ErrorCode, PermanentError
from tests.services.diarizer.test_listening import job, listen, stored, take

os.environ.update(QUIET)
pytest.importorskip("pyannote.audio", reason="needs the extra: pip install 'localclip[pyannote]'")
from tests.support.tiny_pyannote import DIMENSION, build_pipeline

RATE_HZ = 16_000
CPU = ModelSettings(device="cpu")


def ignore(part):
    """A report nobody reads."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return build_pipeline(tmp_path_factory.mktemp("pyannote") / "tiny")


def settings(folder, **more):
    return DiarizerSettings(profile="neural", diarizer_model=str(folder), **more)


@pytest.fixture(scope="module")
def diarizer(folder):
    return create_diarizer(settings(folder), CPU)


@pytest.fixture(scope="module")
def embedder(folder):
    return create_embedder(settings(folder), CPU)


@pytest.fixture
def noise(record):
    """A recording of so many seconds of noise that comes and goes."""

    def make(seconds):
        random = np.random.default_rng(0)
        level = np.repeat(random.uniform(0, 0.5, int(seconds) + 1), RATE_HZ)[: int(seconds * RATE_HZ)]
        return record((random.normal(0, 1, len(level)) * level).astype(np.float32))

    return make


def test_turns_are_exclusive_and_in_order(diarizer, noise):
    """Within the recording, and the same when it is heard again."""
    recording = noise(25)
    turns = diarizer.turns(recording, [Span(0, 25)], None, ignore)
    assert turns
    assert {turn.speaker for turn in turns} == set(range(len({turn.speaker for turn in turns})))
    assert all(0 <= turn.start_s < turn.end_s <= 25.1 for turn in turns)
    assert all(before.end_s <= after.start_s + 0.02 for before, after in pairwise(turns))
    assert diarizer.turns(recording, [Span(0, 25)], None, ignore) == turns


@pytest.mark.parametrize(("given", "bounds"), [(1, {}), (None, {"max_speakers": 1})])
def test_no_more_speakers_than_asked_for(folder, noise, given, bounds):
    """By the task, or by the settings where it says nothing."""
    turns = create_diarizer(settings(folder, **bounds), CPU).turns(noise(25), [Span(0, 25)], given, ignore)
    assert {turn.speaker for turn in turns} == {0}


def test_fewer_speakers_than_asked_for_are_no_failure(diarizer, noise):
    """A short sound does not hold twenty."""
    assert 1 <= len({turn.speaker for turn in diarizer.turns(noise(12), [Span(0, 12)], 20, ignore)}) <= 20


def test_a_long_recording_is_heard_in_windows(folder, noise, monkeypatch):
    """None longer than set, their speakers put together again, no more than asked for."""
    engine = create_diarizer(settings(folder, diarizer_window_s=60), CPU)
    heard = []
    run = engine._run

    def listen_in(samples, bounds, report):
        heard.append((len(samples) / RATE_HZ, bounds.fewest, bounds.most))
        return run(samples, bounds, report)

    monkeypatch.setattr(engine, "_run", listen_in)
    speech = [Span(10 * number + 0.5, 10 * number + 9.5) for number in range(20)]
    told = []
    turns = engine.turns(noise(200), speech, 2, told.append)
    assert sum(length_s for length_s, _, _ in heard) == pytest.approx(200)
    assert max(length_s for length_s, _, _ in heard) <= 60
    assert {(fewest, most) for _, fewest, most in heard} == {(1, 2)}
    assert {turn.speaker for turn in turns} <= {0, 1}
    assert turns[-1].end_s > 150
    assert all(before.end_s <= after.start_s + 0.02 for before, after in pairwise(turns))
    assert told == sorted(told)
    assert told[-1] == 1


def test_where_it_hears_nobody_speech_is_one_speakers(tmp_path, noise):
    """The other engine heard speech there."""
    engine = create_diarizer(settings(build_pipeline(tmp_path / "deaf", silent=True)), CPU)
    turns = engine.turns(noise(12), [Span(1, 4), Span(6, 9)], None, ignore)
    assert [(turn.start_s, turn.end_s, turn.speaker) for turn in turns] == [(1, 4, 0), (6, 9, 0)]


def test_silence_is_no_failure(diarizer, record):
    """Whatever it makes of it."""
    silence = record(np.zeros(12 * RATE_HZ, np.float32))
    assert isinstance(diarizer.turns(silence, [Span(0, 12)], None, ignore), list)


def test_it_can_be_canceled(diarizer, noise):
    """Within its steps; it is fit for the next recording."""
    recording = noise(40)
    whole = diarizer.turns(recording, [Span(0, 40)], None, ignore)

    def stop(part):
        if part > 0.2:
            raise Canceled

    with pytest.raises(Canceled):
        diarizer.turns(recording, [Span(0, 40)], None, stop)
    assert diarizer.turns(recording, [Span(0, 40)], None, ignore) == whole


def test_a_batch_too_large_for_the_memory_is_halved(folder, noise, monkeypatch):
    """The result is the same, and the size is remembered."""
    engine = create_diarizer(settings(folder), CPU)
    recording = noise(30)
    whole = engine.turns(recording, [Span(0, 30)], None, ignore)
    segment, sizes = engine._pipeline.get_segmentations, []

    def hungry(file, hook=None):
        sizes.append(engine._pipeline.segmentation_batch_size)
        if sizes[-1] > 8:
            raise RuntimeError("CUDA out of memory. Tried to allocate 9.54 GiB")
        return segment(file, hook=hook)

    monkeypatch.setattr(engine._pipeline, "get_segmentations", hungry)
    assert engine.turns(recording, [Span(0, 30)], None, ignore) == whole
    assert engine._pipeline.embedding_batch_size == 8
    engine.turns(recording, [Span(0, 30)], None, ignore)
    assert sizes == [32, 16, 8, 8]


def test_voices_are_vectors(embedder, noise, say, record):
    """Of unit length, the same for the same sound; none for less than half a second."""
    recording = noise(30)
    vector = embedder.embed(recording, [Span(0, 12), Span(14, 15)], ignore)
    assert len(vector) == DIMENSION
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-3)
    assert embedder.embed(recording, [Span(0, 12), Span(14, 15)], ignore) == vector
    assert embedder.embed(recording, [Span(0, 0.3), Span(2, 2.4)], ignore) is None
    assert embedder.embed(recording, [], ignore) is None


def test_vectors_of_other_weights_are_of_another_model(embedder, folder, tmp_path):
    """The same weights are, wherever they lie."""
    assert create_embedder(settings(build_pipeline(tmp_path / "same")), CPU).model == embedder.model
    assert create_embedder(settings(build_pipeline(tmp_path / "other", seed=1)), CPU).model != embedder.model


def test_takes_are_compared_with_their_speakers(bench, embedder, say):
    """The listening stage reports how alike they are: this engine is one that can tell."""
    context = bench.context()
    key = stored(context, say, "slt", "She has been looking for a place like this.", "a")
    engines = dataclasses.replace(bench.engines, embedder=embedder)
    work = job([take("s1", key)], speakers=(SpeakerVoice(speaker_id="spk_1", reference_key=key),))
    result = listen(engines, work, context)
    assert result.lines[0].similarity == pytest.approx(1.0, abs=1e-3)
    assert result.no_similarity is None
    assert "pyannote.audio" in [engine.name for engine in result.engines]


def test_the_stage_runs_with_it(bench, diarizer, embedder, dialogue_video):
    """From video to transcript: speakers, and their vectors for the cast."""
    bench.engines = dataclasses.replace(bench.engines, diarizer=diarizer, embedder=embedder)
    run = bench.run(dialogue_video)
    assert run.transcript.segments
    assert {who.embedding_model for who in run.transcript.speakers if who.embedding} == {embedder.model}
    assert "pyannote.audio" in [engine.name for engine in run.result.engines]


def test_they_tell_what_they_are(diarizer, embedder, folder, tmp_path):
    """The licence is that of the weights, known of those that LocalClip fetches."""
    assert (diarizer.info.name, diarizer.info.port) == ("pyannote.audio", "diarizer")
    assert (embedder.info.port, embedder.info.judges_takes) == ("embedder", True)
    assert diarizer.info.licence == "unknown"
    build_pipeline(tmp_path / "pyannote-community-1")
    known = create_diarizer(DiarizerSettings(profile="neural"), ModelSettings(models_dir=tmp_path, device="cpu"))
    assert (known.info.licence, known.info.commercial_use) == ("CC-BY-4.0", True)


def test_nothing_is_sent_or_fetched(diarizer):
    """No telemetry, no hub."""
    from pyannote.audio.telemetry.metrics import is_metrics_enabled

    assert not is_metrics_enabled()
    assert os.environ["HF_HUB_OFFLINE"] == "1"


@pytest.mark.parametrize(
    ("create", "harm"),
    [
        (create_diarizer, "config.yaml"),
        (create_diarizer, "segmentation/pytorch_model.bin"),
        (create_diarizer, "plda/plda.npz"),
        (create_embedder, "embedding/pytorch_model.bin"),
    ],
)
def test_a_damaged_pipeline_is_named(tmp_path, create, harm):
    """At the start of the worker, with the folder; a file that is not there is not fetched."""
    broken = build_pipeline(tmp_path / "broken")
    (broken / harm).write_bytes((broken / harm).read_bytes()[:40])
    with pytest.raises(PermanentError, match=f"{broken} cannot be loaded") as refused:
        create(settings(broken), CPU)
    assert refused.value.code is ErrorCode.ENGINE_UNAVAILABLE
    (broken / harm).unlink()
    with pytest.raises(PermanentError, match=f"{broken} cannot be loaded"):
        create(settings(broken), CPU)


def test_a_device_that_is_not_there_is_refused(folder):
    """With the setting that asked for it."""
    with pytest.raises(PermanentError, match="LOCALCLIP_DEVICE=cuda:9"):
        create_diarizer(settings(folder), ModelSettings(device="cuda:9"))
