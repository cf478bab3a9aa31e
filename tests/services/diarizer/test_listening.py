"""Hearing finished takes again, as the worker does."""

import io
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from services.diarizer.diarization import Diarization
from services.diarizer.handlers import dispatch
from services.diarizer.interpreting import Interpreting
from services.diarizer.listening import Listening, portion
from services.diarizer.settings import DiarizerSettings
from shared.messaging import HearTakes, SpeakerVoice, TakeToHear
from shared.pipeline import Canceled
from shared.storage import keys, put_bytes
from tests.services.diarizer.conftest import RATE_HZ, TASK

TEXT = "She has been looking for a place like this for two years."


def stored(context, say, voice, text, name):
    """A take or clip in the store, at 48 kHz as the cloner writes it."""
    key, data = keys.take(TASK, "en", name), io.BytesIO()
    soundfile.write(data, np.repeat(say(voice, text), 48_000 // RATE_HZ), 48_000, format="FLAC")
    put_bytes(context.store, key, data.getvalue())
    return key


def job(lines, language="en", **fields):
    return HearTakes(task_id=TASK, language=language, shard="hear-0", attempt=1, lines=tuple(lines), **fields)


def take(segment_id, key, text=TEXT):
    return TakeToHear(segment_id=segment_id, revision=3, text=text, speaker_id="spk_1", take_key=key)


def listen(engines, work, context):
    settings = DiarizerSettings()
    handle = dispatch(Diarization(engines, settings), Listening(engines), Interpreting(engines, settings))
    return handle(work, context)


def test_takes_are_understood_or_not(engines, bench, say):
    """The right text has no errors, however it is spelled, a wrong one many; a take that is gone has no figures."""
    context = bench.context()
    key = stored(context, say, "slt", TEXT, "a")
    gone = keys.take(TASK, "en", "gone")
    takes = [take("s1", key), take("s2", key, "Nothing of the kind."), take("s3", gone)]
    result = listen(engines, job([*takes, take("s4", key, TEXT.replace("two", "too"))]), context)
    right, wrong, missing, spelled = result.lines
    assert spelled.error_rate == 0.0
    assert (right.segment_id, right.revision, right.error_rate) == ("s1", 3, 0.0)
    assert right.heard == "she has been looking for a place like this for two years"
    assert wrong.error_rate >= 1
    assert (missing.heard, missing.error_rate, missing.similarity) == (None, None, None)
    assert [engine.name for engine in result.engines] == ["pocketsphinx"]


def test_what_cannot_be_told_is_none_with_a_reason(engines, bench, say):
    """A language the recognizer does not know, an embedding that does not judge takes."""
    context = bench.context()
    key = stored(context, say, "slt", TEXT, "a")
    result = listen(engines, job([take("s1", key)], language="es"), context)
    assert (result.lines[0].error_rate, result.lines[0].similarity) == (None, None)
    assert result.no_error_rate == "pocketsphinx does not understand Spanish"
    assert result.no_similarity == "ge2e cannot tell how alike voices are"
    assert result.engines == ()


def test_a_portion_is_what_the_rest_of_the_time_is_worth():
    """All without a limit; `least` in any case; then whole windows, as many as fit at what they cost so far."""
    assert portion(0, 40, 0.0, None, 0) == 40
    assert portion(0, 40, 0.0, 0.0, 12) == 12
    assert portion(12, 40, 6.0, 0.0, 12) == 0
    assert portion(12, 40, 6.0, 12.0, 12) == 12
    assert portion(12, 40, 6.0, 8.0, 12) == 0
    assert portion(12, 15, 6.0, 8.0, 12) == 3
    assert portion(12, 900, 0.1, 60.0, 12) == 64
    assert portion(0, 3, 0.0, 60.0, 12) == 3
    assert portion(3, 3, 0.1, 60.0, 12) == 0


def test_listening_stops_when_its_time_is_spent(engines, bench):
    """What was not heard is not in the answer; the recognizer is asked portion after portion."""
    context, clock = bench.context(), [0.0]

    class Slow(Judge):
        def embed(self, recording, spans, report):
            clock[0] += 1.0
            return (1.0, 0.0)

    key = keys.take(TASK, "es", "tone")
    data = io.BytesIO()
    soundfile.write(data, np.sin(np.arange(4800) / 10) / 4, 48_000, format="FLAC")
    put_bytes(context.store, key, data.getvalue())
    engines = replace(engines, embedder=Slow(engines.embedder.info))
    speakers = (SpeakerVoice(speaker_id="spk_1", reference_key=key),)
    work = job([take(f"s{n}", key) for n in range(60)], language="es", speakers=speakers, budget_s=30.0, least=4)
    result = Listening(engines, lambda: clock[0]).run(work, context)
    assert [line.segment_id for line in result.lines] == [f"s{n}" for n in range(26)]
    assert all(line.similarity == 1.0 for line in result.lines)


class Judge:
    """An embedder that is asked about takes: it tells voices apart by their loudest frequency."""

    model, same_voice = "judge", 0.5

    def __init__(self, info):
        self.info = info.model_copy(update={"judges_takes": True, "name": "judge"})
        self.asked = 0

    def embed(self, recording, spans, report):
        """A unit vector."""
        self.asked += 1
        samples = recording.read(spans[0].start_s, spans[0].end_s)
        hz = float(np.abs(np.fft.rfft(samples)).argmax()) * RATE_HZ / len(samples)
        return (np.cos(hz / 500), np.sin(hz / 500))


def test_takes_are_compared_with_their_speaker(engines, bench, say):
    """With the clip of the speaker, which is looked at once; a speaker without one is not compared."""
    context = bench.context()
    same, other = (stored(context, say, voice, TEXT, voice) for voice in ("slt", "rms"))
    judge = Judge(engines.embedder.info)
    speakers = (SpeakerVoice(speaker_id="spk_1", reference_key=same),)
    work = job([take("s1", same), take("s2", other)], speakers=speakers)
    alike, unlike = listen(replace(engines, embedder=judge), work, context).lines
    assert alike.similarity == pytest.approx(1.0, abs=1e-3)
    assert unlike.similarity < alike.similarity
    assert judge.asked == 3
    (line,) = listen(replace(engines, embedder=judge), job([take("s1", same)]), context).lines
    assert line.similarity is None


def test_listening_lets_go(engines, bench, say):
    """A canceled job stops between takes."""
    context = bench.context()
    key = stored(context, say, "slt", TEXT, "a")
    context.cancel.cancel("enough")
    with pytest.raises(Canceled):
        listen(engines, job([take("s1", key)]), context)
