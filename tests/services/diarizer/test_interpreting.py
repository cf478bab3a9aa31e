"""Translating from sound, as the worker does: sentences are heard as a whole and laid back over their lines."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from scipy.signal import resample_poly

from services.cloner.engines import create_synthesizers
from services.cloner.engines.base import Sound, Speech, Voice
from services.cloner.settings import ClonerSettings
from services.diarizer.engines import (
    Engines,
    Report,
    Span,
    SpeechTranslator,
    create_recognizer,
    create_speech_translator,
)
from services.diarizer.handlers import translate_speech
from services.diarizer.interpreting import Interpreting, sentences
from services.diarizer.recording import Recording
from services.diarizer.settings import DiarizerSettings
from shared.messaging import EngineInfo, HeardSourceLine, JobContext, LinesTranslated, TranslateSpeech
from shared.models import ModelSettings
from shared.pipeline import Canceled, CancelToken, ErrorCode, PermanentError, Stage
from shared.storage import keys, put_file
from tests.services.diarizer.conftest import RATE_HZ, TASK, Bench
from tests.support.real_weights import real_weights


class Scripted:
    """Answers with what it is given, and remembers what it was asked to hear."""

    def __init__(self, *texts: str) -> None:
        self.texts, self.heard = list(texts), list[Span]()

    @property
    def info(self) -> EngineInfo:
        return EngineInfo(
            stage=Stage.DIARIZATION, port="speech_translator", name="scripted", version="1", licence="MIT",
            commercial_use=True, pairs=(("fr", "en"),),
        )  # fmt: skip

    def translate(self, recording: Recording, spans: Sequence[Span], language: str, report: Report) -> list[str]:
        self.heard += spans
        report(0.5)
        return self.texts


def line(number: int, start_s: float, end_s: float, **more: Any) -> HeardSourceLine:
    return HeardSourceLine(
        segment_id=f"s{number}", text="mots", speaker_id="spk_1", slot_s=end_s - start_s, max_chars=99,
        start_s=start_s, end_s=end_s, **more,
    )  # fmt: skip


def interpret(
    engines: Engines, context: JobContext, sound: Path, lines: Sequence[HeardSourceLine], **more: Any
) -> LinesTranslated:
    key = keys.input_video(TASK, "video.wav")
    put_file(context.store, key, sound)
    job = TranslateSpeech(
        task_id=TASK, language="en", attempt=1, source_language="fr", video_key=key, lines=tuple(lines), **more
    )
    return translate_speech(Interpreting(engines, DiarizerSettings()))(job, context)


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "sound.wav"
    soundfile.write(path, np.random.default_rng(1).normal(0, 0.1, 8 * RATE_HZ), RATE_HZ)
    return path


def test_a_sentence_is_heard_as_a_whole(engines: Engines, bench: Bench, sound: Path) -> None:
    """And what is made of it laid over its lines by their time; a line that is not asked for completes it only."""
    scripted = Scripted("He came home very late, because the last train was gone.", "Good night!", "")
    lines = [line(1, 0.5, 2, goes_on=True), line(2, 2.1, 4), line(3, 4.5, 5), line(4, 6, 7)]
    lines += [line(5, 7, 7.2, asked=False)]
    scripted.texts.append("not asked for")
    result = interpret(replace(engines, speech_translator=scripted), bench.context(), sound, lines)
    assert [(one.segment_id, one.text, one.from_sound) for one in result.lines] == [
        ("s1", "He came home very late,", True),
        ("s2", "because the last train was gone.", True),
        ("s3", "Good night!", True),
        ("s4", None, False),
    ]
    assert result.lines[3].error_code is ErrorCode.ENGINE_FAILED
    assert [(span.start_s, span.end_s) for span in scripted.heard[:2]] == [
        (0.35, pytest.approx(4.15)),
        (4.35, pytest.approx(5.15)),
    ]
    assert (result.stage, [engine.name for engine in result.engines]) == (Stage.DIARIZATION, ["scripted"])


def test_what_is_too_long_to_be_heard_at_once_is_cut_at_a_line() -> None:
    """Whisper hears 30 s."""
    lines = [line(number, 10 * number, 10 * number + 9.5, goes_on=True) for number in range(5)]
    assert [[one.segment_id for one in group] for group in sentences(lines)] == [["s0", "s1"], ["s2", "s3"], ["s4"]]


def test_what_cannot_be_done_is_told(engines: Engines, bench: Bench, sound: Path) -> None:
    """An engine that is gone since the job was made, a video that is gone, a person who cancels."""
    with pytest.raises(PermanentError, match="nothing here translates fr → en from sound") as caught:
        interpret(replace(engines, speech_translator=None), bench.context(), sound, [line(1, 0, 1)])
    assert caught.value.code is ErrorCode.LANGUAGE_UNSUPPORTED
    cancel = CancelToken()
    cancel.cancel("enough")
    with pytest.raises(Canceled):
        interpret(
            replace(engines, speech_translator=Scripted("a")), bench.context(cancel=cancel), sound, [line(1, 0, 1)]
        )


@pytest.fixture(scope="module")
def base() -> tuple[DiarizerSettings, ModelSettings]:
    """The real weights of whisper-base."""
    return DiarizerSettings(recognizer="faster-whisper", recognizer_model="whisper-base"), real_weights("whisper-base")


def test_who_translates_from_sound(engines: Engines, base: tuple[DiarizerSettings, ModelSettings]) -> None:
    """Nobody by himself with a model as small as base, or without a Whisper; who is asked for must be able to."""
    settings, models = base
    recognizer = create_recognizer(settings, models)
    assert create_speech_translator(settings, recognizer) is None
    assert create_speech_translator(DiarizerSettings(profile="embedded"), engines.recognizer) is None
    forced = create_speech_translator(settings.model_copy(update={"speech_translator": "faster-whisper"}), recognizer)
    assert forced is not None
    assert ("zh", "en") in forced.info.pairs
    assert ("en", "en") not in forced.info.pairs
    with pytest.raises(PermanentError, match="translates no speech"):
        create_speech_translator(DiarizerSettings(speech_translator="faster-whisper"), engines.recognizer)
    with pytest.raises(PermanentError, match="no speech_translator 'parrot'"):
        create_speech_translator(DiarizerSettings(speech_translator="parrot"), engines.recognizer)


def french(*texts: str) -> list[np.ndarray]:
    """What Kokoro's French voice says, at 16 kHz."""
    (voice,) = create_synthesizers(ClonerSettings(synthesizer="kokoro"), real_weights("kokoro"))
    batch = tuple(Speech(text, "fr", Voice(key="kokoro-ff_siwis", name="Siwis")) for text in texts)
    said = dict(voice.synthesize(batch, CancelToken()))
    sounds = [said[number] for number in range(len(texts))]
    assert all(isinstance(sound, Sound) for sound in sounds), sounds
    return [resample_poly(sound.samples, 2, 3) for sound in sounds if isinstance(sound, Sound)]


def test_french_becomes_english(
    engines: Engines, bench: Bench, base: tuple[DiarizerSettings, ModelSettings], tmp_path: Path
) -> None:
    """By real weights, out of a file: two sentences, each in its line. Of what is written of them nothing is read."""
    settings = base[0].model_copy(update={"speech_translator": "faster-whisper"})
    translator: SpeechTranslator | None = create_speech_translator(settings, create_recognizer(*base))
    first, second = french("Il a oublié ses clés sur la table de la cuisine.", "Demain, nous allons à Paris.")
    pause = np.zeros(RATE_HZ // 2)
    soundfile.write(tmp_path / "french.wav", np.concatenate([pause, first, pause, second, pause]), RATE_HZ)
    begin = 1 + len(first) / RATE_HZ
    lines = [line(1, 0.5, begin - 0.5), line(2, begin, begin + len(second) / RATE_HZ)]
    able = replace(engines, speech_translator=translator)
    result = interpret(able, bench.context(), tmp_path / "french.wav", lines)
    keys_forgotten, paris = (str(one.text).lower() for one in result.lines)
    assert "forgot" in keys_forgotten, keys_forgotten
    assert {"kitchen", "table"} <= set(keys_forgotten.strip(".").split()), keys_forgotten
    assert "tomorrow" in paris, paris
    assert "paris" in paris, paris
