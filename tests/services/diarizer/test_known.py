"""People of the cast whom another engine described are heard again with the next video."""

import io

import numpy as np
import soundfile

from services.gateway.script.cast import similarity
from shared.messaging import CastSample
from shared.storage import put_bytes

TEXTS = ("He taught me how to use his tools when I was a child.", "I still have all of them, and use them every day.")


def wav(samples):
    """A sample as it is kept, at the rate of clips."""
    file = io.BytesIO()
    soundfile.write(file, np.repeat(samples, 3), 48_000, format="WAV", subtype="PCM_16")
    return file.getvalue()


def test_they_are_described_as_the_speakers_are(bench, say, dialogue_video):
    """Who needs it, as far as there is a sample in which somebody speaks; the video is done in any case."""
    context = bench.context()
    woman = np.concatenate([say("slt", text) for text in TEXTS])
    stored = {"woman": wav(woman), "silent": wav(np.zeros(32_000, np.float32)), "broken": b"RIFF", "newer": b"RIFF"}
    for name, data in stored.items():
        put_bytes(context.store, f"cast/me/{name}/sample.wav", data)
    models = {"woman": "spectral-1", "gone": None, "silent": None, "broken": "x", "newer": bench.engines.embedder.model}
    cast = tuple(
        CastSample(cast_id=name, sample_key=f"cast/me/{name}/sample.wav", embedding_model=model)
        for name, model in models.items()
    )
    run = bench.run(dialogue_video, cast=cast)
    (found,) = run.result.cast
    assert (found.cast_id, found.embedding_model) == ("woman", bench.engines.embedder.model)
    alike = [similarity(found.embedding, who.embedding) >= who.same_voice for who in run.transcript.speakers]
    assert alike == [True, False]


def test_nobody_is_heard_for_a_video_without_speakers(bench, make_video):
    """There is nobody to compare them with."""
    cast = (CastSample(cast_id="gone", sample_key="cast/me/gone/sample.wav"),)
    assert bench.run(make_video(duration_s=1.0), cast=cast).result.cast == ()
