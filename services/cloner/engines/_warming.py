"""Speak once before the first job: kernels, dictionaries and compilers load when they are first needed."""

import tempfile
from pathlib import Path

import numpy as np
import soundfile

from services.cloner.engines.base import Fault, Speech, Synthesizer, Voice
from shared.observability import logger
from shared.pipeline import CancelToken

_RATE_HZ = 24_000
log = logger(__name__)


def warm_up(engine: Synthesizer) -> None:
    """Let a cloning `engine` imitate a clip of noise; what it says does not matter."""
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "noise.wav"
        noise = np.random.default_rng(0).normal(0.0, 0.05, 3 * _RATE_HZ).astype(np.float32)
        soundfile.write(clip, noise, _RATE_HZ)
        speech = Speech("One.", engine.abilities.languages[0], Voice(key="warm-up", reference=clip))
        for _, answer in engine.synthesize((speech,), CancelToken()):
            if isinstance(answer, Fault):
                log.info("warm_up_astray", engine=engine.info.name, said=answer.message)
